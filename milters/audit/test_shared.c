/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes that share one audit file: all are killed at any time, it is rotated under them, and the chain is whole. */
#include "testlog.h"

#include "audit/head.h"
#include "audit/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { PROCESSES = 4, THREADS = 2, RECORDS = 60 };

static struct mw_self self;

static int shared_open(struct mw_audit_writer **ret, bool visit, struct mw_err *err)
{
	struct mw_audit_setup setup = {.path = tl_path("log"), .sync = true, .checkpoint = 1000, .shared = true, .visit = visit};

	return mw_audit_writer_open(fh_host(), &self, &setup, ret, err);
}

static int append(struct mw_audit_writer *w, const char *name, struct mw_err *err)
{
	char members[80];

	(void)snprintf(members, sizeof(members), "\"name\":\"%s\"", name);
	return mw_audit_writer_append(w, &self, "portal", fh_str(members), err);
}

static void *appender(void *arg)
{
	for (unsigned i = 0; i < RECORDS; i++) {
		struct mw_err err = {0};
		char name[40];

		(void)snprintf(name, sizeof(name), "P%ldT%lxN%u", (long)getpid(), (unsigned long)pthread_self(), i);
		if (append(arg, name, &err) < 0) {
			fprintf(stderr, "# %s\n", err.text);
			return (void *)1;
		}
	}
	return NULL;
}

/* The life of one process: 0 when all of its records are written. */
static int life(bool ends)
{
	pthread_t thread[THREADS];
	struct mw_audit_writer *w;
	struct mw_err err = {0};
	void *result;
	int bad = 0;

	if (shared_open(&w, false, &err) < 0)
		return 1;
	do {
		for (unsigned i = 0; i < THREADS; i++)
			bad |= pthread_create(&thread[i], NULL, appender, w) != 0;
		for (unsigned i = 0; i < THREADS; i++)
			bad |= pthread_join(thread[i], &result) != 0 || result;
	} while (!ends && !bad);
	mw_audit_writer_close(w, &self);
	return bad;
}

static pid_t begin(bool ends)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(life(ends));
	}
	assert_true(pid > 0);
	return pid;
}

static uint64_t records(void)
{
	struct mw_audit_chain none = {0};
	struct mw_audit_head head = {0};
	int fd = open(tl_path("log.head"), O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)mw_audit_head_read(fd, &none, &head);
		(void)close(fd);
	}
	return head.seq;
}

static void wait_for(uint64_t seq)
{
	for (unsigned i = 0; i < 30000 && records() < seq; i++)
		(void)usleep(1000);
	assert_true(records() >= seq);
}

static void test_all_write(void **state)
{
	pid_t pid[PROCESSES];
	int status;

	(void)state;
	tl_fresh();
	for (unsigned i = 0; i < PROCESSES; i++)
		pid[i] = begin(true);
	wait_for(PROCESSES * THREADS * RECORDS / 3);
	tl_intact(NULL); /* while they write */
	for (unsigned i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"portal\""), PROCESSES * THREADS * RECORDS);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"start\""), PROCESSES);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), PROCESSES);
}

static void test_killed(void **state)
{
	struct mw_audit_writer *w;
	struct mw_err err = {0};
	int status;

	(void)state;
	tl_fresh();
	assert_int_equal(shared_open(&w, false, &err), 0);
	for (unsigned round = 0; round < 12; round++) {
		pid_t pid = begin(false);
		char name[40];

		wait_for(records() + 1 + 7 * round);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		(void)snprintf(name, sizeof(name), "after%u.", round);
		assert_int_equal(append(w, name, &err), 0);
		assert_int_equal(tl_count(tl_path("log"), name), 1);
	}
	mw_audit_writer_close(w, &self);
	tl_intact(NULL);
}

static void test_rotated(void **state)
{
	struct mw_audit_writer *w[2];
	struct mw_err err = {0};
	pid_t pid;
	char *said;
	int status;

	(void)state;
	tl_fresh();
	pid = begin(false); /* before this process opens the file: a child would have our handle, and with it our lock */
	wait_for(10);
	assert_int_equal(shared_open(&w[0], false, &err), 0);
	wait_for(40);
	assert_int_equal(rename(tl_path("log"), tl_path("log.1")), 0);
	wait_for(records() + 40);
	assert_int_equal(append(w[0], "here", &err), 0); /* it had the old one open */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	mw_audit_writer_close(w[0], &self);
	if (tl_verify(&(struct tl_check){0}, &said, tl_path("log.1"), tl_path("log"), NULL) != 0)
		fail_msg("not intact: %s", said);
	free(said);
	assert_int_equal(tl_count(tl_path("log.1"), "\"kind\":\"end\""), 1);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"continue\""), 1);
	assert_int_equal(tl_count(tl_path("log"), "\"name\":\"here\""), 1);
	assert_int_equal(unlink(tl_path("log.1")), 0);
}

/* A command writes what it does, and not that it came and went. */
static void test_visit(void **state)
{
	struct mw_audit_writer *w;
	struct mw_err err = {0};

	(void)state;
	tl_fresh();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(shared_open(&w, true, &err), 0);
		assert_int_equal(append(w, "visit", &err), 0);
		mw_audit_writer_close(w, &self);
	}
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"start\""), 1);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 0);
	assert_int_equal(tl_count(tl_path("log"), "\"name\":\"visit\""), 3);
}

