/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sieve: bits in place of triggers. pair[k][c] has a bit for each of 64 groups: octets k and k + 1 of some trigger of the group
 * may be the pair c. The AND over the first pairs of a place tells which groups are left, and for most places that is none. fine
 * does the same inside of a group, trigger by trigger and octet by octet, so what is left there is found. Groups are made of
 * triggers that look alike.
 */
#include "match/sieve.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS 64u
#define COARSE 4u  /* octets that the first look takes in */
#define KINDS 128u /* of octets, for the first look: each of ASCII, and one for all others. Small tables stay in the cache. */
#define OTHER 1u   /* is seldom in a text */
#define WORD 64u

struct fine {
	uint64_t mask[MW_TRIGGER_SETS][256];
};

struct group {
	uint32_t from, to; /* its rows */
	uint32_t words;
	uint32_t first;	   /* of its words, among those of all groups */
	struct fine *fine; /* a word for each 64 rows */
};

struct mw_sieve {
	uint64_t pair[COARSE - 1][KINDS * KINDS];
	struct group group[GROUPS];
	uint32_t *order;   /* triggers, those of one row beside each other */
	uint32_t *row;	   /* the triggers of row i: order[row[i], row[i + 1]) */
	uint32_t *list;	   /* the triggers of list i: [list[i], list[i + 1]) */
	uint32_t *place;   /* of a trigger's row: WORD times the word, and the bit in there */
	uint8_t *group_of; /* a word */
	uint32_t words;
};

struct mw_pick {
	uint64_t groups;
	uint64_t *word; /* rows */
};

/* Neighbouring rows that are to be one group. */
struct run {
	struct mw_octets set[COARSE];
	uint32_t from, to;
	double share;	  /* of octets that pass the coarse look */
	double with_next; /* what the share grows by when the next run joins */
};

static struct mw_octets set_of(const struct mw_trigger *t, size_t k)
{
	return k < t->n ? t->set[k] : MW_OCTETS_ALL;
}

/* 0: the same row. Those that are seldom looked for stand apart, so that there are groups of nothing else. */
static int row_order(const struct mw_trigger *x, const struct mw_trigger *y)
{
	int rc = x->seldom != y->seldom ? x->seldom - y->seldom : memcmp(x->set, y->set, sizeof(x->set));

	return rc ? rc : (x->n > y->n) - (x->n < y->n);
}

/* Triggers that begin alike are neighbours. */
static int by_sets(const void *a, const void *b, void *v)
{
	const struct mw_trigger *x = (const struct mw_trigger *)v + *(const uint32_t *)a;
	const struct mw_trigger *y = (const struct mw_trigger *)v + *(const uint32_t *)b;
	int rc = row_order(x, y);

	return rc ? rc : (x > y) - (x < y);
}

static struct run run_join(const struct run *a, const struct run *b)
{
	struct run r = {.from = a->from, .to = b->to};

	for (size_t k = 0; k < COARSE; k++)
		r.set[k] = mw_octets_or(a->set[k], b->set[k]);
	r.share = mw_trigger_share(r.set, COARSE);
	return r;
}

static void run_price(struct run *v, size_t n, size_t i)
{
	if (i + 1 < n)
		v[i].with_next = run_join(v + i, v + i + 1).share - v[i].share - v[i + 1].share;
}

/* Joins neighbours, those first to which it matters least, until there are as many runs as groups. */
static size_t runs_join(struct run *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_price(v, n, i);
	while (n > GROUPS) {
		size_t best = 0;

		for (size_t i = 1; i + 1 < n; i++)
			best = v[i].with_next < v[best].with_next ? i : best;
		v[best] = run_join(v + best, v + best + 1);
		n--;
		memmove(v + best + 1, v + best + 2, (n - best - 1) * sizeof(*v));
		run_price(v, n, best);
		if (best)
			run_price(v, n, best - 1);
	}
	return n;
}

