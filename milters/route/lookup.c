/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS 4096u	 /* a power of two */
#define DOMAINS 65536u	 /* that are remembered; above that, old ones go first */
#define THREADS 8u	 /* questions at a time: some name servers take their time */
#define DOMAIN_MAX 255u	 /* octets of one that can have an answer */
#define REPLY_MAX 1024u	 /* octets of an answer */
#define TTL_MAX 86400	 /* seconds that an answer is believed, whatever it says */
#define AGAIN_AFTER 2000 /* milliseconds: then what could not be told is asked again */

enum state { WANTED, ASKED, ANSWERED };

struct domain {
	struct domain *next;	      /* in its bucket */
	struct domain *newer, *older; /* all */
	struct domain *waits;	      /* the next that is wanted */
	enum state state;
	enum mw_lookup_answer answer;
	int64_t until; /* answered: milliseconds of now() */
	char why[MW_LOOKUP_WHY];
	size_t n;
	char name[]; /* terminated */
};

struct mw_lookup {
	const char *socket;
	int64_t wait;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct domain *bucket[BUCKETS];
	struct domain *newest, *oldest;
	struct domain *first, *last; /* wanted */
	size_t domains, threads, idle, wanted;
	bool ends;
	pthread_t thread[THREADS];
};

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct timespec timespec_of(int64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

struct mw_lookup *mw_lookup_new(const char *socket, int64_t wait)
{
	struct mw_lookup *l = calloc(1, sizeof(*l));
	pthread_condattr_t steady;

	if (!l)
		return NULL;
	l->socket = socket;
	l->wait = wait;
	/* A clock that is set must not make anybody wait. */
	if (pthread_condattr_init(&steady) != 0) {
		free(l);
		return NULL;
	}
	if (pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) != 0 || pthread_mutex_init(&l->lock, NULL) != 0 ||
	    pthread_cond_init(&l->work, NULL) != 0 || pthread_cond_init(&l->done, &steady) != 0) {
		free(l);
		l = NULL;
	}
	(void)pthread_condattr_destroy(&steady);
	return l;
}

void mw_lookup_free(struct mw_lookup **lp)
{
	struct mw_lookup *l = *lp;

	if (!l)
		return;
	*lp = NULL;
	(void)pthread_mutex_lock(&l->lock);
	l->ends = true;
	(void)pthread_cond_broadcast(&l->work);
	(void)pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < l->threads; i++)
		(void)pthread_join(l->thread[i], NULL);
	for (struct domain *d = l->newest, *older; d; d = older) {
		older = d->older;
		free(d);
	}
	(void)pthread_cond_destroy(&l->done);
	(void)pthread_cond_destroy(&l->work);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- what is remembered ----------------------------------------------------------------------------------------------------- */

static struct domain **bucket_of(struct mw_lookup *l, struct mw_str name)
{
	uint32_t h = 2166136261u; /* FNV-1a: an attacker who fills a bucket makes his own mail slow, by microseconds */

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 16777619u;
	return &l->bucket[h & (BUCKETS - 1)];
}

static struct domain *find(struct mw_lookup *l, struct mw_str name)
{
	struct domain *d = *bucket_of(l, name);

	while (d && (d->n != name.n || memcmp(d->name, name.p, name.n) != 0))
		d = d->next;
	return d;
}

static void take_out(struct mw_lookup *l, struct domain *d)
{
	struct domain **p = bucket_of(l, (struct mw_str){d->name, d->n});

	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	*(d->newer ? &d->newer->older : &l->newest) = d->older;
	*(d->older ? &d->older->newer : &l->oldest) = d->newer;
	l->domains--;
	free(d);
}

/* The oldest that nobody waits for makes room. */
static void make_room(struct mw_lookup *l)
{
	struct domain *d = l->oldest;

	while (d && d->state != ANSWERED)
		d = d->newer;
	if (d)
		take_out(l, d);
}

static void want(struct mw_lookup *l, struct domain *d)
{
	d->state = WANTED;
	d->waits = NULL;
	*(l->first ? &l->last->waits : &l->first) = d;
	l->last = d;
	l->wanted++;
	(void)pthread_cond_signal(&l->work);
}

static void *work(void *);

