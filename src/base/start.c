/* SPDX-License-Identifier: Apache-2.0 */
#include "base/start.h"

#include "base/notify.h"
#include "base/user.h"
#include "installed.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPT_LOG = 256, OPT_MODULES, OPT_POLICIES, OPT_USER, OPT_STATUS };

/* Those of every daemon; where help is NULL, the daemon says it. */
static const struct mw_start_row common[] = {
    {'p', "policy", "FILE", NULL},
    {'t', "test", NULL, NULL},
    {'v', "verbose", NULL, "log more"},
    {OPT_LOG, "log", "stderr|syslog|journal", NULL},
    {OPT_MODULES, "modules", "DIR", "folder of loadable modules (" MW_MODULE_DIR ")"},
    {OPT_POLICIES, "policies", "DIR", "where `include` looks after the folder of the policy (" MW_POLICY_DIR ")"},
    {OPT_USER, "user", "USER", "become this user"},
    {OPT_STATUS, "status", "SPEC", "tell the counters there: unix:/path, inet:PORT@127.0.0.1, or none (milward-metrics(7))"},
    {'h', "help", NULL, NULL},
    {'V', "version", NULL, NULL},
};
enum { COMMON = sizeof(common) / sizeof(common[0]) };

/* The same rows as getopt_long(3) takes them. */
struct rows {
	struct option row[COMMON + MW_START_ROWS + 1];
	char letters[2 * (COMMON + MW_START_ROWS) + 1];
	size_t n, n_letters;
};

static void add_row(struct rows *r, const struct mw_start_row *row)
{
	r->row[r->n++] =
	    (struct option){.name = row->name, .has_arg = row->value ? required_argument : no_argument, .val = row->id};
	if (row->id >= OPT_LOG)
		return;
	r->letters[r->n_letters++] = (char)row->id;
	if (row->value)
		r->letters[r->n_letters++] = ':';
}

static void add_rows(struct rows *r, const struct mw_start_row *own)
{
	for (size_t i = 0; i < COMMON; i++)
		add_row(r, &common[i]);
	for (size_t i = 0; own && own[i].name && i < MW_START_ROWS; i++)
		add_row(r, &own[i]);
}

static void print_row(const struct mw_start_row *row, const char *help)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
	if (row->id < OPT_LOG)
		(void)printf("  -%c, --%-18s %s\n", row->id, name, help);
	else
		(void)printf("      --%-18s %s\n", name, help);
}

static void print_help(const struct mw_start_line *l)
{
	(void)printf("usage: %s -p FILE [option]...\n", l->program);
	for (size_t i = 0; i < COMMON; i++) {
		int id = common[i].id;
		const char *help = id == 'p' ? l->policy : id == 't' ? l->test : id == OPT_LOG ? l->log : common[i].help;

		if (help)
			print_row(&common[i], help);
	}
	for (const struct mw_start_row *row = l->own; row && row->name; row++)
		if (row->help)
			print_row(row, row->help);
	(void)printf("  -h, --help; -V, --version\n%s\n", l->signals);
}

bool mw_start_path(const char *value, const char **ret)
{
	char *here, *whole = NULL;

	if (!*value)
		return false;
	if (*value == '/') {
		*ret = value;
		return true;
	}
	here = getcwd(NULL, 0);
	if (here && asprintf(&whole, "%s/%s", here, value) < 0)
		whole = NULL;
	free(here);
	if (!whole)
		return false;
	*ret = whole;
	return true;
}

static bool take_log(struct mw_start *s, const char *value)
{
	static const char *const words[] = {[MW_LOG_STDERR] = "stderr", [MW_LOG_SYSLOG] = "syslog", [MW_LOG_JOURNAL] = "journal"};
	size_t i = 0, n = sizeof(words) / sizeof(*words);

	while (i < n && strcmp(value, words[i]) != 0)
		i++;
	if (i == n)
		return false;
	s->log_to = (enum mw_log_to)i;
	s->log_given = true;
	return true;
}

