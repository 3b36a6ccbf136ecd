/* SPDX-License-Identifier: Apache-2.0 */
/* service: milward-lookup while it runs: its parts on one event loop, signals, reload. */
#ifndef MW_LOOKUP_SERVICE_H
#define MW_LOOKUP_SERVICE_H

#include "lookup/policy.h"

/* Runs until TERM or INT. With o->start.test reads all that a start reads, and writes nothing. Takes the policy. Returns the exit status. */
int mw_service_run(const struct mw_lookup_options *o, struct mw_lookup_policy *policy);

#endif
