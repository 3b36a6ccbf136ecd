/* SPDX-License-Identifier: Apache-2.0 */
/* phrase: the words of `near`: ASCII case-insensitive, whole words, one blank for any run of blanks and underscores, and for
 * the bounds of words in names like birthDate. */
#ifndef MW_MATCH_PHRASE_H
#define MW_MATCH_PHRASE_H

#include "base/arena.h"
#include "base/str.h"

/* Normal form of a folded phrase: lower case, single blanks, none at the ends; may be "". false: no memory. */
bool mw_phrase_normal(struct mw_arena *, struct mw_str in, struct mw_str *ret);
/* Octets of text[at, to) that a phrase in normal form takes, 0: it does not stand there. Its end is the end of a word. */
size_t mw_phrase_at(struct mw_str phrase, struct mw_str text, size_t at, size_t to);
/* Of a word: a letter, a digit, or an octet beyond ASCII. */
bool mw_phrase_is_word(char c);
/* Does this offset cut a word? No phrase begins or ends there. Letters beyond ASCII belong to words. */
bool mw_phrase_cut(struct mw_str text, size_t at);

#endif
