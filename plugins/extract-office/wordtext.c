/* SPDX-License-Identifier: Apache-2.0 */
#include "wordtext.h"

#include <errno.h>
#include <string.h>

#define AUTHORS_KEPT 4096u /* octets; who comes behind those is told with each change */

enum {
	P = 1,
	T,
	REMARK,
	R,
	ROW,
	CELL,
	TAB,
	BREAK,
	HYPHEN,
	SYMBOL,
	DELETED_TEXT,
	INSTRUCTION,
	GONE,
	VANISH,
	STYLE,
	COLOUR,
	SIZE,
	SHADE,
	PAPER,
	RUN_PROPERTIES,
	PARAGRAPH_PROPERTIES,
	BOX,
	ALTERNATE,
	CHOICE,
	FALLBACK,
	NOTE, /* attributes that are text */
	FIELD,
	COMMENT,
	VALUES, /* of a chart: a row */
	VALUE,
	POINT,
	SLIDE,
	SPAN,
	RUBY,	/* how a text is spoken, small above it */
	BINARY, /* a file inside, as base64 */
	NOISE,	/* numbers of a layout, which are text of elements */
};

static const struct xml_name names[] = {{"sld", SLIDE},
					{"gridSpan", SPAN},
					{"binaryData", BINARY},
					{"binData", BINARY},
					{"t", T},
					{"text", REMARK},
					{"r", R},
					{"rPr", RUN_PROPERTIES},
					{"p", P},
					{"pPr", PARAGRAPH_PROPERTIES},
					{"tc", CELL},
					{"tr", ROW},
					{"tab", TAB},
					{"ptab", TAB},
					{"br", BREAK},
					{"cr", BREAK},
					{"noBreakHyphen", HYPHEN},
					{"sym", SYMBOL},
					{"delText", DELETED_TEXT},
					{"delInstrText", INSTRUCTION},
					{"instrText", INSTRUCTION},
					{"del", GONE},
					{"moveFrom", GONE},
					{"vanish", VANISH},
					{"color", COLOUR},
					{"sz", SIZE},
					{"shd", SHADE},
					{"highlight", SHADE},
					{"background", PAPER},
					{"rStyle", STYLE},
					{"pStyle", STYLE},
					{"txbxContent", BOX},
					{"textbox", BOX},
					{"AlternateContent", ALTERNATE},
					{"Choice", CHOICE},
					{"Fallback", FALLBACK},
					{"docPr", NOTE},
					{"cNvPr", NOTE},
					{"shape", NOTE},
					{"rect", NOTE},
					{"imagedata", NOTE},
					{"textpath", NOTE},
					{"alias", NOTE},
					{"tag", NOTE},
					{"listItem", NOTE},
					{"docVar", NOTE},
					{"attr", NOTE},
					{"connectString", NOTE},
					{"query", NOTE},
					{"mailSubject", NOTE},
					{"caption", NOTE},
					{"hlinkHover", NOTE},
					{"hlinkMouseOver", NOTE},
					{"rt", RUBY},
					{"helpText", NOTE},
					{"statusText", NOTE},
					{"default", NOTE},
					{"listEntry", NOTE},
					{"tblCaption", NOTE},
					{"tblDescription", NOTE},
					{"hlinkClick", NOTE},
					{"hyperlink", NOTE},
					{"bookmarkStart", NOTE},
					{"fldSimple", FIELD},
					{"comment", COMMENT},
					{"strCache", VALUES},
					{"numCache", VALUES},
					{"strLit", VALUES},
					{"numLit", VALUES},
					{"lvl", VALUES},
					{"pt", POINT},
					{"v", VALUE},
					{"posOffset", NOISE},
					{"pctWidth", NOISE},
					{"pctHeight", NOISE},
					{"pctPosHOffset", NOISE},
					{"pctPosVOffset", NOISE},
					{"align", NOISE},
					{"f", NOISE},
					{"formatCode", NOISE},
					{"autoUpdateInterval", NOISE},
					{"Anchor", NOISE},
					{"Row", NOISE},
					{"Column", NOISE},
					{"attrName", NOISE},
					{"AutoFill", NOISE},
					{"AutoLine", NOISE},
					{"Visible", NOISE},
					{"MoveWithCells", NOISE},
					{"SizeWithCells", NOISE},
					{"LCT", NOISE},
					{"TextHAlign", NOISE},
					{"TextVAlign", NOISE},
					{"PrintObject", NOISE},
					{"Locked", NOISE},
					{"LockText", NOISE},
					{"CF", NOISE},
					{"col", NOISE},
					{"colOff", NOISE},
					{"row", NOISE},
					{"rowOff", NOISE},
					{NULL, 0}};

