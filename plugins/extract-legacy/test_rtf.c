/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *rtf, *text;
};

/* The transcript of a document that is read without a failure. */
static void read_rows(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mw_sink sink = {0};
		const char *reason;

		assert_int_equal(testing_extract("a.rtf", row[i].rtf, strlen(row[i].rtf), &sink, &reason), 0);
		assert_null(reason);
		assert_string_equal(sink.p ? sink.p : "", row[i].text);
		fs_reset(&sink);
	}
}
#define READ(rows) read_rows((rows), sizeof(rows) / sizeof((rows)[0]))

static void test_text(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1 219-09-9998}", "219-09-9998"},
	    {"{\\rtf1\\ansi a{\\b b}c\\par d\\line e\\tab f\\\ng}", "abc\nd\ne\tf\ng"},
	    {"{\\rtf1 two\r\n words}", "two words"}, /* line ends of the file are nothing */
	    {"{\\rtf1 \\{a\\\\b\\}\\~c\\_d\\-e}", "{a\\b}\xc2\xa0"
						  "c-de"},
	    {"{\\rtf1 \\lquote a\\rquote\\emdash b}", "\xe2\x80\x98"
						      "a\xe2\x80\x99\xe2\x80\x94"
						      "b"},
	    {"{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}{\\stylesheet{\\s0 Normal;}}{\\*\\generator X;}a}", "a"},
	    {"\xef\xbb\xbf \n{\\rtf1 a}", "a"},
	    {"{\\rtf1 a}\n", "a"},
	    {"{\\rt a}", "a"},
	    {"{\\urtf1 a}", "a"},
	};

	(void)state;
	READ(rows);
}

static void test_characters(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1\\ansi\\ansicpg1252 M\\'fcller \\'80}", "M\xc3\xbcller \xe2\x82\xac"},
	    {"{\\rtf1\\ansi M\xfcller}", "M\xc3\xbcller"},
	    {"{\\rtf1\\ansi\\ansicpg1251 \\'cc\\'e0}", "\xd0\x9c\xd0\xb0"},
	    {"{\\rtf1\\mac \\'8a}", "\xc3\xa4"},
	    {"{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset238 B;}}\\f1 \\'e8\\f0 \\'e8{\\f1\\'e8}\\'e8}",
	     "\xc4\x8d\xc3\xa8\xc4\x8d\xc3\xa8"},
	    {"{\\rtf1\\ansi\\deff1{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 B;}}\\'cc\\plain\\'cc}", "\xd0\x9c\xd0\x9c"},
	    /* Two octets a character, whose second may look like ASCII. */
	    {"{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset128 A;}}\\f0 a\\'83\\'5c\\'83{}Ab}", "a\xe3\x82\xbd\xef\xbf\xbd"
											 "Ab"},
	    {"{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset128 A;}}\\f0 \\'83A}", "\xe3\x82\xa2"},
	    /* Unicode, with what old readers are to show instead. */
	    {"{\\rtf1 \\u8364?\\u-4051 ?}", "\xe2\x82\xac-"},
	    {"{\\rtf1\\uc2 \\u8364\\'80\\'80 \\u228 ?x!}", "\xe2\x82\xac \xc3\xa4!"},
	    {"{\\rtf1\\uc0 \\u228 ?{\\uc1\\u228 ?}}", "\xc3\xa4?\xc3\xa4"},
	    {"{\\rtf1 {\\uc5\\u228 ab}cd}", "\xc3\xa4"
					    "cd"},
	    {"{\\rtf1 \\u-10187?\\u-8978?\\u-10187?x}", "\xf0\x9d\x93\xae"
							"x"},
	    {"{\\rtf1{\\upr{\\u65?a}{\\*\\ud{\\u228?b}}}c}", "\xc3\xa4"
							     "bc\n\f\n\n== hidden\nAa\n"},
	};

	(void)state;
	READ(rows);
}

