/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_table: names and what was counted of each, in bounded memory. When there are too many names, those counted least are dropped
 * and their counts go to `others`: what is left may be counted too low by at most `error`, and a name that was counted more often than
 * that is never missing.
 */
#ifndef MW_AUDIT_REPORT_TABLE_H
#define MW_AUDIT_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_COLUMNS 16
#define REPORT_NAME_MAX 1024 /* octets of a name; longer ones are cut */

struct mw_report_row {
	uint64_t n[REPORT_COLUMNS]; /* n[0]: how often */
	size_t length;
	char name[]; /* terminated */
};

struct mw_report_table {
	size_t max, rows, room; /* room: slots, a power of two */
	struct mw_report_row **slot;
	uint64_t others[REPORT_COLUMNS], error, dropped;
};

/* max: rows that are kept. 0 or -ENOMEM. */
int mw_report_table_init(struct mw_report_table *, size_t max);
void mw_report_table_free(struct mw_report_table *);
/* The row of the name, made with zeros when it is new. NULL: no memory. Lives until the next call. */
struct mw_report_row *mw_report_table_at(struct mw_report_table *, const char *name, size_t length);
/* The same, with a text behind the name: mw_report_row_text(). For tables that are not counted in: -E2BIG when it is full, -ENOMEM. */
int mw_report_table_put(struct mw_report_table *, const char *name, size_t length, const char *text, size_t text_n);
const char *mw_report_row_text(const struct mw_report_row *);
/* NULL: no such row. */
struct mw_report_row *mw_report_table_find(const struct mw_report_table *, const char *name, size_t length);
/* Rows by n[0], the most first, then by name; NULL: no memory. To be freed; the rows are the table's. */
struct mw_report_row **mw_report_table_sorted(const struct mw_report_table *);

#endif
