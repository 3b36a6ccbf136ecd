/* SPDX-License-Identifier: Apache-2.0 */
#include "numfmt.h"

#include "numday.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS 4u
#define CODE_MAX 255u  /* octets of a code that are looked at, as spreadsheets do */
#define DIGITS_MAX 64u /* of a number, and of its fraction */

/* One of the parts of a code that ";" divides. */
struct section {
	const char *p;
	size_t n;
	char op; /* of a condition: '<', '>', '=', 'l' <=, 'g' >=, '!' <>; 0 = none */
	double than;
};

const char *numfmt_builtin(unsigned id)
{
	static const struct {
		unsigned id;
		const char *code;
	} rows[] = {
	    {1, "0"},
	    {2, "0.00"},
	    {3, "#,##0"},
	    {4, "#,##0.00"},
	    {9, "0%"},
	    {10, "0.00%"},
	    {37, "#,##0;-#,##0"},
	    {38, "#,##0;-#,##0"},
	    {39, "#,##0.00;-#,##0.00"},
	    {40, "#,##0.00;-#,##0.00"},
	    {49, "@"},
	};

	if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || (id >= 50 && id <= 54) || id == 57 || id == 58 || id == 36)
		return "yyyy-mm-dd";
	if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55 || id == 56)
		return "hh:mm:ss";
	if (id == 22)
		return "yyyy-mm-dd hh:mm";
	if (id == 46)
		return "[h]:mm:ss";
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].id == id)
			return rows[i].code;
	return "General";
}

/* ---- codes ------------------------------------------------------------------------------------------------------------------------ */

/* Behind what begins at i: a quoted text, an escaped character, something in brackets, or one character. */
static size_t token_end(const char *p, size_t n, size_t i)
{
	const char *end;

	switch (p[i]) {
	case '"':
		end = memchr(p + i + 1, '"', n - i - 1);
		break;
	case '[':
		end = memchr(p + i + 1, ']', n - i - 1);
		break;
	case '\\':
	case '_':
	case '*':
		for (i += i + 1 < n ? 2 : 1; i < n && ((unsigned char)p[i] & 0xc0) == 0x80; i++)
			;
		return i;
	default:
		return i + 1;
	}
	return end ? (size_t)(end - p) + 1 : n;
}

static bool is_elapsed(const char *p, size_t n)
{
	return n >= 3 && (p[1] == 'h' || p[1] == 'H' || p[1] == 'm' || p[1] == 'M' || p[1] == 's' || p[1] == 'S') &&
	       p[n - 1] == ']';
}

static bool is_general(const char *p)
{
	return strncasecmp(p, "General", 7) == 0;
}

/* Letters of days and times outside of texts, up to the first ";". */
static void judge(struct numfmt *f)
{
	const char *p = f->code;
	size_t n = strlen(p), end;
	bool year = false, month = false, digit = false;

	for (size_t i = 0; i < n && p[i] != ';'; i = end) {
		end = token_end(p, n, i);
		if (p[i] == '[' && is_elapsed(p + i, end - i))
			f->time = f->elapsed = true;
		if (is_general(p + i)) {
			digit = true;
			end = i + 7;
		}
		if (end != i + 1)
			continue;
		year |= strchr("yYdDeE", p[i]) &&
			!((p[i] == 'e' || p[i] == 'E') && i + 1 < n && (p[i + 1] == '+' || p[i + 1] == '-'));
		month |= p[i] == 'm' || p[i] == 'M';
		f->seconds |= p[i] == 's' || p[i] == 'S';
		f->time |= strchr("hHsS", p[i]) != NULL;
		digit |= p[i] == '#' || p[i] == '?' || (p[i] == '0' && !f->seconds);
	}
	f->day = year || (month && !f->time);
	if ((f->day || f->time) && !digit)
		f->kind = NUMFMT_DATE;
}

