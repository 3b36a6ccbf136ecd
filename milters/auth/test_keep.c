/* SPDX-License-Identifier: Apache-2.0 */
/* keep: the domains that were seen, and the lines for aggregate reports: over restarts, kills, full disks and days. */
#include "keep.h"

#include "dmarc_log.h"
#include "dmarc_record.h"
#include "firsttime.h"
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1790000000 /* 2026-09-21 */
#define DAY 86400

static char folder[64];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/test_keep.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static const char *path_of(const char *name)
{
	static char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static struct mw_firsttime *seen_open(const char *path)
{
	struct mw_firsttime *f = NULL;
	struct mw_err err = {0};

	if (mw_firsttime_open(fh_host(), path, DAY, &f, &err) != 0)
		fail_msg("%s", err.text);
	return f;
}

static void test_seen(void **state)
{
	struct mw_firsttime *f = seen_open(path_of("seen")), *other;

	(void)state;
	assert_int_equal(mw_firsttime_see(f, "a.example", NOW), 1);
	assert_int_equal(mw_firsttime_see(f, "a.example", NOW + 3600), 1); /* it is new for a day */
	assert_int_equal(mw_firsttime_see(f, "a.example", NOW + 2 * DAY), 0);
	assert_int_equal(mw_firsttime_see(f, "b.example", NOW + 2 * DAY), 1);
	mw_firsttime_close(&f);
	f = seen_open(path_of("seen"));
	other = seen_open(path_of("seen"));
	assert_int_equal(mw_firsttime_see(f, "a.example", NOW + 3 * DAY), 0);
	assert_int_equal(mw_firsttime_see(f, "c.example", NOW), 1);
	assert_int_equal(mw_firsttime_see(other, "c.example", NOW + DAY), 0);
	/* A clock that was wrong makes nothing new for long. */
	assert_int_equal(mw_firsttime_see(f, "d.example", NOW + 1000 * (int64_t)DAY), 1);
	assert_int_equal(mw_firsttime_see(f, "d.example", NOW), 0);
	mw_firsttime_close(&other);
	mw_firsttime_close(&f);
	mw_firsttime_close(&f);
}

/* Many domains push out those that were not seen for long, and not those of today. */
static void test_many(void **state)
{
	struct mw_firsttime *f = seen_open(path_of("many"));
	char name[32];
	unsigned known = 0;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		(void)snprintf(name, sizeof(name), "%u.example", i);
		assert_in_range(mw_firsttime_see(f, name, NOW + i), 0, 1);
	}
	for (unsigned i = 290000; i < 300000; i++) {
		(void)snprintf(name, sizeof(name), "%u.example", i);
		known += mw_firsttime_see(f, name, NOW + 30 * DAY) == 0;
	}
	assert_in_range(known, 9900, 10000);
	mw_firsttime_close(&f);
}

/* A file that is not whole is not used, and nothing else of that name is touched. */
static void test_damaged(void **state)
{
	struct mw_firsttime *f = seen_open(path_of("damaged"));
	struct mw_err err;

	(void)state;
	mw_firsttime_close(&f);
	assert_int_equal(truncate(path_of("damaged"), 5000), 0);
	assert_int_equal(mw_firsttime_open(fh_host(), path_of("damaged"), DAY, &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "remove it"));
	assert_int_equal(symlink("/etc/hostname", path_of("link")), 0);
	assert_int_equal(mw_firsttime_open(fh_host(), path_of("link"), DAY, &f, &err), -ELOOP);
	assert_int_equal(mw_firsttime_open(fh_host(), "/nowhere/seen", DAY, &f, &err), -ENOENT);
	assert_null(f);
}

/* Killed at any time, the file is one that opens, and what was seen before stays. */
static void test_killed(void **state)
{
	struct mw_firsttime *f = seen_open(path_of("killed"));
	char name[32];

	(void)state;
	assert_int_equal(mw_firsttime_see(f, "kept.example", NOW), 1);
	mw_firsttime_close(&f);
	for (int round = 0; round < 5; round++) {
		int ready[2];
		char c;
		pid_t pid;

		assert_int_equal(pipe(ready), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			f = seen_open(path_of("killed"));
			for (unsigned i = 0;; i++) {
				(void)snprintf(name, sizeof(name), "%d.%u.example", round, i);
				if (mw_firsttime_see(f, name, NOW) < 0)
					_exit(1);
				if (i == 1000 && write(ready[1], "", 1) != 1)
					_exit(1);
			}
		}
		assert_int_equal(read(ready[0], &c, 1), 1);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(close(ready[0]), 0);
		assert_int_equal(close(ready[1]), 0);
		f = seen_open(path_of("killed"));
		assert_int_equal(mw_firsttime_see(f, "kept.example", NOW + 2 * DAY), 0);
		(void)snprintf(name, sizeof(name), "%d.999.example", round);
		assert_int_equal(mw_firsttime_see(f, name, NOW + 2 * DAY), 0);
		mw_firsttime_close(&f);
	}
}

/* ---- reports ---------------------------------------------------------------------------------------------------------------- */

static const char rua[] = "mailto:d@x.example,mailto:e@y.example!1m";

