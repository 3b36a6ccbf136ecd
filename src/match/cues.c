/* SPDX-License-Identifier: Apache-2.0 */
/* cues: one bit for each three octets that a phrase may begin with turns most places of a text away; then buckets by the first two,
 * and in these the octets of the first word, up to four. What stands behind a first word of one octet may be many things: such
 * phrases are in buckets of their own, by first octet. */
#include "match/cues.h"

#include "match/phrase.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS 65536u
#define BUCKETS (PAIRS + 256u)

/* A phrase in normal form, and whose cue it is: owner[first, last). */
struct entry {
	struct mw_str phrase;
	uint32_t head, mask; /* of the text's first four octets in lower case, those of the mask are these */
	uint32_t first, last;
};

/* A phrase may begin with an octet behind one that is none of a word, or behind one that is: most octets are small letters inside of
 * a word. Which of the two the octet asks of the next one stands a shift above. */
#define BEGINS 1u
#define BEGINS_INSIDE 2u
#define NEXT 2u	 /* bits */
#define FIVE 31u /* bits of an octet: the same of a letter in both cases, also of those of Latin-1 */

struct mw_cues {
	uint64_t three[32 * 32 * 32 / 64];
	uint8_t kind[256]; /* of an octet */
	struct entry *entry;
	struct mw_cue *owner;
	uint32_t *first; /* entries that begin with pair i: [first[i], first[i + 1]); behind the pairs, with octet i - PAIRS */
};

static unsigned three_of(unsigned a, unsigned b, unsigned c)
{
	return (a & FIVE) << 10 | (b & FIVE) << 5 | (c & FIVE);
}

/* What a text may have where the phrase begins. Behind the end of the first word that is many things. */
static void three_put(struct mw_cues *c, const struct entry *e)
{
	unsigned most = e->mask >> 8 & 0xff ? 0 : FIVE, last = e->mask >> 16 & 0xff ? 0 : FIVE;

	for (unsigned i = 0; i <= most; i++)
		for (unsigned k = 0; k <= last; k++) {
			unsigned bit = three_of(e->head, (e->head >> 8) + i, (e->head >> 16) + k);

			c->three[bit / 64] |= 1ull << (bit % 64);
		}
}

static bool three_has(const struct mw_cues *c, struct mw_str text, size_t at)
{
	unsigned i = three_of((unsigned char)text.p[at], at + 1 < text.n ? (unsigned char)text.p[at + 1] : 0,
			      at + 2 < text.n ? (unsigned char)text.p[at + 2] : 0);

	return c->three[i / 64] >> (i % 64) & 1;
}

static unsigned char upper(unsigned char c)
{
	return c >= 'a' && c <= 'z' ? (unsigned char)(c - ('a' - 'A')) : c;
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
		head |= (uint32_t)(unsigned char)mw_phrase_lower(text, at + i) << (8 * i);
	return head;
}

static struct entry entry_of(struct mw_str phrase)
{
	const char *blank = memchr(phrase.p, ' ', phrase.n);
	size_t n = blank ? (size_t)(blank - phrase.p) : phrase.n;
	uint32_t mask = n >= 4 ? UINT32_MAX : ((uint32_t)1 << (8 * n)) - 1;

	return (struct entry){.phrase = phrase, .head = head_of(phrase, 0) & mask, .mask = mask};
}

static int by_phrase(const void *a, const void *b)
{
	const struct mw_cue *x = a, *y = b;
	uint32_t i = bucket_of(x->phrase), k = bucket_of(y->phrase);
	size_t n = x->phrase.n < y->phrase.n ? x->phrase.n : y->phrase.n;
	int rc = memcmp(x->phrase.p, y->phrase.p, n);

	if (i != k)
		return i < k ? -1 : 1;
	return rc ? rc : (x->phrase.n > y->phrase.n) - (x->phrase.n < y->phrase.n);
}