static void fine_add(struct fine *f, unsigned bit, const struct mw_trigger *t)
{
	for (size_t k = 0; k < MW_TRIGGER_SETS; k++) {
		struct mw_octets set = set_of(t, k);

		for (unsigned c = 0; c < 256; c++)
			f->mask[k][c] |= (uint64_t)mw_octets_has(&set, c) << bit;
	}
}

struct kinds {
	uint64_t bit[2];
};

static struct kinds kinds_of(struct mw_octets o)
{
	return (struct kinds){{o.bit[0] | (uint64_t)((o.bit[2] | o.bit[3]) != 0) << OTHER, o.bit[1]}};
}

static uint32_t kind_of(unsigned char c)
{
	return c < KINDS ? c : OTHER;
}

/* Pairs of octets k and k + 1 that some trigger of the group has. */
static void pairs_add(struct mw_sieve *s, size_t group, size_t k, const struct mw_trigger *v)
{
	const struct group *g = s->group + group;
	struct kinds behind[KINDS] = {{{0}}};

	for (uint32_t row = g->from; row < g->to; row++) {
		const struct mw_trigger *t = v + s->order[s->row[row]];
		struct kinds a = kinds_of(set_of(t, k)), b = kinds_of(set_of(t, k + 1));

		for (unsigned c = 0; c < KINDS; c++)
			if (a.bit[c / 64] >> (c % 64) & 1) {
				behind[c].bit[0] |= b.bit[0];
				behind[c].bit[1] |= b.bit[1];
			}
	}
	for (unsigned c = 0; c < KINDS; c++)
		for (unsigned i = 0; i < KINDS; i++)
			s->pair[k][c * KINDS + i] |= (behind[c].bit[i / 64] >> (i % 64) & 1) << group;
}

static bool group_fill(struct mw_sieve *s, struct mw_arena *a, size_t i, const struct run *r, const struct mw_trigger *v)
{
	struct group *g = s->group + i;

	g->from = r->from;
	g->to = r->to;
	g->words = (r->to - r->from + WORD - 1) / WORD;
	g->first = s->words;
	memset(s->group_of + s->words, (int)i, g->words);
	s->words += g->words;
	g->fine = mw_arena_array(a, g->words, sizeof(*g->fine));
	if (!g->fine)
		return false;
	for (uint32_t k = r->from; k < r->to; k++)
		for (uint32_t at = s->row[k]; at < s->row[k + 1]; at++)
			s->place[s->order[at]] = g->first * WORD + (k - r->from);
	for (uint32_t k = r->from; k < r->to; k++)
		fine_add(g->fine + (k - r->from) / WORD, (k - r->from) % WORD, v + s->order[s->row[k]]);
	for (size_t k = 0; k + 1 < COARSE; k++)
		pairs_add(s, i, k, v);
	return true;
}

static bool groups_make(struct mw_sieve *s, struct mw_arena *a, struct run *run, const struct mw_trigger *v, size_t n)
{
	uint32_t rows = 0;
	bool ok = true;

	for (uint32_t i = 0; i < n; i++)
		s->order[i] = i;
	qsort_r(s->order, n, sizeof(*s->order), by_sets, (void *)(uintptr_t)v);
	for (uint32_t i = 0; i < n; i++) {
		const struct mw_trigger *t = v + s->order[i];

		if (i && row_order(v + s->order[i - 1], t) == 0)
			continue;
		run[rows] = (struct run){.from = rows, .to = rows + 1};
		for (size_t k = 0; k < COARSE; k++)
			run[rows].set[k] = set_of(t, k);
		run[rows].share = mw_trigger_share(run[rows].set, COARSE);
		s->row[rows++] = i;
	}
	s->row[rows] = (uint32_t)n;
	n = runs_join(run, rows);
	for (size_t i = 0; i < n && ok; i++)
		ok = group_fill(s, a, i, run + i, v);
	return ok;
}

struct mw_sieve *mw_sieve_new(struct mw_arena *a, const struct mw_triggers *t)
{
	struct mw_sieve *s = mw_arena_alloc(a, sizeof(*s));
	struct run *run = calloc(t->n ? t->n : 1, sizeof(*run));

