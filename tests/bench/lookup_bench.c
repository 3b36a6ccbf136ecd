/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup: what an answer costs that milward-lookup remembers. Inside: a question read, its destination found in the cache, the verdict
 * worded. Over the socket: the same by the server, one question after the other, and 32 at a time; against a thread that only sends back
 * as many octets. In the milter: what the module route remembers of it, which is what a message waits for.
 */
#include "base/listen.h"
#include "dns/dns.h"
#include "lookup/cache.h"
#include "lookup/dane.h"
#include "lookup/inquiry.h"
#include "lookup/server.h"
#include "lookup/socketmap.h"
#include "milters/route/lookup.h"

#include "base/str.h"
#include "rate.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DOMAINS 10000u
#define AT_ONCE 32u

struct bench {
	struct event_base *base;
	struct mw_inquiry *inquiry;
	struct mw_lookup *route;
	struct mw_buf reply;
	unsigned next;
	int client, many, echo;
	char question[64], answer[64];
	size_t question_n, answer_n;
};

static void die(const char *what)
{
	fprintf(stderr, "lookup_bench: %s\n", what);
	exit(1);
}

/* A cache of domains with DANE, as a run before has left it. */
static void fill(const char *path)
{
	struct mw_cache *cache = mw_cache_new(DOMAINS, 1u << 30);
	struct mw_buf packed = MW_BUF_INIT;
	struct mw_err err;
	char key[32], mx[40];

	for (unsigned i = 0; i < DOMAINS; i++) {
		const char *const hosts[] = {mx, "backup.example"};
		const struct mw_dane_finding f = {.dane = MW_DANE_YES, .why = "", .n = 2, .host = hosts};

		(void)snprintf(key, sizeof(key), "d%05u.example", i);
		(void)snprintf(mx, sizeof(mx), "mx.%s", key);
		mw_buf_clear(&packed);
		mw_dane_pack(&f, &packed);
		if (!cache || mw_cache_put(cache, mw_str(key), (struct mw_str){.p = packed.p, .n = packed.n}, mw_cache_clock(),
					   86400, true))
			die("no memory");
	}
	if (mw_cache_save(cache, path, &err))
		die(err.text);
	mw_cache_free(&cache);
	mw_buf_free(&packed);
}

static void on_answer(void *ctx, const struct mw_answer *a)
{
	struct bench *b = ctx;

	mw_buf_clear(&b->reply);
	mw_socketmap_reply(&b->reply, a);
}

static void inside(void *ctx)
{
	struct bench *b = ctx;
	struct mw_request r;
	char text[64];
	size_t used;
	int n = snprintf(text, sizeof(text), "22:verdict d%05u.example,", b->next++ % DOMAINS);

	if (mw_socketmap_take(text, (size_t)n, &r, &used) != MW_TAKE_ONE)
		die("no question");
	mw_inquiry_verdict(b->inquiry, r.key, on_answer, b);
	if (strncmp(mw_buf_text(&b->reply) + 2, ":OK dane", 8) != 0)
		die(mw_buf_text(&b->reply));
}

static void exchange(int fd, const char *question, size_t n, size_t answer, unsigned times)
{
	char buf[8192];
	size_t got = 0, wanted = answer * times;

	for (unsigned i = 0; i < times; i++)
		memcpy(buf + i * n, question, n);
	if (write(fd, buf, n * times) != (ssize_t)(n * times))
		die("write");
	while (got < wanted) {
		ssize_t r = read(fd, buf, sizeof(buf));

		if (r <= 0)
			die("read");
		got += (size_t)r;
	}
}

static void socket_one(void *ctx)
{
	struct bench *b = ctx;

	exchange(b->client, b->question, b->question_n, b->answer_n, 1);
}

static void socket_many(void *ctx)
{
	struct bench *b = ctx;

	exchange(b->many, b->question, b->question_n, b->answer_n, AT_ONCE);
}

static void echo_one(void *ctx)
{
	struct bench *b = ctx;

	exchange(b->echo, b->question, b->question_n, b->question_n, 1);
}

static void *echo(void *arg)
{
	int fd = *(int *)arg;
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			break;
	return NULL;
}

static void *loop(void *arg)
{
	(void)event_base_dispatch(arg);
	return NULL;
}

