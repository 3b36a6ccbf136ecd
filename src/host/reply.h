/* SPDX-License-Identifier: Apache-2.0 */
/* reply: what the sender reads when a message is not taken or is held: one line of printable ASCII, never message content. */
#ifndef MW_HOST_REPLY_H
#define MW_HOST_REPLY_H

#include <milward/plugin.h>

struct mw_reply {
	const char *code;   /* "550" */
	const char *status; /* "5.7.1", RFC 3463 */
	char text[400];	    /* within the 512 octets of RFC 5321 4.5.3.1.5 with all that an MTA puts around it */
};

/* For effects REFUSE, TEMPFAIL and HOLD (whose text is the quarantine reason). verdict and rcpt: of the recipient that decided, or
 * NULL when a cause did. */
void mw_reply_make(const struct mw_outcome *, const struct mw_verdict *, const struct mw_rcpt *, struct mw_reply *);
/* A reply of our own; text is one of ours. */
void mw_reply_set(struct mw_reply *, const char *code, const char *status, const char *text);

#endif
