/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticker: a thread of its own beside the work, with the lock and the condition that it shares with those who give it something to
 * do. What it does is its owner's: progress.c and watch.c.
 */
#ifndef MW_HOST_TICKER_H
#define MW_HOST_TICKER_H

#include <pthread.h>
#include <stdbool.h>

struct mw_ticker {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* by the monotonic clock; signalled when there is something new, and at the end */
	pthread_t thread;
	bool ending; /* under the lock: the thread shall return */
};

/* Starts run(ctx). 0; -EAGAIN: no system resources. mw_ticker_stop() must follow success, and no failure. */
int mw_ticker_start(struct mw_ticker *, void *(*run)(void *ctx), void *ctx);
/* Waits until the thread has returned. Not called from it. */
void mw_ticker_stop(struct mw_ticker *);

#endif