static void message(struct mw_auth_mail *mail, struct mw_auth *a, struct mw_dmarc_record *record)
{
	*record = (struct mw_dmarc_record){
	    .p = MW_DMARC_ASKS_REJECT, .pct = 50, .fo = MW_DMARC_FO_ANY | MW_DMARC_FO_SPF, .rua = {rua, sizeof(rua) - 1}};
	*mail = (struct mw_auth_mail){.client = {"192.0.2.1", 9}, .sender = {"nurse@s.example", 15}, .now = NOW};
	memset(a, 0, sizeof(*a));
	a->dmarc = (struct mw_dmarc_result){.word = MW_AUTH_FAIL,
					    .from = "m.x.example",
					    .organisation = "x.example",
					    .published = "x.example",
					    .record = record,
					    .asks = MW_DMARC_ASKS_REJECT,
					    .record_asks = MW_DMARC_ASKS_REJECT};
	a->mailfrom = (struct mw_spf_result){.word = MW_AUTH_PASS, .identity = MW_SPF_MAILFROM, .domain = "s.example"};
	a->dkims = 1;
	a->dkim[0] = (struct mw_dkim_result){.word = MW_AUTH_FAIL, .domain = "x.example", .selector = "a\"b\\c"};
}

static void test_line(void **state)
{
	char line[MW_DMARC_LOG_LINE];
	struct mw_dmarc_record record;
	struct mw_auth_mail mail;
	struct mw_auth *a = calloc(1, sizeof(*a));
	size_t n;

	(void)state;
	assert_non_null(a);
	message(&mail, a, &record);
	n = mw_dmarc_log_line(&mail, a, MW_DISPOSITION_REJECT, line);
	line[n] = '\0';
	assert_string_equal(
	    line, "{\"time\":1790000000,\"policy\":{\"domain\":\"x.example\",\"adkim\":\"r\",\"aspf\":\"r\",\"p\":\"reject\","
		  "\"sp\":\"reject\",\"fo\":\"1:s\",\"pct\":50,\"rua\":[\"d@x.example\",\"e@y.example\"]},"
		  "\"row\":{\"ip\":\"192.0.2.1\",\"disposition\":\"reject\",\"dkim\":\"fail\",\"spf\":\"fail\",\"reason\":\"\","
		  "\"from\":\"m.x.example\",\"sender\":\"s.example\","
		  "\"auth_dkim\":[{\"domain\":\"x.example\",\"selector\":\"a\\\"b\\\\c\",\"result\":\"fail\"}],"
		  "\"auth_spf\":{\"domain\":\"s.example\",\"scope\":\"mfrom\",\"result\":\"pass\"}}}\n");
	/* Less than asked, a sample, a pass that is refused for something else, no local part anywhere. */
	n = mw_dmarc_log_line(&mail, a, MW_DISPOSITION_NONE, line);
	line[n] = '\0';
	assert_non_null(strstr(line, "\"disposition\":\"none\",\"dkim\":\"fail\",\"spf\":\"fail\",\"reason\":\"local_policy\""));
	assert_null(strstr(line, "nurse"));
	a->dmarc.sampled_out = true;
	a->dmarc.asks = MW_DMARC_ASKS_QUARANTINE;
	n = mw_dmarc_log_line(&mail, a, MW_DISPOSITION_QUARANTINE, line);
	line[n] = '\0';
	assert_non_null(
	    strstr(line, "\"disposition\":\"quarantine\",\"dkim\":\"fail\",\"spf\":\"fail\",\"reason\":\"sampled_out\""));
	a->dmarc.word = MW_AUTH_PASS;
	a->dmarc.spf_aligned = true;
	n = mw_dmarc_log_line(&mail, a, MW_DISPOSITION_REJECT, line);
	line[n] = '\0';
	assert_non_null(strstr(line, "\"disposition\":\"none\",\"dkim\":\"fail\",\"spf\":\"pass\",\"reason\":\"\""));
	/* Nothing to report. */
	a->dmarc.word = MW_AUTH_TEMPERROR;
	assert_int_equal(mw_dmarc_log_line(&mail, a, MW_DISPOSITION_NONE, line), 0);
	a->dmarc.word = MW_AUTH_FAIL;
	a->dmarc.record = NULL;
	assert_int_equal(mw_dmarc_log_line(&mail, a, MW_DISPOSITION_NONE, line), 0);
	free(a);
}

/* Whatever results hold, a line has room for it. */
static void test_longest(void **state)
{
	char line[MW_DMARC_LOG_LINE];
	struct mw_dmarc_record record;
	struct mw_auth_mail mail;
	struct mw_auth *a = calloc(1, sizeof(*a));

	(void)state;
	assert_non_null(a);
	message(&mail, a, &record);
	memset(a->mailfrom.domain, '"', MW_AUTH_NAME - 1);
	memset(a->dmarc.from, 'x', MW_AUTH_NAME - 1);
	a->dkims = MW_AUTH_SIGNATURES;
	for (size_t i = 0; i < a->dkims; i++) {
		memset(a->dkim[i].domain, 'd', MW_AUTH_NAME - 1);
		memset(a->dkim[i].selector, '\\', MW_AUTH_NAME - 1);
	}
	assert_in_range(mw_dmarc_log_line(&mail, a, MW_DISPOSITION_NONE, line), 9000, MW_DMARC_LOG_LINE);
	free(a);
}

