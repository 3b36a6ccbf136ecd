/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mime.h"
#include "mail/transfer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

/* A literal with NULs in it, and its length. */
#define OCTETS(s) s, sizeof(s) - 1
#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *in;
	size_t n;
	const char *label, *out;
	bool guessed;
} texts[] = {
    {OCTETS(""), "", "", false},
    {OCTETS(""), "utf-16", "", false},
    {OCTETS("plain"), "", "plain", false},
    {OCTETS("plain"), "us-ascii", "plain", false},
    {OCTETS("plain"), "no-such-charset", "plain", true},
    {OCTETS("caf\xc3\xa9"), "utf-8", "caf\xc3\xa9", false},
    {OCTETS("caf\xc3\xa9"), " \"UTF-8\" ", "caf\xc3\xa9", false},
    {OCTETS("caf\xc3\xa9"), "", "caf\xc3\xa9", true},
    {OCTETS("caf\xc3\xa9"), "us-ascii", "caf\xc3\xa9", true},
    {OCTETS("caf\xe9"), "", "caf\xc3\xa9", true},
    {OCTETS("caf\xe9"), "us-ascii", "caf\xc3\xa9", true},
    {OCTETS("caf\xe9"), "utf-8", "caf" FFFD, false},
    {OCTETS("\xe9\x80\x93\x94\x81"), "iso-8859-1", "\xc3\xa9\xe2\x82\xac\xe2\x80\x9c\xe2\x80\x9d" FFFD, false},
    /* UTF-8 under another label */
    {OCTETS("caf\xc3\xa9"), "iso-8859-1", "caf\xc3\xa9", true},
    {OCTETS("caf\xc3\xa9"), "windows-1251", "caf\xc3\xa9", true},
    {OCTETS("caf\xc3\xa9"), "iso-2022-jp", "caf\xc3\xa9", true},
    {OCTETS("caf\xc3"), "iso-8859-1", "caf\xc3\x83", false},
    {OCTETS("\xb1\xe6\xea"), "iso-8859-2", "\xc4\x85\xc4\x87\xc4\x99", false},
    {OCTETS("\xd0\xd2\xc9"), "koi8-r", "\xd0\xbf\xd1\x80\xd0\xb8", false},
    {OCTETS("\x93\xfa\x96{"), "shift_jis", "\xe6\x97\xa5\xe6\x9c\xac", false},
    {OCTETS("\xb0\xa1"), "ks_c_5601-1987", "\xea\xb0\x80", false},
    {OCTETS("\xc4\xe3\x31"), "gb2312",
     "\xe4\xbd\xa0"
     "1",
     false},
    {OCTETS("\x1b$BF|K\\\x1b(B 1"), "iso-2022-jp", "\xe6\x97\xa5\xe6\x9c\xac 1", false},
    {OCTETS("+AGEAYg-c"), "utf-7", "abc\n+AGEAYg-c", false},
    {OCTETS("a~1\\-2"), "utf-7", "a~1\\-2", false}, /* what is no UTF-7 stays as it is */
    /* stray octets: never lost, never fatal */
    {OCTETS("a\xff"
	    "b\xc3"),
     "utf-8", "a" FFFD "b" FFFD, false},
    {OCTETS("\xc0\xaf\xed\xa0\x80"), "utf-8", FFFD FFFD FFFD FFFD FFFD, false},
    {OCTETS("\x81"
	    "1-2"),
     "gbk", FFFD "1-2", false},
    {OCTETS("12\0003-45"), "utf-8", "123-45", false},
    {OCTETS("12\0003-\xe9"
	    "45\0"),
     "iso-8859-1",
     "123-\xc3\xa9"
     "45",
     false},
    /* wide */
    {OCTETS("\xff\xfe"
	    "1\0002\0"),
     "utf-16", "12", false},
    {OCTETS("\xfe\xff\0001\0002"), "utf-16", "12", false},
    {OCTETS("\xfe\xff\0001\0002"), "utf-8", "12", true},
    {OCTETS("\0001\0002"), "utf-16", "12", false},
    {OCTETS("1\0002\0"), "utf-16", "12", false},
    {OCTETS("1\0002\0"), "utf-16le", "12", false},
    {OCTETS("1\0002\0"
	    "3\0"),
     "us-ascii", "123", true}, /* UTF-16 that nobody has labelled */
    {OCTETS("\0001\0002"), "", "12", true},
    {OCTETS("\xff\xfe\0\0001\0\0\0"), "", "1", true},
    {OCTETS("\0\0\xfe\xff\0\0\0001"), "utf-32", "1", false},
    {OCTETS("\0\0\0001"), "utf-32", "1", false},
    {OCTETS("1\0\0\0"), "utf-32", "1", false},
    {OCTETS("1\0002\0\xff"), "utf-16le", "12" FFFD, false},
    {OCTETS("\0\xd8"
	    "1\0"),
     "utf-16le", FFFD "1", false}, /* half a pair */
    /* labels and marks that would hide readable text */
    {OCTETS("SSN 219-09-9998"), "utf-16", "SSN 219-09-9998", true},
    {OCTETS("\xff\xfe"
	    "SSN 219-09-9998"),
     "", "SSN 219-09-9998", true},
    {OCTETS("SSN 219-09-9998"), "ibm037", "SSN 219-09-9998", true},
    {OCTETS("\xf2\xf1\xf9\x60\xf0\xf9"), "ibm037", "219-09\n\xc3\xb2\xc3\xb1\xc3\xb9`\xc3\xb0\xc3\xb9",
     true}, /* as both readers do */
    /* out of step: a line end that was one octet on its way, or two */
    {OCTETS("\xff\xfe"
	    "1\0\r\n\0"
	    "2\0003\0004\0"),
     "utf-16", "1\xe0\xa8\x8d\xe3\x88\x80\xe3\x8c\x80\xe3\x90\x80" FFFD "\n1\r\n234", true},
    {OCTETS("\r\0001\0002\0003\0004"), "utf-16be", "\xe0\xb4\x80\xe3\x84\x80\xe3\x88\x80\xe3\x8c\x80" FFFD "\n\r1234", true},
    {OCTETS("219-09-9998 \xe9"), "utf-16le",
     "\xe3\x84\xb2\xe2\xb4\xb9\xe3\xa4\xb0\xe3\xa4\xad\xe3\xa4\xb9\xe2\x80\xb8" FFFD "\n219-09-9998 \xc3\xa9", true},
    {OCTETS("+ADIAMQA5-09"), " \"utf\x1b-7%:\" ", "21909\n+ADIAMQA5-09", false},
    {OCTETS("+ADIAMQA5-09"), "unicode-1-1-utf-7", "21909\n+ADIAMQA5-09", false}, /* for who does not know it */
    {OCTETS("219-09"), "utf-7", "219-09", false},
    {OCTETS("\x1b$B#2#1\x1b(B9"), "csISO2022JP",
     "\xef\xbc\x92\xef\xbc\x91"
     "9",
     false},
    {OCTETS("~{#2#1~}9-~~~{#0\n#9"), "hz-gb-2312",
     "\xef\xbc\x92\xef\xbc\x91"
     "9-~\xef\xbc\x90\n#9\n~{#2#1~}9-~~~{#0\n#9",
     false},
    {OCTETS("\x1b$B#2#1#9\x1b(B-09"), "", "\xef\xbc\x92\xef\xbc\x91\xef\xbc\x99-09\n\x1b$B#2#1#9\x1b(B-09",
     true}, /* no label is needed */
    {OCTETS("\xef\xbb\xbfx"), "utf-8", "x", false},
    {OCTETS("\xef\xbb\xbf\xc3\xa9"), "iso-8859-1", "\xc3\xa9", true},
    {OCTETS("x"), "../../etc/passwd", "x", true},
    {OCTETS("x"), "a-label-that-is-longer-than-any-name-of-a-charset-has-ever-been", "x", false},
};

