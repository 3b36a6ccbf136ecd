/* SPDX-License-Identifier: Apache-2.0 */
/* gcm: AES-256-GCM of small pieces, by libcrypto. The tag stands behind the ciphertext. */
#ifndef MW_PICKUP_GCM_H
#define MW_PICKUP_GCM_H

#include <stddef.h>

#define MW_GCM_KEY 32u
#define MW_GCM_NONCE 12u
#define MW_GCM_TAG 16u

/* out: n + MW_GCM_TAG octets. -EIO: libcrypto fails. */
int mw_gcm_seal(const unsigned char key[MW_GCM_KEY], const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n,
		const void *p, size_t n, unsigned char *out);
/* p: n octets with the tag; out: n - MW_GCM_TAG, wiped when this fails. -EBADMSG: it does not fit; -EIO. */
int mw_gcm_open(const unsigned char key[MW_GCM_KEY], const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n,
		const void *p, size_t n, unsigned char *out);

/* The same for many pieces under one key: its schedule is made once. One thread at a time. */
struct mw_gcm;
struct mw_gcm *mw_gcm_new(const unsigned char key[MW_GCM_KEY]); /* NULL: libcrypto fails */
int mw_gcm_seal_piece(struct mw_gcm *, const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n, const void *p,
		      size_t n, unsigned char *out);
int mw_gcm_open_piece(struct mw_gcm *, const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n, const void *p,
		      size_t n, unsigned char *out);
void mw_gcm_free(struct mw_gcm **); /* accepts NULL; wipes */

#endif
