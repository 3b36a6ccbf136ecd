/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/inquiry.h"

#include "base/log.h"
#include "base/str.h"
#include "lookup/cache.h"
#include "lookup/dane.h"
#include "lookup/verdict.h"

#include <errno.h>
#include <event2/event.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_MAX 4096u
#define CACHE_OCTETS (32u * 1024u * 1024u)
#define SAVE_EVERY 10 /* seconds */
#define TEMP_TTL 5    /* seconds that a failure of DNS is remembered, so that a queue run does not wait for each recipient */

typedef void say_fn(const struct mw_tls_verdict *, mw_answer_done *done, void *ctx);

struct waiter {
	struct waiter *next;
	say_fn *say;
	mw_answer_done *done;
	void *ctx;
};

/* A destination that somebody wants to know about. */
struct job {
	struct mw_inquiry *inquiry;
	struct mw_dest dest;
	struct waiter *first;
	struct event *timer;
	struct mw_dane_query *dane;
	bool sts;   /* mw_sts_ask() will call back, and needs the job */
	bool ended; /* everybody has been answered */
	struct mw_tls_verdict verdict;
	struct mw_buf packed; /* the finding, and what is read from it */
	const char *names[MW_MX_MAX];
	struct mw_dane_finding finding;
};

struct mw_inquiry {
	struct event_base *base;
	struct mw_dns *dns;
	struct mw_sts *sts;
	struct mw_inquiry_bounds bounds;
	struct mw_partners *partners;
	struct mw_cache *cache;
	char *cache_path;
	bool unsaved; /* the last time it could not be written, which has been told */
	struct event *saver;
	GHashTable *jobs;  /* by key of the destination */
	mw_counter *asked; /* of the options */
};

/* ---- saying it ---------------------------------------------------------------------------------------------------------------- */
static void say_policy(const struct mw_tls_verdict *v, mw_answer_done *done, void *ctx)
{
	struct mw_answer a;

	mw_verdict_policy(v, &a);
	done(ctx, &a);
}

static void say_words(const struct mw_tls_verdict *v, mw_answer_done *done, void *ctx)
{
	struct mw_buf b = MW_BUF_INIT;
	struct mw_answer a;

	mw_verdict_words(v, &b, &a);
	done(ctx, &a);
	mw_buf_free(&b);
}

/* ---- a job -------------------------------------------------------------------------------------------------------------------- */
static void job_free(struct job *j)
{
	mw_dane_cancel(j->dane);
	if (j->timer)
		event_free(j->timer);
	mw_verdict_clear(&j->verdict);
	mw_buf_free(&j->packed);
	free(j);
}

/* Answers everybody. The job is freed, unless MTA-STS still has it. */
static void job_end(struct job *j)
{
	struct waiter *w = j->first;

	j->ended = true;
	j->first = NULL;
	(void)g_hash_table_remove(j->inquiry->jobs, j->dest.key);
	while (w) {
		struct waiter *next = w->next;

		w->say(&j->verdict, w->done, w->ctx);
		free(w);
		w = next;
	}
	if (!j->sts)
		job_free(j);
}

static void job_fail(struct job *j, const char *why)
{
	mw_verdict_unknown(&j->verdict, why);
	job_end(j);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	job_fail(ctx, "it takes too long to find out");
}

static void on_sts(void *ctx, const struct mw_sts_verdict *s)
{
	struct job *j = ctx;

	j->sts = false;
	if (j->ended) {
		job_free(j);
		return;
	}
	mw_verdict_sts(&j->verdict, &j->finding, s);
	job_end(j);
}

/* There is a finding: it is the verdict, or MTA-STS is asked. */
static void job_found(struct job *j, int64_t ttl)
{
	if (!mw_dane_unpack(j->packed.p, j->packed.n, j->names, &j->finding)) {
		job_fail(j, "out of memory");
		return;
	}
	if (mw_verdict_dane(&j->verdict, &j->dest, &j->finding, ttl)) {
		job_end(j);
		return;
	}
	j->sts = true;
	mw_sts_ask(j->inquiry->sts, mw_str(j->dest.name), on_sts, j);
}

static int64_t cached_for(const struct mw_inquiry *i, const struct mw_dane_finding *f)
{
	if (f->dane == MW_DANE_TEMP)
		return TEMP_TTL;
	if (f->ttl < i->bounds.ttl_min)
		return i->bounds.ttl_min;
	return f->ttl > i->bounds.ttl_max ? i->bounds.ttl_max : f->ttl;
}