/* ---- text ------------------------------------------------------------------------------------------------------------------------- */

/* White letters on white paper. In tables and boxes there may be a colour behind them that is not known here. */
static bool is_pale(const struct wordtext *w)
{
	return (w->run_coloured ? w->run_pale : w->run_pale || w->paragraph_pale) && !w->run_shaded && !w->paragraph_shaded &&
	       !w->coloured_paper && w->text.top == 0;
}

static bool is_unseen(const struct wordtext *w)
{
	return w->unseen || w->gone || w->run_hidden || w->paragraph_hidden || is_pale(w);
}

/* Of alternatives the first is read; the other only when it says something else. */
static int put(struct wordtext *w, bool unseen, const char *p, size_t n)
{
	int r = 0;

	if (w->fallback)
		return buf_add(&w->instead, p, n);
	if (w->alternatives)
		r = buf_add(&w->choice, p, n);
	return r == 0 ? text_put(&w->text, unseen || is_unseen(w), p, n) : r;
}

static int line(struct wordtext *w)
{
	if (w->fallback)
		return buf_char(&w->instead, '\n');
	return text_line(&w->text);
}

static bool is_blank(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > ' ')
			return false;
	return true;
}

static int note(struct wordtext *w, struct mw_str s)
{
	if (is_blank(s))
		return 0;
	if (w->fallback) {
		int r = buf_add(&w->instead, s.p, s.n);

		return r == 0 ? buf_char(&w->instead, '\n') : r;
	}
	return text_unseen_line(&w->text, s);
}

/* Without white space, which the two may well differ in. */
static void squeeze(struct buf *b)
{
	size_t to = 0;

	for (size_t i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] > ' ')
			b->p[to++] = b->p[i];
	b->n = to;
}

static int alternate_end(struct wordtext *w)
{
	struct mw_str choice, instead;
	struct buf lines = {0};
	int r = 0;

	w->alternatives -= w->alternatives > 0;
	if (w->alternatives || w->instead.n == 0)
		goto out;
	r = buf_flat(&lines, w->instead.p, w->instead.n);
	squeeze(&w->choice);
	squeeze(&w->instead);
	choice = buf_str(&w->choice);
	instead = buf_str(&w->instead);
	if (r == 0 && instead.n && !memmem(choice.p, choice.n, instead.p, instead.n))
		r = text_unseen_line(&w->text, buf_str(&lines));
out:
	if (w->alternatives == 0)
		w->choice.n = w->instead.n = 0;
	buf_free(&lines);
	return r;
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------------- */

/* What stands beside a picture, a field of a form, a variable. */
static int notes(struct wordtext *w, struct xml *x)
{
	static const char *const texts[] = {"descr",	   "title",   "alt",  "string", "val",
					    "displayText", "tooltip", "name", "value",	"href"};
	bool names_it = strcmp(x->name, "docPr") == 0 || strcmp(x->name, "cNvPr") == 0 || strcmp(x->name, "bookmarkStart") == 0;
	int r = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++) {
		if (!xml_has(x, texts[i]))
			continue;
		if (names_it && strcmp(texts[i], "name") == 0 && !name_is_given(xml_attribute(x, "name")))
			continue;
		r = note(w, xml_attribute(x, texts[i]));
	}
	return r;
}

static int symbol(struct wordtext *w, struct xml *x)
{
	struct mw_str hex = xml_attribute(x, "char");
	struct buf b = {0};
	uint32_t c = 0;
	int r;

	for (size_t i = 0; i < hex.n && i < 6; i++) {
		char d = hex.p[i];

		c = c * 16 + (uint32_t)(d >= '0' && d <= '9'   ? d - '0'
					: d >= 'a' && d <= 'f' ? d - 'a' + 10
					: d >= 'A' && d <= 'F' ? d - 'A' + 10
							       : 0);
	}
	/* Letters of a symbol font: digits and signs stand where they do in ASCII. */
	r = buf_code(&b, c >= 0xf020 && c < 0xf07f ? c - 0xf000 : c);
	r = r == 0 ? put(w, false, b.p, b.n) : r;
	buf_free(&b);
	return r;
}

