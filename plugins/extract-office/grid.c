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

static int line_add(struct grid_line *l, size_t column, struct mw_str text)
{
	size_t gap = column > l->column ? column - l->column : 0;
	int r = 0;

	if (l->cells && gap == 0)
		gap = 1; /* two at one place: the file is wrong, the text is kept */
	for (size_t i = 0; i < gap && i < GAP_MAX && r == 0; i++)
		r = buf_char(&l->text, '\t');
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
	if (looks_for_head(g) && g->all.text.n < HEAD_OCTETS) {
		for (size_t i = 0; i < text.n && !g->figures; i++)
			g->figures = text.p[i] >= '0' && text.p[i] <= '9';
		r = line_add(&g->all, column, text);
	}
	return r == 0 ? line_add(hidden ? &g->unseen : &g->seen, column, text) : r;
}

static int line_put(struct grid *g, bool unseen, struct buf *b)
{
	int r = stream_put(g->out, unseen, b->p, b->n);

	return r == 0 ? stream_put(g->out, unseen, "\n", 1) : r;
}

/* The head is the first row of two or more names; the first row of all until there is one. */
static int head_find(struct grid *g)
{
	int r = 0;

	if (looks_for_head(g) && g->all.cells && (g->rows == 0 || (g->all.cells > 1 && !g->figures))) {
		g->head_known = g->all.cells > 1 && !g->figures;
		g->head.n = 0;
		r = buf_add(&g->head, g->all.text.p, g->all.text.n);
	}
	return r;
}

static int unseen_put(struct grid *g)
{
	bool head = g->head.n && !g->head_told;
	int r = head ? line_put(g, true, &g->head) : 0;

	g->head_told |= head;
	return r == 0 ? line_put(g, true, &g->unseen.text) : r;
}

static void line_clear(struct grid_line *l)
{
	l->text.n = l->column = l->cells = 0;
}

int grid_row_end(struct grid *g)
{
	bool was_known = g->head_known;
	int r = head_find(g);

	if (r == 0 && g->seen.cells)
		r = line_put(g, false, &g->seen.text);
	if (r == 0 && g->unseen.cells) {
		/* A row that becomes the head is told as the head. */
		if (g->head_known && !was_known) {
			r = line_put(g, true, &g->head);
			g->head_told = true;
		} else {
			r = unseen_put(g);
		}
	}
	g->rows += g->seen.cells || g->unseen.cells;
	line_clear(&g->seen);
	line_clear(&g->unseen);
	line_clear(&g->all);
	g->figures = false;
	g->row_hidden = false;
	return r;
}

void grid_free(struct grid *g)
{
	buf_free(&g->seen.text);
	buf_free(&g->unseen.text);
	buf_free(&g->all.text);
	buf_free(&g->head);
}
