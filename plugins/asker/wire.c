/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define IDLE 60000  /* milliseconds after which a connection that nobody uses is closed */
#define FIRST 1024u /* octets of a buffer at first */

struct asked {
	void *question;
	int64_t until;
};

struct connection {
	int fd;		     /* -1: none */
	bool proved;	     /* it has answered something */
	int64_t since;	     /* idle */
	struct asked *asked; /* those sent, the first first: deep of them */
	size_t n;
	short ready;	/* what poll() says */
	char *out, *in; /* what is to be sent, what has come */
	size_t out_n, out_cap, in_n, in_cap;
};

struct mw_wire {
	struct mw_wire_options o;
	struct connection *connection;
	struct pollfd *poll;
};

int64_t mw_wire_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct mw_wire *mw_wire_new(const struct mw_wire_options *o)
{
	struct mw_wire *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->o = *o;
	w->connection = calloc(o->connections, sizeof(*w->connection));
	w->poll = calloc(o->connections + 1, sizeof(*w->poll));
	for (size_t i = 0; w->connection && i < o->connections; i++)
		w->connection[i].fd = -1;
	if (!w->connection || !w->poll)
		mw_wire_free(&w);
	return w;
}

static void hang_up(struct connection *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->asked);
	free(c->out);
	free(c->in);
	*c = (struct connection){.fd = -1};
}

void mw_wire_free(struct mw_wire **wp)
{
	struct mw_wire *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	for (size_t i = 0; w->connection && i < w->o.connections; i++)
		hang_up(&w->connection[i]);
	free(w->connection);
	free(w->poll);
	free(w);
}

/*
 * The connection is of no use any more, for that reason. Its first question may be the cause, unless the connection had been idle, whose
 * other end may have gone without a word; those behind it are not.
 */
static void fail(struct mw_wire *w, struct connection *c, int reason)
{
	struct connection old = *c;

	*c = (struct connection){.fd = -1};
	for (size_t i = 0; i < old.n; i++)
		(void)w->o.done(w->o.ctx, old.asked[i].question,
				i > 0 || (old.proved && (reason == -ECONNRESET || reason == -EPIPE)) ? -EAGAIN : reason,
				(struct mw_str){"", 0});
	hang_up(&old);
}

static bool room(char **p, size_t *cap, size_t need)
{
	size_t size = *cap ? *cap : FIRST;
	char *bigger;

	if (need <= *cap)
		return true;
	while (size < need)
		size *= 2;
	bigger = realloc(*p, size);
	if (!bigger)
		return false;
	*p = bigger;
	*cap = size;
	return true;
}

/* ---- asking ----------------------------------------------------------------------------------------------------------------- */
static int dial(const struct mw_wire *w, struct connection *c)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int r;

	if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s", w->o.socket) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	c->asked = calloc(w->o.deep, sizeof(*c->asked));
	if (!c->asked)
		return -ENOMEM;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd >= 0 && connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	r = -errno;
	hang_up(c);
	return r;
}

/* Behind which of the two is there less to wait for? Of as many questions those that were asked last: most answers come at once, and what
 * has had none for long is slow. */
static bool is_better(const struct connection *a, const struct connection *b)
{
	return a->n < b->n || (a->n == b->n && a->asked[0].until > b->asked[0].until);
}

/* One that is idle, a new one, or the best to wait for. */
static int choose(struct mw_wire *w, struct connection **ret)
{
	struct connection *none = NULL, *least = NULL;
	int r;

	for (size_t i = 0; i < w->o.connections; i++) {
		struct connection *c = &w->connection[i];

		if (c->fd < 0) {
			none = none ? none : c;
		} else if (c->n == 0) {
			*ret = c;
			return 0;
		} else if (c->n < w->o.deep && (!least || is_better(c, least))) {
			least = c;
		}
	}
	if (none) {
		r = dial(w, none);
		if (r == 0)
			*ret = none;
		/* EAGAIN: the other side has not taken the last ones yet. Without descriptors one of those that are there has to do. */
		if (!least || (r != -EAGAIN && r != -EMFILE && r != -ENFILE))
			return r;
	}
	if (!least)
		return -EBUSY;
	*ret = least;
	return 0;
}

static void send_some(struct mw_wire *w, struct connection *c)
{
	while (c->fd >= 0 && c->out_n) {
		ssize_t sent = send(c->fd, c->out, c->out_n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0) {
			fail(w, c, -EPIPE);
			return;
		}
		c->out_n -= (size_t)sent;
		memmove(c->out, c->out + sent, c->out_n);
	}
}

