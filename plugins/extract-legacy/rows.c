/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <string.h>

/* In a row until it is known to have more cells than one. */
#define PARAGRAPH '\001'
#define CELL_END '\002'

static int emit(struct rows *r, size_t section, const char *p, size_t n)
{
	give_to(r->out, section, false);
	return give_text(r->out, p, n);
}

static int row_out(struct rows *r, struct row *row)
{
	const char line = row->filled > 1 ? ' ' : '\n';
	size_t n = row->text.n;
	int failed = 0;

	if (n && row->text.p[n - 1] == CELL_END)
		n--;
	for (size_t i = 0; i < n; i++) {
		char *c = &row->text.p[i];

		*c = (char)(*c == PARAGRAPH ? line : *c == CELL_END ? '\t' : *c);
	}
	if (row->text.n) {
		failed = emit(r, r->section, row->text.p, n);
		if (failed == 0)
			failed = emit(r, r->section, "\n", 1);
	}
	bytes_clear(&row->text);
	row->filled = 0;
	row->has_text = false;
	return failed;
}

static int rows_out(struct rows *r, size_t level)
{
	int failed = 0;

	for (size_t i = ROWS_LEVELS; i-- > level && failed == 0;)
		failed = row_out(r, &r->row[i]);
	return failed;
}

int rows_flush(struct rows *r)
{
	return rows_out(r, 0);
}

void rows_free(struct rows *r)
{
	for (size_t i = 0; i < ROWS_LEVELS; i++)
		bytes_free(&r->row[i].text);
}

static bool is_busy(const struct rows *r)
{
	for (size_t i = 0; i < ROWS_LEVELS; i++)
		if (r->row[i].text.n)
			return true;
	return false;
}

static size_t index_of(size_t level)
{
	return level < ROWS_LEVELS ? level - 1 : ROWS_LEVELS - 1;
}

/* NULL = what comes is no row. */
static struct row *row_of(struct rows *r, size_t section, size_t level)
{
	if (level == 0 || (r->section != section && is_busy(r)))
		return NULL;
	r->section = section;
	return &r->row[index_of(level)];
}

bool rows_has_cell(const struct rows *r, size_t section)
{
	const struct bytes *b = &r->row[0].text;

	return r->section == section && b->n && memchr(b->p, CELL_END, b->n);
}

int rows_text(struct rows *r, size_t section, size_t level, const char *p, size_t n)
{
	struct row *row = row_of(r, section, level);
	int failed = 0;
	size_t before;

	if (!row) {
		if (level == 0 && r->section == section)
			failed = rows_flush(r);
		return failed ? failed : emit(r, section, p, n);
	}
	before = row->text.n;
	failed = bytes_add(&row->text, p, n);
	for (size_t i = before; i < row->text.n; i++)
		if (row->text.p[i] == '\t' || row->text.p[i] == '\n')
			row->text.p[i] = ' ';
	if (!row->has_text)
		row->filled++;
	row->has_text = true;
	return failed;
}

int rows_paragraph(struct rows *r, size_t section, size_t level)
{
	const char paragraph = PARAGRAPH;
	struct row *row = row_of(r, section, level);

	if (row)
		return bytes_add(&row->text, &paragraph, 1);
	if (level == 0 && r->section == section && is_busy(r))
		return rows_flush(r); /* with its line end */
	return emit(r, section, "\n", 1);
}

int rows_cell(struct rows *r, size_t section, size_t level)
{
	const char end = CELL_END;
	struct row *row = row_of(r, section, level);

	if (!row)
		return emit(r, section, "\t", 1);
	/* The mark of the paragraph that the cell ends with. */
	if (row->text.n && row->text.p[row->text.n - 1] == PARAGRAPH)
		row->text.n--;
	row->has_text = false;
	return bytes_add(&row->text, &end, 1);
}

int rows_end(struct rows *r, size_t section, size_t level)
{
	if (r->section != section)
		return emit(r, section, "\n", 1);
	/* All that stands in its cells ends with it. */
	return rows_out(r, index_of(level));
}
