/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odftext: paragraphs, tables, boxes and slides of OpenDocument.
 */
#include "odf.h"
#include "odftext.h"

#include <errno.h>
#include <string.h>

static const struct xml_name names[] = {{"span", ODF_SPAN},
					{"p", ODF_PARAGRAPH},
					{"h", ODF_PARAGRAPH},
					{"s", ODF_SPACE},
					{"tab", ODF_TAB},
					{"tab-stop", ODF_TAB},
					{"line-break", ODF_BREAK},
					{"table-cell", ODF_CELL},
					{"covered-table-cell", ODF_CELL},
					{"table-row", ODF_ROW},
					{"table-column", ODF_COLUMN},
					{"table", ODF_TABLE},
					{"a", ODF_LINK},
					{"note", ODF_BOX},
					{"footnote", ODF_BOX},
					{"endnote", ODF_BOX},
					{"annotation", ODF_BOX},
					{"text-box", ODF_BOX},
					{"frame", ODF_BOX},
					{"custom-shape", ODF_BOX},
					{"rect", ODF_BOX},
					{"ellipse", ODF_BOX},
					{"circle", ODF_BOX},
					{"line", ODF_BOX},
					{"path", ODF_BOX},
					{"polygon", ODF_BOX},
					{"polyline", ODF_BOX},
					{"regular-polygon", ODF_BOX},
					{"connector", ODF_BOX},
					{"caption", ODF_BOX},
					{"control", ODF_BOX},
					{"measure", ODF_BOX},

					{"tracked-changes", ODF_DELETED},
					{"section", ODF_SECTION},
					{"hidden-paragraph", ODF_HIDDEN_PARAGRAPH},
					{"page", ODF_PAGE},
					{"style", ODF_STYLE},
					{"text-properties", ODF_STYLE_PROPERTIES},
					{"table-properties", ODF_STYLE_PROPERTIES},
					{"drawing-page-properties", ODF_STYLE_PROPERTIES},
					{"properties", ODF_STYLE_PROPERTIES},
					{"spreadsheet", ODF_SPREADSHEET},
					{"binary-data", ODF_BASE64},
					{"text", ODF_NOISE},
					{"config-item", ODF_NOISE},
					{"currency-symbol", ODF_NOISE},
					{"note-citation", ODF_NOISE},
					{"editing-duration", ODF_NOISE},
					{"editing-cycles", ODF_NOISE},
					{"index-entry-span", ODF_NOISE},
					{"mi", ODF_FORMULA},
					{"mn", ODF_FORMULA},
					{"mo", ODF_FORMULA},
					{"mtext", ODF_FORMULA},
					{NULL, 0}};

/* ---- text ------------------------------------------------------------------------------------------------------------------------- */

static bool is_unseen(const struct odf *o)
{
	return o->unseen_at || o->whole_unseen;
}

int odf_put(struct odf *o, const char *p, size_t n)
{
	if (o->remark_at)
		return buf_flat(&o->sheet.remarks, p, n);
	if (o->sheet.in_cell)
		return buf_flat(&o->sheet.cell, p, n);
	return text_put(&o->text, is_unseen(o), p, n);
}

static int line(struct odf *o)
{
	if (o->remark_at)
		return buf_char(&o->sheet.remarks, '\n');
	if (o->sheet.in_cell)
		return buf_char(&o->sheet.cell, ' ');
	return text_line(&o->text);
}

static int spaces(struct odf *o, struct xml *x)
{
	size_t n = number_of(xml_attribute(x, "c"), 1);
	int r = 0;

	for (size_t i = 0; i < n && i < 8 && r == 0; i++)
		r = odf_put(o, " ", 1);
	return r;
}

static bool is_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] > ' ')
			return false;
	return true;
}

