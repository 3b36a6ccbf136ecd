/* SPDX-License-Identifier: Apache-2.0 */
/* scan: what rules find in a text, and what ends a scan. */
#include "unit/rulescan.h"

#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_scan(void **state)
{
	static const struct scan_row row[] = {
	    {"", ""},
	    {"219-09-9998", "ssn:55:219-09-9998|"},
	    {"SSN 219-09-9998 and 219 09 9997", "ssn:85:219-09-9998|ssn:85:219 09 9997|"},
	    {"219-09 9998", ""},
	    {"ssn 078-05-1120 078 05 1120", ""},
	    {"ssn \xef\xbc\x92\xef\xbc\x91\xef\xbc\x99-09-99\xe2\x80\x8b"
	     "98\xe2\x80\x8b.",
	     "ssn:85:\xef\xbc\x92\xef\xbc\x91\xef\xbc\x99-09-99\xe2\x80\x8b"
	     "98|"},
	    {"xx1 xx12 ", "even:60:x12|"}, /* a good match inside one that the check refused */
	    {"A1C", ""},
	    {"A1c result, result of a1c", "only-near:80:A1c|only-near:80:a1c|"},
	    {"Insulin; insulin glargine pen", "drug:75:Insulin|drug:75:insulin glargine pen|"},
	    {"qq q q", "spaced:70:qq|"},
	    {"m\xc3\xa9ni\xc3\xa8re M\xc3\x89NI\xc3\x88RE", "accent:70:m\xc3\xa9ni\xc3\xa8re|accent:70:M\xc3\x89NI\xc3\x88RE|"},
	    {"insulin x22 qq", "drug:75:insulin|even:60:x22|spaced:70:qq|"}, /* in order of offset, not of rules */
	};
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);

	(void)state;
	rules_rows(set, row, COUNT(row));
	mw_ruleset_free(&set);
	assert_null(set);
}

/* Terms that overlap are one match, also where a later one joins several. */
static void test_unions(void **state)
{
	static const struct scan_row row[] = {
	    {"aa bb", "t:70:aa|t:70:bb|"},
	    {"aa bb cc", "t:70:aa bb cc|"},
	    {"aa aa bb cc dd", "t:70:aa|t:70:aa bb cc dd|"},
	    {"bb cc dd, bb", "t:70:bb|t:70:cc dd|t:70:bb|"},
	    {"aa bb cc aa bb cc dd", "t:70:aa bb cc|t:70:aa bb cc dd|"},
	};
	const struct mw_rule v[] = {
	    {.name = "t", LEVELS({70, NULL}), LIST(terms, term, "aa", "bb", "aa bb cc", "cc dd"), .whole_word = true}};
	struct mw_ruleset *set = rules_compile(v, COUNT(v));

	(void)state;
	rules_rows(set, row, COUNT(row));
	mw_ruleset_free(&set);
}

static void test_values(void **state)
{
	static const char text[] = "219-09-9998 219 09 9998 219099998 219-09-9999";
	struct mw_ruleset *set = rules_compile(sample_rules, 1);
	struct scanned s = rules_scan(set, text, sizeof(text) - 1, 100);

	(void)state;
	assert_int_equal(s.f.n, 4);
	assert_true(s.f.v[0].value == s.f.v[1].value && s.f.v[1].value == s.f.v[2].value);
	assert_true(s.f.v[0].value != s.f.v[3].value);
	mw_arena_free(&s.arena);
	mw_ruleset_free(&set);
}

static void test_findings_limit(void **state)
{
	static const char text[] = "219-09-9998 219-09-9997 219-09-9996 insulin";
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);
	struct scanned s = rules_scan(set, text, sizeof(text) - 1, 2);

	(void)state;
	assert_int_equal(s.rc, -EFBIG);
	assert_int_equal(s.f.n, 2);
	mw_arena_free(&s.arena);
	s = rules_scan(set, text, sizeof(text) - 1, 4);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.f.n, 4);
	mw_arena_free(&s.arena);
	mw_ruleset_free(&set);
}

/* A rule that finds very much leaves room for the others. */
static void test_findings_share(void **state)
{
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);
	const size_t n = 2000;
	char *text = malloc(n * 20 + 1);
	size_t at = 0, drugs = 0;
	struct scanned s;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "219-09-%04zu\n", 1000 + i);
	at += (size_t)sprintf(text + at, "insulin\n");
	s = rules_scan(set, text, at, 1024);
	assert_int_equal(s.rc, -EFBIG);
	for (size_t i = 0; i < s.f.n; i++)
		drugs += strcmp(mw_ruleset_rule(set, s.f.v[i].rule)->name, "drug") == 0;
	assert_int_equal(drugs, 1);
	assert_int_equal(s.f.n, 1024 - 1024 / 4 + 1);
	mw_arena_free(&s.arena);
	free(text);
	mw_ruleset_free(&set);
}

