/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp_load PORT SESSIONS MESSAGES FROM TO FILE…: sends so many messages to 127.0.0.1 with so many sessions at once, each message over a
 * connection of its own, the files one after the other (as they go over the wire: CRLF, dots doubled, no last dot). smtp-source(1) sends
 * one message again and again; what milters cost depends on what they read. Prints the seconds that all took, then for each message, in
 * the order in which they ended, the microseconds from MAIL to the answer to the last dot. Ends with 1 at the first answer that is no yes.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct text {
	char *p;
	size_t n;
};

static struct text *texts;
static size_t texts_n;
static unsigned messages;
static in_port_t port;
static const char *from, *to;
static atomic_uint next_message, done;
static double *took; /* microseconds of each */

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "smtp_load: %s: %s\n", what, why);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void put(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = write(fd, p, n);

		if (sent <= 0)
			fail("write", "the server has gone");
		p += sent;
		n -= (size_t)sent;
	}
}

/* One whole reply, which has to begin with this digit. */
static void expect(int fd, char digit, const char *step)
{
	char line[4096];
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, line + n, sizeof(line) - 1 - n);
		char *last;

		if (got <= 0)
			fail(step, "the server has gone");
		n += (size_t)got;
		line[n] = '\0';
		if (n < 5 || strcmp(line + n - 2, "\r\n") != 0)
			continue;
		line[n - 2] = '\0';
		last = strrchr(line, '\n');
		last = last ? last + 1 : line;
		if (strlen(last) < 4 || last[3] == ' ') {
			if (*last != digit)
				fail(step, last);
			return;
		}
		line[n - 2] = '\r';
	}
}

static void say(int fd, char digit, const char *verb, const char *word, const char *end)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s%s%s\r\n", verb, word, end);

	if (n < 0 || n >= (int)sizeof(line))
		fail(verb, "too long");
	put(fd, line, (size_t)n);
	expect(fd, digit, verb);
}

static void send_one(const struct text *t)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	double begin;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		fail("connect", "nobody listens");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	expect(fd, '2', "banner");
	say(fd, '2', "EHLO ", "client.clinic.test", "");
	begin = now();
	say(fd, '2', "MAIL FROM:<", from, ">");
	say(fd, '2', "RCPT TO:<", to, ">");
	say(fd, '3', "DATA", "", "");
	put(fd, t->p, t->n);
	expect(fd, '2', "message");
	took[atomic_fetch_add(&done, 1)] = now() - begin;
	say(fd, '2', "QUIT", "", "");
	(void)close(fd);
}

static void *session(void *arg)
{
	unsigned n;

	(void)arg;
	while ((n = atomic_fetch_add(&next_message, 1)) < messages)
		send_one(&texts[n % texts_n]);
	return NULL;
}

static void load(const char *path, struct text *t)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		fail(path, "cannot be read");
	t->n = (size_t)st.st_size + 3;
	t->p = malloc(t->n);
	if (!t->p || read(fd, t->p, (size_t)st.st_size) != st.st_size)
		fail(path, "cannot be read");
	memcpy(t->p + st.st_size, ".\r\n", 3);
	(void)close(fd);
}

int main(int argc, char **argv)
{
	unsigned sessions = argc > 6 ? (unsigned)atoi(argv[2]) : 0;
	pthread_t *thread = calloc(sessions ? sessions : 1, sizeof(*thread));
	double begin;

	if (argc < 7 || !sessions || !thread) {
		fprintf(stderr, "usage: smtp_load PORT SESSIONS MESSAGES FROM TO FILE...\n");
		return 64;
	}
	port = htons((in_port_t)atoi(argv[1]));
	messages = (unsigned)atoi(argv[3]);
	from = argv[4];
	to = argv[5];
	texts_n = (size_t)argc - 6;
	texts = calloc(texts_n, sizeof(*texts));
	took = calloc(messages + 1, sizeof(*took));
	if (!texts || !took)
		fail("start", "no memory");
	for (size_t i = 0; i < texts_n; i++)
		load(argv[6 + i], &texts[i]);
	begin = now();
	for (unsigned i = 0; i < sessions; i++)
		if (pthread_create(&thread[i], NULL, session, NULL))
			fail("start", "no thread");
	for (unsigned i = 0; i < sessions; i++)
		(void)pthread_join(thread[i], NULL);
	printf("%.6f\n", (now() - begin) / 1e6);
	for (unsigned i = 0; i < messages; i++)
		printf("%.1f\n", took[i]);
	return 0;
}
