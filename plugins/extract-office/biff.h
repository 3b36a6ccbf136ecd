/* SPDX-License-Identifier: Apache-2.0 */
/*
 * biff: parts of a binary workbook (.xlsb): a stream of records, each with a type and a size.
 */
#ifndef OFFICE_BIFF_H
#define OFFICE_BIFF_H

#include "office.h"

struct biff {
	const unsigned char *p; /* of the record in work */
	size_t n;
	size_t at; /* what biff_number() and biff_text() read next */
};

/* Gives fn the records of a part one by one; stops and returns what it returns when that is not 0. */
int biff_read(struct office *, size_t entry, int (*fn)(void *ctx, unsigned type, struct biff *), void *ctx);
/* The next n <= 4 octets as a number; 0 behind the end. */
uint32_t biff_number(struct biff *, size_t n);
/* The next text: how many UTF-16 units, and these. Into `to`, which is emptied first. */
int biff_text(struct biff *, struct buf *to);
/* Texts in what is left of a record that is not known, and in formulas: a line each, unseen, into the section in work. */
int biff_strings(struct office *, struct biff *);

#endif
