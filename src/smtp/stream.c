/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/stream.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Waits for one of the two. 0 or negative errno. */
static int wait_for(int fd, short what, int watch, int64_t until)
{
	struct pollfd p[2] = {{.fd = fd, .events = what}, {.fd = watch, .events = POLLIN}};

	for (;;) {
		int64_t left = until - mw_clock_ms();
		int r;

		if (left <= 0)
			return -ETIMEDOUT;
		r = poll(p, 2, left > 60000 ? 60000 : (int)left);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			return p[0].revents ? 0 : -ECANCELED;
	}
}

/* More octets behind those that are there. */
static int fill(struct mw_stream *s, int watch, int64_t until)
{
	if (s->from) {
		memmove(s->in, s->in + s->from, s->n);
		s->from = 0;
	}
	for (;;) {
		ssize_t got = recv(s->fd, s->in + s->n, sizeof(s->in) - s->n, 0);
		int r;

		if (got > 0) {
			s->n += (size_t)got;
			return 0;
		}
		if (got == 0)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return errno == ECONNRESET ? -EPIPE : -errno;
		r = wait_for(s->fd, POLLIN, watch, until);
		if (r < 0)
			return r;
	}
}

int mw_stream_line(struct mw_stream *s, size_t most, int64_t until, int watch, struct mw_str *ret)
{
	size_t seen = 0;

	for (;;) {
		const char *lf = s->n > seen ? memchr(s->in + s->from + seen, '\n', s->n - seen) : NULL;
		struct mw_str line = {.p = s->in + s->from, .n = lf ? (size_t)(lf - (s->in + s->from)) : 0};
		int r;

		if (lf) {
			mw_stream_take(s, line.n + 1);
			if (line.n > most)
				return -EMSGSIZE;
			if (line.n == 0 || line.p[line.n - 1] != '\r')
				return -EBADMSG;
			line.n--;
			*ret = line;
			return 0;
		}
		if (s->n > most + 1)
			return -EMSGSIZE;
		seen = s->n;
		r = fill(s, s->n ? -1 : watch, until);
		if (r < 0)
			return r;
	}
}

int mw_stream_peek(struct mw_stream *s, int64_t until, struct mw_str *ret)
{
	int r = s->n ? 0 : fill(s, -1, until);

	if (r == 0)
		*ret = (struct mw_str){.p = s->in + s->from, .n = s->n};
	return r;
}

void mw_stream_take(struct mw_stream *s, size_t n)
{
	s->from += n;
	s->n -= n;
}

int mw_stream_flush(struct mw_stream *s, int64_t until)
{
	size_t sent = 0;

	if (!mw_buf_ok(&s->out))
		return -ENOMEM;
	while (sent < s->out.n) {
		ssize_t n = send(s->fd, s->out.p + sent, s->out.n - sent, MSG_NOSIGNAL);
		int r;

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return errno == ECONNRESET ? -EPIPE : -errno;
		r = wait_for(s->fd, POLLOUT, -1, until);
		if (r < 0)
			return r;
	}
	mw_buf_clear(&s->out);
	return 0;
}

int mw_stream_connected(struct mw_stream *s, int64_t until)
{
	int error = 0, r = wait_for(s->fd, POLLOUT, -1, until);
	socklen_t n = sizeof(error);

	if (r < 0)
		return r;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		return -errno;
	return error ? -error : 0;
}

void mw_stream_close(struct mw_stream *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	explicit_bzero(s->in, sizeof(s->in));
	s->from = s->n = 0;
	mw_buf_free(&s->out);
}
