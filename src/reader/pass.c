/* SPDX-License-Identifier: Apache-2.0 */
/* pass: documents and sockets from process to process. */
#include "reader/keeper.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_all(int fd, struct mw_str data)
{
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data.p += n;
		data.n -= (size_t)n;
	}
	return 0;
}

int mw_sealed_file(struct mw_str data)
{
	int fd = memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, data);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

int mw_wait_either(int fd, int other, int64_t until)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = other, .events = POLLIN}};
		int64_t left = until ? until - mw_clock_ms() : -1;
		int n;

		if (until && left < 0)
			left = 0;
		n = poll(p, 2, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0)
			return (p[0].revents ? 1 : 0) | (p[1].revents ? 2 : 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && until && mw_clock_ms() >= until)
			return 0;
	}
}

int mw_wait_readable(int fd, int64_t until)
{
	return mw_wait_either(fd, -1, until);
}

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

int mw_send_with_fd(int sock, const char *p, size_t n, int fd)
{
	struct iovec piece = {.iov_base = (void *)(uintptr_t)p, .iov_len = n};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};
	union control control = {.space = {0}};
	ssize_t sent;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -EIO;
}

int mw_receive_with_fd(int sock, char *p, size_t n, int *fd)
{
	struct iovec piece = {.iov_base = p, .iov_len = n};
	union control control;
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *c;
	ssize_t got;

	*fd = -1;
	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return (int)got;
}