static bool is_word(struct mw_str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

int numfmt_init(struct numfmt *f, struct mw_str code)
{
	*f = (struct numfmt){.kind = NUMFMT_NUMBER};
	if (code.n == 0 || is_word(code, "General")) {
		f->kind = NUMFMT_GENERAL;
		return 0;
	}
	if (is_word(code, "@")) {
		f->kind = NUMFMT_TEXT;
		return 0;
	}
	f->code = strndup(code.p, code.n < CODE_MAX ? code.n : CODE_MAX);
	if (!f->code)
		return -ENOMEM;
	judge(f);
	return 0;
}

void numfmt_free(struct numfmt *f)
{
	free(f->code);
	f->code = NULL;
}

/* ---- sections --------------------------------------------------------------------------------------------------------------------- */

/* [<=9999999] */
static void condition(struct section *s, const char *p, size_t n)
{
	char number[32], op = p[1];
	size_t skip = 2;

	if (n < 4 || !strchr("<>=", op))
		return;
	if (p[2] == '=' || p[2] == '>') {
		op = p[2] == '>' ? '!' : op == '<' ? 'l' : 'g';
		skip = 3;
	}
	if (n - skip > sizeof(number))
		return;
	memcpy(number, p + skip, n - skip - 1);
	number[n - skip - 1] = '\0';
	s->op = op;
	s->than = strtod(number, NULL);
}

static size_t sections_of(const char *code, struct section v[SECTIONS])
{
	size_t n = strlen(code), count = 0, begin = 0, end;
	struct section s = {0};

	for (size_t i = 0; i <= n && count < SECTIONS; i = end) {
		end = i < n ? token_end(code, n, i) : n + 1;
		if (i < n && code[i] == '[')
			condition(&s, code + i, end - i);
		if (i < n && code[i] != ';')
			continue;
		s.p = code + begin;
		s.n = i - begin;
		v[count++] = s;
		s = (struct section){0};
		begin = i + 1;
	}
	return count;
}

static bool holds(const struct section *s, double value)
{
	switch (s->op) {
	case '<':
		return value < s->than;
	case '>':
		return value > s->than;
	case '=':
		return value >= s->than && value <= s->than;
	case 'l':
		return value <= s->than;
	case 'g':
		return value >= s->than;
	default:
		return value < s->than || value > s->than;
	}
}

/* The section for a value; *minus: its sign is to be written in front. */
static const struct section *section_for(const struct section v[SECTIONS], size_t n, double value, bool *minus)
{
	*minus = value < 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].op) {
			for (size_t k = 0; k < n; k++)
				if (v[k].op && holds(&v[k], value))
					return &v[k];
			for (size_t k = 0; k < n; k++)
				if (!v[k].op)
					return &v[k];
			return &v[n - 1];
		}
	if (n >= 2 && value < 0) {
		*minus = false;
		return &v[1];
	}
	return n >= 3 && !(value > 0) ? &v[2] : &v[0];
}

/* ---- digits ----------------------------------------------------------------------------------------------------------------------- */

/* What a section asks for, and the digits of a number. */
struct picture {
	struct section s;
	size_t whole, fraction; /* places in front of the point, and behind it */
	size_t percents, thousands;
	bool grouped, plain;	       /* plain: it asks for what we do not do; the number is written as it is */
	char digits[DIGITS_MAX + 320]; /* in front of the point */
	char rest[DIGITS_MAX + 1];     /* behind it */
	size_t n_digits;
	size_t given; /* places that are written already */
};

static bool is_place(char c)
{
	return c == '0' || c == '#' || c == '?';
}

static void picture_scan(struct picture *g)
{
	const char *p = g->s.p;
	bool point = false;
	size_t end;

	for (size_t i = 0; i < g->s.n; i = end) {
		end = token_end(p, g->s.n, i);
		if (end != i + 1)
			continue;
		g->whole += is_place(p[i]) && !point;
		g->fraction += is_place(p[i]) && point;
		g->percents += p[i] == '%';
		g->plain |= p[i] == '/' || ((p[i] == 'E' || p[i] == 'e') && end < g->s.n && (p[end] == '+' || p[end] == '-'));
		if (p[i] == ',' && g->whole && !point) {
			bool more = false;

			for (size_t k = end; k < g->s.n && !more; k++)
				more = is_place(p[k]);
			g->grouped |= more;
			g->thousands += !more;
		}
		point |= p[i] == '.';
	}
	g->plain |= g->whole > DIGITS_MAX || g->fraction > DIGITS_MAX;
}

static void picture_digits(struct picture *g, double value)
{
	char *dot;

	for (size_t i = 0; i < g->percents && i < 3; i++)
		value *= 100;
	for (size_t i = 0; i < g->thousands && i < 9; i++)
		value /= 1000;
	(void)snprintf(g->digits, sizeof(g->digits), "%.*f", (int)g->fraction, value);
	dot = strchr(g->digits, '.');
	if (dot) {
		(void)snprintf(g->rest, sizeof(g->rest), "%s", dot + 1);
		*dot = '\0';
	}
	if (strcmp(g->digits, "0") == 0)
		g->digits[0] = '\0';
	g->n_digits = strlen(g->digits);
}

static int digit_put(struct picture *g, size_t i, struct buf *to)
{
	size_t left = g->n_digits - i - 1;
	int r = buf_char(to, g->digits[i]);

	return r == 0 && g->grouped && left && left % 3 == 0 ? buf_char(to, ',') : r;
}

/* A place in front of the point. Digits that have none stand before the first. */
static int whole_put(struct picture *g, char place, struct buf *to)
{
	size_t k = g->given++, extra = g->n_digits > g->whole ? g->n_digits - g->whole : 0,
	       missing = g->whole - (g->n_digits - extra);
	int r = 0;

	for (size_t i = 0; k == 0 && i < extra && r == 0; i++)
		r = digit_put(g, i, to);
	if (r < 0 || k >= missing)
		return r < 0 ? r : digit_put(g, k - missing + extra, to);
	return place == '0' ? buf_char(to, '0') : place == '?' ? buf_char(to, ' ') : 0;
}

