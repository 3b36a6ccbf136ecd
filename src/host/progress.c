/* SPDX-License-Identifier: Apache-2.0 */
#include "host/progress.h"

#include "base/clock.h"
#include "host/ticker.h"

#include <errno.h>
#include <stdlib.h>

struct mw_progress {
	struct mw_ticker ticker;
	struct mw_progress_conf conf;
	struct mw_progress_item *first;
	int64_t wakes_at; /* when the thread looks again by itself, INT64_MAX = never */
	struct mw_progress_counts counts;
};

static void give_sign(struct mw_progress *p, struct mw_progress_item *i, int64_t now)
{
	p->conf.send(i->ctx);
	p->counts.signs++;
	i->sign_at = --i->left ? now + p->conf.interval : INT64_MAX;
}

/* Does what is due. When to look again. */
static int64_t do_what_is_due(struct mw_progress *p)
{
	int64_t now = mw_clock_ms(), next = INT64_MAX;
	bool knock = false;

	for (struct mw_progress_item *i = p->first; i; i = i->next) {
		if (i->knock_at <= now) {
			i->knock_at = INT64_MAX;
			knock = true;
		}
		if (i->sign_at <= now)
			give_sign(p, i, now);
		if (i->knock_at < next)
			next = i->knock_at;
		if (i->sign_at < next)
			next = i->sign_at;
	}
	if (knock) {
		p->conf.knock(p->conf.knock_ctx);
		p->counts.knocks++;
	}
	return next;
}

static void *tick(void *arg)
{
	struct mw_progress *p = arg;

	(void)pthread_mutex_lock(&p->ticker.lock);
	while (!p->ticker.ending) {
		struct timespec at;

		p->wakes_at = do_what_is_due(p);
		if (p->wakes_at == INT64_MAX) {
			(void)pthread_cond_wait(&p->ticker.changed, &p->ticker.lock);
		} else {
			at = mw_clock_at(p->wakes_at);
			(void)pthread_cond_timedwait(&p->ticker.changed, &p->ticker.lock, &at);
		}
	}
	(void)pthread_mutex_unlock(&p->ticker.lock);
	return NULL;
}

int mw_progress_new(const struct mw_progress_conf *conf, struct mw_progress **ret)
{
	struct mw_progress *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->conf = *conf;
	p->wakes_at = INT64_MAX;
	if (mw_ticker_start(&p->ticker, tick, p) < 0) {
		free(p);
		return -EAGAIN;
	}
	*ret = p;
	return 0;
}

void mw_progress_free(struct mw_progress **p)
{
	if (!*p)
		return;
	mw_ticker_stop(&(*p)->ticker);
	free(*p);
	*p = NULL;
}

void mw_progress_begin(struct mw_progress *p, struct mw_progress_item *i, void *ctx)
{
	int64_t now = mw_clock_ms(), due;

	i->ctx = ctx;
	i->left = p->conf.times;
	i->sign_at = i->left ? now + p->conf.interval : INT64_MAX;
	i->knock_at = now + p->conf.blocks;
	due = i->sign_at < i->knock_at ? i->sign_at : i->knock_at;
	(void)pthread_mutex_lock(&p->ticker.lock);
	i->next = p->first;
	if (i->next)
		i->next->prev = &i->next;
	i->prev = &p->first;
	p->first = i;
	if (due < p->wakes_at)
		(void)pthread_cond_signal(&p->ticker.changed);
	(void)pthread_mutex_unlock(&p->ticker.lock);
}

void mw_progress_end(struct mw_progress *p, struct mw_progress_item *i)
{
	(void)pthread_mutex_lock(&p->ticker.lock);
	*i->prev = i->next;
	if (i->next)
		i->next->prev = i->prev;
	(void)pthread_mutex_unlock(&p->ticker.lock);
}

struct mw_progress_counts mw_progress_counts(struct mw_progress *p)
{
	struct mw_progress_counts counts;

	(void)pthread_mutex_lock(&p->ticker.lock);
	counts = p->counts;
	(void)pthread_mutex_unlock(&p->ticker.lock);
	return counts;
}
