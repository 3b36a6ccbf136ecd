/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/rulescan.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEAR(within_, ...)                                                                                                       \
	LIST(near_names, near_name, "near"),                                                                                     \
	    NEARS({.side = MW_SIDE_BOTH, .within = (within_), LIST(phrases, phrase, __VA_ARGS__)})

const struct mw_when when_near = {.op = MW_WHEN_NEAR};
const unsigned char scan_key[32] = "0123456789abcdef0123456789abcde";

const struct mw_rule sample_rules[SAMPLE_RULES] = {
    [SSN] = {.name = "ssn",
	     .kind = MW_IDENTIFIER,
	     .pattern = LIT("\\b\\d{3}([- ]?)\\d{2}\\1\\d{4}\\b"),
	     LEVELS({55, NULL}, {85, &when_near}),
	     NEAR(30, "ssn", "social security"),
	     LIST(excepts, except, "078-05-1120")},
    [EVEN] = {.name = "even", .kind = MW_IDENTIFIER, .pattern = LIT("x[0-9x]{2}"), .check = "even", LEVELS({60, NULL})},
    [ONLY_NEAR] = {.name = "only-near",
		   .kind = MW_CLINICAL,
		   .pattern = LIT("a1c"),
		   .caseless = true,
		   LEVELS({80, &when_near}),
		   NEAR(20, "result")},
    [DRUG] = {.name = "drug",
	      .kind = MW_CLINICAL,
	      LEVELS({75, NULL}),
	      LIST(terms, term, "insulin", "insulin glargine", "glargine pen"),
	      .whole_word = true},
    [SPACED] = {.name = "spaced", .kind = MW_CLINICAL, .pattern = LIT(" q q # comment "), .extended = true, LEVELS({70, NULL})},
    [ACCENT] = {.name = "accent", .kind = MW_CLINICAL, .pattern = LIT("M.ni\xc3\xa8re"), .caseless = true, LEVELS({70, NULL})},
};

static bool check_even(const void *inst, const char *p, size_t n)
{
	(void)inst;
	return n > 0 && strchr("02468", p[n - 1]);
}

/* The last octet is the site's. */
static bool check_site(const void *inst, const char *p, size_t n)
{
	return n > 0 && p[n - 1] == *(const char *)inst;
}

static const struct mw_check even = {"even", "", check_even, 0}, site = {"site", "", check_site, MW_CHECK_DATA};

const struct mw_check *rules_lookup(void *ctx, const char *name, const void **inst)
{
	(void)ctx;
	if (strcmp(name, "site") == 0) {
		*inst = "7";
		return &site;
	}
	if (strcmp(name, "absent") == 0)
		return &site;
	return strcmp(name, "even") == 0 ? &even : NULL;
}

void rules_report(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)snprintf(out + n, 512 - n, "%s:%zd:%s\n", r->name, (ssize_t)offset, text);
}

struct mw_ruleset *rules_compile(const struct mw_rule *v, size_t n)
{
	char out[512] = "";
	struct mw_ruleset *set = NULL;
	struct mw_err err;
	int rc = mw_ruleset_compile(v, n, rules_lookup, rules_report, out, &set, &err);

	if (rc)
		fail_msg("%d %s %s", rc, err.text, out);
	assert_int_equal(mw_ruleset_rules(set), n);
	return set;
}

struct scanned rules_scan(const struct mw_ruleset *set, const char *text, size_t n, size_t max)
{
	struct mw_scratch *scratch = mw_scratch_new(set, scan_key);
	struct scanned s = {.arena = mw_arena_new(0), .f = {.max = max}, .rule = SIZE_MAX};
	struct mw_folded folded;

	assert_non_null(scratch);
	assert_int_equal(mw_fold(s.arena, (struct mw_str){.p = text, .n = n}, &folded), 0);
	s.rc = mw_ruleset_scan(set, scratch, &folded, s.arena, 3, MW_ZONE_BODY, &s.f, &s.rule);
	mw_scratch_free(&scratch);
	return s;
}

void rules_show(const struct mw_ruleset *set, const struct scanned *s, const char *text, char *out, size_t n)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->f.n && at < n; i++) {
		const struct mw_finding *f = s->f.v + i;

		assert_int_equal(f->part, 3);
		assert_int_equal(f->zone, MW_ZONE_BODY);
		at += (size_t)snprintf(out + at, n - at, "%s:%u:%.*s|", mw_ruleset_rule(set, f->rule)->name, f->confidence,
				       (int)f->length, text + f->offset);
	}
}

void rules_rows(const struct mw_ruleset *set, const struct scan_row *row, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		struct scanned s = rules_scan(set, row[i].text, strlen(row[i].text), 100);
		char out[512];

		assert_int_equal(s.rc, 0);
		rules_show(set, &s, row[i].text, out, sizeof(out));
		assert_string_equal(out, row[i].found);
		mw_arena_free(&s.arena);
	}
}
