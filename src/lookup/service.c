/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/service.h"

#include "base/listen.h"
#include "base/notify.h"
#include "dns/dns.h"
#include "lookup/count.h"
#include "lookup/dnsmap.h"
#include "lookup/inquiry.h"
#include "lookup/ocsp.h"
#include "lookup/server.h"
#include "lookup/wkd.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SIGNALS 4u

struct service {
	const struct mw_lookup_options *options;
	struct mw_lookup_policy *policy;
	struct event_base *base;
	struct event *signal[SIGNALS];
	struct mw_listen *listen;
	int *fd;
	size_t n_listen;
	struct mw_dns *dns;
	struct mw_https *https;
	struct mw_sts *sts;
	struct mw_wkd *wkd;
	struct mw_inquiry *inquiry;
	struct mw_dnsmap *dnsmap;
	struct mw_map maps[MW_LOOKUP_MAPS];
	struct mw_server *server;
	struct mw_status *status;
	struct mw_lookup_counts *counts;
	struct event *status_event; /* NULL: there is no status socket */
};

/* ---- parts -------------------------------------------------------------------------------------------------------------------- */
/* "ZONE SERVER" of each. The texts are in one piece of memory with the array. */
static int read_stubs(const struct mw_list *list, struct mw_dns_stub **ret, struct mw_err *err)
{
	size_t size = list->n * sizeof(struct mw_dns_stub);
	struct mw_dns_stub *stub;
	char *text;

	for (size_t i = 0; i < list->n; i++)
		size += strlen(list->v[i]) + 1;
	stub = malloc(size + 1);
	if (!stub)
		return mw_fail_memory(err);
	text = (char *)(stub + list->n);
	for (size_t i = 0; i < list->n; i++) {
		char *blank;

		memcpy(text, list->v[i], strlen(list->v[i]) + 1);
		blank = strchr(text, ' ');
		if (!blank) {
			free(stub);
			return mw_fail(err, -EINVAL, "zones \"%s\": write \"ZONE ADDRESS\" or \"ZONE ADDRESS@PORT\"", list->v[i]);
		}
		*blank = '\0';
		stub[i] = (struct mw_dns_stub){.zone = text, .server = blank + 1 + strspn(blank + 1, " ")};
		text += strlen(list->v[i]) + 1;
	}
	*ret = stub;
	return 0;
}

static int open_dns(struct service *s, const struct mw_lookup_conf *c, struct mw_err *err)
{
	struct mw_dns_stub *stubs = NULL;
	int r = read_stubs(&c->stubs, &stubs, err);

	if (!r)
		r = mw_dns_new(&(struct mw_dns_options){.base = s->base,
							.resolvers = c->resolvers,
							.trust_anchor = c->trust_anchor,
							.stubs = stubs,
							.n_stubs = c->stubs.n,
							.timeout = c->dns_timeout * 1000},
			       &s->dns, err);
	free(stubs);
	return r;
}

static int open_web(struct service *s, const struct mw_lookup_conf *c, struct mw_err *err)
{
	char *path = NULL;
	int r = mw_https_new(&(struct mw_https_options){.base = s->base,
							.dns = s->dns,
							.ca_file = c->ca_file,
							.port = (uint16_t)c->https_port,
							.allow_private = c->private_hosts},
			     &s->https, err);

	if (!r && !s->options->start.test && asprintf(&path, "%s/mta-sts", c->cache) < 0) {
		path = NULL;
		r = mw_fail_memory(err);
	}
	if (!r)
		r = mw_sts_new(
		    &(struct mw_sts_options){
			.base = s->base, .dns = s->dns, .https = s->https, .path = path, .most = (size_t)c->entries},
		    &s->sts, err);
	if (!r)
		r = mw_wkd_new(s->https, &s->wkd, err);
	free(path);
	return r;
}