int mw_wire_ask(struct mw_wire *w, struct mw_str text, void *question)
{
	struct connection *c = NULL;
	int r = choose(w, &c);

	if (r)
		return r;
	if (!room(&c->out, &c->out_cap, c->out_n + text.n + 32))
		return -ENOMEM;
	c->out_n += (size_t)sprintf(c->out + c->out_n, "%zu:", text.n);
	memcpy(c->out + c->out_n, text.p, text.n);
	c->out_n += text.n;
	c->out[c->out_n++] = ',';
	c->asked[c->n++] = (struct asked){.question = question, .until = mw_wire_clock() + w->o.wait};
	send_some(w, c);
	return 0;
}

/* ---- answers ---------------------------------------------------------------------------------------------------------------- */
/* Octets of the netstring at the start of p, 0 when not all of it is there; *ret: the text in it. */
static int take_netstring(const char *p, size_t n, size_t most, size_t *used, struct mw_str *ret)
{
	size_t length = 0, head = 0;

	*used = 0;
	while (head < n && head < 6 && p[head] >= '0' && p[head] <= '9')
		length = length * 10 + (size_t)(p[head++] - '0');
	if (length > most)
		return -EFBIG;
	if (head == n)
		return head < 6 ? 0 : -EBADMSG;
	if (head == 0 || p[head] != ':')
		return -EBADMSG;
	if (n - head < length + 2)
		return 0;
	if (p[head + 1 + length] != ',')
		return -EBADMSG;
	*ret = (struct mw_str){p + head + 1, length};
	*used = head + length + 2;
	return 0;
}

/* Ends the questions whose answers have come. */
static int take_answers(struct mw_wire *w, struct connection *c)
{
	size_t at = 0, used = 1;
	int r = 0;

	while (r == 0 && used && at < c->in_n) {
		struct mw_str text = {"", 0};
		void *question;

		r = take_netstring(c->in + at, c->in_n - at, w->o.reply_max, &used, &text);
		if (r || !used)
			break;
		if (c->n == 0)
			return -EBADMSG; /* nobody asked */
		at += used;
		question = c->asked[0].question;
		c->n--;
		memmove(c->asked, c->asked + 1, c->n * sizeof(*c->asked));
		c->proved = true;
		if (!w->o.done(w->o.ctx, question, 0, text))
			r = -EPIPE; /* those behind it are not at fault */
	}
	c->in_n -= at;
	memmove(c->in, c->in + at, c->in_n);
	return r;
}

static void receive_some(struct mw_wire *w, struct connection *c)
{
	for (;;) {
		ssize_t got;
		int r;

		if (!room(&c->in, &c->in_cap, c->in_n + FIRST)) {
			fail(w, c, -ENOMEM);
			return;
		}
		got = recv(c->fd, c->in + c->in_n, c->in_cap - c->in_n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			fail(w, c, -ECONNRESET);
			return;
		}
		c->in_n += (size_t)got;
		r = take_answers(w, c);
		if (r) {
			fail(w, c, r);
			return;
		}
		if (c->n == 0)
			c->since = mw_wire_clock();
	}
}

void mw_wire_wait(struct mw_wire *w, int wake)
{
	int64_t now = mw_wire_clock(), least = IDLE;
	nfds_t n = 0, at = 1;

	w->poll[n++] = (struct pollfd){.fd = wake, .events = POLLIN};
	for (size_t i = 0; i < w->o.connections; i++) {
		const struct connection *c = &w->connection[i];
		int64_t left;

		if (c->fd < 0)
			continue;
		w->poll[n++] = (struct pollfd){.fd = c->fd, .events = (short)(POLLIN | (c->out_n ? POLLOUT : 0))};
		left = (c->n ? c->asked[0].until : c->since + IDLE) - now;
		least = left < least ? left : least;
	}
	if (poll(w->poll, n, least < 0 ? 0 : (int)least + 1) < 0)
		return;
	for (size_t i = 0; i < w->o.connections; i++)
		if (w->connection[i].fd >= 0)
			w->connection[i].ready = w->poll[at++].revents;
}

void mw_wire_work(struct mw_wire *w)
{
	int64_t now = mw_wire_clock();

	for (size_t i = 0; i < w->o.connections; i++) {
		struct connection *c = &w->connection[i];
		short ready = c->ready;

		c->ready = 0;
		if (c->fd >= 0 && (ready & POLLOUT))
			send_some(w, c);
		if (c->fd >= 0 && (ready & (POLLIN | POLLHUP | POLLERR)))
			receive_some(w, c);
		if (c->fd >= 0 && (c->n ? c->asked[0].until : c->since + IDLE) <= now)
			fail(w, c, -ETIMEDOUT);
	}
}
