/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax_class: without UCP the classes of PCRE2 are ASCII, so [^…], \D and their like hold every character beyond it. \p and \h
 * hold some of them: then both the set and its opposite have all of them (a superset).
 */
#include "match/syntax_class.h"

#include "match/syntax.h"

#include <string.h>

/* One item of a class. */
struct item {
	struct mw_octets set;
	uint32_t point; /* when it is one character */
	bool single;
	bool loose; /* set has ASCII octets that are not meant */
	bool part;  /* only some characters beyond ASCII are meant */
};

static struct mw_octets range(unsigned from, unsigned to)
{
	struct mw_octets o = {{0}};

	for (unsigned c = from; c <= to; c++)
		mw_octets_put(&o, c);
	return o;
}

static struct mw_octets octets_of(const char *s)
{
	struct mw_octets o = {{0}};

	for (; *s; s++)
		mw_octets_put(&o, (unsigned char)*s);
	return o;
}

struct mw_octets mw_syntax_word(void)
{
	return (struct mw_octets){{0x03ff000000000000u, 0x07fffffe87fffffeu, 0, 0}};
}

struct mw_octets mw_class_both_cases(struct mw_octets o)
{
	uint64_t upper = o.bit[1] & 0x07fffffeu, lower = o.bit[1] >> 32 & 0x07fffffeu;
	struct mw_octets ret = o;

	ret.bit[1] |= upper << 32 | lower;
	/* The other case of U+212A is k, that of U+017F is s. */
	if (mw_octets_meet(o, MW_OCTETS_WIDE))
		ret = mw_octets_or(ret, octets_of("kKsS"));
	return ret;
}

