/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter: the mails of the store's outbox: receipts to senders (as reports of RFC 8098 where one fits), reminders to recipients. Their
 * words come from templates; nothing of the message is in them, and no link: nobody has its secret any more. The same letter has the
 * same Message-ID each time it is made.
 */
#ifndef MW_PORTAL_LETTER_H
#define MW_PORTAL_LETTER_H

#include "base/buf.h"
#include "pickup/conf.h"
#include "pickup/pickup.h"
#include "pickup/templates.h"

struct mw_letter_site {
	const struct mw_portal_conf *conf;
	const struct mw_templates *templates;
	const char *host; /* this machine's name */
};

struct mw_letter {
	char to[MW_PICKUP_ADDRESS]; /* envelope recipient; the sender is the null one */
	bool utf8;		    /* an address has octets over 127 */
	struct mw_buf text;	    /* the message, its lines end with CRLF */
};

/* The caller frees ret->text. -EINVAL: it can be sent to nobody; -ENOENT: there is no template. */
int mw_letter_make(const struct mw_letter_site *, const struct mw_pickup_letter *, struct mw_letter *ret, struct mw_err *);
/* "picked-up", "reminder", …; NULL: no kind of ours. */
const char *mw_letter_name(enum mw_pickup_mail);

#endif
