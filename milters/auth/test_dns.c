/* SPDX-License-Identifier: Apache-2.0 */
/* dns: answers of milward-lookup that are read, remembered and waited for; and one that hangs, dies, comes back and talks nonsense. */
#include "dns.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a milward-lookup that answers what the name says ------------------------------------------------------------------------ */
struct server {
	char path[64];
	pthread_t thread;
	int listener;
	bool hangs;
	pthread_mutex_t lock;
	pthread_cond_t gone;
	int fd[512]; /* of connections */
	size_t n, running;
};

static atomic_int questions;

static const struct {
	const char *name, *answer;
} answers[] = {
    {"TXT txt.example", "OK secure 0 300 txt.example BGFiY2Q= AA=="},
    {"MX none.example", "OK insecure 0 60 none.example"},
    {"A odd\\032name.example", "OK insecure 0 60 odd\\032name.example wAACAQ=="},
    {"A nx.example", "OK insecure 3 0 ."},
    {"TXT bogus.example", "OK bogus 0 0 ."},
    {"TXT slow.example", "TEMP timeout: DNS does not answer in time"},
    {"TXT broken.example", "TEMP failed: DNS answers with a failure"},
    {"TXT old.example", "PERM there is no such map"},
    {"TXT rcode.example", "OK secure 5 0 ."},
    {"TXT word.example", "OK maybe 0 0 ."},
    {"TXT base64.example", "OK secure 0 0 a.example BGFiY2Q"},
    {"TXT letter.example", "OK secure 0 0 a.example BGFi!2Q="},
    {"TXT noname.example", "OK secure 0 0"},
    {"TXT number.example", "OK secure 0 99999999999 a.example"},
    {"TXT short.example", "OK secure 0"},
    {"TXT empty.example", ""},
};

static const char *answer_to(const char *question)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(question, answers[i].name) == 0)
			return answers[i].answer;
	return "OK insecure 0 60 any.example wAACAQ==";
}

/* One question is in `text`; the answer goes out in two pieces. */
static bool reply(int fd, char *text)
{
	const char *words = answer_to(text);
	char out[256];
	int n = snprintf(out, sizeof(out), "%zu:%s,", strlen(words), words);

	if (strcmp(text, "TXT mad.example") == 0)
		n = snprintf(out, sizeof(out), "123456:x");
	if (strcmp(text, "TXT bye.example") == 0)
		return false;
	return send(fd, out, 2, MSG_NOSIGNAL) == 2 && send(fd, out + 2, (size_t)n - 2, MSG_NOSIGNAL) == n - 2;
}

struct client {
	struct server *server;
	int fd;
};

static bool serve_buffer(const struct client *c, char *buf, size_t *n)
{
	for (;;) {
		char *end, *colon = memchr(buf, ':', *n);
		size_t length = colon ? strtoul(buf, &end, 10) : 0, used;

		if (!colon || (size_t)(colon - buf) + length + 2 > *n)
			return true;
		colon[1 + length] = '\0';
		(void)atomic_fetch_add(&questions, 1);
		if (strncmp(colon + 1, "dns ", 4) != 0)
			return false;
		if (!c->server->hangs && !reply(c->fd, colon + 5))
			return false;
		used = (size_t)(colon - buf) + length + 2;
		*n -= used;
		memmove(buf, buf + used, *n);
	}
}

static void *serve_one(void *arg)
{
	struct client *c = arg;
	struct server *s = c->server;
	char buf[8192];
	size_t n = 0;
	ssize_t got;

	while ((got = recv(c->fd, buf + n, sizeof(buf) - 1 - n, 0)) > 0) {
		n += (size_t)got;
		if (!serve_buffer(c, buf, &n))
			break;
	}
	(void)shutdown(c->fd, SHUT_RDWR);
	(void)pthread_mutex_lock(&s->lock);
	s->running--;
	(void)pthread_cond_signal(&s->gone);
	(void)pthread_mutex_unlock(&s->lock);
	free(c);
	return NULL;
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
		struct client *c = malloc(sizeof(*c));
		pthread_t t;

		if (!c)
			abort();
		*c = (struct client){s, fd};
		(void)pthread_mutex_lock(&s->lock);
		if (s->n == sizeof(s->fd) / sizeof(s->fd[0]))
			abort();
		s->fd[s->n++] = fd;
		s->running++;
		(void)pthread_mutex_unlock(&s->lock);
		if (pthread_create(&t, NULL, serve_one, c) != 0 || pthread_detach(t) != 0)
			abort();
	}
	return NULL;
}

