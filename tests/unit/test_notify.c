/* SPDX-License-Identifier: Apache-2.0 */
/* notify: what the service manager hears. */
#include "base/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void notify_is(const char *path, socklen_t length, const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char got[64] = "";

	assert_int_equal(bind(fd, (const struct sockaddr *)addr, length), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	assert_int_equal(mw_notify("READY=1\nSTATUS=%d", 7), 0);
	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), 16);
	assert_string_equal(got, "READY=1\nSTATUS=7");
	assert_int_equal(mw_notify_reloading(), 0);
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_int_equal(mw_notify_status("line 1\nREADY=1"), 0);
	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), 21);
	got[21] = '\0';
	assert_string_equal(got, "STATUS=line 1 READY=1");
	(void)close(fd);
	assert_int_equal(mw_notify("READY=1"), -ECONNREFUSED);
}

static void notify_sends(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/test-host-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/notify", folder);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	notify_is(path, sizeof(addr), &addr);
	(void)unlink(path);
	(void)rmdir(folder);

	(void)snprintf(path, sizeof(path), "@test-host-%ld", (long)getpid());
	memset(addr.sun_path, 0, sizeof(addr.sun_path));
	memcpy(addr.sun_path + 1, path + 1, strlen(path) - 1);
	notify_is(path, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)), &addr);

	assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	assert_int_equal(mw_notify("READY=1"), -EINVAL);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(mw_notify("READY=1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(notify_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
