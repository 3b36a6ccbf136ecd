/* SPDX-License-Identifier: Apache-2.0 */
/* hunt: makes what a thread needs, and lets PCRE2 look where hunt_where.c says. */
#include "match/hunt_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mw_hunt_prepare(struct mw_ruleset *set)
{
	struct mw_arena *a = mw_arena_new(0);
	int rc = a ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->n && rc >= 0; i++) {
		struct mw_compiled *c = set->rule + i;
		const struct mw_syntax *s = NULL;

		if (c->pattern)
			s = mw_syntax_read(a, c->rule->pattern, c->rule->caseless, c->rule->extended);
		rc = s ? mw_triggers_add(&set->triggers, set->arena, s, mw_wake_sleeps(c->wake), &c->triggers) : 0;
		c->taken = s ? mw_syntax_octets(s) : MW_OCTETS_ALL;
		c->triggered = rc > 0;
	}
	mw_arena_free(&a);
	if (rc < 0)
		return rc;
	set->triggers.far = mw_arena_array(set->arena, set->triggers.lists + 1u, 1);
	if (!set->triggers.far)
		return -ENOMEM;
	for (size_t i = 0; i < set->triggers.n; i++) {
		uint8_t *far = set->triggers.far + set->triggers.v[i].list;

		*far = set->triggers.v[i].max > *far ? (uint8_t)set->triggers.v[i].max : *far;
	}
	set->sieve = set->triggers.n ? mw_sieve_new(set->arena, &set->triggers) : NULL;
	return set->triggers.n && !set->sieve ? -ENOMEM : 0;
}

int mw_ruleset_prefilter(struct mw_ruleset *set, const struct mw_prefilter *prefilter, void *inst, struct mw_err *err)
{
	size_t n = set->triggers.n;
	struct mw_row *row;
	int rc;

	if (n == 0)
		return 0;
	row = calloc(n, sizeof(*row));
	if (!row)
		return mw_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		row[i] = (struct mw_row){.n = set->triggers.v[i].n, .set = set->triggers.v[i].set};
	rc = prefilter->make(inst, row, n, &set->prefilter_db, err);
	if (rc == 0)
		set->prefilter = prefilter;
	free(row);
	return rc;
}

void mw_hunt_free(struct mw_ruleset *set)
{
	if (set->prefilter)
		set->prefilter->drop(set->prefilter_db);
	set->prefilter = NULL;
	set->prefilter_db = NULL;
}

struct mw_hunter *mw_hunter_new(const struct mw_ruleset *set)
{
	struct mw_hunter *h = calloc(1, sizeof(*h));
	int rc = 0;

	if (!h)
		return NULL;
	h->matcher = mw_matcher_new();
	h->trail = calloc(set->n ? set->n : 1, sizeof(*h->trail));
	h->trace = calloc(set->triggers.lists + 1, sizeof(*h->trace));
	h->range = calloc(MW_RANGES_MAX, sizeof(*h->range));
	h->rule = calloc(set->n ? set->n : 1, sizeof(*h->rule));
	h->window = calloc(set->n ? set->n : 1, sizeof(*h->window));
	h->block = malloc(MW_BLOCK_BEFORE + MW_WINDOW_BLOCK + MW_BLOCK_BEHIND);
	if (set->sieve)
		h->pick = mw_pick_new(set->sieve);
	if (set->prefilter)
		rc = set->prefilter->scratch_new(set->prefilter_db, &h->scratch);
	if (rc == 0)
		h->prefilter = set->prefilter;
	if (rc < 0 || (set->sieve && !h->pick) || !h->matcher || !h->trail || !h->trace || !h->range || !h->window || !h->rule ||
	    !h->block)
		mw_hunter_free(&h);
	return h;
}

