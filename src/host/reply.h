/* SPDX-License-Identifier: Apache-2.0 */
/* reply: what the sender reads when a message is not taken or is held: lines of printable ASCII, never message content. */
#ifndef MW_HOST_REPLY_H
#define MW_HOST_REPLY_H

#include <milward/plugin.h>

#define MW_REPLY_LINE 400
#define MW_REPLY_MORE 5u /* lines behind the first */

struct mw_reply {
	const char *code;	  /* "550" */
	const char *status;	  /* "5.7.1", RFC 3463 */
	char text[MW_REPLY_LINE]; /* within the 512 octets of RFC 5321 4.5.3.1.5 with all that an MTA puts around it */
	size_t lines;		  /* behind the first */
	char more[MW_REPLY_MORE][MW_REPLY_LINE];
};

/* A recipient for whom no means is there. */
struct mw_reply_rcpt {
	const struct mw_rcpt *rcpt;
	const struct mw_verdict *verdict;
};

/* For effects REFUSE, TEMPFAIL and HOLD (whose text is the quarantine reason). verdict and rcpt: of the recipient that decided, or
 * NULL when a cause did. */
void mw_reply_make(const struct mw_outcome *, const struct mw_verdict *, const struct mw_rcpt *, struct mw_reply *);
/* For REFUSE and TEMPFAIL because of such recipients, n > 0: which ways were passed over for whom, and why. An alias is named as the
 * client named it: who is behind it is not the sender's to know. */
void mw_reply_routes(const struct mw_outcome *, const struct mw_reply_rcpt *, size_t n, struct mw_reply *);
/* A reply of our own; text is one of ours. */
void mw_reply_set(struct mw_reply *, const char *code, const char *status, const char *text);

#endif
