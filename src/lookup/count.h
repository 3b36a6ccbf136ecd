/* SPDX-License-Identifier: Apache-2.0 */
/* count: what milward-lookup counts (milward-metrics(7)). */
#ifndef MW_LOOKUP_COUNT_H
#define MW_LOOKUP_COUNT_H

#include "lookup/map.h"
#include "metric/status.h"

#define MW_LOOKUP_MAPS 6u

struct mw_lookup_counts {
	struct mw_common common;
	mw_gauge open;
	mw_counter connections;
	mw_counter questions[MW_LOOKUP_MAPS + 1]
			    [MW_ANSWER_PERM + 1]; /* by map, in the order of mw_lookup_map_names, and answer */
	struct mw_times time;
	mw_counter verdicts[2]; /* of what DANE said before: hit, miss */
};

/* The last is of questions to no map of ours; NULL ends. */
extern const char *const mw_lookup_map_names[];
extern const struct mw_metric mw_lookup_rows[];

#endif
