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

static const char *const near[] = {"ssn", "social security", "ss#", "r\xc3\xa9sultat"};
static const char *const except[] = {"078-05-1120", "\xef\xbc\x91"};
static const char *const whole[] = {"diabetes", "type 2 diabetes mellitus", "crohn's disease", "E11.9",
				    "a b c d e f g h i j k l m n o p"};
static const char *const open[] = {"onco", "chronic nephr", "s"};
static const struct mw_rule rules[] = {
    {.name = "number",
     .pattern = LIT("\\b\\d{3}([- ]?)\\d{2}\\1\\d{4}\\b"),
     .check = "odd",
     .level = 50,
     .level_near = 85,
     .nears = 4,
     .near = near,
     .within = 20,
     .excepts = 2,
     .except = except},
    {.name = "class", .pattern = LIT("[^a-z]{2,5}\xc3\xa9?"), .caseless = true, .level = 50, .level_near = 50},
    {.name = "mail",
     .pattern = LIT("(?<![\\w.])\\w{1,64}@\\w+(?:\\.\\w+)+"),
     .level_near = 50,
     .nears = 1,
     .near = near,
     .within = 60},
    {.name = "whole", .level = 75, .level_near = 75, .terms = 5, .term = whole, .whole_word = true},
    {.name = "open", .level = 40, .level_near = 80, .nears = 2, .near = near, .within = 5, .terms = 3, .term = open},
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
	rc = mw_ruleset_scan(set, scratch, &folded, a, 0, 0, &v, &rule);
	must(rc == 0 || rc == -EAGAIN || rc == -EFBIG);
	check_findings(&v, size);
	mw_arena_free(&a);
	return 0;
}
