/* SPDX-License-Identifier: Apache-2.0 */
/* post: a mail of our own to a listener of the MTA: a connection, one message, and goodbye. */
#ifndef MW_SMTP_POST_H
#define MW_SMTP_POST_H

#include "smtp/reentry.h"

struct mw_post {
	const char *to;	    /* the listener: "inet:PORT@HOST" or "unix:/path" */
	const char *name;   /* for EHLO */
	int64_t reply_ms;   /* that an answer may take */
	const char *sender; /* envelope sender; "" = null sender */
	const char *recipient;
	const char *notify; /* of RFC 3461, "NEVER" for one; NULL = absent */
};

/* 0: it is in the queue, under that id. -EAGAIN: not now, or not for a reason that goes by itself; -EPERM: refused for good; -EINPROGRESS: it
 * was given all of it and did not answer, so it may be in the queue. err: the listener's words. Blocks; any number of threads may do it. The mail stays the caller's. */
int mw_post_send(const struct mw_post *, const struct mw_mail *, char queue_id[MW_QUEUE_ID], struct mw_err *);

#endif
