/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "ascii.h"
#include "attribute.h"
#include "element.h"
#include "entity.h"
#include "hidden.h"
#include "raw.h"
#include "script.h"
#include "sheet.h"

#include <stdlib.h>
#include <errno.h>
#include <string.h>

struct page {
	struct mw_str html;
	struct flow *seen, *unseen;
	bool xml;
	bool nested; /* inside of what is not shown: everything is text */
	bool in_title;
	bool hides;	      /* the tag that begins hides its element */
	struct mw_str hidden; /* name of the element that is hidden, "" when none is */
	size_t hidden_depth;  /* of elements of this name in it */
	struct open_elements open;
	bool turns, turns_letters; /* the tag that begins has dir=rtl; a style that overrides what letters say */
	bool sealed;		   /* a link holds a document that is not read */
	size_t raw_end;		   /* of the element last begun in which tags are text */
	size_t drawing;		   /* depth of SVG and MathML */
	bool data_script;	   /* the script that begins holds data (JSON), not a program */
	bool no_cdata_end;	   /* there is none further on: do not look for it again */
};

static void on_attribute(struct page *g, struct mw_str name, struct mw_str value)
{
	if (ascii_same(name, "dir") && ascii_same(value, "rtl"))
		g->turns = true;
	if (ascii_same(name, "style") && ascii_find(value, 0, "bidi-override") < value.n)
		g->turns_letters = true;
	if (ascii_same(name, "hidden") || (ascii_same(name, "style") && hidden_by_style(value)))
		g->hides = true;
	if (ascii_same(name, "type"))
		g->data_script = ascii_find(value, 0, "json") < value.n;
	g->sealed = !attribute_text(g->unseen, name, value) || g->sealed;
}

static size_t skip_blanks(struct mw_str s, size_t i)
{
	while (i < s.n && ascii_is_blank(s.p[i]))
		i++;
	return i;
}

/* Index of the first octet at or after i that ends an unquoted value or a name; `more` are further octets that end it. */
static size_t word_end(struct mw_str s, size_t i, const char *more)
{
	while (i < s.n && !ascii_is_blank(s.p[i]) && s.p[i] != '>' && !(s.p[i] && strchr(more, s.p[i])))
		i++;
	return i;
}

/* One attribute at i; returns the index behind it, s.n when it does not end. */
static size_t read_attribute(struct page *g, size_t i)
{
	struct mw_str s = g->html, name, value = {.p = s.p, .n = 0};
	size_t end = word_end(s, i + 1, "/=");

	name = ascii_piece(s, i, end);
	i = skip_blanks(s, end);
	if (i < s.n && s.p[i] == '=') {
		i = skip_blanks(s, i + 1);
		if (i < s.n && (s.p[i] == '"' || s.p[i] == '\'')) {
			const char *quote = memchr(s.p + i + 1, s.p[i], s.n - i - 1);

			if (!quote)
				return s.n;
			end = (size_t)(quote - s.p);
			value = ascii_piece(s, i + 1, end);
			i = end + 1;
		} else {
			end = word_end(s, i, "");
			value = ascii_piece(s, i, end);
			i = end;
		}
	}
	on_attribute(g, name, value);
	return i;
}

/* Attributes up to the '>' that ends the tag; returns the index behind it, 0 when there is none. */
static size_t read_attributes(struct page *g, size_t i, bool *slash)
{
	struct mw_str s = g->html;

	while (i < s.n && !g->unseen->failed) {
		i = skip_blanks(s, i);
		if (i == s.n)
			break;
		if (s.p[i] == '>') {
			*slash = s.p[i - 1] == '/';
			return i + 1;
		}
		i = s.p[i] == '/' ? i + 1 : read_attribute(g, i);
	}
	return 0;
}

static void apply(struct page *g, struct flow *to, enum effect effect, bool end)
{
	switch (effect) {
	case BLOCK:
		flow_block(to);
		break;
	case LINE:
		flow_line(to);
		break;
	case ROW:
		flow_row(to);
		break;
	case CELL:
		if (!end)
			flow_cell(to);
		break;
	case PRE:
		flow_block(to);
		flow_pre(to, end);
		break;
	case TITLE:
		flow_block(g->unseen);
		g->in_title = !end;
		break;
	case PLAIN:
	case RAW:
		break;
	}
}

static void read_markup(struct page *g);

/* What is not shown but carried: its tags are taken out, the rest is text. */
static void put_unseen(struct page *g, struct mw_str s)
{
	struct page inner = {.html = s, .seen = g->unseen, .unseen = g->unseen, .nested = true};

	flow_block(g->unseen);
	if (g->nested)
		flow_text(g->unseen, s.p, s.n);
	else
		read_markup(&inner);
	g->sealed = g->sealed || inner.sealed;
	flow_block(g->unseen);
}

