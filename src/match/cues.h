/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cues: the `near` phrases of all rules that find nothing without one. Where a text holds none of a rule's phrases, its pattern
 * need not be run: looking for all phrases once costs less than one pattern. Immutable once built.
 */
#ifndef MW_MATCH_CUES_H
#define MW_MATCH_CUES_H

#include "base/arena.h"
#include "base/str.h"

struct mw_cues;

/* A phrase (folded) of a name, and the rule that it is a cue of. */
struct mw_cue {
	struct mw_str phrase;
	uint32_t rule, name;
};

/* Lives in the arena. NULL: no memory. */
struct mw_cues *mw_cues_new(struct mw_arena *, const struct mw_cue *, size_t n);
/* seen[rule] gets the bits of the names one of whose phrases is in the text. */
void mw_cues_look(const struct mw_cues *, struct mw_str text, uint32_t *seen);

#endif
