/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/options.h"

#include "base/mode.h"
#include "base/start.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_LOG = 256, OPT_MODULES, OPT_POLICIES, OPT_USER, OPT_SOCKET_MODE, OPT_SOCKET_GROUP };

static const char usage[] =
    "usage: milward-lookup -p FILE [option]...\n"
    "  -p, --policy FILE        a policy with `load lookup { ... }` (see milward-lookup(8))\n"
    "  -t, --test               read it and its tables, say what is wrong, and exit\n"
    "  -v, --verbose            log more\n"
    "      --log stderr|syslog  where to log (stderr)\n"
    "      --modules DIR        folder of loadable modules (" MW_MODULE_DIR ")\n"
    "      --policies DIR       where `include` looks after the folder of the policy (" MW_POLICY_DIR ")\n"
    "      --user USER          become this user\n"
    "      --socket-mode MODE   permissions of unix sockets (0660)\n"
    "      --socket-group GROUP their group\n"
    "  -h, --help; -V, --version\n"
    "Signals: HUP reload, TERM or INT stop, USR1 log the counters.\n";

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
    {"socket-mode", required_argument, NULL, OPT_SOCKET_MODE},
    {"socket-group", required_argument, NULL, OPT_SOCKET_GROUP},
    {NULL, 0, NULL, 0},
};

static bool take(struct mw_lookup_options *o, int option, const char *value)
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
	case OPT_SOCKET_MODE:
		return mw_mode_parse(value, &o->socket_mode);
	case OPT_SOCKET_GROUP:
		o->socket_group = value;
		return *value != '\0';
	default:
		return false;
	}
}

static int wrong(const char *what, const char *value, const char *how)
{
	(void)fprintf(stderr, "milward-lookup: %s%s%s (see milward-lookup --help)\n", what, value, how);
	return MW_LOOKUP_USAGE + 1;
}

static int wrong_value(int option, const char *value)
{
	const struct option *r = rows;

	while (r->name && r->val != option)
		r++;
	(void)fprintf(stderr, "milward-lookup: --%s cannot be \"%s\" (see milward-lookup --help)\n", r->name ? r->name : "?",
		      value);
	return MW_LOOKUP_USAGE + 1;
}

int mw_lookup_options_parse(int argc, char **argv, struct mw_lookup_options *o)
{
	int c;

	*o = (struct mw_lookup_options){
	    .modules = MW_MODULE_DIR, .policies = MW_POLICY_DIR, .socket_mode = 0660, .log_level = MW_INFO};
	while ((c = getopt_long(argc, argv, "p:tvhV", rows, NULL)) != -1) {
		if (c == 'h')
			(void)fputs(usage, stdout);
		if (c == 'V')
			(void)puts("milward-lookup " MW_VERSION);
		if (c == 'h' || c == 'V')
			return MW_LOOKUP_OK + 1;
		if (c == '?') /* getopt has said it */
			return MW_LOOKUP_USAGE + 1;
		if (!take(o, c, optarg ? optarg : ""))
			return wrong_value(c, optarg ? optarg : "");
	}
	if (optind < argc)
		return wrong("what is \"", argv[optind], "\"?");
	return o->policy ? 0 : wrong("give the policy: -p FILE", "", "");
}

int mw_lookup_no_start(const struct mw_lookup_options *o, int status, const char *fmt, ...)
{
	int r;
	va_list ap;

	va_start(ap, fmt);
	r = mw_start_refused("milward-lookup", o->log_to, status, fmt, ap);
	va_end(ap);
	return r;
}
