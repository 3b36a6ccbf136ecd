/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: runs a rule set over one text. Rules whose context are findings of other rules run behind those, so there are stages;
 * most rules are in the first one. Patterns (hunt.c) and lists of terms propose matches, judge.c says what they are worth.
 */
#include "match/compiled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_KEEP 4096u /* room that stays with the scratch between texts */
#define SEEN_MAX (1u << 24)

static void *for_rules(const struct mw_ruleset *set, size_t size)
{
	return calloc(set->n ? set->n : 1, size);
}

struct mw_scratch *mw_scratch_new(const struct mw_ruleset *set, const unsigned char key[32])
{
	struct mw_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	memcpy(s->key, key, sizeof(s->key));
	s->hunter = mw_hunter_new(set);
	s->matcher = set->has_except_patterns ? mw_matcher_new() : NULL;
	s->rules = set->n;
	s->told = SIZE_MAX;
	s->found = for_rules(set, sizeof(*s->found));
	s->cue = for_rules(set, sizeof(*s->cue));
	s->wanted = for_rules(set, sizeof(*s->wanted));
	s->run = for_rules(set, sizeof(*s->run));
	s->here = for_rules(set, sizeof(*s->here));
	s->spans_of = for_rules(set, sizeof(*s->spans_of));
	s->seen_of = for_rules(set, sizeof(*s->seen_of));
	if (!s->hunter || (set->has_except_patterns && !s->matcher) || !s->found || !s->cue || !s->wanted || !s->run ||
	    !s->here || !s->spans_of || !s->seen_of)
		mw_scratch_free(&s);
	return s;
}

void mw_scratch_cost(struct mw_scratch *s, struct mw_cost *cost)
{
	mw_hunter_cost(s->hunter, cost);
}

void mw_scratch_tell(struct mw_scratch *s, size_t rule, mw_match_report tell, void *ctx)
{
	s->told = rule;
	s->tell = tell;
	s->tell_ctx = ctx;
}

void mw_scratch_free(struct mw_scratch **s)
{
	if (!*s)
		return;
	mw_hunter_free(&(*s)->hunter);
	mw_layout_free(&(*s)->layout);
	if ((*s)->matcher)
		mw_matcher_free(&(*s)->matcher);
	free((*s)->seen);
	free((*s)->span);
	free((*s)->spans_of);
	free((*s)->seen_of);
	free((*s)->found);
	free((*s)->cue);
	free((*s)->wanted);
	free((*s)->run);
	free((*s)->here);
	explicit_bzero((*s)->key, sizeof((*s)->key));
	free(*s);
	*s = NULL;
}

/* ---- patterns and terms -------------------------------------------------------------------------------------------------- */

static int pattern_found(void *ctx, uint32_t rule, size_t start, size_t end)
{
	return mw_judge(ctx, rule, start, end);
}

static bool pattern_where(void *ctx, uint32_t rule, struct mw_window *w)
{
	const struct mw_scan *s = ctx;

	return rule != s->scratch->told && mw_wake_where(s, rule, w);
}

static int seen_add(struct mw_scratch *s, struct mw_seen_list *list, size_t start, size_t end)
{
	if (s->n == SEEN_MAX)
		return -EFBIG;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		struct mw_seen *v = reallocarray(s->seen, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->seen = v;
		s->cap = cap;
	}
	s->seen[s->n++] = (struct mw_seen){.start = start, .end = end, .prev = list->last};
	if (list->last)
		s->seen[list->last - 1].next = (uint32_t)s->n;
	else
		list->first = (uint32_t)s->n;
	list->last = (uint32_t)s->n;
	return 0;
}

/* Terms of one rule that overlap are one match: the longest, or their union. They are told in order of their ends. */
static int term_seen(void *ctx, uint32_t rule, size_t start, size_t end)
{
	struct mw_scratch *s = ctx;
	struct mw_seen_list *list = &s->seen_of[rule];
	struct mw_seen *last = list->last ? s->seen + list->last - 1 : NULL;

	if (!s->wanted[rule])
		return 0;
	if (!last || last->end <= start)
		return seen_add(s, list, start, end);
	while (last->prev && s->seen[last->prev - 1].end > start) {
		start = last->start < start ? last->start : start;
		list->last = last->prev;
		last = s->seen + list->last - 1;
	}
	last->start = last->start < start ? last->start : start;
	last->end = end;
	last->next = 0;
	return 0;
}

