/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/sts.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "dns/dns.h"
#include "lookup/name.h"
#include "lookup/sts_file.h"

#define MOST 10000
#define TICK_MS 60000
#define FETCH_MS 10000	   /* for a policy; RFC 8461, 3.3 suggests a minute, but somebody waits */
#define AGAIN_MS 300000	   /* until a fetch that failed is tried again, as 3.3 suggests */
#define SOON_MS 60000	   /* … while its failure is transient */
#define PATIENCE_MS 900000 /* how long a failure may be transient: then the domain has no policy that could be had */
#define FRESH_S 86400	   /* a policy in use is fetched again when it is older than this or than half of its life */
#define AGE_MIN_S 60	   /* a policy holds at least as long */
#define ANSWER_MIN_S 60	   /* an answer may be kept at least and at most this long, but never longer than its policy */
#define ANSWER_MAX_S 3600
#define REFRESH_AT_ONCE 16 /* a tick */

struct waiter {
	STAILQ_ENTRY(waiter) link;
	mw_sts_done *done;
	void *ctx;
};

struct domain {
	TAILQ_ENTRY(domain) link;
	struct mw_sts *s;
	struct mw_sts_kept kept; /* domain always; the rest with has_policy */
	bool has_policy, asked;	 /* since it was fetched */
	/* what is under way */
	struct mw_dns_query *query;
	bool fetching;
	unsigned held;			/* somebody on the stack needs it: it stays */
	char new_id[MW_STS_ID_MAX + 1]; /* of the policy that is fetched or has failed last, "" for a refresh */
	STAILQ_HEAD(waiters, waiter) waiters;
	/* the last failure, on the monotonic clock */
	int64_t failed_since, again_at; /* 0: none */
	bool transient;
	char why[200];
};

struct mw_sts {
	struct mw_sts_options options;
	struct mw_sts_file *file;
	struct event *tick;
	void *tree;			 /* of entries, by domain */
	TAILQ_HEAD(domains, domain) all; /* who was asked for last stands last */
	size_t n, n_policies;
	size_t left_out; /* policies of the file for which there was no room */
};

/* ---- entries -------------------------------------------------------------------------------------------------------------------- */

static int by_domain(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;

	return strcmp(x->kept.domain, y->kept.domain);
}

static struct domain *find(struct mw_sts *s, const char *domain)
{
	struct domain key;
	void *found;

	(void)snprintf(key.kept.domain, sizeof(key.kept.domain), "%s", domain);
	found = tfind(&key, &s->tree, by_domain);
	return found ? *(struct domain **)found : NULL;
}

static struct domain *make(struct mw_sts *s, const char *domain)
{
	struct domain *e = malloc(sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct domain){.s = s};
	(void)snprintf(e->kept.domain, sizeof(e->kept.domain), "%s", domain);
	STAILQ_INIT(&e->waiters);
	if (!tsearch(e, &s->tree, by_domain)) {
		free(e);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&s->all, e, link);
	s->n++;
	return e;
}

static void forget_policy(struct domain *e)
{
	if (!e->has_policy)
		return;
	mw_sts_policy_clear(&e->kept.policy);
	e->has_policy = false;
	e->s->n_policies--;
}

static void drop(struct domain *e)
{
	struct mw_sts *s = e->s;

	forget_policy(e);
	mw_dns_cancel(e->query);
	(void)tdelete(e, &s->tree, by_domain);
	TAILQ_REMOVE(&s->all, e, link);
	s->n--;
	free(e);
}

static bool is_busy(const struct domain *e)
{
	return e->query || e->fetching || e->held || !STAILQ_EMPTY(&e->waiters);
}

/* Seconds that the policy still holds. A clock that went back cannot make that longer than max_age. */
static int64_t left(const struct domain *e)
{
	int64_t age = e->kept.policy.max_age > AGE_MIN_S ? e->kept.policy.max_age : AGE_MIN_S;
	int64_t n = e->kept.fetched + age - (int64_t)time(NULL);

	if (!e->has_policy || n <= 0)
		return 0;
	return n < age ? n : age;
}

