/* SPDX-License-Identifier: Apache-2.0 */
/* watch: what is stuck is seen and told. */
#include "host/watch.h"

#include "base/clock.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static void note_stuck(void *ctx)
{
	(void)atomic_fetch_add((_Atomic int *)ctx, 1);
}

static void watch_finds_what_is_stuck(void **state)
{
	_Atomic int told = 0;
	struct mw_watch_conf conf = {.patience = 50, .stuck = note_stuck, .ctx = &told};
	struct mw_watch_item idle = {.queue_id = ""}, busy[3] = {{.queue_id = "A"}, {.queue_id = "B"}, {.queue_id = ""}};
	struct mw_watch *w = NULL;

	(void)state;
	assert_int_equal(mw_watch_new(&conf, &w), 0);
	mw_watch_begin(w, &idle);
	for (int i = 0; i < 3; i++) {
		busy[i].busy.module = "m";
		busy[i].busy.hook = "see";
		mw_watch_begin(w, &busy[i]);
	}
	assert_int_equal(mw_watch_look(w), 0);
	busy[1].busy.since = mw_clock_ms() - 20;
	assert_int_equal(mw_watch_look(w), 0);
	busy[0].busy.since = mw_clock_ms() - 60;
	busy[2].busy.since = mw_clock_ms() - 5000;
	assert_in_range(mw_watch_look(w), 2, 3);
	while (!told)
		(void)sched_yield();
	for (int i = 0; i < 3; i++)
		mw_watch_end(w, &busy[i]);
	assert_int_equal(mw_watch_look(w), 0);
	mw_watch_end(w, &idle);
	mw_watch_free(&w);
	assert_null(w);
	assert_int_equal(told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(watch_finds_what_is_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
