/* SPDX-License-Identifier: Apache-2.0 */
#include "wkd.h"

#include "plugins/mime-entity/entity.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SETS 1024u /* a power of two */
#define WAYS 4u
#define KEEP_FOUND 900000 /* milliseconds */
#define KEEP_NONE 300000
#define KEEP_OCTETS (32u * 1024u * 1024u) /* of all keys: then all is forgotten */
#define PENDING 64u
#define STALE 60000 /* milliseconds: then nobody comes for an answer any more */
#define ADDRESS_MAX 320u

struct known {
	char *address; /* NULL: nothing is here */
	char *octets;  /* NULL: no key */
	size_t n;
	int64_t until;
};

struct pending {
	char *address;
	int fd;
	int64_t began;
};

struct pgp_wkd {
	const char *socket;
	int64_t wait;
	pthread_mutex_t lock;
	struct known known[SETS][WAYS];
	struct pending pending[PENDING];
	size_t octets;
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what is known --------------------------------------------------------------------------------------------------------------- */

static struct known *set_of(struct pgp_wkd *w, const char *address)
{
	uint32_t h = 2166136261u; /* FNV-1a: who fills a set makes others be asked for again */

	for (; *address; address++)
		h = (h ^ (unsigned char)*address) * 16777619u;
	return w->known[(h ^ h >> 16) & (SETS - 1)];
}

static void forget(struct pgp_wkd *w, struct known *k)
{
	w->octets -= k->n;
	free(k->address);
	free(k->octets);
	*k = (struct known){0};
}

static void forget_all(struct pgp_wkd *w)
{
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			forget(w, &w->known[i][k]);
}

static struct known *find(struct pgp_wkd *w, const char *address)
{
	struct known *set = set_of(w, address);

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].address && strcmp(set[i].address, address) == 0 && now_ms() < set[i].until)
			return &set[i];
	return NULL;
}

/* Without memory it is asked for again. */
static void remember(struct pgp_wkd *w, const char *address, const char *octets, size_t n)
{
	struct known *set = set_of(w, address), *k = set;
	struct known new = {.until = now_ms() + (octets ? KEEP_FOUND : KEEP_NONE)};

	if (w->octets + n > KEEP_OCTETS)
		forget_all(w);
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].address && strcmp(set[i].address, address) == 0) {
			k = &set[i];
			break;
		}
		if (set[i].until < k->until)
			k = &set[i];
	}
	new.address = strdup(address);
	if (octets && new.address) {
		new.octets = malloc(n ? n : 1);
		if (new.octets)
			memcpy(new.octets, octets, n);
		new.n = n;
	}
	forget(w, k);
	if (!new.address || (octets && !new.octets)) {
		free(new.address);
		return;
	}
	w->octets += new.n;
	*k = new;
}

/* ---- the wire -------------------------------------------------------------------------------------------------------------------- */

long pgp_netstring(const char *p, size_t n, struct mw_str *ret)
{
	size_t length = 0, head = 0;

	while (head < n && head < 8 && p[head] >= '0' && p[head] <= '9')
		length = length * 10 + (size_t)(p[head++] - '0');
	if (head == n && head < 8)
		return 0;
	if (head == 0 || head == 8 || p[head] != ':')
		return -EBADMSG;
	if (length > PGP_WKD_MAX)
		return -EFBIG;
	if (n < head + length + 2)
		return 0;
	if (p[head + 1 + length] != ',')
		return -EBADMSG;
	*ret = (struct mw_str){.p = p + head + 1, .n = length};
	return (long)(head + length + 2);
}

static bool takes(struct mw_str *s, const char *word)
{
	size_t n = strlen(word);

	if (s->n < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

static int decode(struct mw_str s, char **octets, size_t *n)
{
	struct entity_decoder d = {.coding = ENTITY_BASE64};
	char *p = malloc(s.n + 2 * ENTITY_SLACK);
	ssize_t got, end;

	if (!p)
		return -ENOMEM;
	got = entity_decode(&d, s.p, s.n, p);
	end = got > 0 ? entity_decode_end(&d, p + got) : -EBADMSG;
	if (end < 0) {
		free(p);
		return -EBADMSG;
	}
	*octets = p;
	*n = (size_t)(got + end);
	return 1;
}

int pgp_wkd_parse(struct mw_str text, char **octets, size_t *n, char *why)
{
	size_t at = 0;

	if (takes(&text, "OK "))
		return decode(text, octets, n);
	if (takes(&text, "NOTFOUND"))
		return 0;
	if (!takes(&text, "TEMP") && !takes(&text, "PERM") && !takes(&text, "TIMEOUT"))
		return -EBADMSG;
	for (size_t i = 1; i < text.n && at + 1 < PGP_WKD_WHY; i++)
		why[at++] = text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?';
	why[at] = '\0';
	return -EAGAIN;
}

static bool may_ask(const char *address)
{
	size_t n = strlen(address);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)address[i] < ' ' || address[i] == 0x7f)
			return false;
	return n <= ADDRESS_MAX && strchr(address, '@');
}

/* A connection over which the question is sent: unix sockets take both at once, or not at all. */
static int send_question(const struct pgp_wkd *w, const char *address)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char text[ADDRESS_MAX + 32];
	int n = snprintf(text, sizeof(text), "%zu:wkd %s,", strlen(address) + 4, address), fd, r = 0;

	if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s", w->socket) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		r = -errno;
	else if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		r = -EPIPE;
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

static int wait_for(int fd, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left = until - now_ms();
	int r;

	do
		r = poll(&p, 1, left > 0 ? (int)left : 0);
	while (r < 0 && errno == EINTR && (left = until - now_ms()) > 0);
	return r > 0 ? 0 : r < 0 ? -errno : -ETIMEDOUT;
}

