/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "portal/connection.h"
#include "portal/glance.h"
#include "portal/pages.h"
#include "portal/reading.h"
#include "portal/work.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#define HEARD_OUT ((uint64_t)256 << 20) /* octets */
#define HTTP_THREADS 2u
#define POOL ((size_t)64 * 1024) /* of a connection: header, and what is read at a time */
#define PATH_MOST 512u
#define KEEP 75 /* seconds for a connection between requests: web servers keep theirs for 60, and must be the ones that close */

struct mw_server {
	struct mw_portal *portal;
	struct MHD_Daemon *daemon;
	struct mw_connections *connections;
	struct mw_work *work;
	struct mw_glance *glance;
	struct mw_readings *readings;
	atomic_size_t requests; /* whose answer has not gone out */
	bool proxied;
	pthread_mutex_t lock; /* site */
	struct mw_site *site;
};

static struct mw_site *site_of(struct mw_server *s)
{
	struct mw_site *site;

	(void)pthread_mutex_lock(&s->lock);
	site = mw_site_ref(s->site);
	(void)pthread_mutex_unlock(&s->lock);
	return site;
}

void mw_server_set_site(struct mw_server *s, struct mw_site *fresh)
{
	struct mw_site *old;

	(void)pthread_mutex_lock(&s->lock);
	old = s->site;
	s->site = mw_site_ref(fresh);
	(void)pthread_mutex_unlock(&s->lock);
	mw_site_unref(&old);
}

static int64_t in_seconds(int64_t seconds)
{
	return mw_clock_ms() + seconds * 1000;
}

/* ---- a request comes ------------------------------------------------------------------------------------------------------------- */

/* The header as it is copied: its size, and what is wanted of it. */
struct copying {
	struct mw_request *r;
	size_t octets;
	bool proxied, failed;
};

static const char *keep(struct mw_request *r, const char *value, struct copying *c)
{
	const char *copy = mw_arena_str(r->arena, value);

	c->failed |= !copy;
	return copy;
}

static void take_language(struct mw_request *r, struct mw_str value)
{
	const struct mw_templates *t = r->site->templates;

	for (size_t i = 0; !*r->language; i++) {
		struct mw_str tag = mw_field_language(value, i);
		const char *is;

		if (!tag.n)
			return;
		is = mw_templates_language(t, tag);
		/* It is the site's own when nothing is nearer: that is right when it was asked for. */
		if (tag.n >= 2 && strncasecmp(is, tag.p, 2) == 0)
			r->language = is;
	}
}

static enum MHD_Result copy_field(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct copying *c = cls;
	struct mw_request *r = c->r;
	struct mw_str *into = NULL;

	(void)kind;
	value = value ? value : "";
	c->octets += strlen(key) + strlen(value) + 4;
	if (strcasecmp(key, "Cookie") == 0)
		into = &r->cookie;
	else if (strcasecmp(key, "Origin") == 0)
		into = &r->origin;
	else if (strcasecmp(key, "Sec-Fetch-Site") == 0)
		into = &r->fetch_site;
	else if (strcasecmp(key, "Content-Type") == 0)
		into = &r->type;
	else if (strcasecmp(key, "Range") == 0)
		into = &r->range;
	else if (strcasecmp(key, "Accept-Language") == 0)
		take_language(r, mw_str(value));
	else if (c->proxied && strcasecmp(key, r->site->conf->client_address) == 0)
		(void)mw_field_forwarded(key, mw_str(value), r->client);
	if (into)
		*into = mw_str(keep(r, value, c));
	return MHD_YES;
}

static enum MHD_Result count_query(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct copying *c = cls;

	(void)kind;
	c->octets += strlen(key) + (value ? strlen(value) : 0) + 2;
	return MHD_YES;
}

static struct mw_request *request_new(struct mw_server *s)
{
	struct mw_request *r = calloc(1, sizeof(*r));

	if (r)
		r->arena = mw_arena_new(0);
	if (!r || !r->arena) {
		free(r);
		return NULL;
	}
	r->portal = s->portal;
	r->site = site_of(s);
	r->now = (int64_t)time(NULL);
	r->came = mw_clock_ns();
	r->language = "";
	r->cookie = r->origin = r->fetch_site = r->type = r->range = r->to_path = r->to_cookie = mw_str("");
	return r;
}

static void request_free(struct mw_server *s, struct mw_request *r)
{
	if (r->counted)
		mw_connection_leave(s->connections, r->connection);
	if (r->upload)
		r->route->upload->drop(r->upload);
	mw_page_drop(r);
	mw_work_wipe(r);
	mw_buf_free(&r->body);
	mw_site_unref(&r->site);
	mw_arena_free(&r->arena);
	free(r);
}

/* Content-Length; 0 when there is none. */
static uint64_t length_of(struct MHD_Connection *c)
{
	const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return text ? strtoull(text, NULL, 10) : 0;
}

