/* SPDX-License-Identifier: Apache-2.0 */
#include "found.h"

#include "../ole/ole.h"

#include <string.h>

#define COUNTED_MIN 4u /* characters: fewer are found in any octets */

static bool is_text(uint32_t c)
{
	return (c >= ' ' && c < 0x7f) || (c >= 0xa0 && c < 0xfff0) || c == '\t' || c == '\n' || c == '\r';
}

static int line(struct out *o, struct mw_str s, bool wide)
{
	struct bytes text = {0};
	uint32_t high = 0;
	int r = 0;

	for (size_t i = 0; i + (wide ? 2 : 1) <= s.n && r == 0; i += wide ? 2 : 1) {
		uint32_t c = wide ? ole_u16(s.p + i) : (unsigned char)s.p[i];

		if (c >= 0xd800 && c < 0xdc00) {
			high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000)
			c = high ? 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
		high = 0;
		r = bytes_char(&text, c == '\r' ? '\n' : c);
	}
	if (r == 0)
		r = give_break(o);
	if (r == 0)
		r = give_text(o, text.p, text.n);
	if (r == 0)
		r = give_break(o);
	bytes_free(&text);
	return r;
}

/* ---- runs --------------------------------------------------------------------------------------------------------------------------- */

/* A unit whose lower octet is zero is one of a text that begins an octet on, or of a number: few letters end so. */
static bool is_unit(const char *p)
{
	return p[0] && is_text(ole_u16(p));
}

int found_wide(struct out *o, struct mw_str s, size_t least)
{
	size_t at = 0;
	int r = 0;

	while (at + 2 <= s.n && r == 0) {
		size_t n = 0;

		while (at + n * 2 + 2 <= s.n && is_unit(s.p + at + n * 2))
			n++;
		if (n >= least)
			r = line(o, (struct mw_str){.p = s.p + at, .n = n * 2}, true);
		at += n >= least ? n * 2 : 1;
	}
	return r;
}

int found_narrow(struct out *o, struct codepages *pages, unsigned page, struct mw_str s, size_t least)
{
	size_t at = 0;
	int r = 0;

	while (at < s.n && r == 0) {
		struct bytes text = {0};
		size_t n = 0, ascii = 0;

		for (; at + n < s.n && ((unsigned char)s.p[at + n] >= 0x80 || is_text((unsigned char)s.p[at + n])); n++)
			ascii += (unsigned char)s.p[at + n] < 0x80;
		/* Octets of numbers are more often high than letters are. */
		if (ascii >= least || n >= 3 * least) {
			r = codepage_text(pages, page, s.p + at, n, &text);
			if (r == 0)
				r = give_break(o);
			if (r == 0)
				r = give_text(o, text.p, text.n);
			if (r == 0)
				r = give_break(o);
			bytes_free(&text);
		}
		at += n + 1;
	}
	return r;
}

/* ---- behind a length ---------------------------------------------------------------------------------------------------------------- */

/* Where characters end that can be text: of one octet, and of two from an even and from an odd octet on. Each is looked at once. */
struct ends {
	struct mw_str s;
	size_t narrow, wide[2];
};

static size_t narrow_end(struct ends *e, size_t at)
{
	e->narrow = e->narrow > at ? e->narrow : at;
	while (e->narrow < e->s.n && is_text((unsigned char)e->s.p[e->narrow]))
		e->narrow++;
	return e->narrow;
}

static size_t wide_end(struct ends *e, size_t at)
{
	size_t *end = &e->wide[at % 2];

	*end = *end > at ? *end : at;
	while (*end + 2 <= e->s.n && is_text(ole_u16(e->s.p + *end)))
		*end += 2;
	return *end;
}

/* Numbers of two octets are no text. */
static bool is_numbers(const char *p, size_t n)
{
	size_t zeros = 0;

	for (size_t i = 0; i < n; i++)
		zeros += p[2 * i] == '\0';
	return zeros > n / 2;
}

/* The text whose length stands at `at`, in `front` octets with the flag; none is empty. */
static struct mw_str counted_at(struct ends *e, size_t at, size_t front, bool *wide)
{
	const struct mw_str none = {.p = e->s.p, .n = 0};
	const char *p = e->s.p + at;
	size_t n, octets;

	if (e->s.n - at < front || (unsigned char)p[front - 1] > 1)
		return none;
	n = front == 3 ? ole_u16(p) : (unsigned char)p[0];
	*wide = p[front - 1] == 1;
	octets = *wide ? n * 2 : n;
	at += front;
	if (n < COUNTED_MIN || octets > e->s.n - at || (*wide ? wide_end(e, at) : narrow_end(e, at)) < at + octets)
		return none;
	if (*wide && is_numbers(e->s.p + at, n))
		return none;
	return (struct mw_str){.p = e->s.p + at, .n = octets};
}

int found_counted(struct out *o, struct mw_str s)
{
	struct ends ends = {.s = s};
	size_t at = 0;
	int r = 0;

	while (at < s.n && r == 0) {
		bool wide;
		struct mw_str text = counted_at(&ends, at, 3, &wide);

		if (text.n == 0)
			text = counted_at(&ends, at, 2, &wide);
		if (text.n) {
			r = line(o, text, wide);
			at = (size_t)(text.p - s.p) + text.n;
		} else {
			at++;
		}
	}
	return r;
}
