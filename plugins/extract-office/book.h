/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book: what the sheets of a workbook have in common: texts, formats of numbers, the calendar.
 */
#ifndef OFFICE_BOOK_H
#define OFFICE_BOOK_H

#include "numfmt.h"
#include "office.h"

/* Texts that cells refer to by number. */
struct shared {
	struct buf text;
	size_t *end; /* of each text */
	unsigned char *used;
	size_t n, cap;
};

struct format_row {
	unsigned id;
	struct numfmt fmt;
};

struct book {
	struct office *office;
	struct shared shared;
	struct format_row *format; /* by what the file calls them */
	size_t formats, format_cap;
	size_t *style; /* of each cell format: an index into format */
	size_t n_styles, style_cap;
	bool from_1904;
};

/* A text is added to, and ended. */
int shared_add(struct shared *, const char *p, size_t n);
int shared_end(struct shared *);
struct mw_str shared_get(struct shared *, size_t i);
int shared_read(struct book *, size_t entry);
/* Texts that no cell shows: of rows that were deleted. */
int shared_unused(struct book *);

int formats_read(struct book *, size_t entry);
int formats_add(struct book *, unsigned id, struct mw_str code);
int formats_style(struct book *, unsigned id);
/* Of the cell format i. NULL = none. */
const struct numfmt *formats_of(const struct book *, size_t i);

int sheet_read(struct book *, size_t entry);
/* The binary forms of all that. sheet() is called for each, with its name and the id of its relation. */
int book_binary_read(struct book *, size_t entry, int (*sheet)(void *ctx, struct mw_str name, struct mw_str id, bool hidden),
		     void *ctx);
int shared_binary_read(struct book *, size_t entry);
int formats_binary_read(struct book *, size_t entry);
/* Texts of a part of records that are not known, unseen. */
int other_binary_read(struct office *, size_t entry);
int comments_binary_read(struct book *, size_t entry);
int sheet_binary_read(struct book *, size_t entry);
int pivot_read(struct office *, size_t definition);
void book_free(struct book *);

#endif
