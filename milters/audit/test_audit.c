/* SPDX-License-Identifier: Apache-2.0 */
/* The audit module from its descriptor: what it writes, and what a crash, a full disk, a rotation or another daemon does to it.
 */
#include "testlog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

static void fresh(void)
{
	(void)unlink(tl_path("log"));
	(void)unlink(tl_path("log.1"));
	(void)unlink(tl_path("log.head"));
}

static json_t *record(const char *queue_id)
{
	size_t n;
	char *p = tl_read(tl_path("log"), &n), *at = strstr(p, queue_id), *end;
	json_t *json;

	assert_non_null(at);
	while (at > p && at[-1] != '\n')
		at--;
	end = strchr(at, '\n');
	json = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(p);
	return json;
}

static void expect_text(const json_t *o, const char *name, const char *value)
{
	const char *got = json_string_value(json_object_get(o, name));

	if (!got || strcmp(got, value) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", name, got ? got : "(none)", value);
}

static void test_record(void **state)
{
	struct tl t;
	json_t *o, *rcpt;
	struct stat st;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
	tl_intact(NULL);
	assert_int_equal(stat(tl_path("log"), &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	o = record("\"Q2\"");
	assert_int_equal(json_integer_value(json_object_get(o, "v")), 1);
	assert_int_equal(json_integer_value(json_object_get(o, "seq")), 3);
	expect_text(o, "kind", "message");
	expect_text(o, "queue_id", "Q2");
	expect_text(o, "sender", "a@x.example");
	expect_text(o, "client", "192.0.2.1");
	expect_text(o, "user", "");
	assert_int_equal(json_integer_value(json_object_get(o, "size")), 1234);
	expect_text(o, "outcome", "route");
	expect_text(o, "cause", "");
	assert_true(json_is_false(json_object_get(o, "observe")));
	assert_int_equal(strlen(json_string_value(json_object_get(o, "policy"))), 64);
	expect_text(json_array_get(json_object_get(o, "classes"), 0) ? o : NULL, "kind", "message");
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "classes"), 0)), "phi");
	/* counts are of different values */
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "rules"), "us-ssn")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "rules"), "icd10")), 1);
	assert_int_equal(json_object_size(json_object_get(o, "rules")), 2);
	assert_int_equal(json_object_size(json_object_get(o, "shadow")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "shadow"), "on-trial")), 1);
	assert_int_equal(json_object_size(json_object_get(o, "unreadable")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "unreadable"), "encrypted")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "unreadable"), "image")), 2);
	assert_int_equal(json_array_size(json_object_get(o, "recipients")), 2);
	rcpt = json_array_get(json_object_get(o, "recipients"), 0);
	expect_text(rcpt, "address", "bob@far.example");
	expect_text(rcpt, "route", "tls(verified)");
	expect_text(rcpt, "effect", "route");
	expect_text(rcpt, "line", "outbound.policy:18");
	rcpt = json_array_get(json_object_get(o, "recipients"), 1);
	expect_text(rcpt, "address", "J\\xC3\\xB6@n\\xFFr.example"); /* no UTF-8: escaped, not lost */
	expect_text(rcpt, "effect", "pass");
	expect_text(rcpt, "reason", "say \"why\"");
	expect_text(rcpt, "skipped", "smime: no certificate");
	json_decref(o);
	o = record("\"kind\":\"start\"");
	expect_text(o, "digest", "sha-256");
	expect_text(o, "policy", FH_DIGEST);
	json_decref(o);
	/* goes on where it ended */
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q3", &t.err), 0);
	tl_close(&t);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"start\""), 2);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 2);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 3);
	mw_plugin_audit.hooks.close(NULL);
}

static void test_checkpoints(void **state)
{
	struct tl_check check = {0};
	unsigned long long seq;
	struct tl t;
	const char *at;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, "checkpoint", "3", NULL), 0);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(tl_message(&t, "Q", &t.err), 0);
	tl_close(&t);
	assert_int_equal(t.self.lines, 3); /* records 3, 6, and at the end */
	at = strstr(t.self.line[1], "head=");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "head=%llu:%64s", &seq, check.head_hash), 2);
	assert_int_equal(seq, 6);
	check.head_seq = seq;
	tl_intact(&check);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------------------
 */

static void expect_refused(const char *path, const char *text)
{
	struct tl t;

	assert_true(tl_open(&t, "path", path, NULL) < 0);
	assert_null(t.inst);
	if (!strstr(t.err.text, text))
		fail_msg("said \"%s\", not \"%s\"", t.err.text, text);
}

