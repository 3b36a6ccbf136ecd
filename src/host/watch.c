/* SPDX-License-Identifier: Apache-2.0 */
#include "host/watch.h"

#include "base/log.h"
#include "base/clock.h"
#include "host/ticker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_LEAST 100 /* ms between two looks */
#define LOOK_MOST 5000

struct mw_watch {
	struct mw_ticker ticker;
	struct mw_watch_conf conf;
	struct mw_watch_item *first;
};

static void tell(struct mw_watch *w, struct mw_watch_item *i)
{
	const char *module = atomic_load_explicit(&i->busy.module, memory_order_relaxed);
	const char *hook = atomic_load_explicit(&i->busy.hook, memory_order_relaxed);

	i->told = true;
	mw_log(MW_ERROR, *i->queue_id ? i->queue_id : NULL, "stuck", "module=%s hook=%s has not come back for %lld ms",
	       module ? module : "-", hook ? hook : "-", (long long)w->conf.patience);
}

uint64_t mw_watch_look(struct mw_watch *w)
{
	int64_t now = mw_clock_ms();
	uint64_t stuck = 0;

	(void)pthread_mutex_lock(&w->ticker.lock);
	for (struct mw_watch_item *i = w->first; i; i = i->next) {
		int64_t since = atomic_load_explicit(&i->busy.since, memory_order_acquire);

		if (!since || now - since <= w->conf.patience) {
			i->told = false;
			continue;
		}
		if (!i->told)
			tell(w, i);
		stuck++;
	}
	(void)pthread_mutex_unlock(&w->ticker.lock);
	return stuck;
}

static void *look(void *arg)
{
	struct mw_watch *w = arg;
	int64_t pause = w->conf.patience / 4;

	if (pause < LOOK_LEAST)
		pause = LOOK_LEAST;
	if (pause > LOOK_MOST)
		pause = LOOK_MOST;
	for (;;) {
		struct timespec at = mw_clock_after(pause);
		bool ending;

		(void)pthread_mutex_lock(&w->ticker.lock);
		while (!w->ticker.ending && pthread_cond_timedwait(&w->ticker.changed, &w->ticker.lock, &at) == 0)
			;
		ending = w->ticker.ending;
		(void)pthread_mutex_unlock(&w->ticker.lock);
		if (ending)
			return NULL;
		if (mw_watch_look(w)) {
			w->conf.stuck(w->conf.ctx);
			return NULL;
		}
	}
}

int mw_watch_new(const struct mw_watch_conf *conf, struct mw_watch **ret)
{
	struct mw_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->conf = *conf;
	if (mw_ticker_start(&w->ticker, look, w) < 0) {
		free(w);
		return -EAGAIN;
	}
	*ret = w;
	return 0;
}

void mw_watch_free(struct mw_watch **w)
{
	if (!*w)
		return;
	mw_ticker_stop(&(*w)->ticker);
	free(*w);
	*w = NULL;
}

void mw_watch_begin(struct mw_watch *w, struct mw_watch_item *i)
{
	(void)pthread_mutex_lock(&w->ticker.lock);
	i->next = w->first;
	if (i->next)
		i->next->prev = &i->next;
	i->prev = &w->first;
	w->first = i;
	(void)pthread_mutex_unlock(&w->ticker.lock);
}

void mw_watch_end(struct mw_watch *w, struct mw_watch_item *i)
{
	(void)pthread_mutex_lock(&w->ticker.lock);
	*i->prev = i->next;
	if (i->next)
		i->next->prev = i->prev;
	(void)pthread_mutex_unlock(&w->ticker.lock);
}

void mw_watch_name(struct mw_watch *w, struct mw_watch_item *i, const char *queue_id)
{
	(void)pthread_mutex_lock(&w->ticker.lock);
	(void)snprintf(i->queue_id, sizeof(i->queue_id), "%s", queue_id);
	(void)pthread_mutex_unlock(&w->ticker.lock);
}
