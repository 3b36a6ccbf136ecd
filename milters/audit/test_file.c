/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash, a full disk, a rotation or somebody's hand does to an audit file. */
#include "testlog.h"

#include <errno.h>
#include <fcntl.h>
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
	tl_fresh();
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
			execl("/proc/self/exe", "test_file", "crash", tl_path("log"), (char *)NULL);
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
	tl_fresh();
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
	tl_fresh();
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
	tl_fill();
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
	tl_fresh();
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
	tl_fresh();
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
	tl_fresh();
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kill),      cmocka_unit_test(test_torn),	  cmocka_unit_test(test_gaps),
	    cmocka_unit_test(test_rotation),  cmocka_unit_test(test_folder_gone), cmocka_unit_test(test_full),
	    cmocka_unit_test(test_tiny_disk),
	};
	int r;

	if (argc == 3 && strcmp(argv[1], "crash") == 0)
		return crash_child(argv[2]);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
