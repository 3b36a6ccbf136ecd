/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/store.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/test_store.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir); /* fails when a file was left */
}

static size_t files_in_dir(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void add(struct mw_store *s, const char *text)
{
	struct mw_err err = {0};

	assert_int_equal(mw_store_add(s, text, strlen(text), &err), 0);
}

static void assert_view(struct mw_store *s, const char *want)
{
	struct mw_str got;

	char read[64] = "";

	assert_int_equal(mw_store_view(s, &got, NULL), 0);
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
	assert_int_equal(mw_store_size(s), strlen(want));
	mw_store_forget(s);
	assert_memory_equal(got.p, want, got.n);
	mw_store_unview(s);
	for (size_t from = 0; from <= got.n; from++) {
		assert_int_equal(mw_store_read(s, from, read, got.n - from), 0);
		assert_memory_equal(read, want + from, got.n - from);
		assert_int_equal(mw_store_read(s, from, read, got.n - from + 1), -EINVAL);
	}
	assert_int_equal(mw_store_read(s, UINT64_MAX, read, 1), -EINVAL);
}

static void test_memory(void **state)
{
	struct mw_store *s = mw_store_new(10, "/no/such/folder");
	struct mw_err err = {0};

	(void)state;
	assert_view(s, "");
	add(s, "01234");
	add(s, "");
	add(s, "56789");
	assert_view(s, "0123456789");
	/* One octet more goes into a file: here it cannot, and what was there stays. */
	assert_int_equal(mw_store_add(s, "a", 1, &err), -ENOENT);
	assert_view(s, "0123456789");
	mw_store_free(&s);
	assert_null(s);
	mw_store_free(&s);
}

static void test_file(void **state)
{
	struct mw_store *s = mw_store_new(10, dir);

	(void)state;
	add(s, "0123456789");
	assert_view(s, "0123456789");
	add(s, "a");
	assert_int_equal(files_in_dir(), 0); /* it has no name */
	assert_view(s, "0123456789a");
	add(s, "bc");
	assert_view(s, "0123456789abc");
	assert_view(s, "0123456789abc");
	mw_store_free(&s);
}

static void test_no_memory_at_all(void **state)
{
	struct mw_store *s = mw_store_new(0, "/no/such/folder");
	struct mw_err err = {0};

	(void)state;
	add(s, "");
	assert_int_equal(mw_store_add(s, "x", 1, &err), -ENOENT);
	mw_store_free(&s);
	s = mw_store_new(0, dir);
	add(s, "x");
	assert_view(s, "x");
	mw_store_free(&s);
}

static void test_large(void **state)
{
	struct mw_store *s = mw_store_new(1000, dir);
	char piece[997];
	struct mw_str got;

	(void)state;
	for (int i = 0; i < 500; i++) {
		memset(piece, 'a' + i % 26, sizeof(piece));
		assert_int_equal(mw_store_add(s, piece, sizeof(piece), NULL), 0);
	}
	assert_int_equal(mw_store_view(s, &got, NULL), 0);
	assert_int_equal(got.n, 500 * sizeof(piece));
	for (size_t i = 0; i < got.n; i++)
		if (got.p[i] != (char)('a' + i / sizeof(piece) % 26))
			fail_msg("wrong octet at %zu", i);
	mw_store_free(&s);
}

static void test_no_folder(void **state)
{
	struct mw_store *s = mw_store_new(2, "/no/such/folder");
	struct mw_err err = {0};

	(void)state;
	add(s, "ab");
	assert_int_equal(mw_store_add(s, "c", 1, &err), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_non_null(strstr(err.text, "/no/such/folder"));
	assert_view(s, "ab"); /* what was there stays */
	mw_store_free(&s);
}

/* A disk that is full, as a limit on the size of files: write() puts what fits and then fails. */
static void test_full(void **state)
{
	struct rlimit before, tight = {.rlim_cur = 5, .rlim_max = RLIM_INFINITY};
	struct mw_store *s = mw_store_new(2, dir);
	struct mw_err err = {0};

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	add(s, "abc");
	assert_int_equal(mw_store_add(s, "defg", 4, &err), -EFBIG);
	assert_non_null(strstr(err.text, dir));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_view(s, "abc"); /* no half piece */
	add(s, "xy");
	assert_view(s, "abcxy");
	mw_store_free(&s);
}

/* /dev/full says ENOSPC; a file system that is full needs root. A store cannot be pointed at a device, but /proc has no room. */
static void test_not_writable(void **state)
{
	struct mw_store *s = mw_store_new(0, "/proc");
	struct mw_err err = {0};

	(void)state;
	assert_true(mw_store_add(s, "x", 1, &err) < 0);
	assert_true(err.code < 0);
	assert_view(s, "");
	mw_store_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),	 cmocka_unit_test(test_file),	   cmocka_unit_test(test_no_memory_at_all),
	    cmocka_unit_test(test_large),	 cmocka_unit_test(test_no_folder), cmocka_unit_test(test_full),
	    cmocka_unit_test(test_not_writable),
	};

	return cmocka_run_group_tests_name("store", tests, setup, teardown);
}
