/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dmarc: does the domain of From stand for the message? RFC 7489 with RFC 9091, or RFC 9989, over what SPF and DKIM have found. It passes
 * only for one author; of several the strictest result counts, and without one that everybody reads the same way it is permerror.
 */
#ifndef MW_AUTH_DMARC_H
#define MW_AUTH_DMARC_H

#include "auth.h"
#include "resolver.h"

struct mw_dmarc;

/* What all messages share: the list of public suffixes, as the system has it. 0; -ENOMEM, -EIO. */
int mw_dmarc_open(bool tree_walk, struct mw_dmarc **ret);
void mw_dmarc_close(struct mw_dmarc **); /* accepts NULL, sets NULL */

/* From the end of the header on. */
void mw_dmarc_want(const struct mw_dmarc *, const struct mw_auth_mail *, const struct mw_resolver *);
/* Fills a->dmarc, from a->mailfrom and a->dkim. 0, or -ENOMEM: then it is temperror. */
int mw_dmarc_check(const struct mw_dmarc *, const struct mw_auth_mail *, const struct mw_resolver *, struct mw_auth *a);

#endif
