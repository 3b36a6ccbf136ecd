/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks: all checks of a message. Each stands by itself: one that fails is a temporary error of its own, never a pass, and the others go
 * on. The last, DMARC, reads what SPF and DKIM have found.
 */
#ifndef MW_AUTH_CHECKS_H
#define MW_AUTH_CHECKS_H

#include "auth.h"
#include "resolver.h"
#include "spf.h"

struct mw_checks; /* of all messages, any number of threads */
/* 0 or negative, with err filled. conf is borrowed. */
int mw_checks_open(const struct mw_host *, const struct mw_auth_conf *, struct mw_checks **ret, struct mw_err *);
void mw_checks_close(struct mw_checks **); /* accepts NULL, sets NULL */

/* Begin to ask DNS: when client, HELO and sender are known; when the header is. Return at once. */
void mw_checks_want_client(const struct mw_checks *, const struct mw_auth_mail *, const struct mw_resolver *);
void mw_checks_want_header(const struct mw_checks *, const struct mw_auth_mail *, const struct mw_resolver *);
enum mw_checked { MW_CHECKED_MAILFROM, MW_CHECKED_HELO, MW_CHECKED_DKIM, MW_CHECKED_ARC, MW_CHECKED_DMARC };
/* Told when a check is done, and its results are in. */
struct mw_checks_watch {
	void *ctx;
	void (*done)(void *ctx, enum mw_checked, const struct mw_auth *);
	const struct mw_spf_steps *spf; /* told of each term; NULL = nobody is */
};
/* Fills all of *a but `skipped` and `unknown_client`, which it reads. watch: NULL, for nobody who looks on. */
void mw_checks_run(const struct mw_checks *, const struct mw_auth_mail *, const struct mw_resolver *, struct mw_auth *a,
		   const struct mw_checks_watch *watch);

#endif
