/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what outlives a message: the domains that were seen, and what aggregate reports are made of. Neither ever fails a message. */
#ifndef MW_AUTH_KEEP_H
#define MW_AUTH_KEEP_H

#include "auth.h"

struct mw_keep; /* any number of threads */

/* 0 or negative, with err filled. conf is borrowed. */
int mw_keep_open(const struct mw_host *, struct mw_self *, const struct mw_auth_conf *, struct mw_keep **ret, struct mw_err *);
void mw_keep_close(struct mw_keep **); /* accepts NULL, sets NULL */
/* Sets a->likeness.first_time, by the organisation of From; behind DMARC. */
void mw_keep_see(struct mw_keep *, const struct mw_auth_mail *, struct mw_auth *a);
/* When it is decided what is done with the message. */
void mw_keep_report(struct mw_keep *, const struct mw_auth_mail *, const struct mw_auth *a, const struct mw_outcome *);

#endif
