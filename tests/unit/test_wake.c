/* SPDX-License-Identifier: Apache-2.0 */
/* What must be near for a rule to find something: told of its levels, and that a text is searched there alone without a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "match/wake.h"
#include "unit/rulescan.h"

#define NAMED(i) (&(const struct mw_when){.op = MW_WHEN_NEAR, .n = (i)})
#define AND(x, y) (&(const struct mw_when){.op = MW_WHEN_AND, .a = (x), .b = (y)})
#define OR(x, y) (&(const struct mw_when){.op = MW_WHEN_OR, .a = (x), .b = (y)})
#define NOT(x) (&(const struct mw_when){.op = MW_WHEN_NOT, .a = (x)})
#define IN(z) (&(const struct mw_when){.op = MW_WHEN_ZONE, .n = (z)})
#define WEIGHS(sum_) (&(const struct mw_when){.op = MW_WHEN_WEIGHT, .weights = &weights, .sum = (sum_)})
#define COLUMN (&(const struct mw_when){.op = MW_WHEN_COLUMN})

/* enough: bit i is the set of names i. */
static void test_names(void **state)
{
	const struct mw_when *const a = NAMED(0), *const b = NAMED(1), *const c = NAMED(2);
	static const struct mw_weight weight[] = {{0, 2}, {1, 2}, {2, -1}};
	static const struct mw_weights weights = {.n = COUNT(weight), .v = weight};
	const struct {
		struct mw_level level[4];
		size_t levels;
		uint64_t enough;
		uint32_t asks, group[4];
		bool column;
	} row[] = {
	    {{{75, NULL}}, 1, 0xff, 0, {0}, false},
	    {{{55, NULL}, {85, a}}, 2, 0xff, 0, {0}, false},
	    {{{85, a}}, 1, 0xaa, 1, {1}, false},
	    {{{85, AND(a, b)}}, 1, 0x88, 3, {1, 2}, false},
	    {{{85, OR(a, b)}}, 1, 0xee, 3, {3}, false},
	    {{{85, AND(c, OR(a, b))}}, 1, 0xe0, 7, {3, 4}, false},
	    {{{70, a}, {80, b}, {0, c}}, 3, 0xee, 3, {3}, false},
	    {{{70, NOT(a)}}, 1, 0xff, 0, {0}, false},
	    {{{70, AND(NOT(a), b)}}, 1, 0xcc, 2, {2}, false},
	    {{{70, COLUMN}}, 1, 0xfe, 7, {7}, true},
	    {{{70, AND(AND(a, b), COLUMN)}}, 1, 0x88, 3, {1, 2}, true},
	    {{{70, a}, {80, COLUMN}}, 2, 0xfe, 7, {7}, false},
	    {{{70, a}, {80, AND(b, COLUMN)}, {0, NOT(COLUMN)}}, 3, 0xee, 3, {3}, true},
	    {{{70, IN(MW_ZONE_SUBJECT)}}, 1, 0xff, 0, {0}, false},
	    {{{70, AND(IN(MW_ZONE_SUBJECT), c)}}, 1, 0xf0, 4, {4}, false},
	    {{{70, NULL}, {0, NOT(a)}}, 2, 0xaa, 1, {1}, false},
	    {{{70, WEIGHS(2)}}, 1, 0xee, 3, {3}, false},
	    {{{70, WEIGHS(3)}}, 1, 0x88, 3, {1, 2}, false},
	    {{{70, WEIGHS(-1)}}, 1, 0xff, 0, {0}, false},
	    {{{70, AND(c, WEIGHS(1))}}, 1, 0xe0, 7, {3, 4}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct mw_rule r = {.near_names = 3, .levels = row[i].levels, .level = row[i].level};
		struct mw_wake w, phrased;
		size_t groups = 0;

		mw_wake_make(&r, 7, &w);
		mw_wake_make(&r, 0, &phrased);
		while (row[i].group[groups])
			groups++;
		if (w.enough[0] != row[i].enough || w.asks != row[i].asks || w.needs_column != row[i].column ||
		    w.groups != groups || memcmp(w.group, row[i].group, groups * sizeof(*w.group)) != 0 || phrased.groups)
			fail_msg("row %zu: enough %llx, asks %x, %zu groups, the first %x", i, (unsigned long long)w.enough[0],
				 w.asks, w.groups, w.group[0]);
		assert_int_equal(mw_wake_sleeps(&w), !(row[i].enough & 1) || row[i].column);
	}
}

/* ---- the same findings ------------------------------------------------------------------------------------------------------
 */

static uint32_t next(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

/* Names that touch, that are refused, and that go on for long, health that is seldom, and what no name takes. */
static size_t text_make(uint64_t *seed, char *p, size_t n)
{
	static const char *const words[] = {"Ann", "Bob", "Mary", "Xa", "flu", "rash", "she", "of", "Odd"};
	static const char *const gaps[] = {" ", " ", " ", " ", ", ", ". ", "\n", "; ", "\xc3\xa9 "};
	uint32_t calm = next(seed, 40), dense = 1 + next(seed, 3);
	size_t at = 0;

	while (at + 16 < n) {
		uint32_t w = next(seed, COUNT(words) + calm);
		const char *word = w < COUNT(words) ? words[w] : words[w % 4], *gap = gaps[next(seed, COUNT(gaps)) / dense];

		memcpy(p + at, word, strlen(word));
		at += strlen(word);
		memcpy(p + at, gap, strlen(gap));
		at += strlen(gap);
	}
	return at;
}

static bool check_no_odd(const void *inst, const char *p, size_t n)
{
	(void)inst;
	return !memmem(p, n, "Odd", 3);
}

static const struct mw_check *lookup(void *ctx, const char *name, const void **inst)
{
	static const struct mw_check no_odd = {"no-odd", "", check_no_odd, 0};

	(void)ctx;
	(void)inst;
	return strcmp(name, "no-odd") == 0 ? &no_odd : NULL;
}

enum { FLU, RASH, SHE, NAME, KEPT, SHORT, LATER, RULES };

static struct mw_ruleset *set_make(const struct mw_rule *v, size_t n, bool plain)
{
	char out[512] = "";
	struct mw_ruleset *set = NULL;

	if (mw_ruleset_compile(v, n, lookup, rules_report, out, &set, NULL) < 0)
		fail_msg("%s", out);
	if (plain)
		mw_ruleset_plain(set);
	return set;
}

/* The first finding that is another one; SIZE_MAX: none. */
static size_t differ_at(const struct mw_rule *rules, size_t n, const char *text, size_t size, size_t *findings)
{
	struct mw_ruleset *plain = set_make(rules, n, true), *fast = set_make(rules, n, false);
	struct scanned x = rules_scan(plain, text, size, 1000000), y = rules_scan(fast, text, size, 1000000);
	size_t differ = SIZE_MAX;

	assert_int_equal(x.rc, 0);
	assert_int_equal(y.rc, 0);
	if (x.f.n != y.f.n || (x.f.n && memcmp(x.f.v, y.f.v, x.f.n * sizeof(*x.f.v)) != 0))
		for (differ = 0; differ < x.f.n && differ < y.f.n && memcmp(x.f.v + differ, y.f.v + differ, sizeof(*x.f.v)) == 0;)
			differ++;
	*findings += x.f.n;
	mw_arena_free(&x.arena);
	mw_arena_free(&y.arena);
	mw_ruleset_free(&plain);
	mw_ruleset_free(&fast);
	return differ;
}

/* Rules of three stages with distances and sides of this seed. */
static size_t compare(uint64_t seed, char *text, size_t n, size_t *findings)
{
	const uint32_t ill[] = {FLU, RASH}, one[] = {SHE}, name[] = {NAME};
	const struct mw_near near[] = {
	    {.name = 0,
	     .side = 1 + next(&seed, 3),
	     .within = next(&seed, 90),
	     .sentence = next(&seed, 2),
	     .rules = 2,
	     .rule = ill},
	    {.name = 0, .side = 1 + next(&seed, 3), .within = next(&seed, 20), .least = 2, .rules = 2, .rule = ill},
	    {.name = 1,
	     .side = 1 + next(&seed, 3),
	     .within = next(&seed, 400),
	     .sentence = next(&seed, 2),
	     .rules = 1,
	     .rule = one},
	};
	const struct mw_near again[] = {
	    {.name = 0, .side = 1 + next(&seed, 3), .within = next(&seed, 60), .rules = 1, .rule = name}};
	const struct mw_level always[] = {{70, NULL}}, both[] = {{70, AND(NAMED(0), NAMED(1))}},
			      any[] = {{70, NAMED(0)}, {60, NAMED(1)}}, first[] = {{70, NAMED(0)}};
	const struct mw_rule rules[RULES] = {
	    [FLU] = {.name = "flu", .kind = MW_CONTEXT, .pattern = LIT("\\bflu\\b"), .levels = 1, .level = always},
	    [RASH] = {.name = "rash", .kind = MW_CLINICAL, LIST(terms, term, "rash"), .levels = 1, .level = always},
	    [SHE] = {.name = "she", .kind = MW_CONTEXT, LIST(terms, term, "she"), .levels = 1, .level = always},
	    [NAME] = {.name = "name",
		      .kind = MW_IDENTIFIER,
		      .pattern = LIT("\\b[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}"),
		      .check = "no-odd",
		      LIST(near_names, near_name, "ill", "one"),
		      .nears = 3,
		      .near = near,
		      .levels = 1,
		      .level = next(&seed, 2) ? both : first},
	    [KEPT] = {.name = "kept",
		      .kind = MW_IDENTIFIER,
		      .pattern = LIT("[A-Z][a-z]+ (?:of|she) \\K[A-Z][a-z]{2,9}"),
		      LIST(near_names, near_name, "ill", "one"),
		      .nears = 3,
		      .near = near,
		      .levels = 2,
		      .level = any},
	    [SHORT] = {.name = "short",
		       .kind = MW_IDENTIFIER,
		       .pattern = LIT("(?:[A-Z][a-z]+[ ,]*){2}"),
		       LIST(near_names, near_name, "ill", "one"),
		       .nears = 3,
		       .near = near,
		       .levels = 1,
		       .level = first},
	    [LATER] = {.name = "later",
		       .kind = MW_IDENTIFIER,
		       .pattern = LIT("[A-Z][a-z]+(?=,)"),
		       LIST(near_names, near_name, "ill"),
		       .nears = 1,
		       .near = again,
		       .levels = 1,
		       .level = first},
	};

	return differ_at(rules, RULES, text, n, findings);
}

/* So many places to look at that they are not kept, and two rules with the same triggers, one of which looks at a part alone. */
static void test_full(void **state)
{
	const uint32_t flu[] = {0};
	const struct mw_near near[] = {{.side = MW_SIDE_BOTH, .within = 30, .rules = 1, .rule = flu}};
	const struct mw_near wide[] = {{.side = MW_SIDE_BOTH, .within = 60000, .rules = 1, .rule = flu}};
	const struct mw_level always[] = {{70, NULL}}, level[] = {{70, NAMED(0)}};
	const struct mw_rule rules[] = {
	    {.name = "flu", .kind = MW_CONTEXT, .pattern = LIT("flu"), .levels = 1, .level = always},
	    {.name = "near",
	     .kind = MW_IDENTIFIER,
	     .pattern = LIT("[A-Z][a-z]"),
	     LIST(near_names, near_name, "near"),
	     .nears = 1,
	     .near = near,
	     .levels = 1,
	     .level = level},
	    {.name = "wide",
	     .kind = MW_IDENTIFIER,
	     .pattern = LIT("[A-Z][a-z]"),
	     LIST(near_names, near_name, "near"),
	     .nears = 1,
	     .near = wide,
	     .levels = 1,
	     .level = level},
	};
	char *text = malloc(60006);
	size_t findings = 0;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 60000; i += 3)
		memcpy(text + i, "Aa ", 3);
	memcpy(text + 60000, "flu Aa", 6);
	assert_int_equal(differ_at(rules, COUNT(rules), text, 60006, &findings), SIZE_MAX);
	assert_true(findings > 20000);
	free(text);
}

/* Names that touch from one block into the next: where the first one of them begins says which three belong together. */
static void test_across(void **state)
{
	const uint32_t flu[] = {0};
	const struct mw_near near[] = {{.side = MW_SIDE_AFTER, .within = 9, .rules = 1, .rule = flu}};
	const struct mw_level always[] = {{70, NULL}}, level[] = {{70, NAMED(0)}};
	const struct mw_rule rules[] = {
	    {.name = "flu", .kind = MW_CONTEXT, .pattern = LIT("flu"), .levels = 1, .level = always},
	    {.name = "near",
	     .kind = MW_IDENTIFIER,
	     .pattern = LIT("[A-Z][a-z]+(?: [A-Z][a-z]+){2}"),
	     LIST(near_names, near_name, "near"),
	     .nears = 1,
	     .near = near,
	     .levels = 1,
	     .level = level},
	};
	const size_t n = MW_WINDOW_BLOCK + 30;
	char *text = malloc(n);
	size_t findings = 0;

	(void)state;
	assert_non_null(text);
	for (size_t from = n - 500; from < n - 400; from++) {
		memset(text, '.', n);
		for (size_t i = from; i + 3 < n; i += 3)
			memcpy(text + i, "Aa ", 3);
		memcpy(text + n - 9, " Aa flu..", 9);
		assert_int_equal(differ_at(rules, COUNT(rules), text, n, &findings), SIZE_MAX);
	}
	assert_true(findings > 50);
	free(text);
}

/* More than the short run that `make check` makes: PUZZLES=100000 tests/unit/test_wake */
static void test_same(void **state)
{
	const char *s = getenv("PUZZLES");
	unsigned long puzzles = s ? strtoul(s, NULL, 10) : 150;
	char *text = malloc(200000);
	uint64_t seed = s ? puzzles : 7;
	size_t findings = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned long i = 0; i < puzzles; i++) {
		/* Some are of several blocks. */
		size_t n = text_make(&seed, text, i % 8 ? 200 + next(&seed, 4000) : 50000 + next(&seed, 150000));
		uint64_t rules = seed;
		size_t differ = compare(rules, text, n, &findings);

		if (differ != SIZE_MAX)
			fail_msg("puzzle %lu: finding %zu is another one", i, differ);
		(void)next(&seed, 2);
	}
	print_message("%lu puzzles, %zu findings\n", puzzles, findings);
	assert_true(findings > puzzles * 10);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_across),
	    cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
