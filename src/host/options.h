/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of milward, and its exit statuses. */
#ifndef MW_HOST_OPTIONS_H
#define MW_HOST_OPTIONS_H

#include "base/log.h"
#include <stdbool.h>
#include <stdint.h>

/* As in sysexits(3), so that scripts and init systems can tell them apart. */
enum mw_exit {
	MW_EXIT_OK = 0,
	MW_EXIT_USAGE = 64,    /* command line */
	MW_EXIT_NO_INPUT = 66, /* the policy file cannot be read */
	MW_EXIT_NO_USER = 67,  /* --user or --socket-group names nobody */
	MW_EXIT_MODULE = 69,   /* a module did not load or open: key, table, folder … */
	MW_EXIT_SOFTWARE = 70, /* a failure inside milward or libmilter */
	MW_EXIT_SYSTEM = 71,   /* fork, memory, threads */
	MW_EXIT_STUCK = 72,    /* of a worker: a module did not come back */
	MW_EXIT_CREATE = 73,   /* the socket, the spool or the PID file cannot be made */
	MW_EXIT_POLICY = 78    /* errors in the policy or its rules */
};

struct mw_options {
	const char *policy; /* absolute */
	const char *socket; /* NULL: `listen` of the policy */
	const char *socket_group;
	unsigned socket_mode;
	const char *modules, *policies, *spool; /* folders, absolute */
	const char *user;			/* NULL: stay who we are */
	const char *pid_file;			/* NULL: none */
	uint64_t memory;			/* octets of all messages together that are kept in memory */
	unsigned work;				/* messages that are judged at the same time */
	unsigned wait;				/* seconds that a message may wait for its turn */
	unsigned drain;				/* seconds for messages in work when we stop */
	unsigned progress;			/* seconds between signs of life to the MTA */
	unsigned stuck;				/* seconds that a module may take for one call */
	bool detach, test;
	bool reentry; /* what comes is given back by milward-seal: recipients may have tags */
	enum mw_log_to log_to;
	enum mw_log_level log_level;
};

/* Fills o from the command line. 0: go on; else what main() returns, plus 1 (--help and --version give MW_EXIT_OK + 1).
 * Prints what it has to say. Strings are borrowed from argv or live as long as the process. */
int mw_options_parse(int argc, char **argv, struct mw_options *o);

/* One line on why we do not start, to the log and always to standard error: who starts by hand looks there. Returns status. */
int mw_no_start(const struct mw_options *, int status, const char *fmt, ...) MW_PRINTF(3, 4);
/* The service is up: when it is in the background and logs to syslog, it lets go of the terminal. */
void mw_leave_stderr(const struct mw_options *);

#endif
