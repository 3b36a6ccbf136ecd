/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bookbin: the binary forms of the parts of a workbook, which say what those of XML do.
 */
#include "book.h"

#include "biff.h"
#include "grid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Types of records, [MS-XLSB] 2.3. */
enum {
	ROW = 0,
	CELL_RK = 2,
	CELL_BOOL = 4,
	CELL_REAL = 5,
	CELL_TEXT = 6,
	CELL_SHARED = 7,
	FORMULA_TEXT = 8,
	FORMULA_NUMBER = 9,
	FORMULA_BOOL = 10,
	SHARED_ITEM = 19,
	FORMAT = 44,
	STYLE = 47,
	COLUMN = 60,
	CELL_RICH = 62,
	SHEET_DATA_END = 146,
	BOOK_PROPERTIES = 153,
	SHEET = 156,
	HEADER_FOOTER = 479,
	STYLES_BEGIN = 617,
	STYLES_END = 618,
	COMMENT_TEXT = 637,
};

struct reading {
	struct book *book;
	struct grid grid;
	struct buf text, shown;
	bool styles; /* those of cells */
	size_t row;  /* the next, from 0 */
	int (*sheet)(void *ctx, struct mw_str name, struct mw_str id, bool hidden);
	void *ctx;
};

/* ---- the workbook ----------------------------------------------------------------------------------------------------------------- */

static int on_book(void *ctx, unsigned type, struct biff *b)
{
	struct reading *g = ctx;
	uint32_t state;
	int r;

	if (type == BOOK_PROPERTIES)
		g->book->from_1904 = biff_number(b, 4) & 1;
	if (type != SHEET)
		return biff_strings(g->book->office, b);
	state = biff_number(b, 4);
	(void)biff_number(b, 4);
	r = biff_text(b, &g->shown); /* the id of the relation */
	if (r == 0)
		r = biff_text(b, &g->text);
	return r == 0 ? g->sheet(g->ctx, buf_str(&g->text), buf_str(&g->shown), state != 0) : r;
}

static int on_shared(void *ctx, unsigned type, struct biff *b)
{
	struct reading *g = ctx;
	int r;

	if (type != SHARED_ITEM)
		return 0;
	(void)biff_number(b, 1);
	r = biff_text(b, &g->text);
	if (r == 0)
		r = shared_add(&g->book->shared, g->text.p, g->text.n);
	return r == 0 ? shared_end(&g->book->shared) : r;
}

static int on_format(void *ctx, unsigned type, struct biff *b)
{
	struct reading *g = ctx;
	uint32_t id;
	int r;

	switch (type) {
	case FORMAT:
		id = biff_number(b, 2);
		r = biff_text(b, &g->text);
		return r == 0 ? formats_add(g->book, id, buf_str(&g->text)) : r;
	case STYLES_BEGIN:
	case STYLES_END:
		g->styles = type == STYLES_BEGIN;
		return 0;
	case STYLE:
		(void)biff_number(b, 2);
		return g->styles ? formats_style(g->book, biff_number(b, 2)) : 0;
	default:
		return 0;
	}
}

/* ---- a sheet ---------------------------------------------------------------------------------------------------------------------- */

static double real_of(struct biff *b)
{
	uint64_t low = biff_number(b, 4), all = low | (uint64_t)biff_number(b, 4) << 32;
	double v;

	memcpy(&v, &all, sizeof(v));
	return v;
}

/* 30 bits of an integer or of a real number, which may be hundredths. */
static double rk_of(struct biff *b)
{
	uint32_t rk = biff_number(b, 4);
	uint64_t all = (uint64_t)(rk & ~3u) << 32;
	double v;

	if (rk & 2)
		v = (double)((int32_t)rk >> 2);
	else
		memcpy(&v, &all, sizeof(v));
	return rk & 1 ? v / 100 : v;
}

static int number_put(struct reading *g, size_t column, size_t style, double v)
{
	char raw[32];
	struct mw_str s = {.p = raw};
	int r;

	(void)snprintf(raw, sizeof(raw), "%.15g", v);
	if (strchr(raw, 'e'))
		(void)snprintf(raw, sizeof(raw), "%.17g", v);
	s.n = strlen(raw);
	g->shown.n = 0;
	r = numfmt_put(formats_of(g->book, style), s, g->book->from_1904, &g->shown);
	/* A format that shows nothing: the number is there all the same. */
	return r < 0 ? r : grid_cell(&g->grid, column, g->shown.n == 0, g->shown.n ? buf_str(&g->shown) : s);
}

static int cell_shared(struct reading *g, size_t column, size_t i)
{
	if (i >= g->book->shared.n) /* nobody knows what it shows */
		return office_judge(g->book->office, -EBADMSG);
	return grid_cell(&g->grid, column, false, shared_get(&g->book->shared, i));
}

