/* SPDX-License-Identifier: Apache-2.0 */
/* plain text in pieces, and names of files, as strangers give them. */
#include "portal/filename.h"
#include "portal/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- plain text: "[2]" begins a quote of that depth, "{…}" is a link -------------------------------------------------------------------- */

static void pieces_of(struct mw_str text, struct mw_buf *out)
{
	struct mw_plain p = {.s = text};
	enum mw_plain_kind kind;
	struct mw_str piece;

	while ((kind = mw_plain_next(&p, &piece)) != MW_PLAIN_END) {
		if (kind == MW_PLAIN_QUOTE) {
			mw_buf_printf(out, "[%u]", p.depth);
			continue;
		}
		mw_buf_puts(out, kind == MW_PLAIN_LINK ? "{" : "");
		mw_buf_add(out, piece.p, piece.n);
		mw_buf_puts(out, kind == MW_PLAIN_LINK ? "}" : "");
	}
}

static const struct {
	const char *in, *out;
} texts[] = {
    {"", ""},
    {"a\nb\n\nc", "[0]a\nb\n\nc"},
    {"a\n> b\n>c\n>> d\n> > e\nf", "[0]a\n[1]b\nc\n[2]d\ne\n[0]f"},
    {">", "[1]"},
    {">\n>\na", "[1]\n\n[0]a"},
    {">>>>>>>>> deep", "[5]deep"},
    {"a > b\n  > c", "[0]a > b\n  > c"},
    {"see http://a.example/x?y=1#z, and", "[0]see {http://a.example/x?y=1#z}, and"},
    {"(https://a.example/b_(c)). HTTPS://A", "[0]({https://a.example/b_(c)}). {HTTPS://A}"},
    {"<http://a.example/>\"http://b\"'http://c'", "[0]<{http://a.example/}>\"{http://b}\"'{http://c}'"},
    {"xhttp://a http:// http:///a javascript:alert(1) http://\xc3\xa4",
     "[0]xhttp://a http:// http:///a javascript:alert(1) http://\xc3\xa4"},
    {"> http://a\n> b\nhttp://c", "[1]{http://a}\nb\n[0]{http://c}"},
    {"http://a http://b", "[0]{http://a} {http://b}"},
    {"http://a\n> b", "[0]{http://a}\n[1]b"},
    {"a > b http://x\nc\n> d http://y\n> e\nf http://z g\n> h\ni",
     "[0]a > b {http://x}\nc\n[1]d {http://y}\ne\n[0]f {http://z} g\n[1]h\n[0]i"},
    {"a\n\n>b\n\n>c", "[0]a\n\n[1]b\n[0]\n[1]c"},
    {"http://user@a.example:8/[x]", "[0]{http://user@a.example:8/[x]}"},
};

static void texts_are_cut_into_pieces(void **state)
{
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		mw_buf_clear(&out);
		pieces_of(mw_str(texts[i].in), &out);
		assert_string_equal(mw_buf_text(&out), texts[i].out);
	}
	mw_buf_free(&out);
}

/* Nothing is lost, whatever the text, and there are not too many pieces. */
static void pieces_are_limited(void **state)
{
	static const char *const line[] = {"> a\na\n", "http://a ", ">\n"};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct mw_buf text = MW_BUF_INIT;
		struct mw_plain p;
		struct mw_str piece;
		size_t n = 0;

		for (size_t i = 0; i < 100000; i++)
			mw_buf_puts(&text, line[k]);
		p = (struct mw_plain){.s = {.p = text.p, .n = text.n}};
		while (mw_plain_next(&p, &piece) != MW_PLAIN_END)
			n++;
		assert_true(n <= MW_PLAIN_PIECES + 2);
		assert_int_equal(p.at, text.n);
		mw_buf_free(&text);
	}
}

/* ---- names ------------------------------------------------------------------------------------------------------------------------------ */

#define RLO "\xe2\x80\xae"