static void put_string(void *ctx, struct mw_str text)
{
	struct page *g = ctx;

	if (!g->unseen->failed)
		put_unseen(g, text);
}

/* Programs and style sheets are no text but for strings in them, unless they are never closed: then they may swallow some. slash: "/>" began it, which ends
 * one in a drawing (SVG), and nowhere else. In a drawing there may be elements in them, and some of these end the drawing. */
static size_t skip_raw(struct page *g, struct mw_str name, size_t i, bool slash)
{
	struct mw_str s = g->html;
	bool script = ascii_same(name, "script");
	size_t end = script ? raw_script_end(s, i) : raw_end(s, i, name);

	if (!script)
		sheet_content(g->unseen, ascii_piece(s, i, end));
	if (end == s.n || slash || g->drawing) {
		put_unseen(g, ascii_piece(s, i, end));
	} else if (g->data_script) {
		flow_block(g->unseen);
		flow_text(g->unseen, s.p + i, end - i);
		flow_block(g->unseen);
	} else if (script && script_strings(ascii_piece(s, i, end), put_string, g) < 0) {
		g->unseen->failed = -ENOMEM;
	}
	return end;
}

/* Of these elements browsers show the tags inside of them too. */
static void put_source(struct page *g, struct mw_str name, size_t i)
{
	g->raw_end = raw_end(g->html, i, name);
	if (g->raw_end == i || !memchr(g->html.p + i, '<', g->raw_end - i))
		return;
	flow_block(g->unseen);
	flow_text(g->unseen, g->html.p + i, g->raw_end - i);
	flow_block(g->unseen);
}

/* Where text goes. */
static struct flow *flow_of(const struct page *g)
{
	return g->in_title || g->hidden.n ? g->unseen : g->seen;
}

static bool same_element(struct mw_str a, struct mw_str b)
{
	size_t i = 0;

	while (i < a.n && i < b.n && ascii_lower(a.p[i]) == ascii_lower(b.p[i]))
		i++;
	return i == a.n && i == b.n;
}

/* Follows the element that is hidden to its end: what it holds would cut words in two, and is read apart. HTML knows no "/>": such
 * an element has an end tag, or none. */
static void follow_hidden(struct page *g, struct mw_str name, bool end)
{
	if (g->nested)
		return;
	if (g->hidden.n && same_element(g->hidden, name)) {
		if (!end && !hidden_ends_itself(name))
			g->hidden_depth++;
		else if (--g->hidden_depth == 0)
			g->hidden.n = 0;
	}
	if (!g->hidden.n && !end && g->hides && !hidden_is_void(name)) {
		flow_block(g->unseen);
		g->hidden = name;
		g->hidden_depth = 1;
	}
}

/* Digits that are written from their end, as Unicode has it for plain text. Where a style ends that does it is not looked for: at the
 * end of the line. */
static void put_direction(struct page *g, struct mw_str name, bool end)
{
	bool bdo = ascii_same(name, "bdo");

	if (bdo && end)
		flow_text(flow_of(g), "\xe2\x80\xac", 3);
	else if (g->turns_letters || (bdo && g->turns))
		flow_text(flow_of(g), "\xe2\x80\xae", 3);
}

static void follow_drawing(struct page *g, struct mw_str name, bool end, bool slash)
{
	if (slash || (!ascii_same(name, "svg") && !ascii_same(name, "math")))
		return;
	if (!end)
		g->drawing++;
	else if (g->drawing)
		g->drawing--;
}

#define TAGS_AHEAD 4u
#define TAG_AHEAD 100u

/* Does the tag that ends before i, and a few behind it, stand within a number? There a tag that only some readers heed is none. */
static bool is_within_number(const struct flow *f, struct mw_str s, size_t i)
{
	for (unsigned k = 0; k < TAGS_AHEAD && i < s.n && s.p[i] == '<'; k++) {
		const char *end = memchr(s.p + i, '>', s.n - i < TAG_AHEAD ? s.n - i : TAG_AHEAD);

		i = end ? (size_t)(end - s.p) + 1 : s.n;
	}
	return flow_at_number(f) && i < s.n && ((unsigned char)s.p[i] >= 0x80 || (s.p[i] && strchr("0123456789-&", s.p[i])));
}

