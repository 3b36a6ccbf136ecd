/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout: how a text is built: zones, records, tables. Made when the first match asks for it, so a text in which nothing is found
 * costs nothing. A record is a row of a table, a message of HL7 v2, a person of X12 (ST, HL 22 and 23, INS, CLP), a line of
 * NDJSON, a resource of a FHIR bundle, a C-CDA document; else a paragraph. Linear; a look-up costs the logarithm of the number of
 * records.
 */
#ifndef MW_MATCH_LAYOUT_H
#define MW_MATCH_LAYOUT_H

#include "match/tables.h"
#include "match/zones.h"

struct mw_layout {
	struct mw_str text; /* folded, borrowed */
	uint32_t zone;	    /* of the whole text; a body is split */
	bool zoned, recorded;
	struct mw_zones zones;
	struct mw_tables tables;
	uint64_t *record; /* twice the start, and 1 for one of data */
	size_t records, record_cap;
	/* The cell that was asked for last: matches of a rule come in order. */
	size_t row, row_columns, at, column;
};

/* Forgets a text and begins another; the first time all is zero. */
void mw_layout_begin(struct mw_layout *, struct mw_str text, uint32_t zone);
void mw_layout_free(struct mw_layout *);
/* These may be the first to look: 0 or -ENOMEM. */
int mw_layout_zone(struct mw_layout *, size_t at, uint32_t *zone);
int mw_layout_record(struct mw_layout *, size_t at, uint32_t *record, bool *data);
/* The name of the column that this octet stands in, and where the row of names ends; empty: it stands in none that has a name. */
int mw_layout_column(struct mw_layout *, size_t at, struct mw_cell *name, size_t *header_end);

/* Is there a table that has names of columns? Yes, when it cannot be told. */
bool mw_layout_has_columns(struct mw_layout *);

#endif
