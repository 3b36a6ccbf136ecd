/* SPDX-License-Identifier: Apache-2.0 */
/* lint: what is said of patterns that can blow up, and that nothing is said of those that can not. */
#include "match/lint.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What is told: pieces of the pattern with a letter for the reason, in order. */
static void told(void *ctx, const struct mw_rule *r, size_t offset, size_t length, const char *text, const char *hint)
{
	static const struct {
		const char *words;
		char letter;
	} reason[] = {{"inside of a repeat", 'n'},
		      {"repeat of alternatives", 'a'},
		      {"in a row", 'r'},
		      {"nearly anything", 'f'},
		      {"reaches the limits", 'p'}};
	char *out = ctx, letter = '?';
	size_t n = strlen(out);

	assert_true(offset + length <= r->pattern.n && length > 0 && hint && *hint);
	for (size_t i = 0; i < sizeof(reason) / sizeof(*reason); i++)
		if (strstr(text, reason[i].words))
			letter = reason[i].letter;
	(void)snprintf(out + n, 256 - n, "%s%c:%.*s", n ? " " : "", letter, (int)length, r->pattern.p + offset);
}

static const struct {
	const char *pattern, *told;
} row[] = {
    {"(a+)+$", "n:a+"},
    {"(?:a*)*b", "n:a*"},
    {"(\\w+\\s?)+:", "n:\\w+"},
    {"(?:(?:\\d+|x)-?)*;", "n:\\d+"},
    {"((?:ab?)+c?){2,}d", "n:(?:ab?)+"},
    {"(?:a|a)*b", "a:(?:a|a)*"},
    {"(?:a|ab)+c", "a:(?:a|ab)+"},
    {"(?:\\w|\\d)+!", "a:(?:\\w|\\d)+"},
    {"\\d+\\d*x", "r:\\d*"},
    {"\\s*,?\\s*x", "r:\\s*"},
    {"\\w{1,20}\\w{0,30}\\d", "r:\\w{0,30}"},
    {"a.*b", "f:.*"},
    {"[^@]+@", "f:[^@]+"},
    {"x[^;]{0,5000};", "f:[^;]{0,5000}"},
    /* Not seen by its shape, but by running it. */
    {"(?:[a-f]{1,11}x?)+y", "p:(?:[a-f]{1,11}x?)+"},
    {"(?:[A-Z][A-Za-z]{0,24},? ?){1,4}\n", "p:[A-Za-z]{0,24}"},
    {"^(.*a){12}$", "p:.*"},
    {"(?!(?:[A-Z][A-Za-z]{0,24},? ?){1,4}\n)[A-Z]x", "p:[A-Za-z]{0,24}"},
    /* Good ones. */
    {"(?!(?:[A-Z][A-Za-z]{0,24}+,? ?){1,4}\n)[A-Z]x", ""},
    {"(?:ab|ac)+d", ""},
    {"(\\d{1,3},)+x", ""},
    {"(?:[a-z]+-)+x", ""},
    {"(?>a+)+b", ""},
    {"(?:a++)+b", ""},
    {"(?:\\w+\\.)*\\w+@", ""},
    {"(?:\\d|[a-f])+g", ""},
    {"^.*foo", ""},
    {"PID\\|(?:[^|\\r\\n]*\\|){1,3}[^|\\r\\n]*x", ""},
    {"a.{0,80}b", ""},
    {"foo.*", ""},
    {"(?<![\\w.+%-])[A-Z0-9][\\w.+%-]{0,63}@(?:[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?\\.){1,8}[A-Z]{2,24}(?![\\w-])", ""},
    {"\\d{3}([- ]?)\\d{2}\\1\\d{4}", ""},
    {"(?(?=a)b+|c+)+d", ""}, /* not understood */
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_rule rule = {.name = "r", .pattern = mw_str(row[i].pattern)};
		char out[256] = "";

		assert_int_equal(mw_lint(&rule, told, out), 0);
		if (strcmp(out, row[i].told) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", row[i].pattern, out, row[i].told);
	}
}

/* Exceptions are run on what was found, which may be long: they are patterns like others, also those of a list of words. */
static void test_exceptions(void **state)
{
	const struct mw_except_pattern except[] = {{.pattern = mw_str("^1")}, {.pattern = mw_str("^(\\w+\\.?)+y$")}};
	struct mw_rule rule = {.name = "r", .pattern = mw_str("[\\w.]{1,5000}x"), .except_patterns = 2, .except_pattern = except};
	char out[256] = "";

	(void)state;
	assert_int_equal(mw_lint(&rule, told, out), 0);
	assert_string_equal(out, "n:\\w+");
	rule.pattern.n = 0;
	out[0] = '\0';
	assert_int_equal(mw_lint(&rule, told, out), 0);
	assert_string_equal(out, "n:\\w+");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_exceptions)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
