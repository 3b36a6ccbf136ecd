/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunt: a range is where matches of some rules may begin: [from, to). The ranges of a block are kept in one array, those of the
 * rules that have the same triggers are a trace in it. Where they are too many for the array, the block holds next to nothing
 * else, and every pattern runs over all of it. A text of one block is sieved once, for the rules of all stages; the blocks of a
 * longer one again in each stage.
 */
#include "match/hunt.h"

#include "match/compiled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536u
#define RANGES_MAX 16384u
#define NONE UINT32_MAX
#define BEFORE 1u /* octets in front of a block that triggers look at */
#define BEHIND (MW_TRIGGER_FAR + 2u * MW_TRIGGER_SETS)

struct range {
	uint32_t from, to; /* in the block */
	uint32_t next;
};

/* What a list of triggers has found in a block. */
struct trace {
	uint32_t first, last; /* ranges */
	bool mixed;	      /* they are not in order */
	bool known;	      /* they are all of this block */
	bool sought;	      /* they are looked for now */
	bool later, foreseen; /* a later stage of this text has asked for them; of the last one */
};

/* One rule in one text. */
struct trail {
	struct mw_allowance allowance;
	size_t at; /* the next match begins here or later */
	bool run;
	uint32_t looks, matches;
};

struct mw_hunter {
	struct mw_matcher *matcher;
	struct trail *trail;
	struct trace *trace; /* for each list of triggers */
	struct range *range;
	size_t ranges;
	const struct mw_prefilter *prefilter; /* the rule set's, NULL = none */
	struct mw_cost *cost;		      /* NULL: not asked for */
	void *scratch;			      /* its */
	char *block;			      /* a copy, with MW_TRIGGER_EDGE around the text */
	struct mw_pick *pick;		      /* triggers that are looked for now, NULL where the set has none */
	struct mw_str text;
	struct mw_octets octets; /* that are in it */
	bool again;		 /* a stage was there before */
};

/* A block in work. */
struct block {
	const struct mw_ruleset *set;
	struct mw_hunter *h;
	struct mw_str text;
	size_t from, to;
	size_t copied; /* octets of the copy */
	bool full;     /* too many ranges */
};

int mw_hunt_prepare(struct mw_ruleset *set)
{
	struct mw_arena *a = mw_arena_new(0);
	int rc = a ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->n && rc >= 0; i++) {
		struct mw_compiled *c = set->rule + i;
		const struct mw_syntax *s = NULL;

		if (c->pattern)
			s = mw_syntax_read(a, c->rule->pattern, c->rule->caseless, c->rule->extended);
		rc = s ? mw_triggers_add(&set->triggers, set->arena, s, mw_compiled_sleeps(c), &c->triggers) : 0;
		c->triggered = rc > 0;
	}
	mw_arena_free(&a);
	if (rc < 0)
		return rc;
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
	h->range = calloc(RANGES_MAX, sizeof(*h->range));
	h->block = malloc(BEFORE + BLOCK + BEHIND);
	if (set->sieve)
		h->pick = mw_pick_new(set->sieve);
	if (set->prefilter)
		rc = set->prefilter->scratch_new(set->prefilter_db, &h->scratch);
	if (rc == 0)
		h->prefilter = set->prefilter;
	if (rc < 0 || (set->sieve && !h->pick) || !h->matcher || !h->trail || !h->trace || !h->range || !h->block)
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
	if ((*h)->block)
		explicit_bzero((*h)->block, BEFORE + BLOCK + BEHIND);
	free((*h)->block);
	if ((*h)->prefilter)
		(*h)->prefilter->scratch_free((*h)->scratch);
	free(*h);
	*h = NULL;
}

/* ---- where to look ----------------------------------------------------------------------------------------------------------
 */

static bool range_add(struct mw_hunter *h, struct trace *t, uint32_t from, uint32_t to)
{
	struct range *last = t->last == NONE ? NULL : h->range + t->last;

	if (last && from >= last->from && from <= last->to) {
		last->to = to > last->to ? to : last->to;
		return true;
	}
	if (h->ranges == RANGES_MAX)
		return false;
	t->mixed |= last && from < last->from;
	if (last)
		last->next = (uint32_t)h->ranges;
	else
		t->first = (uint32_t)h->ranges;
	t->last = (uint32_t)h->ranges;
	h->range[h->ranges++] = (struct range){.from = from, .to = to, .next = NONE};
	return true;
}

