/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page: the words of one page become lines. Words beside each other are a line; where a gap between them is wide, they are cells, with
 * a tab between: of a table, of a form. Lines whose sentences run on from one to the next stay together, also when something else
 * stands beside them, so that columns of prose are read one after the other.
 */
#ifndef EXTRACT_PDF_PAGE_H
#define EXTRACT_PDF_PAGE_H

#include "pen.h"
#include "words.h"

struct word {
	struct box at;
	size_t text, n; /* in page.text */
};

/* Words of one line without a wide gap. */
struct piece {
	struct box at;
	size_t word, words; /* in page.word */
	size_t octets;
	size_t order;	/* of reading, as pdftotext has it */
	uint32_t prose; /* block of prose, 0 = none */
	uint32_t column;
};

/* Pieces beside each other, from left to right; or one of prose. */
struct row {
	struct box at;
	size_t piece, pieces; /* in page.piece */
	size_t group;	      /* order of reading of the rows that it is read with */
};

struct page {
	struct word *word;
	struct piece *piece;
	struct row *row;
	char *text;
	size_t words, word_cap, pieces, piece_cap, rows, row_cap, octets, text_cap;
	size_t letters; /* and digits */
	size_t odd;	/* characters that no font has a meaning for */
};

/* -ENOMEM. */
int page_add(struct page *, struct box, struct mw_str text);
int page_write(struct page *, struct pen *);
void page_clear(struct page *);
void page_free(struct page *); /* wipes */

/* Of page_write() alone: spelled.c: -1 when there is no memory; rows.c. */
int page_join_spelled(struct page *, struct row *);
void page_columns(struct page *, size_t from, size_t to);
void page_write_rows(struct page *, size_t from, size_t to, struct pen *);

#endif
