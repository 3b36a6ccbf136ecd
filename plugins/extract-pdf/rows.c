/* SPDX-License-Identifier: Apache-2.0 */
/* rows: lines that belong together, their cells under each other. */
#include "page.h"

#include <stdlib.h>

#define COLUMNS_MAX 64u
#define WRAP_GAP 0.6f /* in heights of a line, between the lines of one cell */

/* How much of the piece stands over the column; negative: how far from it. */
static float shared(const struct box *a, const struct box *b)
{
	return (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
}

static uint32_t column_of(const struct box *at, const struct piece *anchor, size_t columns)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < columns; i++)
		if (shared(at, &anchor[i].at) > shared(at, &anchor[best].at))
			best = i;
	return best;
}

static size_t columns_of(const struct page *pg, size_t from, size_t to, size_t *widest)
{
	size_t columns = 1;

	for (size_t i = from; i < to; i++)
		if (pg->row[i].pieces > columns) {
			columns = pg->row[i].pieces;
			*widest = i;
		}
	return columns;
}

/* Each piece is in the column of the widest row under or over which most of it stands. */
void page_columns(struct page *pg, size_t from, size_t to)
{
	size_t widest = from, columns = columns_of(pg, from, to, &widest);

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < pg->row[i].pieces; k++) {
			struct piece *p = &pg->piece[pg->row[i].piece + k];

			/* More are no table that somebody reads. */
			p->column = i == widest || columns > COLUMNS_MAX
					? (uint32_t)k
					: column_of(&p->at, &pg->piece[pg->row[widest].piece], columns);
		}
}

/* ---- lines ----------------------------------------------------------------------------------------------------------------------- */

static struct mw_str text_of(const struct page *pg, size_t word)
{
	return (struct mw_str){.p = pg->text + pg->word[word].text, .n = pg->word[word].n};
}

static bool is_low(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A word that is divided at the end of its line: what of it is to be left out, and whether the next line goes on with it. */
static bool is_divided(struct mw_str word, struct mw_str next, size_t *less)
{
	char before, after;

	if (word.n < 2 || next.n == 0 || word.p[word.n - 1] != '-') {
		*less = 2; /* a soft hyphen */
		return word.n > 2 && next.n && word.p[word.n - 2] == '\xc2' && word.p[word.n - 1] == '\xad';
	}
	before = word.p[word.n - 2];
	after = next.p[0];
	*less = is_low(before) && is_low(after);
	/* A number and a name keep their hyphen. */
	return *less || (is_digit(before) && is_digit(after)) || (is_low(before) && after >= 'A' && after <= 'Z');
}

/* next: the piece that is read behind it, NULL when it begins no line that can go on with this one. True when it does. */
static bool write_piece(const struct page *pg, const struct piece *p, const struct piece *next, struct pen *o)
{
	size_t last = p->word + p->words - 1, less = 0;
	bool divided = next && is_divided(text_of(pg, last), text_of(pg, next->word), &less);

	for (size_t i = p->word; i <= last; i++) {
		struct mw_str s = text_of(pg, i);

		if (i > p->word)
			pen_put(o, " ");
		if (i == last && divided)
			s.n -= less;
		pen_cell(o, s);
	}
	return divided;
}

/* Does a row of one piece stand in the table? One below others may be a cell that goes on; a heading stands over several columns or in
 * the first. */
static bool is_cell(const struct page *pg, const struct row *r, const struct row *before, const struct row *widest)
{
	const struct piece *p = &pg->piece[r->piece];
	size_t over = 0;

	if (widest->pieces > COLUMNS_MAX)
		return false;
	for (size_t i = 0; i < widest->pieces; i++)
		over += shared(&p->at, &pg->piece[widest->piece + i].at) > 0;
	if (over > 1)
		return false;
	return p->column > 0 || (before && before->pieces > 1 && r->at.y0 - before->at.y1 < WRAP_GAP * (r->at.y1 - r->at.y0));
}

static void write_cells(const struct page *pg, const struct row *r, size_t columns, struct pen *o)
{
	uint32_t column = 0;

	for (size_t k = 0; k < r->pieces; k++) {
		const struct piece *p = &pg->piece[r->piece + k];

		if (k && p->column <= column)
			pen_put(o, " ");
		for (; column < p->column; column++)
			pen_put(o, "\t");
		(void)write_piece(pg, p, NULL, o);
	}
	for (; column + 1 < columns; column++)
		pen_put(o, "\t");
	pen_put(o, "\n");
}

void page_write_rows(struct page *pg, size_t from, size_t to, struct pen *o)
{
	size_t widest = from, columns = columns_of(pg, from, to, &widest);

	for (size_t i = from; i < to && o->failed == 0; i++) {
		const struct row *r = &pg->row[i], *next = i + 1 < to ? r + 1 : NULL;

		if (r->pieces > 1 || (columns > 1 && is_cell(pg, r, i > from ? r - 1 : NULL, &pg->row[widest])))
			write_cells(pg, r, columns > COLUMNS_MAX ? r->pieces : columns, o);
		else if (!write_piece(pg, &pg->piece[r->piece], next && next->pieces == 1 ? &pg->piece[next->piece] : NULL, o))
			pen_put(o, "\n");
	}
}
