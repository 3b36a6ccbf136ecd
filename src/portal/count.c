/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/count.h"

static const char *const codes[] = {"2xx", "3xx", "4xx", "5xx", NULL};
static const char *const caches[] = {"pages", NULL};
static const char *const results[] = {"hit", "miss", NULL};

const struct mw_metric mw_portal_rows[] = {
    MW_METRIC(COUNTER, struct mw_portal_counts, codes, "milward_portal_requests", "Requests.", .label = {"code"},
	      .word = {codes}),
    MW_METRIC(TIMES, struct mw_portal_counts, time, "milward_portal_request_seconds",
	      "From the header of a request to the end of its answer."),
    MW_METRIC(GAUGE, struct mw_portal_counts, requests_open, "milward_portal_requests_open", "Requests now."),
    MW_METRIC(GAUGE, struct mw_portal_counts, sessions_open, "milward_portal_sessions_open",
	      "People who can read a message now."),
    MW_METRIC(COUNTER, struct mw_portal_counts, cut, "milward_portal_connections_cut", "Connections that were too slow."),
    MW_METRIC(COUNTER, struct mw_portal_counts, pages, "milward_cache_lookups", "Questions to a cache.",
	      .label = {"cache", "result"}, .word = {caches, results}),
    {.name = NULL},
};

void mw_portal_count(struct mw_portal_counts *c, unsigned status, int64_t ns)
{
	unsigned class = status / 100;

	if (class >= 2 && class < 2 + MW_PORTAL_CODES)
		mw_count(&c->codes[class - 2]);
	mw_times_add(&c->time, ns);
}
