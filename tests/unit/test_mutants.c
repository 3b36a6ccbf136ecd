/* SPDX-License-Identifier: Apache-2.0 */
/* mutants: which changes of a rule are made, and that those are left out which no text could tell from the rule. */
#include "ctl/implied.h"
#include "ctl/mutants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *pattern, *dropped; /* what is taken out, one after the other */
	bool extended, caseless;
} row[] = {
    {"\\bN\\d\\b", "\\b \\b", false, false},
    {"(?<![-\\])(])N\\d(?!\\d|(?:x))", "(?<![-\\])(]) (?!\\d|(?:x))", false, false},
    /* A lookaround goes whole, with those in it; not with a group that others may count on. */
    {"(?!(?<=a) b|(?<!c)d).", "(?!(?<=a) b|(?<!c)d)", false, false},
    {"(?=(x)).(?<!y)", "(?<!y)", false, false},
    {"(?=(?<n>x)|(?'m'y))N", "", false, false},
    /* Escapes, classes and comments are none. */
    {"[\\b(?!]\\\\b\\Q", "", false, false},
    {"N # \\b\n\\b", "\\b", true, false},
    /* What is fixed on both sides says it already. */
    {"[a-z]\\b:", "", false, false},
    {"x:\\b\\d", "", false, false},
    {"x\\bN", "\\b", false, false}, /* never holds: without it, it might */
    {"x\\BN", "", false, false},
    {":\\B-", "", false, false},
    {"\\w+\\b(?: |,)", "", false, false},
    {"\\w+\\b(?: |,)?", "\\b", false, false},
    {"\\w+\\b(?: |,|x)", "\\b", false, false},
    {"(?:ab|c\\b) d", "", false, false},
    {"(?:ab|c\\b)d", "\\b", false, false},
    {"(?:a\\b ?)+", "\\b", false, false},
    {"(?:a\\b )+", "", false, false},
    {"\\xe9\\b[a-z]", "", false, false},
    {"\\d{3}(?!\\d)-", "", false, false},
    {"\\d{3}(?!-\\d)-", "(?!-\\d)", false, false},
    {"\\d{3}(?!\\d)-?", "(?!\\d)", false, false},
    {" (?<![\\w-])N", "", false, false},
    {"-?(?<![\\w-])N", "(?<![\\w-])", false, false},
    {" (?=N)N", "(?=N)", false, false}, /* nobody looks that far */
    {"(?<!\\b)N", "(?<!\\b)", false, false},
    {"k\\b[^a-z0-9_]", "", false, true},
};

/* The mutants of a rule as one string. */
static void show(const struct mutants *m, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < m->n; i++) {
		size_t n = strlen(to);

		(void)snprintf(to + n, size - n, "%s%s%s", n ? "; " : "", m->v[i].loosened ? "miss: " : "hit: ", m->v[i].what);
	}
}

static void add(struct mutants *m, struct mw_arena *arena, const struct mw_rule *rules, size_t i)
{
	assert_int_equal(mutants_add(m, arena, rules, i, false), 0);
}

static void dropped_of_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const struct mw_rule rule = {
		    .name = "r", .pattern = mw_str(row[i].pattern), .extended = row[i].extended, .caseless = row[i].caseless};
		struct mw_arena *arena = mw_arena_new(0);
		struct mutants m = {.n = 0};
		char got[256] = "";

		assert_non_null(arena);
		add(&m, arena, &rule, 0);
		for (size_t k = 1; k < m.n; k++) { /* the first one is disabled */
			const char *end = strstr(m.v[k].what, " of the pattern dropped");
			size_t n = strlen(got);

			assert_true(end && m.v[k].loosened && m.v[k].of_pattern);
			(void)snprintf(got + n, sizeof(got) - n, "%s%.*s", n ? " " : "", (int)(end - m.v[k].what), m.v[k].what);
			assert_true(m.v[k].rule.pattern.n < rule.pattern.n);
		}
		if (strcmp(got, row[i].dropped) != 0)
			fail_msg("%s: \"%s\" is dropped, and not \"%s\"", row[i].pattern, got, row[i].dropped);
		mw_arena_free(&arena);
	}
}

/* Two rules with `a (?:\bN) (?:\bN)` of one fragment, which stands at 7:3 of a file. */
static void a_fragment_is_changed_once(void **state)
{
	static const struct mw_written piece[] = {{.at = 0, .line = 9, .column = 10},
						  {.at = 5, .line = 7, .column = 3},
						  {.at = 8, .line = 9, .column = 20},
						  {.at = 13, .line = 7, .column = 3},
						  {.at = 16, .line = 9, .column = 29}};
	struct mw_rule rules[2] = {{.name = "r", .pieces = 5, .piece = piece}};
	struct mw_arena *arena = mw_arena_new(0);
	struct mutants m = {.n = 0};

	(void)state;
	assert_non_null(arena);
	rules[0].pattern = mw_str("a|(?:\\bN) (?:\\bN)");
	rules[1] = rules[0];
	rules[1].name = "s";
	add(&m, arena, rules, 0);
	add(&m, arena, rules, 1);
	assert_int_equal(m.n, 4);
	assert_true(mw_str_eq(m.v[1].rule.pattern, "a|(?:N) (?:N)"));
	assert_int_equal(m.v[1].line, 7);
	assert_int_equal(m.v[1].column, 3);
	assert_true(mutants_same(&m.v[1], &m.v[3]));
	assert_false(mutants_same(&m.v[0], &m.v[2]));
	assert_false(mutants_same(&m.v[0], &m.v[1]));
	mw_arena_free(&arena);
}

