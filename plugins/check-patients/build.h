/* SPDX-License-Identifier: Apache-2.0 */
/* build: a table of patients becomes an index. Row by row, in bounded memory; nothing of the table is written anywhere but as
 * MACs. */
#ifndef PATIENTS_BUILD_H
#define PATIENTS_BUILD_H

#include "columns.h"
#include "format.h"
#include "normal.h"
#include "write.h"

struct patients_build {
	const char *table; /* path, "-" = standard input */
	struct patients_target target;
	const char *const *column; /* as the user asked */
	size_t columns;
	bool no_header;
	char delimiter; /* '\0': found by the first line */
	enum patients_order order;
	unsigned year;
	size_t memory; /* octets for sorting */
	/* Now and then: octets read, of how many (0: not known), rows. May be NULL. */
	void (*progress)(void *ctx, uint64_t done, uint64_t all, uint64_t rows);
	void *ctx;
};

#define PATIENTS_DIGITS 16
struct patients_summary {
	uint64_t rows;	      /* with anything that could be taken */
	uint64_t empty;	      /* rows with nothing of it */
	uint64_t first_empty; /* line of the first of them */
	uint64_t bad_dates;   /* fields that are not empty and no date */
	uint64_t bad_numbers;
	uint64_t bad_names;				  /* rows with a name that is not one: a single word, initials alone */
	uint64_t values[PATIENTS_KINDS];		  /* distinct */
	uint64_t digits[PATIENTS_KINDS][PATIENTS_DIGITS]; /* of MRN and MEMBER: numbers of so many digits, with repetitions */
	uint64_t octets;				  /* of the index */
	struct patients_columns columns;
};

int patients_build(const struct mw_host *, const struct patients_build *, struct patients_summary *, struct mw_err *);

#endif
