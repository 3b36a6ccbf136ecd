/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grid: the cells of a sheet as lines. Columns keep their places; hidden rows and cells wait for the end of the section, below the
 * head of the table, so that their columns have names.
 */
#ifndef OFFICE_GRID_H
#define OFFICE_GRID_H

#include "stream.h"

#define GRID_COLUMNS 16384u

#define GRID_WAIT 4u /* rows that tell how wide a table is */

struct grid_line {
	struct buf text;
	size_t column; /* where it ends */
	size_t cells, tabs;
};

/* Rows of one table: all get as many tabs, as readers of tables want them; the first wait until it is known how many. */
struct grid_block {
	struct buf text; /* of rows that wait */
	size_t end[GRID_WAIT], tabs[GRID_WAIT], rows;
	size_t width; /* in tabs */
};

struct grid {
	struct stream *out;
	struct grid_line seen, unseen, all;
	struct grid_block seen_block, unseen_block;
	struct buf head; /* the row that names the columns */
	size_t head_tabs;
	bool head_known, head_told; /* told: it stands in what is unseen */
	bool figures;		    /* there is a digit in the row in work */
	bool row_hidden;
	bool gap;    /* an empty row was before it */
	size_t rows; /* that had a cell */
	unsigned char hidden[GRID_COLUMNS / 8];
};

void grid_init(struct grid *, struct stream *);
/* Columns from 0, both included. */
void grid_hide(struct grid *, size_t first, size_t last);
void grid_row(struct grid *, bool hidden);
/* Rows are left out here. */
void grid_gap(struct grid *);
/* The next cell of the row, at a column beyond the one before it. Cells without text need not be told. */
int grid_cell(struct grid *, size_t column, bool unseen, struct mw_str text);
int grid_row_end(struct grid *);
/* Ends the sheet, and a row that is open. */
int grid_end(struct grid *);
void grid_free(struct grid *);

#endif
