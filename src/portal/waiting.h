/* SPDX-License-Identifier: Apache-2.0 */
/* waiting: requests that wait for a thread, in the order in which they came. They are linked by themselves, so adding one cannot fail. */
#ifndef MW_PORTAL_WAITING_H
#define MW_PORTAL_WAITING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mw_request;

struct mw_waiting {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct mw_request *first, **last;
	atomic_bool ends; /* changes once; to be read at any time */
};

void mw_waiting_init(struct mw_waiting *);
/* False: they have ended, and the request is the caller's to answer. */
bool mw_waiting_add(struct mw_waiting *, struct mw_request *);
/* Waits for some, and takes as many as there are, up to max, out of the line. 0: they have ended, and none is left. */
size_t mw_waiting_take(struct mw_waiting *, struct mw_request **to, size_t max);
/* None is added from here on; what waits is still to be taken. */
void mw_waiting_end(struct mw_waiting *);
/* When none waits and no thread takes any. */
void mw_waiting_free(struct mw_waiting *);

#endif
