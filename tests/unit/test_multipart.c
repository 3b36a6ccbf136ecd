/* SPDX-License-Identifier: Apache-2.0 */
/* multipart: forms with files, in one piece and octet by octet. */
#include "portal/multipart.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=X"
#define PART(name) "--X\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"

/* "[name]", "[name|filename|type]", and behind it what it holds */
static int on_part(void *ctx, const struct mw_multipart_part *p)
{
	struct mw_buf *seen = ctx;

	mw_buf_puts(seen, "[");
	mw_buf_add(seen, p->name.p, p->name.n);
	if (p->is_file) {
		mw_buf_puts(seen, "|");
		mw_buf_add(seen, p->filename.p, p->filename.n);
		mw_buf_puts(seen, "|");
		mw_buf_add(seen, p->type.p, p->type.n);
	}
	mw_buf_puts(seen, "]");
	return 0;
}

static int on_data(void *ctx, const char *p, size_t n)
{
	mw_buf_add(ctx, p, n);
	return 0;
}

/* 0 and complete, 1 and not, or the error. */
static int read_form(const char *type, struct mw_str form, size_t piece, struct mw_buf *seen)
{
	const struct mw_multipart_events events = {.part = on_part, .data = on_data, .ctx = seen};
	struct mw_multipart *m = NULL;
	int r = mw_multipart_new(mw_str(type), &events, &m);

	for (size_t i = 0; r == 0 && i < form.n; i += piece)
		r = mw_multipart_more(m, form.p + i, form.n - i < piece ? form.n - i : piece);
	if (r == 0 && !mw_multipart_complete(m))
		r = 1;
	mw_multipart_free(&m);
	return r;
}

static const struct {
	const char *type, *form;
	int result;
	const char *seen;
} rows[] = {
    {TYPE, PART("a") "1\r\n--X--\r\n", 0, "[a]1"},
    {TYPE, PART("a") "\r\n--X--", 0, "[a]"},
    {TYPE, PART("a") "1\r\n2\r\n--\r\n--Y\r\n\r\n" PART("b") "3\r\n--X--\r\nnobody's", 0, "[a]1\r\n2\r\n--\r\n--Y\r\n[b]3"},
    {TYPE, "--X--\r\n", 0, ""},
    {TYPE, "preamble\r\n" PART("a") "1\r\n--X--", 0, "[a]1"},
    {TYPE,
     "--X\r\ncontent-disposition: FORM-DATA; name=\"f\"; filename=\"a;b=c %22.txt\"\r\nContent-Type: text/plain; "
     "x=y\r\n\r\n1\r\n--X--",
     0, "[f|a;b=c %22.txt|text/plain; x=y]1"},
    {TYPE, "--X\r\nContent-Disposition: form-data; filename=\"x; name=y\"; name=\"f\"\r\n\r\n1\r\n--X--", 0, "[f|x; name=y|]1"},
    {TYPE, "--X\r\nContent-Disposition: form-data; name=f; filename=\"\"\r\n\r\n\r\n--X--", 0, "[f||]"},
    {"Multipart/Form-Data; charset=x; BOUNDARY=\"X\"", PART("a") "1\r\n--X--", 0, "[a]1"},
    /* cut off */
    {TYPE, "", 1, ""},
    {TYPE, PART("a") "1", 1, NULL},
    {TYPE, PART("a") "1\r\n--X", 1, "[a]1"},
    {TYPE, "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n", 1, ""},
    /* no forms */
    {"multipart/mixed; boundary=X", "", -EBADMSG, ""},
    {"multipart/form-data", "", -EBADMSG, ""},
    {"multipart/form-data; boundary=", "", -EBADMSG, ""},
    {"multipart/form-datax; boundary=X", "", -EBADMSG, ""},
    {"multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", "", -EBADMSG, ""},
    {"", "", -EBADMSG, ""},
    {TYPE, "--X\r\n\r\n1\r\n--X--", -EBADMSG, NULL},
    {TYPE, "--Xa\r\n", -EBADMSG, ""},
    {TYPE, "--X\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--X--", -EBADMSG, ""},
    {TYPE, "--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X--", -EBADMSG, ""},
    {TYPE, "--X\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--X--", -EBADMSG, ""},
    {TYPE, "--X\r\nContent-Type: text/plain\r\n\r\n1\r\n--X--", -EBADMSG, ""},
    {TYPE, "--X\r\nno field\r\n\r\n1\r\n--X--", -EBADMSG, ""},
    {TYPE, "--X\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--X--", -EBADMSG,
     ""},
};

static void forms_are_read(void **state)
{
	static const size_t pieces[] = {100000, 1, 7};
	struct mw_buf seen = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < 3; k++) {
			mw_buf_clear(&seen);
			assert_int_equal(read_form(rows[i].type, mw_str(rows[i].form), pieces[k], &seen), rows[i].result);
			if (rows[i].seen)
				assert_string_equal(mw_buf_text(&seen), rows[i].seen);
		}
	mw_buf_free(&seen);
}

/* Octets of all kinds come out as they went in, and delimiters that are none are content. */
static void content_stays(void **state)
{
	struct mw_buf form = MW_BUF_INIT, seen = MW_BUF_INIT;
	size_t head = strlen(PART("a"));

	(void)state;
	mw_buf_puts(&form, PART("a"));
	for (unsigned i = 0; i < 70000; i++)
		mw_buf_putc(&form, i % 3 ? (char)i : "\r\n--X"[i % 5]);
	mw_buf_puts(&form, "\r\n--X--\r\n");
	assert_int_equal(read_form(TYPE, (struct mw_str){.p = form.p, .n = form.n}, 977, &seen), 0);
	assert_int_equal(seen.n, 70000 + 3);
	assert_memory_equal(seen.p + 3, form.p + head, 70000);
	mw_buf_free(&form);
	mw_buf_free(&seen);
}

static void long_headers_are_refused(void **state)
{
	struct mw_buf form = MW_BUF_INIT, seen = MW_BUF_INIT;

	(void)state;
	mw_buf_puts(&form, "--X\r\nX: ");
	for (size_t i = 0; i < MW_MULTIPART_HEAD; i++)
		mw_buf_putc(&form, 'x');
	assert_int_equal(read_form(TYPE, (struct mw_str){.p = form.p, .n = form.n}, 100, &seen), -EBADMSG);
	mw_buf_free(&form);
	mw_buf_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms_are_read),
	    cmocka_unit_test(content_stays),
	    cmocka_unit_test(long_headers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
