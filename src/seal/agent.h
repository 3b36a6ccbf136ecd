/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: the process that the service manager knows. It has the policy with the site's private keys, the journal, the folder and the
 * network; it forks a child for each connection and does for it what children may not do (control.h). It reads no mail.
 */
#ifndef MW_SEAL_AGENT_H
#define MW_SEAL_AGENT_H

#include "base/start.h"

/* Until it is told to end; the exit status. Says itself what is wrong. */
int mw_agent_run(const struct mw_start *);

#endif
