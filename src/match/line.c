/* SPDX-License-Identifier: Apache-2.0 */
#include "match/line.h"

#include "match/phrase.h"

#include <string.h>

#define PIECE 256u /* so that a search for one end does not run on behind the other */

size_t mw_line_end(struct mw_str text, size_t at)
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
	size_t end = mw_line_end(text, at);

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

bool mw_line_begins_with(struct mw_str line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && mw_str_caseeq((struct mw_str){.p = line.p, .n = n}, word);
}

bool mw_line_ends(struct mw_str line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && mw_str_caseeq((struct mw_str){.p = line.p + line.n - n, .n = n}, word);
}

#define WORDS_MAX 64u

/* A word may begin with an octet behind one that is no small letter, or behind any: between two small letters no word begins, and
 * most octets stand there. Which of the two the octet asks of the next one stands a shift above. */
#define BEGINS 1u
#define BEGINS_INSIDE 2u
#define NEXT 2u /* bits */

/* Words by their first octet: chains, most of them empty. What two octets begin none is told by a bit; behind a word of one octet
 * any may follow. */
struct by_octet {
	unsigned char head[256], next[WORDS_MAX + 1]; /* number of a word + 1, 0 ends */
	unsigned char kind[256];
	bool alone[256];
	uint64_t pair[16];
};

static unsigned pair_of(unsigned char a, unsigned char b)
{
	return (a * 33u + b) % 1024;
}

static bool pair_has(const struct by_octet *by, unsigned char a, unsigned char b)
{
	return by->alone[a] || by->pair[pair_of(a, b) / 64] >> (pair_of(a, b) % 64) & 1;
}

static void chain(struct by_octet *by, const char *const *words, size_t n)
{
	*by = (struct by_octet){.head = {0}};
	memset(by->kind, BEGINS << NEXT, sizeof(by->kind));
	memset(&by->kind['a'], BEGINS_INSIDE << NEXT, 26);
	for (size_t i = n; i > 0; i--) {
		unsigned char c = (unsigned char)words[i - 1][0], b = (unsigned char)words[i - 1][1];
		bool small = c >= 'a' && c <= 'z';

		by->next[i] = by->head[c];
		by->head[c] = (unsigned char)i;
		by->alone[c] |= b == 0;
		by->pair[pair_of(c, b) / 64] |= 1ull << (pair_of(c, b) % 64);
		by->kind[c] |= small ? BEGINS : BEGINS | BEGINS_INSIDE;
		if (small)
			by->kind[c - ('a' - 'A')] |= BEGINS | BEGINS_INSIDE;
	}
}

/* Does the word, whose first octet stands there, go on up to the end of a word? */
static bool has_at(struct mw_str line, size_t at, const char *word)
{
	size_t i = 1;

	while (word[i] && at + i < line.n && (line.p[at + i] == word[i] || mw_lower(line.p[at + i]) == word[i]))
		i++;
	return !word[i] && !mw_phrase_cut(line, at + i);
}

/* Which of the words, of those that have not been seen, begin there. */
static uint64_t words_at(const struct by_octet *by, struct mw_str line, size_t at, const char *const *words, uint64_t seen)
{
	unsigned char c = (unsigned char)mw_lower(line.p[at]);
	unsigned char behind = at + 1 < line.n ? (unsigned char)mw_lower(line.p[at + 1]) : 0;
	uint64_t found = 0;

	for (unsigned i = pair_has(by, c, behind) ? by->head[c] : 0; i; i = by->next[i])
		if (!(seen >> (i - 1) & 1) && has_at(line, at, words[i - 1]) && !mw_phrase_cut(line, at))
			found |= 1ull << (i - 1);
	return found;
}

uint64_t mw_line_words(struct mw_str line, const char *const *words, size_t n)
{
	struct by_octet by;
	uint64_t seen = 0;
	unsigned here, begins = BEGINS;

	n = n < WORDS_MAX ? n : WORDS_MAX;
	chain(&by, words, n);
	for (size_t at = 0; at < line.n; at++, begins = here >> NEXT) {
		here = by.kind[(unsigned char)line.p[at]];
		if (here & begins)
			seen |= words_at(&by, line, at, words, seen);
	}
	return seen;
}

size_t mw_line_count(struct mw_str line, const char *const *words, size_t n)
{
	return (size_t)__builtin_popcountll(mw_line_words(line, words, n));
}