static void server_start(struct server *s, bool hangs)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	memset(s, 0, sizeof(*s));
	s->hangs = hangs;
	(void)snprintf(s->path, sizeof(s->path), "/tmp/mw-auth-dns-%ld", (long)getpid());
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", s->path);
	s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(s->listener >= 0);
	assert_int_equal(bind(s->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->listener, 128), 0);
	assert_int_equal(pthread_mutex_init(&s->lock, NULL) | pthread_cond_init(&s->gone, NULL), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* As a process that dies: all connections end. */
static void server_stop(struct server *s)
{
	(void)shutdown(s->listener, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n; i++)
		(void)shutdown(s->fd[i], SHUT_RDWR);
	while (s->running)
		(void)pthread_cond_wait(&s->gone, &s->lock);
	for (size_t i = 0; i < s->n; i++)
		(void)close(s->fd[i]);
	(void)pthread_mutex_unlock(&s->lock);
	(void)close(s->listener);
	(void)unlink(s->path);
	(void)pthread_cond_destroy(&s->gone);
	(void)pthread_mutex_destroy(&s->lock);
}

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What one message of its own is told. */
static enum mw_records_status ask(struct mw_dns_lookup *l, const char *name, unsigned type, int64_t time)
{
	struct mw_dns_message *m = mw_dns_message_new(l, time);
	struct mw_resolver r = mw_dns_message_resolver(m);
	struct mw_records a;

	assert_non_null(m);
	assert_int_equal(r.get(r.ctx, name, type, &a), 0);
	mw_dns_message_free(&m);
	return a.status;
}

/* ---- tests ------------------------------------------------------------------------------------------------------------------- */
static void test_answers(void **state)
{
	static const struct {
		const char *name;
		unsigned type;
		enum mw_records_status status;
		bool secure;
		unsigned rcode;
		uint32_t ttl;
		const char *at;
		size_t n;
		const char *record;
		size_t record_n;
	} rows[] = {
	    {"TXT.example.", MW_RR_TXT, 0, true, 0, 300, "txt.example", 2, "\4abcd", 5},
	    {"none.example", MW_RR_MX, 0, false, 0, 60, "none.example", 0, NULL, 0},
	    {"odd name.example", MW_RR_A, 0, false, 0, 60, "odd\\032name.example", 1, "\xc0\0\2\1", 4},
	    {"nx.example", MW_RR_A, 0, false, 3, 0, "", 0, NULL, 0},
	    {"bogus.example", MW_RR_TXT, MW_RECORDS_BOGUS, false, 0, 0, "", 0, NULL, 0},
	    {"slow.example", MW_RR_TXT, MW_RECORDS_TIMEOUT, false, 0, 0, "", 0, NULL, 0},
	    {"broken.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"old.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"rcode.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"word.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"base64.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"letter.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"noname.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"number.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"short.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"empty.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"mad.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	    {"bye.example", MW_RR_TXT, MW_RECORDS_FAILED, false, 0, 0, "", 0, NULL, 0},
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct server s;
	struct mw_dns_lookup *l;
	struct mw_dns_message *m;
	struct mw_resolver r;
	struct mw_records a;
	int before = 0;

	(void)state;
	server_start(&s, false);
	l = mw_dns_lookup_new(s.path);
	for (int round = 0; round < 2; round++) { /* cold and warm */
		m = mw_dns_message_new(l, 30000);
		r = mw_dns_message_resolver(m);
		before = atomic_load(&questions);
		for (size_t i = 0; i < n; i++)
			r.want(r.ctx, rows[i].name, rows[i].type);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(r.get(r.ctx, rows[i].name, rows[i].type, &a), 0);
			assert_int_equal(a.status, rows[i].status);
			assert_int_equal(a.secure, rows[i].secure);
			assert_int_equal(a.rcode, rows[i].rcode);
			assert_int_equal(a.ttl, rows[i].ttl);
			assert_string_equal(a.name, rows[i].at);
			assert_int_equal(a.n, rows[i].n);
			if (a.n) {
				assert_int_equal(a.record[0].n, rows[i].record_n);
				assert_memory_equal(a.record[0].p, rows[i].record, a.record[0].n);
			}
		}
		mw_dns_message_free(&m);
	}
	assert_true(atomic_load(&questions) - before < (int)n);
	server_stop(&s);
	assert_int_equal(ask(l, "txt.example", MW_RR_TXT, 1), MW_RECORDS_ANSWER); /* it is remembered */
	mw_dns_lookup_free(&l);
	mw_dns_lookup_free(&l);
}

static void test_no_question(void **state)
{
	struct mw_dns_lookup *l = mw_dns_lookup_new("/nowhere/milward");
	struct mw_dns_message *m = mw_dns_message_new(l, 100);
	struct mw_resolver r = mw_dns_message_resolver(m);
	struct mw_records a = {.n = 77};

	(void)state;
	r.want(r.ctx, "a..b", MW_RR_A);
	assert_int_equal(r.get(r.ctx, "a..b", MW_RR_A, &a), -EINVAL);
	assert_int_equal(r.get(r.ctx, "", MW_RR_A, &a), -EINVAL);
	assert_int_equal(r.get(r.ctx, "a.example", 255, &a), -EINVAL);
	assert_int_equal(a.n, 77);
	assert_int_equal(r.get(r.ctx, "a.example", MW_RR_A, &a), 0);
	assert_int_equal(a.status, MW_RECORDS_FAILED); /* nobody is there */
	mw_dns_message_free(&m);
	mw_dns_message_free(&m);
	mw_dns_lookup_free(&l);
}

/* One that hangs costs a message its time once, whatever it asks. */
static void test_hangs(void **state)
{
	struct server s;
	struct mw_dns_lookup *l;
	struct mw_dns_message *m;
	struct mw_resolver r;
	int64_t start, took;

	(void)state;
	server_start(&s, true);
	l = mw_dns_lookup_new(s.path);
	m = mw_dns_message_new(l, 300);
	r = mw_dns_message_resolver(m);
	start = now();
	for (unsigned i = 0; i < 400; i++) { /* more than there are connections */
		struct mw_records a;
		char name[32];

		(void)snprintf(name, sizeof(name), "n%u.example", i);
		assert_int_equal(r.get(r.ctx, name, MW_RR_TXT, &a), 0);
		assert_int_equal(a.status, MW_RECORDS_TIMEOUT);
	}
	took = now() - start;
	assert_true(took >= 290 && took < 60000);
	mw_dns_message_free(&m);
	mw_dns_lookup_free(&l); /* at once, with questions under way */
	server_stop(&s);
}

/* Killed and started again: the connections of before are no use, and nobody notices. */
static void test_restart(void **state)
{
	struct server s;
	struct mw_dns_lookup *l;
	char name[32];

	(void)state;
	server_start(&s, false);
	l = mw_dns_lookup_new(s.path);
	assert_int_equal(ask(l, "a.example", MW_RR_A, 30000), MW_RECORDS_ANSWER);
	for (unsigned i = 0; i < 5; i++) {
		server_stop(&s);
		server_start(&s, false);
		(void)snprintf(name, sizeof(name), "r%u.example", i);
		assert_int_equal(ask(l, name, MW_RR_A, 30000), MW_RECORDS_ANSWER);
	}
	server_stop(&s);
	assert_int_equal(ask(l, "b.example", MW_RR_A, 30000), MW_RECORDS_FAILED);
	mw_dns_lookup_free(&l);
}

static void test_most(void **state)
{
	struct server s;
	struct mw_dns_lookup *l;
	struct mw_dns_message *m;
	struct mw_resolver r;
	struct mw_records a;

	(void)state;
	server_start(&s, false);
	l = mw_dns_lookup_new(s.path);
	m = mw_dns_message_new(l, 60000);
	r = mw_dns_message_resolver(m);
	for (unsigned i = 0; i <= MW_DNS_MESSAGE_MOST; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "m%u.example", i);
		assert_int_equal(r.get(r.ctx, name, MW_RR_A, &a), 0);
		assert_int_equal(a.status, i < MW_DNS_MESSAGE_MOST ? MW_RECORDS_ANSWER : MW_RECORDS_FAILED);
	}
	mw_dns_message_free(&m);
	mw_dns_lookup_free(&l);
	server_stop(&s);
}

/* A message does not ask for any number of names ahead. */
static void test_ahead(void **state)
{
	const unsigned n = 100;
	struct server s;
	struct mw_dns_lookup *l;
	struct mw_dns_message *m;
	struct mw_resolver r;
	struct mw_records a;
	char name[32];
	int before;

	(void)state;
	server_start(&s, false);
	l = mw_dns_lookup_new(s.path);
	m = mw_dns_message_new(l, 60000);
	r = mw_dns_message_resolver(m);
	before = atomic_load(&questions);
	for (unsigned i = 0; i < 2 * n; i++) { /* what is known or asked for already does not count */
		(void)snprintf(name, sizeof(name), "w%u.example", i / 2);
		r.want(r.ctx, name, MW_RR_A);
	}
	for (unsigned i = 0; i < MW_DNS_MESSAGE_AHEAD; i++) {
		(void)snprintf(name, sizeof(name), "w%u.example", i);
		assert_int_equal(r.get(r.ctx, name, MW_RR_A, &a), 0);
		assert_int_equal(a.status, MW_RECORDS_ANSWER);
	}
	assert_int_equal(atomic_load(&questions) - before, MW_DNS_MESSAGE_AHEAD);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "w%u.example", i);
		assert_int_equal(r.get(r.ctx, name, MW_RR_A, &a), 0);
		assert_int_equal(a.status, MW_RECORDS_ANSWER);
	}
	assert_int_equal(atomic_load(&questions) - before, n);
	mw_dns_message_free(&m);
	mw_dns_lookup_free(&l);
	server_stop(&s);
}

