/* SPDX-License-Identifier: Apache-2.0 */
#include "xls_private.h"

#include "art.h"
#include "found.h"
#include "xls_number.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define TXO_TEXT 10u   /* offset of the number of characters */
#define RUN_MIN 4u     /* characters of a string among octets */
#define FORMULA_AT 22u /* offset of a formula in its cell */
#define STRING_TOKEN 0x17

enum {
	REC_INTEGER2 = 0x02,
	REC_NUMBER2 = 0x03,
	REC_LABEL2 = 0x04,
	REC_FORMULA = 0x06,
	REC_STRING2 = 0x07,
	REC_EOF = 0x0a,
	REC_HEADER = 0x14,
	REC_FOOTER = 0x15,
	REC_NOTE = 0x1c,
	REC_COLINFO = 0x7d,
	REC_MULRK = 0xbd,
	REC_DRAWING = 0xec,
	REC_RSTRING = 0xd6,
	REC_LABELSST = 0xfd,
	REC_HLINK = 0x1b8,
	REC_TXO = 0x1b6,
	REC_VALIDATION = 0x1be,
	REC_NUMBER = 0x203,
	REC_LABEL = 0x204,
	REC_BOOLERR = 0x205,
	REC_FORMULA3 = 0x206,
	REC_STRING = 0x207,
	REC_ROW = 0x208,
	REC_RK = 0x27e,
	REC_FORMULA4 = 0x406,
	REC_SERIESTEXT = 0x100d,
};

/* Where the cells of one kind, seen or hidden, have come to. */
struct place {
	uint32_t row, column;
	bool begun;
};

struct sheet {
	struct xls *x;
	size_t section;
	bool hidden;	/* all of it */
	unsigned depth; /* charts begin inside of sheets */
	struct place place[2];
	uint8_t hidden_row[XLS_ROWS / 8], hidden_column[XLS_COLUMNS / 8];
};

/* ---- cells ----------------------------------------------------------------------------------------------------------------------- */

static bool bit(const uint8_t *set, uint32_t i)
{
	return set[i / 8] >> (i % 8) & 1;
}

static bool is_hidden(const struct sheet *s, uint32_t row, uint32_t column)
{
	return s->hidden || s->depth > 1 || (row < XLS_ROWS && bit(s->hidden_row, row)) ||
	       (column < XLS_COLUMNS && bit(s->hidden_column, column));
}

static int put(struct sheet *s, const char *p, size_t n)
{
	return xls_failed(s->x, give_text(s->x->out, p, n));
}

/* Goes to a cell: rows are lines, those far from the last are no part of its table. */
static void cell_begin(struct sheet *s, uint32_t row, uint32_t column, bool hide)
{
	struct place *at = &s->place[hide];

	give_to(s->x->out, s->section, hide);
	if (!at->begun || at->row != row) {
		(void)xls_failed(s->x, give_break(s->x->out));
		if (at->begun && (row < at->row || row - at->row > 2))
			(void)put(s, "\n", 1);
		*at = (struct place){.row = row, .begun = true};
	} else if (column <= at->column) {
		(void)put(s, "\t", 1);
	}
	for (; at->column < column; at->column++)
		if (put(s, "\t", 1) < 0)
			return;
}

static void cell_put(struct sheet *s, uint32_t row, uint32_t column, bool hide, struct mw_str text)
{
	size_t from = 0;

	if (text.n == 0 || s->x->failed)
		return;
	cell_begin(s, row, column, hide);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n' || text.p[i] == '\t') {
			(void)put(s, text.p + from, i - from);
			(void)put(s, " ", 1);
			from = i + 1;
		}
	(void)put(s, text.p + from, text.n - from);
}

static void cell_text(struct sheet *s, uint32_t row, uint32_t column, struct mw_str text)
{
	cell_put(s, row, column, is_hidden(s, row, column), text);
}

static const char *format_of(const struct xls *x, uint32_t xf)
{
	uint16_t number = xf < x->xfs ? x->xf[xf] : 0, own = x->format_of[number];

	return own ? xls_string(&x->format, own - 1u).p : xls_number_builtin(number);
}

static void cell_number(struct sheet *s, uint32_t row, uint32_t column, uint32_t xf, double v)
{
	char text[XLS_NUMBER_MAX];
	bool hide = is_hidden(s, row, column);
	size_t n = xls_number(v, format_of(s->x, xf), s->x->from_1904, text);

	if (n == 0) { /* it is there, and not shown */
		n = xls_number_general(v, text);
		hide = true;
	}
	cell_put(s, row, column, hide, (struct mw_str){.p = text, .n = n});
}

