/* SPDX-License-Identifier: Apache-2.0 */
#include "sigcheck.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

EVP_PKEY *mw_sigcheck_key(const struct mw_sigkey *key)
{
	const unsigned char *p = key->octets;
	EVP_PKEY *pkey;

	pkey = key->ed25519 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->octets, key->n)
			    : d2i_PUBKEY(NULL, &p, (long)key->n);
	if (pkey && !key->ed25519 && EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	ERR_clear_error();
	return pkey;
}

/* RFC 8463: Ed25519 signs the hash as if it were the message. */
static int fits_ed25519(EVP_PKEY *pkey, const struct mw_sigfield *f, const unsigned char hash[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	int r = md ? EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) : -1;

	if (r == 1)
		r = EVP_DigestVerify(md, f->b, f->b_n, hash, 32);
	EVP_MD_CTX_free(md);
	return r;
}

static int fits_rsa(EVP_PKEY *pkey, const struct mw_sigfield *f, const unsigned char hash[32])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	int r = -1;

	if (ctx && EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
		r = EVP_PKEY_verify(ctx, f->b, f->b_n, hash, 32);
	EVP_PKEY_CTX_free(ctx);
	return r;
}

enum mw_auth_word mw_sigcheck(const struct mw_sigfield *f, EVP_PKEY *pkey, const unsigned char hash[32], unsigned minimum_bits,
			      const char **why)
{
	enum mw_auth_word word = MW_AUTH_PERMERROR;
	bool ed25519 = pkey && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519;

	if (f->algorithm == MW_SIGALG_RSA_SHA1)
		*why = "rsa-sha1 proves nothing any more (RFC 8301)";
	else if (!pkey)
		*why = "the key cannot be decoded";
	else if (ed25519 != (f->algorithm == MW_SIGALG_ED25519))
		*why = "the key is not of the kind that the signature names";
	else if (!ed25519 && (unsigned)EVP_PKEY_get_bits(pkey) < minimum_bits)
		*why = "the key has too few bits";
	else if ((ed25519 ? fits_ed25519(pkey, f, hash) : fits_rsa(pkey, f, hash)) == 1)
		word = MW_AUTH_PASS;
	else {
		word = MW_AUTH_FAIL;
		*why = "the signature does not fit";
	}
	ERR_clear_error();
	return word;
}
