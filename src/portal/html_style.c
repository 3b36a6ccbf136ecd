/* SPDX-License-Identifier: Apache-2.0 */
#include "html_style.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MAX 40u /* octets of a word, of a name in quotes too */

/* Sorted. */
static const char *const properties[] = {
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-left-radius",
    "border-bottom-right-radius",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-left-radius",
    "border-top-right-radius",
    "border-top-style",
    "border-top-width",
    "border-width",
    "box-sizing",
    "caption-side",
    "clear",
    "color",
    "direction",
    "display",
    "empty-cells",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-stretch",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "hyphens",
    "letter-spacing",
    "line-height",
    "list-style",
    "list-style-position",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "opacity",
    "overflow",
    "overflow-wrap",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-decoration-color",
    "text-decoration-line",
    "text-decoration-style",
    "text-indent",
    "text-transform",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
};

struct css {
	struct mw_str s;
	size_t at;
	size_t pictures;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_wordly(char c)
{
	return (mw_lower(c) >= 'a' && mw_lower(c) <= 'z') || is_digit(c) || c == '-' || c == '_';
}

static char peek(const struct css *r, size_t ahead)
{
	return r->s.n - r->at > ahead ? r->s.p[r->at + ahead] : '\0';
}

/* Blanks and comments. A comment that does not end is the rest. */
static void skip_blanks(struct css *r)
{
	while (r->at < r->s.n) {
		if (is_blank(peek(r, 0))) {
			r->at++;
		} else if (peek(r, 0) == '/' && peek(r, 1) == '*') {
			const char *end = memmem(r->s.p + r->at + 2, r->s.n - r->at - 2, "*/", 2);

			r->at = end ? (size_t)(end - r->s.p) + 2 : r->s.n;
		} else {
			return;
		}
	}
}

/* Letters, digits, "-" and "_". What is longer than a word of CSS comes back empty. */
static struct mw_str read_word(struct css *r)
{
	size_t start = r->at;

