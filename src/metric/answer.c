/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/answer.h"

#include "base/clock.h"
#include "metric/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define PAUSE 1000 /* milliseconds without new clients, when the system takes none */

enum { WHO_LISTENS = MW_ANSWER_CLIENTS, WHO_TIMES };

struct client {
	int fd; /* -1: none */
	int64_t until;
	char in[MW_HTTP_REQUEST];
	size_t n;
	struct mw_buf out;
	size_t sent;
	bool answered;
};

struct mw_answerer {
	struct mw_listen listen;
	char *spec;
	int epoll, timer;
	int64_t pause; /* until then nobody is taken; 0: there is none */
	mw_answer_write *write;
	void *ctx;
	struct client client[MW_ANSWER_CLIENTS];
};

/* ---- descriptors ------------------------------------------------------------------------------------------------------------------- */

static int watch(const struct mw_answerer *a, int op, int fd, uint32_t who, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u32 = who};

	return epoll_ctl(a->epoll, op, fd, &e) ? -errno : 0;
}

/* The timer ends with the first client whose time is over, or with the pause; with none it rests. A full house listens to nobody: they wait
 * in the backlog. */
static void rest(struct mw_answerer *a)
{
	int64_t first = a->pause;
	bool room = false;

	for (size_t i = 0; i < MW_ANSWER_CLIENTS; i++) {
		const struct client *c = &a->client[i];

		room |= c->fd < 0;
		if (c->fd >= 0 && (!first || c->until < first))
			first = c->until;
	}
	(void)timerfd_settime(a->timer, TFD_TIMER_ABSTIME,
			      &(struct itimerspec){.it_value = first ? mw_clock_at(first) : (struct timespec){0}}, NULL);
	(void)watch(a, EPOLL_CTL_MOD, a->listen.fd, WHO_LISTENS, room && !a->pause ? EPOLLIN : 0);
}

static void client_drop(struct client *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->n = c->sent = 0;
	c->answered = false;
	mw_buf_free(&c->out);
}

/* A child that was just made may still have the connection, so closing it alone would not end what epoll says of it. */
static void client_end(const struct mw_answerer *a, struct client *c)
{
	if (c->fd >= 0)
		(void)epoll_ctl(a->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	client_drop(c);
}

/* ---- a client ---------------------------------------------------------------------------------------------------------------------- */

static void refuse(struct client *c, const char *status)
{
	mw_buf_printf(&c->out, "HTTP/1.0 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
}

static void tell(const struct mw_answerer *a, struct client *c, enum mw_metric_format format)
{
	struct mw_buf body = MW_BUF_INIT;

	a->write(a->ctx, format, &body);
	if (format == MW_METRIC_OPEN)
		mw_buf_puts(&body, "# EOF\n");
	mw_buf_printf(
	    &c->out, "HTTP/1.0 200 OK\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
	    format == MW_METRIC_OPEN ? "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4", body.n);
	mw_buf_add(&c->out, mw_buf_text(&body), body.n);
	if (!mw_buf_ok(&body)) {
		mw_buf_free(&c->out);
		refuse(c, "503 out of memory");
	}
	mw_buf_free(&body);
}

static void answer(const struct mw_answerer *a, struct client *c)
{
	switch (mw_http_request((struct mw_str){.p = c->in, .n = c->n})) {
	case MW_HTTP_MORE:
		return;
	case MW_HTTP_TEXT:
		tell(a, c, MW_METRIC_TEXT);
		break;
	case MW_HTTP_OPEN:
		tell(a, c, MW_METRIC_OPEN);
		break;
	case MW_HTTP_NOT_FOUND:
		refuse(c, "404 only /metrics is here");
		break;
	case MW_HTTP_METHOD:
		refuse(c, "405 only GET\r\nAllow: GET");
		break;
	case MW_HTTP_TOO_LARGE:
		refuse(c, "431 the request is too large");
		break;
	case MW_HTTP_BAD:
		refuse(c, "400 no request of HTTP/1");
		break;
	}
	c->answered = true;
}

/* False: it is over. */
static bool client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, 0);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->n += (size_t)n;
	return true;
}

static bool client_write(struct client *c)
{
	ssize_t n = mw_buf_ok(&c->out) ? send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL) : -1;

	if (n < 0)
		return mw_buf_ok(&c->out) && (errno == EAGAIN || errno == EINTR);
	c->sent += (size_t)n;
	return c->sent < c->out.n;
}