static void test_refusals(void **state)
{
	struct tl t;

	(void)state;
	fresh();
	assert_int_equal(mkdir(tl_path("open"), 0777), 0);
	assert_int_equal(chmod(tl_path("open"), 0777), 0);
	expect_refused(tl_path("open/log"), "everybody may write into its folder: run chmod o-w ");
	expect_refused(tl_path("nofolder/log"), "its folder is not there");
	expect_refused(tl_path("open"), "cannot open audit file ");
	tl_write(tl_path("log"), "", 0);
	assert_int_equal(chmod(tl_path("log"), 0666), 0);
	expect_refused(tl_path("log"), "may be written by everybody: run chmod o-w ");
	fresh();
	assert_int_equal(symlink(tl_path("elsewhere"), tl_path("log")), 0);
	expect_refused(tl_path("log"), "cannot open audit file");
	fresh();
	if (geteuid() == 0) {
		tl_write(tl_path("log"), "", 0);
		assert_int_equal(chown(tl_path("log"), 12345, 0), 0);
		expect_refused(tl_path("log"), "belongs to user 12345: run chown 0 ");
		fresh();
	}
	tl_write(tl_path("log"), "something else\n", 15);
	expect_refused(tl_path("log"), "does not begin with a record: move it away");
	fresh();
	/* a file that is refused is not touched, and the next one is not hindered */
	assert_int_equal(tl_open(&t, NULL), 0);
	tl_close(&t);
	tl_intact(NULL);
}

/* ---- two users of one file ----------------------------------------------------------------------------------------------------
 */

static void test_reload(void **state)
{
	struct tl old, new, other;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&old, NULL), 0);
	assert_int_equal(tl_message(&old, "Q1", &old.err), 0);
	/* another spelling of the same path */
	assert_int_equal(tl_open(&new, "path", tl_path("open/../log"), "sync", "no", NULL), 0);
	assert_int_equal(tl_message(&new, "Q2", &new.err), 0);
	assert_int_equal(tl_message(&old, "Q3", &old.err), 0);
	tl_write(tl_path("key"), "0123456789012345678901234567890123456789", 40);
	assert_int_equal(chmod(tl_path("key"), 0600), 0);
	assert_int_equal(tl_open(&other, "key", tl_path("key"), NULL), -EBUSY);
	assert_non_null(strstr(other.err.text, "is in use with another key"));
	tl_close(&old);
	assert_int_equal(tl_message(&new, "Q4", &new.err), 0);
	tl_intact(NULL); /* while it is open */
	tl_close(&new);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 1);
}

