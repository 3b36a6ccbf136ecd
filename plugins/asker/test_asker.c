/* SPDX-License-Identifier: Apache-2.0 */
/* asker: questions that wait behind others, answers that come together and in pieces, memory that is full. (milters/auth/test_dns.c and
 * milters/route/test_lookup.c have what hangs and dies, and crowds.) */
#include "asker.h"

#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 30000 /* milliseconds, of a slow machine */

static char path[64];
static int listener = -1;

static int setup(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/mw-asker-%ld", (long)getpid());
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return listener < 0 || bind(listener, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 16) < 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(listener);
	return unlink(path);
}

static struct mw_str str(const char *s)
{
	return (struct mw_str){s, strlen(s)};
}

/* What the other side reads, until it is `wanted`. */
static void expect(int fd, const char *wanted)
{
	char buf[256];
	size_t n = 0;

	while (n < strlen(wanted)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		assert_int_equal(poll(&p, 1, PATIENCE), 1);
		got = recv(fd, buf + n, strlen(wanted) - n, 0);
		assert_true(got > 0);
		n += (size_t)got;
	}
	assert_memory_equal(buf, wanted, n);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* ---- wire ------------------------------------------------------------------------------------------------------------------- */
struct ends {
	size_t n;
	struct {
		const char *question;
		int result;
		char reply[32];
	} end[16];
	bool refuses;
};

static bool on_done(void *ctx, void *question, int result, struct mw_str reply)
{
	struct ends *e = ctx;

	assert_true(e->n < 16 && reply.n < sizeof(e->end[0].reply));
	e->end[e->n].question = question;
	e->end[e->n].result = result;
	memcpy(e->end[e->n].reply, reply.p, reply.n);
	e->end[e->n++].reply[reply.n] = '\0';
	return !e->refuses;
}

static struct mw_wire *wire_of(struct ends *e, size_t connections, size_t deep, int64_t wait)
{
	const struct mw_wire_options o = {
	    .socket = path, .connections = connections, .deep = deep, .reply_max = 20, .wait = wait, .done = on_done, .ctx = e};
	struct mw_wire *w = mw_wire_new(&o);

	assert_non_null(w);
	return w;
}

/* Until so many questions have their end. */
static void work(struct mw_wire *w, const struct ends *e, size_t n)
{
	int64_t until = mw_wire_clock() + PATIENCE;

	while (e->n < n) {
		assert_true(mw_wire_clock() < until);
		mw_wire_wait(w, -1);
		mw_wire_work(w);
	}
}

static void check_end(const struct ends *e, size_t i, const char *question, int result, const char *reply)
{
	assert_string_equal(e->end[i].question, question);
	assert_int_equal(e->end[i].result, result);
	assert_string_equal(e->end[i].reply, reply);
}

static char *const letter[] = {"a", "b", "c", "d", "e"};

static void ask(struct mw_wire *w, size_t i, int wanted)
{
	assert_int_equal(mw_wire_ask(w, str(letter[i]), letter[i]), wanted);
}

static void test_order(void **state)
{
	struct ends e = {.n = 0};
	struct mw_wire *w = wire_of(&e, 2, 2, PATIENCE);
	int one, two;

	(void)state;
	ask(w, 0, 0);
	one = accept(listener, NULL, NULL);
	for (int64_t then = mw_wire_clock(); mw_wire_clock() == then;)
		;
	ask(w, 1, 0);
	two = accept(listener, NULL, NULL);
	ask(w, 2, 0); /* behind b, which was asked last */
	ask(w, 3, 0); /* behind a */
	ask(w, 4, -EBUSY);
	expect(one, "1:a,1:d,");
	expect(two, "1:b,1:c,");
	say(two, "2:B1,4:"); /* one and a half */
	work(w, &e, 1);
	check_end(&e, 0, "b", 0, "B1");
	say(two, "C234,");
	work(w, &e, 2);
	check_end(&e, 1, "c", 0, "C234");
	ask(w, 4, 0); /* on the one that is idle */
	expect(two, "1:e,");
	say(two, "0:,");
	say(one, "1:A,1:D,");
	work(w, &e, 5);
	for (size_t i = 2; i < 5; i++)
		check_end(&e, i, e.end[i].question, 0,
			  e.end[i].question[0] == 'e'	? ""
			  : e.end[i].question[0] == 'a' ? "A"
							: "D");
	(void)close(one);
	(void)close(two);
	mw_wire_free(&w);
	mw_wire_free(&w);
}

/* Nonsense costs the question that it should have answered; those behind it are to be asked again. */
static void test_nonsense(void **state)
{
	static const struct {
		const char *said;
		int result;
	} rows[] = {
	    {"x", -EBADMSG}, {":", -EBADMSG},	 {"1x", -EBADMSG},	   {"2:ab;", -EBADMSG},
	    {"21:", -EFBIG}, {"999999", -EFBIG}, {"0000001:a,", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ends e = {.n = 0};
		struct mw_wire *w = wire_of(&e, 1, 3, PATIENCE);
		int fd;

		for (size_t k = 0; k < 3; k++)
			ask(w, k, 0);
		fd = accept(listener, NULL, NULL);
		expect(fd, "1:a,1:b,1:c,");
		say(fd, rows[i].said);
		work(w, &e, 3);
		check_end(&e, 0, "a", rows[i].result, "");
		check_end(&e, 1, "b", -EAGAIN, "");
		check_end(&e, 2, "c", -EAGAIN, "");
		(void)close(fd);
		mw_wire_free(&w);
	}
}

/* An answer that nobody can read ends the connection; one that nobody asked for does. */
static void test_refused(void **state)
{
	struct ends e = {.refuses = true};
	struct mw_wire *w = wire_of(&e, 1, 2, PATIENCE);
	int fd;

	(void)state;
	ask(w, 0, 0);
	ask(w, 1, 0);
	fd = accept(listener, NULL, NULL);
	say(fd, "2:no,");
	work(w, &e, 2);
	check_end(&e, 0, "a", 0, "no");
	check_end(&e, 1, "b", -EAGAIN, "");
	(void)close(fd);
	e = (struct ends){.n = 0};
	ask(w, 2, 0);
	fd = accept(listener, NULL, NULL);
	say(fd, "1:c,1:x,");
	work(w, &e, 1);
	ask(w, 3, 0); /* on another connection */
	(void)close(fd);
	fd = accept(listener, NULL, NULL);
	expect(fd, "1:d,");
	(void)close(fd);
	work(w, &e, 2);
	check_end(&e, 1, "d", -ECONNRESET, "");
	mw_wire_free(&w);
}

static void test_time(void **state)
{
	struct ends e = {.n = 0};
	struct mw_wire *w = wire_of(&e, 1, 2, 50);
	int fd;

	(void)state;
	ask(w, 0, 0);
	ask(w, 1, 0);
	fd = accept(listener, NULL, NULL);
	work(w, &e, 2);
	check_end(&e, 0, "a", -ETIMEDOUT, "");
	check_end(&e, 1, "b", -EAGAIN, "");
	(void)close(fd);
	mw_wire_free(&w);
}

/* ---- asker ------------------------------------------------------------------------------------------------------------------ */
static bool holds(struct mw_str answer, int64_t *ms)
{
	*ms = 600000;
	return answer.n > 0;
}

/* The other side, for one connection: answers n questions with themselves and `more` octets. */
static void serve(int fd, size_t n, size_t more)
{
	char buf[256], out[4096];
	size_t have = 0;

	while (n) {
		char *end;
		size_t length, used;
		ssize_t got = recv(fd, buf + have, sizeof(buf) - have, 0);
		int size;

		assert_true(got > 0);
		for (have += (size_t)got; n && memchr(buf, ',', have); n--) {
			length = strtoul(buf, &end, 10);
			size = snprintf(out, sizeof(out), "%zu:%.*s%0*d,", length + more, (int)length, end + 1, (int)more, 0);
			assert_int_equal(send(fd, out, (size_t)size, MSG_NOSIGNAL), size);
			used = (size_t)(end + 1 - buf) + length + 1;
			have -= used;
			memmove(buf, buf + used, have);
		}
	}
}

static struct mw_asker *asker_of(size_t entries, size_t octets)
{
	const struct mw_asker_options o = {.socket = path,
					   .wait = PATIENCE,
					   .connections = 1,
					   .question_max = 8,
					   .answer_max = 4096,
					   .entries = entries,
					   .octets = octets,
					   .holds = holds};
	struct mw_asker *a = mw_asker_new(&o);

	assert_non_null(a);
	return a;
}

static int get(struct mw_asker *a, const char *question, size_t size, int64_t budget)
{
	int64_t until = 0;
	char *answer = NULL;
	size_t n = 0;
	int r = mw_asker_get(a, str(question), &until, budget, &answer, &n);

	if (r == 0)
		assert_int_equal(n, size);
	if (r == 0)
		assert_memory_equal(answer, question, strlen(question));
	free(answer);
	return r;
}

/* With room for three, or for the octets of three, the one that was used longest ago goes. */
static void test_room(void **state)
{
	static const struct {
		size_t entries, octets;
	} rows[] = {{3, 1u << 20}, {100, 4500}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_asker *a = asker_of(rows[i].entries, rows[i].octets);
		int fd;

		for (size_t k = 0; k < 3; k++) {
			(void)mw_asker_want(a, str(letter[k]));
			if (k == 0)
				fd = accept(listener, NULL, NULL);
			serve(fd, 1, 1000);
			assert_int_equal(get(a, letter[k], 1001, PATIENCE), 0);
		}
		assert_int_equal(get(a, "a", 1001, 0), 0); /* it is the newest now */
		(void)mw_asker_want(a, str("d"));
		serve(fd, 1, 1000);
		assert_int_equal(get(a, "d", 1001, PATIENCE), 0);
		assert_int_equal(get(a, "a", 1001, 0), 0);
		assert_int_equal(get(a, "c", 1001, 0), 0);
		assert_int_equal(get(a, "b", 1001, 1), -ETIMEDOUT); /* forgotten: it is asked for again */
		serve(fd, 1, 1000);
		assert_int_equal(get(a, "b", 1001, PATIENCE), 0);
		mw_asker_free(&a);
		(void)close(fd);
	}
}

/* Full of questions that have no answer yet: another one is not taken, rather than one of them forgotten. */
static void test_full(void **state)
{
	struct mw_asker *a = asker_of(2, 1u << 20);
	int fd;

	(void)state;
	assert_true(mw_asker_want(a, str("a")));
	fd = accept(listener, NULL, NULL);
	assert_true(mw_asker_want(a, str("b")));
	assert_false(mw_asker_want(a, str("a"))); /* it is under way */
	assert_int_equal(get(a, "c", 0, PATIENCE), -EBUSY);
	assert_int_equal(get(a, "too long!", 0, PATIENCE), -EMSGSIZE);
	assert_int_equal(get(a, "", 0, PATIENCE), -EMSGSIZE);
	serve(fd, 2, 1);
	assert_int_equal(get(a, "a", 2, PATIENCE), 0);
	assert_int_equal(get(a, "b", 2, PATIENCE), 0);
	assert_false(mw_asker_want(a, str("b"))); /* it is known */
	mw_asker_free(&a);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order), cmocka_unit_test(test_nonsense), cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_time),  cmocka_unit_test(test_room),	   cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
