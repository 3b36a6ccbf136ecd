/* SPDX-License-Identifier: Apache-2.0 */
/* session: libmilter's callbacks. They fill a message, have it judged at its end, and answer. */
#ifndef MW_HOST_SESSION_H
#define MW_HOST_SESSION_H

#include "host/daemon.h"

/* Registers with libmilter. libmilter gives callbacks nothing of ours before the first one, so the daemon is kept for the whole
 * process. 0 or -ENOMEM. */
int mw_session_register(struct mw_daemon *);
/* For struct mw_progress_conf: ctx is a SMFICTX. */
void mw_session_progress(void *ctx);

#endif
