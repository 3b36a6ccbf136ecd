/* SPDX-License-Identifier: Apache-2.0 */
/* cues: one bit for each pair of octets that a phrase may begin with turns most places of a text away; then buckets by first
 * octet. */
#include "match/cues.h"

#include "match/phrase.h"

struct mw_cues {
	uint64_t pair[65536 / 64];
	struct mw_cue *cue;  /* in normal form */
	uint32_t first[257]; /* cues that begin with octet c: [first[c], first[c + 1]) */
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
static void pairs_of(struct mw_cues *c, struct mw_str phrase)
{
	static const unsigned char blank[] = {' ', '\t', '\r', '\n', '_'};
	unsigned char a = (unsigned char)phrase.p[0], b = phrase.n > 1 ? (unsigned char)phrase.p[1] : 0;

	for (unsigned i = 0; phrase.n == 1 && i < 256; i++) {
		pair_set(c, a, (unsigned char)i);
		pair_set(c, upper(a), (unsigned char)i);
	}
	for (unsigned i = 0; b == ' ' && i < sizeof(blank); i++) {
		pair_set(c, a, blank[i]);
		pair_set(c, upper(a), blank[i]);
	}
	pair_set(c, a, b);
	pair_set(c, a, upper(b));
	pair_set(c, upper(a), b);
	pair_set(c, upper(a), upper(b));
}

struct mw_cues *mw_cues_new(struct mw_arena *a, const struct mw_cue *v, size_t n)
{
	struct mw_cues *c = mw_arena_alloc(a, sizeof(*c));
	struct mw_cue *normal = mw_arena_array(a, n, sizeof(*normal));
	uint32_t next[256] = {0};

	if (!c || !normal || n > UINT32_MAX)
		return NULL;
	c->cue = mw_arena_array(a, n, sizeof(*c->cue));
	if (!c->cue)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		normal[i].rule = v[i].rule;
		if (!mw_phrase_normal(a, v[i].phrase, &normal[i].phrase))
			return NULL;
		if (!normal[i].phrase.n)
			continue;
		next[(unsigned char)normal[i].phrase.p[0]]++;
		pairs_of(c, normal[i].phrase);
	}
	for (size_t i = 0; i < 256; i++) {
		c->first[i + 1] = c->first[i] + next[i];
		next[i] = c->first[i];
	}
	for (size_t i = 0; i < n; i++)
		if (normal[i].phrase.n)
			c->cue[next[(unsigned char)normal[i].phrase.p[0]]++] = normal[i];
	return c;
}

static void look_at(const struct mw_cues *c, struct mw_str text, size_t at, bool *seen)
{
	unsigned char head = (unsigned char)mw_lower(text.p[at]);

	if (mw_phrase_cut(text, at))
		return;
	for (uint32_t i = c->first[head]; i < c->first[head + 1]; i++)
		if (!seen[c->cue[i].rule] && mw_phrase_at(c->cue[i].phrase, text, at, text.n))
			seen[c->cue[i].rule] = true;
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