static void test_second_process(void **state)
{
	struct tl t, other;
	int status;
	pid_t pid;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	pid = fork();
	if (pid == 0) {
		/* Its own opening of the file, as another daemon would do. */
		execl("/proc/self/exe", "test_audit", "open", tl_path("log"), (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EBUSY);
	tl_close(&t);
	assert_int_equal(tl_open(&other, NULL), 0);
	tl_close(&other);
}

/* ---- crashes ----------------------------------------------------------------------------------------------------------------
 */

/* Appends until it is killed, and tells each record that was acknowledged. */
static int crash_child(const char *path)
{
	struct tl t;
	char id[40];

	if (tl_open(&t, "path", path, NULL) < 0) {
		fprintf(stderr, "%s\n", t.err.text);
		return -t.err.code;
	}
	for (unsigned i = 0;; i++) {
		(void)snprintf(id, sizeof(id), "K%ldx%u.", (long)getpid(), i);
		if (tl_message(&t, id, &t.err) < 0)
			return 1;
		strcat(id, "\n");
		if (write(STDOUT_FILENO, id, strlen(id)) < 0)
			return 2;
	}
}

static void test_kill(void **state)
{
	FILE *acked = tmpfile();
	char id[60];
	struct tl t;
	size_t n;
	char *log;

	(void)state;
	fresh();
	assert_non_null(acked);
	for (unsigned round = 0; round < 20; round++) {
		int fds[2], got = 0;
		char buf[4096];
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			dup2(fds[1], STDOUT_FILENO);
			close(fds[0]);
			close(fds[1]);
			execl("/proc/self/exe", "test_audit", "crash", tl_path("log"), (char *)NULL);
			_exit(99);
		}
		close(fds[1]);
		/* Killed somewhere behind an acknowledged record, each round somewhere else. */
		while (got < (int)(round * 37 % 200) + 1) {
			ssize_t r = read(fds[0], buf, sizeof(buf));

			assert_true(r > 0);
			assert_int_equal(fwrite(buf, 1, (size_t)r, acked), r);
			got += (int)r;
		}
		for (volatile unsigned spin = round * 997; spin; spin--)
			;
		assert_int_equal(kill(pid, SIGKILL), 0);
		for (ssize_t r; (r = read(fds[0], buf, sizeof(buf))) > 0;)
			assert_int_equal(fwrite(buf, 1, (size_t)r, acked), r);
		close(fds[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_int_equal(tl_open(&t, NULL), 0);
	tl_close(&t);
	tl_intact(NULL);
	log = tl_read(tl_path("log"), &n);
	rewind(acked);
	for (n = 0; fgets(id, sizeof(id), acked); n++) {
		id[strcspn(id, "\n")] = '\0';
		if (!strstr(log, id))
			fail_msg("%s was acknowledged and is gone", id);
	}
	assert_true(n >= 20);
	fclose(acked);
	free(log);
}

/* A record that was cut short at each of its octets, with and without the head behind. */
static void test_torn(void **state)
{
	char *log, *head, *said;
	size_t n, head_n, cut;
	struct tl t;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	head = tl_read(tl_path("log.head"), &head_n);
	log = tl_read(tl_path("log"), &cut);
	free(log);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	log = tl_read(tl_path("log"), &n);
	tl_close(&t);
	for (size_t at = cut + 1; at < n; at += 13) {
		tl_write(tl_path("log"), log, at);
		tl_write(tl_path("log.head"), head, head_n);
		tl_broken(NULL, "truncated: ");
		assert_int_equal(tl_open(&t, NULL), 0);
		tl_close(&t);
		assert_int_equal(tl_verify(NULL, &said, tl_path("log"), NULL), 0);
		assert_non_null(strstr(said, "note: a crash cut a record short here"));
		free(said);
		assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"torn\""), 1);
		assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 1);
	}
	/* zeros, as some file systems leave them after a power failure */
	{
		char *zeros = calloc(1, cut + 100);

		memcpy(zeros, log, cut);
		tl_write(tl_path("log"), zeros, cut + 100);
		tl_write(tl_path("log.head"), head, head_n);
		assert_int_equal(tl_open(&t, NULL), 0);
		tl_close(&t);
		tl_intact(NULL);
		free(zeros);
	}
	/* a whole record that the head does not know yet is kept */
	tl_write(tl_path("log"), log, n);
	tl_write(tl_path("log.head"), head, head_n);
	assert_int_equal(tl_open(&t, NULL), 0);
	tl_close(&t);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 2);
	/* the daemon died behind the very first record, before it wrote a head for it */
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	free(head);
	free(log);
	head = tl_read(tl_path("log.head"), &head_n);
	log = tl_read(tl_path("log"), &n);
	tl_close(&t);
	assert_int_equal(head_n, 512);
	memset(head + 256, 0, 256); /* the slot of record 1 */
	tl_write(tl_path("log"), log, n);
	tl_write(tl_path("log.head"), head, head_n);
	assert_int_equal(tl_open(&t, NULL), 0);
	tl_close(&t);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "gap"), 0);
	free(log);
	free(head);
}

/* ---- what somebody did while the daemon was not looking
 * ------------------------------------------------------------------------- */

