/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset: compiles rules, and runs their samples. Everything but PCRE2's code lives in the set's arena. */
#include "match/ruleset.h"

#include "match/compiled.h"
#include "match/hunt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct mw_ruleset *set;
	const struct mw_rule *rules;
	size_t n;
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

static int add_cues(struct builder *b, const struct mw_compiled *c, uint32_t name, const struct mw_str *phrase, size_t n)
{
	struct mw_cue *v = mw_arena_grow(b->set->arena, b->cue, &b->cues_cap, b->cues + n, sizeof(*v));

	if (!v)
		return -ENOMEM;
	b->cue = v;
	for (size_t i = 0; i < n; i++)
		b->cue[b->cues++] = (struct mw_cue){.phrase = phrase[i], .rule = (uint32_t)(c - b->set->rule), .name = name};
	return 0;
}

/* The phrases of an entry. */
static int build_phrases(struct builder *b, const struct mw_compiled *c, struct mw_compiled_near *near)
{
	const struct mw_near *entry = near->near;
	const struct mw_str *phrase;
	int rc = fold_all(b->set->arena, entry->phrase, entry->phrases, &phrase);

	if (rc < 0)
		return rc;
	near->context = mw_context_new(b->set->arena, phrase, entry->phrases, entry->side, entry->within);
	if (!near->context)
		return -ENOMEM;
	return c->wake->asks >> entry->name & 1u ? add_cues(b, c, entry->name, phrase, entry->phrases) : 0;
}

/* The rules of an entry. What is in shadow decides nothing, so it is no context of a rule that is not. */
static int build_sources(struct builder *b, struct mw_compiled *c, struct mw_compiled_near *near)
{
	const struct mw_near *entry = near->near;
	uint32_t *rule = mw_arena_array(b->set->arena, entry->rules, sizeof(*rule));
	uint32_t *cue = mw_arena_array(b->set->arena, entry->rules, sizeof(*cue));

	if (!rule || !cue)
		return -ENOMEM;
	for (size_t i = 0; i < entry->rules; i++) {
		if (entry->rule[i] >= b->n) {
			refuse(b, c->rule, SIZE_MAX, "a rule of \"near\" is not there");
			continue;
		}
		if (b->rules[entry->rule[i]].shadow && !c->rule->shadow)
			continue;
		rule[near->rules] = entry->rule[i];
		c->source[entry->name * b->set->words + entry->rule[i] / 64] |= (uint64_t)1 << (entry->rule[i] % 64);
		cue[near->rules++] = near->cue + (uint32_t)i;
		b->set->rule[entry->rule[i]].is_source = true;
	}
	near->rule = rule;
	near->rule_cue = cue;
	return 0;
}

static int build_context(struct builder *b, struct mw_compiled *c)
{
	const struct mw_rule *r = c->rule;
	uint32_t cue = 0, phrased = 0;
	int rc = 0;

	c->near = mw_arena_array(b->set->arena, r->nears, sizeof(*c->near));
	c->source = mw_arena_array(b->set->arena, r->near_names * b->set->words, sizeof(*c->source));
	c->wake = mw_arena_alloc(b->set->arena, sizeof(*c->wake));
	if (!c->near || !c->source || !c->wake)
		return -ENOMEM;
	for (size_t i = 0; i < r->nears; i++)
		phrased |= r->near[i].phrases ? 1u << r->near[i].name : 0;
	mw_wake_make(r, ~phrased, c->wake);
	for (size_t i = 0; i < r->nears && rc == 0; i++) {
		const struct mw_near *entry = r->near + i;

		c->near[i] = (struct mw_compiled_near){.near = entry, .cue = cue};
		rc = entry->phrases ? build_phrases(b, c, &c->near[i]) : build_sources(b, c, &c->near[i]);
		cue += (uint32_t)(entry->phrases + entry->rules);
	}
	return rc;
}