/* Nothing in it is worth keeping. */
static bool is_idle(const struct domain *e)
{
	return !is_busy(e) && left(e) == 0 && mw_clock_ms() >= e->again_at + (e->failed_since ? PATIENCE_MS : 0);
}

static void sweep(struct mw_sts *s)
{
	struct domain *e = TAILQ_FIRST(&s->all), *next;

	for (; e; e = next) {
		next = TAILQ_NEXT(e, link);
		if (is_idle(e))
			drop(e);
		else if (left(e) == 0 && !is_busy(e))
			forget_policy(e);
	}
}

/* Room for one more policy. One in force that says enforce never makes room for another: or who makes this host write to many domains
 * could undo the protection of one. */
static bool make_room(struct mw_sts *s, const struct domain *for_whom)
{
	struct domain *e;

	if (s->n_policies < s->options.most)
		return true;
	sweep(s);
	TAILQ_FOREACH(e, &s->all, link)
	{
		if (s->n_policies < s->options.most)
			break;
		if (e != for_whom && e->has_policy && !is_busy(e) && e->kept.policy.mode != MW_STS_MODE_ENFORCE)
			forget_policy(e);
	}
	return s->n_policies < s->options.most;
}

/* ---- the disk ------------------------------------------------------------------------------------------------------------------- */

/* The file anew when most of it is old. A policy that could not be written is only lost with this process. */
static int compact(struct mw_sts *s, struct mw_err *err)
{
	struct mw_buf text = MW_BUF_INIT;
	struct domain *e;
	size_t lines = 0;
	int rc;

	TAILQ_FOREACH(e, &s->all, link)
	{
		if (left(e) > 0) {
			mw_sts_line_add(&text, &e->kept);
			lines++;
		}
	}
	rc = mw_buf_ok(&text) ? mw_sts_file_replace(s->file, &text, lines, err) : mw_fail_memory(err);
	mw_buf_free(&text);
	return rc;
}

static void save(struct mw_sts *s, const struct domain *e)
{
	struct mw_err err;
	int rc;

	if (!s->file)
		return;
	rc = mw_sts_file_append(s->file, &e->kept, &err);
	if (rc == 0 && mw_sts_file_lines(s->file) > 2 * s->n_policies + 100)
		rc = compact(s, &err);
	if (rc < 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "the policy of %s is not kept on disk: %s", e->kept.domain, err.text);
}

static int take_kept(void *ctx, struct mw_sts_kept *kept, struct mw_err *err)
{
	struct mw_sts *s = ctx;
	struct domain *e = find(s, kept->domain);
	bool keep;

	if (!e)
		e = make(s, kept->domain);
	if (!e)
		return mw_fail_memory(err);
	forget_policy(e);
	e->held++;
	keep = make_room(s, e);
	e->held--;
	if (!keep) {
		s->left_out++;
		return 0;
	}
	e->kept = *kept;
	e->has_policy = true;
	s->n_policies++;
	kept->policy = (struct mw_sts_policy){.mode = MW_STS_MODE_NONE};
	return 0;
}

static int load(struct mw_sts *s, struct mw_err *err)
{
	size_t bad;
	int rc = mw_sts_file_open(s->options.path, take_kept, s, &bad, &s->file, err);

	if (rc < 0)
		return rc;
	sweep(s);
	if (bad > 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "%s: %zu damaged lines are dropped, %zu policies are in force",
		       s->options.path, bad, s->n_policies);
	if (s->left_out > 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "%s: no room for %zu policies", s->options.path, s->left_out);
	if (bad > 0 || mw_sts_file_lines(s->file) > 2 * s->n_policies)
		rc = compact(s, err);
	return rc;
}

/* ---- answers -------------------------------------------------------------------------------------------------------------------- */

