/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor: the process that the service manager knows. It forks the worker that runs libmilter, because libmilter keeps HUP,
 * TERM and INT for itself and would stop at once, and because a crash of the worker must not end the service.
 *
 * The two talk over a pair of sockets, a packet a word. That carries what a signal cannot: whether a start or a reload succeeded,
 * and, by its end, that the other one is gone.
 *   to the worker     MW_DO_…   one octet
 *   from the worker   MW_IS_READY …    one octet, then text for the service manager's status line
 */
#ifndef MW_HOST_SUPERVISOR_H
#define MW_HOST_SUPERVISOR_H

#include "host/count.h"
#include "host/options.h"

enum mw_to_worker { MW_DO_RELOAD = 'r', MW_DO_COUNTS = 'c', MW_DO_DRAIN = 'd', MW_DO_ANSWER = 'a' };
/* READY: with the policy on disk; KEEPS_OLD: a reload failed; ALIVE: it was asked for an answer; SAYS_WHY: it does not start */
enum mw_from_worker { MW_IS_READY = 'R', MW_KEEPS_OLD = 'K', MW_IS_ALIVE = 'A', MW_SAYS_WHY = 'W' };

/* What runs in the child; control is its end of the pair. The result is its exit status. */
typedef int mw_work(const struct mw_options *, struct mw_counts *, int control);

/* Returns the exit status of the service. Its counters are a struct mw_counts, which it tells who asks. ready_fd: gets one octet, MW_EXIT_OK, when the first worker is ready, and is closed;
 * -1 = nobody waits. */
int mw_supervise(const struct mw_options *, struct mw_status *, mw_work *, int ready_fd);
/* Pause before the next worker, in milliseconds, after so many that died young. */
int64_t mw_supervise_pause(unsigned failures);

#endif
