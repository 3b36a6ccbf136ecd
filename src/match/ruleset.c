/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset: compiles rules, and runs their samples. Everything but PCRE2's code lives in the set's arena. */
#include "match/ruleset.h"

#include "match/compiled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct mw_ruleset *set;
	mw_check_lookup lookup;
	mw_rule_report report;
	void *ctx;
	size_t words; /* of all terms */
	struct mw_cue *cue;
	size_t cues, cues_cap;
	bool refused;
};

static void refuse(struct builder *b, const struct mw_rule *r, size_t offset, const char *text)
{
	b->refused = true;
	b->report(b->ctx, r, offset, text);
}

/* Folded copies of strings of the rule. */
static int fold_all(struct mw_arena *a, const char *const *v, size_t n, const struct mw_str **ret)
{
	struct mw_str *folded = mw_arena_array(a, n, sizeof(*folded));
	struct mw_folded f;

	if (!folded)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int rc = mw_fold(a, mw_str(v[i]), &f);

		if (rc < 0)
			return rc;
		folded[i] = f.text;
	}
	*ret = folded;
	return 0;
}

static int add_cues(struct builder *b, const struct mw_compiled *c, const struct mw_str *phrase)
{
	struct mw_cue *v = mw_arena_grow(b->set->arena, b->cue, &b->cues_cap, b->cues + c->rule->nears, sizeof(*v));

	if (!v)
		return -ENOMEM;
	b->cue = v;
	for (size_t i = 0; i < c->rule->nears; i++)
		b->cue[b->cues++] = (struct mw_cue){.phrase = phrase[i], .rule = (uint32_t)(c - b->set->rule)};
	return 0;
}

static int build_context(struct builder *b, struct mw_compiled *c)
{
	const struct mw_str *phrase;
	int rc;

	if (c->rule->nears == 0)
		return 0;
	rc = fold_all(b->set->arena, c->rule->near, c->rule->nears, &phrase);
	if (rc < 0)
		return rc;
	c->context = mw_context_new(b->set->arena, phrase, c->rule->nears, c->rule->within);
	if (!c->context)
		return -ENOMEM;
	c->needs_cue = c->pattern && c->rule->level == 0;
	return c->needs_cue ? add_cues(b, c, phrase) : 0;
}

static int build_pattern(struct builder *b, struct mw_compiled *c)
{
	const struct mw_rule *r = c->rule;
	size_t offset = SIZE_MAX;
	char text[128] = "";
	int rc;

	rc = mw_pattern_new(r->pattern, r->caseless, r->extended, &c->pattern, &offset, text);
	if (rc == -EINVAL)
		refuse(b, r, offset, text);
	return rc == -EINVAL ? 0 : rc;
}

/* Terms are only counted here: the tree is built when its size is known. */
static void count_terms(struct builder *b, const struct mw_rule *r)
{
	struct mw_arena *a = b->set->arena;

	for (size_t i = 0; i < r->terms; i++) {
		struct mw_folded f;
		size_t n = mw_fold(a, mw_str(r->term[i]), &f) < 0 ? 0 : mw_terms_count(f.text);
		char *text;

		b->words += n;
		if (n)
			continue;
		text = mw_arena_printf(
		    a,
		    "term %zu of the list can not be found: a term is 1 to %d words of at most 64 octets, with one sign "
		    "between two words",
		    i + 1, MW_TERM_WORDS);
		refuse(b, r, SIZE_MAX, text ? text : "a term can not be found");
	}
}

static int build_rule(struct builder *b, struct mw_compiled *c, const struct mw_rule *r)
{
	int rc;

	c->rule = r;
	if (!r->pattern.n == !r->terms)
		refuse(b, r, SIZE_MAX, r->terms ? "a rule has a pattern or terms, not both" : "a rule needs a pattern or terms");
	if (r->level > 100 || r->level_near > 100 || (!r->level && (!r->level_near || !r->nears)))
		refuse(b, r, SIZE_MAX, "this level never gives a finding");
	if (r->check) {
		c->check = b->lookup ? b->lookup(b->ctx, r->check, &c->inst) : NULL;
		if (!c->check)
			refuse(b, r, SIZE_MAX, "unknown check");
	}
	rc = r->pattern.n ? build_pattern(b, c) : 0;
	if (rc == 0)
		rc = build_context(b, c);
	if (rc == 0)
		rc = fold_all(b->set->arena, r->except, r->excepts, &c->except);
	c->excepts = r->excepts;
	count_terms(b, r);
	return rc;
}

static int build_cues(struct builder *b)
{
	if (b->cues == 0)
		return 0;
	b->set->cues = mw_cues_new(b->set->arena, b->cue, b->cues);
	return b->set->cues ? 0 : -ENOMEM;
}

