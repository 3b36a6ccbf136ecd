/* SPDX-License-Identifier: Apache-2.0 */
/* cues: one bit for each pair of octets that a phrase may begin with turns most places of a text away; then buckets by that pair.
 * What stands behind a first word of one octet may be many things: such phrases are in buckets of their own, by first octet. */
#include "match/cues.h"

#include "match/phrase.h"

#define PAIRS 65536u
#define BUCKETS (PAIRS + 256u)

struct mw_cues {
	uint64_t pair[65536 / 64];
	struct mw_cue *cue; /* in normal form */
	uint32_t *first;    /* cues that begin with pair i: [first[i], first[i + 1]); behind the pairs, with octet i - PAIRS */
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

struct mw_cues *mw_cues_new(struct mw_arena *a, const struct mw_cue *v, size_t n)
{
	struct mw_cues *c = mw_arena_alloc(a, sizeof(*c));
	struct mw_cue *normal = mw_arena_array(a, n, sizeof(*normal));

	if (!c || !normal || n > UINT32_MAX)
		return NULL;
	c->cue = mw_arena_array(a, n, sizeof(*c->cue));
	c->first = mw_arena_array(a, BUCKETS + 2, sizeof(*c->first));
	if (!c->cue || !c->first)
		return NULL;
	/* Two places too far: then to where each bucket begins, and while it is filled to where the next one does. */
	for (size_t i = 0; i < n; i++) {
		normal[i].rule = v[i].rule;
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
			c->cue[c->first[bucket_of(normal[i].phrase) + 1]++] = normal[i];
	return c;
}

static void look_in(const struct mw_cues *c, uint32_t bucket, struct mw_str text, size_t at, bool *seen)
{
	for (uint32_t i = c->first[bucket]; i < c->first[bucket + 1]; i++)
		if (!seen[c->cue[i].rule] && mw_phrase_at(c->cue[i].phrase, text, at, text.n))
			seen[c->cue[i].rule] = true;
}

static void look_at(const struct mw_cues *c, struct mw_str text, size_t at, bool *seen)
{
	uint32_t a = (unsigned char)mw_lower(text.p[at]), b = at + 1 < text.n ? (unsigned char)mw_lower(text.p[at + 1]) : 0;

	if (mw_phrase_cut(text, at))
		return;
	look_in(c, a << 8 | b, text, at, seen);
	look_in(c, PAIRS + a, text, at, seen);
}

void mw_cues_look(const struct mw_cues *c, struct mw_str text, bool *seen)
{
	unsigned char a, b = text.n ? (unsigned char)text.p[0] : 0;

	for (size_t at = 0; at < text.n; at++) {
		a = b;
		b = at + 1 < text.n ? (unsigned char)text.p[at + 1] : 0;
		if (pair_has(c, a, b))
			look_at(c, text, at, seen);
	}
}
