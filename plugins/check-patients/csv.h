/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv: one row of a table in text (RFC 4180, and what programs write instead: another delimiter, LF alone, quotes inside of plain
 * fields). Pure over (pointer, length), no memory is taken.
 */
#ifndef PATIENTS_CSV_H
#define PATIENTS_CSV_H

#include <milward/plugin.h>
#include <sys/types.h>

#define PATIENTS_CSV_FIELDS 512
#define PATIENTS_CSV_ROW (1u << 20) /* octets */

struct patients_row {
	size_t n;     /* fields; a row of nothing has one that is empty */
	size_t lines; /* line breaks that were passed, the row's end among them */
	struct mw_str field[PATIENTS_CSV_FIELDS];
};

/* The row at the start of p. room: n octets, where fields with quotes are put together; the row borrows from both.
 * Octets that the row takes with its end; 0: it is not all here (never when `last`: what is here is all there is);
 * -E2BIG: too many fields; -EINVAL: a quote is never closed. */
ssize_t patients_csv_row(const char *p, size_t n, bool last, char delimiter, char *room, struct patients_row *);

/* The delimiter of a table by its first line: the one of comma, semicolon, tab and bar that stands there most often outside of
 * quotes; comma when none does. */
char patients_csv_delimiter(const char *p, size_t n);

#endif