static bool take(const struct mw_start_line *l, struct mw_start *s, void *options, int id, const char *value)
{
	switch (id) {
	case 'p':
		return mw_start_path(value, &s->policy);
	case 't':
		s->test = true;
		return true;
	case 'v':
		s->log_level = MW_DEBUG;
		return true;
	case OPT_LOG:
		return take_log(s, value);
	case OPT_MODULES:
		return mw_start_path(value, &s->modules);
	case OPT_POLICIES:
		return mw_start_path(value, &s->policies);
	case OPT_USER:
		s->user = value;
		return *value != '\0';
	case OPT_STATUS:
		s->status = value;
		return *value != '\0';
	default:
		return l->take(options, id, value);
	}
}

static int wrong(const struct mw_start_line *l, const char *what, const char *value, const char *how)
{
	(void)fprintf(stderr, "%s: %s%s%s (see %s --help)\n", l->program, what, value, how, l->program);
	return MW_EXIT_USAGE + 1;
}

static int wrong_value(const struct mw_start_line *l, const struct rows *r, int id, const char *value)
{
	const struct option *row = r->row;

	while (row->name && row->val != id)
		row++;
	(void)fprintf(stderr, "%s: --%s cannot be \"%s\" (see %s --help)\n", l->program, row->name ? row->name : "?", value,
		      l->program);
	return MW_EXIT_USAGE + 1;
}

/* A full disk or a closed pipe must not look like success. */
static int said(const char *program)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return MW_EXIT_OK;
	(void)fprintf(stderr, "%s: cannot write to standard output: %s\n", program, strerror(errno));
	return MW_EXIT_CREATE;
}

int mw_start_parse(const struct mw_start_line *l, int argc, char **argv, struct mw_start *s, void *options)
{
	struct rows rows = {.n = 0};
	int c;

	add_rows(&rows, l->own);
	*s = (struct mw_start){.program = l->program,
			       .modules = MW_MODULE_DIR,
			       .policies = MW_POLICY_DIR,
			       .log_to = MW_LOG_STDERR,
			       .log_level = MW_INFO};
	while ((c = getopt_long(argc, argv, rows.letters, rows.row, NULL)) != -1) {
		if (c == 'h')
			print_help(l);
		if (c == 'V')
			(void)printf("%s " MW_VERSION "\n", l->program);
		if (c == 'h' || c == 'V')
			return said(l->program) + 1;
		if (c == '?') /* getopt has said it */
			return MW_EXIT_USAGE + 1;
		if (!take(l, s, options, c, optarg ? optarg : ""))
			return wrong_value(l, &rows, c, optarg ? optarg : "");
	}
	if (optind < argc)
		return wrong(l, "what is \"", argv[optind], "\"?");
	return s->policy ? 0 : wrong(l, "give the policy to run: -p FILE", "", "");
}

int mw_start_settle(const struct mw_start *s)
{
	struct mw_err err;

	mw_log_open(s->program, s->log_to, s->log_level);
	if (s->user && mw_user_become(s->user, &err) < 0)
		return mw_start_refused(s, MW_EXIT_NO_USER, "%s", err.text);
	if (chdir("/"))
		return mw_start_refused(s, MW_EXIT_SYSTEM, "/: %s", strerror(errno));
	return MW_EXIT_OK;
}

/* The journal finds out of which unit a line is by the process that it came from: while that is there. */
static void wait_for_journal(void)
{
	const struct timespec pause = {.tv_nsec = 200L * 1000 * 1000};

	(void)nanosleep(&pause, NULL);
}

int mw_start_refused(const struct mw_start *s, int status, const char *fmt, ...)
{
	bool service = getenv("JOURNAL_STREAM") != NULL; /* standard error is the journal, too */
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mw_log(MW_ERROR, NULL, "start", "%s", text);
	if (s->log_to != MW_LOG_STDERR && !service)
		(void)fprintf(stderr, "%s: %s\n", s->program, text);
	(void)mw_notify_status(text);
	if (service)
		wait_for_journal();
	return status;
}
