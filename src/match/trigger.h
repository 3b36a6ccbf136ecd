/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trigger: what a text must hold, octet by octet, wherever a pattern matches: a short row of sets of octets, and how far behind
 * the start of the match it stands. Where no trigger of a pattern is, the pattern need not be tried. Made from the pattern's tree
 * alone.
 */
#ifndef MW_MATCH_TRIGGER_H
#define MW_MATCH_TRIGGER_H

#include "match/syntax.h"

#define MW_TRIGGER_SETS 8   /* of one trigger */
#define MW_TRIGGER_FAR 200  /* a trigger stands at most so many octets behind the start of the match */
#define MW_TRIGGER_EDGE 255 /* stands for the octet before and behind the text; it is in no text, which is valid UTF-8 */

struct mw_trigger {
	uint32_t list; /* that it belongs to */
	bool seldom;   /* of patterns that are seldom looked for */
	uint8_t n;
	int16_t min, max; /* from the start of the match to the trigger; -1: it begins with the octet before the match */
	struct mw_octets set[MW_TRIGGER_SETS];
	struct mw_octets between; /* what may stand between the two */
};

/* Lists of triggers: patterns that begin alike have one in common. */
struct mw_triggers {
	struct mw_trigger *v; /* those of a list beside each other, in the order of lists */
	size_t n, cap;
	uint32_t lists;
	uint8_t *far; /* for each list: how far behind the start of a match its triggers are, at most; once they are all there */
};

/* Appends the triggers of a pattern: wherever it matches, at least one of them stands. 1: they are those of *list; 0: it has none
 * that are rare enough to be of use; -ENOMEM. seldom: the pattern is looked for in few texts. */
int mw_triggers_add(struct mw_triggers *, struct mw_arena *, const struct mw_syntax *, bool seldom, uint32_t *list);
/* How many of an ordinary text's octets begin such a row, at a guess. */
double mw_trigger_share(const struct mw_octets *set, size_t n);

#endif
