/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunt_where: the sieve walks over a block once, for all rules that look at all of it. A text of one block is sieved once, for the
 * rules of all stages; the blocks of a longer one again in each stage. Rules whose matches are of use in a part of the block alone
 * have that part sieved for themselves.
 */
#include "match/hunt_private.h"

#include <string.h>

static bool range_add(struct mw_hunter *h, struct mw_trace *t, uint32_t from, uint32_t to)
{
	struct mw_range *last = t->last == MW_NO_RANGE ? NULL : h->range + t->last;

	if (last && from >= last->from && from <= last->to) {
		last->to = to > last->to ? to : last->to;
		return true;
	}
	if (h->ranges == MW_RANGES_MAX)
		return false;
	t->mixed |= last && from < last->from;
	if (last)
		last->next = (uint32_t)h->ranges;
	else
		t->first = (uint32_t)h->ranges;
	t->last = (uint32_t)h->ranges;
	h->range[h->ranges++] = (struct mw_range){.from = from, .to = to, .next = MW_NO_RANGE};
	return true;
}

/* A trigger stands at octet `at` of the copy: matches begin so far before it, with nothing but `between` in between. */
static bool trigger_found(void *ctx, uint32_t trigger, size_t at)
{
	struct mw_block *b = ctx;
	const struct mw_trigger *t = b->set->triggers.v + trigger;
	struct mw_trace *trace = b->h->trace + t->list;
	size_t here = b->from + b->shift + at - MW_BLOCK_BEFORE; /* in the text; -1 wraps, and comes back below */
	size_t first, last;

	/* The octet that stands for what is around the text may look like one of a character. */
	if (!trace->sought || (t->max > 0 && here >= b->text.n))
		return true;
	if (t->max <= 0) {
		first = last = here - (size_t)t->max;
	} else {
		size_t most = here < (size_t)t->max ? here : (size_t)t->max, back = 0;

		while (back < most && mw_octets_has(&t->between, (unsigned char)b->text.p[here - back - 1]))
			back++;
		if (back < (size_t)t->min)
			return true;
		first = here - back;
		last = here - (size_t)t->min;
	}
	first = first < b->from ? b->from : first;
	if (last < b->from || first >= b->to)
		return true;
	last = last < b->to ? last : b->to - 1;
	b->full = !range_add(b->h, trace, (uint32_t)(first - b->from), (uint32_t)(last - b->from + 1));
	return !b->full;
}

/* What a prefilter says is looked at before it is believed. */
static bool row_found(void *ctx, uint32_t row, size_t at)
{
	struct mw_block *b = ctx;
	const struct mw_trigger *t = row < b->set->triggers.n ? b->set->triggers.v + row : NULL;

	if (!t || at > b->copied - MW_TRIGGER_SETS)
		return true;
	for (size_t k = 0; k < t->n; k++)
		if (!mw_octets_has(&t->set[k], (unsigned char)b->h->block[at + k]))
			return true;
	return trigger_found(b, row, at);
}

/* Copies the block and what is around it, so that nobody need know where the text ends. */
static void block_copy(struct mw_block *b)
{
	size_t left = b->text.n - b->to, n = b->to - b->from;
	size_t behind = left < MW_BLOCK_BEHIND ? left : MW_BLOCK_BEHIND,
	       edge = left < MW_TRIGGER_FAR ? left + MW_TRIGGER_SETS : MW_BLOCK_BEHIND;

	if (b->copied)
		return;
	b->h->block[0] = b->from ? b->text.p[b->from - 1] : (char)MW_TRIGGER_EDGE;
	memcpy(b->h->block + MW_BLOCK_BEFORE, b->text.p + b->from, n + behind);
	memset(b->h->block + MW_BLOCK_BEFORE + n + behind, MW_TRIGGER_EDGE, MW_BLOCK_BEHIND - behind);
	b->copied = MW_BLOCK_BEFORE + n + edge; /* no trigger begins behind the text */
}

/* false: there is so much of it that it is not kept. */
static bool block_sieve(struct mw_block *b)
{
	struct mw_hunter *h = b->h;

	block_copy(b);
	if (h->prefilter)
		return h->prefilter->look(b->set->prefilter_db, h->scratch, h->block, b->copied, row_found, b) == 0 && !b->full;
	mw_pick_clear(h->pick, b->set->sieve);
	for (uint32_t i = 0; i < b->set->triggers.lists; i++)
		if (h->trace[i].sought)
			mw_pick_add(h->pick, b->set->sieve, i);
	return mw_sieve_look(b->set->sieve, h->pick, h->block, b->copied - MW_TRIGGER_SETS, trigger_found, b);
}

static void sought(struct mw_trace *t)
{
	t->first = t->last = MW_NO_RANGE;
	t->mixed = false;
	t->sought = true;
}

/* What the rules that run need and is not known; false: nothing. The first time also what later stages have asked for in the last
 * text: they often do so again. */
