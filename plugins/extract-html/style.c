/* SPDX-License-Identifier: Apache-2.0 */
/*
 * style: does the style of an element hide it? The value of the attribute is read as CSS reads it (references, comments, escapes,
 * blocks, what is no declaration, the later one, !important), because text that is hidden for us and not for the reader cuts a number
 * in two, and so does the other way round.
 */
#include "hidden.h"

#include "ascii.h"
#include "entity.h"

#include <string.h>

#define DECLARATION 64u /* octets; a longer one says nothing about what we look for */

/* ---- octets ------------------------------------------------------------------------------------------------------ */
enum { END = -1, OTHER = 0x80 /* no ASCII, or escaped: never a sign of CSS */ };

struct css {
	struct mw_str s;
	size_t at;
	int again; /* was read too far, END = nothing was */
};

/* Character references are resolved: it is an attribute. */
static int raw(struct css *r)
{
	int c = r->again;
	size_t len = 0, n;
	char utf8[4];

	r->again = END;
	if (c != END)
		return c;
	if (r->at == r->s.n)
		return END;
	n = r->s.p[r->at] == '&' ? entity_read(r->s.p + r->at, r->s.n - r->at, true, utf8, &len) : 0;
	c = n == 0 ? (unsigned char)r->s.p[r->at] : len == 1 ? utf8[0] : OTHER;
	r->at += n ? n : 1;
	return c > 0 && c < 0x80 ? c : OTHER;
}

/* Behind a backslash. A letter or digit is what it is; all else is part of a word, and no sign. */
static int escape(struct css *r)
{
	int c = raw(r), v = 0, n = 0;

	if (ascii_hex((char)c) < 0)
		return c != END && c > ' ' ? OTHER : ' ';
	for (; n < 6 && ascii_hex((char)c) >= 0; n++, c = raw(r))
		v = v * 16 + ascii_hex((char)c);
	if (!ascii_is_blank((char)c))
		r->again = c;
	return (v >= '0' && v <= '9') || (v >= 'a' && v <= 'z') || (v >= 'A' && v <= 'Z') || v == '-' ? v | (v >= 'A' ? 0x20 : 0)
												      : OTHER;
}

/* In small letters; blanks and comments are ' '. */
static int next(struct css *r)
{
	int c = raw(r), before = 0;

	if (c == '\\')
		return escape(r);
	if (c >= 'A' && c <= 'Z')
		return c + 32;
	if (c != '/')
		return ascii_is_blank((char)c) ? ' ' : c;
	r->again = raw(r);
	if (r->again != '*')
		return '/';
	r->again = END;
	for (c = raw(r); c != END && !(before == '*' && c == '/'); c = raw(r))
		before = c;
	return ' ';
}

/* ---- values: true = CSS takes it, and *hides says what it does --------------------------------------------------- */
static bool one_of(const char *value, const char *const *list)
{
	while (*list && strcmp(*list, value) != 0)
		list++;
	return *list != NULL;
}

static bool is_global(const char *value)
{
	static const char *const list[] = {"inherit", "initial", "revert", "unset", NULL};

	return one_of(value, list);
}

static bool display(const char *value, bool *hides)
{
	static const char *const list[] = {"block",
					   "inline",
					   "inline-block",
					   "flex",
					   "inline-flex",
					   "grid",
					   "inline-grid",
					   "table",
					   "inline-table",
					   "table-row",
					   "table-cell",
					   "table-row-group",
					   "table-header-group",
					   "table-footer-group",
					   "table-column",
					   "table-column-group",
					   "table-caption",
					   "list-item",
					   "contents",
					   "flow-root",
					   "run-in",
					   NULL};

	*hides = strcmp(value, "none") == 0;
	return *hides || one_of(value, list) || is_global(value);
}

static bool visibility(const char *value, bool *hides)
{
	*hides = strcmp(value, "hidden") == 0 || strcmp(value, "collapse") == 0;
	return *hides || strcmp(value, "visible") == 0 || is_global(value);
}

/* A number, and one of the units behind it. */
static bool number(const char *value, const char *const *units, bool *hides)
{
	const char *p = value + (*value == '+');
	bool digits = false;

	*hides = true;
	for (; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
		digits |= *p != '.';
		*hides = *hides && (*p == '0' || *p == '.');
	}
	return digits && one_of(p, units);
}

static bool font_size(const char *value, bool *hides)
{
	static const char *const words[] = {"xx-small", "x-small",   "small",	"medium", "large", "x-large",
					    "xx-large", "xxx-large", "smaller", "larger", NULL};
	static const char *const units[] = {"",	  "px", "pt", "em", "rem", "%",	 "ex",	 "ch",	 "pc",
					    "in", "cm", "mm", "q",  "vw",  "vh", "vmin", "vmax", NULL};

	if (number(value, units, hides))
		return true;
	*hides = false;
	return one_of(value, words) || is_global(value);
}

static bool opacity(const char *value, bool *hides)
{
	static const char *const units[] = {"", "%", NULL};

	if (number(value, units, hides))
		return true;
	*hides = false;
	return is_global(value);
}

/* ---- declarations ------------------------------------------------------------------------------------------------ */
static const struct {
	const char *name;
	bool (*value)(const char *, bool *hides);
} property[] = {{"display", display}, {"visibility", visibility}, {"font-size", font_size}, {"opacity", opacity}};
#define PROPERTIES (sizeof(property) / sizeof(*property))

struct style {
	bool hides[PROPERTIES], important[PROPERTIES];
};

/* The later one counts, but for one that is more important. */
static void declare(struct style *s, char *text, size_t n)
{
	static const char mark[] = "!important";
	char *colon = memchr(text, ':', n);
	bool important = n >= sizeof(mark) && strcmp(text + n - (sizeof(mark) - 1), mark) == 0, hides;

	if (!colon)
		return;
	*colon = '\0';
	if (important)
		text[n - (sizeof(mark) - 1)] = '\0';
	for (size_t i = 0; i < PROPERTIES; i++)
		if (strcmp(property[i].name, text) == 0 && property[i].value(colon + 1, &hides) &&
		    (important || !s->important[i])) {
			s->hides[i] = hides;
			s->important[i] = important;
		}
}

/* Of two such octets with a blank between, the blank counts. */
static bool is_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '%' || c == '+' ||
	       c == OTHER;
}

/* Up to the semicolon that ends it, which is in no brackets and no quotes. false: the last one. */
static bool take(struct css *r, struct style *s)
{
	char text[DECLARATION + 1];
	size_t n = 0, deep = 0;
	bool blank = false;
	int c, quote = 0;

	for (c = next(r); c != END && (c != ';' || deep || quote); c = next(r)) {
		if (quote || c == '"' || c == '\'')
			quote = !quote ? c : quote == c ? 0 : quote;
		else if (strchr("([{", c))
			deep++;
		else if (deep && strchr(")]}", c))
			deep--;
		if (c == ' ') {
			blank = true;
			continue;
		}
		if (blank && n && is_word((unsigned char)text[n - 1]) && is_word(c) && n < DECLARATION)
			text[n++] = ' ';
		blank = false;
		if (n < DECLARATION)
			text[n++] = (char)c;
	}
	text[n] = '\0';
	if (n < DECLARATION)
		declare(s, text, n);
	return c != END;
}

bool hidden_by_style(struct mw_str value)
{
	struct css r = {.s = value, .again = END};
	struct style s = {.hides = {false}};

	while (take(&r, &s))
		;
	for (size_t i = 0; i < PROPERTIES; i++)
		if (s.hides[i])
			return true;
	return false;
}
