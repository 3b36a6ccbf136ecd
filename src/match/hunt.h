/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunt: where the patterns of a rule set match in a text: for each pattern the leftmost match, then the next one behind it.
 * A text is taken in blocks: the sieve says where in the block each pattern may match at all, and PCRE2 looks there, in the whole
 * text. Every place where a pattern matches is among these, so what is found is the same as if PCRE2 had looked everywhere.
 * It knows nothing of checks, context or levels: those are asked match by match (mw_hunt_found).
 */
#ifndef MW_MATCH_HUNT_H
#define MW_MATCH_HUNT_H

#include "match/ruleset.h"
#include "match/window.h"

/* Finds the triggers of all patterns, once they are compiled. 0 or -ENOMEM. */
int mw_hunt_prepare(struct mw_ruleset *);
/* Lets go of the prefilter. */
void mw_hunt_free(struct mw_ruleset *);

struct mw_hunter; /* what one thread needs; bound to the rule set that it was made for */

struct mw_hunter *mw_hunter_new(const struct mw_ruleset *); /* NULL: no memory */
void mw_hunter_free(struct mw_hunter **);

void mw_hunter_cost(struct mw_hunter *, struct mw_cost *); /* as mw_scratch_cost */

/* Told of each match. 1: go on behind it; 0: refused, so go on one octet behind its start; negative: stop. */
typedef int (*mw_hunt_found)(void *ctx, uint32_t rule, size_t start, size_t end);
/* Where in the block matches of a rule are of use: it marks that; false: anywhere. Matches elsewhere may be told or not, so long as
 * every match that is of use is told. */
typedef bool (*mw_hunt_where)(void *ctx, uint32_t rule, struct mw_window *);
struct mw_hunt_calls {
	mw_hunt_where where; /* NULL: anywhere, all rules */
	mw_hunt_found found;
	void *ctx;
};
/* A text, folded, and borrowed until the next one. */
void mw_hunt_begin(const struct mw_ruleset *, struct mw_hunter *, struct mw_str text);
/* Looks for the patterns of some rules in it: run[i] is rule i (those without a pattern are left out anyway). Again for the rules
 * of a later stage, but for each rule once.
 * 0; -EAGAIN: a limit was reached in the rule *limited (the others have gone on); what found() returned; -ENOMEM. */
int mw_hunt(const struct mw_ruleset *, struct mw_hunter *, const bool *run, const struct mw_hunt_calls *, size_t *limited);

#endif
