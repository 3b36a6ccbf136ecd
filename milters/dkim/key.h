/* SPDX-License-Identifier: Apache-2.0 */
/* key: private keys, decoded once when a generation opens, dropped with it. */
#ifndef MW_DKIM_KEY_H
#define MW_DKIM_KEY_H

#include <milward/plugin.h>
#include <openssl/evp.h>

#define MW_DKIM_RSA_MIN 1024   /* refused below: RFC 8301 forbids them */
#define MW_DKIM_RSA_WEAK 2048  /* warned of below */
#define MW_DKIM_KEY_MAX 65536u /* octets of a key file */

struct mw_dkim_key {
	EVP_PKEY *pkey;
	bool ed25519;
	int bits;
	char *pem; /* PKCS #8, for libopendkim; terminated */
	size_t pem_n;
};

/* what and path: for errors. From a file, after its permissions were checked; or from the text of a KeyTable, base64 of DER. */
int mw_dkim_key_load(const struct mw_host *, const char *what, const char *path, struct mw_dkim_key *ret, struct mw_err *);
int mw_dkim_key_parse(const struct mw_host *, const char *what, const char *base64, struct mw_dkim_key *ret, struct mw_err *);
/* Wipes. */
void mw_dkim_key_free(struct mw_dkim_key *);

#endif
