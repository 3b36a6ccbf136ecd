/* SPDX-License-Identifier: Apache-2.0 */
#include "art.h"

#include "../ole/ole.h"

#include <string.h>

#define HEAD 8u
#define ROW 6u		 /* octets of a property: its number and flags, its value */
#define COMPLEX 0x8000u	 /* the value is a length: that many octets stand behind all rows */
#define PROPERTY 0x3fffu /* its number */
#define LINK_MAX 4096u	 /* characters, or octets, of a text in a link */

enum {
	WORD_ART = 0xc0,
	NAME = 0x380,
	DESCRIPTION = 0x381,
	LINK = 0x382,
	TIP = 0x38d,
	SCRIPT = 0x38e,
};

bool art_is_options(uint16_t type)
{
	return type == 0xf00b || type == 0xf121 || type == 0xf122;
}

static int text(struct out *o, size_t section, bool hide, struct mw_str s)
{
	uint32_t high = 0;
	int r;

	give_to(o, section, hide);
	r = give_break(o);
	for (size_t i = 0; i + 2 <= s.n && r == 0; i += 2) {
		uint32_t c = ole_u16(s.p + i);

		if (c >= 0xd800 && c < 0xdc00) {
			high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000)
			c = high ? 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
		high = 0;
		if (c)
			r = give_char(o, c == '\r' ? '\n' : c);
	}
	return r == 0 ? give_break(o) : r;
}

/*
 * Octets of the text behind the length n at s.p: with the NUL that ends it they are n, or n units of two. Of an address, whose length
 * counts octets, more may follow the text. 0 = there is none. *wide: of two octets each.
 */
static size_t link_text(struct mw_str s, uint32_t n, bool *wide)
{
	size_t units = 0, narrow = 0, most = s.n / 2 < n ? s.n / 2 : n;

	/* A unit whose lower octet is zero is one of a text that begins an octet on. */
	while (units < most && s.p[units * 2] && ole_u16(s.p + units * 2) >= ' ')
		units++;
	*wide = units > 1 && units < most && ole_u16(s.p + units * 2) == 0 && (units + 1 == n || (units + 1) * 2 <= n);
	if (*wide)
		return units * 2;
	while (narrow < s.n && narrow < n && (unsigned char)s.p[narrow] >= ' ')
		narrow++;
	return narrow > 2 && narrow + 1 == n && narrow < s.n && s.p[narrow] == '\0' ? narrow : 0;
}

/* The octets of a link: an object of its own, in which texts stand behind their lengths. Each is looked at a few times at most. */
static int link_texts(struct out *o, size_t section, struct mw_str s)
{
	int r = 0;

	for (size_t at = 0; at + 6 <= s.n && r == 0; at++) {
		const struct mw_str behind = {.p = s.p + at + 4, .n = s.n - at - 4};
		uint32_t n = ole_u32(s.p + at);
		bool wide = false;
		size_t octets = n > 2 && n < LINK_MAX ? link_text(behind, n, &wide) : 0;

		if (octets == 0)
			continue;
		if (wide) {
			r = text(o, section, true, (struct mw_str){.p = behind.p, .n = octets});
		} else {
			give_to(o, section, true);
			r = give_break(o);
			for (size_t i = 0; i < octets && r == 0; i++)
				r = give_char(o, (unsigned char)behind.p[i]);
			r = r == 0 ? give_break(o) : r;
		}
		at += 3 + octets;
	}
	return r;
}

/* "Picture 3" is a name by a program. */
static bool is_given(struct mw_str s)
{
	size_t n = s.n / 2, digits = 0;

	while (n && ole_u16(s.p + (n - 1) * 2) == 0)
		n--;
	for (; n && ole_u16(s.p + (n - 1) * 2) >= '0' && ole_u16(s.p + (n - 1) * 2) <= '9'; n--)
		digits++;
	return n && (digits == 0 || digits > 4);
}

static int property(struct out *o, size_t section, bool hide, unsigned number, struct mw_str s)
{
	switch (number) {
	case WORD_ART:
		return text(o, section, hide, s);
	case NAME:
		return is_given(s) ? text(o, section, true, s) : 0;
	case DESCRIPTION:
	case TIP:
	case SCRIPT:
		return text(o, section, true, s);
	case LINK:
		return link_texts(o, section, s);
	default:
		return 0;
	}
}

int art_options(struct out *o, size_t section, bool hide, unsigned count, struct mw_str data)
{
	size_t at = (size_t)count * ROW;
	int r = 0;

	for (size_t i = 0; i < count && i * ROW + ROW <= data.n && at < data.n && r == 0; i++) {
		uint16_t number = ole_u16(data.p + i * ROW);
		uint32_t n = ole_u32(data.p + i * ROW + 2);

		if (!(number & COMPLEX))
			continue;
		n = n < data.n - at ? n : (uint32_t)(data.n - at);
		r = property(o, section, hide, number & PROPERTY, (struct mw_str){.p = data.p + at, .n = n});
		at += n;
	}
	return r;
}

int art_read(struct out *o, size_t section, bool hide, struct mw_str s)
{
	size_t at = 0;
	int r = 0;

	while (s.n - at >= HEAD && r == 0) {
		uint16_t head = ole_u16(s.p + at), type = ole_u16(s.p + at + 2);
		uint32_t n = ole_u32(s.p + at + 4);

		if (type < 0xf000 || type > 0xf1ff) { /* between two trees */
			at++;
			continue;
		}
		at += HEAD;
		if ((head & 0xf) == 0xf)
			continue;
		n = n < s.n - at ? n : (uint32_t)(s.n - at);
		if (art_is_options(type))
			r = art_options(o, section, hide, head >> 4, (struct mw_str){.p = s.p + at, .n = n});
		at += n;
	}
	return r;
}