static size_t lines_of(const char *name)
{
	FILE *f = fopen(path_of(name), "r");
	size_t n = 0;
	int c;

	if (!f)
		return 0;
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	assert_int_equal(fclose(f), 0);
	return n;
}

static void test_days(void **state)
{
	struct mw_auth *a = calloc(1, sizeof(*a));
	struct mw_dmarc_record record;
	struct mw_dmarc_log *l = NULL;
	struct mw_auth_mail mail;
	struct mw_self self;
	struct mw_err err;
	int fd;

	(void)state;
	assert_non_null(a);
	fh_self(&self, NULL);
	message(&mail, a, &record);
	assert_int_equal(mw_dmarc_log_open(fh_host(), &self, folder, &l, &err), 0);
	mw_dmarc_log_add(l, &mail, a, MW_DISPOSITION_NONE);
	mw_dmarc_log_add(l, &mail, a, MW_DISPOSITION_NONE);
	mail.now += DAY;
	mw_dmarc_log_add(l, &mail, a, MW_DISPOSITION_NONE);
	assert_int_equal(lines_of("dmarc-2026-09-21.jsonl"), 2);
	assert_int_equal(lines_of("dmarc-2026-09-22.jsonl"), 1);
	mw_dmarc_log_close(&l);
	/* A line that was cut off is ended, and what is not ours stays where it is. */
	fd = open(path_of("dmarc-2026-09-22.jsonl"), O_WRONLY | O_APPEND);
	assert_true(fd >= 0 && write(fd, "{\"ti", 4) == 4 && close(fd) == 0);
	fd = open(path_of("dmarc-2026-01-01.txt"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0 && close(fd) == 0);
	assert_int_equal(mw_dmarc_log_open(fh_host(), &self, folder, &l, &err), 0);
	mw_dmarc_log_add(l, &mail, a, MW_DISPOSITION_NONE);
	assert_int_equal(lines_of("dmarc-2026-09-22.jsonl"), 3);
	/* Old days go. */
	mail.now = NOW + 33 * DAY;
	mw_dmarc_log_add(l, &mail, a, MW_DISPOSITION_NONE);
	assert_int_equal(access(path_of("dmarc-2026-09-21.jsonl"), F_OK), -1);
	assert_int_equal(access(path_of("dmarc-2026-09-22.jsonl"), F_OK), 0);
	assert_int_equal(access(path_of("dmarc-2026-01-01.txt"), F_OK), 0);
	mw_dmarc_log_close(&l);
	assert_int_equal(self.lines, 0);
	assert_int_equal(mw_dmarc_log_open(fh_host(), &self, "/nowhere", &l, &err), -ENOENT);
	free(a);
}

/* A full disk: said once, and once more when it is over. */
static void test_full(void **state)
{
	char seen[200];
	const struct mw_auth_conf conf = {.dmarc_reports = folder, .seen = seen, .fresh = DAY};
	struct rlimit was, small;
	struct mw_auth *a = calloc(1, sizeof(*a));
	struct mw_outcome outcome = {.effect = MW_REFUSE};
	struct mw_dmarc_record record;
	struct mw_keep *k = NULL;
	struct mw_auth_mail mail;
	struct mw_self self;
	struct mw_err err;

	(void)state;
	assert_non_null(a);
	fh_self(&self, NULL);
	(void)snprintf(seen, sizeof(seen), "%s", path_of("full"));
	message(&mail, a, &record);
	mail.now = NOW + 100 * DAY;
	assert_int_equal(mw_keep_open(fh_host(), &self, &conf, &k, &err), 0);
	mw_keep_report(k, &mail, a, &outcome);
	outcome.effect = MW_TEMPFAIL;
	mw_keep_report(k, &mail, a, &outcome);
	assert_int_equal(lines_of("dmarc-2026-12-30.jsonl"), 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 700; /* in the middle of the second line */
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	outcome.effect = MW_PASS;
	for (int i = 0; i < 5; i++)
		mw_keep_report(k, &mail, a, &outcome);
	mw_keep_see(k, &mail, a);
	assert_false(a->likeness.first_time); /* it cannot be written down */
	mw_keep_see(k, &mail, a);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(self.lines, 2);
	assert_true(fh_logged(&self, "reports will lack messages"));
	assert_true(fh_logged(&self, "it cannot be told which domains were seen"));
	mw_keep_report(k, &mail, a, &outcome);
	mw_keep_see(k, &mail, a);
	assert_true(a->likeness.first_time);
	assert_int_equal(self.lines, 4);
	assert_int_equal(lines_of("dmarc-2026-12-30.jsonl"), 3); /* two, and the one that was cut off */
	mw_keep_close(&k);
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_seen),   cmocka_unit_test(test_many), cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_killed), cmocka_unit_test(test_line), cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_days),   cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
