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
/* Calls fn with each record that matches, as its line and as JSON; file is the one that it stands in. Records of several files come in the
 * order of their times, those of one file as they stand. A file that cannot be read, or that has lines that are no records, is told
 * to told() (may be NULL), and the others are read all the same. Stops when fn returns non-zero. 0; the first negative errno. */
struct mw_audit_seen {
	const char *file;
	const struct mw_audit_record *rec;
	const char *line;
	size_t n;
	const json_t *json;
};
typedef int (*mw_audit_query_fn)(void *ctx, const struct mw_audit_seen *);
/* error: an errno; 0: as many lines are no records. */
typedef void (*mw_audit_told_fn)(void *ctx, const char *file, int error, uint64_t lines);
int mw_audit_query_run(const struct mw_audit_query *, size_t files, char *const *file, mw_audit_query_fn fn,
		       mw_audit_told_fn told, void *ctx);

#endif