/* The domain, with an answer that holds or wanted. NULL: there is no memory, or no name can be like this. */
static struct domain *domain_of(struct mw_lookup *l, struct mw_str name)
{
	struct domain *d = find(l, name), **p;

	if (d && (d->state != ANSWERED || now() < d->until))
		return d;
	if (!d) {
		if (name.n == 0 || name.n > DOMAIN_MAX)
			return NULL;
		if (l->domains >= DOMAINS)
			make_room(l);
		d = calloc(1, sizeof(*d) + name.n + 1);
		if (!d)
			return NULL;
		memcpy(d->name, name.p, name.n);
		d->n = name.n;
		p = bucket_of(l, name);
		d->next = *p;
		*p = d;
		d->older = l->newest;
		*(l->newest ? &l->newest->newer : &l->oldest) = d;
		l->newest = d;
		l->domains++;
	}
	if (l->wanted >= l->idle && l->threads < THREADS && pthread_create(&l->thread[l->threads], NULL, work, l) == 0)
		l->threads++;
	want(l, d);
	return d;
}

/* ---- asking ----------------------------------------------------------------------------------------------------------------- */

static int dial(const char *path, int64_t wait)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000) * 1000};
	int fd;

	if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

/* Octets of the netstring at the start of buf, 0 when not all of it is there; *ret: the text in it. */
static int netstring(const char *buf, size_t n, size_t size, struct mw_str *ret)
{
	size_t length = 0, head = 0;

	while (head < n && head < 5 && buf[head] >= '0' && buf[head] <= '9')
		length = length * 10 + (size_t)(buf[head++] - '0');
	if (head == n && head < 5)
		return 0;
	if (head == 0 || head == 5 || buf[head] != ':')
		return -EBADMSG;
	if (head + length + 2 > size)
		return -EFBIG;
	if (n < head + length + 2)
		return 0;
	if (buf[head + length + 1] != ',')
		return -EBADMSG;
	*ret = (struct mw_str){.p = buf + head + 1, .n = length};
	return (int)(head + length + 2);
}

/* The text of the netstring that comes, in buf. */
static int receive(int fd, char *buf, size_t size, struct mw_str *ret, int64_t deadline)
{
	size_t n = 0;
	int all = 0;

	while (all == 0) {
		ssize_t got = recv(fd, buf + n, size - n, 0);

		if (got <= 0)
			return got < 0 ? -errno : -ECONNRESET;
		n += (size_t)got;
		all = netstring(buf, n, size, ret);
		if (all == 0 && now() >= deadline)
			return -ETIMEDOUT;
	}
	return all < 0 ? all : (size_t)all == n ? 0 : -EBADMSG;
}

static bool takes(struct mw_str *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	text->p += n;
	text->n -= n;
	return true;
}

/* The rest of the line behind why=, as far as it is for a terminal. */
static void take_why(struct mw_str text, char *why)
{
	size_t n = 0;

	while (text.n && !takes(&text, "why=")) {
		text.p++;
		text.n--;
	}
	for (size_t i = 0; i < text.n && n + 1 < MW_LOOKUP_WHY; i++)
		why[n++] = text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?';
	why[n] = '\0';
}

int mw_lookup_parse(struct mw_str text, enum mw_lookup_answer *ret, int64_t *ttl, char *why)
{
	enum mw_lookup_answer answer = MW_LOOKUP_UNKNOWN;
	int64_t seconds = 0;

	if (takes(&text, "TEMP") || takes(&text, "PERM")) {
		*ret = answer;
		*ttl = 0;
		why[0] = '\0';
		return 0;
	}
	if (takes(&text, "OK dane ") || takes(&text, "OK mta-sts ") || takes(&text, "OK partner "))
		answer = MW_LOOKUP_VERIFIED;
	else if (takes(&text, "OK none "))
		answer = MW_LOOKUP_NONE;
	if (answer == MW_LOOKUP_UNKNOWN || !takes(&text, "ttl=") || text.n == 0 || *text.p < '0' || *text.p > '9')
		return -EBADMSG;
	while (text.n && *text.p >= '0' && *text.p <= '9') {
		seconds = seconds > TTL_MAX ? seconds : seconds * 10 + (*text.p - '0');
		text.p++;
		text.n--;
	}
	why[0] = '\0';
	if (answer == MW_LOOKUP_NONE) {
		take_why(text, why);
		if (!why[0])
			(void)snprintf(why, MW_LOOKUP_WHY, "nothing assures its TLS");
	}
	*ret = answer;
	*ttl = seconds > TTL_MAX ? TTL_MAX : seconds;
	return 0;
}

