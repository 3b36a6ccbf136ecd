/* SPDX-License-Identifier: Apache-2.0 */
#include "host/gate.h"

#include "host/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* One caller that waits; lives on its stack. A condition of its own keeps the order and wakes nobody for nothing. */
struct waiter {
	pthread_cond_t turn;
	bool admitted;
	struct waiter *next;
};

struct mw_gate {
	pthread_mutex_t lock;
	unsigned limit;
	struct waiter *first, **last;
	struct mw_gate_counts counts;
};

struct mw_gate *mw_gate_new(unsigned limit)
{
	struct mw_gate *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	if (pthread_mutex_init(&g->lock, NULL)) {
		free(g);
		return NULL;
	}
	g->limit = limit ? limit : 1;
	g->last = &g->first;
	return g;
}

void mw_gate_free(struct mw_gate **g)
{
	if (!*g)
		return;
	(void)pthread_mutex_destroy(&(*g)->lock);
	free(*g);
	*g = NULL;
}

static void waiter_remove(struct mw_gate *g, const struct waiter *w)
{
	struct waiter **at = &g->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (!*at)
		g->last = at;
	g->counts.waiting--;
}

static int wait_turn(struct mw_gate *g, int64_t patience)
{
	struct timespec end = mw_clock_after(patience);
	struct waiter self = {.next = NULL};
	int err = 0;

	if (mw_clock_cond(&self.turn))
		return -EAGAIN;
	*g->last = &self;
	g->last = &self.next;
	g->counts.waited++;
	if (++g->counts.waiting > g->counts.peak)
		g->counts.peak = g->counts.waiting;
	while (!self.admitted && err == 0)
		err = pthread_cond_timedwait(&self.turn, &g->lock, &end);
	if (!self.admitted)
		waiter_remove(g, &self);
	(void)pthread_cond_destroy(&self.turn);
	return self.admitted ? 0 : -ETIMEDOUT;
}

int mw_gate_enter(struct mw_gate *g, int64_t patience)
{
	int err = 0;

	(void)pthread_mutex_lock(&g->lock);
	if (g->counts.inside < g->limit)
		g->counts.inside++;
	else
		err = wait_turn(g, patience);
	(void)pthread_mutex_unlock(&g->lock);
	return err;
}

void mw_gate_leave(struct mw_gate *g)
{
	struct waiter *w;

	(void)pthread_mutex_lock(&g->lock);
	w = g->first;
	if (w) { /* the place passes on: `inside` stays as it is */
		waiter_remove(g, w);
		w->admitted = true;
		(void)pthread_cond_signal(&w->turn);
	} else {
		g->counts.inside--;
	}
	(void)pthread_mutex_unlock(&g->lock);
}

struct mw_gate_counts mw_gate_counts(struct mw_gate *g)
{
	struct mw_gate_counts counts;

	(void)pthread_mutex_lock(&g->lock);
	counts = g->counts;
	(void)pthread_mutex_unlock(&g->lock);
	return counts;
}
