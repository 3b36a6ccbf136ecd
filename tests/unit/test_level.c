/* SPDX-License-Identifier: Apache-2.0 */
/* What a match is worth: sides, names, rules, columns and zones in the levels of a rule; and what a finding says about it. */
#include "match/ruleset.h"

#include "base/sanitized.h"
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define LIT(s)                                                                                                                   \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}
#define LIST(n, f, type, ...)                                                                                                    \
	.n = COUNT(((type[]){__VA_ARGS__})), .f = (type[])                                                                       \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}
#define NAMES(...) LIST(near_names, near_name, const char *const, __VA_ARGS__)
#define NEARS(...) LIST(nears, near, const struct mw_near, __VA_ARGS__)
#define LEVELS(...) LIST(levels, level, const struct mw_level, __VA_ARGS__)
#define PHRASES(...) LIST(phrases, phrase, const char *const, __VA_ARGS__)
#define RULES(...) LIST(rules, rule, const uint32_t, __VA_ARGS__)
#define EXCEPTS(...) LIST(except_patterns, except_pattern, const struct mw_except_pattern, __VA_ARGS__)
#define IS(name_) (&(const struct mw_when){.op = MW_WHEN_NEAR, .n = (name_)})
#define IN(zone_) (&(const struct mw_when){.op = MW_WHEN_ZONE, .n = (zone_)})
#define NOT(a_) (&(const struct mw_when){.op = MW_WHEN_NOT, .a = (a_)})
#define AND(a_, b_) (&(const struct mw_when){.op = MW_WHEN_AND, .a = (a_), .b = (b_)})
#define OR(a_, b_) (&(const struct mw_when){.op = MW_WHEN_OR, .a = (a_), .b = (b_)})
#define WEIGHT(weights_, sum_) (&(const struct mw_when){.op = MW_WHEN_WEIGHT, .weights = (weights_), .sum = (sum_)})
#define WEIGHTS(...) (&(const struct mw_weights){LIST(n, v, const struct mw_weight, __VA_ARGS__)})
#define COLUMN (&(const struct mw_when){.op = MW_WHEN_COLUMN})
#define TWO LIT("\\b\\d\\d\\b")

enum { NUMBER, ONLY, WHO, CHAIN, QUIET, LISTED, SHADOWED, SUBJECT, NOT_QUOTED, WEIGHED };

static const struct mw_weights evidence = {LIST(n, v, const struct mw_weight, {0, 2}, {1, 3}, {2, -2})};

