/* SPDX-License-Identifier: Apache-2.0 */
/* worker: the process that serves the MTA: sets everything up, runs libmilter, and obeys the supervisor (see supervisor.h). */
#ifndef MW_HOST_WORKER_H
#define MW_HOST_WORKER_H

#include "host/count.h"
#include "host/options.h"

/* A mw_work. A failure to start is told in one line, and is the exit status. */
int mw_worker_run(const struct mw_options *, struct mw_counts *, int control);
/* `milward -t`: everything up to the socket, which stays alone. */
int mw_worker_test(const struct mw_options *);

#endif