/* A rule of kind context is never found and is context; `least` findings must be near, and those that overlap are one. */
static void test_least(void **state)
{
	static const uint32_t others[] = {0, 1};
	const struct mw_rule v[] = {
	    {.name = "word", .kind = MW_CONTEXT, .pattern = LIT("flu"), LEVELS({70, NULL})},
	    {.name = "longer", .kind = MW_CONTEXT, .pattern = LIT("a flu|cold"), LEVELS({70, NULL})},
	    {.name = "both",
	     .kind = MW_CLINICAL,
	     .pattern = LIT("x"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 10, .least = 2, .rules = COUNT(others), .rule = others})},
	};
	static const struct scan_row row[] = {
	    {"x a flu", ""}, /* one word, whoever knows it */
	    {"x flu flu", "both:80:x|"},
	    {"flu x flu", "both:80:x|"},
	    {"a flu x cold", "both:80:x|"},
	    {"x flu          flu", ""}, /* too far */
	    {"flu flu", ""},
	};
	struct mw_ruleset *set = rules_compile(v, COUNT(v));

	(void)state;
	rules_rows(set, row, COUNT(row));
	mw_ruleset_free(&set);
}

/* Context that must stand in the match's own sentence: phrases, findings of a rule, several of them. */
static void test_sentence(void **state)
{
	static const uint32_t word[] = {0};
	const struct mw_rule v[] = {
	    {.name = "word", .kind = MW_CONTEXT, .pattern = LIT("flu"), LEVELS({70, NULL})},
	    {.name = "rule",
	     .kind = MW_CLINICAL,
	     .pattern = LIT("x"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 400, .sentence = true, .rules = 1, .rule = word})},
	    {.name = "two",
	     .kind = MW_CLINICAL,
	     .pattern = LIT("y"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 400, .sentence = true, .least = 2, .rules = 1, .rule = word})},
	    {.name = "text",
	     .kind = MW_CLINICAL,
	     .pattern = LIT("z"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 400, .sentence = true, LIST(phrases, phrase, "cold")})},
	};
	static const struct scan_row row[] = {
	    {"She is x. A flu", ""},
	    {"A flu. She is x", ""},
	    {"She is x, a flu", "rule:80:x|"},
	    {"We met. A flu is x. We left", "rule:80:x|"},
	    {"A flu is y. A flu", ""},
	    {"A flu. A flu is y", ""},
	    {"A flu is y, a flu", "two:80:y|"},
	    {"A cold. She is z. A cold", ""},
	    {"A cold is z. We left", "text:80:z|"},
	    {"We met. She is z, a cold", "text:80:z|"},
	};
	struct mw_ruleset *set = rules_compile(v, COUNT(v));

	(void)state;
	rules_rows(set, row, COUNT(row));
	mw_ruleset_free(&set);
}