/* One question over a connection, which is closed when it fails. */
static int ask_over(int *fd, const char *name, int64_t wait, enum mw_lookup_answer *answer, int64_t *ttl, char *why)
{
	char buf[REPLY_MAX + 8];
	int64_t deadline = now() + wait;
	struct mw_str text;
	int n = snprintf(buf, sizeof(buf), "%zu:verdict %s,", strlen(name) + strlen("verdict "), name);
	int r = send(*fd, buf, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -EPIPE;

	if (r == 0)
		r = receive(*fd, buf, sizeof(buf), &text, deadline);
	if (r == 0)
		r = mw_lookup_parse(text, answer, ttl, why);
	if (r < 0) {
		(void)close(*fd);
		*fd = -1;
	}
	return r;
}

/* A connection that was idle may have ended without a word: then once more. */
static void ask(struct mw_lookup *l, int *fd, const char *name, enum mw_lookup_answer *answer, int64_t *ttl, char *why)
{
	bool fresh = *fd < 0;

	if (!fresh && ask_over(fd, name, l->wait, answer, ttl, why) == 0)
		return;
	*fd = dial(l->socket, l->wait);
	if (*fd < 0 || ask_over(fd, name, l->wait, answer, ttl, why) < 0) {
		*answer = MW_LOOKUP_UNKNOWN;
		*ttl = 0;
		why[0] = '\0';
	}
}

/* Held: l->lock, but while asking. A domain that is asked about stays where it is. */
static void *work(void *arg)
{
	struct mw_lookup *l = arg;
	int fd = -1;

	(void)pthread_mutex_lock(&l->lock);
	for (;;) {
		enum mw_lookup_answer answer = MW_LOOKUP_UNKNOWN;
		char why[MW_LOOKUP_WHY] = "";
		struct domain *d;
		int64_t ttl = 0;

		for (l->idle++; !l->first && !l->ends;)
			(void)pthread_cond_wait(&l->work, &l->lock);
		l->idle--;
		if (l->ends)
			break;
		d = l->first;
		l->first = d->waits;
		l->wanted--;
		d->state = ASKED;
		(void)pthread_mutex_unlock(&l->lock);
		ask(l, &fd, d->name, &answer, &ttl, why);
		(void)pthread_mutex_lock(&l->lock);
		d->answer = answer;
		d->until = now() + (answer == MW_LOOKUP_UNKNOWN ? AGAIN_AFTER : ttl * 1000);
		memcpy(d->why, why, sizeof(why));
		d->state = ANSWERED;
		(void)pthread_cond_broadcast(&l->done);
	}
	(void)pthread_mutex_unlock(&l->lock);
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

void mw_lookup_want(struct mw_lookup *l, struct mw_str domain)
{
	(void)pthread_mutex_lock(&l->lock);
	(void)domain_of(l, domain);
	(void)pthread_mutex_unlock(&l->lock);
}

enum mw_lookup_answer mw_lookup_ask(struct mw_lookup *l, struct mw_str domain, int64_t *until, char *why)
{
	enum mw_lookup_answer answer = MW_LOOKUP_UNKNOWN;
	int64_t own = 0;
	struct domain *d;

	why[0] = '\0';
	(void)pthread_mutex_lock(&l->lock);
	d = domain_of(l, domain);
	if (d && d->state != ANSWERED) {
		struct timespec end;

		until = until ? until : &own;
		*until = *until ? *until : now() + l->wait;
		end = timespec_of(*until);
		/* Looked for again each time: others may have made room. */
		while (d && d->state != ANSWERED && pthread_cond_timedwait(&l->done, &l->lock, &end) == 0)
			d = find(l, domain);
	}
	if (d && d->state == ANSWERED) {
		answer = d->answer;
		memcpy(why, d->why, MW_LOOKUP_WHY);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return answer;
}
