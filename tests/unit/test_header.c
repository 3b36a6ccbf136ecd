/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/header.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/sanitized.h"
#include "base/str.h"

static void assert_str(struct mw_str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void test_parse(void **state)
{
	static const struct {
		const char *raw;
		size_t n;
		const char *name, *value; /* of the last field */
		const char *body;
	} row[] = {
	    {"", 0, NULL, NULL, ""},
	    {"\n", 0, NULL, NULL, ""},
	    {"\r\nbody", 0, NULL, NULL, "body"},
	    {"just text\n", 0, NULL, NULL, "just text\n"},
	    {"A: 1\nB: 2\n\nbody\n", 2, "B", " 2", "body\n"},
	    {"A: 1\r\nB: 2\r\n\r\nbody\r\n", 2, "B", " 2", "body\r\n"},
	    {"A: 1\n  folded\n\tmore\n\nx", 1, "A", " 1\n  folded\n\tmore", "x"},
	    {"A: 1\r\n  folded\r\n\r\nx", 1, "A", " 1\r\n  folded", "x"},
	    {"A:1", 1, "A", "1", ""},
	    {"A:", 1, "A", "", ""},
	    {"A:\n \n\n", 1, "A", "\n ", ""},
	    {"A: 1\nno field\n\nx", 1, "A", " 1", "no field\n\nx"},
	    {"A: 1\n:no name\n", 1, "A", " 1", ":no name\n"},
	    {"A : 1\n\n", 1, "A", " 1", ""},
	    {"A B: 1\n\n", 0, NULL, NULL, "A B: 1\n\n"},
	    {" A: 1\n\n", 0, NULL, NULL, " A: 1\n\n"},
	    {"\xc3\xbc: 1\n", 0, NULL, NULL, "\xc3\xbc: 1\n"},
	    {"From a@b Thu Jan  1\nA: 1\n\nx", 1, "A", " 1", "x"},
	    {">From a@b Thu Jan  1\r\nA: 1\r\n\r\nx", 1, "A", " 1", "x"},
	    {"From: a@b\n\nx", 1, "From", " a@b", "x"},
	    {"From : a@b\n\nx", 1, "From", " a@b", "x"},
	    {"A: 1\rB: 2\n\nx", 1, "A", " 1\rB: 2", "x"}, /* a bare CR ends no line */
	    {"A: 1\n\nB: 2\n\n", 1, "A", " 1", "B: 2\n\n"},
	};
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_header h = {0};
		struct mw_str body;

		assert_int_equal(mw_header_parse(a, mw_str(row[i].raw), &h, &body), 0);
		assert_int_equal(h.n, row[i].n);
		if (h.n) {
			assert_str(h.v[h.n - 1].name, row[i].name);
			assert_str(h.v[h.n - 1].value, row[i].value);
		}
		assert_str(body, row[i].body);
	}
	mw_arena_free(&a);
}

static void test_nul(void **state)
{
	static const char raw[] = "A: 1\0002\nB\0C: 3\n\n";
	struct mw_arena *a = mw_arena_new(0);
	struct mw_header h = {0};
	struct mw_str body;

	(void)state;
	assert_int_equal(mw_header_parse(a, (struct mw_str){.p = raw, .n = sizeof(raw) - 1}, &h, &body), 0);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.v[0].value.n, 4);
	assert_memory_equal(h.v[0].value.p, " 1\0002", 4);
	assert_int_equal(body.n, 8); /* a name has no NUL */
	assert_string_equal(mw_header_decode(a, h.v[0].value), "12");
	mw_arena_free(&a);
}

static void test_add_and_find(void **state)
{
	struct mw_arena *a = mw_arena_new(0), *small = mw_arena_new(64);
	struct mw_header h = {0}, full = {0};
	size_t from = 0;
	char name[] = "Subject";

	(void)state;
	assert_int_equal(mw_header_add(a, &h, mw_str("From"), mw_str(" a")), 0);
	assert_int_equal(mw_header_add(a, &h, mw_str(name), mw_str(" one")), 0);
	assert_int_equal(mw_header_add(a, &h, mw_str("SUBJECT"), mw_str(" two")), 0);
	name[0] = 'X'; /* it was copied */
	assert_int_equal(h.octets, 4 + 2 + 3 + 7 + 4 + 3 + 7 + 4 + 3);
	assert_str(mw_header_find(&h, "subject", NULL)->value, " one");
	assert_str(mw_header_find(&h, "subject", &from)->value, " one");
	assert_str(mw_header_find(&h, "subject", &from)->value, " two");
	assert_null(mw_header_find(&h, "subject", &from));
	assert_null(mw_header_find(&h, "Subjec", NULL));
	assert_int_equal(mw_header_add(small, &full, mw_str("From"), mw_str(" a")), -ENOMEM);
	assert_int_equal(full.n, 0);
	mw_arena_free(&a);
	mw_arena_free(&small);
}