static int comment(struct wordtext *w, struct xml *x)
{
	struct mw_str author = xml_attribute(x, "author");
	int r = text_fresh_line(&w->text);

	if (r == 0 && author.n)
		r = put(w, false, author.p, author.n);
	return r == 0 && author.n ? put(w, false, ": ", 2) : r;
}

/* Who has inserted, deleted, moved or formatted what is marked as changed: once. */
static int changed_by(struct wordtext *w, struct xml *x)
{
	struct mw_str who = xml_attribute(x, "author"), told = buf_str(&w->authors);
	size_t at = w->authors.n;
	int r;

	if (is_blank(who))
		return 0;
	r = told.n ? 0 : buf_char(&w->authors, '\n');
	at += told.n == 0;
	r = r == 0 ? buf_flat(&w->authors, who.p, who.n) : r;
	r = r == 0 ? buf_char(&w->authors, '\n') : r;
	if (r < 0)
		return r;
	/* With the line feeds around it. */
	told = (struct mw_str){.p = w->authors.p + at - 1, .n = w->authors.n - at + 1};
	if (memmem(w->authors.p, at, told.p, told.n)) {
		w->authors.n = at;
		return 0;
	}
	who = (struct mw_str){.p = told.p + 1, .n = told.n - 2};
	r = text_unseen_line(&w->text, who);
	if (w->authors.n > AUTHORS_KEPT)
		w->authors.n = at;
	return r;
}

/* ---- events ----------------------------------------------------------------------------------------------------------------------- */

static void run_begin(struct wordtext *w)
{
	w->in_run = true;
	w->run_hidden = w->run_pale = w->run_coloured = w->run_shaded = false;
}

/* What is said of a run, or of all runs of a paragraph. */
static void look(struct wordtext *w, struct xml *x, int id)
{
	bool run = w->in_run && w->in_run_properties, paragraph = w->in_paragraph_properties && !w->in_run_properties;
	struct mw_str v = xml_attribute(x, "val");

	switch (id) {
	case VANISH:
		w->run_hidden |= run && xml_on(x, "val");
		break;
	case STYLE:
		w->run_hidden |= run && styles_hide(w->styles, v);
		w->run_pale |= run && styles_pale(w->styles, v);
		w->paragraph_hidden |= paragraph && styles_hide(w->styles, v);
		w->paragraph_pale |= paragraph && styles_pale(w->styles, v);
		break;
	case COLOUR:
		w->run_coloured |= run;
		w->run_pale = run ? colour_is_white(v) : w->run_pale;
		break;
	case SIZE:
		w->run_hidden |= run && size_is_unseen(v);
		break;
	case SHADE:
		w->run_shaded |= run;
		w->paragraph_shaded |= paragraph;
		break;
	default:
		w->coloured_paper = true;
		break;
	}
}

static int structure_start(struct wordtext *w, int id)
{
	if (w->fallback)
		return 0;
	switch (id) {
	case ROW:
	case VALUES:
		return text_row_begin(&w->text);
	case BOX:
		w->run_hidden = false;
		return text_box_begin(&w->text);
	default:
		return 0;
	}
}

static int structure_end(struct wordtext *w, int id)
{
	if (w->fallback)
		return id == ROW || id == VALUES ? buf_char(&w->instead, '\n') : buf_char(&w->instead, ' ');
	switch (id) {
	case ROW:
	case VALUES:
		return text_row_end(&w->text);
	case BOX:
		return text_box_end(&w->text);
	default:
		return text_cell_end(&w->text);
	}
}

