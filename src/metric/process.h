/* SPDX-License-Identifier: Apache-2.0 */
/* process: what the system says of a process, under the names that Prometheus has for it (process_…). Its files in /proc are open from the
 * beginning, so that a sandbox need not let them be opened. */
#ifndef MW_METRIC_PROCESS_H
#define MW_METRIC_PROCESS_H

#include "metric/metric.h"

struct mw_process {
	int stat, fds; /* -1: not to be had */
};
#define MW_PROCESS_NONE                                                                                                          \
	{                                                                                                                        \
		-1, -1                                                                                                           \
	}

/* Of another process from now on. What the system does not tell is left out. */
void mw_process_open(struct mw_process *, long pid);
void mw_process_close(struct mw_process *);
/* Nothing of one that has ended. */
void mw_process_write(const struct mw_process *, enum mw_metric_format, struct mw_buf *);

#endif
