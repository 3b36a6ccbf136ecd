/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suggest: texts that are nearly a sample of a rule: with a sign more or another one, without a word, with the words in another
 * order, with a word of context in front. One of them may be the sample that a mutant asks for.
 */
#ifndef MW_CTL_SUGGEST_H
#define MW_CTL_SUGGEST_H

#include "base/arena.h"
#include "match/rule.h"

#define SUGGEST_TEXT 160u /* octets of a sample that is varied */

struct suggest {
	struct mw_sample *v;
	size_t n, cap;
};

/* Appends the variations of one text, the plainest first. Nothing for a text that is too long. 0 or -ENOMEM. */
int suggest_vary(struct suggest *, struct mw_arena *, const struct mw_rule *, struct mw_str text);

#endif
