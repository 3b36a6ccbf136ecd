/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/wrap.h"

#include "pickup/gcm.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <string.h>

#define FOR_KEY "milward pickup key"
#define FOR_WRAP "milward pickup wrap"
#define FOR_PENDING "milward pickup pending"
#define FOR_CHECK "milward pickup check"
#define INNER (MW_PICKUP_KEY + MW_GCM_TAG)
#define OUTER_DATA (MW_PICKUP_ID + 4u)

/* Looked for once: that takes longer than what it does. NULL: no memory. */
static EVP_KDF *find_kdf(void)
{
	static _Atomic(EVP_KDF *) found;
	EVP_KDF *kdf = atomic_load(&found), *none = NULL;

	if (kdf)
		return kdf;
	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (!kdf || atomic_compare_exchange_strong(&found, &none, kdf))
		return kdf;
	EVP_KDF_free(kdf); /* another thread was first */
	return none;
}

int mw_pickup_derive(const unsigned char *secret, size_t secret_n, const unsigned char *salt, size_t salt_n, const char *purpose,
		     unsigned char *out, size_t n)
{
	EVP_KDF *kdf = find_kdf();
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, secret_n),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_n),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)purpose, strlen(purpose)),
	    OSSL_PARAM_construct_end(),
	};
	int ok = ctx && EVP_KDF_derive(ctx, out, n, params) > 0;

	EVP_KDF_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

static int derive(const unsigned char *secret, size_t n, const unsigned char id[MW_PICKUP_ID], const char *purpose,
		  unsigned char *out, size_t out_n)
{
	return mw_pickup_derive(secret, n, id, MW_PICKUP_ID, purpose, out, out_n);
}

/* The id and the server key's number: a row's wrap opens in no other row. */
static void outer_data(const struct mw_pickup_lock *l, unsigned char ret[OUTER_DATA])
{
	memcpy(ret, l->id, MW_PICKUP_ID);
	for (unsigned i = 0; i < 4; i++)
		ret[MW_PICKUP_ID + i] = (unsigned char)(l->number >> (8 * i));
}

