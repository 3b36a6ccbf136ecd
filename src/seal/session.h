/* SPDX-License-Identifier: Apache-2.0 */
/* session: one connection of the MTA, in a process of its own: LMTP, and a job for each message. */
#ifndef MW_SEAL_SESSION_H
#define MW_SEAL_SESSION_H

#include "seal/job.h"

/* Until the MTA leaves, is too slow, or the parent says that it is enough. */
void mw_session_run(struct mw_worker *, int client);

#endif
