/* SPDX-License-Identifier: Apache-2.0 */
/* Several users of one audit file: generations, processes, threads. */
#include "testlog.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void test_reload(void **state)
{
	struct tl old, new, other;

	(void)state;
	tl_fresh();
	assert_int_equal(tl_open(&old, NULL), 0);
	assert_int_equal(tl_message(&old, "Q1", &old.err), 0);
	/* another spelling of the same path */
	assert_int_equal(mkdir(tl_path("open"), 0700), 0);
	assert_int_equal(tl_open(&new, "path", tl_path("open/../log"), "sync", "no", NULL), 0);
	assert_int_equal(tl_message(&new, "Q2", &new.err), 0);
	assert_int_equal(tl_message(&old, "Q3", &old.err), 0);
	tl_write(tl_path("key"), "0123456789012345678901234567890123456789", 40);
	assert_int_equal(chmod(tl_path("key"), 0600), 0);
	assert_int_equal(tl_open(&other, "key", tl_path("key"), NULL), -EBUSY);
	assert_non_null(strstr(other.err.text, "is in use with another key"));
	tl_close(&old);
	assert_int_equal(tl_message(&new, "Q4", &new.err), 0);
	tl_intact(NULL); /* while it is open */
	tl_close(&new);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 1);
}

static void test_second_process(void **state)
{
	struct tl t, other;
	int status;
	pid_t pid;

	(void)state;
	tl_fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	pid = fork();
	if (pid == 0) {
		/* Its own opening of the file, as another daemon would do. */
		execl("/proc/self/exe", "test_writer", "open", tl_path("log"), (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EBUSY);
	tl_close(&t);
	assert_int_equal(tl_open(&other, NULL), 0);
	tl_close(&other);
}

static void *appender(void *arg)
{
	struct tl *t = arg;

	for (unsigned i = 0; i < 40; i++) {
		struct mw_err err = {0};
		char id[40];

		(void)snprintf(id, sizeof(id), "T%lxN%u", (unsigned long)pthread_self(), i);
		if (tl_message(t, id, &err) < 0)
			return (void *)1;
		if (tl_count(tl_path("log"), id) != 1) /* it is there when act() returns */
			return (void *)2;
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t thread[8];
	struct tl t[2];
	void *result;

	(void)state;
	tl_fresh();
	assert_int_equal(tl_open(&t[0], "checkpoint", "10", NULL), 0);
	assert_int_equal(tl_open(&t[1], "checkpoint", "10", NULL), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, appender, &t[i % 2]), 0);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(thread[i], &result), 0);
		assert_null(result);
	}
	tl_intact(NULL);
	tl_close(&t[0]);
	tl_close(&t[1]);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 320);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reload),
	    cmocka_unit_test(test_second_process),
	    cmocka_unit_test(test_threads),
	};
	int r;

	if (argc == 3 && strcmp(argv[1], "open") == 0) {
		struct tl t;

		return tl_open(&t, "path", argv[2], NULL) < 0 ? -t.err.code : 0;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