static struct mw_inquiry_bounds bounds_of(const struct mw_lookup_conf *c)
{
	return (struct mw_inquiry_bounds){.timeout = c->timeout, .ttl_min = c->ttl_min, .ttl_max = c->ttl_max};
}

static int open_inquiry(struct service *s, const struct mw_lookup_conf *c, struct mw_err *err)
{
	struct mw_inquiry_options o = {.base = s->base,
				       .dns = s->dns,
				       .sts = s->sts,
				       .cache_most = (size_t)c->entries,
				       .bounds = bounds_of(c),
				       .asked = s->counts ? s->counts->verdicts : NULL};
	char *path = NULL;
	int r;

	if (!s->options->start.test && asprintf(&path, "%s/dane", c->cache) < 0)
		return mw_fail_memory(err);
	o.cache_path = path;
	r = mw_inquiry_new(&o, &s->inquiry, err);
	free(path);
	if (!r)
		mw_inquiry_set_partners(s->inquiry, mw_lookup_policy_partners(s->policy));
	return r;
}

static int open_sockets(struct service *s, const struct mw_lookup_conf *c, struct mw_err *err)
{
	int r = 0;

	s->listen = calloc(c->listen.n, sizeof(*s->listen));
	s->fd = calloc(c->listen.n, sizeof(*s->fd));
	if (!s->listen || !s->fd)
		return mw_fail_memory(err);
	while (!r && s->n_listen < c->listen.n) {
		r = mw_listen_open(c->listen.v[s->n_listen], s->options->socket_mode, s->options->socket_group,
				   &s->listen[s->n_listen], err);
		if (!r) {
			s->fd[s->n_listen] = s->listen[s->n_listen].fd;
			s->n_listen++;
		}
	}
	return r;
}

static void count_answer(void *ctx, size_t map, enum mw_answer_kind kind, int64_t ns)
{
	struct mw_lookup_counts *c = ctx;

	mw_count(&c->questions[map][kind]);
	mw_times_add(&c->time, ns);
}

static int open_server(struct service *s, const struct mw_lookup_conf *c, struct mw_err *err)
{
	const char *const *name = mw_lookup_map_names;
	const struct mw_map maps[MW_LOOKUP_MAPS] = {
	    {name[0], mw_inquiry_policy, s->inquiry},  {name[1], mw_inquiry_policy, s->inquiry},
	    {name[2], mw_inquiry_verdict, s->inquiry}, {name[3], mw_wkd_map, s->wkd},
	    {name[4], mw_ocsp_map, s->https},	       {name[5], mw_dnsmap_ask, s->dnsmap},
	};

	memcpy(s->maps, maps, sizeof(maps));
	return mw_server_new(&(struct mw_server_options){.base = s->base,
							 .fd = s->fd,
							 .n_fd = s->n_listen,
							 .maps = s->maps,
							 .n_maps = MW_LOOKUP_MAPS,
							 .clients = (unsigned)c->clients,
							 .answered = count_answer,
							 .ctx = s->counts,
							 .idle = c->idle},
			     &s->server, err);
}

/* Clients, and what is asked on their behalf: as many descriptors as this process may have. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int open_parts(struct service *s, struct mw_err *err)
{
	const struct mw_lookup_conf *c = mw_lookup_policy_conf(s->policy);
	int r;

	raise_limits();
	s->base = event_base_new();
	if (!s->base)
		return mw_start_refused(&s->options->start, MW_EXIT_SYSTEM, "no event loop");
	r = open_dns(s, c, err);
	if (!r)
		r = open_web(s, c, err);
	if (!r)
		r = open_inquiry(s, c, err);
	if (!r)
		r = mw_dnsmap_new(s->dns, &s->dnsmap, err);
	if (r)
		return mw_start_refused(&s->options->start, r == -ENOMEM ? MW_EXIT_SYSTEM : MW_EXIT_MODULE, "%s", err->text);
	if (s->options->start.test)
		return MW_EXIT_OK;
	r = open_sockets(s, c, err);
	if (!r)
		r = open_server(s, c, err);
	return r ? mw_start_refused(&s->options->start, r == -ENOMEM ? MW_EXIT_SYSTEM : MW_EXIT_CREATE, "%s", err->text)
		 : MW_EXIT_OK;
}

/* ---- the status socket ---------------------------------------------------------------------------------------------------------- */
static void refresh(void *ctx)
{
	const struct service *s = ctx;
	struct mw_server_counts n;

	if (!s->server)
		return;
	mw_server_count(s->server, &n);
	mw_gauge_set(&s->counts->open, n.clients);
	atomic_store(&s->counts->connections, n.connections);
}

