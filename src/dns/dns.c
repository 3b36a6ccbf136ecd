/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libunbound calls back inside of ub_resolve_event() or from its own events. The answer is read there and then, and handed on by an event
 * of our own, so that callers are never called inside of their own calls, nor inside of libunbound.
 */
#include "dns/dns.h"

#include "base/str.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#define TIMEOUT 10000 /* ms */
#define MOST 4096u
#define ANSWER_MAX (1024u * 1024u) /* octets of what is kept of one answer */

struct mw_dns_query {
	struct mw_dns *dns;
	struct mw_dns_query *prev, *next;
	struct event *event; /* the end of its time; made active when there is an answer */
	unsigned type;
	int id;	       /* libunbound's, 0: it has none */
	bool answered; /* libunbound is done with it */
	struct mw_arena *arena;
	struct mw_dns_answer answer;
	mw_dns_done *done;
	void *ctx;
};

struct mw_dns {
	struct event_base *base;
	struct ub_ctx *unbound;
	struct mw_dns_query *first;
	struct timeval timeout;
	unsigned n, most;
};

/* ---- setting up --------------------------------------------------------------------------------------------------------------- */
static int refused(int code, struct mw_err *err, const char *what, const char *value)
{
	return code ? mw_fail(err, -EINVAL, "%s \"%s\": %s", what, value, ub_strerror(code)) : 0;
}

static int set_resolvers(struct ub_ctx *u, const struct mw_list *resolvers, struct mw_err *err)
{
	int r = 0;

	if (resolvers->n == 0)
		return refused(ub_ctx_resolvconf(u, NULL), err, "resolvers of", "/etc/resolv.conf");
	if (resolvers->n == 1 && strcmp(resolvers->v[0], "recurse") == 0)
		return 0;
	for (size_t i = 0; i < resolvers->n && !r; i++)
		r = refused(ub_ctx_set_fwd(u, resolvers->v[i]), err, "resolver", resolvers->v[i]);
	return r;
}

static int set_stubs(struct ub_ctx *u, const struct mw_dns_options *o, struct mw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < o->n_stubs && !r; i++) {
		r = refused(ub_ctx_set_stub(u, o->stubs[i].zone, o->stubs[i].server, 0), err, "zone", o->stubs[i].zone);
		if (r)
			mw_err_prefix(err, "server \"%s\"", o->stubs[i].server);
	}
	return r;
}

static int set_up(struct ub_ctx *u, const struct mw_dns_options *o, struct mw_err *err)
{
	static const char *const settings[][2] = {
	    {"module-config:", "validator iterator"},
	    {"do-not-query-localhost:", "no"}, /* a resolver on this machine is the best there is */
	    {"infra-keep-probing:", "yes"},    /* a resolver that was down is asked again at once */
	    {"val-bogus-ttl:", "10"},	       /* who repairs a zone does not wait for us */
	    {"cache-max-negative-ttl:", "900"},
	    /* The library's own are for a program that asks now and then. */
	    {"num-queries-per-thread:", "4096"},
	    {"outgoing-range:", "4096"}, /* UDP sockets at a time: questions that nobody answers must not keep others waiting */
	    {"outgoing-num-tcp:", "64"},
	    {"infra-cache-numhosts:", "10000"},
	    {"msg-cache-size:", "8m"},
	    {"rrset-cache-size:", "16m"},
	    {"verbosity:", "0"},
	    {"use-syslog:", "no"},
	};
	const char *anchor = o->trust_anchor ? o->trust_anchor : MW_DNS_ROOT_KEY;
	struct stat st;
	int r = 0;

	(void)ub_ctx_debugout(u, NULL);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && !r; i++)
		r = refused(ub_ctx_set_option(u, settings[i][0], settings[i][1]), err, "libunbound's option", settings[i][0]);
	if (!r && (stat(anchor, &st) < 0 || access(anchor, R_OK)))
		r = mw_fail(err, -errno, "trust anchor %s: %s", anchor, strerror(errno));
	else if (!r && !S_ISREG(st.st_mode)) /* libunbound would wait for a FIFO */
		r = mw_fail(err, -EINVAL, "trust anchor %s: not a regular file", anchor);
	if (!r)
		r = refused(ub_ctx_add_ta_file(u, anchor), err, "trust anchor", anchor);
	if (!r)
		r = set_resolvers(u, &o->resolvers, err);
	if (!r)
		r = set_stubs(u, o, err);
	/* What libunbound knows about names of its own is no answer of the site's resolver. This ends the settings: it reads the anchors,
	 * and so tells of one that is wrong. */
	if (!r)
		r = refused(ub_ctx_zone_remove(u, "test."), err, "trust anchor", anchor);
	for (size_t i = 0; i < o->n_stubs && !r; i++)
		r = refused(ub_ctx_zone_remove(u, o->stubs[i].zone), err, "zone", o->stubs[i].zone);
	return r;
}

