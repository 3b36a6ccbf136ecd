/* SPDX-License-Identifier: Apache-2.0 */
#include "host/progress.h"

#include "host/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct mw_progress {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	int64_t interval;
	unsigned times;
	void (*send)(void *ctx);
	struct mw_progress_item *first;
	uint64_t sent;
	bool idle; /* the ticker sleeps without an end */
	bool ending;
};

/* Sends what is due. When to look again: INT64_MAX = when something changes. */
static int64_t send_due(struct mw_progress *p)
{
	int64_t now = mw_clock_ms(), next = INT64_MAX;

	for (struct mw_progress_item *i = p->first; i; i = i->next) {
		if (i->left && i->due <= now) {
			p->send(i->ctx);
			p->sent++;
			i->left--;
			i->due = now + p->interval;
		}
		if (i->left && i->due < next)
			next = i->due;
	}
	return next;
}

static void *ticker(void *arg)
{
	struct mw_progress *p = arg;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		int64_t next = send_due(p);
		struct timespec at;

		if (next == INT64_MAX) {
			p->idle = true;
			(void)pthread_cond_wait(&p->changed, &p->lock);
			p->idle = false;
			continue;
		}
		at = mw_clock_at(next);
		(void)pthread_cond_timedwait(&p->changed, &p->lock, &at);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

int mw_progress_new(int64_t interval, unsigned times, void (*send)(void *ctx), struct mw_progress **ret)
{
	struct mw_progress *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->interval = interval;
	p->times = times;
	p->send = send;
	if (pthread_mutex_init(&p->lock, NULL))
		goto no_lock;
	if (mw_clock_cond(&p->changed))
		goto no_cond;
	if (pthread_create(&p->thread, NULL, ticker, p))
		goto no_thread;
	*ret = p;
	return 0;
no_thread:
	(void)pthread_cond_destroy(&p->changed);
no_cond:
	(void)pthread_mutex_destroy(&p->lock);
no_lock:
	free(p);
	return -EAGAIN;
}

void mw_progress_free(struct mw_progress **p)
{
	if (!*p)
		return;
	(void)pthread_mutex_lock(&(*p)->lock);
	(*p)->ending = true;
	(void)pthread_cond_signal(&(*p)->changed);
	(void)pthread_mutex_unlock(&(*p)->lock);
	(void)pthread_join((*p)->thread, NULL);
	(void)pthread_cond_destroy(&(*p)->changed);
	(void)pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

void mw_progress_begin(struct mw_progress *p, struct mw_progress_item *i, void *ctx)
{
	i->ctx = ctx;
	i->left = p->times;
	i->due = mw_clock_ms() + p->interval;
	(void)pthread_mutex_lock(&p->lock);
	i->next = p->first;
	if (i->next)
		i->next->prev = &i->next;
	i->prev = &p->first;
	p->first = i;
	if (p->idle) /* else it wakes early enough by itself: every item waits the same interval */
		(void)pthread_cond_signal(&p->changed);
	(void)pthread_mutex_unlock(&p->lock);
}

void mw_progress_end(struct mw_progress *p, struct mw_progress_item *i)
{
	(void)pthread_mutex_lock(&p->lock);
	*i->prev = i->next;
	if (i->next)
		i->next->prev = i->prev;
	(void)pthread_mutex_unlock(&p->lock);
}

uint64_t mw_progress_sent(struct mw_progress *p)
{
	uint64_t sent;

	(void)pthread_mutex_lock(&p->lock);
	sent = p->sent;
	(void)pthread_mutex_unlock(&p->lock);
	return sent;
}
