/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Character sets. Labels lie: a byte order mark and the octets themselves are believed before a label that would turn readable
 * ASCII into something else, because what one mail reader shows must be seen by the scanner. NUL octets vanish: no reader shows
 * them, and digits around them stand together.
 */
#include "mail/mime.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define LABEL_MAX 40u
#define REPLACEMENT "\xef\xbf\xbd"

/* windows-1252, 0x80 to 0x9f; 0 = no character. Readers take it for all that is called ISO 8859-1 too (WHATWG encoding). */
static const uint16_t cp1252_high[32] = {
    0x20ac, 0,	    0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
    0,	    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

/* Names that iconv does not know, or knows as less than what senders mean by them. */
static const struct {
	const char *label, *iconv;
} charset_alias[] = {
    {"iso-8859-9", "windows-1254"},
    {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},
    {"gb2312", "gb18030"},
    {"gbk", "gb18030"},
    {"x-gbk", "gb18030"},
    {"ks_c_5601-1987", "cp949"},
    {"euc-kr", "cp949"},
    {"shift_jis", "cp932"},
    {"shift-jis", "cp932"},
    {"sjis", "cp932"},
    {"x-sjis", "cp932"},
    {"big5", "big5-hkscs"},
    {"x-big5", "big5-hkscs"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"iso-8859-8-i", "windows-1255"},
    {"iso-8859-8-e", "iso-8859-8"},
    {"x-mac-roman", "macintosh"},
    {"x-windows-949", "cp949"},
    {"visual", "iso-8859-8"},
};

/* Labels that say no more than "text". */
static const char *const ascii_names[] = {"",	       "us-ascii",     "ascii",	  "ansi_x3.4-1968",
					  "iso646-us", "unknown-8bit", "default", NULL};
static const char *const utf8_names[] = {"utf-8", "utf8", "unicode-1-1-utf-8", NULL};
static const char *const latin1_names[] = {"iso-8859-1", "iso8859-1",  "latin1", "l1", "windows-1252", "cp1252", "cp819",
					   "x-ansi",	 "iso_8859-1", "ansi",	 NULL};

static bool is_one_of(const char *label, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(label, *names) == 0)
			return true;
	return false;
}

/* Charsets in which octets below 0x80 may mean something else than ASCII, and that mail readers know all the same. */
static bool is_stateful(const char *label)
{
	return strncmp(label, "iso-2022-", 9) == 0 || strncmp(label, "utf-7", 5) == 0;
}

