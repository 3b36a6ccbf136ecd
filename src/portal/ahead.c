/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/ahead.h"

#include "portal/pages.h"
#include "portal/work.h"

#include <stdlib.h>

static void drop(struct mw_request **p)
{
	struct mw_request *r = *p;

	*p = NULL;
	mw_page_drop(r);
	mw_work_wipe(r);
	mw_site_unref(&r->site);
	mw_arena_free(&r->arena);
	free(r);
}

/* The request that his browser will send. */
static struct mw_request *copy(const struct mw_request *of)
{
	struct mw_request *r = calloc(1, sizeof(*r));
	char *path, *cookie;
	bool known;

	if (!r)
		return NULL;
	r->portal = of->portal;
	r->site = mw_site_ref(of->site);
	r->now = of->now;
	r->ahead = true;
	r->arena = mw_arena_new(0);
	path = r->arena ? mw_arena_dup(r->arena, of->to_path.p, of->to_path.n) : NULL;
	cookie = path ? mw_arena_dup(r->arena, of->to_cookie.p, of->to_cookie.n) : NULL;
	if (!cookie) {
		drop(&r);
		return NULL;
	}
	r->path = mw_str(path);
	r->cookie = mw_str(cookie);
	r->language = "";
	r->origin = r->fetch_site = r->type = r->range = r->to_path = r->to_cookie = mw_str("");
	r->route = mw_routes_find("GET", r->path, r->arg, &known);
	return r;
}

struct mw_request *mw_ahead_begin(const struct mw_request *r)
{
	return r->to_cookie.n && r->response && r->site->conf->keep ? copy(r) : NULL;
}

void mw_ahead_end(struct mw_request **p, struct mw_pickup *store)
{
	struct mw_request *r = *p;

	r->store = store;
	if (r->route)
		mw_work_answer(r);
	drop(p);
}
