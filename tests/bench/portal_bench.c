/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portal_bench: what milward-portal is measured with (tests/bench/portal).
 *	portal_bench serve SOCKET FILE HEADER		libmicrohttpd alone, as the portal has it set up, serves a file's octets from memory, with the
 *							header fields in HEADER, one a line: "Name: value"
 *	portal_bench load SOCKET REQUEST CLIENTS SECONDS	that many clients send the request in that file again and again over connections
 *							that stay; prints pages a second and octets of a page
 *	portal_bench fetch SOCKET REQUEST		one answer: its octets and milliseconds
 *	portal_bench each SOCKET REQUESTS		each request of that file once, one after the other; the median of their microseconds
 *	portal_bench together SOCKET REQUESTS		each request of that file once, all of them at the same time, each over its own connection;
 *							pages a second, and the median of their microseconds
 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "portal_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) < 0)
		die(path);
	p = malloc((size_t)size + 1);
	if (!p || fread(p, 1, (size_t)size, f) != (size_t)size)
		die(path);
	(void)fclose(f);
	*n = (size_t)size;
	return p;
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path))
		die(path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	return a;
}

/* ---- serving --------------------------------------------------------------------------------------------------------------------- */

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *path, const char *method, const char *version,
			      const char *data, size_t *n, void **state)
{
	static int seen;

	(void)path;
	(void)method;
	(void)version;
	(void)data;
	(void)n;
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	return MHD_queue_response(c, MHD_HTTP_OK, cls);
}

static void add_fields(struct MHD_Response *response, const char *file)
{
	size_t n;
	char *text = read_file(file, &n), *rest, *line;

	text[n] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strstr(line, ": ");

		if (!value)
			die(file);
		*value = '\0';
		if (MHD_add_response_header(response, line, value + 2) != MHD_YES)
			die(line);
	}
	free(text);
}

static int serve(const char *path, const char *file, const char *header)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), number;
	struct MHD_Response *response;
	struct MHD_Daemon *daemon;
	sigset_t set;
	size_t n;
	char *p = read_file(file, &n);

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0)
		die(path);
	response = MHD_create_response_from_buffer(n, p, MHD_RESPMEM_PERSISTENT);
	if (response)
		add_fields(response, header);
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle, response,
				  MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_CONNECTION_LIMIT,
				  512u, MHD_OPTION_CONNECTION_TIMEOUT, 90u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536, MHD_OPTION_END);
	if (!daemon || !response)
		die("libmicrohttpd");
	(void)sigwait(&set, &number);
	MHD_stop_daemon(daemon);
	MHD_destroy_response(response);
	free(p);
	return 0;
}

/* ---- asking ---------------------------------------------------------------------------------------------------------------------- */

struct load {
	const char *socket, *request;
	size_t n;
	atomic_bool ends;
	atomic_ulong pages, octets;
};

static int dial(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		die(path);
	return fd;
}

/* An answer with a Content-Length; octets of its body. */
static size_t ask(int fd, const char *request, size_t n, char *room, size_t size)
{
	size_t got = 0, length = 0, body = 0;
	char *end = NULL, *field;

	if (write(fd, request, n) != (ssize_t)n)
		die("write");
	while (!end) {
		ssize_t r = read(fd, room + got, size - 1 - got);

		if (r <= 0)
			die("read");
		got += (size_t)r;
		room[got] = '\0';
		end = strstr(room, "\r\n\r\n");
	}
	if (strncmp(room, "HTTP/1.1 200 ", 13) != 0)
		die(room);
	field = strcasestr(room, "\r\nContent-Length:");
	length = field ? strtoul(field + 17, NULL, 10) : 0;
	for (body = got - (size_t)(end + 4 - room); body < length;) {
		ssize_t r = read(fd, room, size);

		if (r <= 0)
			die("read");
		body += (size_t)r;
	}
	return length;
}