static void test_charset(void **state)
{
	size_t kept = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct mw_buf out = MW_BUF_INIT;
		struct mw_str in = {.p = texts[i].in, .n = texts[i].n};
		bool guessed = !texts[i].guessed;

		mw_buf_puts(&out, ">"); /* it appends */
		assert_int_equal(mw_charset_to_utf8(in, texts[i].label, &out, &guessed), 0);
		if (mw_charset_is_utf8(in, texts[i].label)) {
			kept++;
			assert_int_equal(out.n, in.n + 1);
			assert_memory_equal(out.p + 1, in.p, in.n);
		}
		if (strcmp(out.p + 1, texts[i].out) != 0 || strlen(out.p) != out.n || guessed != texts[i].guessed)
			fail_msg("row %zu (%s): \"%s\" guessed %d", i, texts[i].label, out.p, guessed);
		mw_buf_free(&out);
	}
	assert_in_range(kept, 4, sizeof(texts) / sizeof(*texts) - 4);
}

/* A label that fits less than a part of the octets is a lie; the octets are read as if there were none. */
static void test_charset_that_does_not_fit(void **state)
{
	struct mw_buf in = MW_BUF_INIT, out = MW_BUF_INIT;
	bool guessed;

	(void)state;
	for (int i = 0; i < 1000; i++)
		mw_buf_puts(&in, "\xff\xe9 1 ");
	assert_int_equal(mw_charset_to_utf8((struct mw_str){.p = in.p, .n = in.n}, "iso-2022-jp", &out, &guessed), 0);
	assert_true(guessed);
	assert_memory_equal(out.p, "\xc3\xbf\xc3\xa9 1 ", 7);
	mw_buf_free(&in);
	mw_buf_free(&out);
}

