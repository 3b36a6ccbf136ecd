/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "legacy.h"

#include <openssl/rsa.h>

void mw_dkim_legacy_keep(EVP_PKEY *key)
{
	(void)EVP_PKEY_get1_RSA(key);
}