static void *client(void *arg)
{
	struct load *l = arg;
	size_t size = 1u << 18;
	char *room = malloc(size);
	int fd = dial(l->socket);

	while (room && !atomic_load(&l->ends)) {
		atomic_store(&l->octets, ask(fd, l->request, l->n, room, size));
		atomic_fetch_add(&l->pages, 1);
	}
	free(room);
	(void)close(fd);
	return NULL;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int load(const char *path, const char *request, unsigned long clients, double seconds)
{
	struct load l = {.socket = path};
	pthread_t *thread = calloc(clients, sizeof(*thread));
	struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
	double begin;

	if (!thread)
		die("memory");
	l.request = read_file(request, &l.n);
	begin = now();
	for (unsigned long i = 0; i < clients; i++)
		if (pthread_create(&thread[i], NULL, client, &l))
			die("thread");
	(void)nanosleep(&pause, NULL);
	atomic_store(&l.ends, true);
	for (unsigned long i = 0; i < clients; i++)
		(void)pthread_join(thread[i], NULL);
	(void)printf("%.0f %lu\n", (double)atomic_load(&l.pages) / (now() - begin), atomic_load(&l.octets));
	free(thread);
	return 0;
}

static int fetch(const char *path, const char *request)
{
	static char room[1u << 18];
	double begin = now();
	size_t n, octets;
	char *p = read_file(request, &n);

	octets = ask(dial(path), p, n, room, sizeof(room));
	(void)printf("%zu %.0f\n", octets, (now() - begin) * 1000);
	free(p);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int each(const char *path, const char *requests)
{
	static char room[1u << 18];
	static double took[10000];
	int fd = dial(path);
	size_t n, count = 0;
	char *p = read_file(requests, &n), *end;

	p[n] = '\0';
	for (; count < sizeof(took) / sizeof(*took) && (end = strstr(p, "\r\n\r\n")) != NULL; p = end + 4) {
		double begin = now();

		(void)ask(fd, p, (size_t)(end + 4 - p), room, sizeof(room));
		took[count++] = (now() - begin) * 1e6;
	}
	if (!count)
		die(requests);
	qsort(took, count, sizeof(*took), by_size);
	(void)printf("%.0f\n", took[count / 2]);
	return 0;
}

/* ---- all at once ----------------------------------------------------------------------------------------------------------------- */

struct one {
	int fd;
	const char *request;
	size_t n;
	double took;
	pthread_barrier_t *gate;
	pthread_t thread;
};

static void *ask_once(void *arg)
{
	struct one *one = arg;
	size_t size = 1u << 18;
	char *room = malloc(size);
	double begin;

	if (!room)
		die("memory");
	memset(room, 1, size); /* it is there when the time begins */
	(void)pthread_barrier_wait(one->gate);
	begin = now();
	(void)ask(one->fd, one->request, one->n, room, size);
	one->took = now() - begin;
	free(room);
	return NULL;
}

static int together(const char *path, const char *requests)
{
	static struct one all[2000];
	static double took[2000];
	pthread_barrier_t gate;
	size_t n, count = 0;
	char *p = read_file(requests, &n), *end;
	double begin;

	p[n] = '\0';
	for (; count < sizeof(all) / sizeof(*all) && (end = strstr(p, "\r\n\r\n")) != NULL; p = end + 4)
		all[count++] = (struct one){.fd = dial(path), .request = p, .n = (size_t)(end + 4 - p), .gate = &gate};
	if (!count || pthread_barrier_init(&gate, NULL, (unsigned)count + 1))
		die(requests);
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&all[i].thread, NULL, ask_once, &all[i]))
			die("thread");
	begin = now();
	(void)pthread_barrier_wait(&gate);
	for (size_t i = 0; i < count; i++) {
		(void)pthread_join(all[i].thread, NULL);
		took[i] = all[i].took * 1e6;
	}
	begin = now() - begin;
	qsort(took, count, sizeof(*took), by_size);
	(void)printf("%.0f %.0f\n", (double)count / begin, took[count / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3], argv[4]);
	if (argc == 6 && strcmp(argv[1], "load") == 0)
		return load(argv[2], argv[3], strtoul(argv[4], NULL, 10), strtod(argv[5], NULL));
	if (argc == 4 && strcmp(argv[1], "fetch") == 0)
		return fetch(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "each") == 0)
		return each(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "together") == 0)
		return together(argv[2], argv[3]);
	(void)fprintf(stderr, "usage: portal_bench serve|load|fetch|each|together …\n");
	return 64;
}
