/* SPDX-License-Identifier: Apache-2.0 */
#include "match/sentence.h"

#include <string.h>

#define SHORT_LINE 40u
#define BLANKS_MAX 80u /* that are looked at behind a line's end */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
	return is_small(c) || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* A number with a point or parenthesis, or a sign, with a blank behind: "1. ", "12) ", "- ". */
static bool is_point(struct mw_str text, size_t at)
{
	size_t i = at;

	if (i < text.n && text.p[i] && strchr("-*#+", text.p[i]))
		return i + 1 < text.n && is_blank(text.p[i + 1]);
	if (text.n - i >= 3 && memcmp(text.p + i, "\xe2\x80\xa2", 3) == 0)
		return true;
	while (i < text.n && i < at + 3 && text.p[i] >= '0' && text.p[i] <= '9')
		i++;
	return i > at && i + 1 < text.n && (text.p[i] == '.' || text.p[i] == ')') && is_blank(text.p[i + 1]);
}

/* The first octet from `at` on that is neither a blank nor a quote mark. */
static size_t behind_blanks(struct mw_str text, size_t at)
{
	size_t stop = text.n - at > BLANKS_MAX ? at + BLANKS_MAX : text.n;

	while (at < stop && (is_blank(text.p[at]) || text.p[at] == '>' || text.p[at] == '|'))
		at++;
	return at;
}

/* Is the line's end at `at` that of a sentence, too? */
static bool line_ends(struct mw_str text, size_t at)
{
	size_t i = behind_blanks(text, at + 1), line = at;

	if (i >= text.n || text.p[i] == '\n' || is_point(text, i))
		return true;
	while (line > 0 && at - line < SHORT_LINE && text.p[line - 1] != '\n')
		line--;
	return at - line < SHORT_LINE;
}

/* Is the point at `at` that of an initial, of a title, or the second one of e.g. and i.e.? */
static bool is_short_for(struct mw_str text, size_t at)
{
	static const char titles[][5] = {"mr", "mrs", "ms", "mx", "dr", "drs", "st", "jr", "sr", "sra", "prof", "vs", "pt"};
	size_t from = at, n;
	char word[5] = "";

	while (from > 0 && at - from < sizeof(word) && is_letter(text.p[from - 1]))
		from--;
	n = at - from;
	if (n == 0 || n >= sizeof(word) || (from > 0 && text.p[from - 1] >= '0' && text.p[from - 1] <= '9'))
		return false;
	if (n == 1)
		return text.p[from] < 'a' || (strchr("eg", text.p[from]) && from > 1 && text.p[from - 1] == '.');
	for (size_t i = 0; i < n; i++)
		word[i] = mw_lower(text.p[from + i]);
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strcmp(word, titles[i]) == 0)
			return true;
	/* No. 7, and a letter of two octets: É. Dupont. */
	if (strcmp(word, "no") == 0)
		return text.n - at > 2 && text.p[at + 2] >= '0' && text.p[at + 2] <= '9';
	return n == 2 && (unsigned char)word[0] >= 0xc3 && (unsigned char)word[1] >= 0x80;
}

/* The octet behind the end of a sentence whose last sign is at `at`; 0: none ends there. */
static size_t ends_at(struct mw_str text, size_t at)
{
	size_t i = at + 1, next;

	if (text.p[at] == '\n')
		return line_ends(text, at) ? i : 0;
	if (text.p[at] != '.' && text.p[at] != '!' && text.p[at] != '?')
		return 0;
	while (i < text.n && i < at + 4 && text.p[i] && strchr(".!?\"')]", text.p[i]))
		i++;
	if (i < text.n && !is_blank(text.p[i]) && text.p[i] != '\n')
		return 0;
	if (text.p[at] == '.' && is_short_for(text, at))
		return 0;
	next = behind_blanks(text, i);
	if (next < text.n && text.p[next] == '\n')
		next = behind_blanks(text, next + 1);
	return next < text.n && is_small(text.p[next]) ? 0 : i;
}

size_t mw_sentence_begin(struct mw_str text, size_t at, size_t least)
{
	for (size_t i = at; i > least; i--) {
		size_t end = ends_at(text, i - 1);

		if (end && end <= at)
			return end;
	}
	return least;
}

size_t mw_sentence_end(struct mw_str text, size_t at, size_t most)
{
	for (size_t i = at; i < most; i++) {
		size_t end = ends_at(text, i);

		if (end)
			return end < most ? end : most;
	}
	return most;
}