/* Octets of a code unit in UTF-16, UTF-32 and UCS-n; 1 for all others. */
static size_t unit_of(const char *label)
{
	if (strncmp(label, "utf-16", 6) == 0 || strcmp(label, "ucs-2") == 0 || strcmp(label, "iso-10646-ucs-2") == 0)
		return 2;
	return strncmp(label, "utf-32", 6) == 0 || strcmp(label, "ucs-4") == 0 ? 4 : 1;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label_octet(char c)
{
	return is_letter_or_digit(c) || (c && strchr("-_.:+", c));
}

/* Lower case, and without octets that stand in no label, as readers do that ask for a charset by what is left; "" when nothing is,
 * or too much. */
static void clean_label(const char *label, char out[LABEL_MAX])
{
	size_t n = 0;

	for (; *label && n < LABEL_MAX; label++) {
		char c = mw_lower(*label);

		if (is_label_octet(c) && (n || is_letter_or_digit(c)))
			out[n++] = c;
	}
	if (n == LABEL_MAX)
		n = 0;
	while (n && !is_letter_or_digit(out[n - 1]))
		n--;
	out[n] = '\0';
}

/* ---- UTF-8 -------------------------------------------------------------------------------------------------------------------- */

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Octets of the well-formed sequence at p (Unicode table 3-7), 0 = there is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
	unsigned char c = p[0];

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || n < 2 || !is_tail(p[1]))
		return 0;
	if (c < 0xe0)
		return 2;
	if (n < 3 || !is_tail(p[2]) || (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f))
		return 0;
	if (c < 0xf0)
		return 3;
	if (c > 0xf4 || n < 4 || !is_tail(p[3]) || (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
		return 0;
	return 4;
}

/* Octets of ASCII without NUL at the start of s. */
static size_t ascii_run(struct mw_str s)
{
	size_t i = 0;

	for (; s.n - i >= 8; i += 8) {
		uint64_t w;

		memcpy(&w, s.p + i, 8);
		/* A set top bit is no ASCII; a borrow into a top bit is a zero octet. */
		if ((w | (w - 0x0101010101010101u)) & 0x8080808080808080u)
			break;
	}
	while (i < s.n && s.p[i] && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

/* Octets of valid UTF-8 without NUL at the start of s. */
static size_t utf8_run(struct mw_str s)
{
	size_t i = 0, n;

	while (i < s.n) {
		i += ascii_run((struct mw_str){.p = s.p + i, .n = s.n - i});
		n = i < s.n && s.p[i] ? sequence((const unsigned char *)s.p + i, s.n - i) : 0;
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

static void add_utf8(struct mw_str s, struct mw_buf *out)
{
	while (s.n) {
		size_t n = utf8_run(s);

		mw_buf_add(out, s.p, n);
		s.p += n;
		s.n -= n;
		if (s.n == 0)
			break;
		if (s.p[0])
			mw_buf_puts(out, REPLACEMENT);
		s.p++;
		s.n--;
	}
}

/* ---- windows-1252 ------------------------------------------------------------------------------------------------------------- */

static void add_code_point(uint16_t c, struct mw_buf *out)
{
	char p[3];

	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		mw_buf_add(out, p, 2);
		return;
	}
	p[0] = (char)(0xe0 | c >> 12);
	p[1] = (char)(0x80 | (c >> 6 & 0x3f));
	p[2] = (char)(0x80 | (c & 0x3f));
	mw_buf_add(out, p, 3);
}

static void add_cp1252(struct mw_str s, struct mw_buf *out)
{
	while (s.n) {
		size_t n = ascii_run(s);
		unsigned char c;

		mw_buf_add(out, s.p, n);
		s.p += n;
		s.n -= n;
		if (s.n == 0)
			break;
		c = (unsigned char)s.p[0];
		if (c >= 0xa0 || (c >= 0x80 && cp1252_high[c - 0x80]))
			add_code_point(c >= 0xa0 ? c : cp1252_high[c - 0x80], out);
		else if (c)
			mw_buf_puts(out, REPLACEMENT);
		s.p++;
		s.n--;
	}
}

/* ---- iconv -------------------------------------------------------------------------------------------------------------------- */

/* Does the charset read letters, digits and marks of ASCII as ASCII? Others (EBCDIC …) are known to readers that ask iconv, while
 * most know nothing of them: believing the label alone would turn readable text into noise. */
static bool keeps_ascii(iconv_t cd)
{
	static const char text[] = "0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijklmnopqrstuvwxyz.,:/@()";
	char in[sizeof(text)], got[4 * sizeof(text)], *ip = in, *op = got;
	size_t in_left = sizeof(text) - 1, out_left = sizeof(got);

	memcpy(in, text, sizeof(text));
	if (iconv(cd, &ip, &in_left, &op, &out_left) == (size_t)-1 || iconv(cd, NULL, NULL, &op, &out_left) == (size_t)-1)
		return false;
	return (size_t)(op - got) == sizeof(text) - 1 && memcmp(got, text, sizeof(text) - 1) == 0;
}

/* 0, -ENOMEM, or -EILSEQ: so much of it is no text in this charset that the label must be wrong. */
static int add_iconv(iconv_t cd, struct mw_str s, size_t unit, struct mw_buf *out)
{
	char *in = (char *)(uintptr_t)s.p; /* iconv() does not write there */
	size_t left = s.n, strays = 0;
	char chunk[4096];

	while (left && mw_buf_ok(out)) {
		char *op = chunk;
		size_t room = sizeof(chunk);
		bool stray = iconv(cd, &in, &left, &op, &room) == (size_t)-1 && errno != E2BIG;

		/* Some converters let pass what UTF-8 does not have: surrogates, and values beyond U+10FFFF. */
		add_utf8((struct mw_str){.p = chunk, .n = sizeof(chunk) - room}, out);
		if (!stray || left == 0)
			continue;
		if (++strays > 64 + (s.n - left) / 4)
			break;
		if (unit > 1 || (unsigned char)*in >= 0x80)
			mw_buf_puts(out, REPLACEMENT);
		else if (*in)
			mw_buf_putc(out, *in);
		in += left < unit ? left : unit;
		left -= left < unit ? left : unit;
	}
	explicit_bzero(chunk, sizeof(chunk));
	if (!mw_buf_ok(out))
		return -ENOMEM;
	return left ? -EILSEQ : 0;
}

/* HZ (RFC 1843), which the C library may not know: characters of two octets stand between "~{" and "~}" without their top bits. To
 * GB 2312. A line end ends them too. */
static int from_hz(struct mw_str s, struct mw_buf *out)
{
	bool wide = false;

	for (size_t i = 0; i < s.n; i++) {
		char next = i + 1 < s.n ? s.p[i + 1] : '\0';

		if (s.p[i] == '~' && (next == '{' || next == '}')) {
			wide = next == '{';
			i++;
		} else if (s.p[i] == '~' && !wide && (next == '~' || next == '\n')) {
			if (next == '~')
				mw_buf_putc(out, '~');
			i++;
		} else {
			wide = wide && s.p[i] != '\n';
			mw_buf_putc(out, wide && s.p[i] > ' ' ? (char)(s.p[i] | 0x80) : s.p[i]);
		}
	}
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}

static const char *iconv_name(const char *label)
{
	for (size_t i = 0; i < sizeof(charset_alias) / sizeof(charset_alias[0]); i++)
		if (strcmp(label, charset_alias[i].label) == 0)
			return charset_alias[i].iconv;
	return label;
}

/* 0, -ENOMEM, or -EILSEQ: the label is unknown or wrong, and out is as it was. *foreign: it is no superset of ASCII. */
static int convert(struct mw_str s, const char *label, struct mw_buf *out, bool *foreign)
{
	const char *name = iconv_name(label);
	size_t unit = unit_of(label), before = out->n;
	iconv_t cd = iconv_open("UTF-8", name);
	int r;

	if (cd == (iconv_t)-1)
		return errno == ENOMEM ? -ENOMEM : -EILSEQ;
	*foreign = unit == 1 && !is_stateful(name) && !keeps_ascii(cd);
	r = add_iconv(cd, s, unit, out);
	(void)iconv_close(cd);
	if (r == -EILSEQ && out->p) {
		out->n = before;
		out->p[before] = '\0';
	}
	return r;
}

/* ---- what is it? -------------------------------------------------------------------------------------------------------------- */

/* A byte order mark: the charset it stands for and its length. */
static const char *byte_order_mark(struct mw_str s, size_t *n)
{
	static const struct {
		const char mark[5];
		uint8_t n;
		const char label[9];
	} marks[] = {
	    {"\xef\xbb\xbf", 3, "utf-8"},    {"\xff\xfe\0\0", 4, "utf-32le"}, /* before UTF-16, which begins alike */
	    {"\0\0\xfe\xff", 4, "utf-32be"}, {"\xff\xfe", 2, "utf-16le"},     {"\xfe\xff", 2, "utf-16be"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		*n = marks[i].n;
		if (s.n >= *n && memcmp(s.p, marks[i].mark, *n) == 0)
			return marks[i].label;
	}
	return NULL;
}

/* UTF-16 of mostly Latin text has a NUL in every pair of octets, always at the same side. NULL = it does not look so. */
static const char *utf16_by_nuls(struct mw_str s)
{
	size_t n = s.n < 4096 ? s.n & ~(size_t)1 : 4096, nuls[2] = {0, 0};

	for (size_t i = 0; i < n; i++)
		nuls[i & 1] += s.p[i] == '\0';
	if (nuls[0] * 4 > n && nuls[1] * 16 < n)
		return "utf-16be";
	if (nuls[1] * 4 > n && nuls[0] * 16 < n)
		return "utf-16le";
	return NULL;
}

/* A wide label that does not say which octet comes first. */
static const char *with_byte_order(struct mw_str s, const char *label, size_t unit)
{
	const char *seen = utf16_by_nuls(s);

	if (label[strlen(label) - 1] == 'e')
		return label; /* utf-16le, utf-32be */
	if (unit == 2)
		return seen ? seen : "utf-16be";
	return s.n && s.p[0] ? "utf-32le" : "utf-32be";
}

static bool is_valid_utf8(struct mw_str s)
{
	return utf8_run(s) == s.n;
}

/* Does it look like ISO-2022 with characters of two octets? */
static bool has_escapes(struct mw_str s)
{
	return s.n && memmem(s.p, s.n, "\x1b$", 2);
}

static int add_plain(struct mw_str s, struct mw_buf *out)
{
	if (is_valid_utf8(s))
		add_utf8(s, out);
	else
		add_cp1252(s, out);
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}

/* Readers that know the charset show what stands in out from `before` on; the others the octets. */
static int add_plain_too(struct mw_str s, size_t before, struct mw_buf *out)
{
	if (mw_str_same((struct mw_str){.p = mw_buf_text(out) + before, .n = out->n - before}, s))
		return 0;
	mw_buf_putc(out, '\n');
	return add_plain(s, out);
}

/* Without a label that helps. Readers in Japan take escape sequences for what they are. */
static int guess(struct mw_str s, struct mw_buf *out, bool *guessed)
{
	const size_t before = out->n;
	bool foreign;
	int r;

	*guessed = *guessed || ascii_run(s) < s.n;
	if (!has_escapes(s))
		return add_plain(s, out);
	*guessed = true;
	r = convert(s, "iso-2022-jp-2", out, &foreign);
	return r == 0 ? add_plain_too(s, before, out) : r == -EILSEQ ? add_plain(s, out) : r;
}

/* Charsets that hide ASCII from those who do not know them, and that few do know. */
static bool is_rare(const char *label)
{
	return strncmp(label, "utf-7", 5) == 0 || strncmp(label, "iso-2022-kr", 11) == 0 ||
	       strncmp(label, "iso-2022-cn", 11) == 0;
}

/* UTF-8 under the label that a program has always used: of a charset with an octet for a letter, in which such sequences are no words,
 * or of one that has seven bits. */
static bool is_unlabelled_utf8(struct mw_str s, const char *label)
{
	static const char *const single[] = {"iso-8859-", "iso8859-", "windows-125", "cp125", "koi8-", "mac"};
	bool may = is_one_of(label, latin1_names) || (strncmp(label, "iso-2022-", 9) == 0 && !memchr(s.p, '\x1b', s.n));

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		may = may || strncmp(label, single[i], strlen(single[i])) == 0;
	return may && ascii_run(s) < s.n && is_valid_utf8(s);
}

static int by_label(struct mw_str s, const char *label, struct mw_buf *out, bool *guessed)
{
	struct mw_buf gb = MW_BUF_INIT;
	const size_t before = out->n;
	bool foreign = false;
	int r;

	if (is_one_of(label, ascii_names))
		return guess(s, out, guessed);
	if (is_unlabelled_utf8(s, label)) {
		*guessed = true;
		return add_plain(s, out);
	}
	if (strcmp(label, "hz") == 0 || strcmp(label, "hz-gb-2312") == 0) {
		r = from_hz(s, &gb);
		r = r < 0 ? r : convert((struct mw_str){.p = mw_buf_text(&gb), .n = gb.n}, "gb2312", out, &foreign);
		mw_buf_free(&gb);
		if (r != -EILSEQ)
			return r < 0 ? r : add_plain_too(s, before, out);
	}
	if (is_one_of(label, utf8_names))
		add_utf8(s, out);
	else if (is_one_of(label, latin1_names))
		add_cp1252(s, out);
	else {
		r = convert(s, label, out, &foreign);
		if (r == 0 && foreign && ascii_run(s) == s.n) {
			mw_buf_cut(out, before); /* of such charsets, no letter or digit is ASCII */
			r = -EILSEQ;
		}
		if (r != -EILSEQ && !foreign)
			return r == 0 && is_rare(iconv_name(label)) ? add_plain_too(s, before, out) : r;
		*guessed = true;
		if (r == 0)
			mw_buf_putc(out, '\n'); /* and as the others read it */
		return r == -ENOMEM ? r : guess(s, out, guessed);
	}
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}

static bool is_word_octet(char c)
{
	return is_letter_or_digit(mw_lower(c));
}

/* Latin letters and digits of UTF-16 or UTF-32, in step or not: between NULs. All that are there when there is no NUL and more
 * of them than of anything else: then it is no such text. */
static size_t wide_letters(struct mw_str s)
{
	size_t n = 0, plain = 0;

	for (size_t i = 0; i < s.n; i++)
		plain += is_word_octet(s.p[i]);
	if (plain > s.n / 2 && !memchr(s.p, '\0', s.n))
		return plain;
	for (size_t i = 0; i + 1 < s.n; i++)
		n += s.p[i + 1] == '\0' && (i == 0 || s.p[i - 1] == '\0') && is_word_octet(s.p[i]);
	return n;
}

/* An octet more or less puts all behind it out of step, and transport may do that: a line end that was not encoded is CR LF on its
 * way and LF in a mailbox. Then the letters follow once more as they stand between the NULs. */
static int by_wide_label(struct mw_str s, const char *label, struct mw_buf *out, bool *guessed)
{
	size_t before = out->n, want = wide_letters(s), got = 0;
	int r = by_label(s, label, out, guessed);

	for (size_t i = before; i < out->n; i++)
		got += is_word_octet(out->p[i]);
	if (r < 0 || got >= want - want / 16)
		return r;
	*guessed = true;
	mw_buf_putc(out, '\n');
	return guess(s, out, guessed);
}

int mw_charset_to_utf8(struct mw_str data, const char *label, struct mw_buf *out, bool *guessed)
{
	char clean[LABEL_MAX];
	const char *seen;
	size_t unit, mark;

	*guessed = false;
	clean_label(label, clean);
	unit = unit_of(clean);
	seen = byte_order_mark(data, &mark);
	if (seen) {
		data.p += mark;
		data.n -= mark;
		*guessed = strncmp(clean, seen, 5) != 0;
		unit = unit_of(seen);
	}
	if (unit > 1 && is_valid_utf8(data)) {
		*guessed = data.n > 0;
		return guess(data, out, guessed); /* no NUL in it: it cannot be what the label or the mark says */
	}
	if (unit > 1)
		return by_wide_label(data, seen ? seen : with_byte_order(data, clean, unit), out, guessed);
	if (seen)
		return by_label(data, seen, out, guessed);
	seen = data.n && data.n % 2 == 0 && memchr(data.p, '\0', data.n) ? utf16_by_nuls(data) : NULL;
	*guessed = seen != NULL;
	return by_label(data, seen ? seen : clean, out, guessed);
}

bool mw_charset_knows(const char *label)
{
	struct mw_buf none = MW_BUF_INIT;
	char clean[LABEL_MAX];
	bool knows, foreign = false;

	if (mw_str_trim(mw_str(label)).n == 0)
		return true;
	clean_label(label, clean);
	if (!clean[0])
		return false;
	knows = unit_of(clean) > 1 || strncmp(clean, "hz", 2) == 0 || is_one_of(clean, ascii_names) ||
		is_one_of(clean, utf8_names) || is_one_of(clean, latin1_names) ||
		(convert(mw_str(""), clean, &none, &foreign) != -EILSEQ && !foreign);
	mw_buf_free(&none);
	return knows;
}

bool mw_charset_is_utf8(struct mw_str data, const char *label)
{
	char clean[LABEL_MAX];
	size_t mark;

	if (byte_order_mark(data, &mark) || !is_valid_utf8(data))
		return false;
	clean_label(label, clean);
	return ((unit_of(clean) > 1 || is_one_of(clean, ascii_names)) && !has_escapes(data)) || is_one_of(clean, utf8_names) ||
	       (is_one_of(clean, latin1_names) && ascii_run(data) == data.n);
}