/* A trigger stands at octet `at` of the copy: matches begin so far before it, with nothing but `between` in between. */
static bool trigger_found(void *ctx, uint32_t trigger, size_t at)
{
	struct block *b = ctx;
	const struct mw_trigger *t = b->set->triggers.v + trigger;
	struct trace *trace = b->h->trace + t->list;
	size_t here = b->from + at - BEFORE; /* in the text; -1 wraps, and comes back below */
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
	struct block *b = ctx;
	const struct mw_trigger *t = row < b->set->triggers.n ? b->set->triggers.v + row : NULL;

	if (!t || at > b->copied - MW_TRIGGER_SETS)
		return true;
	for (size_t k = 0; k < t->n; k++)
		if (!mw_octets_has(&t->set[k], (unsigned char)b->h->block[at + k]))
			return true;
	return trigger_found(b, row, at);
}

/* Copies the block and what is around it, so that nobody need know where the text ends. */
static void block_copy(struct block *b)
{
	size_t left = b->text.n - b->to, n = b->to - b->from;
	size_t behind = left < BEHIND ? left : BEHIND, edge = left < MW_TRIGGER_FAR ? left + MW_TRIGGER_SETS : BEHIND;

	b->h->block[0] = b->from ? b->text.p[b->from - 1] : (char)MW_TRIGGER_EDGE;
	memcpy(b->h->block + BEFORE, b->text.p + b->from, n + behind);
	memset(b->h->block + BEFORE + n + behind, MW_TRIGGER_EDGE, BEHIND - behind);
	b->copied = BEFORE + n + edge; /* no trigger begins behind the text */
}

/* false: there is so much of it that it is not kept. */
static bool block_sieve(struct block *b)
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

static void sought(struct trace *t)
{
	t->first = t->last = NONE;
	t->mixed = false;
	t->sought = true;
}

/* What the rules that run need and is not known; false: nothing. The first time also what later stages have asked for in the last
 * text: they often do so again. */
