/* SPDX-License-Identifier: Apache-2.0 */
/* service: the process: its policy and its parts, signals, reload and end. */
#ifndef MW_PORTAL_SERVICE_H
#define MW_PORTAL_SERVICE_H

#include "portal/options.h"

/* Until it is told to end; the exit status. Says itself what is wrong. */
int mw_portal_run(const struct mw_portal_options *);

#endif
