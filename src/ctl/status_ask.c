/* SPDX-License-Identifier: Apache-2.0 */
/* status_ask: one request to a status socket. */
#include "ctl/status.h"

#include "base/clock.h"
#include "base/inet.h"
#include "base/listen.h"
#include "metric/http.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE 3000		       /* milliseconds */
#define ANSWER_MOST ((size_t)16 << 20) /* octets */

static const char request[] = "GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n";

static bool wait_for_fd(int fd, short events, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = until - mw_clock_ms();

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

static int finish_connect(int fd, const struct sockaddr *addr, socklen_t n, int64_t until)
{
	socklen_t size = sizeof(int);
	int cause = 0;

	if (connect(fd, addr, n) == 0)
		return 0;
	if (errno != EINPROGRESS && errno != EAGAIN)
		return -errno;
	if (errno == EAGAIN) /* a unix socket whose backlog is full */
		return -EBUSY;
	if (!wait_for_fd(fd, POLLOUT, until))
		return -ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size) ? -errno : -cause;
}

static int open_unix(const char *path, int64_t until, struct mw_err *err)
{
	struct sockaddr_un addr;
	int r = mw_unix_address(path, &addr, err), fd;

	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : finish_connect(fd, (const struct sockaddr *)&addr, sizeof(addr), until);
	if (r == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return mw_fail(err, r, "%s", r == -ECONNREFUSED ? "nobody listens there any more" : strerror(-r));
}

static int open_inet(const char *spec, int64_t until, struct mw_err *err)
{
	struct addrinfo *found;
	int r = mw_inet_find(spec, &found, err), fd;

	if (r)
		return r;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : finish_connect(fd, found->ai_addr, found->ai_addrlen, until);
	freeaddrinfo(found);
	if (r == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return mw_fail(err, r, "%s", strerror(-r));
}

/* 0 with a whole answer, or all that came; negative errno. The end of the connection is not waited for: another process may still have it. */
static int exchange(int fd, int64_t until, struct mw_buf *in)
{
	char piece[16384];
	struct mw_str body;
	ssize_t n;

	/* It is shorter than any socket's buffer. */
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1)
		return -EIO;
	for (;;) {
		if (!wait_for_fd(fd, POLLIN, until))
			return -ETIMEDOUT;
		n = recv(fd, piece, sizeof(piece), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (in->n + (size_t)n > ANSWER_MOST)
			return -EFBIG;
		mw_buf_add(in, piece, (size_t)n);
		if (!mw_buf_ok(in))
			return -ENOMEM;
		if (mw_http_answer((struct mw_str){.p = mw_buf_text(in), .n = in->n}, &body))
			return 0;
	}
}

static int take_samples(struct ctl_told *t, struct mw_str body)
{
	size_t room = 0;
	int r;

	for (;;) {
		struct mw_metric_sample one;

		r = mw_metric_take(&body, &one);
		if (r <= 0)
			return r;
		if (t->samples == room) {
			struct mw_metric_sample *v = realloc(t->sample, (room ? room * 2 : 256) * sizeof(*v));

			if (!v)
				return -ENOMEM;
			t->sample = v;
			room = room ? room * 2 : 256;
		}
		t->sample[t->samples++] = one;
	}
}

static int ask(const char *socket, int64_t until, struct ctl_told *t, struct mw_err *err)
{
	const char *path = mw_unix_path(socket);
	int fd = path ? open_unix(path, until, err) : open_inet(socket, until, err), r;
	struct mw_str body;

	if (fd < 0)
		return fd;
	r = exchange(fd, until, &t->text);
	(void)close(fd);
	if (r < 0)
		return mw_fail(err, r, "%s", r == -ETIMEDOUT ? "it does not answer in time" : strerror(-r));
	if (!mw_http_answer((struct mw_str){.p = mw_buf_text(&t->text), .n = t->text.n}, &body))
		return mw_fail(err, -EBADMSG, "what it answers is not the counters");
	r = take_samples(t, body);
	return r < 0 ? mw_fail(err, r, r == -ENOMEM ? "out of memory" : "what it answers is not the counters") : 0;
}

void ctl_status_ask(const char *socket, struct ctl_told *t)
{
	struct mw_err err = {0};

	ctl_told_free(t);
	t->at = mw_clock_ms();
	t->answers = ask(socket, t->at + PATIENCE, t, &err) == 0;
	if (!t->answers) {
		t->samples = 0;
		(void)snprintf(t->why, sizeof(t->why), "%.*s", (int)sizeof(t->why) - 1, err.text);
	}
}

void ctl_told_free(struct ctl_told *t)
{
	mw_buf_free(&t->text);
	free(t->sample);
	*t = (struct ctl_told){.answers = false};
}
