/* SPDX-License-Identifier: Apache-2.0 */
#include "socketmap.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t socketmap_clock(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int wait_for(int fd, short what, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = what};

	for (;;) {
		int64_t left = deadline - socketmap_clock();
		int r;

		if (left <= 0)
			return -ETIME;
		r = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(int fd, const char *p, size_t n, int64_t deadline)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < n) {
		ssize_t sent = send(fd, p + at, n - at, MSG_NOSIGNAL);

		if (sent >= 0)
			at += (size_t)sent;
		else if (errno == EAGAIN)
			r = wait_for(fd, POLLOUT, deadline);
		else if (errno != EINTR)
			r = -errno;
	}
	return r;
}

/* "12:OK something,": how long it will be with all, 0 = not yet known; -EPROTO. *begin: behind the colon. */
static ssize_t netstring(const char *p, size_t n, size_t *begin)
{
	size_t len = 0, i = 0;

	while (i < n && p[i] >= '0' && p[i] <= '9' && i < 7) {
		len = len * 10 + (size_t)(p[i] - '0');
		i++;
	}
	if (i == n && n < 7)
		return 0;
	if (i == 0 || i == n || p[i] != ':' || len > SOCKETMAP_MAX)
		return -EPROTO;
	*begin = i + 1;
	return (ssize_t)(i + 1 + len + 1);
}

static int receive(int fd, char *p, size_t room, int64_t deadline, size_t *begin, size_t *all)
{
	ssize_t want = 0;
	size_t n = 0;

	while (want == 0 || n < (size_t)want) {
		ssize_t got = recv(fd, p + n, room - n, 0);
		int r = 0;

		if (got > 0) {
			n += (size_t)got;
			want = netstring(p, n, begin);
			if (want < 0)
				return (int)want;
		} else if (got == 0) {
			return -EPROTO;
		} else if (errno == EAGAIN) {
			r = wait_for(fd, POLLIN, deadline);
		} else if (errno != EINTR) {
			r = -errno;
		}
		if (r < 0)
			return r;
	}
	*all = (size_t)want;
	return p[want - 1] == ',' ? 0 : -EPROTO;
}

static int connect_to(const char *path, int64_t deadline)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, r = 0;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: its queue is full, and nothing tells when it is not. */
	while (r == 0 && connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0 && errno != EISCONN) {
		if (errno == EAGAIN && socketmap_clock() < deadline)
			(void)poll(NULL, 0, 10);
		else if (errno != EINTR)
			r = -errno;
	}
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

int socketmap_ask(const char *path, const char *question, int64_t deadline, char **answer)
{
	size_t room = SOCKETMAP_MAX + 16, begin = 0, all = 0;
	int fd = connect_to(path, deadline), n, r = fd < 0 ? fd : 0;
	char *p;

	if (r < 0)
		return r;
	p = malloc(room);
	n = p ? snprintf(p, room, "%zu:%s,", strlen(question), question) : 0;
	if (!p || n < 0 || (size_t)n >= room)
		r = p ? -E2BIG : -ENOMEM;
	if (r == 0)
		r = send_all(fd, p, (size_t)n, deadline);
	if (r == 0)
		r = receive(fd, p, room, deadline, &begin, &all);
	(void)close(fd);
	if (r < 0) {
		free(p);
		return r;
	}
	memmove(p, p + begin, all - begin - 1);
	p[all - begin - 1] = '\0';
	*answer = p;
	return 0;
}