static int build_excepts(struct builder *b, struct mw_compiled *c)
{
	const struct mw_rule *r = c->rule;
	char text[128] = "";
	int rc = fold_all(b->set->arena, r->except, r->excepts, &c->except);

	if (rc < 0)
		return rc;
	c->excepts = r->excepts;
	c->except_pattern = mw_arena_array(b->set->arena, r->except_patterns, sizeof(*c->except_pattern));
	if (!c->except_pattern)
		return -ENOMEM;
	b->set->has_except_patterns |= r->except_patterns > 0;
	for (size_t i = 0; i < r->except_patterns; i++) {
		const struct mw_except_pattern *e = r->except_pattern + i;
		size_t offset;

		rc = mw_pattern_new(e->pattern, e->caseless, e->extended, &c->except_pattern[i], &offset, text);
		if (rc == -EINVAL)
			refuse(b, r, SIZE_MAX, text);
		else if (rc < 0)
			return rc;
	}
	return 0;
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

static bool weights_are_good(const struct mw_rule *r, const struct mw_weights *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].name >= r->near_names || w->v[i].points > MW_POINTS_MAX || w->v[i].points < -MW_POINTS_MAX)
			return false;
	return w->n <= MW_NEAR_NAMES_MAX;
}

/* Names out of bounds and levels over 100 come from no checked policy. */
static bool levels_are_good(const struct mw_rule *r)
{
	for (size_t i = 0; i < r->levels; i++) {
		const struct mw_when *w = mw_when_weight(r->level[i].when);

		if (r->level[i].confidence > 100 || (w && !weights_are_good(r, w->weights)))
			return false;
	}
	for (size_t i = 0; i < r->nears; i++)
		if (r->near[i].name >= r->near_names)
			return false;
	return r->near_names <= MW_NEAR_NAMES_MAX && mw_level_possible(r);
}

static int build_rule(struct builder *b, struct mw_compiled *c, const struct mw_rule *r)
{
	int rc;

	c->rule = r;
	if (!r->pattern.n == !r->terms)
		refuse(b, r, SIZE_MAX, r->terms ? "a rule has a pattern or terms, not both" : "a rule needs a pattern or terms");
	if (!levels_are_good(r)) {
		refuse(b, r, SIZE_MAX, "this level never gives a finding");
		return 0;
	}
	if (r->check) {
		c->check = b->lookup ? b->lookup(b->ctx, r->check, &c->inst) : NULL;
		if (!c->check)
			refuse(b, r, SIZE_MAX, "unknown check");
	}
	rc = r->pattern.n ? build_pattern(b, c) : 0;
	if (rc == 0)
		rc = build_context(b, c);
	if (rc == 0)
		rc = build_excepts(b, c);
	count_terms(b, r);
	return rc;
}

/* The stage of a rule whose context is all in earlier stages; UINT32_MAX: some of it is not known yet. */
static uint32_t stage_of(const struct mw_ruleset *set, const struct mw_compiled *c)
{
	uint32_t stage = 0;

	for (size_t i = 0; i < c->rule->nears; i++)
		for (size_t k = 0; k < c->near[i].rules; k++) {
			uint32_t below = set->rule[c->near[i].rule[k]].stage;

			if (below == UINT32_MAX)
				return UINT32_MAX;
			stage = below + 1 > stage ? below + 1 : stage;
		}
	return stage;
}