/* Which findings stand first, and which rule is named first, changes nothing: findings that overlap are one, also by a third. */
static void test_least_order(void **state)
{
	static const uint32_t others[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
	static const struct scan_row row[] = {
	    {"x flu cold", ""}, /* a third rule knows both as one */
	    {"flu cold x", ""},
	    {"x a flu cold", ""}, /* a flu and flu cold overlap */
	    {"a flu cold x", ""},
	    {"x cold a flu", "two:80:x|"},
	    {"cold a flu x", "two:80:x|"},
	    {"a flu x cold", "two:80:x|"},
	    {"cold x a flu", "two:80:x|"},
	    {"x cold cold", "two:80:x|"},
	    {"cold cold x", "two:80:x|"},
	    {"x a flu", ""},
	    {"a flu x", ""},
	    {"x flu cold flu", "two:80:x|"},
	    {"flu flu cold x", "two:80:x|"},
	    {"x flu          cold", ""},
	    {"flu          cold x", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		const struct mw_rule v[] = {
		    {.name = "word", .kind = MW_CONTEXT, .pattern = LIT("flu|cold"), LEVELS({70, NULL})},
		    {.name = "longer", .kind = MW_CONTEXT, .pattern = LIT("a flu"), LEVELS({70, NULL})},
		    {.name = "both", .kind = MW_CONTEXT, .pattern = LIT("flu cold"), LEVELS({70, NULL})},
		    {.name = "two",
		     .kind = MW_CLINICAL,
		     .pattern = LIT("\\bx\\b"),
		     LEVELS({80, &when_near}),
		     LIST(near_names, near_name, "near"),
		     NEARS({.side = MW_SIDE_BOTH, .within = 12, .least = 2, .rules = COUNT(others[i]), .rule = others[i]})},
		};
		struct mw_ruleset *set = rules_compile(v, COUNT(v));

		rules_rows(set, row, COUNT(row));
		mw_ruleset_free(&set);
	}
}

/* A pattern that explodes is indeterminate, soon, and the other rules still speak. */
static void test_catastrophic(void **state)
{
	const struct mw_rule v[] = {
	    {.name = "ok", .pattern = LIT("b+"), LEVELS({70, NULL})},
	    {.name = "bad", .pattern = LIT("(a+)+$"), LEVELS({70, NULL})},
	    {.name = "ok2", .pattern = LIT("c"), LEVELS({70, NULL})},
	};
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab c";
	struct mw_ruleset *set = rules_compile(v, COUNT(v));
	char out[64];

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct scanned s = rules_scan(set, text, sizeof(text) - 1, 100);

		assert_int_equal(s.rc, -EAGAIN);
		assert_int_equal(s.rule, 1);
		rules_show(set, &s, text, out, sizeof(out));
		assert_string_equal(out, "ok:70:b|ok2:70:c|");
		mw_arena_free(&s.arena);
	}
	mw_ruleset_free(&set);
}

/* Quadratic patterns never reach PCRE2's limit for one start position; the allowance of processor time ends them. */
static void test_quadratic(void **state)
{
	const struct mw_rule v[] = {{.name = "slow", .pattern = LIT("a(?=.*b).*c@"), LEVELS({70, NULL})}};
	struct mw_ruleset *set = rules_compile(v, 1);
	size_t n = 1u << 19;
	char *text = malloc(n);
	struct scanned s;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	/* The '@' that the pattern needs is there, but never behind a letter. */
	text[n - 2] = ' ';
	text[n - 1] = '@';
	s = rules_scan(set, text, n, 100);
	assert_int_equal(s.rc, -EAGAIN);
	assert_int_equal(s.rule, 0);
	mw_arena_free(&s.arena);
	free(text);
	mw_ruleset_free(&set);
}

/* Matches around every place where one slice of start positions ends and the next begins. */
static void test_long_text(void **state)
{
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);
	size_t n = 200000;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t shift = 0; shift < 24; shift++) {
		const size_t at[] = {0, 16372 + shift, 16384 + shift, 60000, 199988};
		struct scanned s;

		memset(text, ' ', n);
		for (size_t i = 0; i < COUNT(at); i++)
			memcpy(text + at[i], "219-09-9998 ", 12);
		s = rules_scan(set, text, n, 100);
		assert_int_equal(s.rc, 0);
		assert_int_equal(s.f.n, COUNT(at));
		for (size_t i = 0; i < COUNT(at); i++)
			assert_int_equal(s.f.v[i].offset, at[i]);
		mw_arena_free(&s.arena);
	}
	free(text);
	mw_ruleset_free(&set);
}

static void test_no_memory(void **state)
{
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);
	struct mw_scratch *scratch = mw_scratch_new(set, scan_key);
	struct mw_arena *a = mw_arena_new(64);
	struct mw_findings f = {.max = 100};
	struct mw_folded folded;
	size_t rule;

	(void)state;
	assert_int_equal(mw_fold(a, mw_str("219-09-9998"), &folded), 0);
	assert_int_equal(mw_ruleset_scan(set, scratch, &folded, a, 0, 0, &f, &rule), -ENOMEM);
	assert_int_equal(f.n, 0);
	mw_arena_free(&a);
	mw_scratch_free(&scratch);
	mw_ruleset_free(&set);
}

static void *worker(void *ctx)
{
	const struct mw_ruleset *set = ctx;
	static const char text[] = "ssn 219-09-9998 a1c result insulin glargine pen x22 \xef\xbc\x91";
	size_t n = 0;

	for (int i = 0; i < 200; i++) {
		struct scanned s = rules_scan(set, text, sizeof(text) - 1, 100);

		n += s.rc == 0 ? s.f.n : 0;
		mw_arena_free(&s.arena);
	}
	return n == 800 ? ctx : NULL;
}

/* One set, two threads, each with its own scratch. Worth most under the thread sanitizer. */
static void test_threads(void **state)
{
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);
	pthread_t t[2];

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(pthread_create(t + i, NULL, worker, set), 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		void *ok = NULL;

		assert_int_equal(pthread_join(t[i], &ok), 0);
		assert_ptr_equal(ok, set);
	}
	mw_ruleset_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scan),	   cmocka_unit_test(test_unions),	  cmocka_unit_test(test_values),
	    cmocka_unit_test(test_findings_limit), cmocka_unit_test(test_findings_share), cmocka_unit_test(test_least),
	    cmocka_unit_test(test_sentence),	   cmocka_unit_test(test_least_order),	  cmocka_unit_test(test_catastrophic),
	    cmocka_unit_test(test_quadratic),	   cmocka_unit_test(test_long_text),	  cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
