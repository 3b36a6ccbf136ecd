/* SPDX-License-Identifier: Apache-2.0 */
/* report_command: `milwardctl report --month 2026-11`. */
#include "commands.h"

#include "input.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USAGE = 64 };
enum {
	OPT_MONTH = 256,
	OPT_JSON,
	OPT_HTML,
	OPT_AUDIT,
	OPT_KEY,
	OPT_MAIL_LOG,
	OPT_UTC,
	OPT_DEPARTMENTS,
	OPT_NO_SENDERS,
	OPT_SITE,
	OPT_TOP
};

#define FILES_MAX 1024
#define GLOBS_MAX 8
#define DEPARTMENTS_MAX 200000

struct command {
	const char *name, *month, *html, *departments;
	bool json, utc;
	size_t audits, mails, keys;
	const char *mail[FILES_MAX], *key[REPORT_KEYS];
	char *audit[FILES_MAX];
	struct mw_report_options options;
	size_t globs;
	glob_t glob[GLOBS_MAX]; /* of each file of the policy and those that were renamed */
};

/* ---- its options --------------------------------------------------------------------------------------------------------------- */

static bool too_many(const struct command *c, const char *what)
{
	fprintf(stderr, "%s: too many %s\n", c->name, what);
	return false;
}

static bool set_top(struct command *c, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || n < 1 || n > 1000) {
		fprintf(stderr, "%s: --top takes a number up to 1000\n", c->name);
		return false;
	}
	c->options.top = n;
	return true;
}

static bool set_option(struct command *c, int opt)
{
	switch (opt) {
	case OPT_MONTH:
		c->month = optarg;
		return true;
	case OPT_JSON:
		c->json = true;
		return true;
	case OPT_HTML:
		c->html = optarg;
		return true;
	case OPT_AUDIT:
		if (c->audits == FILES_MAX)
			return too_many(c, "audit files");
		c->audit[c->audits++] = optarg;
		return true;
	case OPT_KEY:
		if (c->keys == REPORT_KEYS)
			return too_many(c, "keys");
		c->key[c->keys++] = optarg;
		return true;
	case OPT_MAIL_LOG:
		if (c->mails == FILES_MAX)
			return too_many(c, "logs");
		c->mail[c->mails++] = optarg;
		return true;
	case OPT_UTC:
		c->utc = true;
		return true;
	case OPT_DEPARTMENTS:
		c->departments = optarg;
		return true;
	case OPT_NO_SENDERS:
		c->options.addresses = false;
		return true;
	case OPT_SITE:
		c->options.site = optarg;
		return true;
	default:
		return opt == OPT_TOP && set_top(c, optarg);
	}
}

/* FILE.head is none, nor is a folder, and what is compressed cannot be read; when it has records of the month, the report says that they are
 * missing. */
static bool is_audit_file(const char *name)
{
	static const char *const ends[] = {".head", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".lz4", ".zip"};
	size_t n = strlen(name);
	struct stat st;

	if (stat(name, &st) == 0 && !S_ISREG(st.st_mode))
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return false;
	return true;
}

/* The file of the policy, and those that were renamed: FILE.1, FILE-20261101. */
static bool files_of_policy(struct command *c, const char *path)
{
	glob_t *found = &c->glob[c->globs];
	char pattern[4096];
	int r;

	if (c->audits == FILES_MAX)
		return too_many(c, "audit files");
	if (strpbrk(path, "*?[\\") || (size_t)snprintf(pattern, sizeof(pattern), "%s[.-]*", path) >= sizeof(pattern)) {
		c->audit[c->audits++] = (char *)(uintptr_t)path;
		return true;
	}
	r = glob(pattern, 0, NULL, found);
	c->globs++;
	if (r != 0 && r != GLOB_NOMATCH)
		return too_many(c, "files beside the audit file");
	for (size_t i = 0; r == 0 && i < found->gl_pathc; i++) {
		if (!is_audit_file(found->gl_pathv[i]))
			continue;
		if (c->audits == FILES_MAX - 1)
			return too_many(c, "files beside the audit file");
		c->audit[c->audits++] = found->gl_pathv[i];
	}
	c->audit[c->audits++] = (char *)(uintptr_t)path;
	return true;
}