static const struct mw_rule rules[] = {
    [NUMBER] = {.name = "number",
		.pattern = TWO,
		NAMES("near", "street"),
		NEARS({.name = 0, .side = MW_SIDE_BEFORE, .within = 12, PHRASES("mrn", "chart no")},
		      {.name = 1, .side = MW_SIDE_AFTER, .within = 8, PHRASES("ave", "street")},
		      {.name = 0,
		       .side = MW_SIDE_BOTH,
		       .within = 6,
		       PHRASES("dob",
			       "d\xc3\xad"
			       "a",
			       "\xc3\x89T\xc3\x89")}),
		LEVELS({40, NULL}, {70, IS(0)}, {90, AND(IS(0), COLUMN)}, {0, AND(IS(1), NOT(IS(0)))}),
		EXCEPTS({.pattern = LIT("^(?:11|99)$")}, {.pattern = LIT("2$")})},
    [ONLY] = {.name = "only",
	      .pattern = LIT("\\bA\\d\\b"),
	      NAMES("near", "far"),
	      NEARS({.name = 0, .side = MW_SIDE_BOTH, .within = 20, PHRASES("mrn")},
		    {.name = 1, .side = MW_SIDE_BOTH, .within = 20, PHRASES("not")}),
	      LEVELS({80, AND(IS(0), NOT(IS(1)))})},
    [WHO] = {.name = "who",
	     .pattern = LIT("\\b[A-Z][a-z]+\\b"),
	     NAMES("near"),
	     NEARS({.name = 0, .side = MW_SIDE_AFTER, .within = 5, RULES(ONLY, LISTED)}),
	     LEVELS({60, IS(0)})},
    [CHAIN] = {.name = "chain",
	       .pattern = LIT("!"),
	       NAMES("near"),
	       NEARS({.name = 0, .side = MW_SIDE_BEFORE, .within = 3, RULES(WHO)}),
	       LEVELS({50, IS(0)})},
    [QUIET] = {.name = "quiet", .pattern = LIT("hush"), .shadow = true, LEVELS({75, NULL})},
    [LISTED] = {.name = "listed",
		LIST(terms, term, const char *const, "flu", "flu shot"),
		.whole_word = true,
		LEVELS({75, NULL})},
    [SHADOWED] = {.name = "shadowed",
		  .pattern = LIT("\\?"),
		  NAMES("near"),
		  NEARS({.name = 0, .side = MW_SIDE_BOTH, .within = 9, RULES(QUIET)}),
		  LEVELS({50, IS(0)})},
    [SUBJECT] = {.name = "subject", .pattern = LIT("%"), LEVELS({30, NULL}, {90, IN(MW_ZONE_SUBJECT)}, {10, IN(MW_ZONE_QUOTED)})},
    [NOT_QUOTED] = {.name = "not-quoted",
		    .pattern = LIT("\\$"),
		    .zones = MW_ZONE_BIT(MW_ZONE_BODY) | MW_ZONE_BIT(MW_ZONE_SUBJECT),
		    LEVELS({60, NULL})},
    [WEIGHED] = {.name = "weighed",
		 .pattern = LIT("@"),
		 NAMES("fever", "cough", "press"),
		 NEARS({.name = 0, .side = MW_SIDE_BOTH, .within = 30, PHRASES("fever")},
		       {.name = 1, .side = MW_SIDE_BOTH, .within = 30, PHRASES("cough")},
		       {.name = 2, .side = MW_SIDE_BOTH, .within = 30, PHRASES("press")}),
		 LEVELS({50, WEIGHT(&evidence, 2)}, {80, WEIGHT(&evidence, 5)})},
};

static void report(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)snprintf(ctx, 200, "%s:%zd:%s", r->name, (ssize_t)offset, text);
}

static struct mw_ruleset *compile(const struct mw_rule *v, size_t n)
{
	struct mw_ruleset *set = NULL;
	char out[200] = "";

	if (mw_ruleset_compile(v, n, NULL, report, out, &set, NULL) < 0)
		fail_msg("%s", out);
	return set;
}

/* The phrase or rule that a finding is due to. */
static const char *cue_shown(const struct mw_finding *f)
{
	const struct mw_rule *r = &rules[f->rule];
	size_t at;
	const struct mw_near *near = mw_rule_cue(r, f->cue, &at);

	if (!near)
		return f->cue == MW_NO_CUE ? "" : "?";
	return near->rules ? rules[near->rule[at]].name : near->phrase[at];
}

/* "rule:confidence:zone:record:FLAGS:cue|" for each finding; FLAGS: S(hadow) R(ow) N(ear) C(olumn). */
static void show(const struct mw_findings *f, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < f->n && at < size; i++) {
		const struct mw_finding *v = f->v + i;

		at += (size_t)snprintf(out + at, size - at, "%s:%u:%s:%u:%s%s%s%s:%s|", rules[v->rule].name, v->confidence,
				       mw_zone_word(v->zone), v->record, v->flags & MW_FINDING_SHADOW ? "S" : "",
				       v->flags & MW_FINDING_ROW ? "R" : "", v->flags & MW_FINDING_NEAR ? "N" : "",
				       v->flags & MW_FINDING_COLUMN ? "C" : "", cue_shown(v));
	}
}

