/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate: a bound on how many messages are judged at the same time, and on the memory that they take. libmilter starts a thread for
 * every callback that blocks, without a bound, so the bound is here. Those who wait are served in the order of their coming.
 */
#ifndef MW_HOST_GATE_H
#define MW_HOST_GATE_H

#include <stdint.h>

struct mw_gate;

/* limit: callers inside; memory: octets of all of them together. NULL = no memory. Caller frees when nobody is inside. */
struct mw_gate *mw_gate_new(unsigned limit, uint64_t memory);
void mw_gate_free(struct mw_gate **);
/* Waits for a place, at most `patience` milliseconds. need: octets that the caller will take; who needs more than there is goes in
 * alone. 0: inside, mw_gate_leave() with the same need must follow; -ETIMEDOUT; -EAGAIN: no system resources to wait with. */
int mw_gate_enter(struct mw_gate *, uint64_t need, int64_t patience);
void mw_gate_leave(struct mw_gate *, uint64_t need);
/* For who is inside and needs more than it said: waits for it, before anybody who wants to go in. Do all who are inside wait, the first of
 * them goes on: alone, until it leaves, as who needs more than there is. 0: leave with so much more; -ETIMEDOUT, -EAGAIN. */
int mw_gate_more(struct mw_gate *, uint64_t more, int64_t patience);

struct mw_gate_counts {
	uint64_t inside, waiting; /* now */
	uint64_t peak;		  /* most that ever waited */
	uint64_t waited;	  /* how many had to */
};
struct mw_gate_counts mw_gate_counts(struct mw_gate *);

#endif
