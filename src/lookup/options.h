/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of milward-lookup, and its exit statuses. */
#ifndef MW_LOOKUP_OPTIONS_H
#define MW_LOOKUP_OPTIONS_H

#include "base/log.h"

/* As in sysexits(3), and as milward(8) has them. */
enum mw_lookup_exit {
	MW_LOOKUP_OK = 0,
	MW_LOOKUP_USAGE = 64,	 /* command line */
	MW_LOOKUP_NO_INPUT = 66, /* the policy file cannot be read */
	MW_LOOKUP_NO_USER = 67,	 /* --user or --socket-group names nobody */
	MW_LOOKUP_TABLE = 69,	 /* partners, trust anchor, resolvers, authorities, cache */
	MW_LOOKUP_SYSTEM = 71,	 /* memory, events */
	MW_LOOKUP_CREATE = 73,	 /* a socket cannot be made */
	MW_LOOKUP_POLICY = 78,	 /* errors in the policy, or no `load lookup` in it */
};

struct mw_lookup_options {
	const char *policy;		 /* absolute */
	const char *modules, *policies;	 /* folders */
	const char *user, *socket_group; /* NULL: stay who we are; leave the group */
	unsigned socket_mode;
	bool test;
	enum mw_log_to log_to;
	enum mw_log_level log_level;
};

/* 0: go on; else what main() returns, plus 1. Prints what it has to say. Strings are borrowed from argv or live as long as the process. */
int mw_lookup_options_parse(int argc, char **argv, struct mw_lookup_options *o);
/* One line on why we do not start, to the log and always to standard error. Returns status. */
int mw_lookup_no_start(const struct mw_lookup_options *, int status, const char *fmt, ...) MW_PRINTF(3, 4);

#endif