static void test_gaps(void **state)
{
	char *log, *head;
	size_t n, head_n, line;
	struct tl t;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
	log = tl_read(tl_path("log"), &n);
	head = tl_read(tl_path("log.head"), &head_n);
	line = (size_t)(strchr(log, '\n') + 1 - log);

	/* records cut off: the daemon goes on, and the gap stays for ever */
	tl_write(tl_path("log"), log, line);
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q3", &t.err), 0);
	tl_close(&t);
	tl_broken(NULL, "log:2: removed: records 2 to 4");
	tl_broken(NULL, "log:2: truncated: the daemon missed records in front of record 5");

	/* the head taken away, and records with it */
	tl_write(tl_path("log"), log, line);
	assert_int_equal(unlink(tl_path("log.head")), 0);
	assert_int_equal(tl_open(&t, NULL), 0);
	tl_close(&t);
	tl_broken(NULL, "log:2: truncated?: the head was gone when the daemon came to record 2");

	/* the head damaged: nothing can be said, a person has to look */
	tl_write(tl_path("log"), log, n);
	tl_write(tl_path("log.head"), "x", 1);
	assert_int_equal(tl_open(&t, NULL), -EBADMSG);
	assert_non_null(strstr(t.err.text, "log.head is damaged or was written with another key"));

	/* lines that are no records */
	tl_write(tl_path("log"), log, n);
	tl_write(tl_path("log.head"), head, head_n);
	{
		FILE *f = fopen(tl_path("log"), "a");

		fputs("hello\nworld", f);
		fclose(f);
	}
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q4", &t.err), 0);
	tl_close(&t);
	tl_broken(NULL, "log:5: edited: no record stands here, behind record 4");
	tl_broken(NULL, "log:6: edited: no record stands here");
	tl_broken(NULL, "log:7: edited: the daemon found lines that are no records");

	/* an older copy of the log put back */
	tl_write(tl_path("log"), log, line);
	tl_write(tl_path("log.head"), head, head_n);
	assert_int_equal(tl_open(&t, NULL), 0);
	/* and the same while it runs: it goes on from what it knows */
	assert_int_equal(tl_message(&t, "Q5", &t.err), 0);
	tl_write(tl_path("log"), log, line);
	assert_int_equal(tl_message(&t, "Q6", &t.err), 0);
	assert_true(fh_logged(&t.self, "audit-reopened"));
	assert_true(fh_logged(&t.self, "somebody else changed its size"));
	tl_close(&t);
	tl_broken(NULL, "truncated: the daemon missed records");
	free(log);
	free(head);
}

/* ---- rotation ---------------------------------------------------------------------------------------------------------------
 */

