/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/kept.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>

struct mw_kept *mw_kept_new(struct MHD_Response *response, size_t octets, struct mw_site *site, int64_t expires, int64_t until)
{
	struct mw_kept *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->response = response;
	k->octets = octets;
	k->site = mw_site_ref(site);
	k->expires = expires;
	k->until = until;
	atomic_init(&k->count, 1);
	return k;
}

struct mw_kept *mw_kept_ref(struct mw_kept *k)
{
	atomic_fetch_add(&k->count, 1);
	return k;
}

void mw_kept_unref(struct mw_kept **p)
{
	struct mw_kept *k = *p;

	*p = NULL;
	if (!k || atomic_fetch_sub(&k->count, 1) > 1)
		return;
	MHD_destroy_response(k->response); /* the library wipes it (pages.c) when it has gone out everywhere */
	mw_site_unref(&k->site);
	free(k);
}
