/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables: where a text is a table: lines of one delimiter (tab, |, semicolon, comma, or two blanks and more) with the same number of
 * columns, two lines at least; for commas and blanks, which prose has too, more is asked. Quoted cells as in CSV files may hold delimiters and line ends. The
 * first line is a header when it looks like names of columns, or one close below it when those above are titles with hardly a cell
 * filled. Pure over the text, linear.
 */
#ifndef MW_MATCH_TABLES_H
#define MW_MATCH_TABLES_H

#include "base/str.h"

/* Longer rows are in no table: bounds the work for a cell. */
#define MW_ROW_MAX 8192u
#define MW_ALIGNED ' '	    /* the delimiter is two blanks or more, as in what was typed, printed or read from paper */
#define MW_ALIGNED_MAX 256u /* longer rows are in no such table: bounds the work, too */

struct mw_cell {
	size_t start, end; /* without blanks and quotes around it */
};

struct mw_table_block {
	size_t start, end;  /* of all its rows */
	size_t cell, cells; /* names of columns: mw_tables.cell[cell …]; 0 = it has none */
	size_t header_end;  /* behind the row of names: that, and titles above it, have no column */
	char delimiter;
	bool form; /* two columns, names of fields in the first one: all rows are about one thing */
};

struct mw_tables {
	struct mw_table_block *v; /* in order */
	size_t n, cap;
	struct mw_cell *cell;
	size_t cells, cell_cap;
};

/* The table that begins at the line at `at`: *end behind its last row. 1 it is appended; 0 there is none, up to *end; -ENOMEM. */
int mw_tables_take(struct mw_tables *, struct mw_str text, size_t at, size_t *end);
void mw_tables_free(struct mw_tables *);
/* The column of an aligned table under whose name the cell that begins at `at` stands; cells: under none. */
size_t mw_tables_below(const struct mw_tables *, const struct mw_table_block *, struct mw_str text, size_t at);
/* Columns of the row that begins at `at`, and where the next one does; 0: it is too long, and *next is behind its first line. */
size_t mw_row_columns(struct mw_str text, size_t at, char delimiter, size_t *next);
/* Walks a row cell by cell: begin with at = start of the row, column = 0. Leaves *at at the start of the cell that holds `to`. */
void mw_row_walk(struct mw_str text, char delimiter, size_t to, size_t *at, size_t *column);
/* Could a table begin at this line? Cheap. */
bool mw_tables_possible(struct mw_str line);

#endif
