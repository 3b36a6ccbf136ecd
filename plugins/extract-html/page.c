/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "element.h"
#include "entity.h"
#include "hidden.h"
#include "sheet.h"
#include "url.h"

#include <stdlib.h>
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

enum carrier { NOTHING = 0, TEXT, URL };

static const struct {
	const char *name;
	enum carrier carrier;
} carriers[] = {
    {"abbr", TEXT},
    {"action", URL},
    {"alt", TEXT},
    {"aria-description", TEXT},
    {"aria-label", TEXT},
    {"aria-placeholder", TEXT},
    {"aria-valuetext", TEXT},
    {"background", URL},
    {"cite", URL},
    {"content", TEXT},
    {"data", URL},
    {"datetime", TEXT},
    {"download", TEXT},
    {"formaction", URL},
    {"href", URL},
    {"label", TEXT},
    {"longdesc", URL},
    {"placeholder", TEXT},
    {"poster", URL},
    {"prompt", TEXT},
    {"src", URL},
    {"srcdoc", TEXT},
    {"srcset", URL},
    {"standby", TEXT},
    {"summary", TEXT},
    {"title", TEXT},
    {"value", TEXT},
    {"xlink:href", URL},
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool same_name(struct mw_str s, const char *name)
{
	size_t n = strlen(name);

	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.p[i]) != name[i])
			return false;
	return true;
}

static struct mw_str piece(struct mw_str s, size_t from, size_t to)
{
	return (struct mw_str){.p = s.p + from, .n = to - from};
}

/* ---- text --------------------------------------------------------------------------------------------------------------------- */

static void put_text(struct flow *to, struct mw_str s, bool in_attribute)
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

