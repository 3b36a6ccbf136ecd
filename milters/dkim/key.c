/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include "file.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* A key with a passphrase must not make OpenSSL ask for it on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *u)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)u;
	return -1;
}

/* What libopendkim gets: one form, whatever the file had. */
static int write_pem(const struct mw_host *host, struct mw_dkim_key *key, struct mw_err *err)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	long n;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1) {
		n = BIO_get_mem_data(bio, &text);
		key->pem = n > 0 ? malloc((size_t)n + 1) : NULL;
		if (key->pem) {
			memcpy(key->pem, text, (size_t)n);
			key->pem[n] = '\0';
			key->pem_n = (size_t)n;
		}
	}
	BIO_free(bio);
	ERR_clear_error();
	return key->pem ? 0 : host->fail(err, -ENOMEM, "no memory");
}

/* Takes pkey over. */
static int finish(const struct mw_host *host, const char *what, const char *where, EVP_PKEY *pkey, struct mw_dkim_key *ret,
		  struct mw_err *err)
{
	struct mw_dkim_key key = {.pkey = pkey};
	int id = EVP_PKEY_get_base_id(pkey), r = 0;

	key.ed25519 = id == EVP_PKEY_ED25519;
	key.bits = EVP_PKEY_get_bits(pkey);
	if (id != EVP_PKEY_RSA && !key.ed25519)
		r = host->fail(err, -EINVAL, "%s %s is neither RSA nor Ed25519", what, where);
	else if (!key.ed25519 && key.bits < MW_DKIM_RSA_MIN)
		r = host->fail(err, -EINVAL, "%s %s has %d bits: RSA keys under %d are refused (RFC 8301)", what, where, key.bits,
			       MW_DKIM_RSA_MIN);
	if (r == 0)
		r = write_pem(host, &key, err);
	if (r < 0) {
		mw_dkim_key_free(&key);
		return r;
	}
	*ret = key;
	return 0;
}

int mw_dkim_key_load(const struct mw_host *host, const char *what, const char *path, struct mw_dkim_key *ret, struct mw_err *err)
{
	EVP_PKEY *pkey = NULL;
	char *text;
	size_t n;
	BIO *bio;
	int r;

	r = mw_dkim_file_read_private(host, what, path, MW_DKIM_KEY_MAX, &text, &n, err);
	if (r < 0)
		return r;
	bio = BIO_new_mem_buf(text, (int)n);
	if (bio)
		pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	explicit_bzero(text, n);
	free(text);
	if (!pkey)
		return host->fail(err, -EINVAL, "%s %s holds no private key in PEM form that opens without a passphrase", what,
				  path);
	return finish(host, what, path, pkey, ret, err);
}

int mw_dkim_key_parse(const struct mw_host *host, const char *what, const char *base64, struct mw_dkim_key *ret,
		      struct mw_err *err)
{
	size_t n = strlen(base64);
	EVP_PKEY *pkey = NULL;
	unsigned char *der;
	int length = -1;

	if (n > MW_DKIM_KEY_MAX || n > INT_MAX)
		return host->fail(err, -EFBIG, "%s: the key is longer than %u octets", what, MW_DKIM_KEY_MAX);
	der = malloc(n + 1);
	if (!der)
		return host->fail(err, -ENOMEM, "no memory");
	if (n % 4 == 0)
		length = EVP_DecodeBlock(der, (const unsigned char *)base64, (int)n);
	if (length > 0) {
		const unsigned char *p = der;

		/* EVP_DecodeBlock() counts the padding; DER says itself how long it is. */
		pkey = d2i_AutoPrivateKey(NULL, &p, length);
	}
	explicit_bzero(der, n);
	free(der);
	ERR_clear_error();
	if (!pkey)
		return host->fail(err, -EINVAL, "%s: the key is neither a path (begin it with / or ./) nor DER in base64", what);
	return finish(host, what, "in the table", pkey, ret, err);
}

void mw_dkim_key_free(struct mw_dkim_key *key)
{
	EVP_PKEY_free(key->pkey);
	if (key->pem)
		explicit_bzero(key->pem, key->pem_n);
	free(key->pem);
	*key = (struct mw_dkim_key){0};
}
