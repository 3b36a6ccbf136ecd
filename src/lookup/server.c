/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/server.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "lookup/socketmap.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64u			/* questions of a connection that wait for answers */
#define ACCEPT_AT_ONCE 64u		/* then others have their turn */
#define OUTPUT_MAX (4u * 1024u * 1024u) /* octets that a connection lets stand unread */

struct client;

struct question {
	struct question *next;
	struct client *client; /* NULL: it has gone */
	struct mw_server *server;
	bool answered;
	size_t map; /* n_maps = none of ours */
	int64_t came;
	struct mw_buf reply;
};

struct client {
	struct mw_server *server;
	struct client *older, *newer; /* by the last question */
	struct bufferevent *bev;
	struct question *first, *last; /* in order; not yet written */
	unsigned waiting;
	bool taking;  /* in take_all() */
	bool closing; /* the other side asks nothing more */
};

struct mw_server {
	struct event_base *base;
	struct event **listener;
	size_t n_listeners;
	struct event *pause; /* ends a pause of the listeners */
	const struct mw_map *maps;
	size_t n_maps;
	unsigned most;
	struct timeval idle;
	struct client *oldest, *newest;
	struct mw_server_counts count;
	void (*told)(void *ctx, size_t map, enum mw_answer_kind, int64_t ns); /* of mw_server_options */
	void *told_ctx;
	bool gone;	    /* freed, but questions are under way */
	uint64_t under_way; /* questions without an answer */
};

/* ---- clients ------------------------------------------------------------------------------------------------------------------ */
static void unlink_client(struct client *c)
{
	*(c->older ? &c->older->newer : &c->server->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &c->server->newest) = c->older;
}

static void link_newest(struct client *c)
{
	c->older = c->server->newest;
	c->newer = NULL;
	*(c->server->newest ? &c->server->newest->newer : &c->server->oldest) = c;
	c->server->newest = c;
}

static void question_free(struct question *q)
{
	mw_buf_free(&q->reply);
	free(q);
}

static void client_free(struct client *c)
{
	while (c->first) {
		struct question *q = c->first;

		c->first = q->next;
		q->client = NULL;
		if (q->answered)
			question_free(q);
	}
	unlink_client(c);
	c->server->count.clients--;
	bufferevent_free(c->bev);
	free(c);
}

static void take_all(struct client *c);

/* Writes the answers that are due. false: the client is gone. */
static bool flush(struct client *c)
{
	while (c->first && c->first->answered) {
		struct question *q = c->first;
		bool failed = !mw_buf_ok(&q->reply) || bufferevent_write(c->bev, q->reply.p, q->reply.n);

		c->first = q->next;
		if (!c->first)
			c->last = NULL;
		c->waiting--;
		question_free(q);
		if (failed || evbuffer_get_length(bufferevent_get_output(c->bev)) > OUTPUT_MAX) {
			client_free(c);
			return false;
		}
	}
	return true;
}

static void server_end(struct mw_server *s)
{
	if (s->gone && !s->under_way)
		free(s);
}

static void on_answer(void *ctx, const struct mw_answer *a)
{
	struct question *q = ctx;
	struct mw_server *s = q->server;
	struct client *c = q->client;

	s->count.answers[a->kind]++;
	if (s->told && !s->gone)
		s->told(s->told_ctx, q->map, a->kind, mw_clock_ns() - q->came);
	s->under_way--;
	q->answered = true;
	if (!c) {
		question_free(q);
		server_end(s);
		return;
	}
	mw_socketmap_reply(&q->reply, a);
	if (c->taking) /* take_all() does the rest */
		return;
	if (!flush(c))
		return;
	if (c->closing && !c->first && !evbuffer_get_length(bufferevent_get_output(c->bev)))
		client_free(c);
	else
		take_all(c);
}

static size_t find_map(const struct mw_server *s, struct mw_str name)
{
	size_t i = 0;

	while (i < s->n_maps && !mw_str_eq(name, s->maps[i].name))
		i++;
	return i;
}

static bool ask(struct client *c, const struct mw_request *r)
{
	const struct mw_server *s = c->server;
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return false;
	q->client = c;
	q->server = c->server;
	q->map = find_map(s, r->map);
	q->came = mw_clock_ns();
	if (c->last)
		c->last->next = q;
	else
		c->first = q;
	c->last = q;
	c->waiting++;
	c->server->count.questions++;
	c->server->under_way++;
	if (q->map < s->n_maps)
		s->maps[q->map].ask(s->maps[q->map].map, r->key, on_answer, q);
	else
		on_answer(q, &(struct mw_answer){.kind = MW_ANSWER_PERM, .text = MW_STR_LIT("there is no such map")});
	return true;
}