static const uint32_t one_rule[] = {1}, two_rules[] = {1, 2};
static const char *const names[] = {"far", "close"};
static const struct mw_when far_holds = {.op = MW_WHEN_NEAR, .n = 0}, close_holds = {.op = MW_WHEN_NEAR, .n = 1},
			    both_hold = {.op = MW_WHEN_AND, .a = &far_holds, .b = &close_holds};

static void check_context(const struct mw_near *near, size_t nears, const struct mw_when *when, const char *expected)
{
	const struct mw_level level = {.confidence = 70, .when = when};
	const struct mw_rule rules[] = {{.name = "r",
					 .pattern = mw_str("N"),
					 .near_names = 2,
					 .near_name = names,
					 .nears = nears,
					 .near = near,
					 .levels = 1,
					 .level = &level},
					{.name = "ill", .pattern = mw_str("I")},
					{.name = "told", .pattern = mw_str("T")}};
	struct mw_arena *arena = mw_arena_new(0);
	struct mutants m = {.n = 0};
	char got[1024];

	assert_non_null(arena);
	add(&m, arena, rules, 0);
	show(&m, got, sizeof(got));
	assert_string_equal(got, expected);
	mw_arena_free(&arena);
}

static void context_that_is_seen_anyway(void **state)
{
	struct mw_near near[] = {
	    {.name = 0, .side = MW_SIDE_BOTH, .within = 90, .rules = 2, .rule = two_rules},
	    {.name = 1, .side = MW_SIDE_AFTER, .within = 20, .rules = 1, .rule = one_rule},
	};

	(void)state;
	/* What is close is far, too: to ask for both is to ask for close. */
	check_context(
	    near, 2, &both_hold,
	    "hit: disabled; hit: near far rule ill, ... within 90 dropped; hit: near close rule ill after within 20 dropped; "
	    "miss: near close rule ill after within 20 on both sides; miss: level 70: condition dropped; "
	    "miss: level 70: right side of its condition dropped");
	near[1].within = 91;
	check_context(
	    near, 2, &both_hold,
	    "hit: disabled; hit: near far rule ill, ... within 90 dropped; hit: near close rule ill after within 91 dropped; "
	    "miss: near close rule ill after within 91 on both sides; miss: level 70: condition dropped; "
	    "miss: level 70: left side of its condition dropped; miss: level 70: right side of its condition dropped");
	/* Entries of one name: the second one looks where the first one would look on its other side. */
	near[1] = near[0];
	near[0].side = MW_SIDE_BEFORE;
	near[0].within = 20;
	near[1].side = MW_SIDE_AFTER;
	check_context(near, 2, &far_holds,
		      "hit: disabled; hit: near far rule ill, ... before within 20 dropped; hit: near far rule ill, ... after "
		      "within 90 dropped; "
		      "miss: near far rule ill, ... after within 90 on both sides; miss: level 70: condition dropped");
	near[1].least = 2;
	check_context(
	    near, 2, &far_holds,
	    "hit: disabled; hit: near far rule ill, ... before within 20 dropped; "
	    "miss: near far rule ill, ... before within 20 on both sides; hit: near far rule ill, ... after within 90 dropped; "
	    "miss: near far rule ill, ... after within 90 on both sides; miss: level 70: condition dropped");
	/* In the sentence is not nearer than beyond it, when both are asked. */
	near[1] =
	    (struct mw_near){.name = 0, .side = MW_SIDE_BOTH, .within = 400, .sentence = true, .rules = 2, .rule = two_rules};
	check_context(near + 1, 1, &far_holds,
		      "hit: disabled; hit: near far rule ill, ... within sentence dropped; "
		      "miss: near far rule ill, ... within sentence beyond the sentence; miss: level 70: condition dropped");
	near[1].least = 0;
	/* One that sees less of the same adds nothing. */
	near[1] = near[0];
	near[1].within = 10;
	check_context(near, 2, &far_holds,
		      "hit: disabled; hit: near far rule ill, ... before within 20 dropped; "
		      "miss: near far rule ill, ... before within 20 on both sides; "
		      "miss: near far rule ill, ... before within 10 on both sides; miss: level 70: condition dropped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dropped_of_patterns),
	    cmocka_unit_test(a_fragment_is_changed_once),
	    cmocka_unit_test(context_that_is_seen_anyway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