static const struct {
	const char *text, *found;
	uint32_t zone; /* of the part; 0 = a body */
} scanned[] = {
    /* sides and names */
    {"33", "number:40:new:0::|", 0},
    {"mrn 33", "number:70:new:0:N:mrn|", 0},
    {"33 mrn", "number:40:new:0::|", 0},
    {"dob 33", "number:70:new:0:N:dob|", 0},
    {"33 dob", "number:70:new:0:N:dob|", 0},
    {"chart no. 33", "number:70:new:0:N:chart no|", 0},
    {"d\xc3\xad"
     "a 33",
     "number:70:new:0:N:d\xc3\xad"
     "a|",
     0},
    {"D\xc3\x8d"
     "A 33",
     "number:70:new:0:N:d\xc3\xad"
     "a|",
     0},
    {"\xc3\xa9t\xc3\xa9 33", "number:70:new:0:N:\xc3\x89T\xc3\x89|", 0},
    {"33 Oak Ave", "", 0},
    {"Ave 33", "number:40:new:0::|", 0},
    {"mrn 33 ave", "number:70:new:0:N:mrn|", 0},
    {"x\n\nmrn 33", "number:70:new:1:N:mrn|", 0},
    /* exceptions by pattern look at the match as at a text */
    {"mrn 11, 99, 12, 32, 33", "number:40:new:0::|", 0},
    /* columns */
    {"name\tmrn\nann\t33\nbob\t34\n", "number:90:new:1:RNC:mrn|number:90:new:2:RNC:mrn|", 0},
    {"name,mrn,room\nann,33,34\n", "number:90:new:1:RNC:mrn|number:40:new:1:R:|", 0},
    {"no,ave,mrn\n33,35,1\n", "number:40:new:1:R:|", 0}, /* 35 is no number here: its column says street */
    /* what needs context, and what speaks against it */
    {"A1", "", 0},
    {"mrn A1", "only:80:new:0:N:mrn|", 0},
    {"not A1", "", 0},
    {"mrn not A1", "", 0},
    {"A1 A2 mrn", "only:80:new:0:N:mrn|only:80:new:0:N:mrn|", 0},
    /* other rules, in chains, and lists of terms */
    {"Ann A1", "", 0},
    {"Ann A1 mrn", "who:60:new:0:N:only|only:80:new:0:N:mrn|", 0},
    {"mrn A1 Ann", "only:80:new:0:N:mrn|", 0},
    {"Ann ---- A1 mrn", "only:80:new:0:N:mrn|", 0},
    {"Ann flu shot", "who:60:new:0:N:listed|listed:75:new:0::|", 0},
    {"Ann! flu", "who:60:new:0:N:listed|chain:50:new:0:N:who|listed:75:new:0::|", 0},
    {"Ann Bob ! flu", "who:60:new:0:N:listed|chain:50:new:0:N:who|listed:75:new:0::|", 0},
    {"Ann!", "", 0},
    /* shadow: shown, and context of nothing that counts */
    {"hush", "quiet:75:new:0:S:|", 0},
    {"hush ?", "quiet:75:new:0:S:|", 0},
    /* zones */
    {"%", "subject:30:new:0::|", 0},
    {"%", "subject:90:subject:0::|", MW_ZONE_SUBJECT},
    {"> %", "subject:10:quoted:0::|", 0},
    {"> %", "subject:30:attachment:0::|", MW_ZONE_ATTACHMENT},
    {"$\n> $\n", "not-quoted:60:new:0::|", 0},
    {"$", "not-quoted:60:subject:0::|", MW_ZONE_SUBJECT},
    {"$", "", MW_ZONE_ATTACHMENT},
    /* evidence for and against; the heaviest that speaks for it is shown */
    {"@", "", 0},
    {"@ fever", "weighed:50:new:0:N:fever|", 0},
    {"press @ fever", "", 0},
    {"press @ cough", "", 0},
    {"fever, cough @ press", "weighed:50:new:0:N:cough|", 0},
    {"fever @ cough", "weighed:80:new:0:N:cough|", 0},
};

