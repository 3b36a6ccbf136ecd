/* SPDX-License-Identifier: Apache-2.0 */
#include "host/options.h"

#include "base/mode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Spool files have no name and no reader but us, so the folder that every system has will do. */
#define SPOOL_DIR "/var/tmp"

enum {
	OPT_SPOOL = MW_START_OWN,
	OPT_SOCKET_MODE,
	OPT_SOCKET_GROUP,
	OPT_PID_FILE,
	OPT_MEMORY,
	OPT_WORK,
	OPT_WAIT,
	OPT_DRAIN,
	OPT_PROGRESS,
	OPT_STUCK,
	OPT_REENTRY,
};

static const struct mw_start_row rows[] = {
    {'s', "socket", "SPEC", "listen here, not where the policy says: unix:/path or inet:PORT@HOST"},
    {'d', "detach", NULL, "go to the background when the service is up; without it (or with -f) stay in the foreground"},
    {'f', "foreground", NULL, NULL},
    {OPT_SPOOL, "spool", "DIR", "folder for large messages in work (" SPOOL_DIR ")"},
    {OPT_SOCKET_MODE, "socket-mode", "MODE", "permissions of a unix socket (0660)"},
    {OPT_SOCKET_GROUP, "socket-group", "GROUP", "its group"},
    {OPT_PID_FILE, "pid-file", "FILE", "write the process id"},
    {OPT_MEMORY, "memory", "SIZE",
     "memory for messages in work, all together (128M): a quarter for what comes" MW_START_INDENT
     "in, the rest of which goes to the spool; the others for what is judged"},
    {OPT_WORK, "work", "N", "messages judged at the same time (2 for each processor)"},
    {OPT_WAIT, "wait", "SECONDS", "how long a message may wait for that (300)"},
    {OPT_DRAIN, "drain", "SECONDS", "time for messages in work when stopping (10)"},
    {OPT_STUCK, "stuck", "SECONDS", "a module that does not come back for so long has the worker replaced (300)"},
    {OPT_PROGRESS, "progress", "SECONDS", "between signs of life to the MTA (5)"},
    {OPT_REENTRY, "reentry", NULL, "sign what milward-seal gives back: recipients may have tags of milward's"},
    {.name = NULL},
};

/* Digits, then K, M or G when `units`. */
static bool number(const char *text, bool units, uint64_t min, uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned shift = 0;
	unsigned long long v;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text)
		return false;
	if (units && *end) {
		shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
		end += shift != 0;
	}
	if (*end || v > UINT64_MAX >> shift || v << shift < min || v << shift > max)
		return false;
	*ret = v << shift;
	return true;
}

static bool count(const char *text, uint64_t min, uint64_t max, unsigned *ret)
{
	uint64_t v;

	if (!number(text, false, min, max, &v))
		return false;
	*ret = (unsigned)v;
	return true;
}

static bool take(void *options, int id, const char *value)
{
	struct mw_options *o = options;

	switch (id) {
	case 's':
		o->socket = value;
		return *value != '\0';
	case 'd':
	case 'f':
		o->detach = id == 'd';
		return true;
	case OPT_SPOOL:
		return mw_start_path(value, &o->spool);
	case OPT_SOCKET_MODE:
		return mw_mode_parse(value, &o->socket_mode);
	case OPT_SOCKET_GROUP:
		o->socket_group = value;
		return *value != '\0';
	case OPT_PID_FILE:
		return mw_start_path(value, &o->pid_file);
	case OPT_MEMORY:
		return number(value, true, 1u << 20, UINT64_C(1) << 40, &o->memory);
	case OPT_WORK:
		return count(value, 1, 10000, &o->work);
	case OPT_WAIT:
		return count(value, 1, 3600, &o->wait);
	case OPT_DRAIN:
		return count(value, 0, 3600, &o->drain);
	case OPT_PROGRESS:
		return count(value, 1, 60, &o->progress);
	case OPT_STUCK:
		return count(value, 1, 3600, &o->stuck);
	case OPT_REENTRY:
		o->reentry = true;
		return true;
	default:
		return false;
	}
}

static const struct mw_start_line line = {
    .program = "milward",
    .policy = "the policy to run (see milward.policy(5))",
    .test = "load the policy, open its modules, say what is wrong, and exit",
    .log = "where to log (stderr; syslog with --detach)",
    .signals = "Signals: HUP reload, TERM or INT stop, USR1 log the counters.",
    .own = rows,
    .take = take,
};

int mw_options_parse(int argc, char **argv, struct mw_options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int r;

	*o = (struct mw_options){.socket_mode = 0660,
				 .spool = SPOOL_DIR,
				 .memory = 128u << 20,
				 .work = cpus > 0 && cpus < 5000 ? 2 * (unsigned)cpus : 2,
				 .wait = 300,
				 .drain = 10,
				 .progress = 5,
				 .stuck = 300};
	r = mw_start_parse(&line, argc, argv, &o->start, o);
	if (!o->start.log_given && o->detach && !o->start.test)
		o->start.log_to = MW_LOG_SYSLOG;
	return r;
}

void mw_leave_stderr(const struct mw_options *o)
{
	int null;

	if (!o->detach || o->start.log_to == MW_LOG_STDERR)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	(void)dup2(null, STDERR_FILENO);
	(void)close(null);
}
