/* SPDX-License-Identifier: Apache-2.0 */
/* records: where the units of a text begin. For layout.c. */
#ifndef MW_MATCH_RECORDS_H
#define MW_MATCH_RECORDS_H

#include "match/tables.h"

/* Told of each record, in order: data: one of data, not a paragraph. 0, or stops. */
typedef int (*mw_record_begins)(void *ctx, size_t start, bool data);
/* Fills tables too. 0, -ENOMEM, or what begins() returned. */
int mw_records_walk(struct mw_str text, struct mw_tables *, mw_record_begins, void *ctx);

#endif
