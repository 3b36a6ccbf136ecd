/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codepage.h"
#include "label.h"
#include "lzfu.h"
#include "runs.h"
#include "when.h"

struct text {
	char p[4096];
	size_t n;
};

static int collect(void *ctx, const char *p, size_t n)
{
	struct text *t = ctx;

	assert_true(n < sizeof(t->p) - t->n);
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
	return 0;
}

/* ---- compressed RTF -------------------------------------------------------------------------------------------------------------- */

/* The examples of [MS-OXRTFCP] 3.1 and 3.2. */
static const unsigned char hello[] = {0x2d, 0,	  0,	0,    0x2b, 0,	  0,	0,    0x4c, 0x5a, 0x46, 0x75, 0xf1,
				      0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32,
				      0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62,
				      0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0};
static const unsigned char crossing[] = {0x1a, 0,    0,	   0,	 0x1c, 0,    0,	   0,	 0x4c, 0x5a,
					 0x46, 0x75, 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0x00, 0x04, 0x20,
					 0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0};
static const unsigned char stored[] = {0x0f, 0, 0, 0, 3, 0, 0, 0, 0x4d, 0x45, 0x4c, 0x41, 0, 0, 0, 0, '{', '}', '\n'};

static struct mw_str str(const void *p, size_t n)
{
	return (struct mw_str){.p = p, .n = n};
}