static int fraction_put(struct picture *g, size_t k, char place, struct buf *to)
{
	bool zeros = true;

	for (size_t i = k; i < g->fraction; i++)
		zeros &= g->rest[i] == '0';
	return place == '0' || !zeros ? buf_char(to, g->rest[k]) : 0;
}

/* Text in quotes, behind a backslash, or as the sign of a currency: [$EUR-407]. */
static int literal_put(const char *p, size_t n, struct buf *to)
{
	switch (p[0]) {
	case '"':
		return buf_flat(to, p + 1, n > 1 && p[n - 1] == '"' ? n - 2 : n - 1);
	case '\\':
		return buf_flat(to, p + 1, n - 1);
	case '_':
		return buf_char(to, ' ');
	case '*':
		return 0;
	case '[':
		if (n > 3 && p[1] == '$') {
			const char *dash = memchr(p + 2, '-', n - 2);

			return buf_flat(to, p + 2, dash ? (size_t)(dash - p) - 2 : n - 3);
		}
		return 0;
	default:
		return buf_flat(to, p, n);
	}
}

/* Up to so many digits are exact, and shown as they are. */
static bool is_short(struct mw_str raw)
{
	if (raw.n == 0 || raw.n > 15)
		return false;
	for (size_t i = 0; i < raw.n; i++)
		if ((raw.p[i] < '0' || raw.p[i] > '9') && !(i == 0 && raw.p[i] == '-'))
			return false;
	return true;
}

static int general_put(struct mw_str raw, double value, struct buf *to)
{
	char text[64];
	size_t digits = 0;

	for (size_t i = 0; i < raw.n; i++)
		digits += raw.p[i] >= '0' && raw.p[i] <= '9';
	if (raw.n <= 15 && !memchr(raw.p, 'E', raw.n) && !memchr(raw.p, 'e', raw.n))
		return buf_flat(to, raw.p, raw.n);
	if (fabs(value) < 1e18 && value >= floor(value) && value <= floor(value))
		(void)snprintf(text, sizeof(text), "%.0f", value);
	else if (fabs(value) < 1e20 && digits == raw.n)
		return buf_flat(to, raw.p, raw.n);
	else
		(void)snprintf(text, sizeof(text), "%.15g", value);
	return buf_word(to, text);
}

static int picture_put(struct picture *g, struct mw_str raw, double value, struct buf *to)
{
	const char *p = g->s.p;
	size_t end, behind = 0;
	bool point = false;
	int r = 0;

	for (size_t i = 0; i < g->s.n && r == 0; i = end) {
		end = token_end(p, g->s.n, i);
		if (end != i + 1)
			r = literal_put(p + i, end - i, to);
		else if (is_place(p[i]))
			r = point ? fraction_put(g, behind++, p[i], to) : whole_put(g, p[i], to);
		else if (p[i] == '.' && g->fraction && !point) {
			point = true;
			r = g->whole ? 0 : buf_word(to, g->digits);
			r = r == 0 ? buf_char(to, '.') : r;
		} else if (p[i] == '@')
			r = general_put(raw, value, to);
		else if (g->s.n - i >= 7 && is_general(p + i)) {
			r = general_put(raw, fabs(value), to);
			end = i + 7;
		} else if (p[i] != ',' || !g->whole)
			r = buf_flat(to, p + i, 1);
	}
	return r;
}

/* ---- a number --------------------------------------------------------------------------------------------------------------------- */

int numfmt_put(const struct numfmt *f, struct mw_str raw, bool from_1904, struct buf *to)
{
	struct picture g = {0};
	struct section v[SECTIONS];
	char number[400], *end;
	double value;
	bool minus;
	int r;

	if (!f || f->kind == NUMFMT_TEXT || (f->kind == NUMFMT_GENERAL && is_short(raw)) || raw.n == 0 || raw.n >= sizeof(number))
		return buf_flat(to, raw.p, raw.n);
	memcpy(number, raw.p, raw.n);
	number[raw.n] = '\0';
	value = strtod(number, &end);
	if (*end != '\0' || !isfinite(value))
		return buf_flat(to, raw.p, raw.n);
	if (f->kind == NUMFMT_GENERAL)
		return general_put(raw, value, to);
	if (f->kind == NUMFMT_DATE) {
		r = numday_put(f, value, from_1904, to);
		return r == 1 ? general_put(raw, value, to) : r;
	}
	g.s = *section_for(v, sections_of(f->code, v), value, &minus);
	picture_scan(&g);
	if (g.plain)
		return general_put(raw, value, to);
	picture_digits(&g, fabs(value));
	r = minus && g.s.n ? buf_char(to, '-') : 0;
	return r == 0 ? picture_put(&g, raw, value, to) : r;
}
