/* SPDX-License-Identifier: Apache-2.0 */
#include "pdf_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct pdf_file *f, const char *p, size_t n)
{
	if (n > sizeof(f->p) - f->n)
		abort();
	memcpy(f->p + f->n, p, n);
	f->n += n;
}

static void put(struct pdf_file *f, const char *fmt, ...) MW_PRINTF(2, 3);

static void put(struct pdf_file *f, const char *fmt, ...)
{
	char line[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		abort();
	add(f, line, (size_t)n);
}

void pdf_file_begin(struct pdf_file *f)
{
	f->n = f->objects = 0;
	put(f, "%%PDF-1.7\n");
}

static size_t next(struct pdf_file *f)
{
	if (f->objects == PDF_FILE_OBJECTS)
		abort();
	f->at[f->objects++] = f->n;
	put(f, "%zu 0 obj\n", f->objects);
	return f->objects;
}

size_t pdf_file_object(struct pdf_file *f, const char *body)
{
	size_t number = next(f);

	put(f, "%s\nendobj\n", body);
	return number;
}

size_t pdf_file_stream(struct pdf_file *f, const char *keys, const char *data, size_t n)
{
	size_t number = next(f);

	put(f, "<< /Length %zu %s >>\nstream\n", n, keys);
	add(f, data, n);
	put(f, "\nendstream\nendobj\n");
	return number;
}

void pdf_file_page(struct pdf_file *f, const char *catalog, const char *page, const char *contents)
{
	char body[4096];

	pdf_file_begin(f);
	(void)snprintf(body, sizeof(body), "<< /Type /Catalog /Pages 2 0 R %s >>", catalog);
	(void)pdf_file_object(f, body);
	(void)pdf_file_object(f, "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 612 792] >>");
	(void)snprintf(body, sizeof(body), "<< /Type /Page /Parent 2 0 R /Contents 5 0 R %s >>", page);
	(void)pdf_file_object(f, body);
	(void)pdf_file_object(f, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
	(void)pdf_file_stream(f, "", contents, strlen(contents));
}

struct mw_str pdf_file_end(struct pdf_file *f, const char *trailer)
{
	size_t table = f->n;

	put(f, "xref\n0 %zu\n0000000000 65535 f \n", f->objects + 1);
	for (size_t i = 0; i < f->objects; i++)
		put(f, "%010zu 00000 n \n", f->at[i]);
	put(f, "trailer\n<< /Size %zu /Root 1 0 R %s >>\nstartxref\n%zu\n%%%%EOF\n", f->objects + 1, trailer, table);
	return (struct mw_str){.p = f->p, .n = f->n};
}