static void on_dane(void *ctx, const struct mw_dane_finding *f)
{
	struct job *j = ctx;
	struct mw_inquiry *i = j->inquiry;
	int64_t ttl = cached_for(i, f);

	mw_log(MW_DEBUG, NULL, "dane", "%s: %s%s, for %lld s", j->dest.key,
	       f->dane == MW_DANE_YES	 ? "yes"
	       : f->dane == MW_DANE_TEMP ? "not known: "
					 : "no: ",
	       f->why, (long long)ttl);
	j->dane = NULL;
	mw_dane_pack(f, &j->packed);
	if (mw_buf_ok(&j->packed))
		(void)mw_cache_put(i->cache, mw_str(j->dest.key), (struct mw_str){.p = j->packed.p, .n = j->packed.n},
				   mw_cache_clock(), ttl, f->dane != MW_DANE_TEMP);
	else
		mw_buf_clear(&j->packed);
	job_found(j, ttl);
}

static struct job *job_new(struct mw_inquiry *i, const struct mw_dest *d)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->inquiry = i;
	j->dest = *d;
	j->timer = event_new(i->base, -1, 0, on_late, j);
	if (!j->timer || event_add(j->timer, &(struct timeval){.tv_sec = (time_t)i->bounds.timeout})) {
		job_free(j);
		return NULL;
	}
	(void)g_hash_table_insert(i->jobs, j->dest.key, j);
	return j;
}

static bool job_wait(struct job *j, say_fn *say, mw_answer_done *done, void *ctx)
{
	struct waiter *w = malloc(sizeof(*w));

	if (!w)
		return false;
	*w = (struct waiter){.next = j->first, .say = say, .done = done, .ctx = ctx};
	j->first = w;
	return true;
}

/* The job is this question's own from here: it ends, at once or later. */
static void job_start(struct job *j, struct mw_str known, int64_t left)
{
	struct mw_inquiry *i = j->inquiry;
	struct mw_err err;

	if (known.n) {
		mw_buf_add(&j->packed, known.p, known.n);
		job_found(j, left);
	} else if (mw_dane_ask(i->dns, &j->dest, on_dane, j, &j->dane, &err)) {
		job_fail(j, "too much is being asked");
	}
}

/* ---- a question --------------------------------------------------------------------------------------------------------------- */
static void refuse(say_fn *say, const char *why, mw_answer_done *done, void *ctx)
{
	struct mw_tls_verdict v = {0};

	mw_verdict_unknown(&v, why);
	say(&v, done, ctx);
	mw_verdict_clear(&v);
}

/* What can be said at once: of a partner, of an address, or what DANE said before, when that is all there is to say. */
static bool at_once(struct mw_inquiry *i, const struct mw_dest *d, struct mw_str known, int64_t left, struct mw_tls_verdict *v)
{
	static const struct mw_dane_finding address = {
	    .dane = MW_DANE_NO, .nowhere = true, .why = "an address has no name that could be proved"};
	const char *policy = mw_partners_find(i->partners, d), *names[MW_MX_MAX];
	struct mw_dane_finding f;

	if (policy) {
		mw_verdict_partner(v, policy);
		return true;
	}
	if (d->literal)
		return mw_verdict_dane(v, d, &address, i->bounds.ttl_max);
	return known.n && mw_dane_unpack(known.p, known.n, names, &f) && mw_verdict_dane(v, d, &f, left);
}

static void inquire(struct mw_inquiry *i, const struct mw_dest *d, say_fn *say, mw_answer_done *done, void *ctx)
{
	struct job *j = g_hash_table_lookup(i->jobs, d->key);
	struct mw_str known = {.p = "", .n = 0};
	struct mw_tls_verdict v = {0};
	int64_t left = 0;

	if (j) {
		if (!job_wait(j, say, done, ctx))
			refuse(say, "out of memory", done, ctx);
		return;
	}
	(void)mw_cache_get(i->cache, mw_str(d->key), mw_cache_clock(), &known, &left);
	if (i->asked && !d->literal)
		mw_count(&i->asked[known.n ? 0 : 1]);
	if (at_once(i, d, known, left, &v)) {
		say(&v, done, ctx);
	} else if (g_hash_table_size(i->jobs) >= JOBS_MAX) {
		refuse(say, "too much is being asked", done, ctx);
	} else {
		j = job_new(i, d);
		if (!j || !job_wait(j, say, done, ctx)) {
			refuse(say, "out of memory", done, ctx);
			if (j)
				job_fail(j, "");
		} else {
			job_start(j, known, left);
		}
	}
	mw_verdict_clear(&v);
}

