/* SPDX-License-Identifier: Apache-2.0 */
/* count: what happened since the start. Written from all threads, one atomic addition an event; logged on request and at the end. */
#ifndef MW_HOST_COUNT_H
#define MW_HOST_COUNT_H

#include "policy/plan.h"
#include <stdatomic.h>

struct mw_counts {
	_Atomic uint64_t sessions, sessions_refused; /* refused: the MTA lacks what we need */
	_Atomic uint64_t messages, recipients, octets;
	_Atomic uint64_t aborted;     /* the client gave up */
	_Atomic uint64_t busy;	      /* waited too long for its turn */
	_Atomic uint64_t reserved;    /* a client named a tag domain */
	_Atomic uint64_t broken;      /* not judged: no memory, a changed session */
	_Atomic uint64_t edit_failed; /* the MTA went away during the edits */
	_Atomic uint64_t documents, crashed,
	    late; /* that extractors were given; of these, that ended them, that were not read in time */
	_Atomic uint64_t reloads, reload_failures;
	_Atomic uint64_t outcome[MW_REFUSE + 1]; /* by enum mw_effect */
	_Atomic uint64_t observed;		 /* of these, in mode observe */
	_Atomic uint64_t cause[MW_CAUSES];
};

static inline void mw_count(_Atomic uint64_t *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}
static inline void mw_count_add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}
/* Every cause of a message: bit i = MW_CAUSE_i. */
void mw_count_causes(struct mw_counts *, uint64_t causes);

struct mw_daemon;
/* A few lines, event `counts`. */
void mw_counts_log(struct mw_daemon *);

#endif