void mw_hunter_free(struct mw_hunter **h)
{
	if (!*h)
		return;
	mw_matcher_free(&(*h)->matcher);
	free((*h)->trail);
	free((*h)->trace);
	mw_pick_free(&(*h)->pick);
	free((*h)->range);
	free((*h)->window);
	free((*h)->rule);
	if ((*h)->block)
		explicit_bzero((*h)->block, MW_BLOCK_BEFORE + MW_WINDOW_BLOCK + MW_BLOCK_BEHIND);
	free((*h)->block);
	if ((*h)->prefilter)
		(*h)->prefilter->scratch_free((*h)->scratch);
	free(*h);
	*h = NULL;
}

/* ---- looking ----------------------------------------------------------------------------------------------------------------
 */

static int look(struct mw_block *b, uint32_t rule, size_t from, size_t to)
{
	struct mw_trail *t = b->h->trail + rule;
	size_t start, end;
	int rc;

	t->looks++;
	for (;;) {
		from = t->at > from ? t->at : from;
		rc = mw_pattern_next(b->set->rule[rule].pattern, b->h->matcher, &t->allowance, b->text, from, to, &start, &end);
		if (rc <= 0)
			return rc;
		t->matches++;
		rc = b->calls->found(b->calls->ctx, rule, start, end);
		if (rc < 0)
			return rc;
		/* What is refused may hide a good match that begins inside it. */
		t->at = rc ? end : start + 1;
	}
}

