/* SPDX-License-Identifier: Apache-2.0 */
#include "keycache.h"

#include <milward/plugin.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

static _Thread_local struct mw_dkim_loan *lent;

void mw_dkim_loan_set(struct mw_dkim_loan *loan)
{
	lent = loan;
}

MW_EXPORT EVP_PKEY *PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **x, pem_password_cb *cb, void *u)
{
	char *text = NULL;
	long n = lent ? BIO_get_mem_data(bio, &text) : 0;

	if (n > 0 && !x && (size_t)n == lent->pem_n && memcmp(text, lent->pem, (size_t)n) == 0 && EVP_PKEY_up_ref(lent->key)) {
		lent->taken++;
		return lent->key;
	}
	/* In OpenSSL 3 the plain function is this one with an empty library context. */
	return PEM_read_bio_PrivateKey_ex(bio, x, cb, u, NULL, NULL);
}