static void answer(struct domain *e, const struct mw_sts_verdict *verdict)
{
	struct waiters waiters = STAILQ_HEAD_INITIALIZER(waiters);
	struct waiter *w;

	/* Who is told may ask again. */
	STAILQ_CONCAT(&waiters, &e->waiters);
	e->held++;
	while ((w = STAILQ_FIRST(&waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiters, link);
		w->done(w->ctx, verdict);
		free(w);
	}
	e->held--;
	if (is_idle(e))
		drop(e);
}

static int64_t between(int64_t n, int64_t min, int64_t max)
{
	return n < min ? min : n < max ? n : max;
}

static void answer_policy(struct domain *e, int64_t seconds)
{
	struct mw_sts_verdict verdict = {.answer = MW_STS_POLICY, .policy = &e->kept.policy, .why = ""};

	verdict.seconds = between(seconds, 0, left(e));
	if (e->kept.policy.mode == MW_STS_MODE_NONE) {
		verdict.answer = MW_STS_NONE;
		verdict.why = "its MTA-STS policy has mode none";
	}
	answer(e, &verdict);
}

static void answer_without(struct domain *e, enum mw_sts_answer kind, int64_t seconds, const char *why)
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
static void answer_failed(struct domain *e)
{
	if (left(e) > 0)
		answer_policy(e, ANSWER_MIN_S);
	else
		answer_without(e, MW_STS_UNFETCHED, between((e->again_at - mw_clock_ms()) / 1000, 1, AGAIN_MS / 1000), e->why);
}

/* ---- fetching ------------------------------------------------------------------------------------------------------------------- */

static void note_failure(struct domain *e, bool transient, const char *why)
{
	int64_t now = mw_clock_ms();

	if (!e->failed_since)
		e->failed_since = now;
	e->transient = transient && now - e->failed_since < PATIENCE_MS;
	e->again_at = now + (e->transient ? SOON_MS : AGAIN_MS);
	(void)snprintf(e->why, sizeof(e->why), "its MTA-STS policy cannot be had: %s", why);
	if (left(e) > 0)
		mw_log(MW_NOTICE, NULL, "mta-sts", "%s: %s; the one that is kept stays in force", e->kept.domain, e->why);
}

/* Always the answer of those who wait; kept for others when there is room. */
static void take_policy(struct domain *e, struct mw_sts_policy *policy)
{
	bool keep;

	e->failed_since = e->again_at = 0;
	forget_policy(e);
	e->held++;
	keep = make_room(e->s, e);
	e->held--;
	e->kept.policy = *policy;
	e->kept.fetched = (int64_t)time(NULL);
	e->has_policy = true;
	e->asked = false;
	e->s->n_policies++;
	if (*e->new_id)
		memcpy(e->kept.id, e->new_id, sizeof(e->kept.id));
	if (keep) {
		save(e->s, e);
		answer_policy(e, ANSWER_MAX_S);
		return;
	}
	mw_log(MW_WARNING, NULL, "mta-sts", "%s: its policy is not kept: %zu others are in force", e->kept.domain,
	       e->s->n_policies - 1);
	answer_policy(e, ANSWER_MIN_S); /* it holds for a minute at least: e stays */
	forget_policy(e);
	if (is_idle(e))
		drop(e);
}

static void on_policy(void *ctx, const struct mw_https_reply *reply)
{
	struct domain *e = ctx;
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
static void fetch(struct domain *e, const char *id)
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
	if (mw_https_fetch(e->s->options.https, &request, on_policy, e, &err) == 0) {
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

static void act_on_id(struct domain *e, const char *id, int64_t seconds)
{
	if (left(e) > 0 && strcmp(id, e->kept.id) == 0)
		answer_policy(e, seconds);
	else if (e->failed_since && strcmp(id, e->new_id) == 0 && mw_clock_ms() < e->again_at)
		answer_failed(e);
	else
		fetch(e, id);
}

static void on_record(void *ctx, const struct mw_dns_answer *dns)
{
	struct domain *e = ctx;
	char id[MW_STS_ID_MAX + 1], why[300];
	int64_t seconds;
	struct mw_err err;

	e->query = NULL;
	if (dns->status != MW_DNS_ANSWER) {
		(void)snprintf(why, sizeof(why), "its MTA-STS record cannot be had: %s", dns->why);
		if (left(e) > 0)
			answer_policy(e, ANSWER_MIN_S);
		else
			answer_without(e, MW_STS_TEMP, 0, why);
		return;
	}
	seconds = between(dns->packet.ttl, ANSWER_MIN_S, ANSWER_MAX_S);
	if (read_records(&dns->packet, id, &err) == 0)
		act_on_id(e, id, seconds);
	else if (left(e) > 0)
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

/* The entry of a domain that somebody asks for, or NULL: no memory, or too many of them. */
static struct domain *entry_for(struct mw_sts *s, const char *domain)
{
	struct domain *e = find(s, domain);

	if (!e && s->n >= 2 * s->options.most)
		sweep(s);
	if (!e)
		return s->n < 2 * s->options.most ? make(s, domain) : NULL;
	TAILQ_REMOVE(&s->all, e, link);
	TAILQ_INSERT_TAIL(&s->all, e, link);
	return e;
}

void mw_sts_ask(struct mw_sts *s, struct mw_str domain, mw_sts_done *done, void *ctx)
{
	char name[sizeof("_mta-sts.") + MW_NAME_MAX], host[MW_NAME_MAX + 1];
	struct waiter *w;
	struct domain *e;
	struct mw_err err;

	if (!mw_name_take(domain, host) || strlen(host) > MW_NAME_MAX - strlen("_mta-sts.")) {
		refuse(done, ctx, MW_STS_NONE, "it is no domain that could have an MTA-STS record");
		return;
	}
	e = entry_for(s, host);
	w = e ? malloc(sizeof(*w)) : NULL;
	if (!w) {
		refuse(done, ctx, MW_STS_TEMP, "no memory, or too many domains");
		return;
	}
	*w = (struct waiter){.done = done, .ctx = ctx};
	STAILQ_INSERT_TAIL(&e->waiters, w, link);
	e->asked = true;
	if (e->fetching && !*e->new_id && left(e) > 0)
		answer_policy(e, ANSWER_MIN_S); /* nobody waits for a refresh */
	if (e->query || e->fetching)
		return;
	(void)snprintf(name, sizeof(name), "_mta-sts.%s", host);
	if (mw_dns_ask(s->options.dns, name, MW_DNS_TXT, on_record, e, &e->query, &err) < 0) {
		if (left(e) > 0)
			answer_policy(e, ANSWER_MIN_S);
		else
			answer_without(e, MW_STS_TEMP, 0, err.text);
	}
}

/* Without a look at DNS: whoever holds back the record cannot let the policy run out. One of a clock that was ahead would hold too long. */
static bool wants_refresh(const struct domain *e)
{
	int64_t life = left(e), age = e->kept.policy.max_age;

	if (life == 0 || !e->asked || is_busy(e) || mw_clock_ms() < e->again_at)
		return false;
	return e->kept.fetched > (int64_t)time(NULL) || age - life > (age / 2 < FRESH_S ? age / 2 : FRESH_S);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct mw_sts *s = ctx;
	struct domain *e, *next;
	unsigned n = 0;

	(void)fd;
	(void)what;
	sweep(s);
	for (e = TAILQ_FIRST(&s->all); e && n < REFRESH_AT_ONCE; e = next) {
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
	TAILQ_INIT(&s->all);
	if (!s->options.most)
		s->options.most = MOST;
	if (!s->options.tick)
		s->options.tick = TICK_MS;
	every = (struct timeval){.tv_sec = s->options.tick / 1000, .tv_usec = s->options.tick % 1000 * 1000};
	s->tick = event_new(options->base, -1, EV_PERSIST, on_tick, s);
	if (!s->tick || event_add(s->tick, &every) != 0)
		rc = mw_fail_memory(err);
	if (rc == 0 && s->options.path)
		rc = load(s, err);
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
	struct domain *e;

	if (!s)
		return;
	while ((e = TAILQ_FIRST(&s->all)) != NULL) {
		struct waiter *w;

		while ((w = STAILQ_FIRST(&e->waiters)) != NULL) {
			STAILQ_REMOVE_HEAD(&e->waiters, link);
			refuse(w->done, w->ctx, MW_STS_TEMP, "stopping");
			free(w);
		}
		drop(e);
	}
	mw_sts_file_close(s->file);
	if (s->tick)
		event_free(s->tick);
	free(s);
	*sts = NULL;
}
