/* SPDX-License-Identifier: Apache-2.0 */
/* columns: which column of a table holds what, by the names in its first line or by what the user says. */
#ifndef PATIENTS_COLUMNS_H
#define PATIENTS_COLUMNS_H

#include "csv.h"

enum patients_column {
	PATIENTS_COL_FIRST,
	PATIENTS_COL_LAST,
	PATIENTS_COL_NAME,
	PATIENTS_COL_DOB,
	PATIENTS_COL_MRN,
	PATIENTS_COL_MEMBER,
	PATIENTS_COLS
};
#define PATIENTS_SAME 8 /* columns that hold the same thing */

struct patients_columns {
	size_t n[PATIENTS_COLS];
	uint32_t at[PATIENTS_COLS][PATIENTS_SAME]; /* fields from 0 */
	uint32_t last;				   /* the highest */
};

const char *patients_column_name(enum patients_column); /* "first" … "member" */

/* asked: "mrn=PATNO", "dob=3": a column by its name or by its number from 1; what was asked for is not looked for by name.
 * header: the first line, NULL when the table has none. NULL, or what is wrong (in text, which a later call overwrites). */
const char *patients_columns_find(struct patients_columns *, const struct patients_row *header, const char *const *asked,
				  size_t n, char *text, size_t text_n);

#endif