static void on_status(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	mw_status_turn(ctx);
}

static int open_status(struct service *s, struct mw_err *err)
{
	struct mw_status_conf conf = {.start = &s->options->start,
				      .rows = mw_lookup_rows,
				      .size = sizeof(struct mw_lookup_counts),
				      .refresh = refresh,
				      .ctx = s};
	enum mw_exit status = mw_status_new(&conf, &s->status, err);

	if (status == MW_EXIT_OK)
		s->counts = mw_status_counters(s->status);
	return status == MW_EXIT_OK ? MW_EXIT_OK : mw_start_refused(&s->options->start, (int)status, "%s", err->text);
}

static bool listen_for_status(struct service *s)
{
	int fd = mw_status_fd(s->status);

	if (fd < 0)
		return true;
	s->status_event = event_new(s->base, fd, EV_READ | EV_PERSIST, on_status, s->status);
	return s->status_event && event_add(s->status_event, NULL) == 0;
}

/* Who still waits is answered by the parts that are closed, to connections that are gone. */
static void close_parts(struct service *s)
{
	for (size_t i = 0; i < s->n_listen; i++)
		mw_listen_close(&s->listen[i]);
	mw_server_free(&s->server);
	mw_https_free(&s->https);
	mw_wkd_free(&s->wkd);
	mw_sts_free(&s->sts);
	mw_inquiry_free(&s->inquiry);
	mw_dnsmap_free(&s->dnsmap);
	mw_dns_free(&s->dns);
	for (size_t i = 0; i < SIGNALS; i++)
		if (s->signal[i])
			event_free(s->signal[i]);
	if (s->status_event)
		event_free(s->status_event);
	mw_status_free(&s->status);
	if (s->base)
		event_base_free(s->base);
	free(s->listen);
	free(s->fd);
	mw_lookup_policy_free(&s->policy);
}

/* ---- signals ------------------------------------------------------------------------------------------------------------------ */
static void tell_ready(const struct service *s, const char *event)
{
	const char *digest = mw_lookup_policy_digest(s->policy);

	mw_common_policy(&s->counts->common, s->options->start.policy, digest, false);
	mw_log(MW_NOTICE, NULL, event, "policy %s, digest %.12s", s->options->start.policy, digest);
	(void)mw_notify("READY=1\nSTATUS=policy %s, digest %.12s", s->options->start.policy, digest);
}

/* A resolver that strips signatures makes all the world's mail wait: somebody should read why. The zone of "org" is signed. */
static void on_proof(void *ctx, const struct mw_dns_answer *a)
{
	(void)ctx;
	if (a->status == MW_DNS_BOGUS || (a->status == MW_DNS_ANSWER && !a->secure))
		mw_log(MW_ERROR, NULL, "resolvers",
		       "no DNSSEC comes through: what DNS says will not be known; name another resolver, or \"recurse\"");
	else if (a->status != MW_DNS_ANSWER)
		mw_log(MW_WARNING, NULL, "resolvers", "%s", a->why);
}

static void prove_resolvers(struct service *s)
{
	struct mw_err err;

	if (mw_lookup_policy_conf(s->policy)->trust_anchor) /* of another root */
		return;
	if (mw_dns_ask(s->dns, "org", MW_DNS_SOA, on_proof, s, NULL, &err))
		mw_log(MW_WARNING, NULL, "resolvers", "%s", err.text);
}

