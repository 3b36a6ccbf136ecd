/* SPDX-License-Identifier: Apache-2.0 */
#include "html_text.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_OCTETS 32u /* the longest name of HTML has 31 */

/* Numeric references of 0x80 to 0x9f mean windows-1252. */
static const uint16_t cp1252[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
};

static const struct {
	struct mw_str name;
	uint32_t c;
} names[] = {{MW_STR_LIT("amp"), '&'},	{MW_STR_LIT("lt"), '<'},    {MW_STR_LIT("gt"), '>'},
	     {MW_STR_LIT("quot"), '"'}, {MW_STR_LIT("nbsp"), 0xa0}, {MW_STR_LIT("apos"), '\''}};

/* Octets of the well-formed character at p, 0 = it is none. */
static size_t character(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t want = p[0] < 0x80		    ? 1
		      : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		      : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		      : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						    : 0;

	if (want == 0 || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return want;
}

static bool is_control(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
}

/* One character that is given by its number. */
static void put_number(struct mw_buf *to, uint32_t c, bool escape)
{
	char utf8[4];
	size_t n = 0;

	if (c >= 0x80 && c < 0xa0)
		c = cp1252[c - 0x80];
	if (c == '\r' || c == '\f')
		c = ' ';
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (is_control(c))
		return;
	if (c < 0x80) {
		utf8[n++] = (char)c;
	} else if (c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | c >> 18);
		utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	if (escape)
		mw_html_escape(to, (struct mw_str){.p = utf8, .n = n});
	else
		mw_buf_add(to, utf8, n);
}

static const char *escaped(char c)
{
	return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : NULL;
}

/* Text without references. Line ends become LF; what is no UTF-8 becomes U+FFFD; control characters go. */
static void put(struct mw_buf *to, struct mw_str s, bool escape)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		const char *as = escape ? escaped(s.p[i]) : NULL;
		unsigned char c = (unsigned char)s.p[i];

		n = character(s.p + i, s.n - i);
		if (n == 0) {
			mw_buf_add(to, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (as) {
			mw_buf_puts(to, as);
		} else if (c == '\r') {
			if (i + 1 == s.n || s.p[i + 1] != '\n')
				mw_buf_putc(to, '\n');
		} else if (c == '\f') {
			mw_buf_putc(to, ' ');
		} else if (!is_control(c) && !(c == 0xc2 && is_control((unsigned char)s.p[i + 1]))) {
			mw_buf_add(to, s.p + i, n);
		}
	}
}

void mw_html_escape(struct mw_buf *to, struct mw_str s)
{
	put(to, s, true);
}

void mw_html_valid(struct mw_buf *to, struct mw_str s)
{
	put(to, s, false);
}

static int digit(char c, bool hex)
{
	c = mw_lower(c);
	return c >= '0' && c <= '9' ? c - '0' : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "&#123;", "&#x7b;" at s; the semicolon may be missing. Octets read, 0 = it is none. */
static size_t read_number(struct mw_str s, uint32_t *c)
{
	bool hex = s.n > 2 && mw_lower(s.p[2]) == 'x';
	size_t start = hex ? 3 : 2, i = start;

	*c = 0;
	for (; i < s.n && digit(s.p[i], hex) >= 0; i++)
		if (*c < 0x110000)
			*c = *c * (hex ? 16 : 10) + (uint32_t)digit(s.p[i], hex);
	if (i == start)
		return 0;
	return i < s.n && s.p[i] == ';' ? i + 1 : i;
}

/* Octets of "&name;" at s, 0 = it is none. */
static size_t name_length(struct mw_str s)
{
	size_t i = 1;

	while (i < s.n && i <= NAME_MAX_OCTETS &&
	       ((mw_lower(s.p[i]) >= 'a' && mw_lower(s.p[i]) <= 'z') || (i > 1 && digit(s.p[i], false) >= 0)))
		i++;
	return i > 1 && i < s.n && s.p[i] == ';' ? i + 1 : 0;
}

/* A reference of a few names at s. In text the semicolon of all but one may be missing. */
static size_t read_name(struct mw_str s, bool in_text, uint32_t *c)
{
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		size_t end = 1 + names[k].name.n;

		if (end > s.n || memcmp(s.p + 1, names[k].name.p, names[k].name.n) != 0)
			continue;
		*c = names[k].c;
		if (end < s.n && s.p[end] == ';')
			return end + 1;
		if (in_text && *c != '\'')
			return end;
	}
	return 0;
}

/* Text with references. `in_text`: escape, and leave the names that are not known to the browser. */
static void resolve(struct mw_buf *to, struct mw_str s, bool in_text)
{
	size_t i = 0;

	while (i < s.n) {
		const char *mark = memchr(s.p + i, '&', s.n - i);
		size_t at = mark ? (size_t)(mark - s.p) : s.n, n;
		struct mw_str rest = mw_str_behind(s, at);
		uint32_t c;

		put(to, (struct mw_str){.p = s.p + i, .n = at - i}, in_text);
		if (at == s.n)
			return;
		n = rest.n > 1 && rest.p[1] == '#' ? read_number(rest, &c) : read_name(rest, in_text, &c);
		i = at + (n ? n : 1);
		if (n) {
			put_number(to, c, in_text);
		} else if (in_text && (n = name_length(rest)) > 0) {
			mw_buf_add(to, rest.p, n);
			i = at + n;
		} else {
			put(to, MW_STR_LIT("&"), in_text);
		}
	}
}

void mw_html_text(struct mw_buf *to, struct mw_str html)
{
	resolve(to, html, true);
}

void mw_html_resolve(struct mw_buf *to, struct mw_str value)
{
	resolve(to, value, false);
}
