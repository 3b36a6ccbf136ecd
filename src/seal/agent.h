/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: the process that the service manager knows. It has the policy with the site's private keys, the journal, the folder and the
 * network; it forks a child for each connection and does for it what children may not do (control.h). It reads no mail.
 */
#ifndef MW_SEAL_AGENT_H
#define MW_SEAL_AGENT_H

#include "base/log.h"

struct mw_seal_options {
	const char *policy;		/* absolute */
	const char *modules, *policies; /* folders, absolute */
	const char *user;		/* NULL: stay who we are */
	bool test;
	enum mw_log_to log_to;
	enum mw_log_level log_level;
};

/* As in sysexits(3), and as milward has them. */
enum mw_seal_exit {
	MW_SEAL_OK = 0,
	MW_SEAL_USAGE = 64,
	MW_SEAL_NO_INPUT = 66,
	MW_SEAL_NO_USER = 67,
	MW_SEAL_MODULE = 69,
	MW_SEAL_SYSTEM = 71,
	MW_SEAL_CREATE = 73,
	MW_SEAL_POLICY = 78
};

/* Until it is told to end; the exit status. Says itself what is wrong. */
int mw_agent_run(const struct mw_seal_options *);
/* One line on why we do not start, to the log and always to standard error. Returns status. */
int mw_seal_no_start(const struct mw_seal_options *, int status, const char *fmt, ...) MW_PRINTF(3, 4);

#endif
