/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/sts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "dns/dns.h"
#include "lookup/name.h"
#include "lookup/sts_table.h"

#define MOST 10000
#define TICK_MS 60000
#define FETCH_MS 10000	/* for a policy; RFC 8461, 3.3 suggests a minute, but somebody waits */
#define AGAIN_MS 300000 /* until a fetch that failed is tried again, as 3.3 suggests */
#define SOON_MS 60000	/* … while its failure is transient */
#define FRESH_S 86400	/* a policy in use is fetched again when it is older than this or than half of its life */
#define ANSWER_MIN_S 60 /* an answer may be kept at least and at most this long, but never longer than its policy */
#define ANSWER_MAX_S 3600
#define REFRESH_AT_ONCE 16 /* a tick */

struct mw_sts {
	struct mw_sts_options options;
	struct event *tick;
	struct mw_sts_table table;
};

/* ---- answers -------------------------------------------------------------------------------------------------------------------- */

static void answer(struct mw_sts_domain *e, const struct mw_sts_verdict *verdict)
{
	struct mw_sts_waiters waiters = STAILQ_HEAD_INITIALIZER(waiters);
	struct mw_sts_waiter *w;

	/* Who is told may ask again. */
	STAILQ_CONCAT(&waiters, &e->waiters);
	e->held++;
	while ((w = STAILQ_FIRST(&waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiters, link);
		w->done(w->ctx, verdict);
		free(w);
	}
	e->held--;
	mw_sts_domain_release(e);
}

static int64_t between(int64_t n, int64_t min, int64_t max)
{
	return n < min ? min : n < max ? n : max;
}

static void answer_policy(struct mw_sts_domain *e, int64_t seconds)
{
	struct mw_sts_verdict verdict = {.answer = MW_STS_POLICY, .policy = &e->kept.policy, .why = ""};

	verdict.seconds = between(seconds, 0, mw_sts_domain_left(e));
	if (e->kept.policy.mode == MW_STS_MODE_NONE) {
		verdict.answer = MW_STS_NONE;
		verdict.why = "its MTA-STS policy has mode none";
	}
	answer(e, &verdict);
}

static void answer_without(struct mw_sts_domain *e, enum mw_sts_answer kind, int64_t seconds, const char *why)
{
	const struct mw_sts_verdict verdict = {
	    .answer = kind,
	    .seconds = seconds,
	    .transient = kind == MW_STS_TEMP || (kind == MW_STS_UNFETCHED && e->transient),
	    .why = why,
	};

	answer(e, &verdict);
}

/* The policy that is in force, or what is known instead. */
static void answer_failed(struct mw_sts_domain *e)
{
	if (mw_sts_domain_left(e) > 0)
		answer_policy(e, ANSWER_MIN_S);
	else
		answer_without(e, MW_STS_UNFETCHED, between((e->again_at - mw_clock_ms()) / 1000, 1, AGAIN_MS / 1000), e->why);
}

/* ---- fetching ------------------------------------------------------------------------------------------------------------------- */

static void note_failure(struct mw_sts_domain *e, bool transient, const char *why)
{
	int64_t now = mw_clock_ms();

	if (!e->failed_since)
		e->failed_since = now;
	e->transient = transient && now - e->failed_since < MW_STS_PATIENCE_MS;
	e->again_at = now + (e->transient ? SOON_MS : AGAIN_MS);
	(void)snprintf(e->why, sizeof(e->why), "its MTA-STS policy cannot be had: %s", why);
	if (mw_sts_domain_left(e) > 0)
		mw_log(MW_NOTICE, NULL, "mta-sts", "%s: %s; the one that is kept stays in force", e->kept.domain, e->why);
}

/* Always the answer of those who wait; kept for others when there is room. */
static void take_policy(struct mw_sts_domain *e, struct mw_sts_policy *policy)
{
	e->failed_since = e->again_at = 0;
	if (mw_sts_domain_set(e, policy)) {
		answer_policy(e, ANSWER_MAX_S);
		return;
	}
	answer_policy(e, ANSWER_MIN_S); /* it holds for a minute at least: e stays */
	mw_sts_domain_forget(e);
	mw_sts_domain_release(e);
}

static void on_policy(void *ctx, const struct mw_https_reply *reply)
{
	struct mw_sts_domain *e = ctx;
	struct mw_sts_policy policy;
	struct mw_err err = {.code = 0};
	int rc;

	e->fetching = false;
	if (reply->end != MW_HTTPS_ANSWER) {
		note_failure(e, reply->end == MW_HTTPS_FAILED, reply->why);
		answer_failed(e);
		return;
	}
	rc = mw_sts_policy_parse(reply->body.p, reply->body.n, &policy, &err);
	if (rc == 0) {
		take_policy(e, &policy);
		return;
	}
	note_failure(e, rc != -EINVAL, err.text);
	answer_failed(e);
}

/* id: "" when no record has told of it. */
static void fetch(struct mw_sts_domain *e, const char *id)
{
	char url[MW_NAME_MAX + 64];
	const struct mw_https_request request = {
	    .url = url,
	    .type = "text/plain",
	    .max = MW_STS_POLICY_MAX,
	    .timeout = FETCH_MS,
	};
	struct mw_err err;

	(void)snprintf(url, sizeof(url), "https://mta-sts.%s/.well-known/mta-sts.txt", e->kept.domain);
	(void)snprintf(e->new_id, sizeof(e->new_id), "%s", id);
	if (mw_https_fetch(e->table->sts->options.https, &request, on_policy, e, &err) == 0) {
		e->fetching = true;
		return;
	}
	note_failure(e, err.code != -EINVAL, err.text);
	answer_failed(e);
}

/* ---- the record ----------------------------------------------------------------------------------------------------------------- */

/* Of several records those that are none of MTA-STS do not count; then there must be one (RFC 8461, 3.1). 0 and the id, or -ENOENT. */
static int read_records(const struct mw_dns_packet *packet, char id[MW_STS_ID_MAX + 1], struct mw_err *err)
{
	char text[4096];
	unsigned found = 0;
	size_t n;
	int rc = 0;

	for (size_t i = 0; i < packet->n; i++) {
		int one;

		if (!mw_dns_record_txt(packet->record[i], text, sizeof(text), &n))
			continue;
		one = mw_sts_record_parse(text, n, id, err);
		if (one == -ENOENT)
			continue;
		found++;
		if (one < 0)
			rc = one;
	}
	if (found > 1)
		return mw_fail(err, -ENOENT, "it has %u MTA-STS records, where one may be", found);
	if (found == 0)
		return mw_fail(err, -ENOENT, "it has no MTA-STS record");
	return rc < 0 ? -ENOENT : 0;
}

static void act_on_id(struct mw_sts_domain *e, const char *id, int64_t seconds)
{
	if (mw_sts_domain_left(e) > 0 && strcmp(id, e->kept.id) == 0)
		answer_policy(e, seconds);
	else if (e->failed_since && strcmp(id, e->new_id) == 0 && mw_clock_ms() < e->again_at)
		answer_failed(e);
	else
		fetch(e, id);
}

static void on_record(void *ctx, const struct mw_dns_answer *dns)
{
	struct mw_sts_domain *e = ctx;
	char id[MW_STS_ID_MAX + 1], why[300];
	int64_t seconds;
	struct mw_err err;

	e->query = NULL;
	if (dns->status != MW_DNS_ANSWER) {
		(void)snprintf(why, sizeof(why), "its MTA-STS record cannot be had: %s", dns->why);
		if (mw_sts_domain_left(e) > 0)
			answer_policy(e, ANSWER_MIN_S);
		else
			answer_without(e, MW_STS_TEMP, 0, why);
		return;
	}
	seconds = between(dns->packet.ttl, ANSWER_MIN_S, ANSWER_MAX_S);
	if (read_records(&dns->packet, id, &err) == 0)
		act_on_id(e, id, seconds);
	else if (mw_sts_domain_left(e) > 0)
		answer_policy(e, ANSWER_MIN_S);
	else
		answer_without(e, MW_STS_NONE, seconds, err.text);
}

/* ---- from outside --------------------------------------------------------------------------------------------------------------- */

static void refuse(mw_sts_done *done, void *ctx, enum mw_sts_answer kind, const char *why)
{
	const struct mw_sts_verdict verdict = {
	    .answer = kind, .seconds = kind == MW_STS_NONE ? ANSWER_MAX_S : 0, .transient = kind == MW_STS_TEMP, .why = why};

	done(ctx, &verdict);
}

void mw_sts_ask(struct mw_sts *s, struct mw_str domain, mw_sts_done *done, void *ctx)
{
	char name[sizeof("_mta-sts.") + MW_NAME_MAX], host[MW_NAME_MAX + 1];
	struct mw_sts_waiter *w;
	struct mw_sts_domain *e;
	struct mw_err err;

	if (!mw_name_take(domain, host) || strlen(host) > MW_NAME_MAX - strlen("_mta-sts.")) {
		refuse(done, ctx, MW_STS_NONE, "it is no domain that could have an MTA-STS record");
		return;
	}
	e = mw_sts_table_take(&s->table, host);
	w = e ? malloc(sizeof(*w)) : NULL;
	if (!w) {
		refuse(done, ctx, MW_STS_TEMP, "no memory, or too many domains");
		return;
	}
	*w = (struct mw_sts_waiter){.done = done, .ctx = ctx};
	STAILQ_INSERT_TAIL(&e->waiters, w, link);
	e->asked = true;
	if (e->fetching && !*e->new_id && mw_sts_domain_left(e) > 0)
		answer_policy(e, ANSWER_MIN_S); /* nobody waits for a refresh */
	if (e->query || e->fetching)
		return;
	(void)snprintf(name, sizeof(name), "_mta-sts.%s", host);
	if (mw_dns_ask(s->options.dns, name, MW_DNS_TXT, on_record, e, &e->query, &err) < 0) {
		if (mw_sts_domain_left(e) > 0)
			answer_policy(e, ANSWER_MIN_S);
		else
			answer_without(e, MW_STS_TEMP, 0, err.text);
	}
}

/* Without a look at DNS: whoever holds back the record cannot let the policy run out. One of a clock that was ahead would hold too long. */
static bool wants_refresh(const struct mw_sts_domain *e)
{
	int64_t life = mw_sts_domain_left(e), age = e->kept.policy.max_age;

	if (life == 0 || !e->asked || mw_sts_domain_busy(e) || mw_clock_ms() < e->again_at)
		return false;
	return e->kept.fetched > (int64_t)time(NULL) || age - life > (age / 2 < FRESH_S ? age / 2 : FRESH_S);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct mw_sts *s = ctx;
	struct mw_sts_domain *e, *next;
	unsigned n = 0;

	(void)fd;
	(void)what;
	mw_sts_table_sweep(&s->table);
	for (e = TAILQ_FIRST(&s->table.all); e && n < REFRESH_AT_ONCE; e = next) {
		next = TAILQ_NEXT(e, link);
		if (wants_refresh(e)) {
			fetch(e, "");
			n++;
		}
	}
}

int mw_sts_new(const struct mw_sts_options *options, struct mw_sts **ret, struct mw_err *err)
{
	struct mw_sts *s = malloc(sizeof(*s));
	struct timeval every;
	int rc = 0;

	if (!s)
		return mw_fail_memory(err);
	*s = (struct mw_sts){.options = *options};
	TAILQ_INIT(&s->table.all);
	if (!s->options.tick)
		s->options.tick = TICK_MS;
	every = (struct timeval){.tv_sec = s->options.tick / 1000, .tv_usec = s->options.tick % 1000 * 1000};
	s->tick = event_new(options->base, -1, EV_PERSIST, on_tick, s);
	if (!s->tick || event_add(s->tick, &every) != 0)
		rc = mw_fail_memory(err);
	if (rc == 0)
		rc = mw_sts_table_open(&s->table, s, options->path, options->most ? options->most : MOST, err);
	if (rc < 0) {
		mw_sts_free(&s);
		return rc;
	}
	*ret = s;
	return 0;
}

void mw_sts_free(struct mw_sts **sts)
{
	struct mw_sts *s = *sts;
	struct mw_sts_domain *e;

	if (!s)
		return;
	TAILQ_FOREACH(e, &s->table.all, link)
	{
		struct mw_sts_waiter *w;

		while ((w = STAILQ_FIRST(&e->waiters)) != NULL) {
			STAILQ_REMOVE_HEAD(&e->waiters, link);
			refuse(w->done, w->ctx, MW_STS_TEMP, "stopping");
			free(w);
		}
	}
	mw_sts_table_close(&s->table);
	if (s->tick)
		event_free(s->tick);
	free(s);
	*sts = NULL;
}
