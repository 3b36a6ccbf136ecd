/* SPDX-License-Identifier: Apache-2.0 */
/* PDFs that cannot be read, or not all of them, and those that are read by several programs at once. */
#include "testing.h"
#include "tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

/* ---- what cannot be read ----------------------------------------------------------------------------------------------------------- */

static void test_encrypted(void **state)
{
	(void)state;
	pdf_file_page(&testing_file, "", FONT, "");
	assert_int_equal(testing_read(pdf_file_end(
			     &testing_file, "/ID [(a) (b)] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O "
					    "(00000000000000000000000000000000) /U (00000000000000000000000000000000) >>")),
			 -EACCES);
	assert_string_equal(testing_reason, "encrypted");
	pdf_file_page(&testing_file, "", FONT, "");
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "/ID [(a) (b)] /Encrypt << /Filter /Adobe.PubSec /V 4 >>")),
			 -EACCES);
	assert_string_equal(testing_reason, "encrypted");
	assert_int_equal(testing_sink.runs, 0);
}

static void test_damaged(void **state)
{
	struct mw_str whole;

	(void)state;
	assert_int_equal(testing_read((struct mw_str){.p = "", .n = 0}), -EBADMSG);
	assert_string_equal(testing_reason, "damaged");
	assert_int_equal(testing_read((struct mw_str){.p = "%PDF-1.4\njunk", .n = 13}), -EBADMSG);
	assert_string_equal(testing_reason, "damaged");
	/* Filled up it is whole; without its end it was cut off, and found again by its objects. */
	whole = PAGE({72, 72, "Jane Doe"});
	memset(testing_file.p + testing_file.n, '\0', 4096);
	assert_int_equal(testing_read((struct mw_str){.p = whole.p, .n = whole.n + 4096}), 0);
	testing_has("Jane Doe\n");
	assert_int_equal(testing_read((struct mw_str){.p = whole.p, .n = whole.n - strlen("startxref\n000\n%%EOF\n")}), -EBADMSG);
	assert_string_equal(testing_reason, "damaged");
	testing_has("Jane Doe\n");
	/* A page that is not there. */
	pdf_file_page(&testing_file, "", FONT, "");
	testing_file.n = (size_t)((char *)memmem(testing_file.p, testing_file.n, "/Kids [3 0 R] /Count 1", 22) - testing_file.p);
	memcpy(testing_file.p + testing_file.n, "/Kids [3 0 R] /Count 7 /MediaBox [0 0 9 9] >>\nendobj\n", 53);
	testing_file.n += 53;
	assert_true(testing_read((struct mw_str){.p = testing_file.p, .n = testing_file.n}) < 0);
	assert_string_equal(testing_reason, "damaged");
}

