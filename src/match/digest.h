/* SPDX-License-Identifier: Apache-2.0 */
/* digest: a match without its text: SipHash-2-4 of its normal form, keyed for each process. */
#ifndef MW_MATCH_DIGEST_H
#define MW_MATCH_DIGEST_H

#include "base/str.h"

/* SipHash-2-4 of octets, 64 bits; key: 16 octets. */
uint64_t mw_siphash(const unsigned char key[16], struct mw_str);
/* Octet i of the normal form of a match (lower case; blanks and dashes are left out): reads from *at on, -1 at the end. */
int mw_normal_next(struct mw_str match, size_t *at);
/* Have both the same normal form? */
bool mw_normal_same(struct mw_str, struct mw_str);
/* Digest of the normal form. */
uint64_t mw_normal_digest(const unsigned char key[16], struct mw_str match);

#endif
