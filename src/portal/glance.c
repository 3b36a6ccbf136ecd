/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/glance.h"

#include "base/clock.h"
#include "portal/portal.h"
#include "portal/work.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct eye {
	pthread_mutex_t lock;
	struct mw_pickup *store;
};

struct mw_glance {
	size_t n;
	struct eye eye[];
};

int mw_glance_new(const struct mw_portal *portal, const struct mw_site *site, size_t threads, struct mw_glance **ret,
		  struct mw_err *err)
{
	struct mw_glance *g = calloc(1, sizeof(*g) + threads * sizeof(*g->eye));
	int r = g ? 0 : mw_fail_memory(err);

	for (size_t i = 0; i < threads && r == 0; i++) {
		r = mw_pickup_open(site->conf->store, portal->keys, false, &g->eye[i].store, err);
		if (r < 0)
			break;
		mw_pickup_hurry(g->eye[i].store);
		(void)pthread_mutex_init(&g->eye[i].lock, NULL);
		g->n++;
	}
	if (r == 0)
		*ret = g;
	else
		mw_glance_free(&g);
	return r;
}

void mw_glance_free(struct mw_glance **p)
{
	struct mw_glance *g = *p;

	*p = NULL;
	for (size_t i = 0; g && i < g->n; i++) {
		mw_pickup_close(&g->eye[i].store);
		(void)pthread_mutex_destroy(&g->eye[i].lock);
	}
	free(g);
}

/* One that no other thread looks with: there are as many as threads. */
static bool ask(struct mw_glance *g, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_moment *ret)
{
	for (size_t i = 0; i < g->n; i++) {
		struct mw_err err;
		int r;

		if (pthread_mutex_trylock(&g->eye[i].lock) != 0)
			continue;
		r = mw_pickup_moment(g->eye[i].store, id, ret, &err);
		(void)pthread_mutex_unlock(&g->eye[i].lock);
		return r == 0;
	}
	return false;
}

bool mw_glance(struct mw_glance *g, struct mw_request *r)
{
	unsigned char id[MW_PICKUP_ID];
	struct mw_pickup_moment now;
	struct mw_kept *k;

	if (!(r->route->flags & MW_ROUTE_KEPT) || !r->site->conf->keep || !mw_pickup_id_parse(r->arg[0], id))
		return false;
	k = mw_sessions_kept(r->portal->sessions, id, mw_request_token(r), mw_clock_ms(), mw_route_page(r->route));
	if (!k)
		return false;
	if (k->site != r->site || !ask(g, id, &now) || mw_request_over(now.state, now.expires, r->now) ||
	    now.expires != k->expires) {
		mw_kept_unref(&k);
		return false;
	}
	r->kept = k;
	r->response = k->response;
	r->status = 200;
	r->reads = !r->head && !mw_request_again(now.last_read, r->now);
	return true;
}

void mw_glance_keep(struct mw_request *r, unsigned page)
{
	int64_t now = mw_clock_ms();

	if (!r->response || r->status != 200 || !r->octets || r->octets > MW_KEPT_MOST || !r->site->conf->keep)
		return;
	r->kept = mw_kept_new(r->response, r->octets, r->site, r->row.expires, now + r->site->conf->keep * 1000);
	if (r->kept) /* else this answer has it alone */
		mw_sessions_keep(r->portal->sessions, r->session.id, mw_request_token(r), page, r->kept);
}
