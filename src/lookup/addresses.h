/* SPDX-License-Identifier: Apache-2.0 */
/* addresses: where a host is, by mw_dns, and which addresses a look-up on behalf of strangers may connect to. */
#ifndef MW_LOOKUP_ADDRESSES_H
#define MW_LOOKUP_ADDRESSES_H

#include <netinet/in.h>

#include "base/err.h"

#define MW_ADDRESSES_MAX 8

struct mw_dns;
struct mw_addresses_query;

struct mw_addresses {
	size_t n;
	char text[MW_ADDRESSES_MAX][INET6_ADDRSTRLEN]; /* "2001:db8::1", "192.0.2.1"; of each kind at most half of them */
};

enum mw_addresses_end {
	MW_ADDRESSES_FOUND = 0,
	MW_ADDRESSES_NONE,	/* no such host, or it has none */
	MW_ADDRESSES_FORBIDDEN, /* only such as are not public */
	MW_ADDRESSES_FAILED,	/* DNS did not answer, or not in truth: why */
};

/* found: empty but with MW_ADDRESSES_FOUND; why: a line for a person; both valid during the call. The query is gone. */
typedef void mw_addresses_done(void *ctx, enum mw_addresses_end, const struct mw_addresses *found, const char *why);

/* Is the address one of the public Internet? Not this host, a private network, a link, documentation, multicast or what is reserved. */
bool mw_address_public(const struct sockaddr *);
/* Calls done once, never before it returns, unless it fails or is cancelled. */
int mw_addresses_ask(struct mw_dns *, const char *host, bool allow_private, mw_addresses_done *done, void *ctx,
		     struct mw_addresses_query **ret, struct mw_err *);
/* Accepts NULL. */
void mw_addresses_cancel(struct mw_addresses_query *);

#endif
