/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/unwrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static const struct {
	enum mw_wrap wrap;
	const char *in, *out;
} row[] = {
    {MW_WRAP_NONE, "a \nb\n c", "a \nb\n c"},
    /* a blank at the end goes away, and the line with the next */
    {MW_WRAP_FLOWED, "", ""},
    {MW_WRAP_FLOWED, "SSN 219-09- \n9998\nMRN\n", "SSN 219-09-9998\nMRN\n"},
    {MW_WRAP_FLOWED, "two  \nwords ", "two words"},
    {MW_WRAP_FLOWED, "a \r\nb\r\n", "ab\n"},
    {MW_WRAP_FLOWED, "one\n\n two\n", "one\n\ntwo\n"},			     /* a blank that was stuffed in */
    {MW_WRAP_FLOWED, "> 219-09- \n> 9998\n>> x\n", "> 219-09-9998\n>> x\n"}, /* quoted */
    {MW_WRAP_FLOWED, "> 219- \nmine\n", "> 219-\nmine\n"},		     /* not over the end of a quotation */
    {MW_WRAP_FLOWED, "end \n-- \nname\n", "end\n-- \nname\n"},		     /* nor over the signature's mark */
    /* calendars and cards */
    {MW_WRAP_FOLDED, "", ""},
    {MW_WRAP_FOLDED, "NOTE:SSN 219-0\n 9-9998\nX:y\n", "NOTE:\nSSN 219-09-9998\nX:y\n"},
    {MW_WRAP_FOLDED, "NOTE:a\r\n\tb\r\n  c\r\n", "NOTE:\nab c\n"},
    {MW_WRAP_FOLDED, "NOTE:one\\, two\\; three\\nfour\\\\\n", "NOTE:\none, two; three\nfour\\\n"},
    {MW_WRAP_FOLDED, "NOTE;ENCODING=QUOTED-PRINTABLE:SSN=20219=2D=\n09-9998=\n\nX:=41\n",
     "NOTE;ENCODING=QUOTED-PRINTABLE:\nSSN 219-09-9998\nX:=41\n"},
    {MW_WRAP_FOLDED, "NOTE;quoted-printable:=41=", "NOTE;quoted-printable:\nA\n"},
    {MW_WRAP_FOLDED, "item1.Note;X=\"a:b\";Y=c:d:e\n", "item1.Note;X=\"a:b\";Y=c:\nd:e\n"},
    {MW_WRAP_FOLDED, "NOTES:a\nNOTE\nNOTE;X=\"a:b\nSUMMARY:\n", "NOTES:a\nNOTE\nNOTE;X=\"a:b\nSUMMARY:\n\n"},
    {MW_WRAP_FOLDED, " begins with a blank\\", " begins with a blank\\\n"},
    /* markup */
    {MW_WRAP_ENRICHED, "", "\n"},
    {MW_WRAP_ENRICHED, "<bold>219</bold>-09-<x-y>9998", "219-09-9998\n"},
    {MW_WRAP_ENRICHED, "a\nb\n\nc\n\n\nd", "a b\nc\n\nd\n"},
    {MW_WRAP_ENRICHED, "<color><param>red</param>x</color><param>lost", "xlost\n"},
    {MW_WRAP_ENRICHED, "1 < 2 <<b> <not a command> <>", "1 < 2 <b> <not a command> <>\n"},
    {MW_WRAP_RICHTEXT, "<bold>a</bold><nl>b\n\nc<lt>d", "a\nb c<d\n"},
};

static void test_unwrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		for (size_t n = 0; n <= strlen(row[i].in);
		     n++) { /* every prefix, of the exact size for a sanitizer; the whole is compared */
			struct mw_buf out = MW_BUF_INIT;
			char *in = malloc(n ? n : 1);

			assert_non_null(in);
			memcpy(in, row[i].in, n);
			assert_int_equal(mw_unwrap(row[i].wrap, (struct mw_str){.p = in, .n = n}, &out), 0);
			if (n == strlen(row[i].in) && strcmp(mw_buf_text(&out), row[i].out) != 0)
				fail_msg("row %zu: %s\n--- gives\n%s--- not\n%s", i, row[i].in, mw_buf_text(&out), row[i].out);
			mw_buf_free(&out);
			free(in);
		}
}

static void test_unreverse(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"", ""},
	    {"219-09\n", ""},
	    {"a\nSSN \xe2\x80\xae"
	     "8999-90-912\nb",
	     "SSN 219-09-9998\n"},
	    {"\xe2\x80\xae"
	     "c\xc3\xa9"
	     "1\xe2\x80\xac 2\xe2\x80\xae"
	     "43",
	     "1\xc3\xa9"
	     "c\xe2\x80\xac 234\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_buf out = MW_BUF_INIT;

		assert_int_equal(mw_unreverse((struct mw_str){.p = rows[i].in, .n = strlen(rows[i].in)}, &out), 0);
		assert_string_equal(mw_buf_text(&out), rows[i].out);
		mw_buf_free(&out);
	}
}

static void repeat(enum mw_wrap wrap, const char *piece, size_t times)
{
	struct mw_buf in = MW_BUF_INIT, out = MW_BUF_INIT;

	for (size_t i = 0; i < times; i++)
		mw_buf_puts(&in, piece);
	assert_true(mw_buf_ok(&in));
	assert_int_equal(mw_unwrap(wrap, (struct mw_str){.p = in.p, .n = in.n}, &out), 0);
	assert_true(out.n <= 2 * in.n + 1);
	mw_buf_free(&in);
	mw_buf_free(&out);
}

/* What is not linear takes hours with as many: no clock is needed to see it. */
static void test_linear(void **state)
{
	static const struct {
		enum mw_wrap wrap;
		const char *piece;
	} hostile[] = {
	    {MW_WRAP_FLOWED, "> \n"},
	    {MW_WRAP_FLOWED, ">"},
	    {MW_WRAP_FLOWED, " \n"},
	    {MW_WRAP_FOLDED, "\n "},
	    {MW_WRAP_FOLDED, "quoted-printable:=\n"},
	    {MW_WRAP_FOLDED, "quoted-"},
	    {MW_WRAP_FOLDED, "\\"},
	    {MW_WRAP_FOLDED, "\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		repeat(hostile[i].wrap, hostile[i].piece, 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unwrap),
	    cmocka_unit_test(test_unreverse),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests_name("unwrap", tests, NULL, NULL);
}
