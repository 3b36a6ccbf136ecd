/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/plain.h"

#include <string.h>

static bool is_alnum(char c)
{
	return (mw_lower(c) >= 'a' && mw_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* How many ">" begin the line at i, which may have blanks between them; *text: where it goes on behind them and a blank. */
static unsigned marks(struct mw_str s, size_t i, size_t *text)
{
	unsigned depth = 0;

	*text = i;
	for (; i < s.n && (s.p[i] == '>' || (s.p[i] == ' ' && depth)); i++)
		if (s.p[i] == '>') {
			depth += depth < MW_PLAIN_DEPTH;
			*text = i + 1;
		}
	if (depth && *text < s.n && s.p[*text] == ' ')
		++*text;
	return depth;
}

static bool is_of_link(char c)
{
	return c > ' ' && c < 0x7f && !strchr("<>\"`{}|\\^", c);
}

/* Octets of the link at i: without what ends the sentence, or the bracket, around it. 0 = there is none. */
static size_t link_length(struct mw_str s, size_t i)
{
	size_t scheme = s.n - i > 8 && mw_str_caseeq((struct mw_str){.p = s.p + i, .n = 8}, "https://")	 ? 8
			: s.n - i > 7 && mw_str_caseeq((struct mw_str){.p = s.p + i, .n = 7}, "http://") ? 7
													 : 0;
	size_t end = i + scheme, open = 0, close = 0;

	if (!scheme || (i > 0 && is_alnum(s.p[i - 1])) || (!is_alnum(s.p[end]) && s.p[end] != '['))
		return 0;
	for (; end < s.n && is_of_link(s.p[end]); end++) {
		open += s.p[end] == '(';
		close += s.p[end] == ')';
	}
	while (end > i + scheme + 1 && (strchr(".,;:!?'", s.p[end - 1]) || (s.p[end - 1] == ')' && close > open)))
		close -= s.p[--end] == ')';
	return end - i;
}

/* Index of the first link behind `from` in a line that ends at `end`; `end` when there is none. */
static size_t next_link(struct mw_str s, size_t from, size_t end)
{
	const char *hit;

	for (size_t i = from; i < end && (hit = memchr(s.p + i, ':', end - i)) != NULL; i = (size_t)(hit - s.p) + 1) {
		size_t at = (size_t)(hit - s.p);

		if (end - at < 3 || hit[1] != '/' || hit[2] != '/')
			continue;
		for (size_t scheme = 5; scheme >= 4; scheme--) /* https, http */
			if (at > from + scheme && link_length(s, at - scheme))
				return at - scheme;
	}
	return end;
}

/* Index of the first line behind i that is quoted; s.n when there is none. */
static size_t next_quote(struct mw_str s, size_t i)
{
	const char *hit;

	for (; i < s.n && (hit = memchr(s.p + i, '>', s.n - i)) != NULL; i = (size_t)(hit - s.p) + 1)
		if (hit > s.p && hit[-1] == '\n')
			return (size_t)(hit - s.p);
	return s.n;
}

/* Index of what ends a piece of text that begins at i: a link, or a line of another depth. */
static size_t text_end(struct mw_plain *p, size_t i)
{
	const char *newline;
	size_t end;

	if (p->depth) {
		newline = memchr(p->s.p + i, '\n', p->s.n - i);
		end = newline ? (size_t)(newline - p->s.p) + 1 : p->s.n;
	} else {
		if (p->quote <= i)
			p->quote = next_quote(p->s, i + 1);
		end = p->quote;
	}
	return next_link(p->s, i, end);
}

/* At the beginning of a line. True: its depth is another one. */
static bool begin_line(struct mw_plain *p)
{
	size_t text;
	unsigned depth = marks(p->s, p->at, &text);
	bool other = !p->begun || depth != p->depth;

	p->depth = depth;
	p->at = text;
	p->begun = p->inside = true;
	return other;
}

enum mw_plain_kind mw_plain_next(struct mw_plain *p, struct mw_str *piece)
{
	size_t n;

	if (p->at == p->s.n)
		return MW_PLAIN_END;
	if (!p->inside && p->pieces < MW_PLAIN_PIECES && begin_line(p)) {
		p->pieces++;
		return MW_PLAIN_QUOTE;
	}
	if (p->at == p->s.n)
		return MW_PLAIN_END;
	n = p->pieces >= MW_PLAIN_PIECES ? 0 : link_length(p->s, p->at);
	*piece = mw_str_behind(p->s, p->at);
	if (n)
		piece->n = n;
	else if (p->pieces < MW_PLAIN_PIECES)
		piece->n = text_end(p, p->at) - p->at;
	p->at += piece->n;
	p->pieces++;
	p->inside = piece->p[piece->n - 1] != '\n' || n;
	return n ? MW_PLAIN_LINK : MW_PLAIN_TEXT;
}
