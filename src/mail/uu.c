/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/uu.h"

#include <string.h>

#include "base/str.h"

/* "begin 644 NAME"? */
static bool is_begin(struct mw_str line, struct mw_str *name)
{
	size_t digits = 0;

	if (line.n < 6 || memcmp(line.p, "begin ", 6) != 0)
		return false;
	line = mw_str_behind(line, 6);
	while (digits < line.n && line.p[digits] >= '0' && line.p[digits] <= '7')
		digits++;
	if (digits < 3 || digits > 4 || digits == line.n || line.p[digits] != ' ')
		return false;
	*name = mw_str_trim(mw_str_behind(line, digits));
	return name->n > 0;
}

/* Octets that the line says it holds; 0: the last line, or none of a file at all. Blanks at the end may have been cut off, a check
 * sum may follow, and a few octets may be damaged. */
static size_t octets_of(struct mw_str line)
{
	size_t octets, letters, strays = 0;

	if (line.n == 0 || line.p[0] < ' ' || line.p[0] > '`')
		return 0;
	octets = (size_t)(line.p[0] - ' ') & 63;
	letters = (octets + 2) / 3 * 4;
	for (size_t i = 1; i < line.n; i++)
		strays += line.p[i] < ' ' || line.p[i] > '`';
	if (strays > letters / 16 || line.n > letters + 3 + letters / 16)
		return 0;
	return line.n * 2 > letters ? octets : 0;
}

/* Length of the data and the "end" behind a begin line; 0: no data follows, so it was a line of text. A line that is none of a file
 * does not end it when the next is one again. */
static size_t data_length(struct mw_str s)
{
	struct mw_str rest = s, next = s, line = mw_str_take_line(&next), after = next;

	while (octets_of(line) || (rest.p > s.p && next.n && !mw_str_eq(line, "end") && octets_of(mw_str_take_line(&after)))) {
		rest = next;
		line = mw_str_take_line(&next);
		after = next;
	}
	if (rest.p == s.p)
		return 0;
	for (int i = 0; i < 2 && rest.n; i++) { /* a line of no octets, then "end" */
		if (mw_str_eq(line, "end"))
			return s.n - next.n;
		if (line.n > 1 || (line.n == 1 && line.p[0] != ' ' && line.p[0] != '`'))
			break;
		rest = next;
		line = mw_str_take_line(&next);
	}
	return s.n - rest.n;
}

bool mw_uu_at(struct mw_str text, struct mw_str *file, struct mw_str *name)
{
	struct mw_str rest = text, found;
	size_t data = 0;

	if (is_begin(mw_str_take_line(&rest), &found))
		data = data_length(rest);
	if (data == 0)
		return false;
	*name = found;
	*file = (struct mw_str){.p = text.p, .n = text.n - rest.n + data};
	return true;
}