static int build_terms(struct builder *b)
{
	struct mw_ruleset *set = b->set;

	if (b->words == 0)
		return 0;
	set->terms = mw_terms_new(set->arena, b->words);
	if (!set->terms)
		return -ENOMEM;
	for (size_t i = 0; i < set->n; i++) {
		const struct mw_rule *r = set->rule[i].rule;

		for (size_t k = 0; k < r->terms; k++) {
			struct mw_folded f;
			int rc = mw_fold(set->arena, mw_str(r->term[k]), &f);

			if (rc == 0)
				rc = mw_terms_add(set->terms, set->arena, f.text, (uint32_t)i, r->whole_word);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

int mw_ruleset_compile(const struct mw_rule *rules, size_t n, mw_check_lookup lookup, mw_rule_report report, void *ctx,
		       struct mw_ruleset **ret, struct mw_err *err)
{
	struct mw_ruleset *set = calloc(1, sizeof(*set));
	struct builder b = {.set = set, .lookup = lookup, .report = report, .ctx = ctx};
	int rc = 0;

	if (!set)
		return mw_fail_memory(err);
	set->arena = mw_arena_new(0);
	set->rule = set->arena && n < UINT32_MAX ? mw_arena_array(set->arena, n, sizeof(*set->rule)) : NULL;
	if (!set->rule)
		rc = -ENOMEM;
	for (size_t i = 0; i < n && rc == 0; i++) {
		set->n = i + 1;
		rc = build_rule(&b, set->rule + i, rules + i);
	}
	if (rc == 0 && !b.refused)
		rc = build_terms(&b);
	if (rc == 0)
		rc = build_cues(&b);
	if (rc == 0 && b.refused)
		rc = mw_fail(err, -EINVAL, "rules do not compile");
	else if (rc < 0)
		rc = mw_fail_memory(err);
	if (rc < 0)
		mw_ruleset_free(&set);
	else
		*ret = set;
	return rc;
}

size_t mw_ruleset_rules(const struct mw_ruleset *set)
{
	return set->n;
}

const struct mw_rule *mw_ruleset_rule(const struct mw_ruleset *set, size_t i)
{
	return i < set->n ? set->rule[i].rule : NULL;
}

void mw_ruleset_free(struct mw_ruleset **set)
{
	if (!*set)
		return;
	for (size_t i = 0; i < (*set)->n; i++)
		mw_pattern_free(&(*set)->rule[i].pattern);
	mw_arena_free(&(*set)->arena);
	free(*set);
	*set = NULL;
}

/* ---- samples ----------------------------------------------------------------------------------------------------------------
 */

/* Does the rule give a finding in this text? Every finding has at least the lowest level that the rule gives. 1, 0 or negative.
 */
static int sample_found(const struct mw_ruleset *set, struct mw_scratch *scratch, size_t rule, struct mw_str text)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings found = {.max = 1000};
	struct mw_folded folded;
	size_t limited;
	int rc;

	if (!a)
		return -ENOMEM;
	rc = mw_fold(a, text, &folded);
	if (rc == 0)
		rc = mw_scan(set, scratch, &folded, a, rule, 0, 0, &found, &limited);
	mw_arena_free(&a);
	return rc < 0 && rc != -EFBIG ? rc : found.n > 0;
}

static int run_samples(const struct mw_ruleset *set, struct mw_scratch *scratch, size_t rule, bool is_hit,
		       mw_sample_report report, void *ctx, int *failed)
{
	const struct mw_rule *r = set->rule[rule].rule;
	const struct mw_sample *v = is_hit ? r->hit : r->miss;
	size_t n = is_hit ? r->hits : r->misses;

	for (size_t i = 0; i < n; i++) {
		int rc = sample_found(set, scratch, rule, v[i].text);

		if (rc < 0 && rc != -EAGAIN)
			return rc;
		/* A limit that was reached is neither found nor not found. */
		if (rc == (is_hit ? 1 : 0))
			continue;
		*failed += *failed < INT32_MAX;
		report(ctx, r, v + i, is_hit);
	}
	return 0;
}

int mw_ruleset_samples(const struct mw_ruleset *set, mw_sample_report report, void *ctx, struct mw_err *err)
{
	static const unsigned char key[32];
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	int failed = 0, rc = scratch ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->n && rc == 0; i++) {
		rc = run_samples(set, scratch, i, true, report, ctx, &failed);
		if (rc == 0)
			rc = run_samples(set, scratch, i, false, report, ctx, &failed);
	}
	mw_scratch_free(&scratch);
	return rc < 0 ? mw_fail(err, rc, "samples: %s", strerror(-rc)) : failed;
}