static bool has_body(struct MHD_Connection *c)
{
	return length_of(c) > 0 || MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static uint64_t most_of(const struct mw_request *r)
{
	const struct mw_route *route = r->route;

	return route->upload ? route->upload->most(r) : route->flags & MW_ROUTE_FORM ? (uint64_t)r->site->conf->form_size : 0;
}

/* What is wrong with it before anybody looks at it: an answer is made then. */
static void refuse(struct mw_server *s, struct mw_request *r, struct MHD_Connection *c, const char *method, size_t octets)
{
	bool known;

	r->route = mw_routes_find(method, r->path, r->arg, &known);
	if (r->route)
		r->counted = mw_connection_enter(s->connections, r->connection, r->client, (unsigned)r->site->conf->per_client);
	if (octets > (size_t)r->site->conf->header_size) {
		mw_page(r, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "large.html", mw_page_values(r));
	} else if (known && !r->route) {
		mw_page(r, MHD_HTTP_METHOD_NOT_ALLOWED, "method.html", mw_page_values(r));
		mw_page_header(r, MHD_HTTP_HEADER_ALLOW, mw_routes_allow(r->path));
	} else if (!r->route) {
		mw_page_not_found(r);
	} else if (!r->counted) {
		mw_log(MW_NOTICE, NULL, "client", "%s has too many requests at a time", r->client);
		mw_page(r, MHD_HTTP_TOO_MANY_REQUESTS, "tries.html", mw_page_values(r));
		mw_page_header(r, "Retry-After", "60");
	} else if (length_of(c) > most_of(r)) {
		mw_page_large(r, most_of(r));
	} else if (has_body(c) && !most_of(r)) {
		mw_page(r, MHD_HTTP_BAD_REQUEST, "method.html", mw_page_values(r));
	}
}

static enum MHD_Result begin(struct mw_server *s, struct MHD_Connection *c, const char *path, const char *method, void **state)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct mw_request *r = request_new(s);
	struct copying copying = {.r = r, .proxied = s->proxied};

	if (!r)
		return MHD_NO;
	*state = r;
	atomic_fetch_add(&s->requests, 1);
	r->connection = info ? info->socket_context : NULL;
	r->head = strcmp(method, "HEAD") == 0;
	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, copy_field, &copying);
	(void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, count_query, &copying);
	copying.octets += strlen(path);
	r->path = mw_str(strlen(path) > PATH_MOST ? "" : keep(r, path, &copying));
	if (copying.failed)
		return MHD_NO;
	refuse(s, r, c, method, copying.octets);
	if (!r->response && r->route->upload) {
		r->failed = r->route->upload->begin(r, &r->upload);
		if (r->failed == 0 && !r->response && !r->upload)
			r->failed = -EINVAL;
	}
	mw_connection_until(s->connections, r->connection,
			    in_seconds(r->route && r->route->upload ? r->site->conf->transfer_time : r->site->conf->body_time));
	return MHD_YES;
}

/* ---- its body -------------------------------------------------------------------------------------------------------------------- */

/* Files that are too large, within reason: a web server that still sends them when we close does not hear the answer. */
static bool is_heard_out(const struct mw_request *r, struct MHD_Connection *c)
{
	return r->response && r->counted && r->route && r->route->upload && length_of(c) > 0 && length_of(c) <= HEARD_OUT;
}

/* What comes behind an error is let pass up to the limit, so that the answer is heard; who does not stop then is cut. */
static enum MHD_Result more(struct mw_request *r, const char *p, size_t *n)
{
	if (r->response) { /* MHD gives no more than was announced */
		*n = 0;
		return MHD_YES;
	}
	r->body_octets += *n;
	if (r->body_octets > most_of(r)) {
		if (r->body_octets > most_of(r) + POOL)
			return MHD_NO;
		r->failed = -EFBIG;
	}
	if (r->failed == 0 && r->upload)
		r->failed = r->route->upload->more(r->upload, p, *n);
	else if (r->failed == 0)
		mw_buf_add(&r->body, p, *n);
	*n = 0;
	return MHD_YES;
}

/* ---- its answer ------------------------------------------------------------------------------------------------------------------ */

static enum MHD_Result answer(struct mw_server *s, struct mw_request *r, struct MHD_Connection *c)
{
	if (!r->response) /* there was not even memory to say so */
		return MHD_NO;
	mw_connection_until(s->connections, r->connection, in_seconds(r->site->conf->transfer_time));
	return MHD_queue_response(c, r->status, r->response);
}

static void resume(void *ctx)
{
	MHD_resume_connection(ctx);
}

