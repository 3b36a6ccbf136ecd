/* SPDX-License-Identifier: Apache-2.0 */
#include "x12_table.h"

#include <string.h>

#define OTHER (X12_COLUMNS - 1)
#define ROW_MAX 8000u /* octets: a longer row is none to the host */

static const char *const columns[X12_COLUMNS] = {
    "Patient name",   "Member ID",	 "SSN",	      "Date of birth", "Sex", "Home address", "Home phone", "Patient account",
    "Procedure code", "Date of service", "Diagnosis", "Other",
};

/* What fields of a person are called, and the column that they are in. */
static const struct {
	const char *what;
	unsigned column;
} fields[] = {
    {"name", 0},
    {"member ID", 1},
    {"subscriber ID", 1},
    {"SSN", 2},
    {"date of birth", 3},
    {"sex", 4},
    {"home address", 5},
    {"home phone", 6},
    {"phone", 6},
    {"cell phone", 6},
    {"Patient account", 7},
    {"Procedure code", 8},
    {"Date of service", 9},
    {"Diagnosis", 10},
};

/* Whose fields are those of the row. */
static bool is_own(const char *who)
{
	return !*who || strcmp(who, "Member") == 0 || strcmp(who, "Patient") == 0;
}

static bool is_list(unsigned column)
{
	return column >= 8;
}

static unsigned column_of(const struct x12_table *t, const char *who, const char *what)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_own(who) && strcmp(fields[i].what, what) == 0 &&
		    (is_list(fields[i].column) || t->cell[fields[i].column].n == 0))
			return fields[i].column;
	return OTHER;
}

void x12_table_add(struct x12_table *t, const char *who, const char *what, struct mw_str value)
{
	unsigned column = column_of(t, who, what);
	struct text *cell = t->cell + column;

	if (str_trim(value).n == 0)
		return;
	t->filled = true;
	if (cell->n)
		text_puts(cell, "; ");
	if (column == OTHER) {
		text_puts(cell, who);
		if (*who && *what)
			text_putc(cell, ' ');
		text_puts(cell, what);
		text_puts(cell, ": ");
	}
	text_str(cell, str_trim(value));
}

static void put_row(struct x12_table *t, size_t cells)
{
	if (!t->headed) {
		out_feed(t->o);
		for (size_t i = 0; i < X12_COLUMNS; i++)
			out_column(t->o, str(columns[i]));
		out_row_end(t->o);
	}
	t->headed = true;
	for (size_t i = 0; i < cells; i++)
		out_column(t->o, text_all(t->cell + i));
	for (size_t i = cells; i < X12_COLUMNS; i++)
		out_column(t->o, str(""));
	out_row_end(t->o);
}

/* What would make the row too long stands behind it, and the next row has its header again. */
static void flush_row(struct x12_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < X12_COLUMNS; i++) {
		n += t->cell[i].n + 1;
		t->o->tmp.failed |= t->cell[i].failed;
	}
	if (t->filled)
		put_row(t, n > ROW_MAX ? OTHER : X12_COLUMNS);
	if (t->filled && n > ROW_MAX) {
		out_line(t->o, text_all(t->cell + OTHER));
		t->headed = false;
	}
	for (size_t i = 0; i < X12_COLUMNS; i++)
		text_cut(t->cell + i, 0);
	t->filled = false;
}

void x12_table_row(struct x12_table *t)
{
	flush_row(t);
	t->on = true;
}

void x12_table_end(struct x12_table *t)
{
	if (!t->on)
		return;
	flush_row(t);
	t->on = t->headed = false;
}

void x12_table_free(struct x12_table *t)
{
	for (size_t i = 0; i < X12_COLUMNS; i++)
		text_wipe(t->cell + i);
}