/* One that stands still in the middle of its group stops the others for some time, and then they say so. */
static void test_stuck(void **state)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct mw_audit_writer *w;
	struct mw_err err = {0};
	int fd;

	(void)state;
	tl_fresh();
	assert_int_equal(shared_open(&w, true, &err), 0);
	fd = open(tl_path("log.head"), O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &all), 0);
	assert_int_equal(append(w, "late", &err), -EBUSY);
	assert_non_null(strstr(err.text, "another process has been writing"));
	(void)close(fd);
	assert_int_equal(append(w, "now", &err), 0);
	assert_int_equal(unlink(tl_path("log.head")), 0);
	assert_int_equal(append(w, "headless", &err), -ESTALE);
	mw_audit_writer_close(w, &self);
	assert_int_equal(tl_count(tl_path("log"), "headless"), 0);
	assert_int_equal(tl_count(tl_path("log"), "late"), 0);
}

static struct mw_audit_head head_now(void)
{
	struct mw_audit_chain none = {0};
	struct mw_audit_head head = {0};
	int fd = open(tl_path("log.head"), O_RDONLY | O_CLOEXEC);

	assert_int_equal(mw_audit_head_read(fd, &none, &head), 1);
	(void)close(fd);
	return head;
}

/* Whoever writes, and however often it was opened anew: the newest head is never written over, so that a crash leaves it. */
static void test_turns(void **state)
{
	struct mw_audit_writer *w;
	struct mw_err err = {0};

	(void)state;
	tl_fresh();
	for (unsigned i = 0; i < 6; i++) {
		struct mw_audit_head before = i ? head_now() : (struct mw_audit_head){.slot = 1}, after;

		assert_int_equal(shared_open(&w, true, &err), 0);
		if (i == 0)
			before = head_now(); /* with `start` */
		assert_int_equal(append(w, "turn", &err), 0);
		after = head_now();
		mw_audit_writer_close(w, &self);
		assert_int_equal(after.seq, before.seq + 1);
		assert_int_equal(after.slot, before.slot ^ 1);
	}
	tl_intact(NULL);
}

static const char *other_digest(struct mw_self *s)
{
	(void)s;
	return "0ther";
}

/* Two users of one process, each with a host of its own; a child that leaves them takes nothing from its parent. */
static void test_two_users(void **state)
{
	struct mw_audit_setup setup = {.path = tl_path("log"), .sync = true, .checkpoint = 1000, .shared = true};
	struct mw_host other = *fh_host();
	struct mw_audit_writer *a, *b;
	struct mw_err err = {0};
	int status;
	pid_t pid;

	(void)state;
	tl_fresh();
	other.own_policy_digest = other_digest;
	assert_int_equal(shared_open(&a, false, &err), 0);
	assert_int_equal(mw_audit_writer_open(&other, &self, &setup, &b, &err), 0);
	assert_int_equal(tl_count(tl_path("log"), "\"policy\":\"0ther\""), 1);
	pid = fork();
	if (pid == 0) {
		mw_audit_writer_leave(a);
		mw_audit_writer_leave(b);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(append(a, "both", &err), 0);
	assert_int_equal(append(b, "both", &err), 0);
	mw_audit_writer_close(a, &self);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 0);
	assert_int_equal(mw_audit_writer_ready(b, &self, 4096, &err), 0);
	assert_int_equal(append(b, "both", &err), 0);
	mw_audit_writer_close(b, &self);
	assert_int_equal(tl_count(tl_path("log"), "\"name\":\"both\""), 3);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 1);
	tl_intact(NULL);
}

/* What says that a record could be written now leaves nothing in the file, and says when none could. */
static void test_ready(void **state)
{
	struct mw_audit_writer *w;
	struct mw_err err = {0};
	struct stat before, after;

	(void)state;
	tl_fresh();
	assert_int_equal(shared_open(&w, true, &err), 0);
	assert_int_equal(stat(tl_path("log"), &before), 0);
	assert_int_equal(mw_audit_writer_ready(w, &self, 65536, &err), 0);
	assert_int_equal(stat(tl_path("log"), &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	tl_intact(NULL);
	assert_int_equal(rename(tl_path("log.head"), tl_path("away")), 0);
	assert_int_equal(mw_audit_writer_ready(w, &self, 65536, &err), -ESTALE);
	assert_int_equal(rename(tl_path("away"), tl_path("log.head")), 0);
	/* Rotated meanwhile: the file that it will be written to is looked at. */
	assert_int_equal(rename(tl_path("log"), tl_path("log.1")), 0);
	assert_int_equal(mw_audit_writer_ready(w, &self, 65536, &err), 0);
	assert_int_equal(append(w, "next", &err), 0);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"continue\""), 1);
	mw_audit_writer_close(w, &self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_write), cmocka_unit_test(test_killed), cmocka_unit_test(test_rotated),
	    cmocka_unit_test(test_visit),     cmocka_unit_test(test_stuck),  cmocka_unit_test(test_turns),
	    cmocka_unit_test(test_two_users), cmocka_unit_test(test_ready),
	};
	int r;

	fh_self(&self, &mw_plugin_audit);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