static size_t read_tag(struct page *g, size_t i)
{
	struct mw_str s = g->html, name;
	bool end = s.p[i + 1] == '/', slash = false, stray;
	size_t start = i + 1 + end, after;
	enum effect effect;
	struct flow *to;

	name = ascii_piece(s, start, word_end(s, start, "/"));
	effect = element_tag(&g->open, name, end, &stray);
	g->data_script = g->turns = g->turns_letters = false;
	g->hides = !end && hidden_by_name(name);
	after = read_attributes(g, start + name.n, &slash);
	if (after == 0) { /* no end: a browser drops the rest */
		put_unseen(g, ascii_piece(s, start + name.n, s.n));
		return s.n;
	}
	to = end ? flow_of(g) : NULL; /* the end of what is hidden is hidden too */
	if (!slash || !g->xml)
		follow_hidden(g, name, end);
	follow_drawing(g, name, end, slash);
	if ((stray && is_within_number(to ? to : flow_of(g), s, after)) || (g->hides && hidden_is_void(name) && effect == LINE))
		effect = PLAIN;
	apply(g, to ? to : flow_of(g), effect, end);
	put_direction(g, name, end);
	if (!end && !g->nested && after >= g->raw_end && (ascii_same(name, "textarea") || ascii_same(name, "xmp")))
		put_source(g, name, after);
	if (effect == RAW && !end && !(slash && g->xml) && !g->nested)
		return skip_raw(g, name, after, slash);
	return after;
}

/* ---- comments and the like ---------------------------------------------------------------------------------------------------- */

/* Index behind the comment whose text begins at i; *text_end is where that ends. */
static size_t comment_end(struct mw_str s, size_t i, size_t *text_end)
{
	for (size_t k = i; k < s.n; k++) {
		const char *mark = memchr(s.p + k, '>', s.n - k);

		if (!mark)
			break;
		k = (size_t)(mark - s.p);
		*text_end = i;
		if (k == i || (k == i + 1 && s.p[i] == '-'))
			return k + 1; /* "<!-->", "<!--->" */
		if (k >= i + 2 && s.p[k - 1] == '-' && s.p[k - 2] == '-') {
			*text_end = k - 2;
			return k + 1;
		}
		if (k >= i + 3 && s.p[k - 1] == '!' && s.p[k - 2] == '-' && s.p[k - 3] == '-') {
			*text_end = k - 3;
			return k + 1;
		}
	}
	*text_end = s.n;
	return s.n;
}

/* "<!", "<?" or "</" at i that begins no tag. Returns the index behind it. */
static size_t read_declaration(struct page *g, size_t i)
{
	struct mw_str s = g->html;
	const char *mark;
	size_t end;

	if (ascii_begins(s, i, "<!--")) {
		size_t after;

		if (g->nested)
			return i + 4;
		after = comment_end(s, i + 4, &end);
		put_unseen(g, ascii_piece(s, i + 4, end));
		return after;
	}
	if (ascii_begins(s, i, "<![cdata[")) {
		mark = g->no_cdata_end ? NULL : memmem(s.p + i + 9, s.n - i - 9, "]]>", 3);
		g->no_cdata_end = !mark;
		if (mark) {
			flow_text(flow_of(g), s.p + i + 9, (size_t)(mark - s.p) - i - 9);
			return (size_t)(mark - s.p) + 3;
		}
	}
	mark = memchr(s.p + i, '>', s.n - i);
	end = mark ? (size_t)(mark - s.p) : s.n;
	/* In brackets a document type can tell of entities of its own. */
	if (!ascii_begins(s, i, "<!doctype") || memchr(s.p + i, '[', end - i))
		put_unseen(g, ascii_piece(s, i + 2, end));
	return mark ? end + 1 : s.n;
}

static void read_markup(struct page *g)
{
	struct mw_str s = g->html;
	size_t i = 0;

	while (i < s.n && !g->seen->failed && !g->unseen->failed) {
		const char *mark = memchr(s.p + i, '<', s.n - i);
		size_t at = mark ? (size_t)(mark - s.p) : s.n;
		char next = at + 1 < s.n ? s.p[at + 1] : ' ';

		entity_text(flow_of(g), ascii_piece(s, i, at), false);
		if (at == s.n)
			break;
		if (ascii_is_letter(next) || (next == '/' && at + 2 < s.n && ascii_is_letter(s.p[at + 2]))) {
			i = read_tag(g, at);
		} else if (next == '!' || next == '?' || (next == '/' && at + 2 < s.n)) {
			i = read_declaration(g, at);
		} else {
			flow_text(flow_of(g), "<", 1);
			i = at + 1;
		}
	}
}

bool page_read(struct mw_str html, bool xml, struct flow *seen, struct flow *unseen)
{
	struct page g = {.html = html, .xml = xml, .seen = seen, .unseen = unseen};

	read_markup(&g);
	return !g.sealed;
}
