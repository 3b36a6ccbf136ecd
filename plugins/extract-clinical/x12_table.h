/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12_table: the members of an enrolment and the claims of a payment as rows of a table, of which a member or a claim is one. What has no
 * column of its own stands in the last one with its name, so that nothing is lost.
 */
#ifndef EXTRACT_CLINICAL_X12_TABLE_H
#define EXTRACT_CLINICAL_X12_TABLE_H

#include "out.h"

#define X12_COLUMNS 12u

struct x12_table {
	struct out *o;
	struct text cell[X12_COLUMNS];
	bool on;     /* fields go into the row in work */
	bool headed; /* the names of the columns stand above */
	bool filled; /* the row has something in it */
};

/* From here on fields are of a row. The row before ends. */
void x12_table_row(struct x12_table *);
void x12_table_add(struct x12_table *, const char *who, const char *what, struct mw_str value);
/* The last row ends; fields are lines again. */
void x12_table_end(struct x12_table *);
void x12_table_free(struct x12_table *);

#endif
