/* SPDX-License-Identifier: Apache-2.0 */
/* milward-seal: the delivery agent that encrypts mail to keys of its recipients, and opens mail that came encrypted to the site. */
#include "base/start.h"
#include "base/user.h"
#include "seal/agent.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_LOG = 256, OPT_MODULES, OPT_POLICIES, OPT_USER };

static const char usage[] =
    "usage: milward-seal -p FILE [option]...\n"
    "  -p, --policy FILE        the policy; its line `load seal { … }` has the options of the agent\n"
    "  -t, --test               load the policy, open its sealers and keys, say what is wrong, and exit\n"
    "  -v, --verbose            log more\n"
    "      --log stderr|syslog  where to log (stderr)\n"
    "      --modules DIR        folder of loadable modules (" MW_MODULE_DIR ")\n"
    "      --policies DIR       where `include` looks after the folder of the policy (" MW_POLICY_DIR ")\n"
    "      --user USER          become this user\n"
    "  -h, --help; -V, --version\n"
    "Signals: HUP reload, TERM or INT stop when the messages in work are done.\n";

static const struct option rows[] = {
    {"policy", required_argument, NULL, 'p'},
    {"test", no_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"log", required_argument, NULL, OPT_LOG},
    {"modules", required_argument, NULL, OPT_MODULES},
    {"policies", required_argument, NULL, OPT_POLICIES},
    {"user", required_argument, NULL, OPT_USER},
    {NULL, 0, NULL, 0},
};

static bool take(struct mw_seal_options *o, int option, const char *value)
{
	switch (option) {
	case 'p':
		return mw_start_path(value, &o->policy);
	case 't':
		o->test = true;
		return true;
	case 'v':
		o->log_level = MW_DEBUG;
		return true;
	case OPT_LOG:
		return mw_start_log_to(value, &o->log_to);
	case OPT_MODULES:
		return mw_start_path(value, &o->modules);
	case OPT_POLICIES:
		return mw_start_path(value, &o->policies);
	case OPT_USER:
		o->user = value;
		return *value != '\0';
	default:
		return false;
	}
}

/* 0: go on; else the exit status plus 1. */
static int parse(int argc, char **argv, struct mw_seal_options *o)
{
	int c;

	*o = (struct mw_seal_options){.modules = MW_MODULE_DIR, .policies = MW_POLICY_DIR, .log_level = MW_INFO};
	while ((c = getopt_long(argc, argv, "p:tvhV", rows, NULL)) != -1) {
		if (c == 'h')
			(void)fputs(usage, stdout);
		if (c == 'V')
			(void)puts("milward-seal " MW_VERSION);
		if (c == 'h' || c == 'V')
			return MW_SEAL_OK + 1;
		if (c == '?') /* getopt has said it */
			return MW_SEAL_USAGE + 1;
		if (!take(o, c, optarg ? optarg : "")) {
			(void)fprintf(stderr, "milward-seal: \"%s\" cannot be (see milward-seal --help)\n", optarg ? optarg : "");
			return MW_SEAL_USAGE + 1;
		}
	}
	if (optind < argc || !o->policy) {
		(void)fprintf(stderr, "milward-seal: %s%s (see milward-seal --help)\n",
			      optind < argc ? "what is this: " : "give the policy: -p FILE", optind < argc ? argv[optind] : "");
		return MW_SEAL_USAGE + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct mw_seal_options o;
	struct mw_err err;
	int status = parse(argc, argv, &o);

	if (status)
		return status - 1;
	mw_log_open("milward-seal", o.log_to, o.log_level);
	if (o.user && mw_user_become(o.user, &err) < 0)
		return mw_seal_no_start(&o, MW_SEAL_NO_USER, "%s", err.text);
	if (chdir("/"))
		return mw_seal_no_start(&o, MW_SEAL_SYSTEM, "/: %s", strerror(errno));
	return mw_agent_run(&o);
}