static int by_from(const void *a, const void *b)
{
	const struct mw_range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Puts the ranges of a trace into order. There is room behind those of all, or they are looked at as one. */
static void ranges_sort(struct mw_hunter *h, struct mw_trace *t)
{
	uint32_t n = 0, i, k;
	struct mw_range *v = h->range + h->ranges, whole = h->range[t->first];

	t->mixed = false;
	for (i = t->first; i != MW_NO_RANGE; i = h->range[i].next, n++) {
		whole.from = h->range[i].from < whole.from ? h->range[i].from : whole.from;
		whole.to = h->range[i].to > whole.to ? h->range[i].to : whole.to;
	}
	if (n > MW_RANGES_MAX - h->ranges) {
		h->range[t->first] = (struct mw_range){.from = whole.from, .to = whole.to, .next = MW_NO_RANGE};
		return;
	}
	for (i = t->first, k = 0; i != MW_NO_RANGE; i = h->range[i].next)
		v[k++] = h->range[i];
	qsort(v, n, sizeof(*v), by_from);
	for (i = t->first, k = 0; i != MW_NO_RANGE; i = h->range[i].next, k++) {
		h->range[i].from = v[k].from;
		h->range[i].to = v[k].to;
	}
}

/* A range, or what of it is of use. */
static int look_in_range(struct mw_block *b, uint32_t rule, const struct mw_range *r)
{
	size_t from = b->from + r->from, end = b->from + r->to, to;
	int rc = 0;

	if (!b->h->trail[rule].near)
		return look(b, rule, from, end);
	while (rc == 0 && from < end && mw_window_next(b->h->window + rule, &from, &to) && from < end) {
		rc = look(b, rule, from, to < end ? to : end);
		from = to;
	}
	return rc;
}

static int look_in_ranges(struct mw_block *b, uint32_t rule)
{
	struct mw_hunter *h = b->h;
	struct mw_trace *trace = h->trace + b->set->rule[rule].triggers;
	int rc = 0;

	if (trace->first == MW_NO_RANGE)
		return 0;
	if (trace->mixed)
		ranges_sort(h, trace);
	for (uint32_t i = trace->first; i != MW_NO_RANGE && rc == 0; i = h->range[i].next)
		rc = look_in_range(b, rule, h->range + i);
	return rc;
}

static int look_everywhere(struct mw_block *b, uint32_t rule)
{
	size_t from = b->from, to;
	int rc = 0;

	if (!b->h->trail[rule].near)
		return look(b, rule, b->from, b->to);
	while (rc == 0 && mw_window_next(b->h->window + rule, &from, &to)) {
		rc = look(b, rule, from, to);
		from = to;
	}
	return rc;
}

static int look_for(struct mw_block *b, uint32_t rule)
{
	const struct mw_compiled *c = b->set->rule + rule;
	const struct mw_trace *list = b->h->trace + c->triggers;
	struct mw_trail *t = b->h->trail + rule;
	int rc = 0;

	if (b->h->timed)
		mw_allowance_begin(&t->allowance);
	if (t->before < b->from)
		rc = look(b, rule, t->before, b->from);
	if (rc == 0)
		rc = c->triggered && (list->known || (t->near && list->nearby)) ? look_in_ranges(b, rule)
										: look_everywhere(b, rule);
	if (b->h->timed)
		mw_allowance_end(&t->allowance);
	t->done = t->near ? mw_window_end(b->h->window + rule, t->done) : b->to;
	return rc;
}

static int hunt_block(struct mw_block *b, size_t *limited, bool *any)
{
	int rc = 0;

	mw_block_look(b);
	for (size_t k = 0; k < b->h->rules && (rc == 0 || rc == -EAGAIN); k++) {
		uint32_t i = b->h->rule[k];
		struct mw_trail *t = b->h->trail + i;

		if (!t->run)
			continue;
		rc = look_for(b, i);
		if (rc == -EAGAIN) {
			*limited = *any ? *limited : i;
			*any = true;
			t->run = false;
		}
	}
	mw_block_end(b);
	return rc == -EAGAIN ? 0 : rc;
}

static void cost_add(const struct mw_ruleset *set, struct mw_hunter *h)
{
	for (size_t i = 0; i < set->n; i++) {
		struct mw_trail *t = h->trail + i;

		h->cost[i].time += t->allowance.used;
		h->cost[i].looks += t->looks;
		h->cost[i].matches += t->matches;
		/* The next stage adds what is its own. */
		t->allowance.used = t->looks = t->matches = 0;
	}
}

void mw_hunt_begin(const struct mw_ruleset *set, struct mw_hunter *h, struct mw_str text)
{
	h->text = text;
	h->octets = mw_octets_of(text);
	h->again = false;
	memset(h->trail, 0, set->n * sizeof(*h->trail));
	for (size_t i = 0; i < set->triggers.lists; i++)
		h->trace[i] = (struct mw_trace){.foreseen = h->trace[i].later && text.n <= MW_WINDOW_BLOCK};
	h->ranges = 0;
}

int mw_hunt(const struct mw_ruleset *set, struct mw_hunter *h, const bool *run, const struct mw_hunt_calls *calls,
	    size_t *limited)
{
	struct mw_block b = {.set = set, .h = h, .calls = calls, .text = h->text};
	bool any = false;
	int rc = 0;

	h->rules = 0;
	h->timed = h->cost || mw_pattern_is_timed(h->text);
	for (uint32_t i = 0; i < set->n; i++) {
		const struct mw_pattern *p = run[i] ? set->rule[i].pattern : NULL;

		h->trail[i].run = p && mw_pattern_possible(p, &h->octets);
		if (h->trail[i].run)
			h->rule[h->rules++] = i;
	}
	for (; h->rules && b.from < b.text.n && rc == 0; b.from = b.to) {
		b.to = b.text.n - b.from > MW_WINDOW_BLOCK ? b.from + MW_WINDOW_BLOCK : b.text.n;
		rc = hunt_block(&b, limited, &any);
	}
	h->again |= h->rules > 0;
	if (h->cost)
		cost_add(set, h);
	return rc == 0 && any ? -EAGAIN : rc;
}

void mw_hunter_cost(struct mw_hunter *h, struct mw_cost *cost)
{
	h->cost = cost;
}

bool mw_ruleset_everywhere(const struct mw_ruleset *set, size_t rule)
{
	return set->rule[rule].pattern && !set->rule[rule].triggered;
}

void mw_ruleset_plain(struct mw_ruleset *set)
{
	set->plain = true;
	for (size_t i = 0; i < set->n; i++)
		set->rule[i].triggered = false;
}