int mw_dns_new(const struct mw_dns_options *o, struct mw_dns **ret, struct mw_err *err)
{
	int64_t ms = o->timeout ? o->timeout : TIMEOUT;
	struct mw_dns *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return mw_fail_memory(err);
	d->base = o->base;
	d->most = o->most ? o->most : MOST;
	d->timeout = (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	d->unbound = ub_ctx_create_event(o->base);
	r = d->unbound ? set_up(d->unbound, o, err) : mw_fail(err, -ENOMEM, "libunbound does not start");
	if (r)
		mw_dns_free(&d);
	else
		*ret = d;
	return r;
}

/* ---- a question --------------------------------------------------------------------------------------------------------------- */
static void query_free(struct mw_dns_query *q)
{
	if (q->prev)
		q->prev->next = q->next;
	else
		q->dns->first = q->next;
	if (q->next)
		q->next->prev = q->prev;
	q->dns->n--;
	if (q->event)
		event_free(q->event);
	mw_arena_free(&q->arena);
	free(q);
}

void mw_dns_free(struct mw_dns **d)
{
	if (!*d)
		return;
	if ((*d)->unbound)
		ub_ctx_delete((*d)->unbound); /* calls nobody back */
	while ((*d)->first)
		query_free((*d)->first);
	free(*d);
	*d = NULL;
}

static void no_answer(struct mw_dns_answer *a, enum mw_dns_status status, const char *why)
{
	*a = (struct mw_dns_answer){.status = status, .packet = {.name = ""}, .why = why};
}

static void read_packet(struct mw_dns_query *q, const void *packet, size_t n, bool secure)
{
	struct mw_err err;

	if (mw_dns_packet_read(q->arena, packet, n, q->type, &q->answer.packet, &err)) {
		no_answer(&q->answer, MW_DNS_FAILED, "the answer of DNS cannot be read");
		return;
	}
	if (q->answer.packet.rcode != MW_DNS_NOERROR && q->answer.packet.rcode != MW_DNS_NXDOMAIN) {
		no_answer(&q->answer, MW_DNS_FAILED, "DNS answers with a failure");
		return;
	}
	q->answer.status = MW_DNS_ANSWER;
	q->answer.secure = secure;
	q->answer.why = "";
}

/* sec: 0 insecure, 1 bogus, 2 secure. The packet is libunbound's, and is not to be looked at when there is an rcode of failure. */
static void on_unbound(void *data, int rcode, void *packet, int n, int sec, char *why_bogus, int limited)
{
	struct mw_dns_query *q = data;

	(void)why_bogus; /* has names that strangers chose */
	q->answered = true;
	if (sec == 1)
		no_answer(&q->answer, MW_DNS_BOGUS, "DNSSEC says that the answer of DNS is forged or its signatures are broken");
	else if ((rcode != MW_DNS_NOERROR && rcode != MW_DNS_NXDOMAIN) || !packet || n <= 0 || limited)
		no_answer(&q->answer, MW_DNS_FAILED, "DNS does not answer, or with a failure");
	else
		read_packet(q, packet, (size_t)n, sec == 2);
	event_active(q->event, EV_TIMEOUT, 0);
}

/* The answer is there, or its time is over. */
static void on_event(evutil_socket_t fd, short what, void *data)
{
	struct mw_dns_query *q = data;
	mw_dns_done *done = q->done;

	(void)fd;
	(void)what;
	if (!q->answered) {
		if (q->id)
			(void)ub_cancel(q->dns->unbound, q->id);
		no_answer(&q->answer, MW_DNS_TIMEOUT, "DNS does not answer in time");
	}
	/* Its end is the end of the call: a caller who cancels it there must not free it twice. */
	q->done = NULL;
	done(q->ctx, &q->answer);
	query_free(q);
}

static int no_name(struct mw_err *err)
{
	return mw_fail(err, -EINVAL, "that is no name for DNS");
}

static struct mw_dns_query *query_new(struct mw_dns *d, unsigned type, mw_dns_done *done, void *ctx)
{
	struct mw_dns_query *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	*q = (struct mw_dns_query){.dns = d, .next = d->first, .type = type, .done = done, .ctx = ctx};
	q->arena = mw_arena_new(ANSWER_MAX);
	q->event = event_new(d->base, -1, 0, on_event, q);
	if (d->first)
		d->first->prev = q;
	d->first = q;
	d->n++;
	if (!q->arena || !q->event || event_add(q->event, &d->timeout)) {
		query_free(q);
		return NULL;
	}
	return q;
}

static int ask(struct mw_dns *d, const char *name, unsigned type, mw_dns_done *done, void *ctx, struct mw_dns_query **ret,
	       struct mw_err *err)
{
	struct mw_dns_query *q;
	int id = 0;

	if (d->n >= d->most)
		return mw_fail(err, -EBUSY, "%u questions are waiting for DNS", d->n);
	q = query_new(d, type, done, ctx);
	if (!q)
		return mw_fail_memory(err);
	if (ub_resolve_event(d->unbound, name, (int)type, 1, q, on_unbound, &id)) {
		query_free(q);
		return mw_fail(err, -ENOMEM, "libunbound takes no question");
	}
	q->id = q->answered ? 0 : id;
	if (ret)
		*ret = q;
	return 0;
}

int mw_dns_ask(struct mw_dns *d, const char *name, unsigned type, mw_dns_done *done, void *ctx, struct mw_dns_query **ret,
	       struct mw_err *err)
{
	struct mw_str s = mw_str(name);

	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return mw_dns_is_host(s) ? ask(d, name, type, done, ctx, ret, err) : no_name(err);
}

int mw_dns_ask_any(struct mw_dns *d, const char *name, unsigned type, mw_dns_done *done, void *ctx, struct mw_dns_query **ret,
		   struct mw_err *err)
{
	return mw_dns_is_name(mw_str(name)) ? ask(d, name, type, done, ctx, ret, err) : no_name(err);
}

void mw_dns_cancel(struct mw_dns_query *q)
{
	if (!q || !q->done) /* the second: from its own callback */
		return;
	if (!q->answered && q->id)
		(void)ub_cancel(q->dns->unbound, q->id);
	query_free(q);
}