static void test_transfer(void **state)
{
	static const struct {
		enum mw_transfer t;
		const char *in, *out;
	} row[] = {
	    {MW_TRANSFER_NONE, "as=20is\n", "as=20is\n"},
	    {MW_TRANSFER_BASE64, "", ""},
	    {MW_TRANSFER_BASE64, "YWJj", "abc"},
	    {MW_TRANSFER_BASE64, "YWI=\r\n", "ab"},
	    {MW_TRANSFER_BASE64, "Y\nQ=\n=", "a"},
	    {MW_TRANSFER_BASE64, "YWI", "ab"}, /* padding forgotten */
	    {MW_TRANSFER_BASE64, "YQ", "a"},
	    {MW_TRANSFER_BASE64, "Y", ""},
	    {MW_TRANSFER_BASE64, "YW!J*j", "abc"},
	    {MW_TRANSFER_BASE64, "YQ==YmM=ZA==", "abcd\na\x06&1\x90"}, /* pieces, each with its padding; or padding is nothing */
	    {MW_TRANSFER_BASE64, "YQ==\n-- \nlist, footer.\n", "a==\n-- \nlist, footer.\n"},
	    {MW_TRANSFER_BASE64, "====", ""},
	    {MW_TRANSFER_BASE64, "YWJj=ZGVm", "abcdef\nabcdef"}, /* an '=' where none belongs: nothing, or the end of a group */
	    {MW_TRANSFER_BASE64, "YWJjZ=GVm", "abcdef\nabc\x19Y\nabcdef"},
	    {MW_TRANSFER_BASE64, "YWJj-ZGVm", "abcdef\nabc\xf9\x91\x95"}, /* a letter in some alphabets */
	    {MW_TRANSFER_QP, "", ""},
	    {MW_TRANSFER_QP, "Caf=C3=a9 =3D", "Caf\xc3\xa9 ="},
	    {MW_TRANSFER_QP, "123-=\r\n45-=\n6789", "123-45-6789"},
	    {MW_TRANSFER_QP, "a= \t\r\nb=", "ab"},
	    {MW_TRANSFER_QP, "a=\rb = =X =4", "a=\rb = =X =4"},
	    {MW_TRANSFER_QP, "==41", "=A"},
	    {MW_TRANSFER_UU, "text\nbegin 644 x\n#86)C\n`\nend\n", "abc"},
	    {MW_TRANSFER_UU,
	     "begin@ 644 x\n#86=)C\n#86)C\r#\0"
	     "86)C\n`\nend\n",
	     "agIabc"}, /* damage ends with its line */
	    {MW_TRANSFER_UU, "begin 644 x\n#86)C\nend\ntext\nbegin 644 y\n\"9&4\nend", "abcde"},
	    {MW_TRANSFER_UU, "\rbegin 644 x\r#86)C\rend\r", "abc"},
	    {MW_TRANSFER_UU, "no begin\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_buf out = MW_BUF_INIT;

		assert_int_equal(mw_transfer_decode(row[i].t, mw_str(row[i].in), 1000, &out), 0);
		if (strcmp(mw_buf_text(&out), row[i].out) != 0)
			fail_msg("row %zu: \"%s\"", i, mw_buf_text(&out));
		mw_buf_free(&out);
	}
}

static void test_transfer_limit(void **state)
{
	static const char base64[] = "YWJjYWJjYWJj", qp[] = "a=62cabcabc";

	(void)state;
	for (uint64_t max = 0; max < 12; max++) {
		struct mw_buf b = MW_BUF_INIT, q = MW_BUF_INIT, n = MW_BUF_INIT;
		int want = max < 9 ? -EFBIG : 0;

		assert_int_equal(mw_transfer_decode(MW_TRANSFER_BASE64, mw_str(base64), max, &b), want);
		assert_int_equal(mw_transfer_decode(MW_TRANSFER_QP, mw_str(qp), max, &q), want);
		assert_int_equal(mw_transfer_decode(MW_TRANSFER_NONE, mw_str("abcabcabc"), max, &n), want);
		assert_int_equal(b.n, max < 9 ? max : 9);
		assert_int_equal(q.n, b.n);
		assert_int_equal(n.n, b.n);
		assert_memory_equal("abcabcabc", mw_buf_text(&b), b.n);
		mw_buf_free(&b);
		mw_buf_free(&q);
		mw_buf_free(&n);
	}
}

/* Across the edges of the pieces in which it is written. */
static void test_transfer_long(void **state)
{
	struct mw_buf b64 = MW_BUF_INIT, qp = MW_BUF_INIT, out = MW_BUF_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		mw_buf_puts(&b64, i % 19 == 18 ? "YWJj\r\n" : "YWJj");
		mw_buf_puts(&qp, i % 19 == 18 ? "ab=63=\r\n" : "a=62c");
	}
	assert_int_equal(mw_transfer_decode(MW_TRANSFER_BASE64, (struct mw_str){.p = b64.p, .n = b64.n}, UINT64_MAX, &out), 0);
	assert_int_equal(out.n, 60000);
	assert_int_equal(mw_transfer_decode(MW_TRANSFER_QP, (struct mw_str){.p = qp.p, .n = qp.n}, UINT64_MAX, &out), 0);
	assert_int_equal(out.n, 120000); /* it appends */
	for (size_t i = 0; i < out.n; i++)
		if (out.p[i] != "abc"[i % 3])
			fail_msg("wrong octet at %zu", i);
	mw_buf_free(&b64);
	mw_buf_free(&qp);
	mw_buf_free(&out);
}

