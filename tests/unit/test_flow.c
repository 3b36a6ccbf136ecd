/* SPDX-License-Identifier: Apache-2.0 */
/* flow: shares of memory, and waiting until no message is left. */
#include "host/flow.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void flow_shares_memory(void **state)
{
	struct mw_flow *f = mw_flow_new(64 << 20);
	uint64_t share[200], sum = 0;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		share[i] = mw_flow_begin(f);
		assert_true(share[i] >= MW_FLOW_LEAST);
		sum += share[i];
	}
	assert_int_equal(share[0], 1 << 20);
	assert_int_equal(share[199], MW_FLOW_LEAST);
	assert_true(sum <= (64 << 20) + 200 * MW_FLOW_LEAST);
	assert_int_equal(mw_flow_active(f), 200);
	assert_false(mw_flow_drain(f, 0, 0));
	assert_false(mw_flow_drain(f, 199, 0));
	assert_true(mw_flow_drain(f, 200, 60));
	for (size_t i = 0; i < 200; i++)
		mw_flow_end(f, share[i]);
	assert_true(mw_flow_drain(f, 0, 0));
	assert_int_equal(mw_flow_begin(f), 1 << 20);
	mw_flow_end(f, 1 << 20);
	mw_flow_free(&f);
}

static void *end_a_message(void *arg)
{
	mw_flow_end(arg, MW_FLOW_LEAST);
	return NULL;
}

static void flow_drains(void **state)
{
	struct mw_flow *f = mw_flow_new(0);
	pthread_t thread;

	(void)state;
	assert_int_equal(mw_flow_begin(f), MW_FLOW_LEAST);
	assert_int_equal(pthread_create(&thread, NULL, end_a_message, f), 0);
	assert_true(mw_flow_drain(f, 0, 60));
	assert_int_equal(pthread_join(thread, NULL), 0);
	mw_flow_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flow_shares_memory),
	    cmocka_unit_test(flow_drains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
