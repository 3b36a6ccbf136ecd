/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl: everything that is not the daemon. See milwardctl(1). */
#include "ctl/ctl.h"

#include "base/log.h"
#include "base/str.h"
#include "installed.h"
#include "mail/mime.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct ctl_command ctl_commands[] = {
    {"check", "[--json] [--digest] [--plan] [--mutate[=N]] [FILE…] | --cost [MSG…]",
     "parse and type-check policies and rules, run every rule's samples", ctl_check},
    {"test", "[--json|--tap] [FILE|DIR…]", "run policy tests: messages, and what the policy should do with them", ctl_test},
    {"diff", "[--json] [--summary] OLD NEW --corpus DIR", "messages that two policies treat differently", ctl_diff},
    {"index", "[-o INDEX] [--key FILE] [--new-key] TABLE", "make the index of the site's own patients", ctl_index},
    {"consent", "check|list [--ending DAYS] FILE… | add … FILE ADDRESS",
     "files of consents: are they well-formed, which end soon, one more", ctl_consent},
    {"doctor", "[--json] [--ignore ID]… [-c DIR] [postfix|sendmail] [POLICY…]",
     "what is unsafe or missing on this machine, and the command that mends it", ctl_doctor},
    {"status", "[--json] [--watch [SECONDS]] [--all] [INSTANCE|SOCKET…]",
     "what the daemons do: work, latency, rules, routes, caches", ctl_status},
    {"explain", "[--from A] [--to B]… [--live] [--rule R] MSG",
     "what was found, and which line decided for each recipient and why", ctl_explain},
    {"scan", "[--json] [--policy F] [--text] FILE|DIR…", "classes and findings of messages, one a line", ctl_scan},
    {"text", "[--json] [--part PATH] MSG", "the extracted text, part by part, as the scanner sees it", ctl_text},
    {"new", "plugin [--kind milter|checker|extractor] NAME", "begin a module of your own: a folder that builds and has tests",
     ctl_new},
    {"completion", "bash", "print a completion script for the shell", ctl_completion},
    {NULL, NULL, NULL, NULL},
};

/* Columns that a text of UTF-8 takes: what is in a usage is as wide as its characters are many. */
static int columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_help(struct ctl *ctl)
{
	printf("usage: milwardctl [-p POLICY] [--modules DIR] [--policies DIR] [--colour auto|always|never] COMMAND …\n\n");
	for (const struct ctl_command *c = ctl_commands; c->name; c++)
		printf("  %s%-10s%s %s%*s %s\n", ctl_style(ctl, CTL_BOLD), c->name, ctl_style(ctl, CTL_PLAIN), c->args,
		       columns(c->args) < 42 ? 42 - columns(c->args) : 0, "", c->help);
	ctl_module_help(ctl);
	printf("\nmilwardctl(1) and milward.policy(5) tell the rest.\n");
}

static const char *suggest_command(const char *word)
{
	const char *best = NULL;
	unsigned nearest = 3;

	for (const struct ctl_command *c = ctl_commands; c->name; c++) {
		unsigned d = mw_str_distance(word, c->name, 3);

		if (d < nearest) {
			nearest = d;
			best = c->name;
		}
	}
	return best;
}

static int run_command(struct ctl *ctl, int argc, char **argv)
{
	const char *near;
	int r;

	for (const struct ctl_command *c = ctl_commands; c->name; c++) {
		if (strcmp(argv[0], c->name) != 0)
			continue;
		if (!ctl_asks_help(argc, argv))
			return c->run(ctl, argc, argv);
		printf("usage: milwardctl %s %s\n%s\n", c->name, c->args, c->help);
		return CTL_OK;
	}
	r = ctl_module(ctl, argc, argv);
	if (r >= 0)
		return r;
	near = suggest_command(argv[0]);
	if (near)
		fprintf(stderr, "milwardctl: no command \"%s\"; did you mean \"%s\"?\n", argv[0], near);
	else
		fprintf(stderr, "milwardctl: no command \"%s\"; see milwardctl --help\n", argv[0]);
	return CTL_USAGE;
}

/* NO_COLOR is honoured as https://no-color.org asks. */
static bool colour_wanted(const char *when, int fd)
{
	const char *no = getenv("NO_COLOR");

	if (strcmp(when, "auto") == 0)
		return isatty(fd) && !(no && *no);
	return strcmp(when, "always") == 0;
}

/* Options that are commands of their own. */
enum instead { ASK_NOTHING, ASK_HELP, ASK_VERSION };

static int parse_options(struct ctl *ctl, int argc, char **argv, enum instead *instead)
{
	static const struct option longs[] = {
	    {"policy", required_argument, NULL, 'p'},	{"modules", required_argument, NULL, 'm'},
	    {"policies", required_argument, NULL, 's'}, {"colour", required_argument, NULL, 'c'},
	    {"color", required_argument, NULL, 'c'},	{"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},	{NULL, 0, NULL, 0},
	};
	const char *when = "auto";
	int c;

	/* "+": options of the command are the command's business. */
	while ((c = getopt_long(argc, argv, "+p:hV", longs, NULL)) != -1) {
		if (c == 'p')
			ctl->policy = optarg;
		else if (c == 'm')
			ctl->modules = optarg;
		else if (c == 's')
			ctl->search = optarg;
		else if (c == 'c')
			when = optarg;
		else if (c == 'h')
			*instead = ASK_HELP;
		else if (c == 'V')
			*instead = ASK_VERSION;
		else
			return CTL_USAGE;
	}
	if ((ctl->policy && !*ctl->policy) || !*ctl->modules || !*ctl->search)
		return ctl_usage("", "%s takes a name, not \"\"",
				 ctl->policy && !*ctl->policy ? "--policy"
				 : !*ctl->modules	      ? "--modules"
							      : "--policies");
	if (strcmp(when, "auto") != 0 && strcmp(when, "always") != 0 && strcmp(when, "never") != 0)
		return ctl_usage("", "--colour takes auto, always or never, not \"%s\"", when);
	ctl->colour = colour_wanted(when, STDOUT_FILENO);
	ctl->colour_err = colour_wanted(when, STDERR_FILENO);
	ctl->terminal = isatty(STDOUT_FILENO);
	return CTL_OK;
}

static const char *from_environment(const char *name, const char *dflt)
{
	const char *value = getenv(name);

	return value && *value ? value : dflt;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.modules = from_environment("MILWARD_MODULES", MW_MODULE_DIR),
			  .search = from_environment("MILWARD_POLICIES", MW_POLICY_DIR)};
	enum instead instead = ASK_NOTHING;
	int r;

	mw_log_open("milwardctl", MW_LOG_STDERR, MW_WARNING);
	r = parse_options(&ctl, argc, argv, &instead);
	if (r)
		return r;
	mw_mime_init();
	ctl_output_watch();
	ctl.loader = mw_loader_new(ctl.modules);
	if (!ctl.loader)
		return ctl_fail("out of memory");
	if (instead == ASK_VERSION) {
		printf("milwardctl %s\n", MW_VERSION);
	} else if (instead == ASK_HELP || (optind < argc && strcmp(argv[optind], "help") == 0)) {
		print_help(&ctl);
	} else if (optind == argc) {
		print_help(&ctl);
		r = CTL_USAGE;
	} else {
		int at = optind;

		optind = 0; /* glibc: start afresh for the command's own options */
		r = run_command(&ctl, argc - at, argv + at);
	}
	mw_loader_free(&ctl.loader);
	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) != 0 || ferror(stdout))
		return ctl_fail("cannot write to standard output");
	return ctl_output_whole() ? r : ctl_fail("out of memory: not all of it was printed");
}
