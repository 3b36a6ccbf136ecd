/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms: node 0 is the root; each other node is reached from its parent by one word behind one kind of gap. All nodes are in one
 * table with open addressing, keyed by (parent, gap, word). A bitmap of first words, small enough for the second-level cache,
 * turns most words of a text away before the table is touched.
 */
#include "match/terms.h"

#include "match/token.h"

#include <errno.h>
#include <string.h>

#define FIRST_BITS (1u << 19)
#define SEED 0xcbf29ce484222325u
#define ROOT 0u

struct end {
	uint32_t rule, next; /* index + 1 into ends, 0 = none */
};

struct node {
	uint32_t parent;
	uint32_t word; /* offset into text */
	uint8_t word_n;
	uint8_t gap;	     /* before the word; MW_GAP_BREAK for first words */
	bool open;	     /* the text's word may be longer */
	uint32_t ends;	     /* index + 1 into ends, 0 = no term ends here */
	uint64_t open_sizes; /* bit n-1: an open child whose word has n octets */
	uint64_t closed;     /* bit i: a closed child whose word's hash ends in i */
};

struct slot {
	uint32_t tag;  /* upper half of the key */
	uint32_t node; /* 0 = free */
};

struct mw_terms {
	struct node *node;
	struct slot *slot;
	struct end *end;
	char *text;
	size_t nodes, mask, ends, ends_cap, text_n, text_cap;
	uint64_t first[FIRST_BITS / 64];
};

/* A term that the text may be in the middle of. */
struct walk {
	uint32_t node;
	size_t start;
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	return x;
}

static uint64_t key_of(uint32_t parent, unsigned gap, bool open, uint64_t word_hash)
{
	return mix(word_hash ^ mix(((uint64_t)parent << 16) ^ (gap << 1) ^ open));
}

size_t mw_terms_count(struct mw_str term)
{
	struct mw_tokens r = {.text = term, .seed = SEED};
	struct mw_token w;
	size_t n = 0, end = 0;

	while (mw_tokens_next(&r, &w)) {
		if (!w.n || n == MW_TERM_WORDS || (n && mw_token_gap(term, end, w.start) == MW_GAP_BREAK))
			return 0;
		end = w.end;
		n++;
	}
	return n;
}

struct mw_terms *mw_terms_new(struct mw_arena *a, size_t words)
{
	struct mw_terms *t = mw_arena_alloc(a, sizeof(*t));
	size_t slots = 64;

	if (!t || words >= UINT32_MAX / 4)
		return NULL;
	while (slots < words * 2)
		slots *= 2;
	t->node = mw_arena_array(a, words + 1, sizeof(*t->node));
	t->slot = mw_arena_array(a, slots, sizeof(*t->slot));
	if (!t->node || !t->slot)
		return NULL;
	t->nodes = 1; /* the root */
	t->mask = slots - 1;
	return t;
}

/* The slot of a child, or the free one where it belongs. There is a free one: the table is at most half full. */
static struct slot *slot_find(const struct mw_terms *t, uint64_t key, uint32_t parent, unsigned gap, bool open, const char *p,
			      size_t n)
{
	uint32_t tag = (uint32_t)(key >> 32);

	for (size_t i = key & t->mask;; i = (i + 1) & t->mask) {
		struct slot *s = t->slot + i;
		const struct node *c = t->node + s->node;

		if (!s->node)
			return s;
		if (s->tag == tag && c->parent == parent && c->gap == gap && c->open == open && c->word_n == n &&
		    !memcmp(t->text + c->word, p, n))
			return s;
	}
}

static int child_add(struct mw_terms *t, struct mw_arena *a, uint32_t parent, unsigned gap, bool open, const struct mw_token *w,
		     uint32_t *ret)
{
	uint64_t key = key_of(parent, gap, open, w->hash);
	struct slot *s = slot_find(t, key, parent, gap, open, w->p, w->n);
	char *text;

	if (s->node) {
		*ret = s->node;
		return 0;
	}
	text = mw_arena_grow(a, t->text, &t->text_cap, t->text_n + w->n, 1);
	if (!text)
		return -ENOMEM;
	t->text = text;
	memcpy(t->text + t->text_n, w->p, w->n);
	t->node[t->nodes] = (struct node){
	    .parent = parent,
	    .word = (uint32_t)t->text_n,
	    .word_n = (uint8_t)w->n,
	    .gap = (uint8_t)gap,
	    .open = open,
	};
	t->text_n += w->n;
	if (open)
		t->node[parent].open_sizes |= 1ull << (w->n - 1);
	else
		t->node[parent].closed |= 1ull << (w->hash % 64);
	if (parent == ROOT)
		t->first[w->hash % FIRST_BITS / 64] |= 1ull << (w->hash % 64);
	*s = (struct slot){.tag = (uint32_t)(key >> 32), .node = (uint32_t)t->nodes};
	*ret = (uint32_t)t->nodes++;
	return 0;
}