static const struct {
	const char *in, *safe, *disposition;
} names[] = {
    {"a.pdf", "a.pdf", "attachment; filename=\"a.pdf\""},
    {"", "file", "attachment; filename=\"file\""},
    {"...", "file", "attachment; filename=\"file\""},
    {"../../etc/passwd", "_.._etc_passwd", "attachment; filename=\"_.._etc_passwd\""},
    {"..\\..\\a\\b.exe", "_.._a_b.exe", "attachment; filename=\"_.._a_b.exe\""},
    {"C:\\a", "C__a", "attachment; filename=\"C__a\""},
    {".htaccess", "htaccess", "attachment; filename=\"htaccess\""},
    {"a\r\nSet-Cookie: x=1", "a Set-Cookie_ x=1", "attachment; filename=\"a Set-Cookie_ x=1\""},
    {"a\"; filename=\"b.exe", "a_; filename=_b.exe", "attachment; filename=\"a_; filename=_b.exe\""},
    {"<script>alert(1)</script>", "_script_alert(1)__script_", "attachment; filename=\"_script_alert(1)__script_\""},
    {"invoice" RLO "fdp.exe", "invoicefdp.exe", "attachment; filename=\"invoicefdp.exe\""},
    {"a\xe2\x80\x8b\xef\xbb\xbf\x01\x7f\xc2\x85.txt", "a.txt", "attachment; filename=\"a.txt\""},
    {"Gr\xc3\xb6\xc3\x9f"
     "e 100%.txt",
     "Gr\xc3\xb6\xc3\x9f"
     "e 100%.txt",
     "attachment; filename=\"Gr__e 100_.txt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20100%25.txt"},
    {"a\xff.txt", "a\xef\xbf\xbd.txt", "attachment; filename=\"a_.txt\"; filename*=UTF-8''a%EF%BF%BD.txt"},
    {"CON", "_CON", "attachment; filename=\"_CON\""},
    {"com1.txt", "_com1.txt", "attachment; filename=\"_com1.txt\""},
    {"lpt9 .x", "_lpt9 .x", "attachment; filename=\"_lpt9 .x\""},
    {"com.txt", "com.txt", "attachment; filename=\"com.txt\""},
    {"a. . ", "a", "attachment; filename=\"a\""},
};

static void names_are_made_safe(void **state)
{
	struct mw_buf safe = MW_BUF_INIT, disposition = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		mw_buf_clear(&safe);
		mw_buf_clear(&disposition);
		mw_filename_safe(mw_str(names[i].in), &safe);
		assert_string_equal(mw_buf_text(&safe), names[i].safe);
		mw_filename_disposition(false, (struct mw_str){.p = safe.p, .n = safe.n}, &disposition);
		assert_string_equal(mw_buf_text(&disposition), names[i].disposition);
	}
	mw_buf_free(&safe);
	mw_buf_free(&disposition);
}

static void long_names_keep_their_extension(void **state)
{
	struct mw_buf name = MW_BUF_INIT, safe = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 500; i++)
		mw_buf_puts(&name, "\xc3\xa4");
	mw_buf_puts(&name, ".docx");
	mw_filename_safe((struct mw_str){.p = name.p, .n = name.n}, &safe);
	assert_in_range(safe.n, MW_FILENAME_MAX - 4, MW_FILENAME_MAX);
	assert_string_equal(safe.p + safe.n - 7, "\xc3\xa4.docx");
	mw_buf_free(&name);
	mw_buf_free(&safe);
}

static void names_differ(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_filenames *all = mw_filenames_new(a, 1000);

	(void)state;
	assert_string_equal(mw_filenames_add(all, mw_str("a.txt")), "a.txt");
	assert_string_equal(mw_filenames_add(all, mw_str("a (2).txt")), "a (2).txt");
	assert_string_equal(mw_filenames_add(all, mw_str("A.TXT")), "A (3).TXT");
	assert_string_equal(mw_filenames_add(all, mw_str("b/c")), "b_c");
	assert_string_equal(mw_filenames_add(all, mw_str("b\\c")), "b_c (4)");
	for (size_t i = 0; i < 995; i++)
		assert_non_null(mw_filenames_add(all, mw_str("same")));
	mw_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_are_cut_into_pieces),
	    cmocka_unit_test(pieces_are_limited),
	    cmocka_unit_test(names_are_made_safe),
	    cmocka_unit_test(long_names_keep_their_extension),
	    cmocka_unit_test(names_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