/* One entry for each phrase, in order of buckets. */
static void entries_make(struct mw_cues *c, size_t n)
{
	uint32_t entries = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct mw_str phrase = c->owner[i].phrase;

		if (i == 0 || !mw_str_same(phrase, c->owner[i - 1].phrase)) {
			c->entry[entries] = entry_of(phrase);
			c->entry[entries++].first = i;
			c->first[bucket_of(phrase) + 1] = entries;
			three_put(c, &c->entry[entries - 1]);
		}
		c->entry[entries - 1].last = i + 1;
	}
	for (size_t i = 1; i < BUCKETS + 1; i++)
		c->first[i] = c->first[i] > c->first[i - 1] ? c->first[i] : c->first[i - 1];
}

struct mw_cues *mw_cues_new(struct mw_arena *a, const struct mw_cue *v, size_t n)
{
	struct mw_cues *c = mw_arena_alloc(a, sizeof(*c));
	bool begins[256] = {false};
	size_t owners = 0;

	if (!c || n >= UINT32_MAX)
		return NULL;
	c->owner = mw_arena_array(a, n, sizeof(*c->owner));
	c->entry = mw_arena_array(a, n, sizeof(*c->entry));
	c->first = mw_arena_array(a, BUCKETS + 1, sizeof(*c->first));
	if (!c->owner || !c->entry || !c->first)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		c->owner[owners] = v[i];
		if (!mw_phrase_normal(a, v[i].phrase, &c->owner[owners].phrase))
			return NULL;
		owners += c->owner[owners].phrase.n > 0;
	}
	for (size_t i = 0; i < owners; i++) {
		begins[(unsigned char)c->owner[i].phrase.p[0]] = true;
		begins[upper((unsigned char)c->owner[i].phrase.p[0])] = true;
	}
	qsort(c->owner, owners, sizeof(*c->owner), by_phrase);
	entries_make(c, owners);
	for (unsigned i = 0; i < 256; i++) {
		bool word = mw_phrase_is_word((char)i), capital = i >= 'A' && i <= 'Z';

		c->kind[i] = (uint8_t)((begins[i] ? BEGINS | (!word || capital ? BEGINS_INSIDE : 0) : 0) |
				       (word ? BEGINS_INSIDE : BEGINS) << NEXT);
	}
	return c;
}

/* Is there an owner that has not been told of a phrase of its name? */
static bool is_news(const struct mw_cues *c, const struct entry *e, const uint32_t *seen)
{
	for (uint32_t i = e->first; i < e->last; i++)
		if (!(seen[c->owner[i].rule] >> c->owner[i].name & 1u))
			return true;
	return false;
}

static void look_in(const struct mw_cues *c, uint32_t bucket, uint32_t head, struct mw_str text, size_t at, uint32_t *seen)
{
	for (uint32_t i = c->first[bucket]; i < c->first[bucket + 1]; i++) {
		const struct entry *e = c->entry + i;

		if ((head & e->mask) != e->head || !is_news(c, e, seen) || !mw_phrase_at(e->phrase, text, at, text.n))
			continue;
		for (uint32_t k = e->first; k < e->last; k++)
			seen[c->owner[k].rule] |= 1u << c->owner[k].name;
	}
}

static void look_at(const struct mw_cues *c, struct mw_str text, size_t at, uint32_t *seen)
{
	uint32_t head = head_of(text, at), a = head & 0xff, b = head >> 8 & 0xff;

	if (mw_phrase_cut(text, at))
		return;
	look_in(c, a << 8 | b, head, text, at, seen);
	look_in(c, PAIRS + a, head, text, at, seen);
}

void mw_cues_look(const struct mw_cues *c, struct mw_str text, uint32_t *seen)
{
	const uint8_t *kind = c->kind;
	unsigned here, begins = BEGINS;

	for (size_t at = 0; at < text.n; at++, begins = here >> NEXT) {
		here = kind[(unsigned char)text.p[at]];
		if (here & begins && three_has(c, text, at))
			look_at(c, text, at, seen);
	}
}
