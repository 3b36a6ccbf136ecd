/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD_ROOM CMSG_SPACE(sizeof(int))
#define FD_ONE CMSG_LEN(sizeof(int)) /* without what fills the room up, in which a second descriptor would find a place */

int mw_control_send(int sock, char word, struct mw_str what, int fd)
{
	struct iovec iov[2] = {{.iov_base = &word, .iov_len = 1},
			       {.iov_base = (void *)(uintptr_t)what.p, .iov_len = what.p ? what.n : 0}};
	union {
		struct cmsghdr head;
		char room[FD_ROOM];
	} control = {0};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n;

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = FD_ROOM;
		control.head =
		    (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

ssize_t mw_control_receive(int sock, char *packet, size_t size, int *fd)
{
	struct iovec iov = {.iov_base = packet, .iov_len = size};
	union {
		struct cmsghdr head;
		char room[FD_ROOM];
	} control = {0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = FD_ONE};
	const struct cmsghdr *c;
	int got = -1;
	ssize_t n;

	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(&got, CMSG_DATA(c), sizeof(got));
	if (got >= 0 && (!fd || (m.msg_flags & MSG_TRUNC))) {
		(void)close(got);
		got = -1;
	}
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (fd)
		*fd = got;
	return n;
}

int mw_parent_ask_octets(struct mw_parent *p, char word, struct mw_str what, char *octets, size_t *n, int *fd)
{
	char packet[1 + MW_TICKET_MOST];
	ssize_t got;
	int r = mw_control_send(p->sock, word, what, -1);

	if (r < 0)
		return r;
	do {
		got = mw_control_receive(p->sock, packet, sizeof(packet), fd);
		p->stop = p->stop || (got > 0 && packet[0] == MW_TOLD_STOP);
	} while (got > 0 && packet[0] == MW_TOLD_STOP);
	if (got <= 0)
		return got < 0 ? (int)got : -EPIPE;
	*n = (size_t)got - 1 < *n ? (size_t)got - 1 : *n;
	memcpy(octets, packet + 1, *n);
	r = (unsigned char)packet[0];
	explicit_bzero(packet, sizeof(packet)); /* a ticket has a secret */
	return r;
}

int mw_parent_ask(struct mw_parent *p, char word, struct mw_str what, char *text, size_t size, int *fd)
{
	char none[1];
	size_t n = size ? size - 1 : 0;
	int r = mw_parent_ask_octets(p, word, what, text ? text : none, &n, fd);

	if (r >= 0 && text && size)
		text[n] = '\0';
	return r;
}

bool mw_parent_lives(const struct mw_parent *p)
{
	struct pollfd at = {.fd = p->sock};

	return poll(&at, 1, 0) == 0; /* but for an end, nothing is waited for */
}

/* Nothing but that comes unasked, except for the end of the parent. */
bool mw_parent_stops(struct mw_parent *p)
{
	char word;

	if (!p->stop && recv(p->sock, &word, 1, MSG_DONTWAIT) >= 0)
		p->stop = true;
	return p->stop;
}
