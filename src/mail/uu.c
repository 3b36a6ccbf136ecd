/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/uu.h"

#include <string.h>

#include "base/str.h"

/* The line at the start of s without its end; *n: with it. */
static struct mw_str line_at(struct mw_str s, size_t *n)
{
	const char *lf = s.n ? memchr(s.p, '\n', s.n) : NULL;
	size_t length = lf ? (size_t)(lf - s.p) : s.n;

	*n = lf ? length + 1 : length;
	if (length && s.p[length - 1] == '\r')
		length--;
	return (struct mw_str){.p = s.p, .n = length};
}

static struct mw_str behind(struct mw_str s, size_t n)
{
	return (struct mw_str){.p = s.p + n, .n = s.n - n};
}

/* "begin 644 NAME"? */
static bool is_begin(struct mw_str line, struct mw_str *name)
{
	size_t digits = 0;

	if (line.n < 6 || memcmp(line.p, "begin ", 6) != 0)
		return false;
	line = behind(line, 6);
	while (digits < line.n && line.p[digits] >= '0' && line.p[digits] <= '7')
		digits++;
	if (digits < 3 || digits > 4 || digits == line.n || line.p[digits] != ' ')
		return false;
	*name = mw_str_trim(behind(line, digits));
	return name->n > 0;
}

/* Octets that the line says it holds; 0: the last line, or none of a file at all. Blanks at the end may have been cut off, and a
 * check sum may follow. */
static size_t octets_of(struct mw_str line)
{
	size_t octets, letters;

	if (line.n == 0 || line.p[0] < ' ' || line.p[0] > '`')
		return 0;
	octets = (size_t)(line.p[0] - ' ') & 63;
	letters = (octets + 2) / 3 * 4;
	if (line.n > letters + 3)
		return 0;
	for (size_t i = 1; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] > '`')
			return 0;
	return line.n * 2 > letters ? octets : 0;
}

/* Length of the data and the "end" behind a begin line; 0: no data follows, so it was a line of text. */
static size_t data_length(struct mw_str s)
{
	size_t at = 0, n;
	struct mw_str line;

	for (line = line_at(s, &n); octets_of(line); line = line_at(behind(s, at), &n))
		at += n;
	if (at == 0)
		return 0;
	for (int i = 0; i < 2 && at < s.n; i++) { /* a line of no octets, then "end" */
		line = line_at(behind(s, at), &n);
		if (mw_str_eq(line, "end"))
			return at + n;
		if (line.n > 1 || (line.n == 1 && line.p[0] != ' ' && line.p[0] != '`'))
			break;
		at += n;
	}
	return at;
}

bool mw_uu_next(struct mw_str *text, struct mw_str *file, struct mw_str *name)
{
	struct mw_str rest = *text;

	while (rest.n) {
		size_t n, data = 0;

		if (is_begin(line_at(rest, &n), name))
			data = data_length(behind(rest, n));
		if (data) {
			*file = (struct mw_str){.p = rest.p, .n = n + data};
			*text = behind(rest, n + data);
			return true;
		}
		rest = behind(rest, n);
	}
	*text = rest;
	return false;
}