/* Gives the questions that have come to their maps. The client may be gone afterwards. */
static void take_all(struct client *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);
	bool alive = true, busy;

	c->taking = true;
	while (alive && c->waiting < AT_ONCE) {
		size_t n = evbuffer_get_length(input), used = 0;
		struct mw_request request;
		enum mw_take take;

		if (n > MW_SOCKETMAP_MAX + 16)
			n = MW_SOCKETMAP_MAX + 16;
		take =
		    n ? mw_socketmap_take((const char *)evbuffer_pullup(input, (ev_ssize_t)n), n, &request, &used) : MW_TAKE_MORE;
		if (take == MW_TAKE_MORE)
			break;
		if (take == MW_TAKE_BAD || !ask(c, &request)) {
			client_free(c);
			return;
		}
		(void)evbuffer_drain(input, used);
		alive = flush(c);
	}
	if (!alive)
		return;
	c->taking = false;
	busy = c->waiting >= AT_ONCE;
	if (c->closing ? !c->first && !evbuffer_get_length(bufferevent_get_output(c->bev))
		       : (busy ? bufferevent_disable(c->bev, EV_READ) : bufferevent_enable(c->bev, EV_READ)))
		client_free(c);
}

static void on_read(struct bufferevent *bev, void *ctx)
{
	struct client *c = ctx;

	(void)bev;
	unlink_client(c);
	link_newest(c);
	take_all(c);
}

static void on_written(struct bufferevent *bev, void *ctx)
{
	struct client *c = ctx;

	(void)bev;
	if (c->closing && !c->first)
		client_free(c);
}

static void on_end(struct bufferevent *bev, short what, void *ctx)
{
	struct client *c = ctx;

	if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_READING) && c->first) {
		(void)bufferevent_enable(bev, EV_READ); /* it waits for us */
		return;
	}
	/* Who has said all may still listen. */
	if ((what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING) &&
	    (c->first || evbuffer_get_length(bufferevent_get_output(bev)))) {
		c->closing = true;
		return;
	}
	client_free(c);
}

/* ---- listening ---------------------------------------------------------------------------------------------------------------- */
static bool make_room(struct mw_server *s)
{
	struct client *c = s->oldest;

	if (s->count.clients < s->most)
		return true;
	while (c && c->first)
		c = c->newer;
	if (!c)
		return false;
	client_free(c);
	return true;
}

static void add_client(struct mw_server *s, int fd)
{
	struct client *c = make_room(s) ? calloc(1, sizeof(*c)) : NULL;

	if (c)
		c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->bev) {
		free(c);
		(void)close(fd);
		return;
	}
	c->server = s;
	link_newest(c);
	s->count.clients++;
	s->count.connections++;
	bufferevent_setcb(c->bev, on_read, on_written, on_end, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, MW_SOCKETMAP_MAX * 4);
	if (bufferevent_set_timeouts(c->bev, &s->idle, &s->idle) || bufferevent_enable(c->bev, EV_READ | EV_WRITE))
		client_free(c);
}

static void on_pause(evutil_socket_t fd, short what, void *ctx)
{
	struct mw_server *s = ctx;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)event_add(s->listener[i], NULL);
}

/* No descriptors: others close some. Until then the kernel keeps who waits. */
static void pause_listening(struct mw_server *s, int cause)
{
	mw_log(MW_WARNING, NULL, "accept", "%s: waiting for a second", strerror(cause));
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)event_del(s->listener[i]);
	(void)event_add(s->pause, &(struct timeval){.tv_sec = 1});
}

static void on_connect(evutil_socket_t listener, short what, void *ctx)
{
	struct mw_server *s = ctx;

	(void)what;
	for (unsigned i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			add_client(s, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_listening(s, errno);
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void stop_listening(struct mw_server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		event_free(s->listener[i]);
	free(s->listener);
	if (s->pause)
		event_free(s->pause);
	s->listener = NULL;
	s->n_listeners = 0;
	s->pause = NULL;
}

void mw_server_free(struct mw_server **sp)
{
	struct mw_server *s = *sp;

	if (!s)
		return;
	*sp = NULL;
	stop_listening(s);
	while (s->oldest)
		client_free(s->oldest);
	s->gone = true;
	server_end(s);
}

int mw_server_new(const struct mw_server_options *o, struct mw_server **ret, struct mw_err *err)
{
	struct mw_server *s = calloc(1, sizeof(*s));

	if (!s)
		return mw_fail_memory(err);
	*s = (struct mw_server){
	    .base = o->base, .maps = o->maps, .n_maps = o->n_maps, .most = o->clients, .told = o->answered, .told_ctx = o->ctx};
	s->idle.tv_sec = (time_t)o->idle;
	s->pause = event_new(o->base, -1, 0, on_pause, s);
	s->listener = calloc(o->n_fd, sizeof(struct event *));
	while (s->pause && s->listener && s->n_listeners < o->n_fd) {
		struct event *e = event_new(o->base, o->fd[s->n_listeners], EV_READ | EV_PERSIST, on_connect, s);

		if (!e || event_add(e, NULL)) {
			if (e)
				event_free(e);
			break;
		}
		s->listener[s->n_listeners++] = e;
	}
	if (!s->pause || s->n_listeners < o->n_fd) {
		mw_server_free(&s);
		return mw_fail_memory(err);
	}
	*ret = s;
	return 0;
}

void mw_server_count(const struct mw_server *s, struct mw_server_counts *ret)
{
	*ret = s->count;
}