static bool seek(struct block *b)
{
	struct mw_hunter *h = b->h;
	bool any = false;

	for (size_t i = 0; i < b->set->triggers.lists; i++)
		h->trace[i].sought = false;
	for (size_t i = 0; i < b->set->n; i++) {
		struct trace *t = h->trace + b->set->rule[i].triggers;

		if (!h->trail[i].run || !b->set->rule[i].triggered)
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

static void block_look(struct block *b)
{
	struct mw_hunter *h = b->h;
	struct mw_allowance time = {0};
	size_t before;
	bool kept;

	/* Ranges of another block, or of so many rules that there is little room for more. */
	if (b->to - b->from < b->text.n || h->ranges > RANGES_MAX / 2)
		forget(b->set, h);
	if (!seek(b))
		return;
	before = h->ranges;
	b->full = false;
	mw_allowance_begin(&time);
	kept = block_sieve(b);
	mw_allowance_end(&time);
	if (h->cost)
		h->cost[b->set->n].time += time.used;
	h->ranges = kept ? h->ranges : before;
	for (size_t i = 0; i < b->set->triggers.lists; i++)
		h->trace[i].known |= kept && h->trace[i].sought;
}

/* ---- looking ----------------------------------------------------------------------------------------------------------------
 */

static int look(struct block *b, uint32_t rule, size_t from, size_t to, mw_hunt_found found, void *ctx)
{
	struct trail *t = b->h->trail + rule;
	size_t start, end;
	int rc;

	t->looks++;
	for (;;) {
		from = t->at > from ? t->at : from;
		rc = mw_pattern_next(b->set->rule[rule].pattern, b->h->matcher, &t->allowance, b->text, from, to, &start, &end);
		if (rc <= 0)
			return rc;
		t->matches++;
		rc = found(ctx, rule, start, end);
		if (rc < 0)
			return rc;
		/* What is refused may hide a good match that begins inside it. */
		t->at = rc ? end : start + 1;
	}
}

static int by_from(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Puts the ranges of a trace into order. There is room behind those of all, or they are looked at as one. */
static void ranges_sort(struct mw_hunter *h, struct trace *t)
{
	uint32_t n = 0, i, k;
	struct range *v = h->range + h->ranges, whole = h->range[t->first];

	t->mixed = false;
	for (i = t->first; i != NONE; i = h->range[i].next, n++) {
		whole.from = h->range[i].from < whole.from ? h->range[i].from : whole.from;
		whole.to = h->range[i].to > whole.to ? h->range[i].to : whole.to;
	}
	if (n > RANGES_MAX - h->ranges) {
		h->range[t->first] = (struct range){.from = whole.from, .to = whole.to, .next = NONE};
		return;
	}
	for (i = t->first, k = 0; i != NONE; i = h->range[i].next)
		v[k++] = h->range[i];
	qsort(v, n, sizeof(*v), by_from);
	for (i = t->first, k = 0; i != NONE; i = h->range[i].next, k++) {
		h->range[i].from = v[k].from;
		h->range[i].to = v[k].to;
	}
}

static int look_in_ranges(struct block *b, uint32_t rule, mw_hunt_found found, void *ctx)
{
	struct mw_hunter *h = b->h;
	struct trace *trace = h->trace + b->set->rule[rule].triggers;
	struct trail *t = h->trail + rule;
	int rc = 0;

	if (trace->first == NONE)
		return 0;
	if (trace->mixed)
		ranges_sort(h, trace);
	mw_allowance_begin(&t->allowance);
	for (uint32_t i = trace->first; i != NONE && rc == 0; i = h->range[i].next)
		rc = look(b, rule, b->from + h->range[i].from, b->from + h->range[i].to, found, ctx);
	mw_allowance_end(&t->allowance);
	return rc;
}

static int look_everywhere(struct block *b, uint32_t rule, mw_hunt_found found, void *ctx)
{
	struct mw_allowance *a = &b->h->trail[rule].allowance;
	int rc;

	mw_allowance_begin(a);
	rc = look(b, rule, b->from, b->to, found, ctx);
	mw_allowance_end(a);
	return rc;
}

static int hunt_block(struct block *b, mw_hunt_found found, void *ctx, size_t *limited, bool *any)
{
	block_look(b);
	for (uint32_t i = 0; i < b->set->n; i++) {
		const struct mw_compiled *c = b->set->rule + i;
		struct trail *t = b->h->trail + i;
		int rc;

		if (!t->run)
			continue;
		rc = c->triggered && b->h->trace[c->triggers].known ? look_in_ranges(b, i, found, ctx)
								    : look_everywhere(b, i, found, ctx);
		if (rc == -EAGAIN) {
			*limited = *any ? *limited : i;
			*any = true;
			t->run = false;
		} else if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static void cost_add(const struct mw_ruleset *set, struct mw_hunter *h)
{
	for (size_t i = 0; i < set->n; i++) {
		struct trail *t = h->trail + i;

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
		h->trace[i] = (struct trace){.foreseen = h->trace[i].later && text.n <= BLOCK};
	h->ranges = 0;
}

int mw_hunt(const struct mw_ruleset *set, struct mw_hunter *h, const bool *run, mw_hunt_found found, void *ctx, size_t *limited)
{
	struct block b = {.set = set, .h = h, .text = h->text};
	bool any = false, some = false;
	int rc = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct mw_pattern *p = run[i] ? set->rule[i].pattern : NULL;

		h->trail[i].run = p && mw_pattern_possible(p, &h->octets);
		some |= h->trail[i].run;
	}
	for (; some && b.from < b.text.n && rc == 0; b.from = b.to) {
		b.to = b.text.n - b.from > BLOCK ? b.from + BLOCK : b.text.n;
		rc = hunt_block(&b, found, ctx, limited, &any);
	}
	h->again |= some;
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
	for (size_t i = 0; i < set->n; i++)
		set->rule[i].triggered = false;
}
