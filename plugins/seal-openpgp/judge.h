/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: may a key be used for an address now, and if not, why. What the key itself says is checked by RNP, at the time that is given and
 * not at that of the clock; what RNP takes lightly is checked here: strength, revocations, critical extensions.
 */
#ifndef OPENPGP_JUDGE_H
#define OPENPGP_JUDGE_H

#include "cert.h"

#include <rnp/rnp.h>

#define PGP_WHY 240 /* octets of a cause, with its end */

/* A key in RNP's hands. */
struct pgp_use {
	rnp_ffi_t ffi;
	rnp_key_handle_t primary;
	rnp_key_handle_t key; /* to encrypt to */
	bool ocb;
	int64_t until; /* when the key or its subkey expires; INT64_MAX = never */
};

/* address (lower case): NULL = whatever its user ids say, since the site has said so. 1: *use is the caller's to drop; 0: why is filled, for
 * a person: "its OpenPGP key 0x… expired 2026-01-02"; -ENOMEM. use: NULL = only to know. */
int pgp_judge(const struct pgp_cert *, const char *address, int64_t now, struct pgp_use *use, char why[PGP_WHY]);
void pgp_use_drop(struct pgp_use *);

/* Gives a key to RNP. 0; -EBADMSG: RNP cannot read it; -ENOMEM. */
int pgp_load(rnp_ffi_t ffi, const struct pgp_cert *, rnp_key_handle_t *primary);
/* An RNP with nothing in it, at this time. 0, -ENOMEM */
int pgp_rnp_new(int64_t now, rnp_ffi_t *ret);
/* One of the keys and subkeys that it has; the caller's to destroy. NULL: it has none with this fingerprint. */
rnp_key_handle_t pgp_locate(rnp_ffi_t ffi, const uint8_t fpr[PGP_FPR]);
/* Is this user id of the key, loaded as primary, signed by the key, in force and not revoked? */
bool pgp_uid_valid(rnp_key_handle_t primary, const struct pgp_cert *, const struct pgp_uid *);
/* false: cannot be told. */
bool pgp_handle_fpr(rnp_key_handle_t, uint8_t fpr[PGP_FPR]);
/* 2026-01-02 */
#define PGP_DATE 16
void pgp_date(int64_t t, char to[PGP_DATE]);

#endif
