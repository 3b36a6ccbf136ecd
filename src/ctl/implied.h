/* SPDX-License-Identifier: Apache-2.0 */
/* implied: assertions of a pattern that say nothing which the pattern does not say without them: the `\b` of `[a-z]\b:`. */
#ifndef MW_CTL_IMPLIED_H
#define MW_CTL_IMPLIED_H

#include "match/syntax.h"

/* Does the \b or the lookaround at this octet hold wherever the rest of the pattern gets there, whatever the text is? false: it
 * may not, or nobody knows. tree: mw_syntax_read, NULL is fine. Pure. */
bool implied_assertion(const struct mw_syntax *tree, size_t at);

#endif