static void test_transfer_names(void **state)
{
	(void)state;
	assert_int_equal(mw_transfer_by_name(mw_str(" BASE64\r\n")), MW_TRANSFER_BASE64);
	assert_int_equal(mw_transfer_by_name(mw_str("\"base64\"")), MW_TRANSFER_BASE64);
	assert_int_equal(mw_transfer_by_name(mw_str("quoted-printable (x)")), MW_TRANSFER_QP);
	assert_int_equal(mw_transfer_by_name(mw_str("quoted-printable;")), MW_TRANSFER_QP);
	assert_int_equal(mw_transfer_by_name(mw_str("x-uuencode")), MW_TRANSFER_UU);
	assert_int_equal(mw_transfer_by_name(mw_str("7bit")), MW_TRANSFER_NONE);
	assert_int_equal(mw_transfer_by_name(mw_str("")), MW_TRANSFER_NONE);
}

/* Text at the end, or in a middle that is large enough to be hit by a sample. */
static void test_transfer_pure(void **state)
{
	static const char text[] = "The patient's number is 219-09-9998. ";
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		mw_buf_puts(&b, "YWJjZGVmYWJjZGVmYWJjZGVm\r\n");
	assert_true(mw_transfer_pure(MW_TRANSFER_BASE64, (struct mw_str){.p = b.p, .n = b.n}));
	for (size_t i = 0; i < 4; i++)
		mw_buf_puts(&b, text);
	assert_true(mw_transfer_plausible(MW_TRANSFER_BASE64, (struct mw_str){.p = b.p, .n = b.n}));
	assert_false(mw_transfer_pure(MW_TRANSFER_BASE64, (struct mw_str){.p = b.p, .n = b.n}));
	for (size_t at = 16000; at < 40000; at += sizeof(text) - 1)
		memcpy(b.p + at, text, sizeof(text) - 1);
	assert_false(mw_transfer_pure(MW_TRANSFER_BASE64, (struct mw_str){.p = b.p, .n = 260000}));
	assert_false(mw_transfer_pure(MW_TRANSFER_BASE64, (struct mw_str){.p = b.p, .n = 16384}));
	assert_true(mw_transfer_pure(MW_TRANSFER_BASE64, (struct mw_str){.p = b.p, .n = 15999}));
	mw_buf_free(&b);
}