static void *session(void *arg)
{
	struct mw_dns_lookup *l = arg;
	struct mw_dns_message *m = mw_dns_message_new(l, 60000);
	struct mw_resolver r = mw_dns_message_resolver(m);
	struct mw_records a;
	char name[32];
	void *failed = NULL;

	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "s%u.example", i);
		r.want(r.ctx, name, MW_RR_A);
	}
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "s%u.example", i);
		if (r.get(r.ctx, name, MW_RR_A, &a) != 0 || a.status != MW_RECORDS_ANSWER || a.n != 1)
			failed = arg;
	}
	mw_dns_message_free(&m);
	return failed;
}

/* 200 sessions at once ask each question once. */
static void test_sessions(void **state)
{
	pthread_t thread[200];
	struct server s;
	struct mw_dns_lookup *l;
	int before;

	(void)state;
	server_start(&s, false);
	l = mw_dns_lookup_new(s.path);
	before = atomic_load(&questions);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, session, l), 0);
	for (size_t i = 0; i < 200; i++) {
		void *failed;

		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(atomic_load(&questions) - before, 40);
	mw_dns_lookup_free(&l);
	server_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),  cmocka_unit_test(test_no_question), cmocka_unit_test(test_hangs),
	    cmocka_unit_test(test_restart),  cmocka_unit_test(test_most),	 cmocka_unit_test(test_ahead),
	    cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