static void test_rows(void **state)
{
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	static const unsigned char key[32] = "k";
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(scanned); i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_findings f = {.max = 100};
		struct mw_folded folded;
		char out[500];
		size_t rule;

		assert_int_equal(mw_fold(a, mw_str(scanned[i].text), &folded), 0);
		assert_int_equal(
		    mw_ruleset_scan(set, scratch, &folded, a, 0, scanned[i].zone ? scanned[i].zone : MW_ZONE_BODY, &f, &rule), 0);
		show(&f, out, sizeof(out));
		if (strcmp(out, scanned[i].found) != 0) {
			print_error("%s: %s, not %s\n", scanned[i].text, out, scanned[i].found);
			wrong++;
		}
		mw_arena_free(&a);
	}
	mw_scratch_free(&scratch);
	mw_ruleset_free(&set);
	assert_int_equal(wrong, 0);
}

/* A finding says all that was weighed, also where less would have decided. */
static void test_weighed(void **state)
{
	static const unsigned char key[32] = "k";
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings f = {.max = 100};
	struct mw_folded folded;
	size_t rule;

	(void)state;
	assert_int_equal(mw_fold(a, mw_str("press, fever @ cough"), &folded), 0);
	assert_int_equal(mw_ruleset_scan(set, scratch, &folded, a, 0, MW_ZONE_BODY, &f, &rule), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.v[0].confidence, 50);
	assert_int_equal(f.v[0].names, 7);
	mw_arena_free(&a);
	mw_scratch_free(&scratch);
	mw_ruleset_free(&set);
}

/* Levels of which none can ever count. */
static void test_possible(void **state)
{
	const struct mw_when *const a = IS(0);
	const struct {
		struct mw_level level[2];
		size_t levels;
		bool possible;
	} row[] = {
	    {{{75, NULL}}, 1, true},
	    {{{70, NOT(a)}}, 1, true},
	    {{{70, COLUMN}}, 1, true},
	    {{{70, IN(MW_ZONE_SUBJECT)}}, 1, true},
	    {{{70, NULL}, {0, NOT(a)}}, 2, true},
	    {{{0, NULL}}, 1, false},
	    {{{90, AND(a, NOT(a))}}, 1, false},
	    {{{90, AND(IN(MW_ZONE_SUBJECT), IN(MW_ZONE_QUOTED))}}, 1, false},
	    {{{90, a}, {0, OR(a, NOT(a))}}, 2, false},
	    {{{70, WEIGHT(WEIGHTS({0, 2}, {2, -1}), 3)}}, 1, false},
	    {{{70, WEIGHT(WEIGHTS({0, 2}, {1, 2}, {2, -1}), 3)}}, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct mw_rule r = {.near_names = 3, .levels = row[i].levels, .level = row[i].level};

		if (mw_level_possible(&r) != row[i].possible)
			fail_msg("row %zu", i);
	}
}

/* Rules that come from no checked policy. */
static void test_refused(void **state)
{
	const struct {
		struct mw_rule rule[2];
		const char *why;
	} row[] = {
	    {{{.name = "a",
	       .pattern = LIT("x"),
	       NAMES("near"),
	       NEARS({.name = 1, .side = MW_SIDE_BOTH, PHRASES("x")}),
	       LEVELS({60, NULL})},
	      {.name = "b", .pattern = LIT("x"), LEVELS({60, NULL})}},
	     "a:-1:this level never gives a finding"},
	    {{{.name = "a", .pattern = LIT("x"), NAMES("near"), NEARS({.side = MW_SIDE_BOTH, RULES(2)}), LEVELS({60, NULL})},
	      {.name = "b", .pattern = LIT("x"), LEVELS({60, NULL})}},
	     "a:-1:a rule of \"near\" is not there"},
	    {{{.name = "a", .pattern = LIT("x"), NAMES("near"), NEARS({.side = MW_SIDE_BOTH, RULES(1)}), LEVELS({60, NULL})},
	      {.name = "b", .pattern = LIT("x"), NAMES("near"), NEARS({.side = MW_SIDE_BOTH, RULES(0)}), LEVELS({60, NULL})}},
	     "b:-1:rules are context of one another in a circle"},
	    {{{.name = "a", .pattern = LIT("x"), EXCEPTS({.pattern = LIT("a(")}), LEVELS({60, NULL})},
	      {.name = "b", .pattern = LIT("x"), LEVELS({60, NULL})}},
	     "a:-1:missing closing parenthesis"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct mw_ruleset *set = NULL;
		char out[200] = "";

		assert_int_equal(mw_ruleset_compile(row[i].rule, 2, NULL, report, out, &set, NULL), -EINVAL);
		assert_string_equal(out, row[i].why);
	}
}

static bool failed(void *ctx, const struct mw_rule *r, const struct mw_sample *s, bool is_hit)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)snprintf(out + n, 300 - n, "%s:%s:%.*s|", r->name, is_hit ? "hit" : "miss", (int)s->text.n, s->text.p);
	return true;
}