static int reach(const char *path)
{
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (mw_unix_address(path, &addr, NULL) || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		die("connect");
	return fd;
}

static void open_inquiry(struct bench *b, const char *folder)
{
	static const char *const resolvers[] = {"127.0.0.1@9"}; /* nobody is asked */
	char path[512], anchor[512];
	struct mw_dns *dns = NULL;
	struct mw_err err;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/dane", folder);
	(void)snprintf(anchor, sizeof(anchor), "%s/anchor", folder);
	f = fopen(anchor, "w");
	if (!f || fprintf(f, "anchor.invalid. IN DS 1 8 2 %064d\n", 0) < 0 || fclose(f))
		die(anchor);
	fill(path);
	b->base = event_base_new();
	if (!b->base || mw_dns_new(&(struct mw_dns_options){.base = b->base, .resolvers = {1, resolvers}, .trust_anchor = anchor},
				   &dns, &err))
		die("no DNS");
	if (mw_inquiry_new(&(struct mw_inquiry_options){.base = b->base,
							.dns = dns,
							.cache_path = path,
							.cache_most = DOMAINS,
							.bounds = {.timeout = 5, .ttl_min = 1, .ttl_max = 86400}},
			   &b->inquiry, &err))
		die(err.text);
}

/* One verdict of the milter's own memory. */
static void remembered(void *ctx)
{
	struct bench *b = ctx;
	char name[32], why[MW_LOOKUP_WHY];

	(void)snprintf(name, sizeof(name), "d%05u.example", b->next++ % 1000);
	if (mw_lookup_ask(b->route, mw_str(name), NULL, why) != MW_LOOKUP_VERIFIED)
		die("the milter was told something else");
}

int main(int argc, char **argv)
{
	static struct bench b;
	const struct mw_map map = {"verdict", mw_inquiry_verdict, NULL};
	static struct mw_map maps[1];
	struct mw_server *server;
	struct mw_listen listener;
	struct mw_err err;
	pthread_t thread, other;
	char spec[512];
	double rate[3], alone, milter;
	int pair[2];

	if (argc != 2)
		die("usage: lookup_bench FOLDER");
	open_inquiry(&b, argv[1]);
	rate_measure((const rate_fn[]){inside}, 1, &b, 1, &alone);
	maps[0] = map;
	maps[0].map = b.inquiry;
	(void)snprintf(spec, sizeof(spec), "unix:%s/socket", argv[1]);
	if (mw_listen_open(spec, 0600, NULL, &listener, &err) ||
	    mw_server_new(
		&(struct mw_server_options){
		    .base = b.base, .fd = &listener.fd, .n_fd = 1, .maps = maps, .n_maps = 1, .clients = 10, .idle = 600},
		&server, &err))
		die(err.text);
	b.question_n = (size_t)snprintf(b.question, sizeof(b.question), "22:verdict d00007.example,");
	b.answer_n = strlen("17:OK dane ttl=86400,");
	if (pthread_create(&thread, NULL, loop, b.base) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ||
	    pthread_create(&other, NULL, echo, &pair[1]))
		die("no thread");
	b.client = reach(listener.path);
	b.many = reach(listener.path);
	b.echo = pair[0];
	rate_measure((const rate_fn[]){echo_one, socket_one, socket_many}, 3, &b, 1, rate);
	b.route = mw_lookup_new(listener.path, 5000);
	for (unsigned i = 0; b.route && i < 1000; i++)
		remembered(&b);
	if (!b.route)
		die("no memory");
	rate_measure((const rate_fn[]){remembered}, 1, &b, 1, &milter);
	printf("in the milter, a verdict that it remembers        %6.2f us\n", 1e6 / milter);
	printf("inside, a question read, looked up and answered   %6.2f us\n", 1e6 / alone);
	printf("a thread that sends the octets back               %6.2f us\n", 1e6 / rate[0]);
	printf("over the socket, one after the other              %6.2f us, %.2f of that rate\n", 1e6 / rate[1],
	       rate[1] / rate[0]);
	printf("over the socket, %u at a time                     %6.2f us each, %.0f a second\n", AT_ONCE,
	       1e6 / rate[2] / AT_ONCE, rate[2] * AT_ONCE);
	(void)unlink(listener.path);
	exit(0); /* with its threads */
}
