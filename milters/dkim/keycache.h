/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keycache: libopendkim decodes the PEM text of the private key for every signature, which costs more than the signature itself
 * (OpenSSL 3.0: 0.4 ms, and a global lock). This file defines PEM_read_bio_PrivateKey() in front of libcrypto's: while a thread
 * has lent a key, the PEM text of that key is answered with a reference of the key that open() has decoded. Anything else goes to
 * libcrypto.
 *
 * The definition is found first when the module is a loaded file and the main program does not link libcrypto itself, and always
 * when the module is linked in. Where it is not, `taken` stays 0, signatures are as good, and only slower: the signer tests it.
 */
#ifndef MW_DKIM_KEYCACHE_H
#define MW_DKIM_KEYCACHE_H

#include <openssl/evp.h>

struct mw_dkim_loan {
	EVP_PKEY *key;
	const char *pem; /* the text that is answered with key */
	size_t pem_n;
	unsigned taken; /* how many references were given */
};

/* For this thread, until the next call; NULL ends. */
void mw_dkim_loan_set(struct mw_dkim_loan *);

#endif
