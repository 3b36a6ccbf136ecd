/* SPDX-License-Identifier: Apache-2.0 */
/* What pdftotext prints, whole and in pieces. */
#include "words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char printed[512];

static int note_page(void *ctx)
{
	(void)ctx;
	strcat(printed, "[");
	return 0;
}

static int note_word(void *ctx, struct box at, struct mw_str s)
{
	size_t n = strlen(printed);

	(void)ctx;
	(void)snprintf(printed + n, sizeof(printed) - n, "%.2f,%.0f-%.0f,%.0f %.*s;", (double)at.x0, (double)at.y0, (double)at.x1,
		       (double)at.y1, (int)s.n, s.p);
	return strcmp(printed, "[1.00,0-0,0 stop;") == 0 ? -EFBIG : 0;
}

static int note_end(void *ctx)
{
	(void)ctx;
	strcat(printed, "]");
	return 0;
}

static void test_words(void **state)
{
	static const struct {
		const char *given, *made;
		int result;
		bool whole;
	} rows[] = {
	    {"<doc><page width=\"9\"><word xMin=\"1.25\" yMin=\"2\" xMax=\"3\" yMax=\"4\">a</word></page></doc>",
	     "[1.25,2-3,4 a;]", 0, true},
	    {"<page><word xMin=\"-1.5\">&lt;b&gt; &amp;lt; &x; ;</word>", "[-1.50,0-0,0 <b> &lt; &x; ;;]", 0, false},
	    {"<word xMin=\"1\">outside</word><page></page></page>", "[]", 0, false},
	    {"<page><word xMin=\"1\">a<word xMin=\"2\">b<page>c</word>", "[1.00,0-0,0 a;2.00,0-0,0 b;][]", 0, false},
	    {"<page><word xMin=\"1\"></word>no word<wordy>no", "[]", 0, false},
	    {"<page><word xMin=\"1e5x\">a</word><word xMin=\"99999999999999999999\">b</word>",
	     "[1.00,0-0,0 a;9999999.00,0-0,0 b;]", 0, false},
	    {"<page><word xMin=\"1\">stop</word><word>more</word>", "[1.00,0-0,0 stop;]", -EFBIG, false},
	};
	static const struct words_to to = {.page = note_page, .word = note_word, .page_end = note_end};
	struct words w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t piece = 1; piece < 100; piece += 49) {
			size_t n = strlen(rows[i].given);
			int r = 0;

			*printed = '\0';
			words_init(&w, &to, NULL);
			for (size_t at = 0; at < n && r == 0; at += piece)
				r = words_take(&w, rows[i].given + at, n - at < piece ? n - at : piece);
			assert_int_equal(r, rows[i].result);
			assert_int_equal(words_end(&w), 0);
			assert_string_equal(printed, rows[i].made);
			assert_int_equal(w.whole, rows[i].whole);
		}
}

static size_t longest, octets;

static int note_length(void *ctx, struct box at, struct mw_str s)
{
	(void)ctx;
	(void)at;
	longest = s.n > longest ? s.n : longest;
	octets += s.n;
	assert_true(((unsigned char)*s.p & 0xc0) != 0x80);
	return 0;
}

static void test_long_word(void **state)
{
	static const struct words_to to = {.page = note_page, .word = note_length, .page_end = note_end};
	struct words w;

	(void)state;
	*printed = '\0';
	words_init(&w, &to, NULL);
	assert_int_equal(words_take(&w, "<page><word>", 12), 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(words_take(&w, "\xe2\x82\xac", 3), 0);
	assert_int_equal(words_end(&w), 0);
	assert_int_equal(octets, 30000);
	assert_true(longest <= WORD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_long_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
