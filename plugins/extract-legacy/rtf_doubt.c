/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtf_doubt: text of groups in which programs keep names and numbers of their own: styles, bookmarks, properties of shapes. No reader
 * shows it, and mostly it says nothing; what can be a person's words or number in it is hidden text.
 */
#include "rtf_private.h"

#include <string.h>

#define HELD_MAX 65536u	 /* octets that wait for the end of their group */
#define NUMBER_MIN 6u	 /* digits of a number that somebody may have been given */
#define COUNT_MAX 4u	 /* digits that a program counts with: "Text Box 12" */
#define WORD_MIN 3u	 /* letters of a label that is a word, and no number of a list */
#define PROPERTY_MAX 40u /* letters of a property's name, which has no blank in it */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Signs and bullets are none: those of U+2000 and of a font's own. */
static bool is_letter(char c)
{
	const unsigned char u = (unsigned char)c;

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (u > 0xc2 && u != 0xe2 && u != 0xef);
}

static size_t letters(struct mw_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_letter(s.p[i]);
	return n;
}

/* A number of a person, with the signs that stand in one, or an address. What begins with a low line is a program's own mark. */
static bool has_number(struct mw_str s)
{
	size_t digits = 0;

	if (s.n && s.p[0] == '_')
		return false;
	for (size_t i = 0; i < s.n && digits < NUMBER_MIN; i++) {
		if (s.p[i] == '@' && i && s.p[i - 1] > ' ')
			return true;
		if (is_digit(s.p[i]))
			digits++;
		else if (s.p[i] != '-' && s.p[i] != '/')
			digits = 0;
	}
	return digits >= NUMBER_MIN;
}

/* "Rectangle" and "Text Box 2" are names by programs. */
static bool is_given(struct mw_str s)
{
	size_t n = s.n, plain = 0;

	while (n && is_digit(s.p[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++)
		plain += is_letter(s.p[i]) || s.p[i] == ' ' || (unsigned char)s.p[i] >= 0x80;
	return plain < n || s.n - n > COUNT_MAX || (n == s.n && memchr(s.p, ' ', n));
}

static bool is_telling(const struct rtf_state *s, struct mw_str t)
{
	switch ((enum rtf_dest)s->dest) {
	case RTF_TO_SN:
	case RTF_TO_CLASS:
		return t.n > PROPERTY_MAX || memchr(t.p, ' ', t.n) || has_number(t);
	case RTF_TO_COLOURS:
	case RTF_TO_PROPS:
	case RTF_TO_PICT:
	case RTF_TO_OBJECT:
		return letters(t) > 0;
	case RTF_TO_DOUBT:
		return s->doubt == RTF_DOUBT_WORD    ? letters(t) >= WORD_MIN
		       : s->doubt == RTF_DOUBT_VALUE ? letters(t) > 0
		       : s->doubt == RTF_DOUBT_TEXT  ? t.n > 0
		       : s->doubt == RTF_DOUBT_NAME  ? is_given(t)
						     : has_number(t);
	default:
		return has_number(t);
	}
}

void rtf_doubt_end(struct rtf *r)
{
	const struct rtf_state *s = rtf_now(r);
	struct mw_str t = {.p = r->doubt.p, .n = r->doubt.n};

	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)r->doubt.p[i] < ' ')
			r->doubt.p[i] = ' ';
	while (t.n && (t.p[0] == ';' || t.p[0] == ' ')) {
		t.p++;
		t.n--;
	}
	while (t.n && (t.p[t.n - 1] == ';' || t.p[t.n - 1] == ' '))
		t.n--;
	if (t.n && r->failed == 0 && is_telling(s, t)) {
		give_to(r->out, s->section, true);
		(void)rtf_failed(r, give_break(r->out));
		(void)rtf_failed(r, give_text(r->out, t.p, t.n));
		(void)rtf_failed(r, give_break(r->out));
	}
	bytes_clear(&r->doubt);
}

void rtf_doubt(struct rtf *r, const char *p, size_t n)
{
	while (n && r->failed == 0) {
		size_t some = n < HELD_MAX ? n : HELD_MAX;

		if (r->doubt.n + some > HELD_MAX)
			rtf_doubt_end(r);
		(void)rtf_failed(r, bytes_add(&r->doubt, p, some));
		p += some;
		n -= some;
	}
}