static double rk(uint32_t v)
{
	uint64_t bits = (uint64_t)(v & 0xfffffffcu) << 32;
	double d;

	if (v & 2)
		d = (double)((int32_t)(v & 0xfffffffcu) / 4);
	else
		memcpy(&d, &bits, sizeof(d));
	return v & 1 ? d / 100 : d;
}

static void cells_mulrk(struct sheet *s, struct mw_str d)
{
	uint32_t row = biff_u16(d, 0), column = biff_u16(d, 2);

	for (size_t at = 4; at + 8 <= d.n && s->x->failed == 0; at += 6)
		cell_number(s, row, column++, biff_u16(d, at), rk(biff_u32(d, at + 2)));
}

static void cell_label(struct sheet *s, uint32_t row, uint32_t column, struct mw_str string, size_t width)
{
	struct bytes text = {0};

	if (biff_string(&s->x->text, string, width, &text) < 0)
		(void)xls_failed(s->x, -ENOMEM);
	else
		cell_text(s, row, column, (struct mw_str){.p = text.p, .n = text.n});
	bytes_free(&text);
}

static void cell_error(struct sheet *s, uint32_t row, uint32_t column, bool error, unsigned value)
{
	const char *text = error ? "#N/A" : value ? "TRUE" : "FALSE";

	cell_text(s, row, column, (struct mw_str){.p = text, .n = strlen(text)});
}

/* The result that the formula had when the file was written; text follows in a record of its own. */
static void cell_formula(struct sheet *s, uint32_t row, uint32_t column, uint32_t xf, struct mw_str d, size_t at)
{
	struct xls *x = s->x;

	if (biff_u16(d, at + 6) != 0xffff) {
		cell_number(s, row, column, xf, biff_double(d, at));
		return;
	}
	switch (biff_u16(d, at) & 0xff) {
	case 0:
		x->string_row = row;
		x->string_col = column;
		x->string_due = true;
		break;
	case 1:
		cell_error(s, row, column, false, biff_u16(d, at + 2) & 0xff);
		break;
	default:
		break;
	}
}

static struct mw_str behind(struct mw_str s, size_t n)
{
	n = n < s.n ? n : s.n;
	return (struct mw_str){.p = s.p + n, .n = s.n - n};
}

/* Texts in the formula itself. */
static void formula_texts(struct sheet *s, struct mw_str d)
{
	if (s->x->text.version != BIFF8 || d.n <= FORMULA_AT || !memchr(d.p + FORMULA_AT, STRING_TOKEN, d.n - FORMULA_AT))
		return;
	give_to(s->x->out, s->section, true);
	(void)xls_failed(s->x, found_counted(s->x->out, behind(d, FORMULA_AT)));
}

static void formula_string(struct sheet *s, const struct biff_record *record)
{
	struct xls *x = s->x;
	struct biff_reader r = biff_reader(x->stream, record);
	struct bytes text = {0};
	char count[2];

	if (x->string_due && x->text.version != BIFF8) {
		cell_label(s, x->string_row, x->string_col, record->data, record->type == REC_STRING ? 2 : 1);
	} else if (x->string_due && biff_take(&r, 2, count)) {
		if (biff_rich(&r, (size_t)(unsigned char)count[0] | (size_t)(unsigned char)count[1] << 8, &text) < 0)
			(void)xls_failed(x, -ENOMEM);
		cell_text(s, x->string_row, x->string_col, (struct mw_str){.p = text.p, .n = text.n});
	}
	x->string_due = false;
	bytes_free(&text);
}

/* ---- beside cells ---------------------------------------------------------------------------------------------------------------- */

static void line_begin(struct sheet *s, const char *section, bool hide)
{
	struct out *o = s->x->out;

	give_to(o, section ? give_section(o, section) : s->section, hide || s->hidden);
	(void)xls_failed(s->x, give_break(o));
}

static void line_string(struct sheet *s, const char *section, struct mw_str string, size_t width)
{
	struct bytes text = {0};

	if (biff_string(&s->x->text, string, width, &text) < 0)
		(void)xls_failed(s->x, -ENOMEM);
	line_begin(s, section, false);
	(void)put(s, text.p, text.n);
	bytes_free(&text);
}

