/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks: all checks of a message. Each stands by itself: one that fails is a temporary error of its own, never a pass, and the others go
 * on. The last, DMARC, reads what SPF and DKIM have found.
 */
#ifndef MW_AUTH_CHECKS_H
#define MW_AUTH_CHECKS_H

#include "auth.h"
#include "resolver.h"

struct mw_checks; /* of all messages, any number of threads */
/* 0 or negative, with err filled. conf is borrowed. */
int mw_checks_open(const struct mw_host *, const struct mw_auth_conf *, struct mw_checks **ret, struct mw_err *);
void mw_checks_close(struct mw_checks **); /* accepts NULL, sets NULL */

/* Begin to ask DNS: when client, HELO and sender are known; when the header is. Return at once. */
void mw_checks_want_client(const struct mw_checks *, const struct mw_auth_mail *, const struct mw_resolver *);
void mw_checks_want_header(const struct mw_checks *, const struct mw_auth_mail *, const struct mw_resolver *);
/* Fills all of *a but `skipped` and `unknown_client`, which it reads. */
void mw_checks_run(const struct mw_checks *, const struct mw_auth_mail *, const struct mw_resolver *, struct mw_auth *a);

#endif
