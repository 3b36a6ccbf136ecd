/* SPDX-License-Identifier: Apache-2.0 */
/* query: which records of an audit file somebody wants to see. */
#ifndef MW_AUDIT_QUERY_H
#define MW_AUDIT_QUERY_H

#include "audit/record.h"

#include <jansson.h>

struct mw_audit_query {
	const char *queue_id, *recipient; /* NULL = any */
	const char *since, *until;	  /* the beginning of a time: "2026-11", "2026-11-22T03" */
};

/* Is it the beginning of a time as records have it? */
bool mw_audit_time_valid(const char *);
/* Calls fn with each record that matches, as its line and as JSON. Lines that are no records go to *skipped. Stops when fn
 * returns non-zero. 0, or negative errno. */
typedef int (*mw_audit_query_fn)(void *ctx, const struct mw_audit_record *, const char *line, size_t n, const json_t *);
int mw_audit_query_run(const struct mw_audit_query *, const char *file, mw_audit_query_fn fn, void *ctx, uint64_t *skipped);

#endif
