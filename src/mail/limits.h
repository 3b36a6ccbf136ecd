/* SPDX-License-Identifier: Apache-2.0 */
/* limits: every bound of one message, settable by `limit NAME VALUE` in the policy. Each breach is a named, counted cause. */
#ifndef MW_MAIL_LIMITS_H
#define MW_MAIL_LIMITS_H

#include <stdint.h>

enum mw_limit {
	MW_LIMIT_SIZE = 0,   /* octets of the whole message */
	MW_LIMIT_PARTS,	     /* leaves of the MIME tree */
	MW_LIMIT_DEPTH,	     /* nesting of the MIME tree */
	MW_LIMIT_HEADERS,    /* header fields of the message */
	MW_LIMIT_HEADER,     /* octets of all header fields together */
	MW_LIMIT_RECIPIENTS, /* envelope recipients */
	MW_LIMIT_TEXT,	     /* octets of decoded text of all parts together */
	MW_LIMIT_FINDINGS,   /* findings of all rules together */
	MW_LIMIT_MEMBERS,    /* files inside attachments, and sections of documents, together */
	MW_LIMIT_NESTING,    /* files inside files */
	MW_LIMIT_UNPACKED,   /* octets of all files inside attachments together */
	MW_LIMIT_RATIO,	     /* octets out of a document for one octet of it */
	MW_LIMIT_PAGES,	     /* pages, sheets or slides of one document */
	MW_LIMIT_READING,    /* seconds that one document may take */
	MW_LIMITS
};

struct mw_limits {
	uint64_t max[MW_LIMITS];
};

/* One row a limit: its name in the policy and its default. Indexed by enum mw_limit. */
struct mw_limit_row {
	const char *name;
	const char *help;
	uint64_t dflt, min, max;
};
extern const struct mw_limit_row mw_limit_rows[MW_LIMITS];
struct mw_limits mw_limits_default(void);

#endif
