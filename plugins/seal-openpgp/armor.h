/* SPDX-License-Identifier: Apache-2.0 */
/* armor: octets of a file of keys that is armoured (RFC 4880, 6.2) or binary. Pure. Checksums are not looked at: what
 * comes out is signed by itself. */
#ifndef OPENPGP_ARMOR_H
#define OPENPGP_ARMOR_H

#include <milward/plugin.h>

/* All blocks of keys in a file, one behind the other. *ret is the caller's to wipe and free. 0; -ENOMEM; -EBADMSG: neither. */
int pgp_dearmor(const char *p, size_t n, char **ret, size_t *size);

#endif
