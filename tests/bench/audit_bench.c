/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_bench: records a second of the audit module against a plain write() and fdatasync() of a line of the same length under a
 * lock, in the same run.
 *     audit_bench FOLDER
 * Prints a line for each number of threads: records a second of the module, of the plain writer, the ratio and its aim; and the
 * module without sync, which is what building and chaining a record costs.
 */
#include "../unit/fakehost.h"
#include "rate.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 20
#define RECIPIENTS 2

extern const struct mw_plugin mw_plugin_audit;

struct bench {
	void *inst, *fast; /* the module with and without sync */
	struct mw_self self, fast_self;
	pthread_mutex_t lock;
	int fd; /* of the plain writer */
	size_t line_n;
	char *line;
};

static void die(const char *what)
{
	fprintf(stderr, "audit_bench: %s\n", what);
	exit(1);
}

/* ---- what is measured: one record each
 * ------------------------------------------------------------------------------------------ */

static void record(void *inst)
{
	static const struct mw_rule_info rule[] = {{"us-ssn", MW_IDENTIFIER}, {"icd10", MW_CLINICAL}};
	static const struct mw_finding finding[] = {{.rule = 0, .value = 1}, {.rule = 1, .value = 2}, {.rule = 0, .value = 3}};
	static const char *const classes[] = {"phi", NULL};
	static const struct mw_verdict verdict[RECIPIENTS] = {
	    {.effect = MW_ROUTE, .action = "tls(verified)", .where = "outbound.policy:18", .reason = "", .skipped = ""},
	    {.effect = MW_PASS, .action = "pass", .where = "outbound.policy:20", .reason = "", .skipped = ""},
	};
	static const struct mw_order order = {.rcpt = MW_ALL};
	struct mw_rcpt rcpt[RECIPIENTS] = {{.address = fh_str("bob@far.example")}, {.address = fh_str("alice@clinic.example")}};
	struct mw_err err = {0};
	struct mw_msg msg;
	void *tx;

	fh_msg(&msg);
	msg.envelope.rcpts = RECIPIENTS;
	msg.envelope.rcpt = rcpt;
	msg.verdict = verdict;
	msg.rules = 2;
	msg.rule = rule;
	msg.findings = 3;
	msg.finding = finding;
	msg.classes = classes;
	if (mw_plugin_audit.hooks.begin(inst, &msg, &tx, &err) < 0 || mw_plugin_audit.hooks.act(inst, tx, &msg, &order, &err) < 0)
		die(err.text);
	fh_msg_reset(&msg);
}

static void by_module(void *ctx)
{
	struct bench *b = ctx;

	record(b->inst);
}

static void by_module_unsynced(void *ctx)
{
	struct bench *b = ctx;

	record(b->fast);
}

static void by_write(void *ctx)
{
	struct bench *b = ctx;

	(void)pthread_mutex_lock(&b->lock);
	if (write(b->fd, b->line, b->line_n) != (ssize_t)b->line_n || fdatasync(b->fd) < 0)
		die("write");
	(void)pthread_mutex_unlock(&b->lock);
}

static void compare(struct bench *b, unsigned threads, const char *aim)
{
	static const rate_fn way[] = {by_module, by_write, by_module_unsynced};
	double rate[3];

	rate_measure(way, 3, b, threads, rate);
	printf("%2u thread%s  module %7.0f/s  write+fdatasync %7.0f/s  without sync %7.0f/s  ratio %5.2f  aim %s\n", threads,
	       threads == 1 ? " " : "s", rate[0], rate[1], rate[2], rate[0] / rate[1], aim);
}

/* ---- set-up -----------------------------------------------------------------------------------------------------------------
 */

static void open_module(struct mw_self *self, void **inst, const char *folder, const char *name, const char *sync)
{
	static char conf[2][256];
	static unsigned turn;
	char path[300], *c = conf[turn++ % 2];
	struct mw_err err = {0};

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fh_self(self, &mw_plugin_audit);
	fh_opts(mw_plugin_audit.options, c);
	fh_opt(mw_plugin_audit.options, c, "path", path);
	fh_opt(mw_plugin_audit.options, c, "sync", sync);
	if (mw_plugin_audit.conf_size > sizeof(conf[0]) || mw_plugin_audit.hooks.open(fh_host(), self, c, inst, &err) < 0)
		die(err.text);
}

/* A line as long as a record of the module. */
static void take_line(struct bench *b, const char *folder)
{
	char path[300];
	off_t before, after;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/synced", folder);
	fd = open(path, O_RDONLY);
	before = lseek(fd, 0, SEEK_END);
	by_module(b);
	after = lseek(fd, 0, SEEK_END);
	close(fd);
	b->line_n = (size_t)(after - before);
	b->line = malloc(b->line_n);
	if (!b->line || fd < 0)
		die("no memory");
	memset(b->line, 'x', b->line_n - 1);
	b->line[b->line_n - 1] = '\n';
	(void)snprintf(path, sizeof(path), "%s/plain", folder);
	b->fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (b->fd < 0)
		die(path);
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc != 2)
		die("usage: audit_bench FOLDER");
	(void)pthread_mutex_init(&b.lock, NULL);
	open_module(&b.self, &b.inst, argv[1], "synced", "yes");
	open_module(&b.fast_self, &b.fast, argv[1], "unsynced", "no");
	take_line(&b, argv[1]);
	compare(&b, 1, "0.8");
	compare(&b, THREADS_MAX, "3");
	mw_plugin_audit.hooks.close(b.inst);
	mw_plugin_audit.hooks.close(b.fast);
	close(b.fd);
	free(b.line);
	fh_opts_free();
	return 0;
}
