/* SPDX-License-Identifier: Apache-2.0 */
/* window: where in a block of a text matches of a rule are of use: a bit for each few octets. */
#ifndef MW_MATCH_WINDOW_H
#define MW_MATCH_WINDOW_H

#include "match/octets.h"

#define MW_WINDOW_BLOCK 65536u /* octets of a block, at most */
#define MW_WINDOW_UNIT 64u
#define MW_WINDOW_WORDS (MW_WINDOW_BLOCK / MW_WINDOW_UNIT / 64u)

struct mw_window {
	size_t from, to; /* the block */
	size_t before;	 /* from here on, ahead of the block, matches may begin, too; from: they may not */
	uint64_t map[MW_WINDOW_WORDS];
};

static inline void mw_window_begin(struct mw_window *w, size_t from, size_t to)
{
	*w = (struct mw_window){.from = from, .to = to, .before = from};
}

/* Marks octets [first, last] of the text, as far as they are in the block. */
void mw_window_mark(struct mw_window *, size_t first, size_t last);
/* Marks what another one of the same block does. */
void mw_window_join(struct mw_window *, const struct mw_window *);
/* Marks places in front of those that are marked, back to an octet that no match takes: what begins there might end in what is
 * marked, and so decide which match is the next one. Places before `done` have been looked at. */
void mw_window_widen(struct mw_window *, struct mw_str text, const struct mw_octets *taken, size_t done);
/* The next stretch [*from, *to) that is marked, from octet *from of the text on; false: there is none. */
bool mw_window_next(const struct mw_window *, size_t *from, size_t *to);
/* Is so little of it marked that looking there alone pays? */
bool mw_window_is_small(const struct mw_window *);
/* Behind the last octet that is marked; `least` when none is. */
size_t mw_window_end(const struct mw_window *, size_t least);

#endif
