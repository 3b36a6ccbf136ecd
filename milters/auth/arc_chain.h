/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arc_chain: the fields of an ARC chain, sorted into sets, and what must hold of them before any signature is looked at (RFC 8617 5.2).
 * Pure; memory is the message's.
 */
#ifndef MW_AUTH_ARC_CHAIN_H
#define MW_AUTH_ARC_CHAIN_H

#include "sigfield.h"

#define MW_ARC_RESULTS "ARC-Authentication-Results"
#define MW_ARC_MESSAGE "ARC-Message-Signature"
#define MW_ARC_SEAL "ARC-Seal"

struct mw_arc_set {
	const struct mw_field *results, *message, *seal;
	struct mw_sigfield ams, as;
};

struct mw_arc_chain {
	unsigned n;		/* highest instance; 0 = there is no chain */
	unsigned room;		/* for so many sets there are fields */
	struct mw_arc_set *set; /* [i - 1]; n of them */
	bool whole;		/* the structure holds, and the newest seal does not say that the chain was broken */
	const char *why;	/* not whole: a fixed text */
};

/* 0, or -ENOMEM. */
int mw_arc_chain_read(const struct mw_auth_mail *, struct mw_arc_chain *ret);
/* The hash that the seal of an instance signs: all sets up to its own; of a chain that failed its own alone (RFC 8617 5.1.2). own: its
 * three fields, in place of what the chain has there; NULL = as they are. */
int mw_arc_seal_hash(const struct mw_arc_chain *, unsigned instance, const struct mw_arc_set *own, bool alone,
		     unsigned char hash[32]);

#endif