static int state_start(struct wordtext *w, struct xml *x, int id)
{
	switch (id) {
	case GONE:
		/* Of properties it says that the mark or the row is deleted: what it holds is marked itself. */
		w->gone += !w->in_run_properties;
		break;
	case VANISH:
	case STYLE:
	case COLOUR:
	case SIZE:
	case SHADE:
	case PAPER:
		look(w, x, id);
		break;
	case RUN_PROPERTIES:
		w->in_run_properties = true;
		break;
	case PARAGRAPH_PROPERTIES:
		w->in_paragraph_properties = true;
		break;
	case SLIDE:
		w->unseen |= !xml_on(x, "show");
		break;
	case RUBY:
		w->ruby++;
		break;
	case ALTERNATE:
		w->alternatives++;
		break;
	case FALLBACK:
		w->fallback += w->alternatives > 0;
		break;
	default:
		break;
	}
	return 0;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct wordtext *w = ctx;
	int r = id != COMMENT && xml_has(x, "author") ? changed_by(w, x) : 0;

	if (r < 0)
		return r;
	switch (id) {
	case T:
	case REMARK:
	case DELETED_TEXT:
	case INSTRUCTION:
	case VALUE:
	case BINARY:
	case NOISE:
		w->mode = id;
		return 0;
	case R:
		run_begin(w);
		return 0;
	case TAB: /* also the place of a tab, in properties of a paragraph */
		return w->in_paragraph_properties ? 0
		       : w->fallback		  ? buf_char(&w->instead, ' ')
						  : text_tab(&w->text, w->unseen || w->gone || w->paragraph_hidden);
	case BREAK:
		return line(w);
	case HYPHEN:
		return put(w, false, "-", 1);
	case SYMBOL:
		return symbol(w, x);
	case NOTE:
		return notes(w, x);
	case SPAN:
		text_cell_span(&w->text, w->fallback ? 0 : number_of(xml_attribute(x, "val"), 1));
		return 0;
	case FIELD:
		return note(w, xml_attribute(x, "instr"));
	case COMMENT:
		return comment(w, x);
	case ROW:
	case VALUES:
	case BOX:
		return structure_start(w, id);
	default:
		return state_start(w, x, id);
	}
}

static int base64_end(struct wordtext *w)
{
	int r = office_base64(w->office, buf_str(&w->base64));

	w->base64.n = 0;
	return r;
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct wordtext *w = ctx;

	(void)x;
	switch (id) {
	case T:
	case DELETED_TEXT:
	case INSTRUCTION:
	case VALUE:
	case NOISE:
		w->mode = 0;
		return 0;
	case BINARY:
		w->mode = 0;
		return base64_end(w);
	case REMARK:
		w->mode = 0;
		return text_fresh_line(&w->text);
	case R:
		run_begin(w);
		w->in_run = false;
		return 0;
	case P:
		w->paragraph_hidden = w->paragraph_pale = w->paragraph_shaded = false;
		return line(w);
	case ROW:
	case VALUES:
	case BOX:
	case CELL:
	case POINT:
		return structure_end(w, id);
	case GONE:
		w->gone -= w->gone > 0 && !w->in_run_properties;
		return 0;
	case RUN_PROPERTIES:
		w->in_run_properties = false;
		return 0;
	case PARAGRAPH_PROPERTIES:
		w->in_paragraph_properties = false;
		return 0;
	case RUBY:
		w->ruby -= w->ruby > 0;
		return 0;
	case FALLBACK:
		w->fallback -= w->fallback > 0;
		return 0;
	case ALTERNATE:
		return alternate_end(w);
	default:
		return 0;
	}
}

static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct wordtext *w = ctx;

	(void)x;
	switch (w->mode) {
	case T:
	case REMARK:
	case VALUE:
		/* Between the elements of a diagram's text, which are called as the text inside them. */
		if (memchr(p, '\n', n) && is_blank((struct mw_str){.p = p, .n = n}))
			return 0;
		return w->ruby ? note(w, (struct mw_str){.p = p, .n = n}) : put(w, false, p, n);
	case NOISE:
		return 0;
	case BINARY:
		return buf_add(&w->base64, p, n);
	case DELETED_TEXT:
	case INSTRUCTION:
		return put(w, true, p, n);
	default:
		return note(w, (struct mw_str){.p = p, .n = n});
	}
}

const struct xml_events wordtext_events = {.names = names, .start = on_start, .end = on_end, .text = on_text};

void wordtext_init(struct wordtext *w, struct office *o, const struct styles *styles, bool unseen)
{
	*w = (struct wordtext){.office = o, .styles = styles, .unseen = unseen};
	text_init(&w->text, &o->out);
}

int wordtext_end(struct wordtext *w, int r)
{
	int end = r < 0 ? r : text_end(&w->text);

	text_close(&w->text);
	buf_free(&w->choice);
	buf_free(&w->instead);
	buf_free(&w->base64);
	buf_free(&w->authors);
	return end;
}

int wordtext_read(struct office *o, size_t entry, const struct styles *styles, bool unseen)
{
	struct wordtext w;

	wordtext_init(&w, o, styles, unseen);
	return wordtext_end(&w, office_parse(o, entry, &wordtext_events, &w));
}
