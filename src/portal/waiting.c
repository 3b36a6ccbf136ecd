/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/waiting.h"

#include "portal/request.h"

void mw_waiting_init(struct mw_waiting *w)
{
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->change, NULL);
	w->first = NULL;
	w->last = &w->first;
	atomic_init(&w->ends, false);
}

bool mw_waiting_add(struct mw_waiting *w, struct mw_request *r)
{
	bool taken;

	r->next = NULL;
	(void)pthread_mutex_lock(&w->lock);
	taken = !w->ends;
	if (taken) {
		*w->last = r;
		w->last = &r->next;
		(void)pthread_cond_signal(&w->change);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return taken;
}

size_t mw_waiting_take(struct mw_waiting *w, struct mw_request **to, size_t max)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->first && !w->ends)
		(void)pthread_cond_wait(&w->change, &w->lock);
	while (w->first && n < max) {
		to[n++] = w->first;
		w->first = w->first->next;
	}
	if (!w->first)
		w->last = &w->first;
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}

void mw_waiting_end(struct mw_waiting *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->ends = true;
	(void)pthread_cond_broadcast(&w->change);
	(void)pthread_mutex_unlock(&w->lock);
}

void mw_waiting_free(struct mw_waiting *w)
{
	(void)pthread_cond_destroy(&w->change);
	(void)pthread_mutex_destroy(&w->lock);
}
