/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/options.h"

#include "base/start.h"

#include <getopt.h>
#include <stdio.h>

/* They are installed beside the policies. */
#define TEMPLATE_DIR MW_POLICY_DIR "/../portal"

enum { OPT_LOG = 256, OPT_MODULES, OPT_POLICIES, OPT_TEMPLATES, OPT_USER };

static const char usage[] =
    "usage: milward-portal -p FILE [option]...\n"
    "  -p, --policy FILE        the policy; its line `load portal { … }` has the options of the portal\n"
    "  -t, --test               load policy, templates, store and keys, say what is wrong, and exit\n"
    "  -v, --verbose            log more\n"
    "      --log stderr|syslog  where to log (stderr)\n"
    "      --modules DIR        folder of loadable modules (" MW_MODULE_DIR ")\n"
    "      --policies DIR       where `include` looks after the folder of the policy (" MW_POLICY_DIR ")\n"
    "      --templates DIR      templates that come with milward (" TEMPLATE_DIR ")\n"
    "      --user USER          become this user\n"
    "  -h, --help; -V, --version\n"
    "Signals: HUP reload, TERM or INT stop when the requests in work are done.\n";

static const struct option rows[] = {
    {"policy", required_argument, NULL, 'p'},
    {"test", no_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"log", required_argument, NULL, OPT_LOG},
    {"modules", required_argument, NULL, OPT_MODULES},
    {"policies", required_argument, NULL, OPT_POLICIES},
    {"templates", required_argument, NULL, OPT_TEMPLATES},
    {"user", required_argument, NULL, OPT_USER},
    {NULL, 0, NULL, 0},
};

static bool take(struct mw_portal_options *o, int option, const char *value)
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
	case OPT_TEMPLATES:
		return mw_start_path(value, &o->templates);
	case OPT_USER:
		o->user = value;
		return *value != '\0';
	default:
		return false;
	}
}

static int wrong(const char *what, const char *value)
{
	(void)fprintf(stderr, "milward-portal: %s%s (see milward-portal --help)\n", what, value);
	return MW_PORTAL_USAGE + 1;
}

int mw_portal_options_parse(int argc, char **argv, struct mw_portal_options *o)
{
	int c;

	*o = (struct mw_portal_options){
	    .modules = MW_MODULE_DIR, .policies = MW_POLICY_DIR, .templates = TEMPLATE_DIR, .log_level = MW_INFO};
	while ((c = getopt_long(argc, argv, "p:tvhV", rows, NULL)) != -1) {
		if (c == 'h')
			(void)fputs(usage, stdout);
		if (c == 'V')
			(void)puts("milward-portal " MW_VERSION);
		if (c == 'h' || c == 'V')
			return MW_PORTAL_OK + 1;
		if (c == '?') /* getopt has said it */
			return MW_PORTAL_USAGE + 1;
		if (!take(o, c, optarg ? optarg : ""))
			return wrong("this cannot be: ", optarg ? optarg : "");
	}
	if (optind < argc)
		return wrong("what is this: ", argv[optind]);
	return o->policy ? 0 : wrong("give the policy: -p FILE", "");
}

int mw_portal_no_start(const struct mw_portal_options *o, int status, const char *fmt, ...)
{
	int r;
	va_list ap;

	va_start(ap, fmt);
	r = mw_start_refused("milward-portal", o->log_to, status, fmt, ap);
	va_end(ap);
	return r;
}
