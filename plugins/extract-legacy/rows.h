/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows: text of a document with tables in it. A row is a line with tabs between its cells; a row of one cell is a box around text,
 * whose paragraphs stay lines. Rows of a table inside a cell come before the row that the cell is in.
 * level: 0 = outside of tables, 1 = in one, 2 = in one inside a cell … Rows of one section are made at a time: a table in a note
 * of a table is lines. Failures: those of struct out, -ENOMEM.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_ROWS_H
#define PLUGINS_EXTRACT_LEGACY_ROWS_H

#include "give.h"

#define ROWS_LEVELS 8u /* deeper ones are cells of the last */

struct row {
	struct bytes text;
	unsigned filled; /* cells with text */
	bool has_text;	 /* the cell in work */
};

struct rows {
	struct out *out;
	struct row row[ROWS_LEVELS];
	size_t section;
};

int rows_text(struct rows *, size_t section, size_t level, const char *p, size_t n);
int rows_paragraph(struct rows *, size_t section, size_t level);
int rows_cell(struct rows *, size_t section, size_t level);
int rows_end(struct rows *, size_t section, size_t level);
/* Has the outermost row in work a cell that is complete? */
bool rows_has_cell(const struct rows *, size_t section);
/* Gives out the rows that did not end. */
int rows_flush(struct rows *);
void rows_free(struct rows *);

#endif
