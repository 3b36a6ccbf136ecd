/* SPDX-License-Identifier: Apache-2.0 */
/* keys: private keys of a site with their certificates, read once by unlock(). */
#ifndef SEAL_SMIME_KEYS_H
#define SEAL_SMIME_KEYS_H

#include "conf.h"
#include "names.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct key {
	EVP_PKEY *pkey;
	X509 *cert;
	STACK_OF(X509) * issuers; /* the other certificates of the file */
	char *address;		  /* of a signer: the file's name; NULL of others */
};

struct keys {
	size_t n;
	struct key *v;
};

/* The files of a folder, each a private key and its certificate in PEM. signers: the name of each is an address, maybe with .pem behind.
 * 0, or negative with err filled. Keys that others can read are refused. */
int keys_read(const struct mw_host *, const char *what, const char *path, bool signers, struct keys *, struct mw_err *);
/* One key, and the file that has its certificate. */
int keys_read_one(const struct mw_host *, const char *what, const char *key, const char *certificate, struct keys *,
		  struct mw_err *);
void keys_free(struct keys *);
/* The signer for an address; NULL: none. */
const struct key *keys_find(const struct keys *, const char *address);

#endif