	if (s) {
		s->order = mw_arena_array(a, t->n, sizeof(*s->order));
		s->row = mw_arena_array(a, t->n + 1, sizeof(*s->row));
		s->list = mw_arena_array(a, t->lists + 1u, sizeof(*s->list));
		s->place = mw_arena_array(a, t->n, sizeof(*s->place));
		s->group_of = mw_arena_array(a, t->n / WORD + GROUPS, 1);
	}
	if (!s || !run || !s->order || !s->row || !s->list || !s->place || !s->group_of || t->n >= UINT32_MAX / WORD ||
	    !groups_make(s, a, run, t->v, t->n))
		s = NULL;
	for (uint32_t i = 0; s && i < t->n; i++)
		s->list[t->v[i].list + 1] = i + 1;
	for (uint32_t i = 1; s && i <= t->lists; i++) /* an empty list ends where the one before it does */
		s->list[i] = s->list[i] > s->list[i - 1] ? s->list[i] : s->list[i - 1];
	free(run);
	return s;
}

void mw_pick_free(struct mw_pick **p)
{
	if (*p)
		free((*p)->word);
	free(*p);
	*p = NULL;
}

struct mw_pick *mw_pick_new(const struct mw_sieve *s)
{
	struct mw_pick *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->word = calloc(s->words, sizeof(*p->word));
	if (!p->word)
		mw_pick_free(&p);
	return p;
}

void mw_pick_clear(struct mw_pick *p, const struct mw_sieve *s)
{
	p->groups = 0;
	memset(p->word, 0, s->words * sizeof(*p->word));
}

void mw_pick_add(struct mw_pick *p, const struct mw_sieve *s, uint32_t list)
{
	for (uint32_t i = s->list[list]; i < s->list[list + 1]; i++) {
		uint32_t at = s->place[i], word = at / WORD;

		p->word[word] |= (uint64_t)1 << (at % WORD);
		p->groups |= (uint64_t)1 << s->group_of[word];
	}
}

/* ---- looking ----------------------------------------------------------------------------------------------------------------
 */

static bool row_hit(const struct mw_sieve *s, uint32_t row, size_t at, mw_sieve_hit hit, void *ctx)
{
	for (uint32_t i = s->row[row]; i < s->row[row + 1]; i++)
		if (!hit(ctx, s->order[i], at))
			return false;
	return true;
}

static bool look_closer(const struct mw_sieve *s, const struct mw_pick *pick, const struct group *g, const unsigned char *p,
			size_t at, mw_sieve_hit hit, void *ctx)
{
	for (uint32_t w = 0; w < g->words; w++) {
		uint64_t(*mask)[256] = g->fine[w].mask;
		uint64_t m = mask[0][p[0]] & mask[1][p[1]] & mask[2][p[2]] & mask[3][p[3]] & pick->word[g->first + w];

		if (!m)
			continue; /* most often: it spares looks at memory that is seldom near */
		m &= mask[4][p[4]] & mask[5][p[5]] & mask[6][p[6]] & mask[7][p[7]];
		for (; m; m &= m - 1)
			if (!row_hit(s, g->from + w * WORD + (uint32_t)__builtin_ctzll(m), at, hit, ctx))
				return false;
	}
	return true;
}

bool mw_sieve_look(const struct mw_sieve *s, const struct mw_pick *pick, const char *text, size_t n, mw_sieve_hit hit, void *ctx)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t a, b = kind_of(p[0]) * KINDS + kind_of(p[1]), c = kind_of(p[1]) * KINDS + kind_of(p[2]);

	for (size_t at = 0; at < n; at++, p++) {
		uint64_t m;

		a = b;
		b = c;
		c = c % KINDS * KINDS + kind_of(p[3]);
		m = s->pair[0][a] & s->pair[1][b] & s->pair[2][c] & pick->groups;
		for (; m; m &= m - 1)
			if (!look_closer(s, pick, s->group + __builtin_ctzll(m), p, at, hit, ctx))
				return false;
	}
	return true;
}