/* Octets of the well-formed UTF-8 character in p, 0 = it is none, or a control character. */
static size_t character(const unsigned char *p, size_t n)
{
	size_t want = p[0] < 0x80		    ? 1
		      : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		      : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		      : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						    : 0;

	if (want == 0 || want > n || p[0] < ' ' || p[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return want;
}

static int hex(char c)
{
	c = lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character that a run of "%XX" at s stands for, as UTF-8; *len 0 = none that could be text. Returns the octets read. */
static size_t percent(struct mw_str s, unsigned char out[4], size_t *len)
{
	size_t n = 0;

	while (n < 4 && 3 * n + 2 < s.n && s.p[3 * n] == '%' && hex(s.p[3 * n + 1]) >= 0 && hex(s.p[3 * n + 2]) >= 0) {
		out[n] = (unsigned char)(hex(s.p[3 * n + 1]) << 4 | hex(s.p[3 * n + 2]));
		n++;
	}
	*len = n ? character(out, n) : 0;
	return 3 * *len;
}

/* A link as a person would read it: without "%20". */
static void put_url(struct flow *to, struct mw_str s)
{
	size_t start = 0, i = 0, n, len;
	unsigned char c[4];

	while (i < s.n && !to->failed) {
		const char *mark = memchr(s.p + i, '%', s.n - i);

		if (!mark)
			break;
		i = (size_t)(mark - s.p);
		n = percent(piece(s, i, s.n), c, &len);
		if (n == 0) {
			i++;
			continue;
		}
		put_text(to, piece(s, start, i), true);
		flow_text(to, (const char *)c, len);
		start = i += n;
	}
	put_text(to, piece(s, start, s.n), true);
}

/* ---- tags --------------------------------------------------------------------------------------------------------------------- */

static enum carrier carrier_of(struct mw_str name)
{
	if (name.n > 5 && same_name(piece(name, 0, 5), "data-"))
		return TEXT;
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (same_name(name, carriers[i].name))
			return carriers[i].carrier;
	return NOTHING;
}

static bool holds(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= s.n; i++)
		if (same_name(piece(s, i, i + n), word))
			return true;
	return false;
}

static void on_attribute(struct page *g, struct mw_str name, struct mw_str value)
{
	enum carrier carrier = carrier_of(name);
	enum url url = carrier == URL ? url_kind(value) : URL_NOTHING;

	if (same_name(name, "dir") && same_name(value, "rtl"))
		g->turns = true;
	if (same_name(name, "style") && holds(value, "bidi-override"))
		g->turns_letters = true;
	if (same_name(name, "hidden") || (same_name(name, "style") && hidden_by_style(value)))
		g->hides = true;
	if (same_name(name, "type"))
		g->data_script = holds(value, "json");
	g->sealed = g->sealed || url == URL_SEALED;
	if (carrier == NOTHING || value.n == 0 || (carrier == URL && url != URL_TEXT))
		return;
	flow_block(g->unseen);
	if (carrier == URL)
		put_url(g->unseen, value);
	else
		put_text(g->unseen, value, true);
}

static size_t skip_blanks(struct mw_str s, size_t i)
{
	while (i < s.n && is_blank(s.p[i]))
		i++;
	return i;
}

/* Index of the first octet at or after i that ends an unquoted value or a name; `more` are further octets that end it. */
static size_t word_end(struct mw_str s, size_t i, const char *more)
{
	while (i < s.n && !is_blank(s.p[i]) && s.p[i] != '>' && !(s.p[i] && strchr(more, s.p[i])))
		i++;
	return i;
}

/* One attribute at i; returns the index behind it, s.n when it does not end. */
static size_t read_attribute(struct page *g, size_t i)
{
	struct mw_str s = g->html, name, value = {.p = s.p, .n = 0};
	size_t end = word_end(s, i + 1, "/=");

	name = piece(s, i, end);
	i = skip_blanks(s, end);
	if (i < s.n && s.p[i] == '=') {
		i = skip_blanks(s, i + 1);
		if (i < s.n && (s.p[i] == '"' || s.p[i] == '\'')) {
			const char *quote = memchr(s.p + i + 1, s.p[i], s.n - i - 1);

			if (!quote)
				return s.n;
			end = (size_t)(quote - s.p);
			value = piece(s, i + 1, end);
			i = end + 1;
		} else {
			end = word_end(s, i, "");
			value = piece(s, i, end);
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

/* Index of the "</name" that ends the raw text from i on; s.n when there is none. */
static size_t raw_end(struct mw_str s, size_t i, struct mw_str name)
{
	while (i < s.n) {
		const char *mark = memmem(s.p + i, s.n - i, "</", 2);
		size_t k = 0;

		if (!mark)
			break;
		i = (size_t)(mark - s.p) + 2;
		while (k < name.n && i + k < s.n && lower(s.p[i + k]) == lower(name.p[k]))
			k++;
		if (k == name.n && (i + k == s.n || is_blank(s.p[i + k]) || s.p[i + k] == '/' || s.p[i + k] == '>'))
			return i - 2;
	}
	return s.n;
}

static bool begins(struct mw_str s, size_t i, const char *lower_text)
{
	size_t n = strlen(lower_text);

	return s.n - i >= n && same_name(piece(s, i, i + n), lower_text);
}

static bool begins_tag(struct mw_str s, size_t i, const char *lower_text)
{
	size_t k = i + strlen(lower_text);

	return begins(s, i, lower_text) && (k == s.n || is_blank(s.p[k]) || s.p[k] == '/' || s.p[k] == '>');
}

/* The same for a script: "<!-- <script>" in it makes the next end tag one of the script inside (its "double escaped" state). */
static size_t script_end(struct mw_str s, size_t i)
{
	enum { PROGRAM, ESCAPED, TWICE } state = PROGRAM;

	for (; i < s.n; i++) {
		if (s.p[i] == '-' && begins(s, i, "-->"))
			state = PROGRAM;
		if (s.p[i] != '<')
			continue;
		if (state == PROGRAM && begins(s, i, "<!--"))
			state = ESCAPED;
		else if (state == ESCAPED && begins_tag(s, i, "<script"))
			state = TWICE;
		else if (state == TWICE && begins_tag(s, i, "</script"))
			state = ESCAPED;
		else if (begins_tag(s, i, "</script"))
			return i;
	}
	return s.n;
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

/* Programs and style sheets are no text, unless they are never closed: then they may swallow some. slash: "/>" began it, which ends
 * one in a drawing (SVG), and nowhere else. In a drawing there may be elements in them, and some of these end the drawing. */
static size_t skip_raw(struct page *g, struct mw_str name, size_t i, bool slash)
{
	struct mw_str s = g->html;
	bool script = same_name(name, "script");
	size_t end = script ? script_end(s, i) : raw_end(s, i, name);

	if (!script)
		sheet_content(g->unseen, piece(s, i, end));
	if (end == s.n || slash || g->drawing) {
		put_unseen(g, piece(s, i, end));
	} else if (g->data_script) {
		flow_block(g->unseen);
		flow_text(g->unseen, s.p + i, end - i);
		flow_block(g->unseen);
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

	while (i < a.n && i < b.n && lower(a.p[i]) == lower(b.p[i]))
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
	bool bdo = same_name(name, "bdo");

	if (bdo && end)
		flow_text(flow_of(g), "\xe2\x80\xac", 3);
	else if (g->turns_letters || (bdo && g->turns))
		flow_text(flow_of(g), "\xe2\x80\xae", 3);
}

static void follow_drawing(struct page *g, struct mw_str name, bool end, bool slash)
{
	if (slash || (!same_name(name, "svg") && !same_name(name, "math")))
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

	name = piece(s, start, word_end(s, start, "/"));
	effect = element_tag(&g->open, name, end, &stray);
	g->data_script = g->turns = g->turns_letters = false;
	g->hides = !end && hidden_by_name(name);
	after = read_attributes(g, start + name.n, &slash);
	if (after == 0) { /* no end: a browser drops the rest */
		put_unseen(g, piece(s, start + name.n, s.n));
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
	if (!end && !g->nested && after >= g->raw_end && (same_name(name, "textarea") || same_name(name, "xmp")))
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

	if (begins(s, i, "<!--")) {
		size_t after;

		if (g->nested)
			return i + 4;
		after = comment_end(s, i + 4, &end);
		put_unseen(g, piece(s, i + 4, end));
		return after;
	}
	if (begins(s, i, "<![cdata[")) {
		mark = g->no_cdata_end ? NULL : memmem(s.p + i + 9, s.n - i - 9, "]]>", 3);
		g->no_cdata_end = !mark;
		if (mark) {
			flow_text(flow_of(g), s.p + i + 9, (size_t)(mark - s.p) - i - 9);
			return (size_t)(mark - s.p) + 3;
		}
	}
	mark = memchr(s.p + i, '>', s.n - i);
	end = mark ? (size_t)(mark - s.p) : s.n;
	if (!begins(s, i, "<!doctype"))
		put_unseen(g, piece(s, i + 2, end));
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

		put_text(flow_of(g), piece(s, i, at), false);
		if (at == s.n)
			break;
		if (is_letter(next) || (next == '/' && at + 2 < s.n && is_letter(s.p[at + 2]))) {
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