/* Each round finds at least one stage; the checker allows no long chains, so there are few rounds. */
static void build_stages(struct builder *b)
{
	struct mw_ruleset *set = b->set;
	bool more = true;

	for (size_t i = 0; i < set->n; i++)
		set->rule[i].stage = UINT32_MAX;
	while (more) {
		more = false;
		for (size_t i = 0; i < set->n; i++) {
			struct mw_compiled *c = set->rule + i;

			if (c->stage != UINT32_MAX)
				continue;
			c->stage = stage_of(set, c);
			more |= c->stage != UINT32_MAX;
			if (c->stage != UINT32_MAX && c->stage >= set->stages)
				set->stages = c->stage + 1;
		}
	}
	for (size_t i = 0; i < set->n; i++)
		if (set->rule[i].stage == UINT32_MAX)
			refuse(b, set->rule[i].rule, SIZE_MAX, "rules are context of one another in a circle");
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
	struct builder b = {.set = set, .rules = rules, .n = n, .lookup = lookup, .report = report, .ctx = ctx};
	int rc = 0;

	if (!set)
		return mw_fail_memory(err);
	set->arena = mw_arena_new(0);
	set->rule = set->arena && n < UINT32_MAX ? mw_arena_array(set->arena, n, sizeof(*set->rule)) : NULL;
	if (!set->rule)
		rc = -ENOMEM;
	set->words = (n + 63) / 64;
	for (size_t i = 0; i < n && rc == 0; i++) {
		set->n = i + 1;
		rc = build_rule(&b, set->rule + i, rules + i);
	}
	if (rc == 0 && !b.refused)
		rc = build_terms(&b);
	if (rc == 0)
		rc = build_cues(&b);
	if (rc == 0 && !b.refused)
		build_stages(&b);
	if (rc == 0 && !b.refused)
		rc = mw_hunt_prepare(set);
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
	for (size_t i = 0; i < (*set)->n; i++) {
		struct mw_compiled *c = (*set)->rule + i;

		mw_pattern_free(&c->pattern);
		for (size_t k = 0; c->except_pattern && k < c->rule->except_patterns; k++)
			mw_pattern_free(&c->except_pattern[k]);
	}
	mw_hunt_free(*set);
	mw_arena_free(&(*set)->arena);
	free(*set);
	*set = NULL;
}

/* ---- samples ----------------------------------------------------------------------------------------------------------------
 */

/* Does the rule give a finding in this sample that is as sure as it says, as one of this zone? 1, 0 or negative. */
static int found_in_zone(const struct mw_ruleset *set, struct mw_scratch *scratch, size_t rule, const struct mw_sample *sample,
			 uint32_t zone)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings found = {.max = 1000};
	struct mw_folded folded;
	bool any = false;
	size_t limited;
	int rc;

	if (!a)
		return -ENOMEM;
	rc = mw_fold(a, sample->text, &folded);
	if (rc == 0)
		rc = mw_scan(set, scratch, &folded, a, rule, 0, zone, &found, &limited);
	for (size_t i = 0; i < found.n; i++)
		any |= found.v[i].confidence >= sample->level;
	mw_arena_free(&a);
	return rc < 0 && rc != -EFBIG ? rc : any;
}

/* A sample stands nowhere, so every rule looks into it; where levels depend on the zone, one of the zones will do. */
static int sample_found(const struct mw_ruleset *set, struct mw_scratch *scratch, size_t rule, const struct mw_sample *sample)
{
	uint32_t last = mw_level_asks_zone(set->rule[rule].rule) ? MW_ZONE_LAST : 0;
	int rc = 0;

	for (uint32_t zone = 0; zone <= last && rc == 0; zone++)
		rc = found_in_zone(set, scratch, rule, sample, zone);
	return rc;
}

/* 0; 1: that is enough of this rule; or negative. */
static int run_samples(const struct mw_ruleset *set, struct mw_scratch *scratch, size_t rule, bool is_hit,
		       mw_sample_report report, void *ctx, int *failed)
{
	const struct mw_rule *r = set->rule[rule].rule;
	const struct mw_sample *v = is_hit ? r->hit : r->miss;
	size_t n = is_hit ? r->hits : r->misses;

	for (size_t i = 0; i < n; i++) {
		int rc = sample_found(set, scratch, rule, &v[i]);

		if (rc < 0 && rc != -EAGAIN)
			return rc;
		/* A limit that was reached is neither found nor not found. */
		if (rc == (is_hit ? 1 : 0))
			continue;
		*failed += *failed < INT32_MAX;
		if (!report(ctx, r, v + i, is_hit))
			return 1;
	}
	return 0;
}

int mw_ruleset_samples(const struct mw_ruleset *set, mw_sample_report report, void *ctx, struct mw_err *err)
{
	static const unsigned char key[32];
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	int failed = 0, rc = scratch ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->n && rc >= 0; i++) {
		rc = run_samples(set, scratch, i, true, report, ctx, &failed);
		if (rc == 0)
			rc = run_samples(set, scratch, i, false, report, ctx, &failed);
	}
	mw_scratch_free(&scratch);
	return rc < 0 ? mw_fail(err, rc, "samples: %s", strerror(-rc)) : failed;
}