static void test_tables(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1 x\\par\\trowd\\cellx1\\cellx2\\pard\\intbl Name\\cell SSN\\cell\\row "
	     "\\trowd\\pard\\intbl Mary\\par Ann\\cell 219-09-9998\\cell\\row\\pard y\\par}",
	     "x\nName\tSSN\nMary Ann\t219-09-9998\ny\n"},
	    /* An empty cell keeps its column; a tab in a cell is a blank. */
	    {"{\\rtf1\\trowd\\intbl a\\cell\\cell c\\tab d\\cell\\row}", "a\t\tc d\n"},
	    /* One cell is a box: its paragraphs stay. */
	    {"{\\rtf1\\trowd\\intbl a\\par b\\cell\\row}", "a\nb\n"},
	    {"{\\rtf1\\trowd\\pard a\\cell b\\cell\\row c}", "a\tb\nc"},
	    {"{\\rtf1\\trowd\\pard a\\par b}", "a\nb"},
	    {"{\\rtf1\\trowd\\intbl a\\cell b\\cell\\pard c}", "a\tb\nc"},
	    /* Rows of a table in a cell come before the row of the cell. */
	    {"{\\rtf1\\trowd\\pard\\intbl o\\cell\\pard\\intbl\\itap2 i\\nestcell "
	     "j\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}"
	     "{\\nonesttables\\par}\\pard\\intbl p\\cell\\row}",
	     "i\tj\no\tp\n"},
	};

	(void)state;
	READ(rows);
}

static void test_sections(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1{\\header Head\\par}{\\footerf Foot}Body{\\footnote Note}{\\*\\annotation Said} on}",
	     "Body on\n== !headers\nHead\n\n== !footers\nFoot\n== !notes\nNote\n== !comments\nSaid"},
	    {"{\\rtf1 a{\\*\\shpinst{\\sp{\\sn gtextUNICODE}{\\sv Art}}{\\sp{\\sn fill}{\\sv 12}}{\\shptxt Box\\par}}b}",
	     "a\nArt\nBox\nb"},
	};

	(void)state;
	READ(rows);
}

static void test_hidden(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1 219{\\v 123}-09{\\deleted 456}-9998}", "219-09-9998\n\f\n\n== hidden\n123\n456\n"},
	    {"{\\rtf1 a\\v b\\v0 c\\plain d}", "acd\n\f\n\n== hidden\nb\n"},
	    {"{\\rtf1{\\field{\\*\\fldinst HYPERLINK \"http://x.example/\"}{\\fldrslt here}}}",
	     "here\n\f\n\n== hidden\nHYPERLINK \"http://x.example/\"\n"},
	    {"{\\rtf1{\\info{\\title T}{\\author A}}b}", "b\n\f\n\n== hidden\nT\nA\n"},
	    {"{\\rtf1{\\*\\revtbl {Unknown;}{Ada May;}}a}", "a\n\f\n\n== hidden\nUnknown;Ada May;\n"}, /* who has changed it */
	    {"{\\rtf1{\\*\\unknown text}a}", "a\n\f\n\n== hidden\ntext\n"},
	    {"{\\rtf1{\\header h{\\v x}}}", "\n== !headers\nh\n\f\n\n== hidden\nx\n"},
	    {"{\\rtf1 a{\\bin4 {}\\}}b}", "ab\n\f\n\n== hidden\n{}\\}\n"},
	    {"{\\rtf1 a}b", "a\n\f\n\n== hidden\nb\n"}, /* behind the end */
	    {"{\\rtf1{\\*\\listtable{\\fldrslt x}}a{\\*\\bkmkstart Name}}", "a"},
	};

	(void)state;
	READ(rows);
}

