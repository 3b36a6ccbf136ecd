/* SPDX-License-Identifier: Apache-2.0 */
/* start: what the daemons have in common before they do their work: command line, exit statuses, user and folder, and one line on why one
 * does not start. */
#ifndef MW_BASE_START_H
#define MW_BASE_START_H

#include "base/log.h"

#include <stdbool.h>

/* As in sysexits(3), so that scripts and init systems can tell them apart. */
enum mw_exit {
	MW_EXIT_OK = 0,
	MW_EXIT_USAGE = 64,    /* command line */
	MW_EXIT_NO_INPUT = 66, /* the policy file cannot be read */
	MW_EXIT_NO_USER = 67,  /* --user names nobody */
	MW_EXIT_MODULE = 69, /* a module did not load, or what it names did not open: key, table, store, folder, templates … */
	MW_EXIT_SOFTWARE = 70, /* a failure inside milward or libmilter */
	MW_EXIT_SYSTEM = 71,   /* fork, memory, threads, sandbox */
	MW_EXIT_STUCK = 72,    /* of a worker: a module did not come back */
	MW_EXIT_CREATE =
	    73, /* the socket, the spool, the PID file or another file cannot be made or written; --socket-group names nobody */
	MW_EXIT_POLICY = 78 /* errors in the policy or its rules, or nothing in it for this daemon */
};

/* What every daemon is told. Strings are borrowed from argv or live as long as the process. */
struct mw_start {
	const char *program;		/* "milward-seal" */
	const char *policy;		/* absolute */
	const char *modules, *policies; /* folders, absolute */
	const char *user;		/* NULL: stay who we are */
	const char *status;		/* where the counters are told; "none"; NULL: where the service manager says */
	bool test;			/* say what is wrong, and end */
	bool log_given;			/* log_to was on the command line */
	enum mw_log_to log_to;
	enum mw_log_level log_level;
};

/* An option that one daemon has for itself. id: a letter, which then is its short form, or from MW_START_OWN on. value: what its value is
 * called, NULL = it has none. help: NULL = --help does not show it; further lines begin with MW_START_INDENT. */
struct mw_start_row {
	int id;
	const char *name, *value, *help;
};
enum { MW_START_OWN = 512, MW_START_ROWS = 32 }; /* MW_START_ROWS: most that a daemon may have of its own */
#define MW_START_INDENT "\n                           "

/* The command line of a daemon. */
struct mw_start_line {
	const char *program;
	const char *policy, *test, *log;			/* what --help says of those options */
	const char *signals;					/* its last line */
	const struct mw_start_row *own;				/* ends with name == NULL; NULL: none */
	bool (*take)(void *options, int id, const char *value); /* one of own; false: the value cannot be */
};

/* Fills s, and through take() the daemon's options. 0: go on; else what main() returns, plus 1 (--help and --version give MW_EXIT_OK + 1).
 * Prints what it has to say. */
int mw_start_parse(const struct mw_start_line *, int argc, char **argv, struct mw_start *s, void *options);

/* Opens the log, becomes the user for good, and leaves the folder: before a word from outside is read. MW_EXIT_OK, or an exit status that
 * has been said. */
int mw_start_settle(const struct mw_start *);

/* One line on why we do not start, to the log, and always to standard error, where who starts by hand looks. Returns status. */
int mw_start_refused(const struct mw_start *, int status, const char *fmt, ...) MW_PRINTF(3, 4);

/* For values of own options: a path, made absolute, because a daemon leaves its folder and a reload must find the same files. It lives as
 * long as the process. false when it cannot be one, and *ret is untouched then. */
bool mw_start_path(const char *value, const char **ret);

#endif