static int cell(struct reading *g, unsigned type, struct biff *b)
{
	size_t column = biff_number(b, 4), style = biff_number(b, 3);
	int r = 0;

	(void)biff_number(b, 1);
	switch (type) {
	case CELL_RK:
		return number_put(g, column, style, rk_of(b));
	case CELL_REAL:
	case FORMULA_NUMBER:
		return number_put(g, column, style, real_of(b));
	case CELL_BOOL:
	case FORMULA_BOOL:
		g->text.n = 0;
		r = buf_word(&g->text, biff_number(b, 1) ? "TRUE" : "FALSE");
		return r == 0 ? grid_cell(&g->grid, column, false, buf_str(&g->text)) : r;
	case CELL_SHARED:
		return cell_shared(g, column, biff_number(b, 4));
	case CELL_RICH:
		(void)biff_number(b, 1);
		break;
	default:
		break;
	}
	r = biff_text(b, &g->text);
	return r == 0 ? grid_cell(&g->grid, column, false, buf_str(&g->text)) : r;
}

/* Headers and footers of odd, even and first pages. */
static int around(struct reading *g, struct biff *b)
{
	struct office *o = g->book->office;
	int r = 0;

	(void)biff_number(b, 2);
	for (int i = 0; i < 6 && b->at < b->n && r == 0; i++) {
		r = biff_text(b, &g->text);
		if (r == 0 && g->text.n) {
			stream_feed(&o->out);
			r = stream_put(&o->out, false, g->text.p, g->text.n);
			r = r == 0 ? stream_put(&o->out, false, "\n", 1) : r;
		}
	}
	return r;
}

static int row_begin(struct reading *g, struct biff *b)
{
	int r = grid_row_end(&g->grid);
	uint32_t number;

	number = biff_number(b, 4);
	if (number > g->row)
		grid_gap(&g->grid);
	g->row = (size_t)number + 1;
	(void)biff_number(b, 4); /* its style, its height, and flags of its looks */
	(void)biff_number(b, 3);
	grid_row(&g->grid, biff_number(b, 1) & 0x10);
	return r;
}

static int on_sheet(void *ctx, unsigned type, struct biff *b)
{
	struct reading *g = ctx;
	uint32_t first, last;
	int r;

	switch (type) {
	case ROW:
		return row_begin(g, b);
	case CELL_RK:
	case CELL_BOOL:
	case CELL_REAL:
	case CELL_TEXT:
	case CELL_SHARED:
	case CELL_RICH:
		return cell(g, type, b);
	case FORMULA_TEXT:
	case FORMULA_NUMBER:
	case FORMULA_BOOL:
		r = cell(g, type, b);
		return r == 0 ? biff_strings(g->book->office, b) : r;
	case COLUMN:
		first = biff_number(b, 4);
		last = biff_number(b, 4);
		(void)biff_number(b, 4);
		(void)biff_number(b, 4);
		if (biff_number(b, 2) & 1)
			grid_hide(&g->grid, first, last);
		return 0;
	case SHEET_DATA_END:
		return grid_end(&g->grid);
	case HEADER_FOOTER:
		return around(g, b);
	default: /* links, lists of values that a cell may have, filters … */
		return biff_strings(g->book->office, b);
	}
}

static int on_comment(void *ctx, unsigned type, struct biff *b)
{
	struct reading *g = ctx;
	struct stream *out = &g->book->office->out;
	int r;

	if (type != COMMENT_TEXT)
		return biff_strings(g->book->office, b);
	(void)biff_number(b, 1);
	r = biff_text(b, &g->text);
	if (r == 0)
		r = stream_put(out, false, g->text.p, g->text.n);
	return r == 0 ? stream_put(out, false, "\n", 1) : r;
}

/* ---- parts ------------------------------------------------------------------------------------------------------------------------ */

static int part(struct reading *g, size_t entry, int (*fn)(void *ctx, unsigned type, struct biff *))
{
	int r = biff_read(g->book->office, entry, fn, g);

	buf_free(&g->text);
	buf_free(&g->shown);
	return r;
}

int book_binary_read(struct book *b, size_t entry, int (*sheet)(void *, struct mw_str, struct mw_str, bool), void *ctx)
{
	struct reading g = {.book = b, .sheet = sheet, .ctx = ctx};

	return part(&g, entry, on_book);
}

int shared_binary_read(struct book *b, size_t entry)
{
	struct reading g = {.book = b};

	return part(&g, entry, on_shared);
}

int formats_binary_read(struct book *b, size_t entry)
{
	struct reading g = {.book = b};

	return part(&g, entry, on_format);
}

int comments_binary_read(struct book *b, size_t entry)
{
	struct reading g = {.book = b};

	return part(&g, entry, on_comment);
}

static int on_other(void *ctx, unsigned type, struct biff *b)
{
	struct reading *g = ctx;

	(void)type;
	return biff_strings(g->book->office, b);
}

int other_binary_read(struct office *o, size_t entry)
{
	struct book b = {.office = o};
	struct reading g = {.book = &b};

	return part(&g, entry, on_other);
}

int sheet_binary_read(struct book *b, size_t entry)
{
	struct reading g = {.book = b};
	int r;

	grid_init(&g.grid, &b->office->out);
	r = part(&g, entry, on_sheet);
	if (r == 0)
		r = grid_end(&g.grid);
	grid_free(&g.grid);
	return r;
}
