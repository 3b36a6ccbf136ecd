/* SPDX-License-Identifier: Apache-2.0 */
/* sigcheck: does a signature of ARC fit a hash and a key? For DKIM libopendkim answers that. */
#ifndef MW_AUTH_SIGCHECK_H
#define MW_AUTH_SIGCHECK_H

#include "sigfield.h"
#include "sigkey.h"

#include <openssl/evp.h>

/* The key itself, to be freed; NULL: it cannot be decoded. */
EVP_PKEY *mw_sigcheck_key(const struct mw_sigkey *);
/* pkey: may be NULL. MW_AUTH_PASS; MW_AUTH_FAIL and MW_AUTH_PERMERROR (the key is of no use) with *why, a fixed text. */
enum mw_auth_word mw_sigcheck(const struct mw_sigfield *, EVP_PKEY *pkey, const unsigned char hash[32], unsigned minimum_bits,
			      const char **why);

#endif
