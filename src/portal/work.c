/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "portal/ahead.h"
#include "portal/glance.h"
#include "portal/pages.h"
#include "portal/reading.h"
#include "portal/waiting.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct worker {
	struct mw_work *work;
	struct mw_pickup *store;
	pthread_t thread;
	bool runs;
};

struct mw_work {
	struct mw_portal *portal;
	struct mw_readings *readings;
	struct mw_waiting waiting;
	size_t n;
	struct worker worker[];
};

void mw_work_wipe(struct mw_request *r)
{
	OPENSSL_cleanse(&r->session, sizeof(r->session));
	OPENSSL_cleanse(&r->row, sizeof(r->row));
}

/* ---- a request ------------------------------------------------------------------------------------------------------------------- */

bool mw_request_from_us(const struct mw_request *r)
{
	if (r->fetch_site.n && !mw_str_eq(r->fetch_site, "same-origin") && !mw_str_eq(r->fetch_site, "none"))
		return false;
	/* "null": what browsers send from pages that say no-referrer, as ours do. */
	return !r->origin.n || mw_str_eq(r->origin, "null") || mw_str_caseeq(r->origin, r->site->conf->url);
}

/* False: there is an answer already. */
static bool take_form(struct mw_request *r)
{
	if (!mw_request_from_us(r)) {
		mw_page_stale(r);
		return false;
	}
	if (!mw_str_caseeq(mw_field_type(r->type), "application/x-www-form-urlencoded") || !mw_buf_ok(&r->body) ||
	    mw_fields_parse(r->arena, (struct mw_str){.p = mw_buf_text(&r->body), .n = r->body.n}, &r->form) < 0) {
		mw_page(r, 400, "method.html", mw_page_values(r));
		return false;
	}
	return true;
}

struct mw_str mw_request_token(const struct mw_request *r)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "__Secure-mw-%.*s", (int)r->arg[0].n, r->arg[0].p);
	return mw_field_cookie(r->cookie, name);
}

bool mw_request_knows(const struct mw_request *r)
{
	unsigned char id[MW_PICKUP_ID];
	struct mw_session session;
	bool known = mw_pickup_id_parse(r->arg[0], id) &&
		     mw_sessions_find(r->portal->sessions, id, mw_request_token(r), mw_clock_ms(), &session);

	OPENSSL_cleanse(&session, sizeof(session));
	return known;
}

/* The session, and a message that is still there. */
static bool take_session(struct mw_request *r)
{
	unsigned char id[MW_PICKUP_ID];
	struct mw_err err = {0};
	int found;

	if (!mw_pickup_id_parse(r->arg[0], id) ||
	    !mw_sessions_find(r->portal->sessions, id, mw_request_token(r), mw_clock_ms(), &r->session)) {
		mw_page_left(r);
		return false;
	}
	found = mw_pickup_find(r->store, id, &r->row, &err);
	if (found == 0)
		mw_page_language(r, r->row.language);
	if (found == -ENOENT || (found == 0 && mw_request_over(r->row.state, r->row.expires, r->now))) {
		mw_sessions_end_all(r->portal->sessions, id);
		mw_page_gone(r);
	} else if (found < 0) {
		mw_log(MW_ERROR, NULL, "store", "%s", err.text);
		mw_page_later(r);
	}
	return found == 0 && !r->response;
}

bool mw_request_csrf_good(const struct mw_request *r, struct mw_str csrf)
{
	return csrf.n == MW_SESSION_CSRF - 1 && CRYPTO_memcmp(csrf.p, r->session.csrf, csrf.n) == 0;
}

void mw_work_answer(struct mw_request *r)
{
	unsigned flags = r->route->flags;

	if (r->failed) {
		if (r->failed == -EFBIG)
			mw_page_large(r, 0);
		else
			mw_page_later(r);
		return;
	}
	if (flags & MW_ROUTE_FORM && !take_form(r))
		return;
	if (flags & MW_ROUTE_SESSION && !take_session(r))
		return;
	if (flags & MW_ROUTE_CSRF && !mw_request_csrf_good(r, mw_request_field(r, "csrf"))) {
		mw_page_stale(r);
		return;
	}
	r->route->answer(r);
	if (flags & MW_ROUTE_KEPT)
		mw_glance_keep(r, mw_route_page(r->route));
	mw_page_later(r); /* when nothing else was made */
}

/* ---- the MTA --------------------------------------------------------------------------------------------------------------------- */

bool mw_work_may_post(struct mw_portal *p)
{
	int n = atomic_load(&p->posts);

	while (n > 0 && !atomic_compare_exchange_weak(&p->posts, &n, n - 1))
		;
	return n > 0;
}

void mw_work_posted(struct mw_portal *p)
{
	(void)atomic_fetch_add(&p->posts, 1);
}

/* ---- threads --------------------------------------------------------------------------------------------------------------------- */

/* After its connection goes on, the request is another thread's. */
static void done(struct mw_work *w, struct mw_request *r)
{
	r->store = NULL;
	if (r->reads && r->response && r->status == 200)
		mw_readings_add(w->readings, r);
	else
		r->resume(r->resume_ctx);
}

static void *run(void *arg)
{
	struct worker *me = arg;
	struct mw_request *r;

	while (mw_waiting_take(&me->work->waiting, &r, 1) > 0) {
		struct mw_request *ahead;

		r->store = me->store;
		if (me->work->waiting.ends)
			mw_page_later(r);
		else
			mw_work_answer(r);
		ahead = mw_ahead_begin(r);
		done(me->work, r);
		if (ahead)
			mw_ahead_end(&ahead, me->store);
	}
	return NULL;
}

void mw_work_add(struct mw_work *w, struct mw_request *r)
{
	if (!mw_waiting_add(&w->waiting, r)) {
		mw_page_later(r);
		r->resume(r->resume_ctx);
	}
}

int mw_work_start(struct mw_portal *portal, struct mw_site *site, struct mw_readings *readings, struct mw_work **ret,
		  struct mw_err *err)
{
	size_t n = (size_t)site->conf->workers;
	struct mw_work *w = calloc(1, sizeof(*w) + n * sizeof(*w->worker));
	int r = 0;

	if (!w)
		return mw_fail_memory(err);
	w->portal = portal;
	w->readings = readings;
	atomic_store(&portal->posts, n > 1 ? (int)(n / 2) : 1);
	w->n = n;
	mw_waiting_init(&w->waiting);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct worker *one = &w->worker[i];

		one->work = w;
		r = mw_pickup_open(site->conf->store, portal->keys, false, &one->store, err);
		if (r == 0) {
			int e;

			mw_recorder_attach(portal->recorder, one->store);
			e = pthread_create(&one->thread, NULL, run, one);
			r = e ? mw_fail(err, -e, "no thread: %s", strerror(e)) : 0;
			one->runs = e == 0;
		}
	}
	if (r == 0) {
		*ret = w;
		return 0;
	}
	mw_work_stop(w);
	mw_work_free(&w);
	return r;
}

void mw_work_stop(struct mw_work *w)
{
	if (!w)
		return;
	mw_waiting_end(&w->waiting);
	for (size_t i = 0; i < w->n; i++) {
		if (w->worker[i].runs)
			(void)pthread_join(w->worker[i].thread, NULL);
		w->worker[i].runs = false;
	}
}

void mw_work_free(struct mw_work **p)
{
	struct mw_work *w = *p;

	*p = NULL;
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (w->worker[i].store)
			mw_pickup_close(&w->worker[i].store);
	mw_waiting_free(&w->waiting);
	free(w);
}
