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

struct queue {
	struct waiter *first, **last;
	unsigned n;
};

struct mw_gate {
	pthread_mutex_t lock;
	unsigned limit;
	uint64_t memory, taken;
	struct queue enter, more; /* to go in; inside, for more memory */
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
	g->enter.last = &g->enter.first;
	g->more.last = &g->more.first;
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

static void queue_add(struct queue *q, struct waiter *w)
{
	*q->last = w;
	q->last = &w->next;
	q->n++;
}

static void queue_remove(struct queue *q, const struct waiter *w)
{
	struct waiter **at = &q->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (!*at)
		q->last = at;
	q->n--;
}

static bool has_memory(const struct mw_gate *g, uint64_t need)
{
	return g->taken <= g->memory && need <= g->memory - g->taken;
}

static bool has_room(const struct mw_gate *g, uint64_t need)
{
	if (g->counts.inside == 0)
		return true;
	return g->counts.inside < g->limit && has_memory(g, need);
}

static void go_in(struct mw_gate *g, uint64_t need)
{
	g->counts.inside++;
	g->taken += need;
}

static void admit_one(struct queue *q, struct waiter *w)
{
	queue_remove(q, w);
	w->admitted = true;
	(void)pthread_cond_signal(&w->turn);
}

/* The first in each queue, and those behind it, as far as there is room: nobody overtakes, so that who needs much gets in too. Those who
 * are inside go first, for they hold what the others wait for. */
static void admit(struct mw_gate *g)
{
	struct waiter *w;

	while ((w = g->more.first) != NULL && (has_memory(g, w->need) || g->more.n == g->counts.inside)) {
		admit_one(&g->more, w);
		g->taken += w->need;
	}
	while ((w = g->enter.first) != NULL && !g->more.first && has_room(g, w->need)) {
		admit_one(&g->enter, w);
		g->counts.waiting--;
		go_in(g, w->need);
	}
}

/* 0: it was its turn, and what it needs is taken. */
static int wait_turn(struct mw_gate *g, struct queue *q, uint64_t need, int64_t patience)
{
	struct timespec end = mw_clock_after(patience);
	struct waiter self = {.need = need};
	int err = 0;

	if (mw_clock_cond(&self.turn))
		return -EAGAIN;
	queue_add(q, &self);
	g->counts.waited++;
	if (q == &g->enter && ++g->counts.waiting > g->counts.peak)
		g->counts.peak = g->counts.waiting;
	if (q == &g->more)
		admit(g); /* when the others wait already */
	while (!self.admitted && err == 0)
		err = pthread_cond_timedwait(&self.turn, &g->lock, &end);
	if (!self.admitted) {
		queue_remove(q, &self);
		g->counts.waiting -= q == &g->enter;
		admit(g); /* it may have been too large for what is free */
	}
	(void)pthread_cond_destroy(&self.turn);
	return self.admitted ? 0 : -ETIMEDOUT;
}

int mw_gate_enter(struct mw_gate *g, uint64_t need, int64_t patience)
{
	int err = 0;

	(void)pthread_mutex_lock(&g->lock);
	if (!g->enter.first && !g->more.first && has_room(g, need))
		go_in(g, need);
	else
		err = wait_turn(g, &g->enter, need, patience);
	(void)pthread_mutex_unlock(&g->lock);
	return err;
}

int mw_gate_more(struct mw_gate *g, uint64_t more, int64_t patience)
{
	int err = 0;

	(void)pthread_mutex_lock(&g->lock);
	if (!g->more.first && has_memory(g, more))
		g->taken += more;
	else
		err = wait_turn(g, &g->more, more, patience);
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
