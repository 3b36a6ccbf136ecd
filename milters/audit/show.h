/* SPDX-License-Identifier: Apache-2.0 */
/* show: records on a terminal, and as CSV or JSON for an auditor. Prints to stdout. */
#ifndef MW_AUDIT_SHOW_H
#define MW_AUDIT_SHOW_H

#include "query.h"

struct mw_audit_show {
	bool json;
	bool names;	     /* of several files: each record says which it stands in */
	const char *command; /* for errors */
	bool failed;
	uint64_t rows;
};

/* mw_audit_query_fn with a struct mw_audit_show: every record; only messages, a row for each recipient. */
int mw_audit_show_record(void *ctx, const struct mw_audit_seen *);
int mw_audit_export_record(void *ctx, const struct mw_audit_seen *);
void mw_audit_export_begin(const struct mw_audit_show *);
void mw_audit_export_end(const struct mw_audit_show *);

#endif