/* Is it one of the pages that are kept, and is that still right? */
static bool glance(struct mw_server *s, struct mw_request *r)
{
	bool hit = mw_glance(s->glance, r);

	if (r->route->flags & MW_ROUTE_KEPT)
		mw_count(&s->portal->counts->pages[hit ? 0 : 1]);
	return hit;
}

/* Until another thread has done with it. */
static void put_aside(struct mw_server *s, struct mw_request *r, struct MHD_Connection *c)
{
	r->queued = true;
	r->resume = resume;
	r->resume_ctx = c;
	mw_connection_until(s->connections, r->connection, 0);
	MHD_suspend_connection(c);
	if (r->reads)
		mw_readings_add(s->readings, r);
	else
		mw_work_add(s->work, r);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *path, const char *method, const char *version,
			      const char *data, size_t *n, void **state)
{
	struct mw_server *s = cls;
	struct mw_request *r = *state;

	(void)version;
	if (!r) {
		enum MHD_Result good = begin(s, c, path, method, state);

		/* With a body on its way, but for files: it is answered at once, and the connection ends. */
		r = *state;
		return good == MHD_YES && r->response && !is_heard_out(r, c) ? answer(s, r, c) : good;
	}
	if (*n)
		return more(r, data, n);
	if (!r->queued && !r->response && (!glance(s, r) || r->reads)) {
		put_aside(s, r, c);
		return MHD_YES;
	}
	return answer(s, r, c);
}

static void completed(void *cls, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	struct mw_server *s = cls;
	struct mw_request *r = *state;

	(void)c;
	(void)why;
	if (!r)
		return;
	mw_connection_until(s->connections, r->connection, in_seconds(KEEP + r->site->conf->header_time));
	mw_portal_count(s->portal->counts, r->status, mw_clock_ns() - r->came);
	request_free(s, r);
	atomic_fetch_sub(&s->requests, 1);
	*state = NULL;
}

static void connected(void *cls, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct mw_server *s = cls;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		mw_connection_remove(s->connections, *context);
		*context = NULL;
		return;
	}
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info) {
		struct mw_site *site = site_of(s);

		*context = mw_connection_add(s->connections, info->connect_fd, in_seconds(site->conf->header_time));
		mw_site_unref(&site);
	}
}

/* Paths stand as they came: nothing of ours needs a "%". */
static size_t unescape(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strlen(text);
}

/* ---- start and end --------------------------------------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(struct mw_server *s, int fd)
{
	const struct mw_portal_conf *c = s->site->conf;
	/* Without an octet. Times for what is done as a whole are those of connections. */
	unsigned still = (unsigned)(c->body_time > KEEP + c->header_time ? c->body_time : KEEP + c->header_time);

	return MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL, handle, s,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)c->connections, MHD_OPTION_CONNECTION_TIMEOUT, still, MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, connected, s, MHD_OPTION_NOTIFY_COMPLETED, completed,
	    s, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

int mw_server_start(struct mw_portal *portal, struct mw_site *site, int fd, bool proxied, struct mw_server **ret,
		    struct mw_err *err)
{
	struct mw_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return mw_fail_memory(err);
	(void)pthread_mutex_init(&s->lock, NULL);
	s->portal = portal;
	s->proxied = proxied;
	s->site = mw_site_ref(site);
	s->connections = mw_connections_new();
	r = s->connections ? mw_readings_start(portal, site, &s->readings, err) : mw_fail_memory(err);
	r = r < 0 ? r : mw_work_start(portal, site, s->readings, &s->work, err);
	r = r < 0 ? r : mw_glance_new(portal, site, HTTP_THREADS, &s->glance, err);
	if (r == 0) {
		s->daemon = start_daemon(s, fd);
		r = s->daemon ? 0 : mw_fail(err, -EIO, "the HTTP server does not start: %s", strerror(errno));
	}
	if (r == 0)
		*ret = s;
	else
		mw_server_stop(&s);
	return r;
}

void mw_server_tick(struct mw_server *s)
{
	size_t n = mw_connections_cut(s->connections, mw_clock_ms());

	mw_count_add(&s->portal->counts->cut, n);
	if (n)
		mw_log(MW_INFO, NULL, "slow", "%zu connections were too slow and are cut", n);
}

void mw_server_drain(struct mw_server *s)
{
	(void)MHD_quiesce_daemon(s->daemon);
}

size_t mw_server_busy(struct mw_server *s)
{
	return atomic_load(&s->requests);
}

void mw_server_stop(struct mw_server **p)
{
	struct mw_server *s = *p;

	*p = NULL;
	if (!s)
		return;
	/* Workers first: nothing is put aside any more when the daemon ends, as it must be. */
	mw_work_stop(s->work);
	mw_readings_stop(s->readings);
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	mw_work_free(&s->work);
	mw_readings_free(&s->readings);
	mw_glance_free(&s->glance);
	mw_connections_free(&s->connections);
	mw_site_unref(&s->site);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
