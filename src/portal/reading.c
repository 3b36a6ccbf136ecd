/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/reading.h"

#include "portal/content.h"
#include "portal/pages.h"
#include "portal/waiting.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 128u /* readings that are written down at once */

struct mw_readings {
	struct mw_pickup *store;
	pthread_t thread;
	bool runs;
	struct mw_waiting waiting;
	struct mw_request *group[GROUP]; /* of the thread */
	struct mw_pickup_step step[GROUP];
};

static void write_down(struct mw_readings *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mw_request *r = w->group[i];
		struct mw_pickup_step *s = &w->step[i];

		memset(s, 0, sizeof(*s));
		(void)mw_pickup_id_parse(r->arg[0], s->id); /* it has led to the session */
		s->event = MW_EVENT_READ;
		s->mail = mw_content_receipt(r);
		s->now = r->now;
	}
	mw_pickup_note_all(w->store, w->step, n);
}

static void *run(void *arg)
{
	struct mw_readings *w = arg;
	size_t n;

	while ((n = mw_waiting_take(&w->waiting, w->group, GROUP)) > 0) {
		write_down(w, n);
		for (size_t i = 0; i < n; i++) {
			struct mw_request *r = w->group[i];

			if (w->step[i].result < 0)
				mw_content_refuse(r, w->step[i].id, w->step[i].result, &w->step[i].err);
			/* After its connection goes on, the request is another thread's. */
			r->resume(r->resume_ctx);
		}
	}
	return NULL;
}

void mw_readings_add(struct mw_readings *w, struct mw_request *r)
{
	if (!mw_waiting_add(&w->waiting, r)) {
		mw_page_drop(r);
		mw_page_later(r);
		r->resume(r->resume_ctx);
	}
}

int mw_readings_start(struct mw_portal *portal, struct mw_site *site, struct mw_readings **ret, struct mw_err *err)
{
	struct mw_readings *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return mw_fail_memory(err);
	mw_waiting_init(&w->waiting);
	r = mw_pickup_open(site->conf->store, portal->keys, false, &w->store, err);
	if (r == 0) {
		mw_recorder_attach(portal->recorder, w->store);
		r = -pthread_create(&w->thread, NULL, run, w);
		w->runs = r == 0;
		if (r < 0)
			(void)mw_fail(err, r, "no thread: %s", strerror(-r));
	}
	if (r == 0)
		*ret = w;
	else
		mw_readings_free(&w);
	return r;
}

void mw_readings_stop(struct mw_readings *w)
{
	if (!w)
		return;
	mw_waiting_end(&w->waiting);
	if (w->runs)
		(void)pthread_join(w->thread, NULL);
	w->runs = false;
}

void mw_readings_free(struct mw_readings **p)
{
	struct mw_readings *w = *p;

	*p = NULL;
	if (!w)
		return;
	if (w->store)
		mw_pickup_close(&w->store);
	mw_waiting_free(&w->waiting);
	free(w);
}
