/* SPDX-License-Identifier: Apache-2.0 */
/* count: what milward-portal counts (milward-metrics(7)). */
#ifndef MW_PORTAL_COUNT_H
#define MW_PORTAL_COUNT_H

#include "metric/status.h"

#define MW_PORTAL_CODES 4u /* 2xx … 5xx */

struct mw_portal_counts {
	struct mw_common common;
	mw_gauge requests_open, sessions_open;
	mw_counter codes[MW_PORTAL_CODES], cut;
	mw_counter pages[2]; /* that are kept: hit, miss */
	struct mw_times time;
};

extern const struct mw_metric mw_portal_rows[];
/* Of a request that is over: status of HTTP, 0 = nobody heard an answer; and how long it took. */
void mw_portal_count(struct mw_portal_counts *, unsigned status, int64_t ns);

#endif