static struct mw_octets of_point(uint32_t c)
{
	return c < 0x80 ? range(c, c) : MW_OCTETS_WIDE;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = mw_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xHH, \x{H…}, \x; *at stands behind the x. */
static bool read_hex(struct mw_str p, size_t *at, uint32_t *ret)
{
	bool brace = *at < p.n && p.p[*at] == '{';
	size_t n = 0;
	uint32_t v = 0;

	*at += brace;
	while (*at < p.n && hex(p.p[*at]) >= 0 && n < (brace ? 6u : 2u)) {
		v = v * 16 + (uint32_t)hex(p.p[(*at)++]);
		n++;
	}
	if (brace && (*at >= p.n || p.p[(*at)++] != '}' || n == 0))
		return false;
	*ret = v;
	return true;
}

static bool single(struct item *i, uint32_t point)
{
	*i = (struct item){.set = of_point(point), .point = point, .single = true, .part = point >= 0x80};
	return true;
}

static bool set_of(struct item *i, struct mw_octets set, bool loose)
{
	*i = (struct item){.set = set, .loose = loose};
	return true;
}

/* \p{…} and \pL: letters are known, the rest is not looked into. *at stands behind the p, which is small or not. */
static bool property(struct mw_str p, size_t *at, struct item *i)
{
	static const struct {
		const char *name;
		bool upper, lower;
	} known[] = {{"{L}", true, true}, {"{Lu}", true, false}, {"{Ll}", false, true}, {"L", true, true}};
	struct mw_octets none = {{0}};
	size_t from = *at;

	if (*at >= p.n)
		return false;
	if (p.p[(*at)++] == '{')
		while (*at < p.n && p.p[(*at)++] != '}')
			;
	(void)set_of(i, MW_OCTETS_ALL, true);
	for (size_t k = 0; k < sizeof(known) / sizeof(*known) && p.p[from - 1] == 'p'; k++)
		if (*at - from == strlen(known[k].name) && memcmp(p.p + from, known[k].name, *at - from) == 0)
			(void)set_of(i,
				     mw_octets_or(mw_octets_or(known[k].upper ? range('A', 'Z') : none,
							       known[k].lower ? range('a', 'z') : none),
						  MW_OCTETS_WIDE),
				     false);
	i->part = true;
	return true;
}

/* An escape that means a set. */
static bool escape_set(char c, struct item *i)
{
	struct mw_octets digit = range('0', '9'), blank = octets_of(" \t\n\v\f\r"), word = mw_syntax_word();

	switch (c) {
	case 'd':
		return set_of(i, digit, false);
	case 'D':
		return set_of(i, mw_octets_not(digit), false);
	case 's':
		return set_of(i, blank, false);
	case 'S':
		return set_of(i, mw_octets_not(blank), false);
	case 'w':
		return set_of(i, word, false);
	case 'W':
		return set_of(i, mw_octets_not(word), false);
	case 'h':
		(void)set_of(i, mw_octets_or(octets_of(" \t"), MW_OCTETS_WIDE), false);
		return i->part = true;
	case 'v':
		(void)set_of(i, mw_octets_or(octets_of("\n\v\f\r"), MW_OCTETS_WIDE), false);
		return i->part = true;
	case 'H':
	case 'V':
		return set_of(i, MW_OCTETS_ALL, true);
	case 'N':
		return set_of(i, mw_octets_not(octets_of("\r\n")), false);
	default:
		return false;
	}
}

/* *at stands behind the backslash. */
static bool escape_item(struct mw_str p, size_t *at, bool in_class, struct item *i)
{
	static const char from[] = "tnrfea", to[] = "\t\n\r\f\x1b\a";
	const char *special;
	uint32_t point;
	char c;

	if (*at >= p.n)
		return false;
	c = p.p[(*at)++];
	if (c == 'x')
		return read_hex(p, at, &point) && single(i, point);
	if (c == 'p' || c == 'P')
		return property(p, at, i);
	if (c == 'b' && in_class)
		return single(i, '\b');
	if (c == 'N' && (in_class || (*at < p.n && p.p[*at] == '{')))
		return false;
	if (escape_set(c, i))
		return true;
	special = strchr(from, c);
	if (special && c)
		return single(i, (unsigned char)to[special - from]);
	/* Other letters and digits have a meaning of their own; signs and blanks mean themselves. */
	if ((c >= '0' && c <= '9') || (mw_lower(c) >= 'a' && mw_lower(c) <= 'z') || (unsigned char)c >= 0x80)
		return false;
	return single(i, (unsigned char)c);
}

bool mw_class_escape(struct mw_str pattern, size_t *at, bool caseless, struct mw_octets *ret, bool *loose)
{
	struct item i;

	if (!escape_item(pattern, at, false, &i))
		return false;
	*loose = i.loose || (caseless && mw_octets_meet(i.set, MW_OCTETS_WIDE));
	*ret = caseless && (i.single || i.part) ? mw_class_both_cases(i.set) : i.set;
	return true;
}

static const struct {
	const char *name;
	const char *signs; /* beside letters and digits */
	bool upper, lower, digit;
} posix[] = {
    {"alpha", "", true, true, false},	   {"lower", "", false, true, false}, {"upper", "", true, false, false},
    {"alnum", "", true, true, true},	   {"digit", "", false, false, true}, {"space", " \t\n\v\f\r", false, false, false},
    {"blank", " \t", false, false, false}, {"word", "_", true, true, true},   {"xdigit", "abcdefABCDEF", false, false, true},
};

/* [:alpha:]; *at stands behind the inner bracket. */
static bool read_posix(struct mw_str p, size_t *at, struct item *ret)
{
	bool no = *at + 1 < p.n && p.p[*at + 1] == '^';
	size_t from = *at + 1 + no, n;

	for (size_t i = 0; i < sizeof(posix) / sizeof(*posix); i++) {
		struct mw_octets o = octets_of(posix[i].signs);

		n = strlen(posix[i].name);
		if (p.n - from < n + 2 || memcmp(p.p + from, posix[i].name, n) != 0 || memcmp(p.p + from + n, ":]", 2) != 0)
			continue;
		if (posix[i].upper)
			o = mw_octets_or(o, range('A', 'Z'));
		if (posix[i].lower)
			o = mw_octets_or(o, range('a', 'z'));
		if (posix[i].digit)
			o = mw_octets_or(o, range('0', '9'));
		*at = from + n + 2;
		return set_of(ret, no ? mw_octets_not(o) : o, false);
	}
	return false;
}

static bool read_item(struct mw_str p, size_t *at, struct item *ret)
{
	unsigned char c = (unsigned char)p.p[*at];

	if (c == '\\') {
		(*at)++;
		return escape_item(p, at, true, ret);
	}
	if (c == '[' && *at + 1 < p.n && strchr(":.=", p.p[*at + 1]) && p.p[*at + 1]) {
		(*at)++;
		return p.p[*at] == ':' && read_posix(p, at, ret);
	}
	(*at)++;
	if (c < 0x80)
		return single(ret, c);
	while (*at < p.n && ((unsigned char)p.p[*at] & 0xc0u) == 0x80)
		(*at)++;
	return single(ret, 0x80);
}

/* The end of a range, *at stands behind the first character: "-z". */
static bool read_range(struct mw_str p, size_t *at, struct item *i)
{
	struct item last;

	if (!i->single || p.n - *at < 2 || p.p[*at] != '-' || p.p[*at + 1] == ']')
		return true;
	(*at)++;
	if (!read_item(p, at, &last) || !last.single)
		return false;
	if (i->point < 0x80)
		i->set = range(i->point, last.point < 0x80 ? last.point : 0x7f);
	if (last.point >= 0x80)
		i->set = mw_octets_or(i->set, MW_OCTETS_WIDE);
	i->part |= last.part;
	i->single = false;
	return true;
}

bool mw_class_read(struct mw_str p, size_t *at, bool caseless, struct mw_octets *ret, bool *loose)
{
	struct mw_octets set = {{0}};
	bool no = *at < p.n && p.p[*at] == '^', first = true, part = false;

	*loose = false;
	*at += no;
	for (;; first = false) {
		struct item i;

		if (*at >= p.n)
			return false;
		if (p.p[*at] == ']' && !first)
			break;
		if (p.n - *at >= 2 && p.p[*at] == '\\' && strchr("QE", p.p[*at + 1]))
			return false;
		if (!read_item(p, at, &i) || !read_range(p, at, &i))
			return false;
		*loose |= i.loose;
		part |= i.part;
		set = mw_octets_or(set, i.set);
	}
	(*at)++;
	*loose |= caseless && mw_octets_meet(set, MW_OCTETS_WIDE);
	if (caseless)
		set = mw_class_both_cases(set);
	if (no)
		set = *loose ? MW_OCTETS_ALL : mw_octets_not(set);
	if (no && part)
		set = mw_octets_or(set, MW_OCTETS_WIDE);
	*ret = set;
	return true;
}