static void test_transfer_plausible(void **state)
{
	(void)state;
	assert_true(mw_transfer_plausible(MW_TRANSFER_BASE64, mw_str("YWJj\r\nYWI=\r\n")));
	assert_true(mw_transfer_plausible(MW_TRANSFER_BASE64, mw_str("")));
	assert_false(mw_transfer_plausible(MW_TRANSFER_BASE64, mw_str("The patient's number is 219-09-9998.")));
	assert_true(mw_transfer_plausible(MW_TRANSFER_QP, mw_str("Caf=C3=A9=\r\nx=")));
	assert_true(mw_transfer_plausible(MW_TRANSFER_QP, mw_str("charset=utf-8")));
	assert_true(mw_transfer_pure(MW_TRANSFER_QP, mw_str("Caf=C3=A9=\r\nx=")));
	assert_false(mw_transfer_pure(MW_TRANSFER_QP, mw_str("charset=utf-8")));
	assert_true(mw_transfer_pure(MW_TRANSFER_NONE, mw_str("=")));
	assert_false(mw_transfer_pure(MW_TRANSFER_UU, mw_str("text")));
	assert_true(mw_transfer_plausible(MW_TRANSFER_NONE, mw_str("=")));
	assert_false(mw_transfer_plausible(MW_TRANSFER_UU, mw_str("text")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_charset),
	    cmocka_unit_test(test_charset_that_does_not_fit),
	    cmocka_unit_test(test_transfer),
	    cmocka_unit_test(test_transfer_limit),
	    cmocka_unit_test(test_transfer_long),
	    cmocka_unit_test(test_transfer_names),
	    cmocka_unit_test(test_transfer_plausible),
	    cmocka_unit_test(test_transfer_pure),
	};

	return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}
