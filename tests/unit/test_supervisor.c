/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor: pauses between one start and the next. */
#include "host/supervisor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void pauses(void **state)
{
	(void)state;
	assert_int_equal(mw_supervise_pause(1), 100);
	assert_int_equal(mw_supervise_pause(2), 200);
	assert_int_equal(mw_supervise_pause(5), 1600);
	assert_int_equal(mw_supervise_pause(20), 30000);
	assert_int_equal(mw_supervise_pause(UINT32_MAX), 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