/* Groups that mostly say nothing: what in them can be a person's is told. */
static void test_doubt(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1{\\stylesheet{\\s0 Normal;}{\\*\\cs10 Default Paragraph Font;}{\\s1 MRN 7001234;}}a}",
	     "a\n\f\n\n== hidden\nMRN 7001234\n"},
	    {"{\\rtf1{\\*\\bkmkstart _Toc123456789}a{\\*\\bkmkend _Toc123456789}}", "a"},
	    {"{\\rtf1{\\*\\bkmkstart ssn219099998}a}", "a\n\f\n\n== hidden\nssn219099998\n"},
	    {"{\\rtf1{\\*\\listtable{\\list{\\listlevel{\\leveltext\\'02\\'00.;}{\\leveltext MRN \\'00.;}}}}a}",
	     "a\n\f\n\n== hidden\nMRN .\n"},
	    {"{\\rtf1{\\*\\ftnsep\\chftnsep\\par}{\\*\\aftnsep see 9}a}", "a\n\f\n\n== hidden\nsee 9\n"},
	    /* Numbers of shapes do not hide the box that follows them. */
	    {"{\\rtf1 a{\\shp{\\*\\shpinst\\shpz0\\shplid1026{\\sp{\\sn shapeType}{\\sv 202}}{\\shptxt Box\\par}}}b}",
	     "a\nBox\nb"},
	    {"{\\rtf1{\\pict\\jpegblip\\bliptag1\\blipupi96{\\*\\blipuid 00aa}4142}}",
	     "\n== /image-1.jpeg image/jpeg \nAB\n== end\n"},
	    {"{\\rtf1{\\sp{\\sn pibName}{\\sv C:\\\\mayo.jpg}}{\\sp{\\sn wzName}{\\sv Text Box 2}}{\\sp{\\sn wzName}{\\sv Mayo, "
	     "Ada}}a}",
	     "a\n\f\n\n== hidden\nC:\\mayo.jpg\nMayo, Ada\n"},
	    {"{\\rtf1{\\sp{\\sn MRN 7001234}{\\sv 1}}{\\sp{\\sn lineColor}{\\sv 16777215}}a}",
	     "a\n\f\n\n== hidden\nMRN 7001234\n"},
	    {"{\\rtf1{\\colortbl;\\red0\\green0\\blue0;Ada}{\\fonttbl{\\f0 Arial;}{\\f1 219-09-9998;}}a}",
	     "a\n\f\n\n== hidden\nAda\n219-09-9998\n"},
	    {"{\\rtf1{\\pict ssn}a}", "a\n\f\n\n== hidden\nssn\n"},
	    /* Where a reader need not take it for the name of the group. */
	    {"{\\rtf1 a\\stylesheet b}", "a\n\f\n\n== hidden\nb\n"},
	    {"{\\rtf1\\ansi{\\b\\fonttbl x}\\themedata y}", "\f\n\n== hidden\nx\ny\n"},
	};

	(void)state;
	READ(rows);
}

static void test_html(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\b \\htmlrtf0 a<b \\'e4{\\*\\htmltag <br>\\par}\\htmlrtf "
	     "\\line only}\\htmlrtf0 c\\par}",
	     "\n== /body.html text/html utf-8\n<p>a&lt;b \xc3\xa4<br>\nc\n\n== end\n\f\n\n== hidden\nonly\n"},
	    {"{\\rtf1\\ansi\\fromtext a\\par b}", "a\nb"},
	};

	(void)state;
	READ(rows);
}

/* The HTML of a mail's own body is what its sender wrote. */
static void test_body(void **state)
{
	static const char rtf[] = "{\\rtf1\\fromhtml1{\\*\\htmltag <p>}a}";
	struct mw_sink sink = {0};
	const char *reason;

	(void)state;
	assert_int_equal(testing_extract("body.rtf", rtf, sizeof(rtf) - 1, &sink, &reason), 0);
	assert_string_equal(sink.p, "\n== /body.html text/html utf-8 body\n<p>a\n== end\n");
	fs_reset(&sink);
}