/* A comment or a text box: its characters are in the records that continue it. */
static void text_object(struct sheet *s, const struct biff_record *record)
{
	size_t count = biff_u16(record->data, TXO_TEXT);
	struct biff_reader r = biff_reader(s->x->stream, record);
	struct bytes text = {0};
	char flags;

	r.left.n = 0; /* the next record */
	if (count && biff_take(&r, 1, &flags)) {
		if (biff_chars(&r, count, (unsigned char)flags & 1, &text) < 0)
			(void)xls_failed(s->x, -ENOMEM);
		line_begin(s, "comments", false);
		(void)put(s, text.p, text.n);
	}
	bytes_free(&text);
}

static void note(struct sheet *s, struct mw_str d)
{
	if (s->x->text.version == BIFF8) /* who wrote it */
		line_string(s, "comments", behind(d, 8), 2);
	else
		line_string(s, "comments", behind(d, 4), 2);
}

/* "&L&\"Arial,Bold\"&12Name" without what is no text. */
static void header(struct sheet *s, struct mw_str d)
{
	struct bytes text = {0};
	size_t n = 0;

	if (biff_string(&s->x->text, d, s->x->text.version == BIFF8 ? 2 : 1, &text) < 0)
		(void)xls_failed(s->x, -ENOMEM);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '&' || i + 1 == text.n) {
			text.p[n++] = text.p[i];
			continue;
		}
		i++;
		if (text.p[i] == '"') {
			while (i + 1 < text.n && text.p[i + 1] != '"')
				i++;
			i++;
		} else if (text.p[i] == '&' || (unsigned char)text.p[i] >= 0x80) {
			text.p[n++] = text.p[i]; /* no code is outside of ASCII */
		} else if (strchr("LCR", text.p[i]) && n) {
			text.p[n++] = ' ';
		}
	}
	if (n) {
		line_begin(s, "headers", false);
		(void)put(s, text.p, n);
	}
	bytes_free(&text);
}

/* Strings of wide characters among other octets: the targets of a link. */
static void link(struct sheet *s, struct mw_str d)
{
	line_begin(s, NULL, true);
	/* Behind the cells, the class and the flags. */
	(void)xls_failed(s->x, found_wide(s->x->out, behind(d, 32), RUN_MIN));
}

/* A list of values that a cell may have: one text, in which NUL parts them. */
static void values(struct sheet *s, struct biff_reader *r)
{
	struct out *o = s->x->out;
	char head[7];
	size_t n;

	if (!biff_take(r, 7, head) || head[4] != STRING_TOKEN)
		return;
	(void)xls_failed(s->x, give_break(o));
	n = (unsigned char)head[5];
	for (char c[2] = {0}; n && biff_take(r, head[6] & 1 ? 2 : 1, c) && s->x->failed == 0; n--) {
		uint32_t one = (unsigned char)c[0] | (uint32_t)(head[6] & 1 ? (unsigned char)c[1] : 0) << 8;

		(void)xls_failed(s->x, give_char(o, one ? one : ','));
	}
	(void)xls_failed(s->x, give_break(o));
}

/* What is said when a cell is come to, and when it is filled in wrongly; then what it may have. */
static void validation(struct sheet *s, const struct biff_record *record)
{
	struct biff_reader r = biff_reader(s->x->stream, record);
	char word[4];
	int got = biff_take(&r, 4, word) ? 1 : 0;

	give_to(s->x->out, s->section, true);
	for (int i = 0; i < 4 && got == 1 && s->x->failed == 0; i++) {
		struct bytes text = {0};

		got = biff_take(&r, 2, word) ? biff_rich(&r, biff_u16((struct mw_str){.p = word, .n = 2}, 0), &text) : 0;
		if (got < 0)
			(void)xls_failed(s->x, -ENOMEM);
		(void)xls_failed(s->x, give_break(s->x->out));
		(void)xls_failed(s->x, give_text(s->x->out, text.p, text.n));
		(void)xls_failed(s->x, give_break(s->x->out));
		bytes_free(&text);
	}
	if (got == 1)
		values(s, &r);
}

/* ---- records --------------------------------------------------------------------------------------------------------------------- */

static void row_info(struct sheet *s, struct mw_str d)
{
	uint32_t row = biff_u16(d, 0);

	if (d.n >= 14 && biff_u16(d, 12) & 0x20)
		s->hidden_row[row / 8] |= (uint8_t)(1u << (row % 8));
}

static void column_info(struct sheet *s, struct mw_str d)
{
	uint32_t last = biff_u16(d, 2);

	if (biff_u16(d, 8) & 1)
		for (uint32_t c = biff_u16(d, 0); c <= last && c < XLS_COLUMNS; c++)
			s->hidden_column[c / 8] |= (uint8_t)(1u << (c % 8));
}

