/* SPDX-License-Identifier: Apache-2.0 */
/* zones: what its files share. Private to zones*.c. */
#ifndef MW_MATCH_ZONES_PRIVATE_H
#define MW_MATCH_ZONES_PRIVATE_H

#include "match/zones.h"

/* Longer lines are looked at up to here. */
#define MW_ZONE_LINE 400u

/* zones_quote.c: does text that is not the sender's begin at this line? */
enum mw_quote {
	MW_QUOTE_NONE = 0,
	MW_QUOTE_LINE,	/* `>`: this line alone */
	MW_QUOTE_BELOW, /* an introduction: if `>` follows, it ends with those; else all below is quoted */
	MW_QUOTE_IF,	/* an introduction only when `>` follows */
};
/* *next: the next line; *behind: where the introduction ends. */
enum mw_quote mw_quote_at(struct mw_str text, size_t at, size_t *next, size_t *behind);
/* Has the line `>` in front of it? mw_quote_at() says LINE then. */
bool mw_quote_is_marked(struct mw_str line);

/* Does a line with `>` in front of it hold an introduction, as Apple's mailers quote it? */
bool mw_quote_introduces(struct mw_str text, size_t at);

/* zones_end.c: where the signature and the disclaimer of new text begin, text.n when there is none: new text, signature,
 * disclaimer, in this order. */
void mw_end_of(struct mw_str text, size_t *signature, size_t *disclaimer);
/* How much of the beginning of a text is a warning that a gateway has put there. */
size_t mw_banner_of(struct mw_str text);

#endif