static void client_turn(struct mw_answerer *a, uint32_t who)
{
	struct client *c = &a->client[who];

	if (c->fd < 0)
		return;
	if (!c->answered && !client_read(c)) {
		client_end(a, c);
		return;
	}
	if (!c->answered)
		answer(a, c);
	if (!c->answered)
		return;
	if (!client_write(c) || watch(a, EPOLL_CTL_MOD, c->fd, who, EPOLLOUT) < 0)
		client_end(a, c);
}

static void take_client(struct mw_answerer *a)
{
	for (uint32_t i = 0; i < MW_ANSWER_CLIENTS; i++) {
		struct client *c = &a->client[i];

		if (c->fd >= 0)
			continue;
		c->fd = accept4(a->listen.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (c->fd < 0) { /* who cannot be taken still waits, and would keep us busy */
			a->pause = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : mw_clock_ms() + PAUSE;
			return;
		}
		c->until = mw_clock_ms() + MW_ANSWER_SECONDS * 1000;
		if (watch(a, EPOLL_CTL_ADD, c->fd, i, EPOLLIN) < 0)
			client_end(a, c);
	}
}

static void end_late(struct mw_answerer *a)
{
	int64_t now = mw_clock_ms();
	uint64_t times;

	(void)!read(a->timer, &times, sizeof(times));
	if (a->pause <= now)
		a->pause = 0;
	for (size_t i = 0; i < MW_ANSWER_CLIENTS; i++)
		if (a->client[i].fd >= 0 && a->client[i].until <= now)
			client_end(a, &a->client[i]);
}

int mw_answerer_fd(const struct mw_answerer *a)
{
	return a->epoll;
}

const char *mw_answerer_path(const struct mw_answerer *a)
{
	return a->listen.path;
}

void mw_answerer_turn(struct mw_answerer *a)
{
	struct epoll_event event[MW_ANSWER_CLIENTS + 2];
	int n = epoll_wait(a->epoll, event, MW_ANSWER_CLIENTS + 2, 0);

	for (int i = 0; i < n; i++) {
		if (event[i].data.u32 == WHO_LISTENS)
			take_client(a);
		else if (event[i].data.u32 == WHO_TIMES)
			end_late(a);
		else
			client_turn(a, event[i].data.u32);
	}
	if (n > 0)
		rest(a);
}

/* ---- start and end ----------------------------------------------------------------------------------------------------------------- */

static int open_all(struct mw_answerer *a, const char *spec, unsigned mode, struct mw_err *err)
{
	int r;

	a->spec = strdup(spec);
	if (!a->spec)
		return mw_fail_memory(err);
	r = mw_listen_open(a->spec, mode, NULL, &a->listen, err);
	if (r)
		return r;
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	a->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (a->epoll < 0 || a->timer < 0 || watch(a, EPOLL_CTL_ADD, a->listen.fd, WHO_LISTENS, EPOLLIN) < 0 ||
	    watch(a, EPOLL_CTL_ADD, a->timer, WHO_TIMES, EPOLLIN) < 0)
		return mw_fail(err, -errno, "status socket: %s", strerror(errno));
	return 0;
}

int mw_answerer_new(const char *spec, unsigned mode, mw_answer_write *write, void *ctx, struct mw_answerer **ret,
		    struct mw_err *err)
{
	struct mw_answerer *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return mw_fail_memory(err);
	a->listen.fd = a->epoll = a->timer = -1;
	a->write = write;
	a->ctx = ctx;
	for (size_t i = 0; i < MW_ANSWER_CLIENTS; i++)
		a->client[i].fd = -1;
	r = open_all(a, spec, mode, err);
	if (r)
		mw_answerer_free(&a);
	else
		*ret = a;
	return r;
}

void mw_answerer_leave(struct mw_answerer **p)
{
	if (*p)
		(*p)->listen.path = NULL; /* the name is the parent's */
	mw_answerer_free(p);
}

void mw_answerer_free(struct mw_answerer **p)
{
	struct mw_answerer *a = *p;

	*p = NULL;
	if (!a)
		return;
	for (size_t i = 0; i < MW_ANSWER_CLIENTS; i++)
		client_drop(&a->client[i]);
	mw_listen_close(&a->listen);
	if (a->epoll >= 0)
		(void)close(a->epoll);
	if (a->timer >= 0)
		(void)close(a->timer);
	free(a->spec);
	free(a);
}