/* Without a file those of the policy, of whoever writes them; its keys in any case. */
static bool files_and_keys(struct command *c, const struct mw_host *host, const struct mw_audit_conf *conf)
{
	bool named = c->audits > 0;
	const char *path, *key = NULL;

	for (size_t i = 0; i < GLOBS_MAX && (path = mw_audit_file_of(host, conf, i, &key)) != NULL; i++) {
		if (key && c->keys < REPORT_KEYS)
			c->key[c->keys++] = key;
		if (!named && !files_of_policy(c, path))
			return false;
	}
	if (c->audits == 0)
		fprintf(stderr, "%s: name the audit files, or the policy that has their path: milwardctl -p POLICY report ...\n",
			c->name);
	return c->audits > 0;
}

static const struct option longs[] = {
    {"month", required_argument, NULL, OPT_MONTH},
    {"json", no_argument, NULL, OPT_JSON},
    {"html", required_argument, NULL, OPT_HTML},
    {"audit", required_argument, NULL, OPT_AUDIT},
    {"key", required_argument, NULL, OPT_KEY},
    {"mail-log", required_argument, NULL, OPT_MAIL_LOG},
    {"utc", no_argument, NULL, OPT_UTC},
    {"departments", required_argument, NULL, OPT_DEPARTMENTS},
    {"no-senders", no_argument, NULL, OPT_NO_SENDERS},
    {"site", required_argument, NULL, OPT_SITE},
    {"top", required_argument, NULL, OPT_TOP},
    {0},
};

static bool options(struct command *c, const struct mw_host *host, const struct mw_audit_conf *conf, int argc, char **argv)
{
	int opt;

	optind = 0;
	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1)
		if (opt == '?' || !set_option(c, opt))
			return false;
	for (; optind < argc; optind++) {
		if (c->audits == FILES_MAX)
			return too_many(c, "audit files");
		c->audit[c->audits++] = argv[optind];
	}
	if (!c->month) {
		fprintf(stderr, "%s: which month? --month 2026-11, or --month last\n", c->name);
		return false;
	}
	if (c->json && c->html) {
		fprintf(stderr, "%s: either --json or --html\n", c->name);
		return false;
	}
	return files_and_keys(c, host, conf);
}

/* ---- what it prints ------------------------------------------------------------------------------------------------------------ */