/* Cells before BIFF3 have no style but three octets of their own. */
static void cell_record2(struct sheet *s, const struct biff_record *r, uint32_t row, uint32_t column)
{
	struct mw_str d = r->data;

	switch (r->type) {
	case REC_INTEGER2:
		cell_number(s, row, column, UINT32_MAX, biff_u16(d, 7));
		break;
	case REC_NUMBER2:
		cell_number(s, row, column, UINT32_MAX, biff_double(d, 7));
		break;
	case REC_LABEL2:
		cell_label(s, row, column, behind(d, 7), 1);
		break;
	default:
		xls_other(s->x, s->section, r);
		break;
	}
}

static void cell_shared(struct sheet *s, uint32_t row, uint32_t column, uint32_t i)
{
	struct xls *x = s->x;

	if (i >= x->shared.n) { /* nobody knows what it shows */
		x->damaged = true;
		return;
	}
	if (x->used)
		x->used[i] = 1;
	cell_text(s, row, column, xls_string(&x->shared, i));
}

static void cell_record(struct sheet *s, const struct biff_record *r)
{
	struct mw_str d = r->data;
	uint32_t row = biff_u16(d, 0), column = biff_u16(d, 2), xf = biff_u16(d, 4);

	switch (r->type) {
	case REC_LABELSST:
		cell_shared(s, row, column, biff_u32(d, 6));
		break;
	case REC_NUMBER:
		cell_number(s, row, column, xf, biff_double(d, 6));
		break;
	case REC_RK:
		cell_number(s, row, column, xf, rk(biff_u32(d, 6)));
		break;
	case REC_MULRK:
		cells_mulrk(s, d);
		break;
	case REC_LABEL:
	case REC_RSTRING:
		cell_label(s, row, column, behind(d, 6), 2);
		break;
	case REC_BOOLERR:
		cell_error(s, row, column, biff_u16(d, 6) >> 8, biff_u16(d, 6) & 0xff);
		break;
	case REC_FORMULA:
		if (s->x->text.version == BIFF2)
			cell_formula(s, row, column, UINT32_MAX, d, 7);
		else
			cell_formula(s, row, column, xf, d, 6);
		formula_texts(s, d);
		break;
	case REC_FORMULA3:
	case REC_FORMULA4:
		cell_formula(s, row, column, xf, d, 6);
		break;
	default:
		cell_record2(s, r, row, column);
		break;
	}
}

static void sheet_record(struct sheet *s, const struct biff_record *r)
{
	switch (r->type) {
	case REC_ROW:
		row_info(s, r->data);
		break;
	case REC_COLINFO:
		column_info(s, r->data);
		break;
	case REC_STRING:
	case REC_STRING2:
		formula_string(s, r);
		break;
	case REC_TXO:
		text_object(s, r);
		break;
	case REC_NOTE:
		note(s, r->data);
		break;
	case REC_HEADER:
	case REC_FOOTER:
		header(s, r->data);
		break;
	case REC_HLINK:
		link(s, r->data);
		break;
	case REC_VALIDATION:
		if (s->x->text.version == BIFF8)
			validation(s, r);
		break;
	case REC_DRAWING:
		(void)xls_failed(s->x, art_read(s->x->out, s->section, s->hidden, r->data));
		break;
	case REC_SERIESTEXT:
		line_string(s, "comments", behind(r->data, 2), 1);
		break;
	default:
		cell_record(s, r);
		break;
	}
}

static bool is_bof(uint16_t type)
{
	return type == 0x809 || type == 0x409 || type == 0x209 || type == 0x09;
}

void xls_sheet_read(struct xls *x, size_t at, size_t section, bool hidden)
{
	struct sheet s = {.x = x, .section = section, .hidden = hidden};
	struct biff_record r;

	if (!biff_record(x->stream, at, &r) || !is_bof(r.type)) {
		x->damaged = true;
		return;
	}
	x->string_due = false;
	while (x->failed == 0) {
		if (!biff_record(x->stream, at, &r) || x->budget < r.data.n + 4) {
			x->damaged = true;
			break;
		}
		x->budget -= r.data.n + 4;
		if (is_bof(r.type))
			s.depth++;
		else if (r.type == REC_EOF && --s.depth == 0)
			break;
		else
			sheet_record(&s, &r);
		at = r.next;
	}
}
