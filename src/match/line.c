/* SPDX-License-Identifier: Apache-2.0 */
#include "match/line.h"

#include "match/phrase.h"

#include <string.h>

#define PIECE 256u /* so that a search for one end does not run on behind the other */

/* The first LF or CR, text.n when there is none. */
static size_t line_end(struct mw_str text, size_t at)
{
	while (at < text.n) {
		size_t n = text.n - at > PIECE ? PIECE : text.n - at;
		const char *p = text.p + at, *lf = memchr(p, '\n', n), *cr = memchr(p, '\r', lf ? (size_t)(lf - p) : n);

		if (cr || lf)
			return (size_t)((cr ? cr : lf) - text.p);
		at += n;
	}
	return at;
}

struct mw_str mw_line_at(struct mw_str text, size_t at, size_t *next)
{
	size_t end = line_end(text, at);

	*next = end + (end < text.n);
	if (end + 1 < text.n && text.p[end] == '\r' && text.p[end + 1] == '\n')
		++*next;
	return (struct mw_str){.p = text.p + at, .n = end - at};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

struct mw_str mw_line_trim(struct mw_str line, size_t most)
{
	while (line.n && is_blank(line.p[0])) {
		line.p++;
		line.n--;
	}
	while (line.n && is_blank(line.p[line.n - 1]))
		line.n--;
	if (line.n > most)
		line.n = most;
	return line;
}

bool mw_line_begins(struct mw_str line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && mw_str_caseeq((struct mw_str){.p = line.p, .n = n}, word);
}

bool mw_line_ends(struct mw_str line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && mw_str_caseeq((struct mw_str){.p = line.p + line.n - n, .n = n}, word);
}

/* Does the word stand there, up to the end of a word? */
static bool has_at(struct mw_str line, size_t at, const char *word)
{
	size_t n;

	if (mw_lower(line.p[at]) != word[0])
		return false;
	n = strlen(word);
	return n <= line.n - at && mw_str_caseeq((struct mw_str){.p = line.p + at, .n = n}, word) && !mw_phrase_cut(line, at + n);
}

size_t mw_line_count(struct mw_str line, const char *const *words, size_t n)
{
	uint64_t seen = 0;
	size_t count = 0;

	for (size_t at = 0; at < line.n; at++) {
		if (mw_phrase_cut(line, at) || line.p[at] == ' ')
			continue;
		for (size_t i = 0; i < n && i < 64; i++) {
			if (seen >> i & 1 || !has_at(line, at, words[i]))
				continue;
			seen |= 1ull << i;
			count++;
		}
	}
	return count;
}