static int end_add(struct mw_terms *t, struct mw_arena *a, uint32_t node, uint32_t rule)
{
	struct end *ends;

	for (uint32_t i = t->node[node].ends; i; i = t->end[i - 1].next)
		if (t->end[i - 1].rule == rule)
			return 0;
	ends = mw_arena_grow(a, t->end, &t->ends_cap, t->ends + 1, sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	t->end = ends;
	t->end[t->ends] = (struct end){.rule = rule, .next = t->node[node].ends};
	t->node[node].ends = (uint32_t)++t->ends;
	return 0;
}

int mw_terms_add(struct mw_terms *t, struct mw_arena *a, struct mw_str term, uint32_t rule, bool whole_word)
{
	size_t words = mw_terms_count(term), end = 0;
	struct mw_tokens r = {.text = term, .seed = SEED};
	uint32_t at = ROOT;
	struct mw_token w;

	for (size_t i = 0; i < words && mw_tokens_next(&r, &w); i++) {
		unsigned gap = i ? mw_token_gap(term, end, w.start) : MW_GAP_BREAK;
		int rc = child_add(t, a, at, gap, !whole_word && i + 1 == words, &w, &at);

		if (rc < 0)
			return rc;
		end = w.end;
	}
	return at == ROOT ? 0 : end_add(t, a, at, rule);
}

static uint32_t child_find(const struct mw_terms *t, uint32_t parent, unsigned gap, bool open, uint64_t hash, const char *p,
			   size_t n)
{
	return slot_find(t, key_of(parent, gap, open, hash), parent, gap, open, p, n)->node;
}

static int hits(const struct mw_terms *t, uint32_t node, size_t start, size_t stop, mw_term_hit hit, void *ctx)
{
	int rc = 0;

	for (uint32_t i = t->node[node].ends; i && rc == 0; i = t->end[i - 1].next)
		rc = hit(ctx, t->end[i - 1].rule, start, stop);
	return rc;
}

/* Terms that end in the middle of this word. */
static int open_hits(const struct mw_terms *t, uint32_t parent, unsigned gap, const struct mw_token *w, size_t start,
		     mw_term_hit hit, void *ctx)
{
	uint64_t sizes = t->node[parent].open_sizes, h = SEED;
	int rc = 0;

	for (size_t n = 1; n <= w->n && sizes && rc == 0; n++, sizes >>= 1) {
		uint32_t node = 0;

		h = mw_token_hash(h, w->p[n - 1]);
		if (sizes & 1)
			node = child_find(t, parent, gap, true, h, w->p, n);
		if (node)
			rc = hits(t, node, start, w->end, hit, ctx);
	}
	return rc;
}

/* One step of one walk: *node becomes the child, 0 when there is none. */
static int walk_step(const struct mw_terms *t, struct walk *walk, unsigned gap, const struct mw_token *w, mw_term_hit hit,
		     void *ctx)
{
	uint32_t parent = walk->node;
	uint64_t known = parent == ROOT ? t->first[w->hash % FIRST_BITS / 64] : t->node[parent].closed;
	int rc = t->node[parent].open_sizes ? open_hits(t, parent, gap, w, walk->start, hit, ctx) : 0;

	walk->node = 0;
	if (rc || !(known >> (w->hash % 64) & 1))
		return rc;
	walk->node = child_find(t, parent, gap, false, w->hash, w->p, w->n);
	return walk->node ? hits(t, walk->node, walk->start, w->end, hit, ctx) : 0;
}

int mw_terms_scan(const struct mw_terms *t, struct mw_str text, mw_term_hit hit, void *ctx)
{
	struct mw_tokens r = {.text = text, .seed = SEED};
	struct walk walk[MW_TERM_WORDS + 1];
	size_t walks = 0, end = 0;
	struct mw_token w;

	if (t->nodes == 1)
		return 0;
	while (mw_tokens_next(&r, &w)) {
		unsigned gap = walks ? mw_token_gap(text, end, w.start) : MW_GAP_BREAK;
		size_t keep = 0;
		int rc = 0;

		if (!w.n || (walks && gap == MW_GAP_BREAK))
			walks = 0;
		end = w.end;
		if (!w.n)
			continue;
		/* Oldest first, so that of two terms the one that begins earlier is told first. */
		for (size_t i = 0; i < walks && rc == 0; i++) {
			struct walk next = walk[i];

			rc = walk_step(t, &next, gap, &w, hit, ctx);
			if (next.node)
				walk[keep++] = next;
		}
		walk[keep] = (struct walk){.node = ROOT, .start = w.start};
		if (rc == 0)
			rc = walk_step(t, walk + keep, MW_GAP_BREAK, &w, hit, ctx);
		if (rc)
			return rc;
		walks = keep + (walk[keep].node ? 1 : 0);
	}
	return 0;
}
