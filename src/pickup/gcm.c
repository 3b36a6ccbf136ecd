/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/gcm.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct mw_gcm {
	EVP_CIPHER_CTX *ctx;
};

/* Looked for once: that takes longer than a key's schedule. NULL: no memory. */
static const EVP_CIPHER *cipher(void)
{
	static _Atomic(EVP_CIPHER *) found;
	EVP_CIPHER *c = atomic_load(&found), *none = NULL;

	if (c)
		return c;
	c = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!c || atomic_compare_exchange_strong(&found, &none, c))
		return c;
	EVP_CIPHER_free(c); /* another thread was first */
	return none;
}

struct mw_gcm *mw_gcm_new(const unsigned char key[MW_GCM_KEY])
{
	struct mw_gcm *g = calloc(1, sizeof(*g));
	const EVP_CIPHER *aes = cipher();

	if (!g)
		return NULL;
	g->ctx = aes ? EVP_CIPHER_CTX_new() : NULL;
	if (!g->ctx || EVP_CipherInit_ex2(g->ctx, aes, key, NULL, 1, NULL) != 1)
		mw_gcm_free(&g);
	return g;
}

void mw_gcm_free(struct mw_gcm **gp)
{
	struct mw_gcm *g = *gp;

	*gp = NULL;
	if (!g)
		return;
	EVP_CIPHER_CTX_free(g->ctx); /* wipes the key's schedule */
	free(g);
}

static bool begin(struct mw_gcm *g, int seal, const unsigned char *nonce, const void *data, size_t data_n)
{
	int n;

	return data_n <= INT_MAX && EVP_CipherInit_ex2(g->ctx, NULL, NULL, nonce, seal, NULL) == 1 &&
	       (data_n == 0 || EVP_CipherUpdate(g->ctx, NULL, &n, data, (int)data_n) == 1);
}

int mw_gcm_seal_piece(struct mw_gcm *g, const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n, const void *p,
		      size_t n, unsigned char *out)
{
	int got = 0, last = 0;

	if (n > INT_MAX || !begin(g, 1, nonce, data, data_n) || (n && EVP_CipherUpdate(g->ctx, out, &got, p, (int)n) != 1) ||
	    EVP_CipherFinal_ex(g->ctx, out + got, &last) != 1 || (size_t)got + (size_t)last != n ||
	    EVP_CIPHER_CTX_ctrl(g->ctx, EVP_CTRL_AEAD_GET_TAG, MW_GCM_TAG, out + n) != 1)
		return -EIO;
	return 0;
}

int mw_gcm_open_piece(struct mw_gcm *g, const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n, const void *p,
		      size_t n, unsigned char *out)
{
	unsigned char tag[MW_GCM_TAG];
	size_t plain;
	int got = 0, last = 0;

	if (n < MW_GCM_TAG || n > INT_MAX)
		return -EBADMSG;
	plain = n - MW_GCM_TAG;
	for (size_t i = 0; i < MW_GCM_TAG; i++)
		tag[i] = ((const unsigned char *)p)[plain + i];
	if (!begin(g, 0, nonce, data, data_n) || (plain && EVP_CipherUpdate(g->ctx, out, &got, p, (int)plain) != 1) ||
	    (size_t)got != plain || EVP_CIPHER_CTX_ctrl(g->ctx, EVP_CTRL_AEAD_SET_TAG, MW_GCM_TAG, tag) != 1) {
		OPENSSL_cleanse(out, plain);
		return -EIO;
	}
	if (EVP_CipherFinal_ex(g->ctx, out + got, &last) != 1) {
		OPENSSL_cleanse(out, plain);
		return -EBADMSG;
	}
	return 0;
}

int mw_gcm_seal(const unsigned char key[MW_GCM_KEY], const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n,
		const void *p, size_t n, unsigned char *out)
{
	struct mw_gcm *g = mw_gcm_new(key);
	int r = g ? mw_gcm_seal_piece(g, nonce, data, data_n, p, n, out) : -EIO;

	mw_gcm_free(&g);
	return r;
}

int mw_gcm_open(const unsigned char key[MW_GCM_KEY], const unsigned char nonce[MW_GCM_NONCE], const void *data, size_t data_n,
		const void *p, size_t n, unsigned char *out)
{
	struct mw_gcm *g = mw_gcm_new(key);
	int r = g ? mw_gcm_open_piece(g, nonce, data, data_n, p, n, out) : -EIO;

	mw_gcm_free(&g);
	return r;
}
