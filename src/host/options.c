/* SPDX-License-Identifier: Apache-2.0 */
#include "host/options.h"

#include "base/mode.h"
#include "base/start.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Spool files have no name and no reader but us, so the folder that every system has will do. */
#define SPOOL_DIR "/var/tmp"

enum {
	OPT_LOG = 256,
	OPT_MODULES,
	OPT_POLICIES,
	OPT_SPOOL,
	OPT_USER,
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

static const char usage[] =
    "usage: milward -p FILE [option]...\n"
    "  -p, --policy FILE        the policy to run (see milward.policy(5))\n"
    "  -s, --socket SPEC        listen here, not where the policy says: unix:/path or inet:PORT@HOST\n"
    "  -d, --detach             go to the background when the service is up; without it (or with -f) stay in the foreground\n"
    "  -t, --test               load the policy, open its modules, say what is wrong, and exit\n"
    "  -v, --verbose            log more\n"
    "      --log stderr|syslog  where to log (stderr; syslog with --detach)\n"
    "      --modules DIR        folder of loadable modules (" MW_MODULE_DIR ")\n"
    "      --policies DIR       where `include` looks after the folder of the policy (" MW_POLICY_DIR ")\n"
    "      --spool DIR          folder for large messages in work (" SPOOL_DIR ")\n"
    "      --user USER          become this user\n"
    "      --socket-mode MODE   permissions of a unix socket (0660)\n"
    "      --socket-group GROUP its group\n"
    "      --pid-file FILE      write the process id\n"
    "      --memory SIZE        memory for messages in work, all together (128M): a quarter for what comes\n"
    "                           in, the rest of which goes to the spool; the others for what is judged\n"
    "      --work N             messages judged at the same time (2 for each processor)\n"
    "      --wait SECONDS       how long a message may wait for that (300)\n"
    "      --drain SECONDS      time for messages in work when stopping (10)\n"
    "      --stuck SECONDS      a module that does not come back for so long has the worker replaced (300)\n"
    "      --progress SECONDS   between signs of life to the MTA (5)\n"
    "      --reentry            sign what milward-seal gives back: recipients may have tags of milward's\n"
    "  -h, --help; -V, --version\n"
    "Signals: HUP reload, TERM or INT stop, USR1 log the counters.\n";

static const struct option rows[] = {
    {"policy", required_argument, NULL, 'p'},
    {"socket", required_argument, NULL, 's'},
    {"detach", no_argument, NULL, 'd'},
    {"foreground", no_argument, NULL, 'f'},
    {"test", no_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"log", required_argument, NULL, OPT_LOG},
    {"modules", required_argument, NULL, OPT_MODULES},
    {"policies", required_argument, NULL, OPT_POLICIES},
    {"spool", required_argument, NULL, OPT_SPOOL},
    {"user", required_argument, NULL, OPT_USER},
    {"socket-mode", required_argument, NULL, OPT_SOCKET_MODE},
    {"socket-group", required_argument, NULL, OPT_SOCKET_GROUP},
    {"pid-file", required_argument, NULL, OPT_PID_FILE},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"work", required_argument, NULL, OPT_WORK},
    {"wait", required_argument, NULL, OPT_WAIT},
    {"drain", required_argument, NULL, OPT_DRAIN},
    {"progress", required_argument, NULL, OPT_PROGRESS},
    {"stuck", required_argument, NULL, OPT_STUCK},
    {"reentry", no_argument, NULL, OPT_REENTRY},
    {NULL, 0, NULL, 0},
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

static bool take(struct mw_options *o, int option, const char *value, bool *log_given)
{
	switch (option) {
	case 'p':
		return mw_start_path(value, &o->policy);
	case 's':
		o->socket = value;
		return *value != '\0';
	case 'd':
	case 'f':
		o->detach = option == 'd';
		return true;
	case 't':
		o->test = true;
		return true;
	case 'v':
		o->log_level = MW_DEBUG;
		return true;
	case OPT_LOG:
		*log_given = true;
		return mw_start_log_to(value, &o->log_to);
	case OPT_MODULES:
		return mw_start_path(value, &o->modules);
	case OPT_POLICIES:
		return mw_start_path(value, &o->policies);
	case OPT_SPOOL:
		return mw_start_path(value, &o->spool);
	case OPT_USER:
		o->user = value;
		return *value != '\0';
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

static const char *option_name(int option)
{
	for (const struct option *r = rows; r->name; r++)
		if (r->val == option)
			return r->name;
	return "?";
}

static int wrong(const char *what, const char *value, const char *how)
{
	(void)fprintf(stderr, "milward: %s%s%s (see milward --help)\n", what, value, how);
	return MW_EXIT_USAGE + 1;
}

static int wrong_value(const char *option, const char *value)
{
	(void)fprintf(stderr, "milward: --%s cannot be \"%s\" (see milward --help)\n", option, value);
	return MW_EXIT_USAGE + 1;
}

int mw_options_parse(int argc, char **argv, struct mw_options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	bool log_given = false;
	int c;

	*o = (struct mw_options){.socket_mode = 0660,
				 .modules = MW_MODULE_DIR,
				 .policies = MW_POLICY_DIR,
				 .spool = SPOOL_DIR,
				 .memory = 128u << 20,
				 .work = cpus > 0 && cpus < 5000 ? 2 * (unsigned)cpus : 2,
				 .wait = 300,
				 .drain = 10,
				 .progress = 5,
				 .stuck = 300,
				 .log_level = MW_INFO};
	while ((c = getopt_long(argc, argv, "p:s:dftvhV", rows, NULL)) != -1) {
		if (c == 'h')
			(void)fputs(usage, stdout);
		if (c == 'V')
			(void)puts("milward " MW_VERSION);
		if (c == 'h' || c == 'V')
			return MW_EXIT_OK + 1;
		if (c == '?') /* getopt has said it */
			return MW_EXIT_USAGE + 1;
		if (!take(o, c, optarg ? optarg : "", &log_given))
			return wrong_value(option_name(c), optarg);
	}
	if (optind < argc)
		return wrong("what is \"", argv[optind], "\"?");
	if (!o->policy)
		return wrong("give the policy to run: -p FILE", "", "");
	if (!log_given)
		o->log_to = o->detach && !o->test ? MW_LOG_SYSLOG : MW_LOG_STDERR;
	return 0;
}

int mw_no_start(const struct mw_options *o, int status, const char *fmt, ...)
{
	int r;
	va_list ap;

	va_start(ap, fmt);
	r = mw_start_refused("milward", o->log_to, status, fmt, ap);
	va_end(ap);
	return r;
}

void mw_leave_stderr(const struct mw_options *o)
{
	int null;

	if (!o->detach || o->log_to == MW_LOG_STDERR)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	(void)dup2(null, STDERR_FILENO);
	(void)close(null);
}