/* Terms of all rules that are in the text. */
static int see_terms(struct mw_scan *s)
{
	s->scratch->n = 0;
	memset(s->scratch->seen_of, 0, s->set->n * sizeof(*s->scratch->seen_of));
	return s->set->terms ? mw_terms_scan(s->set->terms, s->folded->text, term_seen, s->scratch) : 0;
}

/* 0; -EAGAIN: a limit of the rule was reached; negative. */
static int judge_terms_of(struct mw_scan *s, uint32_t rule)
{
	const struct mw_seen *v;
	bool limited = false;

	for (uint32_t i = s->scratch->seen_of[rule].first; i; i = v->next) {
		int rc;

		v = s->scratch->seen + i - 1;
		rc = mw_judge(s, rule, v->start, v->end);
		if (rc < 0 && rc != -EAGAIN)
			return rc;
		limited |= rc == -EAGAIN;
	}
	return limited ? -EAGAIN : 0;
}

static int judge_terms(struct mw_scan *s, uint32_t stage, size_t *limited)
{
	bool any = false;

	for (uint32_t rule = 0; rule < s->set->n; rule++) {
		int rc = s->set->rule[rule].stage == stage ? judge_terms_of(s, rule) : 0;

		if (rc < 0 && rc != -EAGAIN)
			return rc;
		if (rc == -EAGAIN)
			*limited = rule;
		any |= rc == -EAGAIN;
	}
	return any ? -EAGAIN : 0;
}

/* ---- which rules --------------------------------------------------------------------------------------------------------- */

/* May a rule find something in a text of this zone? What is hidden, and the zones of a body, are told apart match by match. */
static bool looks_in(const struct mw_rule *r, uint32_t zone)
{
	uint32_t here = MW_ZONE_BIT(zone);

	here |= MW_ZONE_BIT(MW_ZONE_HIDDEN);
	if (zone == MW_ZONE_BODY)
		here |= MW_ZONE_BIT(MW_ZONE_QUOTED) | MW_ZONE_BIT(MW_ZONE_SIGNATURE) | MW_ZONE_BIT(MW_ZONE_DISCLAIMER);
	return zone == 0 || r->zones == 0 || (r->zones & here) != 0;
}

/* All rules, or one and what is its context; of these, what may find something here. */
static void want(struct mw_scan *s)
{
	bool *wanted = s->scratch->wanted;

	for (size_t i = 0; i < s->set->n; i++)
		wanted[i] = s->only == SIZE_MAX || s->only == i;
	for (uint32_t stage = s->only == SIZE_MAX ? 0 : s->set->rule[s->only].stage; stage > 0; stage--)
		for (size_t i = 0; i < s->set->n; i++) {
			const struct mw_compiled *c = s->set->rule + i;

			for (size_t k = 0; wanted[i] && c->stage == stage && k < c->rule->nears; k++)
				for (size_t j = 0; j < c->near[k].rules; j++)
					wanted[c->near[k].rule[j]] = true;
		}
	for (size_t i = 0; i < s->set->n; i++)
		wanted[i] = wanted[i] && looks_in(s->set->rule[i].rule, s->zone);
}

/* The patterns of a stage that may find something. */
static bool choose(struct mw_scan *s, uint32_t stage)
{
	struct mw_scratch *scratch = s->scratch;
	bool any = false;

	for (size_t i = 0; i < s->set->n; i++) {
		const struct mw_compiled *c = s->set->rule + i;

		scratch->run[i] =
		    c->pattern && c->stage == stage && scratch->wanted[i] && (i == scratch->told || mw_wake_up(s, (uint32_t)i));
		any |= scratch->run[i];
	}
	return any;
}