/* A page whose contents are in object 5, which is deflated, and 6, which is not there. */
static int read_contents(const char *contents, const char *packed, size_t n)
{
	char page[256];

	pdf_file_begin(&testing_file);
	(void)pdf_file_object(&testing_file, "<< /Type /Catalog /Pages 2 0 R >>");
	(void)pdf_file_object(&testing_file, "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 612 792] >>");
	(void)snprintf(page, sizeof(page), "<< /Type /Page /Parent 2 0 R " FONT "/Contents %s >>", contents);
	(void)pdf_file_object(&testing_file, page);
	(void)pdf_file_object(&testing_file, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
	(void)pdf_file_stream(&testing_file, "/Filter /FlateDecode", packed, n);
	return testing_read(pdf_file_end(&testing_file, ""));
}

static void test_damaged_page(void **state)
{
	static const char words[] = "BT /F 10 Tf 72 700 Td (Jane Doe) Tj ET";
	char packed[256];
	uLongf n = sizeof(packed);

	(void)state;
	assert_int_equal(compress((Bytef *)packed, &n, (const Bytef *)words, sizeof(words) - 1), Z_OK);
	assert_int_equal(read_contents("5 0 R", packed, n), 0);
	testing_has("Jane Doe\n");
	assert_int_equal(read_contents("[5 0 R]", packed, n), 0);
	assert_int_equal(read_contents("[5 0 R 6 0 R]", packed, n), -EBADMSG);
	assert_string_equal(testing_reason, "damaged");
	assert_int_equal(read_contents("5 0 R", packed, n / 2), -EBADMSG);
	assert_string_equal(testing_reason, "damaged");
	packed[n / 2] ^= 0x55;
	assert_int_equal(read_contents("[5 0 R]", packed, n), -EBADMSG);
	assert_string_equal(testing_reason, "damaged");
}

static void test_limits(void **state)
{
	struct mw_str pdf = PAGE({72, 72, "Jane Doe"});

	(void)state;
	testing_sink.max = 4;
	assert_int_equal(testing_read(pdf), -EFBIG);
	assert_string_equal(testing_reason, "limit");
	testing_sink.max = 0;
	pdf_file_begin(&testing_file);
	(void)pdf_file_object(&testing_file, "<< /Type /Catalog /Pages 2 0 R >>");
	(void)pdf_file_object(&testing_file, "<< /Type /Pages /Kids [3 0 R 4 0 R 5 0 R] /Count 3 /MediaBox [0 0 9 9] >>");
	for (int i = 0; i < 3; i++)
		(void)pdf_file_object(&testing_file, "<< /Type /Page /Parent 2 0 R >>");
	pdf = pdf_file_end(&testing_file, "");
	testing_sink.max_pages = 2;
	assert_int_equal(testing_read(pdf), -EFBIG);
	assert_string_equal(testing_reason, "limit");
	testing_sink.max_pages = 0;
	assert_int_equal(testing_read(pdf), 0);
	assert_int_equal(testing_sink.pages, 3);
}

static void test_bomb(void **state)
{
	const size_t size = 64u << 20;
	uLong n = compressBound(size);
	char *zeros = calloc(1, size), *packed = malloc(n);

	(void)state;
	assert_true(zeros && packed);
	assert_int_equal(compress2((Bytef *)packed, &n, (Bytef *)zeros, size, 1), Z_OK);
	n = n < 200000 ? n : 200000; /* the file has no room for more; the rest is cut off */
	pdf_file_page(&testing_file, "/AF [<< /F (big) /EF << /F 6 0 R >> >>]", "", "");
	(void)pdf_file_stream(&testing_file, "/Filter /FlateDecode", packed, n);
	free(zeros);
	free(packed);
	testing_sink.max = 1u << 20;
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), -EFBIG);
	testing_sink.max = 0;
	testing_sink.in_member = false; /* the host closes what a limit has cut off */
	assert_string_equal(testing_reason, "limit");
}

static void test_deep(void **state)
{
	static char body[60000];
	size_t n = 0;

	(void)state;
	/* Bookmarks in bookmarks, structure in structure: neither ends the program. */
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "<< /Title (t) /First ");
	(void)snprintf(body + n, sizeof(body) - n, "null");
	n += 4;
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, " >>");
	pdf_file_page(&testing_file, "/Outlines 6 0 R", FONT, "");
	(void)pdf_file_object(&testing_file, body);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), -EBADMSG);
	assert_string_equal(testing_reason, "limit");
}

static void test_no_tool(void **state)
{
	struct testing_conf conf = {"/nonexistent/pdftotext", 1u << 28, 8, 2};
	struct mw_err err = {.code = 0};
	void *none = NULL, *real = testing_inst;

	(void)state;
	assert_int_equal(mw_plugin_extract_pdf.hooks.open(&testing_host, NULL, &conf, &none, &err), 0);
	testing_inst = none;
	assert_int_equal(testing_read(PAGE({72, 72, "Jane Doe"})), -ENOENT);
	testing_inst = real;
	assert_string_equal(testing_reason, "unknown-format");
	mw_plugin_extract_pdf.hooks.close(none);
	/* And one that is no pdftotext. */
	conf.pdftotext = "/bin/false";
	assert_int_equal(mw_plugin_extract_pdf.hooks.open(&testing_host, NULL, &conf, &none, &err), 0);
	testing_inst = none;
	assert_int_equal(testing_read(PAGE({72, 72, "Jane Doe"})), -EBADMSG);
	testing_inst = real;
	assert_string_equal(testing_reason, "damaged");
	mw_plugin_extract_pdf.hooks.close(none);
}

/* ---- several at once ------------------------------------------------------------------------------------------------------------- */

#define PAGES 24

/* Pages with their numbers in words that are no numbers: "page cg". */
static struct mw_str many_pages(void)
{
	char body[1024], kids[512] = "";
	int n = 0;