	while (r->at < r->s.n && is_wordly(r->s.p[r->at]))
		r->at++;
	return (struct mw_str){.p = r->s.p + start, .n = r->at - start <= WORD_MAX ? r->at - start : 0};
}

static void put_lower(struct mw_buf *to, struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		mw_buf_putc(to, mw_lower(s.p[i]));
}

/* ---- values: each writes what it read, false = that may not be ----------------------------------------------------------------- */

/* "-1.5em", "100%", "0". Of the digits behind the point four say all. */
static bool put_number(struct css *r, struct mw_buf *to)
{
	static const char *const units[] = {"px", "pt", "em", "rem", "ex", "ch", "pc", "in", "cm", "mm", "vw", "vh"};
	struct mw_str unit;
	size_t n = 0;

	if (peek(r, 0) == '-')
		mw_buf_putc(to, '-');
	if (peek(r, 0) == '-' || peek(r, 0) == '+')
		r->at++;
	if (peek(r, 0) == '.')
		mw_buf_putc(to, '0');
	for (; is_digit(peek(r, 0)); r->at++, n++)
		mw_buf_putc(to, peek(r, 0));
	if (n > 6)
		return false;
	if (peek(r, 0) == '.' && is_digit(peek(r, 1))) {
		mw_buf_putc(to, '.');
		for (r->at++, n = 0; is_digit(peek(r, 0)); r->at++, n++)
			if (n < 4)
				mw_buf_putc(to, peek(r, 0));
	}
	if (peek(r, 0) == '%') {
		mw_buf_putc(to, '%');
		r->at++;
		return !is_wordly(peek(r, 0));
	}
	if (!is_wordly(peek(r, 0)))
		return true;
	unit = read_word(r);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (mw_str_caseeq(unit, units[i])) {
			mw_buf_puts(to, units[i]);
			return true;
		}
	return false;
}

static bool put_hash(struct css *r, struct mw_buf *to)
{
	struct mw_str word;

	r->at++;
	word = read_word(r);
	if (word.n != 3 && word.n != 4 && word.n != 6 && word.n != 8)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (!is_digit(word.p[i]) && !(mw_lower(word.p[i]) >= 'a' && mw_lower(word.p[i]) <= 'f'))
			return false;
	mw_buf_putc(to, '#');
	put_lower(to, word);
	return true;
}

/* The name of a font. */
static bool put_quoted(struct css *r, struct mw_buf *to)
{
	char quote = peek(r, 0);
	size_t start = ++r->at;

	mw_buf_putc(to, '\'');
	for (; r->at < r->s.n && peek(r, 0) != quote; r->at++) {
		char c = peek(r, 0);

		if (r->at - start >= WORD_MAX || (!is_wordly(c) && c != ' ' && c != '.' && (unsigned char)c < 0x80))
			return false;
		mw_buf_putc(to, c);
	}
	if (r->at == r->s.n)
		return false;
	r->at++;
	mw_buf_putc(to, '\'');
	return true;
}

/* What stands in the brackets of url(), which begin at r->at; blanks, quotes and all. */
static void skip_url(struct css *r)
{
	const char *end;
	size_t at = ++r->at;
	char c;

	while (at < r->s.n && is_blank(r->s.p[at]))
		at++;
	c = at < r->s.n ? r->s.p[at] : '\0';
	if (c == '"' || c == '\'') {
		end = memchr(r->s.p + at + 1, c, r->s.n - at - 1);
		at = end ? (size_t)(end - r->s.p) : r->s.n;
	}
	end = at < r->s.n ? memchr(r->s.p + at, ')', r->s.n - at) : NULL;
	r->at = end ? (size_t)(end - r->s.p) + 1 : r->s.n;
	r->pictures++;
}

static bool put_colour(struct css *r, struct mw_str name, struct mw_buf *to)
{
	static const char *const names[] = {"rgb", "rgba", "hsl", "hsla"};
	size_t i = 0, n = 0;

	while (i < 4 && !mw_str_caseeq(name, names[i]))
		i++;
	if (i == 4)
		return false;
	mw_buf_puts(to, names[i]);
	mw_buf_putc(to, '(');
	r->at++;
	for (skip_blanks(r); r->at < r->s.n && peek(r, 0) != ')'; skip_blanks(r), n++) {
		if (n > 0 && (peek(r, 0) == ',' || peek(r, 0) == '/')) {
			r->at++;
			skip_blanks(r);
		}
		if (n == 4 || (!is_digit(peek(r, 0)) && peek(r, 0) != '.'))
			return false;
		if (n > 0)
			mw_buf_putc(to, ',');
		if (!put_number(r, to))
			return false;
	}
	if (peek(r, 0) != ')' || n < 3)
		return false;
	r->at++;
	mw_buf_putc(to, ')');
	return true;
}

/* A word, or a function: of these only colours, and a picture, which leaves nothing. */
static bool put_word(struct css *r, struct mw_buf *to)
{
	struct mw_str word = read_word(r);

	if (peek(r, 0) == '(' && mw_str_caseeq(word, "url")) {
		skip_url(r);
		return true;
	}
	if (peek(r, 0) == '(')
		return put_colour(r, word, to);
	mw_buf_add(to, word.p, word.n);
	return word.n > 0;
}

static bool put_important(struct css *r, struct mw_buf *to)
{
	r->at++;
	skip_blanks(r);
	mw_buf_puts(to, "!important");
	return mw_str_caseeq(read_word(r), "important");
}

static bool put_piece(struct css *r, struct mw_buf *to)
{
	char c = peek(r, 0), next = peek(r, 1);

	if (is_digit(c) ||
	    ((c == '.' || c == '-' || c == '+') && (is_digit(next) || (c != '.' && next == '.' && is_digit(peek(r, 2))))))
		return put_number(r, to);
	if (c == '#')
		return put_hash(r, to);
	if (c == '"' || c == '\'')
		return put_quoted(r, to);
	if (c == '!')
		return put_important(r, to);
	if (is_wordly(c))
		return put_word(r, to);
	if (c != ',' && c != '/')
		return false;
	mw_buf_putc(to, c);
	r->at++;
	return true;
}

/* ---- declarations --------------------------------------------------------------------------------------------------------------- */

static int compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static const char *find_property(struct mw_str name)
{
	char lower[WORD_MAX + 1];
	const char *const *found;

	for (size_t i = 0; i < name.n; i++)
		lower[i] = mw_lower(name.p[i]);
	lower[name.n] = '\0';
	found = bsearch(lower, properties, sizeof(properties) / sizeof(*properties), sizeof(*properties), compare);
	return found ? *found : NULL;
}

/* To the semicolon that ends the declaration, which is in no quotes and no brackets, and behind it. */
static void skip_declaration(struct css *r)
{
	size_t deep = 0;
	char quote = '\0';

	for (; r->at < r->s.n; r->at++) {
		char c = peek(r, 0);

		if (c == '\\') {
			r->at += r->s.n - r->at > 1;
		} else if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (mw_lower(c) == 'u' && r->s.n - r->at > 3 && mw_lower(peek(r, 1)) == 'r' &&
			   mw_lower(peek(r, 2)) == 'l' && peek(r, 3) == '(') {
			r->pictures++;
		} else if (c == '(' || c == '[' || c == '{') {
			deep++;
		} else if ((c == ')' || c == ']' || c == '}') && deep) {
			deep--;
		} else if (c == ';' && !deep) {
			r->at++;
			return;
		}
	}
}

static bool put_declaration(struct css *r, struct mw_buf *to)
{
	const char *name;
	size_t value;

	skip_blanks(r);
	name = find_property(read_word(r));
	skip_blanks(r);
	if (!name || peek(r, 0) != ':')
		return false;
	r->at++;
	mw_buf_puts(to, name);
	mw_buf_putc(to, ':');
	value = to->n;
	for (skip_blanks(r); r->at < r->s.n && peek(r, 0) != ';'; skip_blanks(r)) {
		size_t before = to->n;

		if (to->n > value)
			mw_buf_putc(to, ' ');
		if (!put_piece(r, to))
			return false;
		if (to->n == before + 1 && to->n > value && to->p[before] == ' ')
			mw_buf_cut(to, before); /* a picture, which left nothing */
	}
	return to->n > value;
}

size_t mw_html_style(struct mw_str css, struct mw_buf *to)
{
	struct css r = {.s = css};
	size_t start = to->n;

	while (r.at < r.s.n && mw_buf_ok(to)) {
		const struct css begin = r;
		size_t before = to->n;

		if (before > start)
			mw_buf_putc(to, ';');
		if (!put_declaration(&r, to)) {
			mw_buf_cut(to, before);
			r = begin;
		}
		skip_declaration(&r);
	}
	return r.pictures;
}
