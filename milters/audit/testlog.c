/* SPDX-License-Identifier: Apache-2.0 */
#include "testlog.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/milward-audit-XXXXXX";
static bool made;

const char *tl_path(const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char path[64][100];
	char wanted[100];
	unsigned i = 0;

	(void)pthread_mutex_lock(&lock);
	if (!made)
		assert_non_null(mkdtemp(folder));
	made = true;
	(void)snprintf(wanted, sizeof(wanted), "%s/%s", folder, name);
	while (i < 64 && path[i][0] && strcmp(path[i], wanted) != 0)
		i++;
	assert_true(i < 64);
	if (!path[i][0])
		strcpy(path[i], wanted);
	(void)pthread_mutex_unlock(&lock);
	return path[i];
}

void tl_remove(void)
{
	char command[100];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (made)
		assert_int_equal(system(command), 0);
	fh_opts_free();
}

void tl_fresh(void)
{
	(void)unlink(tl_path("log"));
	(void)unlink(tl_path("log.1"));
	(void)unlink(tl_path("log.head"));
}

int tl_open(struct tl *t, ...)
{
	static _Alignas(16) char conf[8][128];
	static unsigned turn;
	char *c = conf[turn++ % 8];
	const char *name;
	va_list ap;

	assert_true(mw_plugin_audit.conf_size <= sizeof(conf[0]));
	memset(t, 0, sizeof(*t));
	memset(c, 0, sizeof(conf[0]));
	fh_self(&t->self, &mw_plugin_audit);
	fh_opts(mw_plugin_audit.options, c);
	fh_opt(mw_plugin_audit.options, c, "path", tl_path("log"));
	va_start(ap, t);
	while ((name = va_arg(ap, const char *)) != NULL)
		fh_opt(mw_plugin_audit.options, c, name, va_arg(ap, const char *));
	va_end(ap);
	return mw_plugin_audit.hooks.open(fh_host(), &t->self, c, &t->inst, &t->err);
}

void tl_close(struct tl *t)
{
	mw_plugin_audit.hooks.close(t->inst);
	t->inst = NULL;
}

int tl_message(struct tl *t, const char *queue_id, struct mw_err *err)
{
	static const struct mw_rule_info rule[] = {{"us-ssn", MW_IDENTIFIER}, {"icd10", MW_CLINICAL}, {"on-trial", MW_CLINICAL}};
	static const struct mw_finding finding[] = {{.rule = 1, .value = 7},
						    {.rule = 0, .value = 1},
						    {.rule = 0, .value = 2},
						    {.rule = 0, .value = 1},
						    {.rule = 2, .value = 1, .flags = MW_FINDING_SHADOW},
						    {.rule = 1, .value = 7}};
	static const char *const unread[] = {"image", "encrypted", "image", NULL};
	static const char *const classes[] = {"phi", NULL};
	static const struct mw_consent consent = {
	    .name = "plain", .by = "M. Adams, RN", .from = "2026-03-01", .until = "none", .where = "tables/consents:12"};
	static const struct mw_verdict verdict[] = {
	    {.effect = MW_ROUTE, .action = "tls(verified)", .where = "outbound.policy:18", .reason = "", .skipped = ""},
	    {.effect = MW_PASS,
	     .action = "pass",
	     .where = "outbound.policy:20",
	     .reason = "say \"why\"",
	     .skipped = "smime: no certificate",
	     .consent = &consent,
	     .attested = "there is no \"PHI\" in it"},
	};
	static const struct mw_order order = {.rcpt = MW_ALL};
	struct mw_rcpt rcpt[2] = {{.address = fh_str("bob@far.example")},
				  {.address = fh_str("J\303\266@n\377r.example"), .alias = fh_str("team@clinic.example")}};
	struct mw_msg msg;
	void *tx;
	int r;

	fh_msg(&msg);
	msg.envelope.queue_id = queue_id;
	msg.envelope.rcpts = 2;
	msg.envelope.rcpt = rcpt;
	msg.envelope.size = 1234;
	msg.verdict = verdict;
	msg.rules = 3;
	msg.rule = rule;
	msg.findings = 6;
	msg.finding = finding;
	msg.classes = classes;
	msg.unread = unread;
	msg.outcome.effect = MW_ROUTE;
	r = mw_plugin_audit.hooks.begin(t->inst, &msg, &tx, err);
	if (r == 0)
		r = mw_plugin_audit.hooks.act(t->inst, tx, &msg, &order, err);
	if (r == 0)
		r = mw_plugin_audit.hooks.act(t->inst, tx, &msg, &order, err); /* ordered twice: recorded once */
	fh_msg_reset(&msg);
	return r;
}

void tl_fill(void)
{
	struct tl t;

	tl_fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
}

int tl_verify(const struct tl_check *check, char **said, const char *file, ...)
{
	struct mw_audit_chain chain = {0};
	struct mw_audit_verify v = {.chain = &chain};
	char *files[4] = {(char *)(uintptr_t)file}, *text = NULL, *name;
	size_t n = 1, size;
	struct mw_err err;
	va_list ap;
	int r;

	va_start(ap, file);
	while ((name = va_arg(ap, char *)) != NULL && n < 4)
		files[n++] = name;
	va_end(ap);
	if (check) {
		v.no_head = check->no_head;
		v.head_seq = check->head_seq;
		memcpy(v.head_hash, check->head_hash, sizeof(v.head_hash));
	}
	assert_int_equal(mw_audit_chain_open(fh_host(), check ? check->key : NULL, &chain, &err), 0);
	v.out = open_memstream(&text, &size);
	assert_non_null(v.out);
	r = mw_audit_verify(&v, n, files, v.out);
	fclose(v.out);
	if (said)
		*said = text;
	else
		free(text);
	return r;
}

void tl_intact(const struct tl_check *check)
{
	char *said;

	if (tl_verify(check, &said, tl_path("log"), NULL) != 0)
		fail_msg("not intact: %s", said);
	free(said);
}

void tl_broken(const struct tl_check *check, const char *text)
{
	char *said;

	if (tl_verify(check, &said, tl_path("log"), NULL) != 1)
		fail_msg("taken for intact: %s", said);
	if (!strstr(said, text))
		fail_msg("does not say \"%s\" but: %s", text, said);
	free(said);
}

char *tl_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *p;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	p = malloc((size_t)st.st_size + 1);
	assert_non_null(p);
	*n = fread(p, 1, (size_t)st.st_size, f);
	p[*n] = '\0';
	fclose(f);
	return p;
}

void tl_write(const char *path, const char *p, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

unsigned tl_count(const char *path, const char *text)
{
	size_t n, step = strlen(text);
	char *p = tl_read(path, &n), *at = p;
	unsigned count = 0;

	for (; (at = strstr(at, text)) != NULL; at += step)
		count++;
	free(p);
	return count;
}