	pdf_file_begin(&testing_file);
	for (int i = 0; i < PAGES; i++)
		n += snprintf(kids + n, sizeof(kids) - (size_t)n, "%d 0 R ", 4 + 2 * i);
	(void)pdf_file_object(&testing_file, "<< /Type /Catalog /Pages 2 0 R >>");
	(void)snprintf(body, sizeof(body), "<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 612 792] >>", kids, PAGES);
	(void)pdf_file_object(&testing_file, body);
	(void)pdf_file_object(&testing_file, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
	for (int i = 0; i < PAGES; i++) {
		(void)snprintf(body, sizeof(body),
			       "<< /Type /Page /Parent 2 0 R /Contents %d 0 R /Resources << /Font << /F 3 0 R >> >> >>",
			       5 + 2 * i);
		(void)pdf_file_object(&testing_file, body);
		(void)snprintf(body, sizeof(body), "BT /F 10 Tf 72 700 Td (page %c%c) Tj 9000 0 Td (far %c%c) Tj ET", 'a' + i / 8,
			       'a' + i % 8, 'a' + i / 8, 'a' + i % 8);
		(void)pdf_file_stream(&testing_file, "", body, strlen(body));
	}
	return pdf_file_end(&testing_file, "");
}

/* By a program of one's own in place of pdftotext, NULL = pdftotext. What was read before is freed. */
static int read_many(const char *program, int64_t at_once)
{
	struct testing_conf conf = {program ? program : MW_PDFTOTEXT, 1u << 28, 8, at_once};
	void *other = NULL, *real = testing_inst;
	int r;

	assert_int_equal(mw_plugin_extract_pdf.hooks.open(&testing_host, NULL, &conf, &other, NULL), 0);
	testing_inst = other;
	r = testing_read(many_pages());
	testing_inst = real;
	mw_plugin_extract_pdf.hooks.close(other);
	return r;
}

/* However many there are, the pages come in their order, and what is outside of them with them. */
static void test_portions(void **state)
{
	char *one;

	(void)state;
	assert_int_equal(read_many(NULL, 1), 0);
	assert_int_equal(testing_sink.pages, PAGES);
	testing_has("page aa\n");
	testing_has("far ch\n");
	one = strdup(testing_text());
	assert_non_null(one);
	for (int64_t n = 2; n <= 4; n++) {
		assert_int_equal(read_many(NULL, n), 0);
		assert_int_equal(testing_sink.pages, PAGES);
		assert_string_equal(testing_text(), one);
	}
	free(one);
}

/* One of two fails: what the other has read is there, and why not all is. */
static void test_half(void **state)
{
	static const struct {
		const char *script, *there, *missing, *reason;
	} rows[] = {
	    {"case \"$*\" in *-f*) exit 3;; esac", "page bd\n", "page be\n", "damaged"},
	    {"case \"$*\" in *-f*) kill -SEGV $$;; esac", "page bd\n", "page be\n", "crashed"},
	    {"case \"$*\" in *-l*) exit 3;; esac", "page be\n", "page bd\n", "damaged"},
	    {"case \"$*\" in *-l*) exit 0;; esac", "page be\n", "page bd\n", "damaged"},
	    {"case \"$*\" in *-l*) shift 2; set -- -l 3 \"$@\";; esac", "page ac\n", "page ad\n", "damaged"},
	};
	char path[] = "/tmp/pdf.half.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && fchmod(fd, 0700) == 0);
	(void)close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		assert_true(fprintf(f, "#!/bin/sh\n%s\nexec " MW_PDFTOTEXT " \"$@\"\n", rows[i].script) > 0);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(read_many(path, 2), -EBADMSG);
		assert_string_equal(testing_reason, rows[i].reason);
		testing_has(rows[i].there);
		testing_has_not(rows[i].missing);
	}
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_encrypted), cmocka_unit_test(test_damaged),  cmocka_unit_test(test_damaged_page),
	    cmocka_unit_test(test_limits),    cmocka_unit_test(test_bomb),     cmocka_unit_test(test_deep),
	    cmocka_unit_test(test_no_tool),   cmocka_unit_test(test_portions), cmocka_unit_test(test_half),
	};

	return testing_possible() ? cmocka_run_group_tests(tests, testing_setup, testing_teardown) : 77; /* skipped */
}
