/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap: how a crate's key K is locked twice. AES-256-GCM each time:
 *     inner = K under HKDF-SHA256(SECRET, salt = id, "milward pickup key")
 *     outer = inner under HKDF-SHA256(server key N, salt = id, "milward pickup wrap"), with id and N as associated data
 * and the secret itself, until the notice is out, under HKDF-SHA256(server key N, salt = id, "milward pickup pending"). What is kept beside
 * is a check value, HKDF-SHA256(SECRET, salt = id, "milward pickup check"): it tells a link's secret from another one when K is gone.
 * A link without the server, or disk and server keys without the link, opens nothing. Re-wrapping needs no link.
 */
#ifndef MW_PICKUP_WRAP_H
#define MW_PICKUP_WRAP_H

#include "pickup/keys.h"
#include "pickup/link.h"

#define MW_PICKUP_WRAPPED 76u /* nonce, K, two tags */
#define MW_PICKUP_PENDING 48u /* nonce, secret, tag */
#define MW_PICKUP_CHECK 16u

/* What the store keeps of a message's secrets. Safe to pass between processes. */
struct mw_pickup_lock {
	unsigned char id[MW_PICKUP_ID];
	unsigned char check[MW_PICKUP_CHECK];
	unsigned char wrapped[MW_PICKUP_WRAPPED];
	unsigned char pending[MW_PICKUP_PENDING];
	uint32_t number; /* of the server key of both */
};

/* A new id, secret and K under the newest server key. The caller wipes secret and key. */
int mw_pickup_lock_new(struct mw_pickup_keys *, struct mw_pickup_lock *, unsigned char secret[MW_PICKUP_SECRET],
		       unsigned char key[MW_PICKUP_KEY], struct mw_err *);
/* The secret again, from pending: for the same notice once more. -EBADMSG: not under this key; -ENOKEY. */
int mw_pickup_lock_pending(struct mw_pickup_keys *, const struct mw_pickup_lock *, unsigned char secret[MW_PICKUP_SECRET],
			   struct mw_err *);
/* Constant time. */
bool mw_pickup_lock_fits(const struct mw_pickup_lock *, const unsigned char secret[MW_PICKUP_SECRET]);
/* -EACCES: not this link's secret; -EBADMSG: damaged; -ENOKEY. */
int mw_pickup_lock_open(struct mw_pickup_keys *, const struct mw_pickup_lock *, const unsigned char secret[MW_PICKUP_SECRET],
			unsigned char key[MW_PICKUP_KEY], struct mw_err *);
/* Outer wraps of wrapped, and of pending when has_pending, by the newest server key. 1 changed; 0 it is the newest. */
int mw_pickup_lock_renew(struct mw_pickup_keys *, struct mw_pickup_lock *, bool has_pending, struct mw_err *);

/* HKDF-SHA256 of milward's portal: out is n octets of key material for one purpose. */
int mw_pickup_derive(const unsigned char *secret, size_t secret_n, const unsigned char *salt, size_t salt_n, const char *purpose,
		     unsigned char *out, size_t n);

#endif
