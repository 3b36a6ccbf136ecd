/* SPDX-License-Identifier: Apache-2.0 */
#include "match/phrase.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '_';
}

bool mw_phrase_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ((unsigned char)c & 0x80u);
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Between the words of a name that programs write: birthDate, PatientID. One letter in front makes no word: iPhone. */
static bool is_hump(struct mw_str text, size_t at)
{
	return at >= 2 && at < text.n && text.p[at] >= 'A' && text.p[at] <= 'Z' && is_lower(text.p[at - 1]) &&
	       is_lower(text.p[at - 2]);
}

bool mw_phrase_normal(struct mw_arena *a, struct mw_str in, struct mw_str *ret)
{
	char *p = mw_arena_alloc(a, in.n);
	size_t n = 0;

	if (!p)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		if (!is_blank(in.p[i]))
			p[n++] = mw_phrase_lower(in, i);
		else if (n && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	while (n && p[n - 1] == ' ')
		n--;
	*ret = (struct mw_str){.p = p, .n = n};
	return true;
}

size_t mw_phrase_at(struct mw_str phrase, struct mw_str text, size_t at, size_t to)
{
	size_t start = at;

	for (size_t i = 0; i < phrase.n; i++) {
		if (phrase.p[i] != ' ') {
			if (at == to || mw_phrase_lower(text, at) != phrase.p[i])
				return 0;
			at++;
			continue;
		}
		if (at == to || (!is_blank(text.p[at]) && !is_hump(text, at)))
			return 0;
		while (at < to && is_blank(text.p[at]))
			at++;
	}
	return mw_phrase_cut(text, at) ? 0 : at - start;
}

bool mw_phrase_cut(struct mw_str text, size_t at)
{
	return at > 0 && at < text.n && mw_phrase_is_word(text.p[at - 1]) && mw_phrase_is_word(text.p[at]) && !is_hump(text, at);
}
