/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart: a form with files (multipart/form-data, RFC 7578) as browsers send it, read while it comes: whatever its size, a few KB are
 * kept. What is not of that form is an error, and nothing of it is guessed. Pure but for what the caller does with the pieces.
 */
#ifndef MW_PORTAL_MULTIPART_H
#define MW_PORTAL_MULTIPART_H

#include "base/buf.h"
#include "base/str.h"

#define MW_MULTIPART_HEAD 4096u /* octets of a part's header */

struct mw_multipart_part {
	struct mw_str name;
	struct mw_str filename; /* as the browser gives it; "" when it has none */
	struct mw_str type;	/* of the content, with its parameters; "" */
	bool is_file;		/* it has a file name, be it empty */
};

/* Each returns 0, or a negative error that ends all. */
struct mw_multipart_events {
	int (*part)(void *ctx, const struct mw_multipart_part *); /* one begins; its strings are there for the call */
	int (*data)(void *ctx, const char *p, size_t n);	  /* more of it */
	void *ctx;
};

struct mw_multipart;
/* type: the Content-Type field of the request. -EBADMSG: it is none of ours; -ENOMEM. */
int mw_multipart_new(struct mw_str type, const struct mw_multipart_events *, struct mw_multipart **ret);
/* The octets that came. -EBADMSG, -ENOMEM, and what the events return; then it is of no use any more. */
int mw_multipart_more(struct mw_multipart *, const char *p, size_t n);
/* Was that all of it? */
bool mw_multipart_complete(const struct mw_multipart *);
void mw_multipart_free(struct mw_multipart **); /* accepts NULL, sets NULL; wipes */

#endif
