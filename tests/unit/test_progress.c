/* SPDX-License-Identifier: Apache-2.0 */
/* progress: signs and knocks, and when they end. */
#include "host/progress.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static void count_one(void *ctx)
{
	++*(_Atomic int *)ctx;
}

static void progress_gives_signs(void **state)
{
	_Atomic int n[3] = {0}, knocks = 0;
	struct mw_progress_conf conf = {
	    .interval = 5, .times = 3, .send = count_one, .blocks = 60000, .knock = count_one, .knock_ctx = &knocks};
	struct mw_progress *p;
	struct mw_progress_item a, b, c;
	int was;

	(void)state;
	assert_int_equal(mw_progress_new(&conf, &p), 0);
	mw_progress_begin(p, &a, &n[0]);
	mw_progress_begin(p, &b, &n[1]);
	mw_progress_begin(p, &c, &n[2]);
	mw_progress_end(p, &b);
	was = n[1];
	while (n[0] < 3 || n[2] < 3)
		(void)sched_yield();
	assert_int_equal(n[1], was);
	/* No more than that many; and the thread, which has nothing left to do, hears of a new one. */
	mw_progress_begin(p, &b, &n[1]);
	while (n[1] < was + 3)
		(void)sched_yield();
	assert_int_equal(n[0], 3);
	assert_int_equal(n[2], 3);
	assert_int_equal(mw_progress_counts(p).signs, 9 + was);
	assert_int_equal(mw_progress_counts(p).knocks, 0);
	mw_progress_end(p, &c);
	mw_progress_end(p, &a);
	mw_progress_end(p, &b);
	mw_progress_free(&p);
	assert_null(p);
	assert_int_equal(knocks, 0);
}

static void progress_knocks(void **state)
{
	_Atomic int knocks = 0, signs = 0;
	struct mw_progress_conf conf = {
	    .interval = 60000, .times = 1, .send = count_one, .blocks = 5, .knock = count_one, .knock_ctx = &knocks};
	struct mw_progress *p;
	struct mw_progress_item a, b;

	(void)state;
	assert_int_equal(mw_progress_new(&conf, &p), 0);
	mw_progress_begin(p, &a, &signs);
	while (knocks < 1)
		(void)sched_yield();
	/* The first one needs no second knock; one that comes later needs its own, though the thread sleeps for a minute. */
	mw_progress_begin(p, &b, &signs);
	while (knocks < 2)
		(void)sched_yield();
	assert_int_equal(mw_progress_counts(p).knocks, 2);
	assert_int_equal(signs, 0);
	mw_progress_end(p, &a);
	mw_progress_end(p, &b);
	mw_progress_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(progress_gives_signs),
	    cmocka_unit_test(progress_knocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
