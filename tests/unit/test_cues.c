/* SPDX-License-Identifier: Apache-2.0 */
/* cues: a rule that finds nothing without context sleeps where there is none. */
#include "unit/rulescan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Random texts of these pieces: wherever the second rule is sure, the first one finds the same, and nothing else. */
static void compare_twins(const struct mw_rule twins[2], const char *const *piece, size_t pieces)
{
	struct mw_ruleset *set = rules_compile(twins, 2);
	unsigned long seed = 7, near = 0, far = 0;

	for (int round = 0; round < 5000; round++) {
		char text[256] = "";
		struct scanned s;
		size_t left = 0;

		for (int i = 0; i < 12; i++) {
			seed = seed * 6364136223846793005ul + 1442695040888963407ul;
			strcat(text, piece[(seed >> 33) % pieces]);
		}
		s = rules_scan(set, text, strlen(text), 100);
		for (size_t i = 0; i < s.f.n; i++) {
			left += s.f.v[i].rule == 0 ? 1u : s.f.v[i].confidence == 80 ? (size_t)-1 : 0u;
			near += s.f.v[i].confidence == 80;
			far += s.f.v[i].confidence == 1;
		}
		if (left)
			fail_msg("\"%s\": %zd", text, (ssize_t)left);
		mw_arena_free(&s.arena);
	}
	assert_true(near > 500 && far > 500);
	mw_ruleset_free(&set);
}

/* A rule that finds nothing without context is only run where one of its phrases stands. The same findings come out as from its
 * twin that is always run. */
static void test_cues(void **state)
{
	static const char *const phrase[] = {"ssn", "Date of Birth", "#", "d.o.b", "mr #", "\xc3\xa9t\xc3\xa9"};
	static const char *const piece[] = {"12",
					    "ssn",
					    "SSNS",
					    "date",
					    " ",
					    "_",
					    "of",
					    "\n",
					    "Birth",
					    "#",
					    "D.O.B",
					    ".",
					    "mr",
					    "MR",
					    "\t",
					    "\xc3\xa9t\xc3\xa9",
					    "\xc3\x89t\xc3\xa9",
					    "x",
					    "34 ",
					    ":",
					    "date_of \r\n birth",
					    "dateOf",
					    "OfBirth",
					    "iSsn"};
	const struct mw_rule twins[] = {
	    {.name = "cued",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 12, .phrases = COUNT(phrase), .phrase = phrase})},
	    {.name = "always",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({1, NULL}, {80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 12, .phrases = COUNT(phrase), .phrase = phrase})},
	};

	(void)state;
	compare_twins(twins, piece, COUNT(piece));
}

/* The same of rules that need several names, and a column. */
static void test_awake(void **state)
{
	static const struct mw_when a = {.op = MW_WHEN_NEAR, .n = 0}, b = {.op = MW_WHEN_NEAR, .n = 1},
				    c = {.op = MW_WHEN_COLUMN}, both = {.op = MW_WHEN_AND, .a = &a, .b = &b},
				    all = {.op = MW_WHEN_AND, .a = &both, .b = &c};
	static const char *const piece[] = {"ssn|dob\n", "12|34\n", "56|x\n",	      "ssn 12 dob\n", "\n",
					    "dob\n",	 "a|b\n",   "name|DOB|ssn\n", "1|22|33\n"};
	const struct mw_rule twins[] = {
	    {.name = "cued",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({80, &all}),
	     LIST(near_names, near_name, "a", "b"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "ssn")},
		   {.name = 1, .side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "dob")})},
	    {.name = "always",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({1, NULL}, {80, &all}),
	     LIST(near_names, near_name, "a", "b"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "ssn")},
		   {.name = 1, .side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "dob")})},
	};

	(void)state;
	compare_twins(twins, piece, COUNT(piece));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cues),
	    cmocka_unit_test(test_awake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
