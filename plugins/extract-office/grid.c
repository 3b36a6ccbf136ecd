/* SPDX-License-Identifier: Apache-2.0 */
#include "grid.h"

#define GAP_MAX 256u  /* empty columns that are kept; where more are empty, so many stand for them */
#define HEAD_ROWS 20u /* in which the head of the table is looked for */
#define HEAD_OCTETS 4096u

void grid_init(struct grid *g, struct stream *out)
{
	*g = (struct grid){.out = out};
}

void grid_hide(struct grid *g, size_t first, size_t last)
{
	for (size_t i = first; i <= last && i < GRID_COLUMNS; i++)
		g->hidden[i / 8] |= (unsigned char)(1u << i % 8);
}

void grid_row(struct grid *g, bool hidden)
{
	g->row_hidden = hidden;
}

void grid_gap(struct grid *g)
{
	g->gap = true;
}

static int line_add(struct grid_line *l, size_t column, struct mw_str text)
{
	size_t gap = column > l->column ? column - l->column : 0;
	int r = 0;

	if (l->cells && gap == 0)
		gap = 1; /* two at one place: the file is wrong, the text is kept */
	for (size_t i = 0; i < gap && i < GAP_MAX && r == 0; i++)
		r = buf_char(&l->text, '\t');
	l->tabs += gap < GAP_MAX ? gap : GAP_MAX;
	l->column = column;
	l->cells++;
	return r == 0 ? buf_flat(&l->text, text.p, text.n) : r;
}

static bool looks_for_head(const struct grid *g)
{
	return !g->head_known && g->rows < HEAD_ROWS;
}

int grid_cell(struct grid *g, size_t column, bool unseen, struct mw_str text)
{
	bool hidden = unseen || g->row_hidden || (column < GRID_COLUMNS && g->hidden[column / 8] & 1u << column % 8);
	int r = 0;

	if (text.n == 0)
		return 0;
	for (size_t i = 0; i < text.n && !g->figures; i++)
		g->figures = text.p[i] >= '0' && text.p[i] <= '9';
	if (looks_for_head(g) && g->all.text.n < HEAD_OCTETS)
		r = line_add(&g->all, column, text);
	return r == 0 ? line_add(hidden ? &g->unseen : &g->seen, column, text) : r;
}

/* ---- tables ----------------------------------------------------------------------------------------------------------------------- */

static int padded_put(struct grid *g, bool unseen, const char *p, size_t n, size_t tabs)
{
	int r = stream_put(g->out, unseen, p, n);

	for (; tabs && r == 0; tabs--)
		r = stream_put(g->out, unseen, "\t", 1);
	return r == 0 ? stream_put(g->out, unseen, "\n", 1) : r;
}

static int waiting_put(struct grid *g, bool unseen, struct grid_block *b)
{
	size_t begin = 0, rows = b->rows < GRID_WAIT ? b->rows : GRID_WAIT;
	int r = 0;

	for (size_t i = 0; i < rows && r == 0 && b->text.n; i++) {
		r = padded_put(g, unseen, b->text.p + begin, b->end[i] - begin, b->width - b->tabs[i]);
		begin = b->end[i];
	}
	b->text.n = 0;
	return r;
}

static int block_end(struct grid *g, bool unseen, struct grid_block *b)
{
	int r = waiting_put(g, unseen, b);

	b->rows = b->width = 0;
	return r;
}

/* A line of one cell is part of a table only within one: as a rule it is its title. */
static int block_add(struct grid *g, bool unseen, const struct buf *text, size_t cells, size_t tabs)
{
	struct grid_block *b = unseen ? &g->unseen_block : &g->seen_block;
	int r;

	if (cells < 2 && b->rows == 0)
		return padded_put(g, unseen, text->p, text->n, 0);
	b->width = tabs > b->width ? tabs : b->width;
	if (b->rows >= GRID_WAIT) {
		b->rows++;
		return padded_put(g, unseen, text->p, text->n, b->width - tabs);
	}
	r = buf_add(&b->text, text->p, text->n);
	b->end[b->rows] = b->text.n;
	b->tabs[b->rows++] = tabs;
	return r == 0 && b->rows == GRID_WAIT ? waiting_put(g, unseen, b) : r;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------- */

/* The head is the first row of two or more names; the first row of all until there is one. */
static int head_find(struct grid *g)
{
	int r = 0;

	if (looks_for_head(g) && g->all.cells && (g->rows == 0 || (g->all.cells > 1 && !g->figures))) {
		g->head_known = g->all.cells > 1 && !g->figures;
		g->head.n = 0;
		g->head_tabs = g->all.tabs;
		r = buf_add(&g->head, g->all.text.p, g->all.text.n);
	}
	return r;
}

/* What is hidden of a row. One that becomes the head is told as the head, others below it. */
static int unseen_put(struct grid *g, bool is_head)
{
	int r = 0;

	if (is_head || (g->head.n && !g->head_told))
		r = block_add(g, true, &g->head, 2, g->head_tabs);
	g->head_told = true;
	return r == 0 && !is_head ? block_add(g, true, &g->unseen.text, g->unseen.cells, g->unseen.tabs) : r;
}

static void line_clear(struct grid_line *l)
{
	l->text.n = l->column = l->cells = l->tabs = 0;
}

/* Names below an empty row are the head of another table. */
static int table_begin(struct grid *g)
{
	int r = 0;

	if (g->gap && g->seen.cells > 1 && !g->figures && g->seen_block.rows) {
		r = block_end(g, false, &g->seen_block);
		r = r == 0 ? stream_put(g->out, false, "\n", 1) : r;
	}
	g->gap = false;
	return r;
}

int grid_row_end(struct grid *g)
{
	bool was_known = g->head_known, any = g->seen.cells || g->unseen.cells;
	int r = head_find(g);

	if (r == 0 && any)
		r = table_begin(g);
	if (r == 0 && g->seen.cells)
		r = block_add(g, false, &g->seen.text, g->seen.cells, g->seen.tabs);
	if (r == 0 && g->unseen.cells)
		r = unseen_put(g, g->head_known && !was_known);
	g->rows += any;
	g->gap |= !any;
	line_clear(&g->seen);
	line_clear(&g->unseen);
	line_clear(&g->all);
	g->figures = false;
	g->row_hidden = false;
	return r;
}

int grid_end(struct grid *g)
{
	int r = grid_row_end(g);

	if (r == 0)
		r = block_end(g, false, &g->seen_block);
	return r == 0 ? block_end(g, true, &g->unseen_block) : r;
}

void grid_free(struct grid *g)
{
	buf_free(&g->seen.text);
	buf_free(&g->unseen.text);
	buf_free(&g->all.text);
	buf_free(&g->seen_block.text);
	buf_free(&g->unseen_block.text);
	buf_free(&g->head);
}
