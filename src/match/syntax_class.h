/* SPDX-License-Identifier: Apache-2.0 */
/* syntax_class: the sets of characters in a pattern: [a-z], \d, [[:alpha:]], \x41. Part of syntax. */
#ifndef MW_MATCH_SYNTAX_CLASS_H
#define MW_MATCH_SYNTAX_CLASS_H

#include "match/octets.h"

/* loose: the set has ASCII octets that the pattern may not mean. *at stands behind the backslash. false: no set, or not
 * understood. */
bool mw_class_escape(struct mw_str pattern, size_t *at, bool caseless, struct mw_octets *ret, bool *loose);
/* *at stands behind the bracket that opens. */
bool mw_class_read(struct mw_str pattern, size_t *at, bool caseless, struct mw_octets *ret, bool *loose);
struct mw_octets mw_class_both_cases(struct mw_octets);

#endif
