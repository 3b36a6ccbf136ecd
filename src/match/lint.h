/* SPDX-License-Identifier: Apache-2.0 */
/* lint: patterns that some text can make slow: by their shape, and by running each on texts that are made to hurt it. */
#ifndef MW_MATCH_LINT_H
#define MW_MATCH_LINT_H

#include "match/rule.h"

/* Told of each piece of a pattern, that of the rule or one of its exceptions, which the rule then has in its place: octets [offset, offset + length) of it, what is wrong, and what to do. */
typedef void (*mw_lint_report)(void *ctx, const struct mw_rule *, size_t offset, size_t length, const char *text,
			       const char *hint);
/* A rule whose patterns compile. Pieces that are not understood are left out. Takes some milliseconds, and up to a second for a
 * pattern that is slow. 0 or -ENOMEM. */
int mw_lint(const struct mw_rule *, mw_lint_report, void *ctx);

#endif
