/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <string.h>

/* In a row that is not yet ended: the end of a paragraph, and of a cell. No XML can hold these. */
#define PARAGRAPH '\036'
#define CELL '\037'
#define SPAN_MAX 64u
#define SPILL 1048576u /* octets of a paragraph that wait for its end */

void text_init(struct text *t, struct stream *out)
{
	*t = (struct text){.out = out, .blank = true};
}

static struct text_frame *top_of(struct text *t)
{
	return &t->frame[t->top];
}

static bool has_digit(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= '0' && p[i] <= '9')
			return true;
	return false;
}

/* A paragraph without an end goes out in pieces; its context is that of the last of them. */
static int spill(struct text *t)
{
	struct text_frame *f = top_of(t);
	int r;

	if (t->top || f->all.n + f->seen.n < SPILL)
		return 0;
	r = stream_put(t->out, false, f->seen.p, f->seen.n);
	if (r == 0 && f->unseen)
		r = stream_put(t->out, true, f->all.p, f->all.n);
	f->spilled |= f->seen.n > 0;
	f->seen.n = f->all.n = 0;
	return r;
}

/* What is unseen is repeated with the words around it: they are its context. Numbers around it are none. */
int text_put(struct text *t, bool unseen, const char *p, size_t n)
{
	struct text_frame *f = top_of(t);
	int r;

	f->unseen |= unseen;
	r = unseen ? 0 : buf_flat(&f->seen, p, n);
	if (r == 0 && (unseen || !has_digit(p, n)))
		r = buf_flat(&f->all, p, n);
	return r == 0 ? spill(t) : r;
}

int text_tab(struct text *t, bool unseen)
{
	struct text_frame *f = top_of(t);
	int r;

	if (f->row)
		return text_put(t, unseen, " ", 1);
	r = unseen ? 0 : buf_char(&f->seen, '\t');
	return r == 0 ? buf_char(&f->all, '\t') : r;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------------ */

/* A whole line, or several, goes out, or waits for what is open around it. */
static int line_put(struct text *t, bool unseen, const char *p, size_t n)
{
	struct buf *wait = unseen ? &t->behind_unseen : &t->behind;
	int r;

	if (t->top) {
		r = buf_add(wait, p, n);
		return r == 0 ? buf_char(wait, '\n') : r;
	}
	r = stream_put(t->out, unseen, p, n);
	return r == 0 ? stream_put(t->out, unseen, "\n", 1) : r;
}

/* What waited, when nothing is open any more. */
static int behind_put(struct text *t)
{
	int r;

	if (t->top)
		return 0;
	r = stream_put(t->out, false, t->behind.p, t->behind.n);
	if (r == 0)
		r = stream_put(t->out, true, t->behind_unseen.p, t->behind_unseen.n);
	t->behind.n = t->behind_unseen.n = 0;
	return r;
}

static int frame_put(struct text *t, struct text_frame *f)
{
	struct mw_str seen = buf_str(&f->seen), all = buf_str(&f->all);
	int r = 0;

	/* Empty lines are kept, one where there are more: they part what is around them. */
	if (seen.n || f->spilled || (!t->blank && !f->unseen))
		r = line_put(t, false, seen.p, seen.n);
	t->blank = seen.n == 0 && !f->spilled;
	if (r == 0 && f->unseen)
		r = line_put(t, true, all.p, all.n);
	f->seen.n = f->all.n = 0;
	f->unseen = f->spilled = false;
	return r == 0 ? behind_put(t) : r;
}

int text_line(struct text *t)
{
	struct text_frame *f = top_of(t);
	int r;

	if (!f->row)
		return frame_put(t, f);
	r = buf_char(&f->seen, PARAGRAPH);
	return r == 0 ? buf_char(&f->all, PARAGRAPH) : r;
}

int text_fresh_line(struct text *t)
{
	struct text_frame *f = top_of(t);

	return f->seen.n || f->spilled || f->unseen ? text_line(t) : 0;
}

int text_unseen_line(struct text *t, struct mw_str s)
{
	int r = s.n ? buf_flat(&t->behind_unseen, s.p, s.n) : 0;

	if (r == 0 && s.n)
		r = buf_char(&t->behind_unseen, '\n');
	/* A line of its own may come when none is open. */
	return r == 0 && t->top == 0 && t->frame[0].seen.n == 0 ? behind_put(t) : r;
}

/* ---- rows and boxes --------------------------------------------------------------------------------------------------------------- */

static int frame_open(struct text *t, bool row)
{
	if (t->top + 1 == TEXT_FRAMES) {
		t->over++;
		return 0;
	}
	t->top++;
	top_of(t)->row = row;
	top_of(t)->cells = top_of(t)->span = 0;
	return 0;
}

int text_row_begin(struct text *t)
{
	int r = t->top == 0 ? text_fresh_line(t) : 0;

	return r == 0 ? frame_open(t, true) : r;
}

void text_cell_span(struct text *t, size_t columns)
{
	if (!t->over && columns > 1)
		top_of(t)->span = columns < SPAN_MAX ? columns - 1 : SPAN_MAX;
}

int text_cell_end(struct text *t)
{
	struct text_frame *f = top_of(t);
	int r;

	if (!f->row || t->over)
		return text_put(t, false, " ", 1);
	f->cells++;
	do {
		r = buf_char(&f->seen, CELL);
		r = r == 0 ? buf_char(&f->all, CELL) : r;
	} while (r == 0 && f->span-- > 0);
	f->span = 0;
	return r;
}

/* A row of one cell is no row of a table: its paragraphs stay what they are. */
static void row_finish(struct buf *b, size_t cells)
{
	const char *p = b->n ? b->p : "";
	size_t to = 0;

	for (size_t i = 0; i < b->n; i++) {
		char c = p[i];

		if (c == PARAGRAPH) {
			/* The last one of a cell ends nothing. */
			if (i + 1 == b->n || p[i + 1] == CELL || p[i + 1] == PARAGRAPH)
				continue;
			c = cells > 1 ? ' ' : '\n';
		} else if (c == CELL) {
			if (i + 1 == b->n || cells < 2)
				continue;
			c = '\t';
		}
		b->p[to++] = c;
	}
	b->n = to;
}

int text_row_end(struct text *t)
{
	struct text_frame *f = top_of(t);
	size_t cells = f->cells;

	if (t->over) {
		t->over--;
		return 0;
	}
	if (!f->row || t->top == 0)
		return 0;
	row_finish(&f->seen, cells);
	row_finish(&f->all, cells);
	t->top--;
	return frame_put(t, f);
}

int text_box_begin(struct text *t)
{
	return frame_open(t, false);
}

int text_box_end(struct text *t)
{
	struct text_frame *f = top_of(t);
	int r;

	if (t->over) {
		t->over--;
		return 0;
	}
	if (f->row || t->top == 0)
		return 0;
	r = text_fresh_line(t);
	t->top--;
	return r;
}

int text_end(struct text *t)
{
	int r = 0;

	t->over = 0;
	while (t->top && r == 0)
		r = top_of(t)->row ? text_row_end(t) : text_box_end(t);
	t->top = 0;
	if (r == 0)
		r = text_fresh_line(t);
	return r == 0 ? behind_put(t) : r;
}

void text_close(struct text *t)
{
	for (size_t i = 0; i < TEXT_FRAMES; i++) {
		buf_free(&t->frame[i].seen);
		buf_free(&t->frame[i].all);
	}
	buf_free(&t->behind);
	buf_free(&t->behind_unseen);
}