static int note(struct odf *o, const char *p, size_t n)
{
	return is_blank(p, n) ? 0 : text_unseen_line(&o->text, (struct mw_str){.p = p, .n = n});
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------------- */

/* Controls of forms, variables, texts that a condition shows. */
static bool is_text_attribute(const struct xml *x, const char *name)
{
	static const char *const texts[] = {"label",
					    "current-value",
					    "string-value",
					    "string-value-if-true",
					    "string-value-if-false",
					    "title",
					    "help-message",
					    "description",
					    "comment",
					    "author",
					    "key1",
					    "key2",
					    "dde-topic",
					    "dde-item"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(name, texts[i]) == 0)
			return true;
	return strcmp(name, "value") == 0 &&
	       ((x->space && strstr(x->space, ":form:")) || strcmp(x->name, "label") == 0 || strncmp(x->name, "filter-", 7) == 0);
}

/* What stands before and behind the numbers of a list, when it is more than a sign or two. */
static bool is_label(const char *name, struct mw_str v)
{
	size_t n = 0;

	if (strcmp(name, "num-prefix") != 0 && strcmp(name, "num-suffix") != 0)
		return false;
	for (size_t i = 0; i < v.n; i++)
		n += (v.p[i] >= '0' && v.p[i] <= '9') || (v.p[i] >= 'A' && v.p[i] <= 'Z') || (v.p[i] >= 'a' && v.p[i] <= 'z');
	return n > 2;
}

/* The name of a frame, a table, a bookmark, a field; no name of a style. */
static bool is_name(const struct xml *x, int i, const char *name, struct mw_str v)
{
	static const char *const spaces[] = {":drawing:", ":table:", ":text:", ":form:", ":presentation:", ":office:", ":meta:"};
	static const char *const looks[] = {"gradient", "hatch", "fill-image", "marker", "opacity", "stroke-dash"};
	const char *space = (const char *)x->attributes[5 * i + 2];
	bool named = false;

	if (strcmp(name, "name") != 0 || !space || !name_is_given(v))
		return false;
	for (size_t k = 0; k < sizeof(spaces) / sizeof(*spaces); k++)
		named |= strstr(space, spaces[k]) != NULL;
	for (size_t k = 0; k < sizeof(looks) / sizeof(*looks); k++)
		named &= strcmp(x->name, looks[k]) != 0;
	return named;
}

static bool is_formula(const char *name)
{
	return strcmp(name, "expression") == 0 || strcmp(name, "condition") == 0 || strcmp(name, "formula") == 0;
}

/* An address elsewhere, of a picture, a source of data, a form: those of the package have none of its beginning. */
static int outside(struct odf *o, struct mw_str v)
{
	int r = memmem(v.p, v.n, "://", 3) ? buf_url(&o->office->links, v) : 1;

	return r == 0 ? buf_char(&o->office->links, '\n') : r == 1 ? 0 : r;
}

static int notes(struct odf *o, struct xml *x)
{
	int r = 0;

	for (int i = 0; i < x->n_attributes && r == 0; i++) {
		const char *local;
		struct mw_str v = xml_attribute_at(x, i, &local);

		if (is_text_attribute(x, local) || is_label(local, v) || is_name(x, i, local, v))
			r = note(o, v.p, v.n);
		else if (is_formula(local))
			r = formula_texts(o->office, v);
		else if (strcmp(local, "href") == 0)
			r = outside(o, v);
	}
	return r;
}

static int style_hides(struct odf *o, struct xml *x)
{
	bool hides = xml_is(xml_attribute(x, "display"), "none") || xml_is(xml_attribute(x, "display"), "false") ||
		     xml_is(xml_attribute(x, "visibility"), "hidden") || xml_is(xml_attribute(x, "font-size"), "1pt");

	return hides && o->style.n ? styles_add(&o->styles, buf_str(&o->style)) : 0;
}

static int style_begin(struct odf *o, struct xml *x)
{
	struct mw_str name = xml_attribute(x, "name"), parent;
	int r;

	o->style.n = 0;
	r = buf_add(&o->style, name.p, name.n);
	parent = xml_attribute(x, "parent-style-name");
	if (r == 0 && o->style.n && styles_hide(&o->styles, parent))
		r = styles_add(&o->styles, buf_str(&o->style));
	return r;
}

/* A link to another file, or of another form than notes() looks for. */
static int link(struct odf *o, struct xml *x)
{
	struct mw_str v = xml_attribute(x, "href");
	bool told = v.n == 0 || v.p[0] == '#' || memmem(v.p, v.n, "://", 3);
	int r = told ? 0 : buf_url(&o->office->links, v);

	return r == 0 && !told ? buf_char(&o->office->links, '\n') : r;
}

/* From here to the end of the element nothing is seen. */
static void hide(struct odf *o)
{
	if (o->unseen_at == 0)
		o->unseen_at = o->depth;
}

static void hide_by_style(struct odf *o, struct xml *x)
{
	if (o->styles.ids.n && styles_hide(&o->styles, xml_attribute(x, "style-name")))
		hide(o);
}

/* ---- events ----------------------------------------------------------------------------------------------------------------------- */

static int page(struct odf *o, struct xml *x)
{
	int r = text_end(&o->text);

	if (r == 0)
		r = o->office->host->sink_page(o->office->sink);
	stream_feed(&o->office->out);
	hide_by_style(o, x);
	return r;
}

static int box_begin(struct odf *o)
{
	int r;

	if (o->sheet.tables) {
		if (o->remark_at == 0)
			o->remark_at = o->depth;
		return 0;
	}
	r = text_box_begin(&o->text);
	o->open[o->text.top] = false;
	return r;
}

static int text_start(struct odf *o, struct xml *x, int id)
{
	int r;

	switch (id) {
	case ODF_PARAGRAPH:
		o->open[o->text.top] = true;
		hide_by_style(o, x);
		return 0;
	case ODF_SPAN:
		hide_by_style(o, x);
		return 0;
	case ODF_FORMULA:
		o->open[o->text.top] = true;
		return 0;
	case ODF_SPACE:
		return o->open[o->text.top] ? spaces(o, x) : 0;
	case ODF_TAB:
		return !o->open[o->text.top] ? 0 : o->sheet.in_cell ? odf_put(o, " ", 1) : text_tab(&o->text, is_unseen(o));
	case ODF_BREAK:
		return line(o);
	case ODF_LINK:
		return link(o, x);
	case ODF_BOX:
		return box_begin(o);
	case ODF_ROW:
		r = text_row_begin(&o->text);
		o->open[o->text.top] = false;
		return r;
	case ODF_CELL:
		text_cell_span(&o->text, number_of(xml_attribute(x, "number-columns-repeated"), 1));
		return 0;
	default:
		return 0;
	}
}

static int state_start(struct odf *o, struct xml *x, int id)
{
	switch (id) {
	case ODF_DELETED:
	case ODF_HIDDEN_PARAGRAPH:
		hide(o);
		return 0;
	case ODF_SECTION:
		if (xml_has(x, "display") && !xml_is(xml_attribute(x, "display"), "true"))
			hide(o);
		return 0;
	case ODF_PAGE:
		return page(o, x);
	case ODF_STYLE:
		return style_begin(o, x);
	case ODF_STYLE_PROPERTIES:
		return style_hides(o, x);
	case ODF_SPREADSHEET:
		o->sheets = true;
		return 0;
	case ODF_BASE64:
		o->in_base64 = true;
		o->base64.n = 0;
		return 0;
	case 0:
	case ODF_NOISE:
		return 0;
	default:
		return text_start(o, x, id);
	}
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct odf *o = ctx;
	int r;

	o->depth++;
	o->noise = id == ODF_NOISE;
	/* A sheet is called as its section is, and a cell tells its own text. */
	r = id == ODF_CELL || (o->sheets && id == ODF_TABLE) ? 0 : notes(o, x);
	if (r < 0)
		return r;
	r = o->sheets && !o->unseen_at ? odf_sheet_start(o, x, id) : 1;
	return r == 1 ? state_start(o, x, id) : r;
}

static int base64_end(struct odf *o)
{
	o->in_base64 = false;
	return office_base64(o->office, buf_str(&o->base64));
}

static int text_over(struct odf *o, int id)
{
	switch (id) {
	case ODF_PARAGRAPH:
		o->open[o->text.top] = false;
		return line(o);
	case ODF_FORMULA:
		o->open[o->text.top] = false;
		return odf_put(o, " ", 1);
	case ODF_BOX:
		return o->sheet.tables ? 0 : text_box_end(&o->text);
	case ODF_ROW:
		return text_row_end(&o->text);
	case ODF_CELL:
		return text_cell_end(&o->text);
	case ODF_BASE64:
		return base64_end(o);
	case ODF_PAGE:
		return text_end(&o->text);
	default:
		return 0;
	}
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct odf *o = ctx;
	int r = o->sheets && !o->unseen_at ? odf_sheet_end(o, id) : 1;

	(void)x;
	o->noise = false;
	if (r == 1)
		r = text_over(o, id);
	/* What hides is over; of a box in a paragraph the paragraph goes on. */
	if (o->unseen_at == o->depth)
		o->unseen_at = 0;
	if (o->remark_at == o->depth)
		o->remark_at = 0;
	o->depth -= o->depth > 0;
	return r;
}

static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct odf *o = ctx;

	(void)x;
	if (o->in_base64)
		return buf_add(&o->base64, p, n);
	if (o->open[o->text.top] && !(o->text.frame[o->text.top].seen.n == 0 && !o->sheet.in_cell && is_blank(p, n)))
		return odf_put(o, p, n);
	return o->noise ? 0 : note(o, p, n);
}

static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = on_text};

int odftext_read(struct office *office, size_t entry, bool unseen)
{
	struct odf o = {.office = office, .whole_unseen = unseen};
	int r;

	text_init(&o.text, &office->out);
	grid_init(&o.sheet.grid, &office->out);
	r = entry == NO_ENTRY ? office_parse_octets(office, office->doc->data, &events, &o)
			      : office_parse(office, entry, &events, &o);
	if (r == 0)
		r = text_end(&o.text);
	text_close(&o.text);
	odf_sheet_free(&o.sheet);
	styles_free(&o.styles);
	buf_free(&o.style);
	buf_free(&o.base64);
	return r;
}