static void rtf_is_expanded(void **state)
{
	struct text t = {.n = 0};
	bool whole = false;

	(void)state;
	assert_int_equal(mapi_lzfu(str(hello, sizeof(hello)), collect, &t, &whole), 0);
	assert_string_equal(t.p, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
	assert_true(whole);
	t.n = 0;
	assert_int_equal(mapi_lzfu(str(crossing, sizeof(crossing)), collect, &t, &whole), 0);
	assert_string_equal(t.p, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
	assert_true(whole);
	t.n = 0;
	assert_int_equal(mapi_lzfu(str(stored, sizeof(stored)), collect, &t, &whole), 0);
	assert_string_equal(t.p, "{}\n");
	assert_true(whole);
}

/* Every octet that is cut off or changed is told; what can be had comes. */
static void broken_rtf_is_told(void **state)
{
	unsigned char copy[sizeof(hello)];
	struct text t = {.n = 0};
	bool whole;

	(void)state;
	for (size_t n = 16; n < sizeof(hello); n++) {
		whole = true;
		t.n = 0;
		assert_int_equal(mapi_lzfu(str(hello, n), collect, &t, &whole), 0);
		assert_false(whole);
	}
	assert_int_equal(mapi_lzfu(str(hello, 15), collect, &t, &whole), -EBADMSG);
	for (size_t i = 0; i < sizeof(hello); i++) {
		if (i >= 8 && i < 12)
			continue;
		memcpy(copy, hello, sizeof(copy));
		copy[i] ^= 0x10;
		whole = true;
		t.n = 0;
		assert_int_equal(mapi_lzfu(str(copy, sizeof(copy)), collect, &t, &whole), 0);
		assert_false(whole);
	}
	assert_int_equal(mapi_lzfu(str("no compressed RTF at all", 24), collect, &t, &whole), -EBADMSG);
}

static int refuse(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return -EFBIG;
}

static void rtf_stops_when_told(void **state)
{
	bool whole;

	(void)state;
	assert_int_equal(mapi_lzfu(str(hello, sizeof(hello)), refuse, NULL, &whole), -EFBIG);
	assert_int_equal(mapi_lzfu(str(stored, sizeof(stored)), refuse, NULL, &whole), -EFBIG);
}

/* ---- times ----------------------------------------------------------------------------------------------------------------------- */

static void times_are_civil(void **state)
{
	static const struct {
		uint16_t part[6];
		const char *text;
	} rows[] = {
	    {{1601, 1, 1, 0, 0, 1}, "1601-01-01 00:00:01"},
	    {{1970, 1, 1, 0, 0, 0}, "1970-01-01"},
	    {{2000, 2, 29, 23, 59, 59}, "2000-02-29 23:59:59"},
	    {{1900, 3, 1, 0, 0, 0}, "1900-03-01"},
	    {{1899, 12, 31, 0, 0, 0}, "1899-12-31"},
	    {{2026, 11, 22, 13, 5, 0}, "2026-11-22 13:05:00"},
	    {{2100, 2, 28, 0, 0, 0}, "2100-02-28"},
	    {{9999, 12, 31, 23, 59, 59}, "9999-12-31 23:59:59"},
	};
	char text[MAPI_WHEN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(mapi_when(mapi_filetime(rows[i].part), text));
		assert_string_equal(text, rows[i].text);
	}
	assert_true(mapi_when(UINT64_C(116444736000000000), text)); /* the epoch of Unix */
	assert_string_equal(text, "1970-01-01");
	assert_false(mapi_when(0, text));
	assert_false(mapi_when(UINT64_MAX, text));
	assert_false(mapi_when(UINT64_C(0x0cb34557a3dd4000), text));
	assert_int_equal(mapi_filetime((const uint16_t[6]){1600, 1, 1, 0, 0, 0}), 0);
	assert_int_equal(mapi_filetime((const uint16_t[6]){2000, 13, 1, 0, 0, 0}), 0);
}

/* ---- words in octets ------------------------------------------------------------------------------------------------------------- */

static void runs_are_found(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		const char *text;
	} rows[] = {
	    {"", 0, ""},
	    {"\0\1\2abcde\3", 9, ""},
	    {"\0\1\2abcdef\3", 10, "abcdef\n"},
	    {"\1J\0o\0h\0n\0\0\0", 11, "John\n"},
	    {"J\0\xf6\0r\0g\0\x10\4\x11\4\0\0", 14, "J\xc3\xb6rg\xd0\x90\xd0\x91\n"},
	    {"219-09-9998\0\0S\0S\0N\0:\0", 21, "219-09-9998\nSSN:\n"},
	    {"J\0o\0h", 5, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct text t = {.n = 0};

		assert_int_equal(mapi_runs(str(rows[i].p, rows[i].n), collect, &t), 0);
		assert_string_equal(t.p, rows[i].text);
	}
	assert_int_equal(mapi_runs(str("abcdefg", 7), refuse, NULL), -EFBIG);
}

/* ---- names ----------------------------------------------------------------------------------------------------------------------- */

static void labels_are_found(void **state)
{
	static const char task[16] = {0x03, 0x20, 0x06, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};
	static const char fields[16] = {0x29, 0x03, 0x02, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};
	struct mapi_prop p = {.id = 0x0037};

	(void)state;
	assert_string_equal(mapi_label(MAPI_MESSAGE, &p), "Subject");
	assert_null(mapi_label(MAPI_RECIPIENT, &p));
	p.id = 0x0015;
	assert_string_equal(mapi_label(MAPI_MESSAGE, &p), "Expires");
	p.id = 0x5d02;
	assert_string_equal(mapi_label(MAPI_MESSAGE, &p), "From address");
	p.id = 0x370d;
	assert_string_equal(mapi_label(MAPI_ATTACHMENT, &p), "Attachment path");
	p = (struct mapi_prop){.id = 0x8123, .guid = task, .lid = 0x8105};
	assert_string_equal(mapi_label(MAPI_MESSAGE, &p), "Due");
	assert_false(mapi_is_user_field(&p));
	p.lid = 0x8055; /* of another set */
	assert_null(mapi_label(MAPI_MESSAGE, &p));
	p.guid = NULL;
	p.lid = 0x8105;
	assert_null(mapi_label(MAPI_MESSAGE, &p));
	p = (struct mapi_prop){.id = 0x8123, .guid = fields, .name = {.p = "M\0R\0N\0", .n = 6}};
	assert_null(mapi_label(MAPI_MESSAGE, &p));
	assert_true(mapi_is_user_field(&p));
}

static void codepages_are_known(void **state)
{
	(void)state;
	assert_string_equal(mapi_charset(1252), "windows-1252");
	assert_string_equal(mapi_charset(65001), "utf-8");
	assert_string_equal(mapi_charset(932), "shift_jis");
	assert_string_equal(mapi_charset(4711), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rtf_is_expanded),	   cmocka_unit_test(broken_rtf_is_told), cmocka_unit_test(rtf_stops_when_told),
	    cmocka_unit_test(times_are_civil),	   cmocka_unit_test(runs_are_found),	 cmocka_unit_test(labels_are_found),
	    cmocka_unit_test(codepages_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
