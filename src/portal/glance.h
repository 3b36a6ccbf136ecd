/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glance: answers a request from what its session keeps (kept.h), in the server's own thread, when nothing has to be waited for: the
 * session is open, the message can be read at this moment (the store is asked each time), and this showing is no reading of its own.
 * Everything else is the workers'.
 */
#ifndef MW_PORTAL_GLANCE_H
#define MW_PORTAL_GLANCE_H

#include "portal/request.h"

struct mw_glance;

/* threads: how many ask at a time. The store is the site's. Caller frees, when no thread asks any more. */
int mw_glance_new(const struct mw_portal *, const struct mw_site *, size_t threads, struct mw_glance **ret, struct mw_err *);
void mw_glance_free(struct mw_glance **); /* accepts NULL, sets NULL */
/* True: it has its answer. */
bool mw_glance(struct mw_glance *, struct mw_request *);
/* By a worker, for a page that was just made: keeps it, when it may be. page: mw_route_page(). */
void mw_glance_keep(struct mw_request *, unsigned page);

#endif
