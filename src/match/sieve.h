/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sieve: finds triggers in a text, all of them in one walk. Eight table look-ups turn an octet of the text away, whatever the
 * number of triggers up to some hundreds; beyond that it slows down in proportion. Immutable once built.
 */
#ifndef MW_MATCH_SIEVE_H
#define MW_MATCH_SIEVE_H

#include "match/trigger.h"

struct mw_sieve;

/* Triggers are borrowed; the rest lives in the arena. NULL: no memory. */
struct mw_sieve *mw_sieve_new(struct mw_arena *, const struct mw_triggers *);

/* The lists of triggers that one thread looks for. NULL: no memory. */
struct mw_pick;

struct mw_pick *mw_pick_new(const struct mw_sieve *);
void mw_pick_free(struct mw_pick **);
void mw_pick_clear(struct mw_pick *, const struct mw_sieve *);
void mw_pick_add(struct mw_pick *, const struct mw_sieve *, uint32_t list);

/* A trigger begins at octet `at`. false: stop. */
typedef bool (*mw_sieve_hit)(void *ctx, uint32_t trigger, size_t at);
/* Looks for the triggers of these lists, and may be for some of others, in the first n octets of p, behind which MW_TRIGGER_SETS
 * more can be read. Hits are told in no particular order. false: stopped. */
bool mw_sieve_look(const struct mw_sieve *, const struct mw_pick *, const char *p, size_t n, mw_sieve_hit, void *ctx);

#endif
