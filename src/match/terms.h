/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms: all lists of terms of a rule set as one tree of words, looked up by hash: one look at each word of the text, whatever
 * the number of terms. Immutable once built.
 */
#ifndef MW_MATCH_TERMS_H
#define MW_MATCH_TERMS_H

#include "base/arena.h"
#include "base/str.h"

/* Longer terms are refused. Bounds the work for each word of a text. */
#define MW_TERM_WORDS 16

struct mw_terms;

/* Room for at most `words` words of all terms together (mw_terms_count); lives in the arena. NULL: no memory. */
struct mw_terms *mw_terms_new(struct mw_arena *, size_t words);
/* Words of a folded term; 0: not a term that can be found (no word in it, a word or the whole too long, signs in a row). */
size_t mw_terms_count(struct mw_str term);
/* Adds a folded term. whole_word: the last word ends where the text's does; else the text's may go on. 0 or -ENOMEM. */
int mw_terms_add(struct mw_terms *, struct mw_arena *, struct mw_str term, uint32_t rule, bool whole_word);

/* Called for every term found, in order of the words that end them; the longest of one start comes last. 0, or stops the scan. */
typedef int (*mw_term_hit)(void *ctx, uint32_t rule, size_t start, size_t end);
int mw_terms_scan(const struct mw_terms *, struct mw_str text, mw_term_hit, void *ctx);

#endif
