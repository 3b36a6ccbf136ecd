/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_file: small PDF files for tests, object after object, with a table of where they are. */
#ifndef EXTRACT_PDF_PDF_FILE_H
#define EXTRACT_PDF_PDF_FILE_H

#include <milward/plugin.h>

#define PDF_FILE_OBJECTS 64u

struct pdf_file {
	char p[262144];
	size_t n;
	size_t at[PDF_FILE_OBJECTS]; /* of object 1 … */
	size_t objects;
};

void pdf_file_begin(struct pdf_file *);
/* Each gives the number of the object, which begins at 1. */
size_t pdf_file_object(struct pdf_file *, const char *body);
size_t pdf_file_stream(struct pdf_file *, const char *keys, const char *data, size_t n);
/* 1 the catalog with these keys, 2 the pages, 3 a page with these keys, 4 Helvetica as /F, 5 what the page shows. */
void pdf_file_page(struct pdf_file *, const char *catalog, const char *page, const char *contents);
/* trailer: keys beside /Size and /Root. */
struct mw_str pdf_file_end(struct pdf_file *, const char *trailer);

#endif
