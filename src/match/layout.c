/* SPDX-License-Identifier: Apache-2.0 */
#include "match/layout.h"

#include "match/records.h"

#include <errno.h>
#include <stdlib.h>

void mw_layout_free(struct mw_layout *l)
{
	mw_zones_free(&l->zones);
	mw_tables_free(&l->tables);
	free(l->record);
	*l = (struct mw_layout){.zone = 0};
}

void mw_layout_begin(struct mw_layout *l, struct mw_str text, uint32_t zone)
{
	mw_layout_free(l);
	l->text = text;
	l->zone = zone;
}

int mw_layout_zone(struct mw_layout *l, size_t at, uint32_t *zone)
{
	*zone = l->zone;
	if (l->zone != MW_ZONE_BODY)
		return 0;
	if (!l->zoned) {
		int rc = mw_zones_split(l->text, &l->zones);

		if (rc < 0)
			return rc;
		l->zoned = true;
	}
	*zone = mw_zones_at(&l->zones, at);
	return 0;
}

/* ---- records ------------------------------------------------------------------------------------------------------------- */

static int record_begins(void *ctx, size_t start, bool data)
{
	struct mw_layout *l = ctx;

	if (l->records == l->record_cap) {
		size_t cap = l->record_cap ? l->record_cap * 2 : 32;
		uint64_t *v = reallocarray(l->record, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->record = v;
		l->record_cap = cap;
	}
	l->record[l->records++] = (uint64_t)start * 2 + data;
	return 0;
}

static int make_records(struct mw_layout *l)
{
	int rc = l->recorded ? 0 : mw_records_walk(l->text, &l->tables, record_begins, l);

	l->recorded |= rc == 0;
	l->row = SIZE_MAX;
	return rc;
}

/* The record that the octet is in; what stands above the first one belongs to it. */
static size_t record_at(const struct mw_layout *l, size_t at)
{
	size_t lo = 0, hi = l->records;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->record[mid] / 2 <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int mw_layout_record(struct mw_layout *l, size_t at, uint32_t *record, bool *data)
{
	int rc = l->recorded ? 0 : make_records(l);
	size_t i;

	if (rc < 0)
		return rc;
	i = record_at(l, at);
	*record = (uint32_t)i;
	*data = l->records && l->record[i] & 1;
	return 0;
}

/* ---- columns ------------------------------------------------------------------------------------------------------------- */

bool mw_layout_has_columns(struct mw_layout *l)
{
	if (!l->recorded && make_records(l) < 0)
		return true;
	return l->tables.cells > 0;
}

/* The table whose rows below the header hold the octet, NULL = none. */
static const struct mw_table_block *table_at(const struct mw_layout *l, size_t at)
{
	const struct mw_table_block *v = l->tables.v;
	size_t lo = 0, hi = l->tables.n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].start <= at)
			lo = mid;
		else
			hi = mid;
	}
	return l->tables.n && at >= v[lo].start && at < v[lo].end && v[lo].cells ? v + lo : NULL;
}

int mw_layout_column(struct mw_layout *l, size_t at, struct mw_cell *name, size_t *header_end)
{
	int rc = l->recorded ? 0 : make_records(l);
	const struct mw_table_block *b;
	size_t row, next, column;

	*name = (struct mw_cell){.start = 0, .end = 0};
	if (rc < 0)
		return rc;
	b = table_at(l, at);
	if (!b)
		return 0;
	row = (size_t)(l->record[record_at(l, at)] / 2);
	if (row < b->header_end)
		return 0; /* the header itself, and titles above it */
	if (l->row != row || at < l->at) {
		l->row_columns = l->row == row ? l->row_columns : mw_row_columns(l->text, row, b->delimiter, &next);
		l->row = l->at = row;
		l->column = 0;
	}
	mw_row_walk(l->text, b->delimiter, at, &l->at, &l->column);
	column = l->column;
	/* In a row that has a cell too many or too few nobody knows which column a cell is in, unless it stands below its name. */
	if (l->row_columns != b->cells)
		column = b->delimiter == MW_ALIGNED ? mw_tables_below(&l->tables, b, l->text, l->at) : b->cells;
	if (column < b->cells)
		*name = l->tables.cell[b->cell + column];
	*header_end = b->header_end;
	return 0;
}
