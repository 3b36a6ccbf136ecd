/* SPDX-License-Identifier: Apache-2.0 */
/* checkrows: rows of texts against the checks of a checker that needs no instance. */
#ifndef MW_UNIT_CHECKROWS_H
#define MW_UNIT_CHECKROWS_H

#include <milward/plugin.h>

struct check_row {
	const char *check, *text;
	bool valid;
};

/* Fails the test when there is no such check. */
bool check_run(const struct mw_plugin *, const char *check, const char *p, size_t n);
/* Fails the test at the first row that the checker sees in another way. */
void check_rows(const struct mw_plugin *, const struct check_row *, size_t rows);

#endif