static void reload(struct service *s)
{
	struct mw_lookup_policy *fresh = NULL;
	struct mw_inquiry_bounds bounds;
	struct mw_err err;
	const char *differs;

	(void)mw_notify_reloading();
	if (mw_lookup_policy_load(s->options, &fresh, &err) != MW_EXIT_OK) {
		mw_log(MW_ERROR, NULL, "reload", "%s", err.text);
		mw_log(MW_ERROR, NULL, "reload", "the running policy and table stay as they are");
		mw_common_reload(&s->counts->common, false);
		(void)mw_notify("READY=1\nSTATUS=reload failed, the old policy is running; see the log");
		return;
	}
	differs = mw_lookup_conf_differs(mw_lookup_policy_conf(s->policy), mw_lookup_policy_conf(fresh));
	if (differs)
		mw_log(MW_WARNING, NULL, "reload", "`%s` has changed; a restart is needed for that", differs);
	bounds = bounds_of(mw_lookup_policy_conf(fresh));
	mw_inquiry_set_bounds(s->inquiry, &bounds);
	mw_inquiry_set_partners(s->inquiry, mw_lookup_policy_partners(fresh));
	mw_lookup_policy_free(&s->policy);
	s->policy = fresh;
	mw_common_reload(&s->counts->common, true);
	tell_ready(s, "reload");
}

static void log_counts(const struct service *s)
{
	struct mw_server_counts n;

	mw_server_count(s->server, &n);
	mw_log(MW_NOTICE, NULL, "counters",
	       "connections=%llu clients=%u questions=%llu ok=%llu notfound=%llu temp=%llu perm=%llu",
	       (unsigned long long)n.connections, n.clients, (unsigned long long)n.questions,
	       (unsigned long long)n.answers[MW_ANSWER_OK], (unsigned long long)n.answers[MW_ANSWER_NOTFOUND],
	       (unsigned long long)n.answers[MW_ANSWER_TEMP], (unsigned long long)n.answers[MW_ANSWER_PERM]);
}

static void on_signal(evutil_socket_t number, short what, void *ctx)
{
	struct service *s = ctx;

	(void)what;
	switch (number) {
	case SIGHUP:
		reload(s);
		break;
	case SIGUSR1:
		log_counts(s);
		break;
	default:
		(void)mw_notify("STOPPING=1");
		(void)event_base_loopbreak(s->base);
		break;
	}
}

static bool take_signals(struct service *s)
{
	static const int numbers[SIGNALS] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIGNALS; i++) {
		s->signal[i] = evsignal_new(s->base, numbers[i], on_signal, s);
		if (!s->signal[i] || event_add(s->signal[i], NULL))
			return false;
	}
	return true;
}

static void on_libevent(int severity, const char *text)
{
	mw_log(severity >= EVENT_LOG_ERR ? MW_ERROR : MW_DEBUG, NULL, "libevent", "%s", text);
}

int mw_service_run(const struct mw_lookup_options *o, struct mw_lookup_policy *policy)
{
	struct service s = {.options = o, .policy = policy};
	struct mw_err err;
	int status;

	event_set_log_callback(on_libevent);
	status = o->start.test ? MW_EXIT_OK : open_status(&s, &err);
	if (status == MW_EXIT_OK)
		status = open_parts(&s, &err);
	if (status == MW_EXIT_OK && !o->start.test && !(take_signals(&s) && listen_for_status(&s)))
		status = mw_start_refused(&o->start, MW_EXIT_SYSTEM, "no signals");
	if (status == MW_EXIT_OK && !o->start.test) {
		tell_ready(&s, "start");
		prove_resolvers(&s);
		if (event_base_dispatch(s.base) < 0)
			status = mw_start_refused(&o->start, MW_EXIT_SYSTEM, "the event loop ended");
		log_counts(&s);
	}
	close_parts(&s);
	return status;
}
