/* SPDX-License-Identifier: Apache-2.0 */
#include "host/gate.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* One caller that waits; lives on its stack. A condition of its own keeps the order and wakes nobody for nothing. */
struct waiter {
	pthread_cond_t turn;
	uint64_t need;
	bool admitted;
	struct waiter *next;
};

struct mw_gate {
	pthread_mutex_t lock;
	unsigned limit;
	uint64_t memory, taken;
	struct waiter *first, **last;
	struct mw_gate_counts counts;
};

struct mw_gate *mw_gate_new(unsigned limit, uint64_t memory)
{
	struct mw_gate *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	if (pthread_mutex_init(&g->lock, NULL)) {
		free(g);
		return NULL;
	}
	g->limit = limit ? limit : 1;
	g->memory = memory;
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

static bool has_room(const struct mw_gate *g, uint64_t need)
{
	if (g->counts.inside == 0)
		return true;
	return g->counts.inside < g->limit && g->taken <= g->memory && need <= g->memory - g->taken;
}

static void go_in(struct mw_gate *g, uint64_t need)
{
	g->counts.inside++;
	g->taken += need;
}

/* The first in the queue, and those behind it, as far as there is room: nobody overtakes, so that who needs much gets in too. */
static void admit(struct mw_gate *g)
{
	struct waiter *w;

	while ((w = g->first) != NULL && has_room(g, w->need)) {
		waiter_remove(g, w);
		go_in(g, w->need);
		w->admitted = true;
		(void)pthread_cond_signal(&w->turn);
	}
}

static int wait_turn(struct mw_gate *g, uint64_t need, int64_t patience)
{
	struct timespec end = mw_clock_after(patience);
	struct waiter self = {.need = need};
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
	if (!self.admitted) {
		waiter_remove(g, &self);
		admit(g); /* it may have been too large for what is free */
	}
	(void)pthread_cond_destroy(&self.turn);
	return self.admitted ? 0 : -ETIMEDOUT;
}

int mw_gate_enter(struct mw_gate *g, uint64_t need, int64_t patience)
{
	int err = 0;

	(void)pthread_mutex_lock(&g->lock);
	if (!g->first && has_room(g, need))
		go_in(g, need);
	else
		err = wait_turn(g, need, patience);
	(void)pthread_mutex_unlock(&g->lock);
	return err;
}

void mw_gate_leave(struct mw_gate *g, uint64_t need)
{
	(void)pthread_mutex_lock(&g->lock);
	g->counts.inside--;
	g->taken -= need;
	admit(g);
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
