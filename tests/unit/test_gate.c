/* SPDX-License-Identifier: Apache-2.0 */
/* gate: who goes in when, and what it holds at most. */
#include "host/gate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define CALLERS 8
struct turns {
	struct mw_gate *gate;
	pthread_mutex_t lock;
	int order[CALLERS], n;
	_Atomic int inside, most;
};
struct caller {
	struct turns *turns;
	int number;
};

static void *take_a_turn(void *arg)
{
	struct caller *c = arg;
	struct turns *t = c->turns;
	int now;

	if (mw_gate_enter(t->gate, 0, 60000))
		return arg;
	now = ++t->inside;
	if (now > t->most)
		t->most = now;
	(void)pthread_mutex_lock(&t->lock);
	t->order[t->n++] = c->number;
	(void)pthread_mutex_unlock(&t->lock);
	--t->inside;
	mw_gate_leave(t->gate, 0);
	return NULL;
}

static void gate_keeps_order(void **state)
{
	struct turns t = {.gate = mw_gate_new(1, 0), .lock = PTHREAD_MUTEX_INITIALIZER};
	struct caller c[CALLERS];
	pthread_t thread[CALLERS];
	void *failed;

	(void)state;
	assert_int_equal(mw_gate_enter(t.gate, 0, 0), 0);
	for (int i = 0; i < CALLERS; i++) {
		c[i] = (struct caller){&t, i};
		assert_int_equal(pthread_create(&thread[i], NULL, take_a_turn, &c[i]), 0);
		while (mw_gate_counts(t.gate).waiting != (uint64_t)i + 1)
			(void)sched_yield();
	}
	mw_gate_leave(t.gate, 0);
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
		assert_int_equal(t.order[i], i);
	}
	assert_int_equal(t.most, 1);
	assert_int_equal(mw_gate_counts(t.gate).peak, CALLERS);
	assert_int_equal(mw_gate_counts(t.gate).waited, CALLERS);
	assert_int_equal(mw_gate_counts(t.gate).inside, 0);
	mw_gate_free(&t.gate);
	assert_null(t.gate);
}

static void gate_gives_up(void **state)
{
	struct mw_gate *g = mw_gate_new(2, 0);

	(void)state;
	assert_int_equal(mw_gate_enter(g, 0, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 20), -ETIMEDOUT);
	assert_int_equal(mw_gate_counts(g).waiting, 0);
	mw_gate_leave(g, 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), -ETIMEDOUT);
	mw_gate_leave(g, 0);
	mw_gate_leave(g, 0);
	assert_int_equal(mw_gate_counts(g).inside, 0);
	mw_gate_free(&g);
}

struct heavy {
	struct mw_gate *gate;
	uint64_t need;
	int64_t patience;
	int result;
};

static void *go_in_heavy(void *arg)
{
	struct heavy *h = arg;

	h->result = mw_gate_enter(h->gate, h->need, h->patience);
	return NULL;
}

/* 60 of 100 are taken. Who needs 50 waits, and so does who needs 1 behind it; both get in when the first leaves. */
static void gate_bounds_memory(void **state)
{
	struct mw_gate *g = mw_gate_new(5, 100);
	struct heavy h[] = {{g, 50, 60000, -1}, {g, 1, 60000, -1}};
	pthread_t thread[2];

	(void)state;
	assert_int_equal(mw_gate_enter(g, 60, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, go_in_heavy, &h[i]), 0);
		while (mw_gate_counts(g).waiting != i + 1)
			(void)sched_yield();
	}
	assert_int_equal(mw_gate_counts(g).inside, 1);
	mw_gate_leave(g, 60);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(h[i].result, 0);
	}
	assert_int_equal(mw_gate_enter(g, 49, 0), 0); /* 100 of 100 */
	assert_int_equal(mw_gate_enter(g, 1, 0), -ETIMEDOUT);
	mw_gate_leave(g, 49);
	mw_gate_leave(g, 50);
	mw_gate_leave(g, 1);
	/* More than there is at all: alone. */
	assert_int_equal(mw_gate_enter(g, UINT64_MAX, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), -ETIMEDOUT);
	mw_gate_leave(g, UINT64_MAX);
	assert_int_equal(mw_gate_enter(g, 100, 0), 0);
	mw_gate_leave(g, 100);
	mw_gate_free(&g);
}

/* Who gives up lets those in who waited behind it only because it was large. */
static void gate_gives_up_a_large_one(void **state)
{
	struct mw_gate *g = mw_gate_new(5, 100);
	struct heavy large = {g, 90, 300, -1}, small = {g, 10, 60000, -1};
	pthread_t thread[2];

	(void)state;
	assert_int_equal(mw_gate_enter(g, 60, 0), 0);
	assert_int_equal(pthread_create(&thread[0], NULL, go_in_heavy, &large), 0);
	while (mw_gate_counts(g).waiting != 1)
		(void)sched_yield();
	assert_int_equal(pthread_create(&thread[1], NULL, go_in_heavy, &small), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(large.result, -ETIMEDOUT);
	assert_int_equal(small.result, 0);
	assert_int_equal(mw_gate_counts(g).inside, 2);
	mw_gate_leave(g, 10);
	mw_gate_leave(g, 60);
	mw_gate_free(&g);
}

static void *ask_for_more(void *arg)
{
	struct heavy *h = arg;

	h->result = mw_gate_more(h->gate, h->need, h->patience);
	return NULL;
}

/* Two are inside and want more than there is: the first waits until nobody else goes on, then has it; the second when that one leaves.
 * Who wants to go in waits behind both. */
static void gate_gives_more(void **state)
{
	struct mw_gate *g = mw_gate_new(5, 100);
	struct heavy first = {g, 80, 60000, -1}, second = {g, 70, 60000, -1}, entering = {g, 1, 60000, -1};
	pthread_t thread[3];

	(void)state;
	assert_int_equal(mw_gate_enter(g, 20, 0), 0);
	assert_int_equal(mw_gate_enter(g, 20, 0), 0);
	assert_int_equal(mw_gate_more(g, 10, 0), 0); /* 50 of 100 */
	assert_int_equal(mw_gate_more(g, 60, 10), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread[0], NULL, ask_for_more, &first), 0);
	while (mw_gate_counts(g).waited != 2)
		(void)sched_yield();
	assert_int_equal(pthread_create(&thread[1], NULL, go_in_heavy, &entering), 0);
	while (mw_gate_counts(g).waiting != 1)
		(void)sched_yield();
	assert_int_equal(pthread_create(&thread[2], NULL, ask_for_more, &second), 0);
	assert_int_equal(pthread_join(thread[0], NULL), 0);
	assert_int_equal(first.result, 0); /* 130 of 100 */
	assert_int_equal(mw_gate_counts(g).waiting, 1);
	mw_gate_leave(g, 110);
	assert_int_equal(pthread_join(thread[2], NULL), 0);
	assert_int_equal(pthread_join(thread[1], NULL), 0);
	assert_int_equal(second.result, 0);
	assert_int_equal(entering.result, 0);
	assert_int_equal(mw_gate_counts(g).inside, 2);
	mw_gate_leave(g, 90);
	mw_gate_leave(g, 1);
	assert_int_equal(mw_gate_enter(g, 100, 0), 0);
	mw_gate_leave(g, 100);
	mw_gate_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gate_keeps_order),		 cmocka_unit_test(gate_gives_up),   cmocka_unit_test(gate_bounds_memory),
	    cmocka_unit_test(gate_gives_up_a_large_one), cmocka_unit_test(gate_gives_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
