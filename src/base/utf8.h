/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: whether octets are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef MW_BASE_UTF8_H
#define MW_BASE_UTF8_H

#include <stddef.h>

/* Octets of the character that p begins with, 1 to 4; 0: none begins there. */
size_t mw_utf8_step(const char *p, size_t n);

#endif