static int more_room(char **buf, size_t *size)
{
	char *more = realloc(*buf, *size * 4);

	if (!more)
		return -ENOMEM;
	*buf = more;
	*size *= 4;
	return 0;
}

static int receive(int fd, int64_t until, char **octets, size_t *n, char *why)
{
	size_t size = 16384, have = 0;
	char *buf = malloc(size);
	struct mw_str text;
	long all = buf ? 0 : -ENOMEM;

	while (all == 0) {
		int r = wait_for(fd, until);
		ssize_t got = r == 0 ? recv(fd, buf + have, size - have, 0) : r;

		if (r == 0 && got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0) {
			all = r < 0 ? r : got < 0 ? -errno : -ECONNRESET;
			break;
		}
		have += (size_t)got;
		all = pgp_netstring(buf, have, &text);
		if (all == 0 && have == size)
			all = more_room(&buf, &size);
	}
	if (all > 0)
		all = pgp_wkd_parse(text, octets, n, why);
	free(buf);
	return (int)all;
}

/* ---- questions ------------------------------------------------------------------------------------------------------------------- */

static void give_up(struct pending *p)
{
	if (!p->address)
		return;
	(void)close(p->fd);
	free(p->address);
	p->address = NULL;
}

/* One for this address; a free one; or one that nobody came for. NULL: none. */
static struct pending *pending_of(struct pgp_wkd *w, const char *address, bool free_too)
{
	struct pending *ret = NULL;

	for (size_t i = 0; i < PENDING; i++) {
		struct pending *p = &w->pending[i];

		if (p->address && strcmp(p->address, address) == 0)
			return p;
		if (free_too && (!p->address || now_ms() - p->began > STALE))
			ret = p;
	}
	return ret;
}

struct pgp_wkd *pgp_wkd_new(const char *socket, int64_t wait)
{
	struct pgp_wkd *w = calloc(1, sizeof(*w));

	if (w && pthread_mutex_init(&w->lock, NULL) != 0) {
		free(w);
		w = NULL;
	}
	if (w) {
		w->socket = socket;
		w->wait = wait;
	}
	return w;
}

void pgp_wkd_free(struct pgp_wkd **wp)
{
	struct pgp_wkd *w = *wp;

	if (!w)
		return;
	for (size_t i = 0; i < PENDING; i++)
		give_up(&w->pending[i]);
	forget_all(w);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	*wp = NULL;
}

void pgp_wkd_want(struct pgp_wkd *w, const char *address)
{
	struct pending *p;
	int fd;

	if (!may_ask(address))
		return;
	(void)pthread_mutex_lock(&w->lock);
	p = find(w, address) ? NULL : pending_of(w, address, true);
	if (p && (!p->address || strcmp(p->address, address) != 0)) {
		give_up(p);
		fd = send_question(w, address);
		p->address = fd >= 0 ? strdup(address) : NULL;
		p->fd = fd;
		p->began = now_ms();
		if (fd >= 0 && !p->address)
			(void)close(fd);
	}
	(void)pthread_mutex_unlock(&w->lock);
}

static int copy(const struct known *k, char **octets, size_t *n)
{
	char *p;

	if (!k->octets)
		return 0;
	p = malloc(k->n ? k->n : 1);
	if (!p)
		return -ENOMEM;
	memcpy(p, k->octets, k->n);
	*octets = p;
	*n = k->n;
	return 1;
}

/* The connection over which this was asked: the caller's. -1: none. */
static int take_pending(struct pgp_wkd *w, const char *address)
{
	struct pending *p = pending_of(w, address, false);
	int fd = p ? p->fd : -1;

	if (p) {
		free(p->address);
		p->address = NULL;
	}
	return fd;
}

/* -EAGAIN: it has too many to take up just now. */
static int dial(const struct pgp_wkd *w, const char *address, int64_t until)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	int fd = send_question(w, address);

	while (fd == -EAGAIN && now_ms() < until) {
		(void)nanosleep(&moment, NULL);
		fd = send_question(w, address);
	}
	return fd;
}

/* One that was open for a while may have ended without a word: then once more. */
static int ask(const struct pgp_wkd *w, int fd, const char *address, char **octets, size_t *n, char *why)
{
	int64_t until = now_ms() + w->wait;
	int r = -ECONNRESET;

	if (fd >= 0) {
		r = receive(fd, until, octets, n, why);
		(void)close(fd);
	}
	if (r == -ECONNRESET) {
		fd = dial(w, address, until);
		if (fd < 0)
			return fd;
		r = receive(fd, until, octets, n, why);
		(void)close(fd);
	}
	return r;
}

int pgp_wkd_ask(struct pgp_wkd *w, const char *address, char **octets, size_t *n, char *why)
{
	const struct known *k;
	int r, fd = -1;

	if (!may_ask(address))
		return 0;
	(void)pthread_mutex_lock(&w->lock);
	k = find(w, address);
	r = k ? copy(k, octets, n) : 0;
	if (!k)
		fd = take_pending(w, address);
	(void)pthread_mutex_unlock(&w->lock);
	if (k)
		return r;
	why[0] = '\0';
	r = ask(w, fd, address, octets, n, why);
	if (r >= 0) {
		(void)pthread_mutex_lock(&w->lock);
		remember(w, address, r > 0 ? *octets : NULL, r > 0 ? *n : 0);
		(void)pthread_mutex_unlock(&w->lock);
	} else if (r == -ETIMEDOUT) {
		(void)snprintf(why, PGP_WKD_WHY, "no answer in time");
	} else if (!why[0]) {
		(void)snprintf(why, PGP_WKD_WHY, "%s",
			       r == -EBADMSG || r == -EFBIG ? "an answer that makes no sense" : strerror(-r));
	}
	return r;
}
