/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odf: OpenDocument and what StarOffice wrote before it: one XML for the content, whatever kind of document it is.
 */
#ifndef OFFICE_ODF_H
#define OFFICE_ODF_H

#include "grid.h"
#include "office.h"
#include "text.h"
#include "wordtext.h"

/* What a sheet has open. */
struct odf_sheet {
	struct grid grid;
	size_t tables;		     /* how deep */
	size_t column, first_column; /* of the cell in work, and of the description of columns */
	size_t repeated;
	bool in_cell, date;
	struct buf cell, day, remarks;
};

struct odf {
	struct office *office;
	struct text text;
	struct styles styles; /* that hide what is written in them */
	struct buf style;     /* that is described now */
	struct buf base64;
	bool sheets;		/* tables are sheets */
	bool open[TEXT_FRAMES]; /* of each flow and row: text is text of a paragraph */
	bool noise;		/* text is part of the description of numbers, or a program's own */
	bool in_base64;
	bool whole_unseen; /* the slide, or all of the part */
	size_t depth;
	size_t unseen_at; /* an element as deep as this hides all in it; 0 = none */
	size_t remark_at; /* the same for a note in a sheet */
	struct odf_sheet sheet;
};

/* What names of elements mean. */
enum {
	ODF_PARAGRAPH = 1,
	ODF_SPACE,
	ODF_TAB,
	ODF_BREAK,
	ODF_LINK,
	ODF_SPAN,
	ODF_BOX,
	ODF_DELETED,
	ODF_SECTION,
	ODF_HIDDEN_PARAGRAPH,
	ODF_TABLE,
	ODF_COLUMN,
	ODF_ROW,
	ODF_CELL,
	ODF_PAGE,
	ODF_STYLE,
	ODF_STYLE_PROPERTIES,
	ODF_SPREADSHEET,
	ODF_BASE64,
	ODF_NOISE,
	ODF_FORMULA,
};

/* Text of the paragraph in work. */
int odf_put(struct odf *, const char *p, size_t n);
/* In a sheet: events of its cells. 1 = this is none of them. */
int odf_sheet_start(struct odf *, struct xml *, int id);
int odf_sheet_end(struct odf *, int id);
void odf_sheet_free(struct odf_sheet *);

/* Is a package of this kind, and its reading. */
bool odf_is(const struct office *);
int odf_read(struct office *);

#endif
