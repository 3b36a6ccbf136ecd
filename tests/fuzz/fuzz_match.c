/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_match: any octets as a text: folding and its map back, tokens, lists of terms, patterns, context, digests. */
#include "match/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIT(s)                                                                                                                   \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SHOWN(v) .phrases = sizeof(v) / sizeof(*(v)), .phrase = (v)

static const char *const words[] = {"ssn", "social security", "ss#", "r\xc3\xa9sultat"};
static const char *const street[] = {"ave", "street"};
static const char *const except[] = {"078-05-1120", "\xef\xbc\x91"};
static const char *const whole[] = {"diabetes", "type 2 diabetes mellitus", "crohn's disease", "E11.9",
				    "a b c d e f g h i j k l m n o p"};
static const char *const open[] = {"onco", "chronic nephr", "s"};
static const char *const names[] = {"near", "street", "who"};
static const uint32_t sources[] = {0, 3};
static const struct mw_when near = {.op = MW_WHEN_NEAR, .n = 0};
static const struct mw_when is_street = {.op = MW_WHEN_NEAR, .n = 1};
static const struct mw_when who = {.op = MW_WHEN_NEAR, .n = 2};
static const struct mw_when column = {.op = MW_WHEN_COLUMN};
static const struct mw_when quoted = {.op = MW_WHEN_ZONE, .n = MW_ZONE_QUOTED};
static const struct mw_when both = {.op = MW_WHEN_AND, .a = &near, .b = &column};
static const struct mw_when far = {.op = MW_WHEN_NOT, .a = &near};
static const struct mw_when no_street = {.op = MW_WHEN_AND, .a = &is_street, .b = &far};
static const struct mw_near nears[] = {
    {.name = 0, .side = MW_SIDE_BOTH, .within = 20, SHOWN(words)},
    {.name = 1, .side = MW_SIDE_AFTER, .within = 12, SHOWN(street)},
    {.name = 2, .side = MW_SIDE_BEFORE, .within = 40, .rules = 2, .rule = sources},
    {.name = 2, .side = MW_SIDE_AFTER, .within = 7, .rules = 2, .rule = sources},
};
static const struct mw_level always[] = {{50, NULL}};
static const struct mw_level twice[] = {{50, NULL}, {85, &near}};
static const struct mw_level only[] = {{50, &near}};
static const struct mw_level many[] = {{40, NULL}, {70, &near}, {90, &both}, {60, &quoted}, {0, &no_street}};
static const struct mw_level of_rules[] = {{70, &who}, {80, &column}};
static const struct mw_except_pattern except_pattern[] = {{.pattern = LIT("^(?:123|987)")}};
#define NAMES .near_names = 3, .near_name = names
static const struct mw_rule rules[] = {
    {.name = "number",
     .pattern = LIT("\\b\\d{3}([- ]?)\\d{2}\\1\\d{4}\\b"),
     .check = "odd",
     NAMES,
     .nears = 2,
     .near = nears,
     .levels = 5,
     .level = many,
     .excepts = 2,
     .except = except,
     .except_patterns = 1,
     .except_pattern = except_pattern},
    {.name = "class", .pattern = LIT("[^a-z]{2,5}\xc3\xa9?"), .caseless = true, .levels = 1, .level = always},
    {.name = "mail",
     .pattern = LIT("(?<![\\w.])\\w{1,64}@\\w+(?:\\.\\w+)+"),
     NAMES,
     .nears = 1,
     .near = nears,
     .levels = 1,
     .level = only},
    {.name = "whole", .levels = 1, .level = always, .terms = 5, .term = whole, .whole_word = true},
    {.name = "open", NAMES, .nears = 2, .near = nears, .levels = 2, .level = twice, .terms = 3, .term = open},
    {.name = "person", .pattern = LIT("[A-Z][a-z]+"), NAMES, .nears = 4, .near = nears, .levels = 2, .level = of_rules},
};

static bool odd(const void *inst, const char *p, size_t n)
{
	(void)inst;
	return n > 0 && (p[n - 1] & 1);
}

static const struct mw_check *lookup(void *ctx, const char *name, const void **inst)
{
	static const struct mw_check check = {"odd", "", odd, 0};

	(void)inst;
	(void)ctx;
	(void)name;
	return &check;
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)r;
	(void)offset;
	(void)text;
	abort();
}

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_map(const struct mw_folded *f, size_t size)
{
	size_t last = 0;

	must(f->origin_n == size && mw_fold_origin(f, f->text.n) == size);
	for (size_t i = 0; i < f->text.n; i++) {
		size_t origin = mw_fold_origin(f, i), end = mw_fold_end(f, i + 1);

		must(origin >= last && origin < size && end > origin && end <= size);
		last = origin;
	}
}

static void check_findings(const struct mw_findings *v, size_t size)
{
	for (size_t i = 0; i < v->n; i++) {
		must(v->v[i].length > 0 && v->v[i].offset < size && v->v[i].length <= size - v->v[i].offset);
		must(v->v[i].confidence > 0 && v->v[i].rule < sizeof(rules) / sizeof(*rules));
		must(i == 0 || v->v[i - 1].offset <= v->v[i].offset);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char key[32] = "fuzz";
	static struct mw_ruleset *set;
	static struct mw_scratch *scratch;
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings v = {.max = 10000};
	struct mw_folded folded;
	size_t rule;
	int rc;

	if (!set) {
		must(mw_ruleset_compile(rules, sizeof(rules) / sizeof(*rules), lookup, refused, NULL, &set, NULL) == 0);
		scratch = mw_scratch_new(set, key);
	}
	must(a && scratch);
	must(mw_fold(a, (struct mw_str){.p = (const char *)data, .n = size}, &folded) == 0);
	check_map(&folded, size);
	rc = mw_ruleset_scan(set, scratch, &folded, a, 0, MW_ZONE_BODY, &v, &rule);
	must(rc == 0 || rc == -EAGAIN || rc == -EFBIG);
	check_findings(&v, size);
	mw_arena_free(&a);
	return 0;
}
