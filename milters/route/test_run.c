/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are run: what they say, how they end, and what bounds them. */
#include "run.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int sh(const char *script, const char *in, int64_t ms, struct mw_run_result *res)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};

	*res = (struct mw_run_result){0};
	return mw_run(argv, in, mw_run_now() + ms, res);
}

static void test_run(void **state)
{
	struct mw_run_result res;
	int64_t began;
	char *big;

	(void)state;
	assert_int_equal(setenv("MAIL_CONFIG", "/nowhere", 1), 0);
	assert_int_equal(sh("cat; echo oops >&2; echo ${MAIL_CONFIG-none} ${HOME-none}; exit 3", "in\n", 10000, &res), 0);
	assert_string_equal(res.out, "in\nnone none\n");
	assert_string_equal(res.err, "oops\n");
	assert_int_equal(res.status, 3);
	mw_run_result_free(&res);
	assert_int_equal(sh("kill -9 $$", NULL, 10000, &res), 0);
	assert_int_equal(res.status, 128 + 9);
	mw_run_result_free(&res);
	/* What it started goes with it, and keeps nobody waiting. */
	began = mw_run_now();
	assert_int_equal(sh("sleep 60 & sleep 60", NULL, 100, &res), -ETIMEDOUT);
	assert_int_equal(sh("exec >&- 2>&-; sleep 60", NULL, 100, &res), -ETIMEDOUT);
	assert_true(mw_run_now() - began < 20000);
	assert_int_equal(sh("yes", NULL, 10000, &res), -EFBIG);
	assert_int_equal(sh("i=0; while [ $i -lt 500 ]; do echo 0123456789 >&2; i=$((i+1)); done", NULL, 10000, &res), 0);
	assert_int_equal(strlen(res.err), MW_RUN_ERR_MAX - 1);
	mw_run_result_free(&res);
	big = malloc(MW_RUN_IN_MAX + 2);
	assert_non_null(big);
	memset(big, 'x', MW_RUN_IN_MAX + 1);
	big[MW_RUN_IN_MAX + 1] = '\0';
	assert_int_equal(sh("cat", big, 10000, &res), -EFBIG);
	free(big);
	{
		const char *const argv[] = {"/nowhere/postconf", NULL};

		assert_int_equal(mw_run(argv, NULL, mw_run_now() + 1000, &res), -ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_run)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
