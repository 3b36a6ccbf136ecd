/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hunt: "flags pattern \n text" in any octets: what a pattern finds must be the same when PCRE2 looks everywhere and when it
 * looks where triggers are; the reader of patterns must survive every pattern.
 */
#include "match/ruleset.h"
#include "match/syntax.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)r;
	(void)offset;
	(void)text;
}

/* What a rule set finds; false: a limit was reached. */
static bool scan(const struct mw_ruleset *set, const struct mw_folded *f, struct mw_arena *a, struct mw_findings *v)
{
	static const unsigned char key[32] = "fuzz";
	struct mw_scratch *s = mw_scratch_new(set, key);
	size_t rule;
	int rc;

	must(s != NULL);
	*v = (struct mw_findings){.max = 100000};
	rc = mw_ruleset_scan(set, s, f, a, 0, 0, v, &rule);
	must(rc == 0 || rc == -EAGAIN || rc == -EFBIG);
	mw_scratch_free(&s);
	return rc == 0;
}

static void compare(const struct mw_rule *rule, struct mw_str text)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_ruleset *set = NULL;
	struct mw_findings fast, slow;
	struct mw_folded f;
	bool fast_done, slow_done;

	must(a && mw_fold(a, text, &f) == 0);
	(void)mw_syntax_read(a, rule->pattern, rule->caseless, rule->extended);
	if (mw_ruleset_compile(rule, 1, NULL, refused, NULL, &set, NULL) == 0) {
		fast_done = scan(set, &f, a, &fast);
		mw_ruleset_plain(set);
		slow_done = scan(set, &f, a, &slow);
		if (fast_done && slow_done)
			must(fast.n == slow.n && (fast.n == 0 || memcmp(fast.v, slow.v, fast.n * sizeof(*fast.v)) == 0));
		mw_ruleset_free(&set);
	}
	mw_arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mw_level level = {.confidence = 50};
	struct mw_rule rule = {.name = "r", .kind = MW_IDENTIFIER, .levels = 1, .level = &level};
	const uint8_t *line = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
	size_t n = line ? (size_t)(line - data) : 0;

	if (n < 2 || n > 500)
		return 0;
	rule.caseless = data[0] & 1;
	rule.extended = data[0] & 2;
	rule.pattern = (struct mw_str){.p = (const char *)data + 1, .n = n - 1};
	compare(&rule, (struct mw_str){.p = (const char *)line + 1, .n = size - n - 1});
	return 0;
}
