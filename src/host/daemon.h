/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: what all sessions of the worker share. Made once before the first session, gone with the process. */
#ifndef MW_HOST_DAEMON_H
#define MW_HOST_DAEMON_H

#include "engine/engine.h"
#include "host/count.h"
#include "host/current.h"
#include "host/flow.h"
#include "host/gate.h"
#include "host/options.h"
#include "host/progress.h"
#include "host/watch.h"

struct mw_daemon {
	const struct mw_options *options;
	struct mw_loader *loader;
	struct mw_current *current;
	struct mw_gate *gate;
	struct mw_flow *flow;
	struct mw_progress *progress;
	struct mw_watch *watch;
	struct mw_counts *counts;
};

#endif
