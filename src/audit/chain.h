/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain: the digest that ties each record to the one before. SHA-256, or HMAC-SHA-256 with a key that the verifier has too.
 * Without a key the chain shows what was changed by somebody who did not recompute it all; with one, or with a checkpoint that
 * left the host, also what was recomputed.
 */
#ifndef MW_AUDIT_CHAIN_H
#define MW_AUDIT_CHAIN_H

#include <milward/plugin.h>

#define MW_AUDIT_HEX 64 /* characters of a digest */
#define MW_AUDIT_KEY_MIN 32
#define MW_AUDIT_KEY_MAX 4096

/* "0000…": stands before the first record. */
extern const char mw_audit_zero[MW_AUDIT_HEX + 1];

struct mw_audit_chain {
	size_t key_n; /* 0 = no key */
	unsigned char key[MW_AUDIT_KEY_MAX];
};

/* path: key file, NULL = none. It must be ours or root's, closed to others, of MW_AUDIT_KEY_MIN octets or more; all of it is the
 * key. 0, or the file's name and what is wrong with it. */
int mw_audit_chain_open(const struct mw_host *, const char *path, struct mw_audit_chain *ret, struct mw_err *);
void mw_audit_chain_wipe(struct mw_audit_chain *);
bool mw_audit_chain_same(const struct mw_audit_chain *, const struct mw_audit_chain *);
/* Lower-case hex. 0 or -ENOMEM. */
int mw_audit_chain_digest(const struct mw_audit_chain *, const void *p, size_t n, char hex[MW_AUDIT_HEX + 1]);

#endif