static void test_decode(void **state)
{
	static const struct {
		const char *value, *text;
	} row[] = {
	    {"", ""},
	    {" Hello ", "Hello"},
	    {" one\r\n two\n\tthree", "one two\tthree"},
	    {" one\rtwo\r\n", "one two"},
	    {"=?utf-8?Q?Caf=C3=A9_x?=", "Caf\xc3\xa9 x"},
	    {"=?UTF-8?b?Q2Fmw6k=?=", "Caf\xc3\xa9"},
	    {"=?iso-8859-1?q?Caf=E9?= =?iso-8859-1?q?_noir?=", "Caf\xc3\xa9 noir"},
	    {"=?iso-8859-1?q?a?=\r\n =?utf-8?q?b?= c", "ab c"},
	    {"=?utf-8?q?12?=\n =?utf-8?q?3-45?=-6789", "123-45-6789"},
	    {"=?utf-8?b?YWI?= =?utf-8?b?Yw==?=", "abc"},     /* each word has its own base64 */
	    {"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\xc3\xa9"}, /* a character in two words */
	    {"=?utf-8*en?q?x?=", "x"},
	    {"=?windows-1252?q?=80_=93x=94?=", "\xe2\x82\xac \xe2\x80\x9cx\xe2\x80\x9d"},
	    {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac"},
	    {"=?no-such?q?SSN_1?=", "SSN 1"},
	    {"=?utf-8?q?a b?=", "a b"}, /* blanks are forbidden there, and common */
	    {"\"=?utf-8?q?x?=\" <a@b>", "\"x\" <a@b>"},
	    {"(=?utf-8?q?x?=)", "(x)"},
	    {"a=?utf-8?q?x?=b", "axb"},
	    {"=?utf-8?q?"
	     "?= x",
	     " x"},
	    {"=?utf-8?q?a=00b?= c", "ab c"}, /* nothing hides behind a NUL */
	    {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
	    {"=?utf-8?q?abc", "=?utf-8?q?abc"},
	    {"=?utf-8?q", "=?utf-8?q"},
	    {"=?", "=?"},
	    {"=?=?utf-8?q?x?=", "=?x"},
	    {"=?a?q?=?=", "="},
	    {"?=?=?=", "?=?=?="},
	    {"caf\xe9", "caf\xc3\xa9"},
	    {"caf\xc3\xa9", "caf\xc3\xa9"},
	    {"caf\xe9 =?utf-8?q?x?=", "caf\xc3\xa9 x"},
	};
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const char *got = mw_header_decode(a, mw_str(row[i].value));

		assert_non_null(got);
		if (strcmp(got, row[i].text) != 0)
			fail_msg("\"%s\" -> \"%s\", not \"%s\"", row[i].value, got, row[i].text);
	}
	mw_arena_free(&a);
}

static void repeat(const char *piece, size_t times, bool decode)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf raw = MW_BUF_INIT;
	struct mw_header h = {0};
	struct mw_str body, all;

	for (size_t i = 0; i < times; i++)
		mw_buf_puts(&raw, piece);
	assert_true(mw_buf_ok(&raw));
	all = (struct mw_str){.p = raw.p, .n = raw.n};
	if (decode) {
		assert_non_null(mw_header_decode(a, all));
	} else {
		assert_int_equal(mw_header_parse(a, all, &h, &body), 0);
		assert_int_equal(h.n, times);
	}
	mw_buf_free(&raw);
	mw_arena_free(&a);
}

/* Under the sanitizers memmem() looks at all of its range each time, which makes any use of it quadratic. */
#if MW_SANITIZED
#define MANY 10000
#else
#define MANY 500000
#endif

/* What is not linear takes hours with as many: no clock is needed to see it. */
static void test_linear(void **state)
{
	static const struct {
		const char *piece;
		bool decode;
	} row[] = {
	    {"X-Field: some value\r\n folded\r\n", false},
	    {"A:\n", false},
	    {"=?utf-8?q?a=20?= ", true},
	    {"=?utf-8?q?", true},
	    {"=?", true},
	    {"?="
	     "=?",
	     true},
	    {"\r\n ", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		repeat(row[i].piece, MANY, row[i].decode);
}

static void test_no_memory(void **state)
{
	struct mw_arena *small = mw_arena_new(64);
	struct mw_header h = {0};
	struct mw_str body = {.p = "x", .n = 1};

	(void)state;
	assert_int_equal(mw_header_parse(small, mw_str("A: 1\n\nbody"), &h, &body), -ENOMEM);
	assert_int_equal(body.n, 1);
	assert_null(
	    mw_header_decode(small, mw_str("a text that is longer than what the arena may give out, so there is no room")));
	mw_arena_free(&small);
}

/* What is encoded is read again as it was, line by line within 76 octets, of which none is outside of ASCII. */
static void test_encode(void **state)
{
	static const struct {
		const char *text, *value;
	} row[] = {
	    {"results", " results"},
	    {"", " "},
	    {"J\xc3\xb6rg", " =?UTF-8?B?SsO2cmc=?="},
	    {"one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
	     " one two three four five six seven eight nine ten eleven twelve\n thirteen fourteen"},
	};
	char text[2001], *value, *again;
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	assert_non_null(a);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_string_equal(mw_header_encode(a, "Subject", row[i].text), row[i].value);
	for (size_t n = 1; n < 600; n += 7) {
		for (size_t i = 0; i + 3 <= n; i += 3)
			memcpy(text + i, i % 2 ? "\xe6\x97\xa5" : i % 4 ? "ab " : "\xc3\xa9z", 3);
		memset(text + n - n % 3, 'x', n % 3);
		text[n] = '\0';
		value = mw_header_encode(a, "Subject", text);
		assert_non_null(value);
		again = mw_header_decode(a, mw_str(value));
		assert_string_equal(again, text);
		for (const char *p = value; *p; p += strcspn(p, "\n"), p += *p == '\n') {
			assert_true(*p == ' ' && strcspn(p, "\n") + (p == value ? 8 : 0) <= 76);
			for (const char *q = p; *q && *q != '\n'; q++)
				assert_true(*q >= ' ' && *q <= '~');
		}
	}
	mw_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),  cmocka_unit_test(test_nul),	  cmocka_unit_test(test_add_and_find),
	    cmocka_unit_test(test_decode), cmocka_unit_test(test_linear), cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
