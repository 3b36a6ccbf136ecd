/* SPDX-License-Identifier: Apache-2.0 */
/* ring: both tables and every key they name, read and decoded when a generation opens. Immutable afterwards. */
#ifndef MW_DKIM_RING_H
#define MW_DKIM_RING_H

#include "from.h"
#include "key.h"
#include "table.h"

#define MW_DKIM_SIGNATURES_MAX 8 /* on one message */
#define MW_DKIM_SIGNER_MAX 256	 /* libopendkim cuts what is longer */

struct mw_dkim_ring;

/* One signature to be made. */
struct mw_dkim_use {
	const struct mw_dkim_key *key;
	const char *selector;
	const char *domain;		 /* d= */
	char signer[MW_DKIM_SIGNER_MAX]; /* i=, "" = none */
};

/* Option texts as the host gives them. 0, or what was wrong with which file. *weak: an RSA key under MW_DKIM_RSA_WEAK bits, its
 * name for a warning (lives with the ring), NULL when there is none. */
int mw_dkim_ring_open(const struct mw_host *, const char *key_table, const char *signing_table, struct mw_dkim_ring **ret,
		      const char **weak, struct mw_err *);
void mw_dkim_ring_free(struct mw_dkim_ring *);
/* Some key of this kind, to try the library with; NULL when there is none. */
const struct mw_dkim_key *mw_dkim_ring_sample(const struct mw_dkim_ring *, bool ed25519);
/* Calls fn for every key with its domain and selector; stops at the first result that is not 0, and returns it. */
typedef int mw_dkim_each(void *ctx, const char *domain, const char *selector, const struct mw_dkim_key *);
int mw_dkim_ring_each(const struct mw_dkim_ring *, mw_dkim_each *fn, void *ctx);

/* Signatures for this author; domains in *ret point into from and the ring. Returns how many; -ENOKEY: a row of the signing
 * table leads to a key that is not there, -E2BIG: more than max. err names the row. */
int mw_dkim_ring_find(const struct mw_dkim_ring *, const struct mw_host *, const struct mw_dkim_from *, bool multiple,
		      struct mw_dkim_use *ret, size_t max, struct mw_err *);

#endif
