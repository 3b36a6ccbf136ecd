/* SPDX-License-Identifier: Apache-2.0 */
/* What the hunt finds is what PCRE2 finds by itself, pattern by pattern. */
#include "fuzz/puzzle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More than the short run that `make check` makes: PUZZLES=100000 tests/unit/test_hunt */
static unsigned long rounds(unsigned long usual)
{
	const char *s = getenv("PUZZLES");

	return s ? strtoul(s, NULL, 10) : usual;
}

static void test_puzzles(void **state)
{
	struct puzzle_result sum = {0};
	uint64_t seed = rounds(0) + 11;
	size_t puzzles = rounds(2500);

	(void)state;
	for (size_t i = 0; i < puzzles; i++) {
		struct puzzle_result r;
		struct puzzle z;

		puzzle_next(&seed, &z);
		r = puzzle_solve(&z, NULL, NULL);
		if (r.differ != SIZE_MAX) {
			puzzle_print(&z, r.differ);
			fail_msg("puzzle %zu: the hunt does not find the same", i);
		}
		sum.patterns += r.patterns;
		sum.triggered += r.triggered;
		sum.matches += r.matches;
		sum.limited += r.limited;
		puzzle_free(&z);
	}
	print_message("%zu puzzles: %zu patterns, %zu with triggers, %zu matches, %zu limited\n", puzzles, sum.patterns,
		      sum.triggered, sum.matches, sum.limited);
	assert_true(sum.triggered > puzzles && sum.matches > puzzles && sum.limited < sum.patterns / 20);
}

static struct puzzle_result solve(struct mw_str pattern, const char *flags, struct mw_str text)
{
	static const struct mw_level level = {.confidence = 50};
	struct puzzle z = {.rules = 1, .text = malloc(text.n ? text.n : 1), .n = text.n};
	struct puzzle_result r;

	assert_non_null(z.text);
	memcpy(z.text, text.p, text.n);
	z.rule[0] = (struct mw_rule){.name = "r", .kind = MW_IDENTIFIER, .pattern = pattern, .levels = 1, .level = &level};
	z.rule[0].caseless = strchr(flags, 'i');
	z.rule[0].extended = strchr(flags, 'x');
	r = puzzle_solve(&z, NULL, NULL);
	if (r.differ != SIZE_MAX)
		puzzle_print(&z, 0);
	assert_int_equal(r.differ, SIZE_MAX);
	assert_int_equal(r.limited, 0);
	puzzle_free(&z);
	return r;
}

/* Each was lost once. */
static void test_lost(void **state)
{
	static const struct {
		const char *flags, *pattern, *text;
		size_t matches;
	} row[] = {
	    {"x",
	     "12\xc2\x85"
	     "3\xe2\x80\x8e"
	     "4\xe2\x80\x8f"
	     "5\xe2\x80\xa8"
	     "6\xe2\x80\xa9"
	     "7",
	     "1234567", 1},
	    {"x", "12#\xe2\x80\xa8 not the end of it\n3", "123", 1},
	    {"",
	     "(?x)12\xe2\x80\xa8"
	     "3(?-x:\xe2\x80\xa8)?4",
	     "1234", 1},
	    {"x", "12\xc2\xa0?3", "123", 1}, /* no white space of patterns */
	    /* The LF of a CRLF, where the CR was tried. */
	    {"", "\\s219", "\r\n219", 1},
	    {"", "[^x]21+", "\r\n21 ", 1},
	    /* A way that matches nothing. */
	    {"", "q[^\\d\\D]x|219[^\\s\\S]*", "q2x 219", 1},
	    /* What PCRE2 guesses. */
	    {"", "(?:abab|ab)abc*ab", "xabababc", 1},
	    {"", "(?:12-|)12-\\d*?12-", "12-12-", 1},
	    {"", "x{0}(?=@a)@\\w", "b@a", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_str pattern = {.p = row[i].pattern, .n = strlen(row[i].pattern)};
		struct puzzle_result r =
		    solve(pattern, row[i].flags, (struct mw_str){.p = row[i].text, .n = strlen(row[i].text)});

		if (r.matches != row[i].matches)
			fail_msg("%s: %zu", row[i].pattern, r.matches);
	}
}

/* Texts that end where a block or what is looked at behind it does. For a sanitizer: no octet around the text is read. */
static void test_edges(void **state)
{
	static const struct mw_str pattern = {.p = "x{0,2}\xc3\xa9", .n = 8};
	char *text = malloc(2 * 65536 + 300);

	(void)state;
	assert_non_null(text);
	for (size_t block = 0; block <= 2 * 65536; block += 65536)
		for (size_t n = block + (block ? 190 : 3); n < block + 220; n++) {
			memset(text, '.', n);
			memcpy(text, "\xc3\xa9x", 3);
			assert_true(solve(pattern, "", (struct mw_str){.p = text, .n = n}).matches >= 1);
			if (block == 0)
				continue;
			memcpy(text + n - 3, "x\xc3\xa9", 3);
			assert_true(solve(pattern, "", (struct mw_str){.p = text, .n = n}).matches >= 2);
		}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lost),
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_puzzles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