void mw_inquiry_policy(void *map, struct mw_str key, mw_answer_done *done, void *ctx)
{
	struct mw_dest d;

	/* Postfix asks for ".example", too. */
	if (mw_dest_parse(key, &d))
		inquire(map, &d, say_policy, done, ctx);
	else
		done(ctx, &(struct mw_answer){.kind = MW_ANSWER_NOTFOUND, .text = {.p = ""}});
}

void mw_inquiry_verdict(void *map, struct mw_str key, mw_answer_done *done, void *ctx)
{
	struct mw_dest d;

	if (mw_dest_parse(key, &d))
		inquire(map, &d, say_words, done, ctx);
	else
		done(ctx,
		     &(struct mw_answer){.kind = MW_ANSWER_OK, .text = MW_STR_LIT("none ttl=300 why=that is no mail domain")});
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------- */
static void save(struct mw_inquiry *i)
{
	struct mw_err err;

	if (!i->cache_path || !mw_cache_is_dirty(i->cache))
		return;
	if (mw_cache_save(i->cache, i->cache_path, &err) == 0) {
		i->unsaved = false;
		return;
	}
	if (!i->unsaved)
		mw_log(MW_WARNING, NULL, "cache", "cannot be written, a restart forgets: %s", err.text);
	i->unsaved = true;
}

static void on_save(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	save(ctx);
}

static int open_cache(struct mw_inquiry *i, const struct mw_inquiry_options *o, struct mw_err *err)
{
	struct mw_err why;
	int r;

	i->cache = mw_cache_new(o->cache_most, CACHE_OCTETS);
	i->cache_path = o->cache_path ? strdup(o->cache_path) : NULL;
	if (!i->cache || (o->cache_path && !i->cache_path))
		return mw_fail_memory(err);
	if (!o->cache_path)
		return 0;
	r = mw_cache_load(i->cache, o->cache_path, &why);
	if (r)
		mw_log(MW_WARNING, NULL, "cache", "begins empty: %s", why.text);
	/* Now is when somebody looks at what is wrong with the folder. A disk that is full will not be for ever. */
	r = mw_cache_save(i->cache, o->cache_path, err);
	if (r == -ENOSPC || r == -EDQUOT) {
		mw_log(MW_WARNING, NULL, "cache", "cannot be written, a restart forgets: %s", err->text);
		i->unsaved = true;
		r = 0;
	}
	if (!r && event_add(i->saver, &(struct timeval){.tv_sec = SAVE_EVERY}))
		r = mw_fail_memory(err);
	return r;
}

int mw_inquiry_new(const struct mw_inquiry_options *o, struct mw_inquiry **ret, struct mw_err *err)
{
	struct mw_inquiry *i = calloc(1, sizeof(*i));
	int r;

	if (!i)
		return mw_fail_memory(err);
	*i = (struct mw_inquiry){.base = o->base, .dns = o->dns, .sts = o->sts, .bounds = o->bounds, .asked = o->asked};
	i->jobs = g_hash_table_new(g_str_hash, g_str_equal);
	i->saver = event_new(o->base, -1, EV_PERSIST, on_save, i);
	r = i->saver ? mw_partners_load(NULL, &i->partners, err) : mw_fail_memory(err);
	if (!r)
		r = open_cache(i, o, err);
	if (r)
		mw_inquiry_free(&i);
	else
		*ret = i;
	return r;
}

void mw_inquiry_set_partners(struct mw_inquiry *i, struct mw_partners *partners)
{
	mw_partners_free(&i->partners);
	i->partners = partners;
}

void mw_inquiry_set_bounds(struct mw_inquiry *i, const struct mw_inquiry_bounds *bounds)
{
	i->bounds = *bounds;
}

void mw_inquiry_free(struct mw_inquiry **ip)
{
	struct mw_inquiry *i = *ip;
	GHashTableIter iter;
	gpointer job;

	if (!i)
		return;
	*ip = NULL;
	for (g_hash_table_iter_init(&iter, i->jobs); g_hash_table_iter_next(&iter, NULL, &job);
	     g_hash_table_iter_init(&iter, i->jobs))
		job_fail(job, "milward-lookup stops");
	g_hash_table_destroy(i->jobs);
	if (i->cache)
		save(i);
	mw_cache_free(&i->cache);
	mw_partners_free(&i->partners);
	if (i->saver)
		event_free(i->saver);
	free(i->cache_path);
	free(i);
}
