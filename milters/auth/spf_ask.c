/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spf_ask: reads lines "CLIENT TAB HELO TAB SENDER" and answers each with a line "WORD TAB EXPLANATION TAB WHY TAB LOOKUPS", by milters/auth.
 * Octets in SENDER are as they are.
 *
 *     spf_ask FILE                              over records of a text file (zone.h)
 *     spf_ask lookup=SOCKET TIME SESSIONS ROUNDS
 *         over milward-lookup: so many threads ask all lines, each beginning at another, so often; TIME: milliseconds of a message. The
 *         answer is that of the first, with one field more: how many had the same word; and another: the milliseconds of the slowest.
 */
#include "dns.h"
#include "spf.h"
#include "zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINES_MAX 4096u

struct ask {
	char *line; /* cut into its fields */
	struct mw_auth_mail mail;
	struct mw_spf_result result;
	size_t same;
	int64_t slowest;
};

static struct ask asks[LINES_MAX];
static size_t n_asks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct mw_str str(const char *s)
{
	return (struct mw_str){s, strlen(s)};
}

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool read_line(const char *text)
{
	struct ask *a = &asks[n_asks];
	char *helo, *sender, *at;

	a->line = strdup(text);
	helo = a->line ? strchr(a->line, '\t') : NULL;
	sender = helo ? strchr(helo + 1, '\t') : NULL;
	if (!sender || n_asks + 1 == LINES_MAX)
		return false;
	*helo++ = '\0';
	*sender++ = '\0';
	sender[strcspn(sender, "\n")] = '\0';
	at = strrchr(sender, '@');
	a->mail = (struct mw_auth_mail){.client = str(a->line),
					.helo = str(helo),
					.sender = str(sender),
					.sender_domain = str(at ? at + 1 : sender),
					.receiver = "unknown",
					.now = 1700000000};
	n_asks++;
	return true;
}

static bool check(const struct ask *a, const struct mw_resolver *resolver, struct mw_spf_result *ret)
{
	mw_spf_want(&a->mail, resolver);
	return mw_spf_check(&a->mail, resolver, MW_SPF_MAILFROM, NULL, ret) == 0;
}

static int over_file(const char *path)
{
	struct mw_zonefile *zone = NULL;
	struct mw_resolver resolver;
	struct mw_err err = {0};

	if (mw_zonefile_read(path, &zone, &err)) {
		(void)fprintf(stderr, "spf_ask: %s\n", err.text);
		return 2;
	}
	resolver = mw_zonefile_resolver(zone);
	for (size_t i = 0; i < n_asks; i++) {
		const struct mw_spf_result *r = &asks[i].result;

		if (!check(&asks[i], &resolver, &asks[i].result))
			return 1;
		(void)printf("%s\t%s\t%s\t%u\n", mw_auth_word(r->word), r->explanation, r->why, r->lookups);
	}
	mw_zonefile_free(&zone);
	return 0;
}

struct session {
	pthread_t thread;
	struct mw_dns_lookup *lookup;
	int64_t time;
	size_t start, rounds;
	bool failed;
};

static void one(struct session *s, struct ask *a)
{
	struct mw_dns_message *m = mw_dns_message_new(s->lookup, s->time);
	struct mw_resolver resolver = mw_dns_message_resolver(m);
	struct mw_spf_result result;
	int64_t start = now(), took;

	s->failed |= !m || !check(a, &resolver, &result);
	took = now() - start;
	mw_dns_message_free(&m);
	(void)pthread_mutex_lock(&lock);
	if (a->same == 0)
		a->result = result;
	a->same += a->result.word == result.word;
	a->slowest = took > a->slowest ? took : a->slowest;
	(void)pthread_mutex_unlock(&lock);
}

static void *session(void *arg)
{
	struct session *s = arg;

	for (size_t i = 0; i < s->rounds * n_asks; i++)
		one(s, &asks[(s->start + i) % n_asks]);
	return NULL;
}

static int over_lookup(const char *socket, int64_t time, size_t n, size_t rounds)
{
	struct mw_dns_lookup *lookup = mw_dns_lookup_new(socket);
	struct session *s = calloc(n, sizeof(*s));
	bool failed = !lookup || !s;

	for (size_t i = 0; !failed && i < n; i++) {
		s[i] = (struct session){.lookup = lookup, .time = time, .start = i, .rounds = rounds};
		if (pthread_create(&s[i].thread, NULL, session, &s[i]) != 0)
			abort();
	}
	for (size_t i = 0; !failed && i < n; i++)
		(void)pthread_join(s[i].thread, NULL);
	for (size_t i = 0; !failed && i < n; i++)
		failed |= s[i].failed;
	for (size_t i = 0; !failed && i < n_asks; i++) {
		const struct mw_spf_result *r = &asks[i].result;

		(void)printf("%s\t%s\t%s\t%u\t%zu\t%lld\n", mw_auth_word(r->word), r->explanation, r->why, r->lookups,
			     asks[i].same, (long long)asks[i].slowest);
	}
	free(s);
	mw_dns_lookup_free(&lookup);
	return failed;
}

int main(int argc, char **argv)
{
	char line[65536];
	int r = 2;

	while (fgets(line, sizeof(line), stdin))
		if (!read_line(line))
			return 1;
	if (argc == 2)
		r = over_file(argv[1]);
	else if (argc == 5 && strncmp(argv[1], "lookup=", 7) == 0)
		r = over_lookup(argv[1] + 7, strtoll(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	else
		(void)fprintf(stderr, "usage: spf_ask FILE | spf_ask lookup=SOCKET TIME SESSIONS ROUNDS\n");
	for (size_t i = 0; i < n_asks; i++)
		free(asks[i].line);
	return r;
}