static void test_files(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1 a{\\*\\shppict{\\pict{\\*\\picprop{\\sp{\\sn wzDescription}{\\sv Alt}}}\\pngblip\\picw1 4142\n4 3}}b}",
	     "\n== /image-1.png image/png \nABC\n== end\nab\n\f\n\n== hidden\nAlt\n"},
	    {"{\\rtf1{\\pict\\jpegblip\\bin4 {}\\}}}", "\n== /image-1.jpeg image/jpeg \n{}\\}\n== end\n"},
	    {"{\\rtf1{\\object\\objemb{\\*\\objclass Package}{\\*\\objdata "
	     "01050000 02000000 08000000 5061636b61676500 00000000 00000000 28000000 "
	     "0200 612e74787400 433a5c612e74787400 00000300 06000000 433a5c612e00 05000000 68656c6c6f}{\\result R}}}",
	     "\n== /a.txt  \nhello\n== end\nR"},
	    {"{\\rtf1{\\object{\\*\\objdata 01050000 02000000 0f000000 4578 63656c 2e 5368 65 65742e3800 00 "
	     "00000000 00000000 02000000 4142}}}",
	     "\n== /object-1.xls  \nAB\n== end\n"},
	};

	(void)state;
	READ(rows);
}

/* What is cut off or nested too deep is told, and what there is, is read. */
static void test_damaged(void **state)
{
	static const struct row rows[] = {
	    {"{\\rtf1 a", "\n== unread damaged\na"},
	    {"{\\rtf1 a{\\pict\\bin99 x}", "\n== /image-1.unknown image/unknown \nx}\n== end\n\n== unread damaged\na"},
	    {"{\\rtf1 a{\\bin-5 x}}", "\n== unread damaged\nax"},
	    {"{\\rtf1\\trowd\\intbl a\\cell b", "\n== unread damaged\na\tb\n"},
	    {"{\\rtf1 {\\pict\\pngblip 41", "\n== /image-1.png image/png \nA\n== end\n\n== unread damaged\n"},
	};
	struct mw_sink sink = {0};
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(testing_extract("", rows[i].rtf, strlen(rows[i].rtf), &sink, &reason), 0);
		assert_string_equal(sink.p, rows[i].text);
		fs_reset(&sink);
	}
}

/* A megabyte of one piece is read in the time of a blink, whatever it is. */
static void test_linear(void **state)
{
	static const char *const pieces[] = {"{",
					     "{\\b ",
					     "}",
					     "\\par ",
					     "\\u228?",
					     "\\'e4",
					     "\\trowd\\intbl a\\cell\\row ",
					     "{\\v a}",
					     "\\*",
					     "{\\footnote a}",
					     "\\cell ",
					     "\\uc64\\u1 ",
					     "\\itap9 a\\nestcell ",
					     "{\\pict 41}",
					     "{\\upr",
					     "\\f4095\\'83",
					     "{\\*\\x"};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t each = strlen(pieces[i]), n = 1000000 / each * each;
		char *p = malloc(6 + n);
		struct mw_sink sink = {.max_members = 1000};
		const char *reason;
		int r;

		assert_non_null(p);
		memcpy(p, "{\\rtf1", 6);
		for (size_t at = 0; at < n; at += each)
			memcpy(p + 6 + at, pieces[i], each);
		r = testing_extract("", p, 6 + n, &sink, &reason);
		assert_true(r == 0 || (r == -EFBIG && strcmp(reason, "limit") == 0));
		fs_reset(&sink);
		free(p);
	}
}

static void test_limit(void **state)
{
	struct mw_sink sink = {.max = 3};
	const char *reason;

	(void)state;
	assert_int_equal(testing_extract("", "{\\rtf1 abcd}", 12, &sink, &reason), -EFBIG);
	assert_string_equal(reason, "limit");
	fs_reset(&sink);
	assert_int_equal(testing_extract("", "\1\0\2", 3, &sink, &reason), -ENOTSUP);
	assert_string_equal(reason, "unknown-format");
	fs_reset(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),     cmocka_unit_test(test_characters), cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_sections), cmocka_unit_test(test_hidden),	cmocka_unit_test(test_doubt),
	    cmocka_unit_test(test_html),     cmocka_unit_test(test_body),	cmocka_unit_test(test_files),
	    cmocka_unit_test(test_damaged),  cmocka_unit_test(test_linear),	cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests_name("rtf", tests, NULL, NULL);
}
