/* SPDX-License-Identifier: Apache-2.0 */
/* words2047: encoded words (RFC 2047), to look for ASCII in a display name. Pure, for octets from outside. */
#ifndef MW_AUTH_WORDS2047_H
#define MW_AUTH_WORDS2047_H

#include <milward/plugin.h>

/* The value with its encoded words as octets, whatever their charset, and without the blanks between two of them. Writes at most room
 * octets, not terminated, and returns how many: never more than the value has. */
size_t mw_words2047_decode(struct mw_str value, char *to, size_t room);

#endif
