/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 3 /* SD_LISTEN_FDS_START */

static int take(struct mw_err *err)
{
	int listens = 0, type = 0;
	socklen_t n = sizeof(listens), m = sizeof(type);

	if (getsockopt(FIRST, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens ||
	    getsockopt(FIRST, SOL_SOCKET, SO_TYPE, &type, &m) < 0 || type != SOCK_STREAM)
		return mw_fail(err, -EINVAL, "the service manager gave a descriptor that is no listening stream socket");
	if (fcntl(FIRST, F_SETFD, FD_CLOEXEC) < 0 || fcntl(FIRST, F_SETFL, O_NONBLOCK) < 0)
		return mw_fail(err, -errno, "the service manager's socket: %s", strerror(errno));
	return 0;
}

int mw_inherit_socket(int *fd, struct mw_err *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	bool ours = pid && count && strtol(pid, NULL, 10) == (long)getpid();
	long n = ours ? strtol(count, NULL, 10) : 0;
	int r = 0;

	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (n > 1)
		return mw_fail(err, -EINVAL, "the service manager gave %ld sockets: one is needed", n);
	if (n == 1)
		r = take(err);
	if (r == 0)
		*fd = n == 1 ? FIRST : -1;
	return r;
}

bool mw_inherit_local(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return false;
	if (a.ss_family == AF_UNIX)
		return true;
	if (a.ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)&a)->sin_addr.s_addr) >> 24 == 127;
	return a.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)&a)->sin6_addr);
}
