/* SPDX-License-Identifier: Apache-2.0 */
#include "entity.h"

#include "ascii.h"

#include <stdint.h>
#include <string.h>

#include <libxml/HTMLparser.h>

#define NAME_MAX_LEN 24u

/* What libxml2's table, which is that of HTML 4, does not have and an identifier may be written with. */
static const struct {
	const char *name;
	uint16_t c;
} later_names[] = {
    {"af", 0x2061},
    {"AMP", '&'},
    {"apos", '\''},
    {"ApplyFunction", 0x2061},
    {"ast", '*'},
    {"bsol", '\\'},
    {"circledS", 0x24c8},
    {"colon", ':'},
    {"comma", ','},
    {"commat", '@'},
    {"dash", 0x2010},
    {"dollar", '$'},
    {"ell", 0x2113},
    {"emsp13", 0x2004},
    {"emsp14", 0x2005},
    {"equals", '='},
    {"excl", '!'},
    {"ffilig", 0xfb03},
    {"fflig", 0xfb00},
    {"ffllig", 0xfb04},
    {"filig", 0xfb01},
    {"fllig", 0xfb02},
    {"grave", '`'},
    {"GT", '>'},
    {"hairsp", 0x200a},
    {"Hat", '^'},
    {"horbar", 0x2015},
    {"hyphen", 0x2010},
    {"ic", 0x2063},
    {"InvisibleComma", 0x2063},
    {"InvisibleTimes", 0x2062},
    {"it", 0x2062},
    {"lbrace", '{'},
    {"lbrack", '['},
    {"lcub", '{'},
    {"lowbar", '_'},
    {"lpar", '('},
    {"lsqb", '['},
    {"LT", '<'},
    {"MediumSpace", 0x205f},
    {"midast", '*'},
    {"minus", 0x2212},
    {"NegativeMediumSpace", 0x200b},
    {"NegativeThickSpace", 0x200b},
    {"NegativeThinSpace", 0x200b},
    {"NegativeVeryThinSpace", 0x200b},
    {"NewLine", '\n'},
    {"NoBreak", 0x2060},
    {"NonBreakingSpace", 0xa0},
    {"num", '#'},
    {"numero", 0x2116},
    {"numsp", 0x2007},
    {"oS", 0x24c8},
    {"percnt", '%'},
    {"period", '.'},
    {"plus", '+'},
    {"puncsp", 0x2008},
    {"quest", '?'},
    {"QUOT", '"'},
    {"rbrace", '}'},
    {"rbrack", ']'},
    {"rcub", '}'},
    {"rpar", ')'},
    {"rsqb", ']'},
    {"semi", ';'},
    {"sol", '/'},
    {"Tab", '\t'},
    {"ThickSpace", 0x205f},
    {"ThinSpace", 0x2009},
    {"UnderBar", '_'},
    {"verbar", '|'},
    {"vert", '|'},
    {"VerticalLine", '|'},
    {"VeryThinSpace", 0x200a},
    {"ZeroWidthSpace", 0x200b},
};

/* Numeric references of 0x80 to 0x9f mean windows-1252. */
static const uint16_t cp1252[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
};

static bool is_name_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

size_t entity_utf8(uint32_t c, char out[4])
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		out[0] = (char)c;
		return c ? 1 : 0; /* no reader shows a NUL */
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int digit(char c, bool hex)
{
	int value = ascii_hex(c);

	return hex || value < 10 ? value : -1;
}

/* "&#123;", "&#x7b;"; the semicolon may be missing. */
static size_t read_number(const char *p, size_t n, char out[4], size_t *len)
{
	bool hex = n > 2 && (p[2] == 'x' || p[2] == 'X');
	size_t start = hex ? 3 : 2, i = start;
	uint32_t c = 0;

	for (; i < n && digit(p[i], hex) >= 0; i++)
		if (c < 0x110000)
			c = c * (hex ? 16 : 10) + (uint32_t)digit(p[i], hex);
	if (i == start)
		return 0;
	if (c == 0)
		c = 0xfffd;
	if (c >= 0x80 && c < 0xa0)
		c = cp1252[c - 0x80];
	*len = entity_utf8(c, out);
	return i < n && p[i] == ';' ? i + 1 : i;
}

/* Letters of mathematics, "&Sopf;", "&sfr;" and "&sscr;": people read them as what they are written with. */
static uint32_t math_letter(const char *p, size_t n)
{
	bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

	return letter && ((n == 3 && memcmp(p + 1, "fr", 2) == 0) ||
			  (n == 4 && (memcmp(p + 1, "opf", 3) == 0 || memcmp(p + 1, "scr", 3) == 0)))
		   ? (uint32_t)*p
		   : 0;
}

/* The character of a name, 0 = there is none. */
static uint32_t by_name(const char *p, size_t n)
{
	char name[NAME_MAX_LEN + 1];
	const htmlEntityDesc *e;

	memcpy(name, p, n);
	name[n] = '\0';
	for (size_t i = 0; i < sizeof(later_names) / sizeof(later_names[0]); i++)
		if (strcmp(later_names[i].name, name) == 0)
			return later_names[i].c;
	e = htmlEntityLookup((const xmlChar *)name);
	return e ? e->value : 0;
}

/* "&nbspx": old names of Latin-1 end where they end. */
static uint32_t by_prefix(const char *p, size_t *n)
{
	for (size_t k = *n < 6 ? *n : 6; k >= 2; k--) {
		uint32_t c = by_name(p, k);

		if (c && c < 0x100) {
			*n = k;
			return c;
		}
	}
	return 0;
}

size_t entity_read(const char *p, size_t n, bool in_attribute, char out[4], size_t *len)
{
	size_t k = 0;
	uint32_t c;

	if (n > 1 && p[1] == '#')
		return read_number(p, n, out, len);
	while (k + 1 < n && k < NAME_MAX_LEN && is_name_octet(p[k + 1]))
		k++;
	if (k < 2)
		return 0;
	if (k + 1 < n && p[k + 1] == ';') {
		c = by_name(p + 1, k);
		c = c ? c : math_letter(p + 1, k);
		if (c) {
			*len = entity_utf8(c, out);
			return k + 2;
		}
	}
	if (in_attribute)
		return 0;
	c = by_prefix(p + 1, &k);
	if (!c)
		return 0;
	*len = entity_utf8(c, out);
	return k + 1;
}

void entity_text(struct flow *to, struct mw_str s, bool in_attribute)
{
	size_t i = 0;

	while (i < s.n && !to->failed) {
		const char *amp = memchr(s.p + i, '&', s.n - i);
		size_t plain = (amp ? (size_t)(amp - s.p) : s.n) - i, n, len = 0;
		char c[4];

		flow_text(to, s.p + i, plain);
		i += plain;
		if (i == s.n)
			break;
		n = entity_read(s.p + i, s.n - i, in_attribute, c, &len);
		flow_text(to, n ? c : "&", n ? len : 1);
		i += n ? n : 1;
	}
}