static void test_rotation(void **state)
{
	struct tl_check no_head = {.no_head = true};
	char *said, *log;
	size_t n;
	struct tl t;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(rename(tl_path("log"), tl_path("log.1")), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	assert_true(fh_logged(&t.self, "it was moved away"));
	/* each for itself, and both */
	tl_intact(NULL);
	assert_int_equal(tl_verify(NULL, &said, tl_path("log.1"), NULL), 0);
	free(said);
	assert_int_equal(tl_verify(NULL, &said, tl_path("log.1"), tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, "intact: records 1 to 5"));
	free(said);
	assert_int_equal(tl_verify(NULL, &said, tl_path("log"), tl_path("log.1"), NULL), 1);
	free(said);
	assert_int_equal(tl_verify(NULL, &said, tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, "goes on from record 3 of an older file"));
	free(said);
	/* the old file's end is anchored by itself */
	log = tl_read(tl_path("log.1"), &n);
	assert_non_null(strstr(log, "\"kind\":\"end\""));
	*strstr(log, "{\"v\":1,\"seq\":3") = '\0';
	tl_write(tl_path("short"), log, strlen(log));
	assert_int_equal(tl_verify(NULL, &said, tl_path("short"), NULL), 1);
	assert_non_null(strstr(said, "unanchored tail"));
	free(said);
	assert_int_equal(tl_verify(&no_head, &said, tl_path("short"), tl_path("log"), NULL), 1);
	assert_non_null(strstr(said, "removed: record 3"));
	free(said);
	free(log);
	/* moved away while no daemon runs */
	tl_close(&t);
	assert_int_equal(rename(tl_path("log"), tl_path("log.2")), 0);
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q3", &t.err), 0);
	assert_int_equal(tl_verify(NULL, &said, tl_path("log.1"), tl_path("log.2"), tl_path("log"), NULL), 0);
	free(said);
	/* removed: what is gone is missed, and mail goes on */
	assert_int_equal(unlink(tl_path("log")), 0);
	assert_int_equal(tl_message(&t, "Q4", &t.err), 0);
	assert_true(fh_logged(&t.self, "it was removed"));
	tl_close(&t);
	assert_int_equal(tl_verify(NULL, &said, tl_path("log.1"), tl_path("log.2"), tl_path("log"), NULL), 1);
	assert_non_null(strstr(said, "removed: records "));
	free(said);
}

/* The folder is gone for a while: nothing is accepted, and the file has not ended. */
static void test_folder_gone(void **state)
{
	char *said;
	struct tl t;

	(void)state;
	assert_int_equal(mkdir(tl_path("rot"), 0700), 0);
	assert_int_equal(tl_open(&t, "path", tl_path("rot/log"), NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(rename(tl_path("rot"), tl_path("rot2")), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(tl_message(&t, "LOST", &t.err) < 0);
	assert_non_null(strstr(t.err.text, "cannot look at folder"));
	assert_int_equal(rename(tl_path("rot2"), tl_path("rot")), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
	assert_int_equal(tl_verify(NULL, &said, tl_path("rot/log"), NULL), 0);
	assert_non_null(strstr(said, "intact: records 1 to 4"));
	free(said);
}

/* ---- full disk --------------------------------------------------------------------------------------------------------------
 */

static void test_full(void **state)
{
	struct rlimit limit = {.rlim_max = RLIM_INFINITY}, before;
	struct stat st;
	struct tl t;

	(void)state;
	fresh();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(stat(tl_path("log"), &st), 0);
	for (unsigned room = 0; room < 700; room += 69) {
		struct mw_err err = {0};
		int r;

		limit.rlim_cur = (rlim_t)st.st_size + room;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		r = tl_message(&t, "FULL", &err);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(r, -EFBIG);
		assert_non_null(strstr(err.text, "cannot write audit file "));
		tl_intact(NULL);
	}
	assert_int_equal(tl_count(tl_path("log"), "FULL"), 0);
	/* there is room again */
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 2);
	/* full at start: does not start, leaves nothing half written */
	fresh();
	limit.rlim_cur = 600; /* the head fits, a record does not */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_true(tl_message(&t, "FULL", &t.err) < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	tl_close(&t);
	tl_intact(NULL);
	signal(SIGXFSZ, SIG_DFL);
}

/* A file system of 64 KB that fills up, gets room again, and fills up again. In a mount namespace of a child. */
static int tiny_child(const char *folder)
{
	char ballast[4096] = {1}, file[200];
	struct tl t;
	int fd, r = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=64k,mode=0700") < 0)
		return 77;
	(void)snprintf(file, sizeof(file), "%s/log", folder);
	if (tl_open(&t, "path", file, NULL) < 0)
		return 1;
	for (unsigned round = 0; round < 3; round++) {
		(void)snprintf(ballast, sizeof(ballast), "%s/ballast", folder);
		fd = open(ballast, O_WRONLY | O_CREAT, 0600);
		while (write(fd, ballast, sizeof(ballast)) > 0)
			;
		close(fd);
		while ((r = tl_message(&t, "FULL", &t.err)) == 0)
			; /* into what is left of the last page */
		if (r != -ENOSPC || tl_verify(NULL, NULL, file, NULL) != 0)
			return 2;
		if (unlink(ballast) < 0 || tl_message(&t, "ROOM", &t.err) < 0)
			return 3;
	}
	tl_close(&t);
	return tl_verify(NULL, NULL, file, NULL) == 0 && tl_count(file, "ROOM") == 3 ? 0 : 4;
}

static void test_tiny_disk(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir(tl_path("tiny"), 0700), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(tiny_child(tl_path("tiny")));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* no right to mount */
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- threads ----------------------------------------------------------------------------------------------------------------
 */

static void *appender(void *arg)
{
	struct tl *t = arg;

	for (unsigned i = 0; i < 40; i++) {
		struct mw_err err = {0};
		char id[40];

		(void)snprintf(id, sizeof(id), "T%lxN%u", (unsigned long)pthread_self(), i);
		if (tl_message(t, id, &err) < 0)
			return (void *)1;
		if (tl_count(tl_path("log"), id) != 1) /* it is there when act() returns */
			return (void *)2;
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t thread[8];
	struct tl t[2];
	void *result;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t[0], "checkpoint", "10", NULL), 0);
	assert_int_equal(tl_open(&t[1], "checkpoint", "10", NULL), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, appender, &t[i % 2]), 0);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(thread[i], &result), 0);
		assert_null(result);
	}
	tl_intact(NULL);
	tl_close(&t[0]);
	tl_close(&t[1]);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 320);
}

/* ---- commands ---------------------------------------------------------------------------------------------------------------
 */

/* milwardctl audit NAME ARGS…; *said is what it printed. */
static int command(char **said, const char *name, ...)
{
	const struct mw_command *c = mw_plugin_audit.commands;
	char *argv[12] = {(char *)(uintptr_t)name}, *arg;
	int argc = 1, saved = dup(STDOUT_FILENO), r, fd;
	size_t n;
	va_list ap;

	va_start(ap, name);
	while ((arg = va_arg(ap, char *)) != NULL && argc < 11)
		argv[argc++] = arg;
	va_end(ap);
	while (c->name && strcmp(c->name, name) != 0)
		c++;
	assert_non_null(c->name);
	fflush(stdout);
	fd = open(tl_path("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && saved >= 0);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	r = c->run(fh_host(), NULL, argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	*said = tl_read(tl_path("out"), &n);
	return r;
}

static void test_commands(void **state)
{
	char *said, *log;
	json_t *json;
	struct tl t;
	size_t n;

	(void)state;
	fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
	log = tl_read(tl_path("log"), &n);

	assert_int_equal(command(&said, "verify", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, "intact: records 1 to 4"));
	free(said);
	assert_int_equal(command(&said, "verify", "--head", "1:abc", tl_path("log"), NULL), 2);
	free(said);
	assert_int_equal(command(&said, "verify", NULL), 2);
	free(said);
	assert_int_equal(command(&said, "verify", "--nonsense", tl_path("log"), NULL), 2);
	free(said);
	assert_int_equal(command(&said, "verify", tl_path("nolog"), NULL), 1);
	free(said);

	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, " Q1 from a@x.example client 192.0.2.1 size 1234: route\n"
				     "    to bob@far.example: tls(verified) by outbound.policy:18\n"));
	assert_non_null(strstr(said, "; not smime: no certificate\n    class phi\n    found us-ssn 2, icd10 1\n"));
	assert_non_null(strstr(said, "Q2"));
	free(said);
	assert_int_equal(command(&said, "show", "--queue-id", "Q2", "--recipient", "BOB@far.example", tl_path("log"), NULL), 0);
	assert_null(strstr(said, "Q1"));
	assert_non_null(strstr(said, "Q2"));
	free(said);
	assert_int_equal(command(&said, "show", "--until", "1999", tl_path("log"), NULL), 0);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(
	    command(&said, "show", "--since", "2000-01-01T00", "--recipient", "eve@far.example", tl_path("log"), NULL), 0);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(command(&said, "show", "--since", "yesterday", tl_path("log"), NULL), 2);
	free(said);
	assert_int_equal(command(&said, "show", "--json", tl_path("log"), NULL), 0);
	assert_string_equal(said, log);
	free(said);

	assert_int_equal(command(&said, "export", tl_path("log"), NULL), 0);
	assert_int_equal(strncmp(said, "seq,time,queue_id,", 18), 0);
	assert_non_null(
	    strstr(said, ",\"Q1\",\"a@x.example\",\"192.0.2.1\",\"\",1234,\"bob@far.example\",\"tls(verified)\",\"route\","));
	assert_non_null(
	    strstr(said, "\"say \"\"why\"\"\",\"smime: no certificate\",\"phi\",\"us-ssn:2 icd10:1\",\"route\",\"\",no,"));
	free(said);
	assert_int_equal(command(&said, "export", "--format", "json", tl_path("log"), NULL), 0);
	json = json_loads(said, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	json_decref(json);
	free(said);
	assert_int_equal(command(&said, "export", "--format", "json", "--queue-id", "none", tl_path("log"), NULL), 0);
	json = json_loads(said, 0, NULL);
	assert_int_equal(json_array_size(json), 0);
	json_decref(json);
	free(said);
	assert_int_equal(command(&said, "export", "--format", "xml", tl_path("log"), NULL), 2);
	free(said);
	/* lines that are no records are told */
	tl_write(tl_path("log"), "junk\n", 5);
	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 1);
	free(said);
	free(log);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_record),	cmocka_unit_test(test_checkpoints),    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_reload),	cmocka_unit_test(test_second_process), cmocka_unit_test(test_kill),
	    cmocka_unit_test(test_torn),	cmocka_unit_test(test_gaps),	       cmocka_unit_test(test_rotation),
	    cmocka_unit_test(test_folder_gone), cmocka_unit_test(test_full),	       cmocka_unit_test(test_tiny_disk),
	    cmocka_unit_test(test_threads),	cmocka_unit_test(test_commands),
	};
	int r;

	if (argc == 3 && strcmp(argv[1], "open") == 0) {
		struct tl t;

		return tl_open(&t, "path", argv[2], NULL) < 0 ? -t.err.code : 0;
	}
	if (argc == 3 && strcmp(argv[1], "crash") == 0)
		return crash_child(argv[2]);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
