/* SPDX-License-Identifier: Apache-2.0 */
/* cues: one bit for each pair of octets that a phrase may begin with turns most places of a text away; then buckets by that pair,
 * and in these the octets of the first word, up to four. What stands behind a first word of one octet may be many things: such
 * phrases are in buckets of their own, by first octet. */
#include "match/cues.h"

#include "match/phrase.h"

#include <string.h>

#define PAIRS 65536u
#define BUCKETS (PAIRS + 256u)

/* A phrase in normal form. */
struct entry {
	struct mw_cue cue;
	uint32_t head, mask; /* of the text's first four octets in lower case, those of the mask are these */
};

struct mw_cues {
	uint64_t pair[65536 / 64];
	struct entry *entry;
	uint32_t *first; /* entries that begin with pair i: [first[i], first[i + 1]); behind the pairs, with octet i - PAIRS */
};

static void pair_set(struct mw_cues *c, unsigned char a, unsigned char b)
{
	unsigned i = (unsigned)a << 8 | b;

	c->pair[i / 64] |= 1ull << (i % 64);
}

static bool pair_has(const struct mw_cues *c, unsigned char a, unsigned char b)
{
	unsigned i = (unsigned)a << 8 | b;

	return c->pair[i / 64] >> (i % 64) & 1;
}

static unsigned char upper(unsigned char c)
{
	return c >= 'a' && c <= 'z' ? (unsigned char)(c - ('a' - 'A')) : c;
}

/* Every pair of octets that a text may have where the phrase begins. */
static void pairs_of(struct mw_cues *c, struct mw_str phrase, bool open)
{
	unsigned char a = (unsigned char)phrase.p[0], b = phrase.n > 1 ? (unsigned char)phrase.p[1] : 0;

	for (unsigned i = 0; open && i < 256; i++) {
		pair_set(c, a, (unsigned char)i);
		pair_set(c, upper(a), (unsigned char)i);
	}
	pair_set(c, a, b);
	pair_set(c, a, upper(b));
	pair_set(c, upper(a), b);
	pair_set(c, upper(a), upper(b));
}

static bool is_open(struct mw_str phrase)
{
	return phrase.n == 1 || phrase.p[1] == ' ';
}

static uint32_t bucket_of(struct mw_str phrase)
{
	uint32_t a = (unsigned char)phrase.p[0];

	return is_open(phrase) ? PAIRS + a : a << 8 | (unsigned char)phrase.p[1];
}

static uint32_t head_of(struct mw_str text, size_t at)
{
	uint32_t head = 0;

	for (size_t i = 0; i < 4 && at + i < text.n; i++)
		head |= (uint32_t)(unsigned char)mw_lower(text.p[at + i]) << (8 * i);
	return head;
}

static struct entry entry_of(struct mw_cue cue)
{
	const char *blank = memchr(cue.phrase.p, ' ', cue.phrase.n);
	size_t n = blank ? (size_t)(blank - cue.phrase.p) : cue.phrase.n;
	uint32_t mask = n >= 4 ? UINT32_MAX : ((uint32_t)1 << (8 * n)) - 1;

	return (struct entry){.cue = cue, .head = head_of(cue.phrase, 0) & mask, .mask = mask};
}

struct mw_cues *mw_cues_new(struct mw_arena *a, const struct mw_cue *v, size_t n)
{
	struct mw_cues *c = mw_arena_alloc(a, sizeof(*c));
	struct mw_cue *normal = mw_arena_array(a, n, sizeof(*normal));

	if (!c || !normal || n > UINT32_MAX)
		return NULL;
	c->entry = mw_arena_array(a, n, sizeof(*c->entry));
	c->first = mw_arena_array(a, BUCKETS + 2, sizeof(*c->first));
	if (!c->entry || !c->first)
		return NULL;
	/* Two places too far: then to where each bucket begins, and while it is filled to where the next one does. */
	for (size_t i = 0; i < n; i++) {
		normal[i] = v[i];
		if (!mw_phrase_normal(a, v[i].phrase, &normal[i].phrase))
			return NULL;
		if (!normal[i].phrase.n)
			continue;
		c->first[bucket_of(normal[i].phrase) + 2]++;
		pairs_of(c, normal[i].phrase, is_open(normal[i].phrase));
	}
	for (size_t i = 2; i < BUCKETS + 2; i++)
		c->first[i] += c->first[i - 1];
	for (size_t i = 0; i < n; i++)
		if (normal[i].phrase.n)
			c->entry[c->first[bucket_of(normal[i].phrase) + 1]++] = entry_of(normal[i]);
	return c;
}

static void look_in(const struct mw_cues *c, uint32_t bucket, struct mw_str text, size_t at, uint32_t *seen)
{
	uint32_t head = head_of(text, at);

	for (uint32_t i = c->first[bucket]; i < c->first[bucket + 1]; i++) {
		const struct entry *e = c->entry + i;

		if ((head & e->mask) == e->head && !(seen[e->cue.rule] >> e->cue.name & 1u) &&
		    mw_phrase_at(e->cue.phrase, text, at, text.n))
			seen[e->cue.rule] |= 1u << e->cue.name;
	}
}

static void look_at(const struct mw_cues *c, struct mw_str text, size_t at, uint32_t *seen)
{
	uint32_t a = (unsigned char)mw_lower(text.p[at]), b = at + 1 < text.n ? (unsigned char)mw_lower(text.p[at + 1]) : 0;

	if (mw_phrase_cut(text, at))
		return;
	look_in(c, a << 8 | b, text, at, seen);
	look_in(c, PAIRS + a, text, at, seen);
}

void mw_cues_look(const struct mw_cues *c, struct mw_str text, uint32_t *seen)
{
	unsigned char a, b = text.n ? (unsigned char)text.p[0] : 0;

	for (size_t at = 0; at < text.n; at++) {
		a = b;
		b = at + 1 < text.n ? (unsigned char)text.p[at + 1] : 0;
		if (pair_has(c, a, b))
			look_at(c, text, at, seen);
	}
}
