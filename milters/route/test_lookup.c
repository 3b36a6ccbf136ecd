/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: answers that are read, remembered, waited for and done without. */
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct mw_str str(const char *s)
{
	return (struct mw_str){s, strlen(s)};
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int result;
		enum mw_lookup_answer answer;
		int64_t ttl;
		const char *why;
	} rows[] = {
	    {"OK dane ttl=300", 0, MW_LOOKUP_VERIFIED, 300, ""},
	    {"OK mta-sts ttl=86400", 0, MW_LOOKUP_VERIFIED, 86400, ""},
	    {"OK partner ttl=99999999999999999999", 0, MW_LOOKUP_VERIFIED, 86400, ""},
	    {"OK none ttl=60 why=no DANE, no MTA-STS", 0, MW_LOOKUP_NONE, 60, "no DANE, no MTA-STS"},
	    {"OK none ttl=60 why=a\nb\x7f", 0, MW_LOOKUP_NONE, 60, "a?b?"},
	    {"OK none ttl=60", 0, MW_LOOKUP_NONE, 60, "nothing assures its TLS"},
	    {"TEMP why=DNS times out", 0, MW_LOOKUP_UNKNOWN, 0, ""},
	    {"PERM ", 0, MW_LOOKUP_UNKNOWN, 0, ""},
	    {"OK dane", -EBADMSG, 0, 0, NULL},
	    {"OK dane ttl=", -EBADMSG, 0, 0, NULL},
	    {"OK dane ttl=-1", -EBADMSG, 0, 0, NULL},
	    {"OK danes ttl=1", -EBADMSG, 0, 0, NULL},
	    {"NOTFOUND ", -EBADMSG, 0, 0, NULL},
	    {"", -EBADMSG, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum mw_lookup_answer answer = 77;
		char why[MW_LOOKUP_WHY] = "untouched";
		int64_t ttl = 77;

		assert_int_equal(mw_lookup_parse(str(rows[i].text), &answer, &ttl, why), rows[i].result);
		assert_int_equal(answer, rows[i].result < 0 ? 77 : rows[i].answer);
		assert_int_equal(ttl, rows[i].result < 0 ? 77 : rows[i].ttl);
		assert_string_equal(why, rows[i].why ? rows[i].why : "untouched");
	}
}

/* ---- a service that answers what the domain says ------------------------------------------------------------------------------- */
static char path[64];
static atomic_int questions;

/* false: it hangs up. */
static bool answer_to(int fd, const char *question)
{
	const char *reply = "OK dane ttl=60";
	char out[128];
	int len;

	if (!strstr(question, "slow.")) /* some of those come when nobody waits for them any more */
		(void)atomic_fetch_add(&questions, 1);
	if (strstr(question, "none."))
		reply = "OK none ttl=60 why=nothing there";
	else if (strstr(question, "temp."))
		reply = "TEMP later";
	else if (strstr(question, "short."))
		reply = "OK dane ttl=0";
	else if (strstr(question, "slow."))
		(void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	else if (strstr(question, "gone."))
		return false;
	len = snprintf(out, sizeof(out), "%zu:%s,", strlen(reply), reply);
	if (strstr(question, "mad."))
		len = snprintf(out, sizeof(out), "99999:x");
	return send(fd, out, 3, MSG_NOSIGNAL) == 3 && send(fd, out + 3, (size_t)len - 3, MSG_NOSIGNAL) == len - 3;
}

/* Netstrings, of which one recv() gets several when more are asked on the connection before it is read. */
static void *serve_one(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buf[4096];
	size_t have = 0;
	bool good = true;
	ssize_t n;

	while (good && (n = recv(fd, buf + have, sizeof(buf) - 1 - have, 0)) > 0) {
		char *at = buf, *colon;

		have += (size_t)n;
		buf[have] = '\0';
		while (good && (colon = strchr(at, ':'))) {
			char *end = colon + 1 + strtoul(at, NULL, 10);

			if (end >= buf + have)
				break;
			*end = '\0'; /* the comma */
			good = answer_to(fd, colon + 1);
			at = end + 1;
		}
		have -= (size_t)(at - buf);
		memmove(buf, at, have);
	}
	(void)close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		pthread_t t;

		if (pthread_create(&t, NULL, serve_one, (void *)(intptr_t)fd) != 0 || pthread_detach(t) != 0)
			abort();
	}
	return NULL;
}