/* A sample stands in no zone; its context may be other rules, which are run for it. */
static void test_samples(void **state)
{
	const struct mw_sample chain[] = {{.text = LIT("Ann! flu")}, {.text = LIT("Ann! cold")}};
	const struct mw_sample percent[] = {{.text = LIT("%")}}, dollar[] = {{.text = LIT("> $")}};
	struct mw_rule v[COUNT(rules)];
	struct mw_ruleset *set;
	char out[300] = "";

	(void)state;
	memcpy(v, rules, sizeof(v));
	v[CHAIN].hit = v[CHAIN].miss = chain;
	v[CHAIN].hits = v[CHAIN].misses = 2;
	v[SUBJECT].level = (const struct mw_level[]){{90, IN(MW_ZONE_SUBJECT)}};
	v[SUBJECT].levels = 1;
	v[SUBJECT].hit = percent;
	v[NOT_QUOTED].hit = dollar;
	v[SUBJECT].hits = v[NOT_QUOTED].hits = 1;
	set = compile(v, COUNT(v));
	assert_int_equal(mw_ruleset_samples(set, failed, out, NULL), 2);
	assert_string_equal(out, "chain:hit:Ann! cold|chain:miss:Ann! flu|");
	mw_ruleset_free(&set);
}

/* A sanitizer makes it so slow that the allowance of processor time is used up. */
#if MW_SANITIZED
#define ROWS 30000
#else
#define ROWS 300000
#endif

/* Tables of many rows, with context in every way: what is not linear never ends. */
static void test_linear(void **state)
{
	const size_t n = ROWS, row = 24;
	char *text = malloc(n * row + 32);
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	static const unsigned char key[32] = "k";
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings f = {.max = 2000000};
	struct mw_folded folded;
	size_t rule, len;

	(void)state;
	assert_non_null(text);
	len = (size_t)sprintf(text, "name,mrn,code,flu,x\n");
	for (size_t i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, "Ann,%02zu,A%zu,flu,!\n", i % 90 + 10, i % 10);
	assert_int_equal(mw_fold(a, (struct mw_str){.p = text, .n = len}, &folded), 0);
	assert_int_equal(mw_ruleset_scan(set, scratch, &folded, a, 0, MW_ZONE_ATTACHMENT, &f, &rule), 0);
	assert_true(f.n > n && f.v[f.n - 1].record == n);
	mw_arena_free(&a);
	mw_scratch_free(&scratch);
	mw_ruleset_free(&set);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_weighed), cmocka_unit_test(test_rows),    cmocka_unit_test(test_possible),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_samples), cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
