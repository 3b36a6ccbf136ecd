/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheets: the pages of a document made wider, so that pdftotext, which drops what stands outside of a page, gives that too. To the
 * octets of the file a revision is added that has nothing but the pages with another size.
 */
#ifndef EXTRACT_PDF_SHEETS_H
#define EXTRACT_PDF_SHEETS_H

#include "pdf.h"
#include "words.h"

/* Points that are added on each side: nearly as much as a page may have at all. */
#define SHEETS_MARGIN 10000

struct sheets {
	char *p; /* the file, for free(); NULL: the pages are as they were */
	size_t n;
	struct box *sheet; /* of each page: where it lies on the wider one */
	size_t pages;
};

/* 0, also when the document is none to add to; -ENOMEM. */
int sheets_widen(struct pdf *, struct mw_str file, struct sheets *);
void sheets_free(struct sheets *); /* wipes */

/* Does most of it stand outside of the page? */
bool sheets_is_outside(const struct sheets *, size_t page, const struct box *);

#endif
