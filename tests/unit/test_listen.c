/* SPDX-License-Identifier: Apache-2.0 */
/* listen: what may stand at a socket's path, who may use it, and that TCP is for this machine alone. */
#include "base/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/milward-listen-XXXXXX";
static char spec[64];
static const char *path = spec + 5;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(spec, sizeof(spec), "unix:%s/s", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int reach(void)
{
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	assert_int_equal(mw_unix_address(path, &addr, NULL), 0);
	r = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	(void)close(fd);
	return r;
}

static void test_unix(void **state)
{
	struct mw_listen a, b;
	struct mw_err err;
	struct stat st;
	char aside[80];

	(void)state;
	(void)snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(mw_listen_open(spec, 0640, NULL, &a, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(reach(), 0);
	assert_int_equal(mw_listen_open(spec, 0640, NULL, &b, &err), -EADDRINUSE);
	(void)close(a.fd); /* as a crash leaves it */
	assert_int_equal(reach(), ECONNREFUSED);
	assert_int_equal(mw_listen_open(spec, 0600, NULL, &a, &err), 0);
	assert_int_equal(reach(), 0);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(mw_listen_open(spec, 0600, NULL, &b, &err), 0);
	mw_listen_close(&a); /* another one is there now */
	assert_int_equal(reach(), 0);
	mw_listen_close(&b);
	assert_int_equal(reach(), ENOENT);
	(void)unlink(aside);
	assert_int_equal(mw_listen_open(spec, 0600, "no-such-group", &b, &err), -ENOENT);
	assert_int_equal(reach(), ENOENT);
}

static void test_in_the_way(void **state)
{
	struct mw_listen l;
	struct mw_err err;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(mw_listen_open(spec, 0600, NULL, &l, &err), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	(void)close(fd);
	(void)unlink(path);
}

static void test_words(void **state)
{
	static const struct {
		const char *spec;
		int code;
	} rows[] = {
	    {"unix:relative", -EINVAL},
	    {"/no/such/folder/s", -ENOENT},
	    {"inet:0@192.0.2.1", -EINVAL},
	    {"inet:0@0.0.0.0", -EINVAL},
	    {"inet6:0@[::]", -EINVAL},
	    {"inet:@127.0.0.1", -EINVAL},
	    {"tcp:1", -EINVAL},
	    {"inet:0@127.0.0.1", 0},
	    {"inet:0", 0},
	    {"inet:65536", -EINVAL},
	    {"inet:131072@127.0.0.1", -EINVAL},
	    {"inet6:4294967296@[::1]", -EINVAL},
	    {"inet:99999999999999999999@127.0.0.1", -EINVAL},
	};
	struct mw_listen l;
	struct mw_err err;
	char lengthy[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = mw_listen_open(rows[i].spec, 0600, NULL, &l, &err);

		if (r != rows[i].code)
			fail_msg("%s: %d, not %d", rows[i].spec, r, rows[i].code);
		if (!r)
			mw_listen_close(&l);
	}
	memset(lengthy, 'x', sizeof(lengthy) - 1);
	lengthy[0] = '/';
	lengthy[sizeof(lengthy) - 1] = '\0';
	assert_int_equal(mw_listen_open(lengthy, 0600, NULL, &l, &err), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_unix), cmocka_unit_test(test_in_the_way),
					   cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
