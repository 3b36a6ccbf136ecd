/* SPDX-License-Identifier: Apache-2.0 */
/* count: what milward-seal counts (milward-metrics(7)): the parent and its children, in memory that they share. */
#ifndef MW_SEAL_COUNT_H
#define MW_SEAL_COUNT_H

#include "metric/status.h"

enum mw_seal_means { MW_BY_NONE = 0, MW_BY_SMIME, MW_BY_OPENPGP, MW_BY_PORTAL, MW_BY_OPEN, MW_BY };
enum mw_seal_fate { MW_SEAL_SENT = 0, MW_SEAL_DEFERRED, MW_SEAL_REFUSED, MW_SEAL_FATES };

struct mw_seal_counts {
	struct mw_common common;
	mw_gauge open, limit, journal;
	mw_counter connections, crashed;
	mw_counter recipients[MW_BY][MW_SEAL_FATES];
	struct mw_times time;
};

extern const struct mw_metric mw_seal_rows[];
/* Of a recipient who has his answer. */
void mw_seal_count(struct mw_seal_counts *, enum mw_seal_means, unsigned code, int64_t ns);

#endif
