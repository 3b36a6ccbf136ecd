/* SPDX-License-Identifier: Apache-2.0 */
/* reply_mail: the mail that an answer becomes, made while it is sent. GMime writes its header and the text; files follow out of the draft. */
#ifndef MW_PORTAL_REPLY_MAIL_H
#define MW_PORTAL_REPLY_MAIL_H

#include "pickup/manifest.h"
#include "portal/draft.h"
#include "smtp/post.h"

/* What the mail says, and whose it is. */
struct mw_reply_mail {
	const struct mw_portal_conf *conf;
	const char *host;	/* of this machine, for EHLO */
	const char *to;		/* the one recipient */
	const char *by;		/* who wrote it: the recipient of the message that is answered */
	const char *subject;	/* "Re: …" */
	const char *message_id; /* of what is answered, with its angle brackets; anything else is left out */
};

/* To whom an answer to a message with these fields and this envelope sender goes: where the message asks for it, as long as that is in the
 * domain of who sent it, as the MTA knows him; else to who sent it. Nothing that a form says can change that. False: there is nobody. */
bool mw_reply_mail_to(const char *reply_to, const char *from, const char *sender, char to[MW_PICKUP_ADDRESS]);

/* 0: it is in the MTA's queue, under that id; what mw_post_send() and mw_draft_open() say. Blocks. */
int mw_reply_mail_send(const struct mw_reply_mail *, struct mw_draft *, char queue_id[MW_QUEUE_ID], struct mw_err *);

#endif
