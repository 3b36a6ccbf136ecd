/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of milward-portal, and its exit statuses. */
#ifndef MW_PORTAL_OPTIONS_H
#define MW_PORTAL_OPTIONS_H

#include "base/log.h"

/* As in sysexits(3), and as milward(8) has them. */
enum mw_portal_exit {
	MW_PORTAL_OK = 0,
	MW_PORTAL_USAGE = 64,	 /* command line */
	MW_PORTAL_NO_INPUT = 66, /* the policy file cannot be read */
	MW_PORTAL_NO_USER = 67,	 /* --user names nobody */
	MW_PORTAL_STORE = 69,	 /* a module, the store, its keys, templates */
	MW_PORTAL_SYSTEM = 71,	 /* memory, threads, sandbox */
	MW_PORTAL_CREATE = 73,	 /* the socket cannot be made */
	MW_PORTAL_POLICY = 78,	 /* errors in the policy, or no `load portal` in it */
};

struct mw_portal_options {
	const char *policy;		/* absolute */
	const char *modules, *policies; /* folders, absolute */
	const char *templates;		/* those that come with milward */
	const char *user;		/* NULL: stay who we are */
	bool test;
	enum mw_log_to log_to;
	enum mw_log_level log_level;
};

/* 0: go on; else the exit status plus 1. */
int mw_portal_options_parse(int argc, char **argv, struct mw_portal_options *);
/* One line on why we do not start, to the log and always to standard error. Returns status. */
int mw_portal_no_start(const struct mw_portal_options *, int status, const char *fmt, ...) MW_PRINTF(3, 4);

#endif