static bool seek(struct mw_block *b)
{
	struct mw_hunter *h = b->h;
	bool any = false;

	for (size_t i = 0; i < b->set->triggers.lists; i++)
		h->trace[i].sought = false;
	for (size_t k = 0; k < h->rules; k++) {
		uint32_t i = h->rule[k];
		struct mw_trace *t = h->trace + b->set->rule[i].triggers;

		if (!h->trail[i].run || !b->set->rule[i].triggered || (h->trail[i].near && !h->prefilter))
			continue;
		t->later |= h->again;
		if (!t->known && !t->sought)
			sought(t);
		any |= t->sought;
	}
	for (size_t i = 0; any && !h->again && i < b->set->triggers.lists; i++)
		if (h->trace[i].foreseen && !h->trace[i].sought)
			sought(h->trace + i);
	return any;
}

static void forget(const struct mw_ruleset *set, struct mw_hunter *h)
{
	h->ranges = 0;
	for (size_t i = 0; i < set->triggers.lists; i++)
		h->trace[i].known = false;
}

/* Sieves what rules need that look at a part of the block alone: there, and for them alone. */
static void seek_near(struct mw_block *b)
{
	struct mw_hunter *h = b->h;
	struct mw_window all;
	size_t far = 0, from = b->from, to, done = 0;
	bool any = false;

	mw_window_begin(&all, b->from, b->to);
	if (h->pick)
		mw_pick_clear(h->pick, b->set->sieve);
	for (size_t i = 0; i < b->set->triggers.lists; i++)
		h->trace[i].sought = false;
	for (size_t k = 0; k < h->rules; k++) {
		uint32_t i = h->rule[k];
		uint32_t list = b->set->rule[i].triggers;
		struct mw_trace *t = h->trace + list;

		if (!h->trail[i].run || !b->set->rule[i].triggered || !h->trail[i].near || t->known)
			continue;
		mw_window_join(&all, h->window + i);
		if (t->sought)
			continue;
		sought(t);
		mw_pick_add(h->pick, b->set->sieve, list);
		far = b->set->triggers.far[list] > far ? b->set->triggers.far[list] : far;
		any = true;
	}
	if (any)
		block_copy(b);
	while (any && !b->full && mw_window_next(&all, &from, &to)) {
		size_t first = from - b->from, last = to - b->from + far + MW_BLOCK_BEFORE;

		first = first > done ? first : done;
		last = last < b->copied - MW_TRIGGER_SETS ? last : b->copied - MW_TRIGGER_SETS;
		b->shift = first;
		if (last > first)
			(void)mw_sieve_look(b->set->sieve, h->pick, h->block + first, last - first, trigger_found, b);
		done = last;
		from = to;
	}
	b->shift = 0;
}

/* Where each rule is to look. */
static void block_windows(struct mw_block *b)
{
	b->near = false;
	b->copied = 0;
	for (size_t k = 0; k < b->h->rules; k++) {
		uint32_t i = b->h->rule[k];
		const struct mw_octets *taken = &b->set->rule[i].taken;
		struct mw_trail *t = b->h->trail + i;
		struct mw_window *w = b->h->window + i;

		t->near = false;
		t->before = b->from;
		if (!t->run || !b->calls->where || mw_octets_same(*taken, MW_OCTETS_ALL))
			continue;
		mw_window_begin(w, b->from, b->to);
		if (!b->calls->where(b->calls->ctx, i, w))
			continue;
		mw_window_widen(w, b->text, taken, t->done > t->at ? t->done : t->at);
		t->near = mw_window_is_small(w);
		b->near |= t->near;
		if (!t->near) { /* so it looks at all of it, and perhaps at what is before it */
			mw_window_mark(w, b->from, b->to);
			mw_window_widen(w, b->text, taken, t->done > t->at ? t->done : t->at);
		}
		t->before = w->before;
	}
}

void mw_block_look(struct mw_block *b)
{
	struct mw_hunter *h = b->h;
	struct mw_allowance time = {0};
	size_t before;
	bool kept = true;

	block_windows(b);
	/* Ranges of another block, or of so many rules that there is little room for more. */
	if (b->to - b->from < b->text.n || h->ranges > MW_RANGES_MAX / 2)
		forget(b->set, h);
	before = h->ranges;
	b->full = false;
	if (h->timed)
		mw_allowance_begin(&time);
	if (seek(b)) {
		kept = block_sieve(b);
		h->ranges = kept ? h->ranges : before;
		for (size_t i = 0; i < b->set->triggers.lists; i++)
			h->trace[i].known |= kept && h->trace[i].sought;
	}
	b->kept = h->ranges;
	if (b->near && !h->prefilter) {
		b->full = false;
		seek_near(b);
		for (size_t i = 0; i < b->set->triggers.lists; i++)
			h->trace[i].nearby = !b->full && h->trace[i].sought;
	}
	if (h->timed)
		mw_allowance_end(&time);
	if (h->cost)
		h->cost[b->set->n].time += time.used;
}

void mw_block_end(struct mw_block *b)
{
	for (size_t i = 0; b->near && i < b->set->triggers.lists; i++)
		b->h->trace[i].nearby = false;
	b->h->ranges = b->kept;
}
