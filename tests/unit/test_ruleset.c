/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset: which rules are refused, and what their samples say. */
#include "unit/rulescan.h"

#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bad rules, one by one: where and why. */
static void test_refused(void **state)
{
	const struct {
		struct mw_rule rule;
		const char *why;
	} row[] = {
	    {{.name = "r", .pattern = LIT("ab(c"), LEVELS({1, NULL})}, "r:4:missing closing parenthesis"},
	    {{.name = "r", .pattern = LIT("a\\C"), LEVELS({1, NULL})}, "r:3:using \\C is disabled"},
	    {{.name = "r", .pattern = LIT("a\xff"), LEVELS({1, NULL})}, "r:1:UTF-8 error"},
	    {{.name = "r", LEVELS({1, NULL})}, "r:-1:a rule needs a pattern or terms"},
	    {{.name = "r", .pattern = LIT("a"), LEVELS({1, NULL}), LIST(terms, term, "b")},
	     "r:-1:a rule has a pattern or terms, not both"},
	    {{.name = "r", .pattern = LIT("a"), LEVELS({1, NULL}), .check = "evn"}, "r:-1:unknown check"},
	    {{.name = "r", .pattern = LIT("a"), LEVELS({101, NULL})}, "r:-1:this level never"},
	    {{.name = "r", .pattern = LIT("a")}, "r:-1:this level never"},
	    {{.name = "r", .pattern = LIT("a"), LIST(near_names, near_name, "near"), LEVELS({0, &when_near})},
	     "r:-1:this level never"},
	    {{.name = "r", LEVELS({1, NULL}), LIST(terms, term, "b", " . ")}, "r:-1:term 2 of the list"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char out[512] = "";
		struct mw_ruleset *set = NULL;
		struct mw_err err = {0};

		assert_int_equal(mw_ruleset_compile(&row[i].rule, 1, rules_lookup, rules_report, out, &set, &err), -EINVAL);
		assert_null(set);
		assert_int_equal(err.code, -EINVAL);
		if (strncmp(out, row[i].why, strlen(row[i].why)) != 0)
			fail_msg("%s, not %s", out, row[i].why);
	}
}

struct failed {
	char out[256];
	bool enough; /* of a rule, after the first */
};

static bool sample_failed(void *ctx, const struct mw_rule *r, const struct mw_sample *s, bool is_hit)
{
	char *out = ((struct failed *)ctx)->out;
	size_t n = strlen(out);

	(void)snprintf(out + n, 256 - n, "%s:%s:%.*s|", r->name, is_hit ? "hit" : "miss", (int)s->text.n, s->text.p);
	return !((struct failed *)ctx)->enough;
}

static void test_samples(void **state)
{
	static const struct mw_sample hit[] = {{.text = LIT("219-09-9998")}, {.text = LIT("219-09-999")}};
	static const struct mw_sample miss[] = {{.text = LIT("nothing")}, {.text = LIT("219-09-9998")}};
	static const struct mw_sample drug[] = {{.text = LIT("insulin")}};
	static const struct mw_sample bad[] = {{.text = LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")}};
	struct mw_rule v[] = {
	    sample_rules[SSN], sample_rules[DRUG], {.name = "bad", .pattern = LIT("(a+)+$"), LEVELS({70, NULL})}};
	struct failed f = {.enough = false};
	struct mw_ruleset *set;
	struct mw_err err;

	(void)state;
	v[0].hit = hit;
	v[0].miss = miss;
	v[0].hits = v[0].misses = 2;
	v[1].hit = drug;
	v[1].miss = miss;
	v[1].hits = v[1].misses = 1;
	v[2].miss = bad;
	v[2].misses = 1;
	set = rules_compile(v, COUNT(v));
	assert_int_equal(mw_ruleset_samples(set, sample_failed, &f, &err), 3);
	assert_string_equal(f.out, "ssn:hit:219-09-999|ssn:miss:219-09-9998|"
				   "bad:miss:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab|");
	f = (struct failed){.enough = true};
	assert_int_equal(mw_ruleset_samples(set, sample_failed, &f, &err), 2);
	assert_string_equal(f.out, "ssn:hit:219-09-999|bad:miss:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab|");
	mw_ruleset_free(&set);
}

/* A check with data of a site: asked in a scan, passed in a sample, nothing without the data. */
static void test_data(void **state)
{
	static const struct mw_sample hit[] = {{.text = LIT("m1")}};
	struct mw_rule v[] = {
	    {.name = "here", .pattern = LIT("m\\d"), .check = "site", LEVELS({70, NULL}), .hits = 1, .hit = hit},
	    {.name = "absent", .pattern = LIT("m\\d"), .check = "absent", LEVELS({70, NULL}), .hits = 1, .hit = hit},
	};
	struct failed f = {.enough = false};
	struct mw_ruleset *set = rules_compile(v, COUNT(v));
	struct mw_err err;
	struct scanned s = rules_scan(set, "m6 m7", 5, 10);

	(void)state;
	assert_int_equal(mw_ruleset_samples(set, sample_failed, &f, &err), 0);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.f.n, 1);
	assert_int_equal(s.f.v[0].rule, 0);
	assert_int_equal(s.f.v[0].offset, 3);
	mw_arena_free(&s.arena);
	mw_ruleset_free(&set);
}

static void tell(void *ctx, const struct mw_judgement *j)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)snprintf(out + n, 256 - n, "%d:%u:%u at %u+%u, near %x|", j->judged, j->zone, j->confidence, (unsigned)j->offset,
		       (unsigned)j->length, j->names);
}

/* Each match of one rule, also of one that a text without its context would not be searched for; the same is found. */
static void test_tell(void **state)
{
	static const struct {
		size_t rule;
		const char *text, *told;
		size_t found;
	} row[] = {
	    {SSN, "078-05-1120, ssn 219-09-9998", "2:3:0 at 0+11, near 1|5:3:85 at 17+11, near 1|", 1},
	    {EVEN, "x11 x12", "1:3:0 at 0+3, near 0|5:3:60 at 4+3, near 0|", 1},
	    {ONLY_NEAR, "a1c", "4:3:0 at 0+3, near 0|", 0},
	    {ONLY_NEAR, "the a1c result", "5:3:80 at 4+3, near 1|", 1},
	    {DRUG, "no \xc3\xa9 insulin", "5:3:75 at 6+7, near 0|", 1},
	    {ACCENT, "insulin", "", 1},
	};
	struct mw_ruleset *set = rules_compile(sample_rules, SAMPLE_RULES);

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct mw_scratch *scratch = mw_scratch_new(set, scan_key);
		struct mw_arena *a = mw_arena_new(0);
		struct mw_findings f = {.max = 10};
		struct mw_folded folded;
		char out[256] = "";
		size_t rule;

		assert_int_equal(mw_fold(a, mw_str(row[i].text), &folded), 0);
		mw_scratch_tell(scratch, row[i].rule, tell, out);
		assert_int_equal(mw_ruleset_scan(set, scratch, &folded, a, 3, MW_ZONE_BODY, &f, &rule), 0);
		assert_string_equal(out, row[i].told);
		assert_int_equal(f.n, row[i].found);
		mw_scratch_free(&scratch);
		mw_arena_free(&a);
	}
	mw_ruleset_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_data),
	    cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