/* out: nonce, n octets and a tag. */
static int seal_by_server(const unsigned char server[MW_PICKUP_KEY], const struct mw_pickup_lock *l, const char *purpose,
			  const unsigned char *p, size_t n, unsigned char *out)
{
	unsigned char key[MW_PICKUP_KEY], data[OUTER_DATA];
	int r = derive(server, MW_PICKUP_KEY, l->id, purpose, key, sizeof(key));

	outer_data(l, data);
	if (r == 0 && RAND_bytes(out, MW_GCM_NONCE) != 1)
		r = -EIO;
	if (r == 0)
		r = mw_gcm_seal(key, out, data, sizeof(data), p, n, out + MW_GCM_NONCE);
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

static int open_by_server(const unsigned char server[MW_PICKUP_KEY], const struct mw_pickup_lock *l, const char *purpose,
			  const unsigned char *p, unsigned char *out, size_t n)
{
	unsigned char key[MW_PICKUP_KEY], data[OUTER_DATA];
	int r = derive(server, MW_PICKUP_KEY, l->id, purpose, key, sizeof(key));

	outer_data(l, data);
	if (r == 0)
		r = mw_gcm_open(key, p, data, sizeof(data), p + MW_GCM_NONCE, n + MW_GCM_TAG, out);
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

/* The key of the inner wrap is used for nothing else, ever: its nonce may stand still. */
static const unsigned char inner_nonce[MW_GCM_NONCE];

static int fill(struct mw_pickup_lock *l, const unsigned char server[MW_PICKUP_KEY], const unsigned char *secret,
		const unsigned char *key)
{
	unsigned char by_secret[MW_PICKUP_KEY], inner[INNER];
	int r = derive(secret, MW_PICKUP_SECRET, l->id, FOR_KEY, by_secret, sizeof(by_secret));

	if (r == 0)
		r = mw_gcm_seal(by_secret, inner_nonce, l->id, MW_PICKUP_ID, key, MW_PICKUP_KEY, inner);
	if (r == 0)
		r = seal_by_server(server, l, FOR_WRAP, inner, sizeof(inner), l->wrapped);
	if (r == 0)
		r = seal_by_server(server, l, FOR_PENDING, secret, MW_PICKUP_SECRET, l->pending);
	if (r == 0)
		r = derive(secret, MW_PICKUP_SECRET, l->id, FOR_CHECK, l->check, sizeof(l->check));
	OPENSSL_cleanse(by_secret, sizeof(by_secret));
	OPENSSL_cleanse(inner, sizeof(inner));
	return r;
}

int mw_pickup_lock_new(struct mw_pickup_keys *keys, struct mw_pickup_lock *ret, unsigned char secret[MW_PICKUP_SECRET],
		       unsigned char key[MW_PICKUP_KEY], struct mw_err *err)
{
	struct mw_pickup_lock l = {.number = 0};
	unsigned char server[MW_PICKUP_KEY], s[MW_PICKUP_SECRET], k[MW_PICKUP_KEY];
	int r;

	mw_pickup_keys_newest(keys, &l.number, server);
	if (RAND_bytes(l.id, sizeof(l.id)) != 1 || RAND_priv_bytes(s, sizeof(s)) != 1 || RAND_priv_bytes(k, sizeof(k)) != 1)
		r = -EIO;
	else
		r = fill(&l, server, s, k);
	if (r == 0) {
		*ret = l;
		memcpy(secret, s, sizeof(s));
		memcpy(key, k, sizeof(k));
	}
	OPENSSL_cleanse(server, sizeof(server));
	OPENSSL_cleanse(s, sizeof(s));
	OPENSSL_cleanse(k, sizeof(k));
	return r == 0 ? 0 : mw_fail(err, r, "cannot make keys for a message: libcrypto fails");
}

static int damaged(const struct mw_pickup_lock *l, const char *what, int code, struct mw_err *err)
{
	char id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(l->id, id);
	return mw_fail(err, code, "message %s: %s does not open under server key %u", id, what, l->number);
}

int mw_pickup_lock_pending(struct mw_pickup_keys *keys, const struct mw_pickup_lock *l, unsigned char secret[MW_PICKUP_SECRET],
			   struct mw_err *err)
{
	unsigned char server[MW_PICKUP_KEY], s[MW_PICKUP_SECRET];
	int r = mw_pickup_keys_get(keys, l->number, server, err);

	if (r < 0)
		return r;
	r = open_by_server(server, l, FOR_PENDING, l->pending, s, sizeof(s));
	if (r == 0)
		memcpy(secret, s, sizeof(s));
	OPENSSL_cleanse(server, sizeof(server));
	OPENSSL_cleanse(s, sizeof(s));
	return r == 0 ? 0 : damaged(l, "its secret", r, err);
}

bool mw_pickup_lock_fits(const struct mw_pickup_lock *l, const unsigned char secret[MW_PICKUP_SECRET])
{
	unsigned char check[MW_PICKUP_CHECK];

	return derive(secret, MW_PICKUP_SECRET, l->id, FOR_CHECK, check, sizeof(check)) == 0 &&
	       CRYPTO_memcmp(check, l->check, sizeof(check)) == 0;
}

int mw_pickup_lock_open(struct mw_pickup_keys *keys, const struct mw_pickup_lock *l, const unsigned char secret[MW_PICKUP_SECRET],
			unsigned char key[MW_PICKUP_KEY], struct mw_err *err)
{
	unsigned char server[MW_PICKUP_KEY], by_secret[MW_PICKUP_KEY], inner[INNER], k[MW_PICKUP_KEY];
	int r;

	if (!mw_pickup_lock_fits(l, secret))
		return mw_fail(err, -EACCES, "that is not the link of this message");
	r = mw_pickup_keys_get(keys, l->number, server, err);
	if (r < 0)
		return r;
	r = open_by_server(server, l, FOR_WRAP, l->wrapped, inner, sizeof(inner));
	if (r == 0)
		r = derive(secret, MW_PICKUP_SECRET, l->id, FOR_KEY, by_secret, sizeof(by_secret));
	if (r == 0)
		r = mw_gcm_open(by_secret, inner_nonce, l->id, MW_PICKUP_ID, inner, sizeof(inner), k);
	if (r == 0)
		memcpy(key, k, sizeof(k));
	OPENSSL_cleanse(server, sizeof(server));
	OPENSSL_cleanse(by_secret, sizeof(by_secret));
	OPENSSL_cleanse(inner, sizeof(inner));
	OPENSSL_cleanse(k, sizeof(k));
	return r == 0 ? 0 : damaged(l, "its key", r, err);
}

int mw_pickup_lock_renew(struct mw_pickup_keys *keys, struct mw_pickup_lock *l, bool has_pending, struct mw_err *err)
{
	unsigned char old[MW_PICKUP_KEY], fresh[MW_PICKUP_KEY], inner[INNER], secret[MW_PICKUP_SECRET];
	struct mw_pickup_lock renewed = *l;
	int r;

	mw_pickup_keys_newest(keys, &renewed.number, fresh);
	if (renewed.number == l->number) {
		OPENSSL_cleanse(fresh, sizeof(fresh));
		return 0;
	}
	r = mw_pickup_keys_get(keys, l->number, old, err);
	if (r < 0) {
		OPENSSL_cleanse(fresh, sizeof(fresh));
		return r;
	}
	r = open_by_server(old, l, FOR_WRAP, l->wrapped, inner, sizeof(inner));
	if (r == 0)
		r = seal_by_server(fresh, &renewed, FOR_WRAP, inner, sizeof(inner), renewed.wrapped);
	if (r == 0 && has_pending)
		r = open_by_server(old, l, FOR_PENDING, l->pending, secret, sizeof(secret));
	if (r == 0 && has_pending)
		r = seal_by_server(fresh, &renewed, FOR_PENDING, secret, sizeof(secret), renewed.pending);
	OPENSSL_cleanse(old, sizeof(old));
	OPENSSL_cleanse(fresh, sizeof(fresh));
	OPENSSL_cleanse(inner, sizeof(inner));
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r < 0)
		return damaged(l, "its key", r, err);
	*l = renewed;
	return 1;
}
