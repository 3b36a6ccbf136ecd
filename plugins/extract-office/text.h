/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: paragraphs, tables and boxes as lines. A row of a table is one line with tabs between its cells; a table inside of a cell, and
 * a box inside of a paragraph, come behind the row or paragraph that they stand in. Functions return 0, -ENOMEM or what the sink
 * returned.
 */
#ifndef OFFICE_TEXT_H
#define OFFICE_TEXT_H

#include "stream.h"

#define TEXT_FRAMES 32u /* tables and boxes inside of each other; what is deeper is text of the cell around it */

/* What is open: the lines of a flow, or a row. */
struct text_frame {
	struct buf seen; /* the paragraph, or the row */
	struct buf all;	 /* the same with what is unseen; what is seen only as far as it is no data */
	bool row;
	bool unseen;  /* there is something unseen in it */
	bool spilled; /* the beginning of the paragraph is out already */
	size_t cells;
	size_t span; /* columns that the cell in work takes beyond its own */
};

struct text {
	struct stream *out;
	struct text_frame frame[TEXT_FRAMES];
	size_t top;
	size_t over; /* how many were opened beyond TEXT_FRAMES */
	struct buf behind, behind_unseen;
	bool blank; /* the last line was empty */
};

void text_init(struct text *, struct stream *);
/* White space and controls in it become blanks. */
int text_put(struct text *, bool unseen, const char *p, size_t n);
/* A tab of the text: inside of a row a blank. */
int text_tab(struct text *, bool unseen);
/* The paragraph ends. */
int text_line(struct text *);
/* Ends a paragraph that something stands in. */
int text_fresh_line(struct text *);
int text_row_begin(struct text *);
/* The cell in work takes so many columns. */
void text_cell_span(struct text *, size_t columns);
int text_cell_end(struct text *);
int text_row_end(struct text *);
int text_box_begin(struct text *);
int text_box_end(struct text *);
/* One line of its own that no reader sees. */
int text_unseen_line(struct text *, struct mw_str);
/* Ends whatever is open. */
int text_end(struct text *);
void text_close(struct text *);

#endif
