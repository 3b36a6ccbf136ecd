/* SPDX-License-Identifier: Apache-2.0 */
/* zbase32: octets in the 32 letters of z-base-32, as Web Key Directories name keys. */
#ifndef MW_LOOKUP_ZBASE32_H
#define MW_LOOKUP_ZBASE32_H

#include <stddef.h>

#define MW_ZBASE32_SIZE(n) (((n)*8 + 4) / 5 + 1)

/* ret has MW_ZBASE32_SIZE(n) octets and is terminated. */
void mw_zbase32(const unsigned char *p, size_t n, char *ret);

#endif