/* Where the page goes: behind a link, what it leads to. A device must not be replaced by a file. */
static int html_target(const char *html, char ret[PATH_MAX])
{
	struct stat st;

	if (!realpath(html, ret)) {
		if (strlen(html) >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(ret, html, strlen(html) + 1);
	}
	return stat(html, &st) == 0 && !S_ISREG(st.st_mode) ? -EEXIST : 0;
}

/* As a whole or not at all: what is filed must not be half a report. */
static int write_html(const struct command *c, const json_t *model)
{
	char temp[PATH_MAX + 8], path[PATH_MAX];
	int fd = -1, r = html_target(c->html, path);
	FILE *f = NULL;

	if (r == -EEXIST) {
		fprintf(stderr, "%s: cannot write %s: it is no regular file; name one, or one that is to be made\n", c->name,
			c->html);
		return r;
	}
	if (r == 0)
		(void)snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	if (r == 0 && (fd = mkostemp(temp, O_CLOEXEC)) < 0)
		r = -errno;
	if (r == 0 && (fchmod(fd, 0640) < 0 || !(f = fdopen(fd, "w"))))
		r = -errno;
	if (f) {
		mw_report_html(model, f);
		if (fflush(f) != 0 || fsync(fd) < 0)
			r = -errno;
		if (fclose(f) != 0 && r == 0)
			r = -errno;
		if (r == 0 && rename(temp, path) < 0)
			r = -errno;
	} else if (fd >= 0) {
		(void)close(fd);
	}
	if (r < 0) {
		if (fd >= 0)
			(void)unlink(temp);
		fprintf(stderr, "%s: cannot write %s: %s\n", c->name, c->html, strerror(-r));
	}
	return r;
}

static int print(const struct command *c, const json_t *model)
{
	if (c->html)
		return write_html(c, model);
	if (c->json) {
		if (json_dumpf(model, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII) < 0)
			return ferror(stdout) ? -EIO : -ENOMEM;
		putchar('\n');
	} else {
		mw_report_text(model, stdout);
	}
	return fflush(stdout) == 0 ? 0 : -errno;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------------------- */

static int read_mail(const struct command *c, const struct mw_report_month *month, json_t **ret)
{
	struct mw_report_mail *mail;
	int r = 0;

	*ret = NULL;
	if (c->mails == 0)
		return 0;
	mail = mw_report_mail_new(month);
	if (!mail)
		return -ENOMEM;
	for (size_t i = 0; i < c->mails && r == 0; i++) {
		r = mw_report_mail_read(mail, c->mail[i]);
		if (r < 0)
			fprintf(stderr, "%s: cannot read %s: %s\n", c->name, c->mail[i], mw_audit_input_why(r));
	}
	if (r == 0 && !(*ret = mw_report_mail_model(mail)))
		r = -ENOMEM;
	mw_report_mail_free(mail);
	return r;
}

static int read_departments(const struct command *c, struct mw_report_table *t)
{
	unsigned line;
	int r = mw_report_table_init(t, DEPARTMENTS_MAX);

	if (r == 0 && c->departments) {
		r = mw_report_departments(t, c->departments, &line);
		if (r == -EINVAL && line)
			fprintf(stderr, "%s:%u: an address or @domain, and the name of a department\n", c->departments, line);
		else if (r < 0)
			fprintf(stderr, "%s: cannot read %s: %s\n", c->name, c->departments, mw_audit_input_why(r));
	}
	return r;
}

static int make(const struct mw_host *host, const struct command *c, const struct mw_report_month *month,
		struct mw_report_count *count)
{
	const struct mw_report_files files = {
	    .n = c->audits, .path = c->audit, .keys = c->keys, .key = c->key, .progress = isatty(STDERR_FILENO) == 1};
	struct mw_report_table departments;
	json_t *chains = NULL, *mail = NULL, *model = NULL;
	int r = read_departments(c, &departments), intact = 0;

	if (r == 0)
		r = mw_report_count_init(count, month);
	count->department_of = c->departments ? &departments : NULL;
	if (r == 0)
		r = intact = mw_report_chains(host, &files, count, &chains);
	if (r >= 0)
		r = read_mail(c, month, &mail);
	if (r >= 0) {
		model = mw_report_model(count, &c->options, chains, mail);
		r = model ? print(c, model) : -ENOMEM;
	} else {
		json_decref(chains);
	}
	json_decref(model);
	mw_report_table_free(&departments);
	if (r == -ENOMEM)
		fprintf(stderr, "%s: out of memory\n", c->name);
	return r < 0 ? r : intact;
}

int mw_audit_report_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct command *c = calloc(1, sizeof(*c));
	struct mw_report_count *count = calloc(1, sizeof(*count));
	struct mw_report_month month;
	int r = USAGE;

	if (!c || !count) {
		free(c);
		free(count);
		fprintf(stderr, "%s: out of memory\n", argv[0]);
		return 1;
	}
	c->name = argv[0];
	c->options = (struct mw_report_options){.top = 20, .addresses = true};
	if (options(c, host, conf, argc, argv)) {
		if (mw_report_month_set(&month, c->month, c->utc) == 0)
			r = make(host, c, &month, count) == 0 ? 0 : 1;
		else
			fprintf(stderr, "%s: \"%s\" is no month: --month 2026-11, or --month last\n", c->name, c->month);
	}
	mw_report_count_free(count);
	while (c->globs)
		globfree(&c->glob[--c->globs]);
	free(count);
	free(c);
	return r;
}
