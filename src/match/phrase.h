/* SPDX-License-Identifier: Apache-2.0 */
/* phrase: the words of `near`: in any case (ASCII, and the letters of Latin-1), whole words, one blank for any run of blanks and
 * underscores, and for the bounds of words in names like birthDate. */
#ifndef MW_MATCH_PHRASE_H
#define MW_MATCH_PHRASE_H

#include "base/arena.h"
#include "base/str.h"

/* The octet at `at`, of a small letter when it is of a capital one: A to Z, À to Þ. */
static inline char mw_phrase_lower(struct mw_str text, size_t at)
{
	unsigned char c = (unsigned char)text.p[at];

	if (c >= 0x80 && c <= 0x9e && c != 0x97 && at > 0 && (unsigned char)text.p[at - 1] == 0xc3)
		return (char)(c + 0x20);
	return mw_lower(text.p[at]);
}
/* Normal form of a folded phrase: lower case, single blanks, none at the ends; may be "". false: no memory. */
bool mw_phrase_normal(struct mw_arena *, struct mw_str in, struct mw_str *ret);
/* Octets of text[at, to) that a phrase in normal form takes, 0: it does not stand there. Its end is the end of a word. */
size_t mw_phrase_at(struct mw_str phrase, struct mw_str text, size_t at, size_t to);
/* Of a word: a letter, a digit, or an octet beyond ASCII. */
bool mw_phrase_is_word(char c);
/* Does this offset cut a word? No phrase begins or ends there. Letters beyond ASCII belong to words. */
bool mw_phrase_cut(struct mw_str text, size_t at);

#endif
