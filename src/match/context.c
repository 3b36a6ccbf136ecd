/* SPDX-License-Identifier: Apache-2.0 */
/* context: phrases are kept in lower case with single blanks, in buckets by their first octet. */
#include "match/context.h"

#include <string.h>

struct mw_context {
	size_t within;
	size_t n;
	struct mw_str *phrase;
	uint32_t first[257]; /* phrases that begin with octet c: [first[c], first[c + 1]) */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '_';
}

/* Letters beyond ASCII count as parts of a word. */
static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ((unsigned char)c & 0x80u);
}

/* Lower case, runs of blanks as one, none at the ends. */
static bool phrase_normal(struct mw_arena *a, struct mw_str in, struct mw_str *ret)
{
	char *p = mw_arena_alloc(a, in.n);
	size_t n = 0;

	if (!p)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		if (!is_blank(in.p[i]))
			p[n++] = mw_lower(in.p[i]);
		else if (n && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	while (n && p[n - 1] == ' ')
		n--;
	*ret = (struct mw_str){.p = p, .n = n};
	return true;
}

struct mw_context *mw_context_new(struct mw_arena *a, const struct mw_str *phrase, size_t n, size_t within)
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
	for (size_t i = 0; i < n; i++) {
		if (!phrase_normal(a, phrase[i], normal + i))
			return NULL;
		if (normal[i].n)
			next[(unsigned char)normal[i].p[0]]++;
	}
	for (size_t i = 0; i < 256; i++) {
		c->first[i + 1] = c->first[i] + next[i];
		next[i] = c->first[i];
	}
	c->n = c->first[256];
	for (size_t i = 0; i < n; i++)
		if (normal[i].n)
			c->phrase[next[(unsigned char)normal[i].p[0]]++] = normal[i];
	return c;
}

/* Octets of text that the phrase takes at the start of it, 0: it does not match there. */
static size_t phrase_match(struct mw_str phrase, const char *p, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < phrase.n; i++) {
		if (phrase.p[i] != ' ') {
			if (at == n || mw_lower(p[at]) != phrase.p[i])
				return 0;
			at++;
			continue;
		}
		if (at == n || !is_blank(p[at]))
			return 0;
		while (at < n && is_blank(p[at]))
			at++;
	}
	return at;
}

/* Is a word cut at this offset? */
static bool inside_word(struct mw_str text, size_t at)
{
	return at > 0 && at < text.n && is_word(text.p[at - 1]) && is_word(text.p[at]);
}

static bool window_has(const struct mw_context *c, struct mw_str text, size_t from, size_t to)
{
	for (size_t at = from; at < to; at++) {
		unsigned char head = (unsigned char)mw_lower(text.p[at]);

		if (c->first[head] == c->first[head + 1] || inside_word(text, at))
			continue;
		for (uint32_t i = c->first[head]; i < c->first[head + 1]; i++) {
			size_t n = phrase_match(c->phrase[i], text.p + at, to - at);

			if (n && !inside_word(text, at + n))
				return true;
		}
	}
	return false;
}

bool mw_context_near(const struct mw_context *c, struct mw_str text, size_t start, size_t end)
{
	size_t from = start > c->within ? start - c->within : 0;
	size_t to = text.n - end > c->within ? end + c->within : text.n;

	return window_has(c, text, from, start) || window_has(c, text, end, to);
}
