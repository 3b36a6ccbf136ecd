/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flat: documents in one file of XML, which are no packages: OpenDocument, text documents of Word 2003 and packages that Word wrote
 * flat, workbooks of Excel 2002 and 2003.
 */
#include "grid.h"
#include "odf.h"
#include "odftext.h"
#include "wordtext.h"

#include <string.h>

#define SNIFF 4096u /* octets in which the namespace of the root stands */

/* ---- workbooks -------------------------------------------------------------------------------------------------------------------- */

enum { SHEET = 1, ROW, CELL, DATA, COLUMN, VISIBLE };

static const struct xml_name names[] = {{"Worksheet", SHEET}, {"Row", ROW},	  {"Cell", CELL},	{"Data", DATA},
					{"Comment", DATA},    {"Column", COLUMN}, {"Visible", VISIBLE}, {NULL, 0}};

struct workbook {
	struct office *office;
	struct grid grid;
	struct buf data, name;
	size_t column, described;
	size_t in_data; /* how deep; what is in it may have elements of its own */
};

static int sheet_begin(struct workbook *w, struct xml *x)
{
	struct mw_str name = xml_attribute(x, "Name");
	int r;

	w->name.n = 0;
	r = buf_add(&w->name, name.p, name.n);
	if (r == 0)
		r = buf_terminate(&w->name);
	if (r == 0)
		r = grid_end(&w->grid);
	if (r == 0)
		r = stream_section(&w->office->out, w->name.n ? w->name.p : "sheet");
	if (r == 0)
		r = w->office->host->sink_page(w->office->sink);
	grid_free(&w->grid);
	grid_init(&w->grid, &w->office->out);
	w->described = 0;
	return r;
}

/* Cells and columns have numbers, from 1, where some are left out. */
static size_t place(struct xml *x, size_t next)
{
	size_t index = number_of(xml_attribute(x, "Index"), 0);

	return index ? index - 1 : next;
}

/* Links, texts at the edges of pages, who commented, and texts of formulas. */
static int attributes(struct workbook *w, struct xml *x)
{
	static const char *const texts[] = {"HRef", "HRefScreenTip", "Author"};
	int r = formula_texts(w->office, xml_attribute(x, "Formula"));

	if (r == 0)
		r = formula_texts(w->office, xml_attribute(x, "RefersTo"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++) {
		struct mw_str v = xml_attribute(x, texts[i]);

		r = office_other(w->office, v.p, v.n);
	}
	if (r == 0 && (strcmp(x->name, "Header") == 0 || strcmp(x->name, "Footer") == 0)) {
		struct mw_str v = xml_attribute(x, "Data");

		r = office_other(w->office, v.p, v.n);
	}
	return r;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct workbook *w = ctx;
	size_t last;
	int r;

	w->in_data += w->in_data > 0 || id == DATA;
	if (id == DATA && w->data.n)
		return buf_char(&w->data, ' ');
	r = attributes(w, x);
	if (r < 0)
		return r;
	switch (id) {
	case SHEET:
		return sheet_begin(w, x);
	case ROW:
		w->column = SIZE_MAX;
		grid_row(&w->grid, xml_is(xml_attribute(x, "Hidden"), "1"));
		return 0;
	case CELL:
		w->column = place(x, w->column + 1);
		w->data.n = 0;
		return 0;
	case COLUMN:
		w->described = place(x, w->described);
		last = w->described + number_of(xml_attribute(x, "Span"), 0);
		if (xml_is(xml_attribute(x, "Hidden"), "1"))
			grid_hide(&w->grid, w->described, last);
		w->described = last + 1;
		return 0;
	default:
		return 0;
	}
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct workbook *w = ctx;

	(void)x;
	w->in_data -= w->in_data > 0;
	switch (id) {
	case CELL:
		return grid_cell(&w->grid, w->column, false, buf_str(&w->data));
	case ROW:
		return grid_row_end(&w->grid);
	default:
		return 0;
	}
}

/* What is in no cell: properties, names. */
static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct workbook *w = ctx;
	bool blank = true;

	(void)x;
	if (w->in_data)
		return buf_add(&w->data, p, n);
	for (size_t i = 0; i < n && blank; i++)
		blank = (unsigned char)p[i] <= ' ';
	return blank ? 0 : office_other(w->office, p, n);
}

static int workbook_read(struct office *o)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = on_text};
	struct workbook w = {.office = o};
	int r;

	grid_init(&w.grid, &o->out);
	r = office_parse_octets(o, o->doc->data, &events, &w);
	if (r == 0)
		r = grid_end(&w.grid);
	grid_free(&w.grid);
	buf_free(&w.data);
	buf_free(&w.name);
	return r;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------------ */

static int word_flat_read(struct office *o)
{
	struct wordtext w;

	wordtext_init(&w, o, NULL, false);
	return wordtext_end(&w, office_parse_octets(o, o->doc->data, &wordtext_events, &w));
}

static int odf_flat_read(struct office *o)
{
	return odftext_read(o, NO_ENTRY, false);
}

/* ---- kinds ------------------------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *space, *root;
	int (*read)(struct office *);
} kinds[] = {
    {"urn:oasis:names:tc:opendocument:xmlns:office", ":document", odf_flat_read},
    {"http://openoffice.org/2000/office", ":document", odf_flat_read},
    {"http://schemas.microsoft.com/office/word/2003/wordml", ":wordDocument", word_flat_read},
    {"http://schemas.microsoft.com/office/2006/xmlPackage", ":package", word_flat_read},
    {"urn:schemas-microsoft-com:office:spreadsheet", "<Workbook", workbook_read},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static bool has(struct mw_str s, const char *word)
{
	return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static size_t kind_of(struct mw_str data)
{
	const struct mw_str head = {.p = data.p, .n = data.n < SNIFF ? data.n : SNIFF};
	size_t i = 0;

	while (i < KINDS && !(has(head, kinds[i].space) && has(head, kinds[i].root)))
		i++;
	return i;
}

bool flat_is(struct mw_str data)
{
	return kind_of(data) < KINDS;
}

int flat_read(struct office *o)
{
	int r = kinds[kind_of(o->doc->data)].read(o);

	if (r == 0)
		r = office_rest(o);
	return r == 0 ? stream_end(&o->out) : r;
}
