/* SPDX-License-Identifier: Apache-2.0 */
/* answer: requests of a status socket, and how they are answered. */
#include "metric/answer.h"
#include "metric/http.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- HTTP -------------------------------------------------------------------------------------------------------------------------- */

static void requests(void **state)
{
	static const struct {
		const char *text;
		enum mw_http is;
	} cases[] = {
	    {"", MW_HTTP_MORE},
	    {"GET /metrics HTTP/1.1\r\nHost: x\r\n", MW_HTTP_MORE},
	    {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", MW_HTTP_TEXT},
	    {"GET /metrics HTTP/1.0\n\n", MW_HTTP_TEXT},
	    {"GET /metrics?x=1 HTTP/1.0\n\n", MW_HTTP_TEXT},
	    {"GET /metrics HTTP/1.1\r\nACCEPT: text/plain;q=0.5, application/openmetrics-text;version=1.0.0\r\n\r\n",
	     MW_HTTP_OPEN},
	    {"GET / HTTP/1.0\r\n\r\n", MW_HTTP_NOT_FOUND},
	    {"GET /metrics/ HTTP/1.0\r\n\r\n", MW_HTTP_NOT_FOUND},
	    {"GET http://x/metrics HTTP/1.0\r\n\r\n", MW_HTTP_BAD},
	    {"HEAD /metrics HTTP/1.0\r\n\r\n", MW_HTTP_METHOD},
	    {"POST /metrics HTTP/1.0\r\n\r\n", MW_HTTP_METHOD},
	    {"GET /metrics\r\n\r\n", MW_HTTP_BAD},
	    {"GET /metrics HTTP/2\r\n\r\n", MW_HTTP_BAD},
	    {"\r\n\r\n", MW_HTTP_BAD},
	};
	char large[MW_HTTP_REQUEST];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(mw_http_request(mw_str(cases[i].text)), cases[i].is);
	memset(large, 'x', sizeof(large));
	assert_int_equal(mw_http_request((struct mw_str){.p = large, .n = sizeof(large) - 1}), MW_HTTP_MORE);
	assert_int_equal(mw_http_request((struct mw_str){.p = large, .n = sizeof(large)}), MW_HTTP_TOO_LARGE);
}

static void answers(void **state)
{
	static const char *const bad[] = {"",
					  "HTTP/1.0 200 OK\r\n\r\n",
					  "HTTP/1.0 404 no\r\nContent-Length: 1\r\n\r\nx",
					  "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nx",
					  "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\nx",
					  "HTTP/1.0 200 OK\r\nContent-Length: 9999999999\r\n\r\nx",
					  "x"};
	struct mw_str body;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mw_http_answer(mw_str(bad[i]), &body));
	assert_true(mw_http_answer(mw_str("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx"), &body));
	assert_true(mw_str_eq(body, "x"));
}

/* ---- the socket -------------------------------------------------------------------------------------------------------------------- */

static void tell(void *ctx, enum mw_metric_format format, struct mw_buf *b)
{
	(void)ctx;
	/* More than a socket takes at once. */
	mw_buf_puts(b, format == MW_METRIC_OPEN ? "open 1\n" : "text 1\n");
	for (int i = 0; i < 100000; i++)
		mw_buf_puts(b, "# a comment\n");
}

struct asking {
	struct mw_answerer *answerer;
	char folder[32];
	struct sockaddr_un addr;
};

static void asking_begin(struct asking *a)
{
	struct mw_err err;
	char spec[128];

	*a = (struct asking){.folder = "/tmp/test-answer-XXXXXX", .addr = {.sun_family = AF_UNIX}};
	assert_non_null(mkdtemp(a->folder));
	(void)snprintf(a->addr.sun_path, sizeof(a->addr.sun_path), "%s/status", a->folder);
	(void)snprintf(spec, sizeof(spec), "unix:%s", a->addr.sun_path);
	assert_int_equal(mw_answerer_new(spec, 0660, tell, NULL, &a->answerer, &err), 0);
}

static void asking_end(struct asking *a)
{
	mw_answerer_free(&a->answerer);
	assert_int_equal(access(a->addr.sun_path, F_OK), -1);
	assert_int_equal(rmdir(a->folder), 0);
}

