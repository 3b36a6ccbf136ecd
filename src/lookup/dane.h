/* SPDX-License-Identifier: Apache-2.0 */
/* dane: asks DNS all that judge.h wants to know about a destination. */
#ifndef MW_LOOKUP_DANE_H
#define MW_LOOKUP_DANE_H

#include "base/buf.h"
#include "lookup/judge.h"

struct mw_dane_query;

/* The finding is gone when this returns; so is the query. */
typedef void mw_dane_done(void *ctx, const struct mw_dane_finding *);

/* dest is no address. Calls done exactly once from the loop, never before it returns, unless the query is cancelled. -ENOMEM, -EBUSY. */
int mw_dane_ask(struct mw_dns *, const struct mw_dest *, mw_dane_done *done, void *ctx, struct mw_dane_query **ret,
		struct mw_err *);
void mw_dane_cancel(struct mw_dane_query *); /* accepts NULL */

/* A finding as octets for a cache, without its time. */
void mw_dane_pack(const struct mw_dane_finding *, struct mw_buf *);
/* And back: what it has points into packed and into names. false: it is none. */
bool mw_dane_unpack(const char *packed, size_t n, const char *names[MW_MX_MAX], struct mw_dane_finding *ret);

#endif
