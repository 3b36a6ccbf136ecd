/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sentence: from where to where a sentence goes, for context that must stand in the match's own one (`near … within sentence`). It ends
 * behind a full stop, a question or exclamation mark (with what closes quotes or parentheses behind it) where a blank follows and no small
 * letter: not behind an initial, a title such as Mr., vs., pt., e.g., i.e. or No. 7; at a blank line, before a point of a list, and at the end of a line of fewer than
 * 40 octets, which was not wrapped. Pure; quote marks before
 * a line are blanks.
 */
#ifndef MW_MATCH_SENTENCE_H
#define MW_MATCH_SENTENCE_H

#include "base/str.h"

/* No sentence is looked at further than so many octets from the match. */
#define MW_SENTENCE_MAX 400u

/* The first octet of the sentence that `at` stands in, but not before `least`. least <= at <= text.n. */
size_t mw_sentence_begin(struct mw_str text, size_t at, size_t least);

/* The octet behind its last one, but not behind `most`. at <= most <= text.n. */
size_t mw_sentence_end(struct mw_str text, size_t at, size_t most);

#endif
