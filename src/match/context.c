/* SPDX-License-Identifier: Apache-2.0 */
/* context: phrases in buckets by their first octet. */
#include "match/context.h"

#include "match/phrase.h"
#include "match/rule.h"

struct mw_context {
	size_t within;
	uint32_t side;
	struct phrase {
		struct mw_str text; /* in normal form */
		size_t which;
	} * phrase;
	uint32_t first[257]; /* phrases that begin with octet c: [first[c], first[c + 1]) */
};

struct mw_context *mw_context_new(struct mw_arena *a, const struct mw_str *phrase, size_t n, uint32_t side, size_t within)
{
	struct mw_context *c = mw_arena_alloc(a, sizeof(*c));
	struct mw_str *normal = mw_arena_array(a, n, sizeof(*normal));
	uint32_t next[256] = {0};

	if (!c || !normal || n > UINT32_MAX)
		return NULL;
	c->phrase = mw_arena_array(a, n, sizeof(*c->phrase));
	if (!c->phrase)
		return NULL;
	c->within = within;
	c->side = side;
	for (size_t i = 0; i < n; i++) {
		if (!mw_phrase_normal(a, phrase[i], normal + i))
			return NULL;
		if (normal[i].n)
			next[(unsigned char)normal[i].p[0]]++;
	}
	for (size_t i = 0; i < 256; i++) {
		c->first[i + 1] = c->first[i] + next[i];
		next[i] = c->first[i];
	}
	for (size_t i = 0; i < n; i++)
		if (normal[i].n)
			c->phrase[next[(unsigned char)normal[i].p[0]]++] = (struct phrase){.text = normal[i], .which = i};
	return c;
}

bool mw_context_in(const struct mw_context *c, struct mw_str text, size_t from, size_t to, size_t *which)
{
	for (size_t at = from; at < to; at++) {
		unsigned char head = (unsigned char)mw_lower(text.p[at]);

		if (c->first[head] == c->first[head + 1] || mw_phrase_cut(text, at))
			continue;
		for (uint32_t i = c->first[head]; i < c->first[head + 1]; i++)
			if (mw_phrase_at(c->phrase[i].text, text, at, to)) {
				*which = c->phrase[i].which;
				return true;
			}
	}
	return false;
}

bool mw_context_near(const struct mw_context *c, struct mw_str text, size_t floor, size_t ceiling, size_t start, size_t end,
		     size_t *which)
{
	size_t from = start > c->within ? start - c->within : 0;
	size_t to = text.n - end > c->within ? end + c->within : text.n;

	from = from < floor ? floor : from;
	to = to > ceiling ? ceiling : to;
	return ((c->side & MW_SIDE_BEFORE) && mw_context_in(c, text, from, start, which)) ||
	       ((c->side & MW_SIDE_AFTER) && mw_context_in(c, text, end, to, which));
}