static int setup(void **state)
{
	static pthread_t thread;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/mw-lookup-%ld", (long)getpid());
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, SOMAXCONN) < 0)
		return -1;
	return pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_answers(void **state)
{
	struct mw_lookup *l = mw_lookup_new(path, 5000);
	char why[MW_LOOKUP_WHY];
	int before;

	(void)state;
	assert_non_null(l);
	mw_lookup_want(l, str("a.example"));
	assert_int_equal(mw_lookup_ask(l, str("a.example"), NULL, why), MW_LOOKUP_VERIFIED);
	assert_int_equal(mw_lookup_ask(l, str("none.example"), NULL, why), MW_LOOKUP_NONE);
	assert_string_equal(why, "nothing there");
	assert_int_equal(mw_lookup_ask(l, str("temp.example"), NULL, why), MW_LOOKUP_UNKNOWN);
	assert_string_equal(why, "");
	before = atomic_load(&questions);
	assert_int_equal(mw_lookup_ask(l, str("a.example"), NULL, why), MW_LOOKUP_VERIFIED);
	assert_int_equal(mw_lookup_ask(l, str("none.example"), NULL, why), MW_LOOKUP_NONE);
	assert_int_equal(mw_lookup_ask(l, str("temp.example"), NULL, why), MW_LOOKUP_UNKNOWN);
	assert_int_equal(atomic_load(&questions), before); /* all remembered */
	assert_int_equal(mw_lookup_ask(l, str("short.example"), NULL, why), MW_LOOKUP_VERIFIED);
	assert_int_equal(mw_lookup_ask(l, str("short.example"), NULL, why), MW_LOOKUP_VERIFIED);
	assert_int_equal(atomic_load(&questions), before + 2); /* an answer that holds for no time is asked for again */
	assert_int_equal(mw_lookup_ask(l, str(""), NULL, why), MW_LOOKUP_UNKNOWN);
	mw_lookup_free(&l);
	assert_null(l);
	mw_lookup_free(&l);
}

/* What does not answer, or not so that it can be understood, is not known: within the time, and others are not kept waiting. */
static void test_failures(void **state)
{
	struct mw_lookup *l = mw_lookup_new(path, 300), *nobody = mw_lookup_new("/nowhere/milward", 300);
	char why[MW_LOOKUP_WHY];

	(void)state;
	mw_lookup_want(l, str("slow.1.example"));
	mw_lookup_want(l, str("slow.2.example"));
	assert_int_equal(mw_lookup_ask(l, str("a.example"), NULL, why), MW_LOOKUP_VERIFIED);
	assert_int_equal(mw_lookup_ask(l, str("slow.1.example"), NULL, why), MW_LOOKUP_UNKNOWN);
	assert_int_equal(mw_lookup_ask(l, str("mad.example"), NULL, why), MW_LOOKUP_UNKNOWN);
	assert_int_equal(mw_lookup_ask(l, str("gone.example"), NULL, why), MW_LOOKUP_UNKNOWN);
	assert_int_equal(mw_lookup_ask(l, str("b.example"), NULL, why), MW_LOOKUP_VERIFIED);
	assert_int_equal(mw_lookup_ask(nobody, str("a.example"), NULL, why), MW_LOOKUP_UNKNOWN);
	mw_lookup_free(&l);
	mw_lookup_free(&nobody);
}

/* A message with many recipients whose name servers are slow waits once, not for each of them. */
static void test_shared_wait(void **state)
{
	struct mw_lookup *l = mw_lookup_new(path, 300);
	char why[MW_LOOKUP_WHY], name[32];
	int64_t until = 0, first;
	struct timespec from, to;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "slow.%u.example", 100 + i);
		assert_int_equal(mw_lookup_ask(l, str(name), &until, why), MW_LOOKUP_UNKNOWN);
		first = i ? first : until;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(first > 0 && until == first);
	assert_true(to.tv_sec - from.tv_sec <= 5); /* of the 12 seconds of 40 waits */
	mw_lookup_free(&l);
}

struct asker {
	struct mw_lookup *l;
	unsigned seed;
};

static void *ask_many(void *arg)
{
	struct asker *a = arg;

	for (unsigned i = 0; i < 2000; i++) {
		char name[64], why[MW_LOOKUP_WHY];

		(void)snprintf(name, sizeof(name), "%u.example", (a->seed * 31 + i * 7) % 97);
		if (mw_lookup_ask(a->l, str(name), NULL, why) != MW_LOOKUP_VERIFIED)
			return arg;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct mw_lookup *l = mw_lookup_new(path, 20000);
	struct asker askers[8];
	pthread_t thread[8];
	int before = atomic_load(&questions);
	void *failed;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		askers[i] = (struct asker){l, i};
		assert_int_equal(pthread_create(&thread[i], NULL, ask_many, &askers[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(atomic_load(&questions) - before, 97); /* each once, however many ask */
	mw_lookup_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),	cmocka_unit_test(test_answers), cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_shared_wait), cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
