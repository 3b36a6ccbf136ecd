/* SPDX-License-Identifier: Apache-2.0 */
/* legacy: the one call into OpenSSL's old RSA interface, which libopendkim still uses. Kept apart as it needs deprecated names.
 */
#ifndef MW_DKIM_LEGACY_H
#define MW_DKIM_LEGACY_H

#include <openssl/evp.h>

/* One more reference of the RSA object inside a key, given away for good. */
void mw_dkim_legacy_keep(EVP_PKEY *);

#endif