static int dial(const struct asking *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&a->addr, sizeof(a->addr)), 0);
	return fd;
}

/* All that comes until the other side closes; the answerer has its turns meanwhile. */
static void hear(const struct asking *a, int fd, struct mw_buf *got)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = mw_answerer_fd(a->answerer), .events = POLLIN}};
		char piece[65536];
		ssize_t n;

		assert_true(poll(p, 2, 30000) > 0);
		mw_answerer_turn(a->answerer);
		n = recv(fd, piece, sizeof(piece), 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			break;
		if (n > 0)
			mw_buf_add(got, piece, (size_t)n);
	}
	(void)close(fd);
}

static void one_is_answered(const struct asking *a, const char *request, const char *begins, size_t body)
{
	struct mw_buf got = MW_BUF_INIT;
	struct mw_str b;
	int fd = dial(a);

	assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	hear(a, fd, &got);
	assert_memory_equal(mw_buf_text(&got), begins, strlen(begins));
	if (body) {
		assert_true(mw_http_answer((struct mw_str){.p = got.p, .n = got.n}, &b));
		assert_int_equal(b.n, body);
	}
	mw_buf_free(&got);
}

static void the_socket_answers(void **state)
{
	struct asking a;
	int idle[MW_ANSWER_CLIENTS], late;
	struct mw_buf got = MW_BUF_INIT;

	(void)state;
	asking_begin(&a);
	one_is_answered(&a, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Type: text/plain", 7 + 1200000);
	one_is_answered(&a, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n",
			"HTTP/1.0 200 OK\r\nContent-Type: application/openmetrics-text", 7 + 1200000 + 6);
	one_is_answered(&a, "GET /other HTTP/1.0\r\n\r\n", "HTTP/1.0 404 ", 0);
	one_is_answered(&a, "PUT /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 405 ", 0);
	one_is_answered(&a, "\r\n\r\n", "HTTP/1.0 400 ", 0);
	/* Those who say nothing hold all places, for a while. */
	for (size_t i = 0; i < MW_ANSWER_CLIENTS; i++) {
		idle[i] = dial(&a);
		mw_answerer_turn(a.answerer);
	}
	late = dial(&a);
	assert_int_equal(send(late, "GET /metrics HTTP/1.0\r\n\r\n", 25, 0), 25);
	hear(&a, late, &got);
	assert_memory_equal(mw_buf_text(&got), "HTTP/1.0 200 OK\r\n", 17);
	mw_buf_free(&got);
	for (size_t i = 0; i < MW_ANSWER_CLIENTS; i++) {
		char c;

		assert_int_equal(recv(idle[i], &c, 1, 0), 0);
		(void)close(idle[i]);
	}
	asking_end(&a);
}

/* No descriptor is left: who waits does not keep the daemon busy, and is answered when there is one again. */
static void the_socket_pauses(void **state)
{
	struct asking a;
	struct mw_buf got = MW_BUF_INIT;
	struct rlimit limit, none;
	struct pollfd p;
	int fd;

	(void)state;
	asking_begin(&a);
	fd = dial(&a);
	assert_int_equal(send(fd, "GET /metrics HTTP/1.0\r\n\r\n", 25, 0), 25);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	p = (struct pollfd){.fd = mw_answerer_fd(a.answerer), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 30000), 1);
	mw_answerer_turn(a.answerer);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	hear(&a, fd, &got);
	assert_memory_equal(mw_buf_text(&got), "HTTP/1.0 200 OK\r\n", 17);
	mw_buf_free(&got);
	asking_end(&a);
}

static void a_child_leaves_the_socket(void **state)
{
	struct asking a;
	struct mw_err err;
	pid_t pid;
	int status;

	(void)state;
	asking_begin(&a);
	pid = fork();
	if (pid == 0) {
		mw_answerer_leave(&a.answerer);
		_exit(a.answerer != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	one_is_answered(&a, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n", 0);
	asking_end(&a);
	assert_true(mw_answerer_new("inet:1@192.0.2.1", 0, tell, NULL, &a.answerer, &err) < 0);
	assert_null(a.answerer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests),
	    cmocka_unit_test(answers),
	    cmocka_unit_test(the_socket_answers),
	    cmocka_unit_test(the_socket_pauses),
	    cmocka_unit_test(a_child_leaves_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
