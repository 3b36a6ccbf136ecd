/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of milward. */
#ifndef MW_HOST_OPTIONS_H
#define MW_HOST_OPTIONS_H

#include "base/start.h"
#include <stdint.h>

struct mw_options {
	struct mw_start start;
	const char *socket; /* NULL: `listen` of the policy */
	const char *socket_group;
	unsigned socket_mode;
	const char *spool;    /* folder, absolute */
	const char *pid_file; /* NULL: none */
	uint64_t memory;      /* octets of all messages together that are kept in memory */
	unsigned work;	      /* messages that are judged at the same time */
	unsigned wait;	      /* seconds that a message may wait for its turn */
	unsigned drain;	      /* seconds for messages in work when we stop */
	unsigned progress;    /* seconds between signs of life to the MTA */
	unsigned stuck;	      /* seconds that a module may take for one call */
	bool detach;
	bool reentry; /* what comes is given back by milward-seal: recipients may have tags */
};

/* Fills o from the command line. 0: go on; else what main() returns, plus 1 (--help and --version give MW_EXIT_OK + 1).
 * Prints what it has to say. Strings are borrowed from argv or live as long as the process. */
int mw_options_parse(int argc, char **argv, struct mw_options *o);

/* The service is up: when it is in the background and logs to syslog, it lets go of the terminal. */
void mw_leave_stderr(const struct mw_options *);

#endif
