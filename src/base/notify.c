/* SPDX-License-Identifier: Apache-2.0 */
#include "base/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int notify_send(const char *text, size_t n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t length;
	ssize_t sent;
	int fd, err;

	if (!path || !*path)
		return 0;
	length = strlen(path);
	if ((*path != '/' && *path != '@') || length >= sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path, path, length);
	if (*path == '@') /* abstract name */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sent = sendto(fd, text, n, MSG_NOSIGNAL, (const struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	err = sent < 0 ? -errno : 0;
	(void)close(fd);
	return err;
}

int mw_notify(const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return -EINVAL;
	return notify_send(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

int mw_notify_status(const char *text)
{
	char line[512] = "STATUS=";
	size_t n = strlen(line);

	for (; *text && n < sizeof(line); text++)
		line[n++] = (unsigned char)*text < ' ' ? ' ' : *text;
	return notify_send(line, n);
}

int64_t mw_notify_watchdog(void)
{
	const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	char *end;
	long long us;

	if (!period || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	errno = 0;
	us = strtoll(period, &end, 10);
	return errno || end == period || *end || us < 1000 ? 0 : us / 1000;
}

int mw_notify_reloading(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return mw_notify("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reloading",
			 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}
