/* SPDX-License-Identifier: Apache-2.0 */
/* report: what the log says of a message: a line for each recipient and one for the whole. No content. */
#ifndef MW_HOST_REPORT_H
#define MW_HOST_REPORT_H

#include "engine/engine.h"

/* plan: of the generation that judged it. ms: how long judging took. */
void mw_report(const struct mw_msg *, const struct mw_plan *, int64_t ms);

#endif
