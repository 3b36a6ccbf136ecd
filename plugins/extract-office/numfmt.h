/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numfmt: a number as a sheet shows it. 219099998 with the format 000\-00\-0000 is 219-09-9998; the day 30000 is 1982-02-18, in
 * whatever order the format has it: a date that is meant by day and month cannot be told otherwise.
 */
#ifndef OFFICE_NUMFMT_H
#define OFFICE_NUMFMT_H

#include "buf.h"

enum numfmt_kind { NUMFMT_GENERAL, NUMFMT_TEXT, NUMFMT_NUMBER, NUMFMT_DATE };

struct numfmt {
	enum numfmt_kind kind;
	char *code; /* NULL: of no matter */
	bool day, time, seconds, elapsed;
};

/* code is copied. -ENOMEM. */
int numfmt_init(struct numfmt *, struct mw_str code);
/* The code of a number that no file spells out; "General" when there is none. */
const char *numfmt_builtin(unsigned id);
/* raw: as the file has it. Nothing is added when the format shows nothing. 1904: days are counted from that year on. */
int numfmt_put(const struct numfmt *, struct mw_str raw, bool from_1904, struct buf *to);
void numfmt_free(struct numfmt *);

#endif