static int span_order(const void *a, const void *b)
{
	const struct mw_span *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* Are those of each rule beside each other? They are in order then, as they were found. */
static bool spans_take(struct mw_scratch *s, size_t before)
{
	for (size_t i = before; i < s->spans; i++) {
		struct mw_run *run = &s->spans_of[s->span[i].rule];

		if (run->n == 0)
			run->first = i;
		if (run->first + run->n++ != i)
			return false;
		s->here[s->span[i].rule / 64] |= (uint64_t)1 << (s->span[i].rule % 64);
	}
	return true;
}

/* What a stage has found becomes context for the next ones. In a text of several blocks the rules take turns. */
static void publish(struct mw_scratch *s, size_t before)
{
	if (spans_take(s, before))
		return;
	for (size_t i = before; i < s->spans; i++)
		s->spans_of[s->span[i].rule] = (struct mw_run){.n = 0};
	qsort(s->span + before, s->spans - before, sizeof(*s->span), span_order);
	(void)spans_take(s, before);
}

static int scan_stage(struct mw_scan *s, uint32_t stage, size_t *rule)
{
	struct mw_hunt_calls calls = {.where = s->set->plain ? NULL : pattern_where, .found = pattern_found, .ctx = s};
	size_t before = s->scratch->spans;
	int limited = 0, rc;

	if (choose(s, stage))
		limited = mw_hunt(s->set, s->scratch->hunter, s->scratch->run, &calls, rule);
	if (limited < 0 && limited != -EAGAIN)
		return limited;
	rc = judge_terms(s, stage, rule);
	publish(s->scratch, before);
	return rc == 0 ? limited : rc;
}

static int scan_rules(struct mw_scan *s, size_t *rule)
{
	struct mw_scratch *scratch = s->scratch;
	int limited = 0, terms;

	scratch->spans = 0;
	memset(scratch->here, 0, s->set->words * sizeof(*scratch->here));
	memset(scratch->spans_of, 0, scratch->rules * sizeof(*scratch->spans_of));
	memset(scratch->found, 0, scratch->rules * sizeof(*scratch->found));
	memset(scratch->cue, 0, scratch->rules * sizeof(*scratch->cue));
	want(s);
	if (s->set->cues)
		mw_cues_look(s->set->cues, s->folded->text, scratch->cue);
	terms = see_terms(s);
	mw_hunt_begin(s->set, scratch->hunter, s->folded->text);
	for (uint32_t stage = 0; stage < s->set->stages; stage++) {
		int rc = scan_stage(s, stage, rule);

		if (rc < 0 && rc != -EAGAIN)
			return rc;
		limited = rc < 0 ? rc : limited;
	}
	if (terms == 0 && s->full)
		terms = -EFBIG;
	return terms < 0 ? terms : limited;
}

/* Room that one large text needed is not kept for the next. */
static void trim(struct mw_scratch *s)
{
	if (s->cap > SEEN_KEEP) {
		free(s->seen);
		s->seen = NULL;
		s->cap = 0;
	}
	if (s->span_cap > SEEN_KEEP) {
		free(s->span);
		s->span = NULL;
		s->span_cap = 0;
	}
}

static int finding_order(const void *a, const void *b)
{
	const struct mw_finding *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->length == y->length ? 0 : x->length > y->length ? -1 : 1;
}

int mw_scan(const struct mw_ruleset *set, struct mw_scratch *scratch, const struct mw_folded *folded, struct mw_arena *arena,
	    size_t only, uint32_t part, uint32_t zone, struct mw_findings *out, size_t *rule)
{
	struct mw_scan s = {
	    .set = set,
	    .scratch = scratch,
	    .folded = folded,
	    .arena = arena,
	    .out = out,
	    .only = only,
	    .part = part,
	    .zone = zone,
	};
	size_t before = out->n;
	int rc;

	mw_layout_begin(&scratch->layout, folded->text, zone);
	rc = scan_rules(&s, rule);
	mw_layout_free(&scratch->layout);
	trim(scratch);
	if (out->n - before > 1)
		qsort(out->v + before, out->n - before, sizeof(*out->v), finding_order);
	return rc;
}

int mw_ruleset_scan(const struct mw_ruleset *set, struct mw_scratch *scratch, const struct mw_folded *folded,
		    struct mw_arena *arena, uint32_t part, uint32_t zone, struct mw_findings *out, size_t *rule)
{
	return mw_scan(set, scratch, folded, arena, SIZE_MAX, part, zone, out, rule);
}
