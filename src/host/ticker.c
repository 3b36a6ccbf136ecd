/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ticker.h"

#include "base/clock.h"

#include <errno.h>

int mw_ticker_start(struct mw_ticker *t, void *(*run)(void *ctx), void *ctx)
{
	t->ending = false;
	if (pthread_mutex_init(&t->lock, NULL))
		return -EAGAIN;
	if (mw_clock_cond(&t->changed))
		goto no_cond;
	if (pthread_create(&t->thread, NULL, run, ctx))
		goto no_thread;
	return 0;
no_thread:
	(void)pthread_cond_destroy(&t->changed);
no_cond:
	(void)pthread_mutex_destroy(&t->lock);
	return -EAGAIN;
}

void mw_ticker_stop(struct mw_ticker *t)
{
	(void)pthread_mutex_lock(&t->lock);
	t->ending = true;
	(void)pthread_cond_signal(&t->changed);
	(void)pthread_mutex_unlock(&t->lock);
	(void)pthread_join(t->thread, NULL);
	(void)pthread_cond_destroy(&t->changed);
	(void)pthread_mutex_destroy(&t->lock);
}
