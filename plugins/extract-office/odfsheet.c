/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odfsheet: the sheets of an OpenDocument workbook. A cell is what it shows, but a date is told in full.
 */
#include "odf.h"

#include <string.h>

#define COPIES_MAX 16u /* of a cell that stands in many columns */

static int table_begin(struct odf *o, struct xml *x)
{
	struct odf_sheet *s = &o->sheet;
	struct office *office = o->office;
	bool hidden = styles_hide(&o->styles, xml_attribute(x, "style-name"));
	struct buf name = {0};
	struct mw_str given;
	int r;

	if (s->tables++)
		return 0;
	given = xml_attribute(x, "name");
	r = buf_add(&name, given.n ? given.p : "sheet", given.n ? given.n : 5);
	if (r == 0)
		r = buf_terminate(&name);
	if (r == 0)
		r = text_end(&o->text);
	if (r == 0)
		r = stream_section(&office->out, name.p);
	if (r == 0)
		r = office->host->sink_page(office->sink);
	if (r == 0 && hidden)
		r = stream_hide(&office->out);
	buf_free(&name);
	grid_free(&s->grid);
	grid_init(&s->grid, &office->out);
	s->first_column = 0;
	return r;
}

static int table_end(struct odf *o)
{
	struct odf_sheet *s = &o->sheet;
	int r = 0;

	s->tables -= s->tables > 0;
	if (s->tables)
		return 0;
	r = grid_end(&s->grid);
	if (s->remarks.n && r == 0) {
		stream_feed(&o->office->out);
		r = stream_put(&o->office->out, false, s->remarks.p, s->remarks.n);
	}
	s->remarks.n = 0;
	return r;
}

static size_t repeated(struct xml *x, const char *attribute)
{
	size_t n = number_of(xml_attribute(x, attribute), 1);

	return n == 0 ? 1 : n;
}

static void column(struct odf *o, struct xml *x)
{
	struct odf_sheet *s = &o->sheet;
	size_t n = repeated(x, "number-columns-repeated");
	struct mw_str v = xml_attribute(x, "visibility");

	if (xml_is(v, "collapse") || xml_is(v, "filter"))
		grid_hide(&s->grid, s->first_column, s->first_column + n - 1);
	s->first_column += n;
}

static int cell_begin(struct odf *o, struct xml *x)
{
	struct odf_sheet *s = &o->sheet;
	struct mw_str day;
	int r;

	s->in_cell = true;
	s->cell.n = s->day.n = 0;
	s->repeated = repeated(x, "number-columns-repeated");
	r = formula_texts(o->office, xml_attribute(x, "formula"));
	day = xml_attribute(x, "date-value");
	/* 1982-02-18T00:00:00 */
	if (day.n > 11 && day.p[10] == 'T' && memcmp(day.p + 11, "00:00:00", day.n - 11 < 8 ? day.n - 11 : 8) == 0)
		day.n = 10;
	return r == 0 ? buf_flat(&s->day, day.p, day.n) : r;
}

static int cell_value(struct odf *o, struct xml *x)
{
	struct odf_sheet *s = &o->sheet;
	struct mw_str value = xml_attribute(x, "value");

	/* For cells that only tell their value, or show none of it. */
	value = value.n ? value : xml_attribute(x, "string-value");
	return s->day.n == 0 && value.n ? buf_flat(&s->day, value.p, value.n) : 0;
}

static int cell_end(struct odf *o)
{
	struct odf_sheet *s = &o->sheet;
	struct mw_str text;
	int r = 0;

	while (s->cell.n && s->cell.p[s->cell.n - 1] == ' ')
		s->cell.n--;
	text = s->date || s->cell.n == 0 ? buf_str(&s->day) : buf_str(&s->cell);
	for (size_t i = 0; i < s->repeated && i < COPIES_MAX && r == 0; i++)
		r = grid_cell(&s->grid, s->column + i, false, text);
	s->column += s->repeated;
	s->in_cell = false;
	return r;
}

int odf_sheet_start(struct odf *o, struct xml *x, int id)
{
	struct odf_sheet *s = &o->sheet;
	struct mw_str v;
	int r;

	if (id == ODF_TABLE)
		return table_begin(o, x);
	/* A table in a drawing of a cell is text of it. */
	if (s->tables != 1 || o->remark_at)
		return id == ODF_ROW || id == ODF_CELL ? 0 : 1;
	switch (id) {
	case ODF_COLUMN:
		column(o, x);
		return 0;
	case ODF_ROW:
		s->column = 0;
		v = xml_attribute(x, "visibility");
		grid_row(&s->grid, xml_is(v, "collapse") || xml_is(v, "filter"));
		return 0;
	case ODF_CELL:
		r = cell_begin(o, x);
		s->date = s->day.n > 0;
		return r == 0 ? cell_value(o, x) : r;
	default:
		return 1;
	}
}

int odf_sheet_end(struct odf *o, int id)
{
	struct odf_sheet *s = &o->sheet;

	if (id == ODF_TABLE)
		return table_end(o);
	if (s->tables != 1 || o->remark_at)
		return id == ODF_ROW || id == ODF_CELL ? 0 : 1;
	switch (id) {
	case ODF_ROW:
		return grid_row_end(&s->grid);
	case ODF_CELL:
		return cell_end(o);
	default:
		return 1;
	}
}

void odf_sheet_free(struct odf_sheet *s)
{
	grid_free(&s->grid);
	buf_free(&s->cell);
	buf_free(&s->day);
	buf_free(&s->remarks);
}
