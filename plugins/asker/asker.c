/* SPDX-License-Identifier: Apache-2.0 */
#include "asker.h"

#include "wire.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS 16384u /* a power of two */
#define DEEP 16u       /* questions on a connection */

enum state { WANTED, ASKED, ANSWERED };

struct entry {
	struct entry *next;	     /* in its bucket */
	struct entry *newer, *older; /* by use */
	struct entry *waits;	     /* the next that is wanted */
	enum state state;
	bool again;	  /* it is asked for the second time */
	unsigned waiters; /* threads that need it to stay */
	pthread_cond_t done;
	unsigned answers; /* how often it was */
	int result;	  /* of the last answer: 0, or why there is none */
	int64_t until;	  /* how long that holds */
	char *answer;
	size_t answer_n;
	size_t n;
	char question[];
};

struct mw_asker {
	struct mw_asker_options o;
	struct mw_wire *wire; /* the thread's own */
	pthread_mutex_t lock;
	pthread_condattr_t steady; /* a clock that is set must not make anybody wait */
	pthread_t thread;
	int wake; /* eventfd */
	bool runs, sleeps, ends;
	uint64_t seed;
	void (*asked)(void *ctx, bool hit); /* NULL: nobody counts */
	void *asked_ctx;
	struct entry *newest, *oldest;
	struct entry *first, *last; /* wanted */
	size_t entries, octets;
	struct entry *bucket[BUCKETS];
};

int64_t mw_asker_clock(void)
{
	return mw_wire_clock();
}

static struct timespec timespec_of(int64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* ---- what is remembered ----------------------------------------------------------------------------------------------------- */

/* Strangers choose the names that are asked for: without a seed they could choose such that meet in one bucket. */
static struct entry **bucket_of(struct mw_asker *a, struct mw_str question)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ a->seed;

	for (size_t i = 0; i < question.n; i++)
		h = (h ^ (unsigned char)question.p[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h = (h ^ a->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return &a->bucket[h >> 32 & (BUCKETS - 1)];
}

static struct entry *find(struct mw_asker *a, struct mw_str question)
{
	struct entry *e = *bucket_of(a, question);

	while (e && (e->n != question.n || memcmp(e->question, question.p, e->n) != 0))
		e = e->next;
	return e;
}

static void unlink_entry(struct mw_asker *a, struct entry *e)
{
	*(e->newer ? &e->newer->older : &a->newest) = e->older;
	*(e->older ? &e->older->newer : &a->oldest) = e->newer;
}

static void link_newest(struct mw_asker *a, struct entry *e)
{
	e->newer = NULL;
	e->older = a->newest;
	*(a->newest ? &a->newest->newer : &a->oldest) = e;
	a->newest = e;
}

static void entry_free(struct entry *e)
{
	(void)pthread_cond_destroy(&e->done);
	free(e->answer);
	free(e);
}

static void forget(struct mw_asker *a, struct entry *e)
{
	struct entry **p = bucket_of(a, (struct mw_str){e->question, e->n});

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	unlink_entry(a, e);
	a->entries--;
	a->octets -= sizeof(*e) + e->n + e->answer_n;
	entry_free(e);
}

/* For so much more: what nobody waits for goes, that which was used longest ago first. */
static void make_room(struct mw_asker *a, size_t entries, size_t octets)
{
	struct entry *e = a->oldest;

	while (e && (a->entries + entries > a->o.entries || a->octets + octets > a->o.octets)) {
		struct entry *newer = e->newer;

		if (e->state == ANSWERED && e->waiters == 0)
			forget(a, e);
		e = newer;
	}
}

static void queue(struct mw_asker *a, struct entry *e)
{
	e->state = WANTED;
	e->waits = NULL;
	*(a->first ? &a->last->waits : &a->first) = e;
	a->last = e;
}

static void wake(struct mw_asker *a)
{
	const uint64_t one = 1;

	if (a->sleeps && write(a->wake, &one, sizeof(one)) == (ssize_t)sizeof(one))
		a->sleeps = false;
}

static void *work(void *);

static int start(struct mw_asker *a)
{
	int r;

	if (a->runs)
		return 0;
	r = pthread_create(&a->thread, NULL, work, a);
	a->runs = r == 0;
	return -r;
}

static int entry_new(struct mw_asker *a, struct mw_str question, struct entry **ret)
{
	struct entry *e, **p;

	make_room(a, 1, sizeof(*e) + question.n);
	if (a->entries >= a->o.entries)
		return -EBUSY;
	e = calloc(1, sizeof(*e) + question.n);
	if (!e)
		return -ENOMEM;
	if (pthread_cond_init(&e->done, &a->steady) != 0) {
		free(e);
		return -ENOMEM;
	}
	memcpy(e->question, question.p, question.n);
	e->n = question.n;
	p = bucket_of(a, question);
	e->next = *p;
	*p = e;
	link_newest(a, e);
	a->entries++;
	a->octets += sizeof(*e) + e->n;
	*ret = e;
	return 0;
}

/* The entry, with an answer that holds, or asked for; *asks: since now. */
static int entry_of(struct mw_asker *a, struct mw_str question, struct entry **ret, bool *asks)
{
	struct entry *e;
	int r = question.n == 0 || question.n > a->o.question_max ? -EMSGSIZE : start(a);

	if (r)
		return r;
	e = find(a, question);
	if (e) {
		unlink_entry(a, e);
		link_newest(a, e);
	} else {
		r = entry_new(a, question, &e);
		if (r)
			return r;
		e->state = ANSWERED; /* that nobody knows yet */
		e->until = INT64_MIN;
	}
	*asks = e->state == ANSWERED && e->until <= mw_wire_clock();
	if (*asks) {
		e->again = false;
		queue(a, e);
		wake(a);
	}
	*ret = e;
	return 0;
}

/* ---- asking: the thread ----------------------------------------------------------------------------------------------------- */

static void answer(struct mw_asker *a, struct entry *e, int result, int64_t holds)
{
	e->result = result;
	e->until = mw_wire_clock() + holds;
	e->state = ANSWERED;
	e->answers++;
	(void)pthread_cond_broadcast(&e->done);
	make_room(a, 0, 0);
}

static void set_text(struct mw_asker *a, struct entry *e, char *text, size_t n)
{
	a->octets = a->octets - e->answer_n + n;
	free(e->answer);
	e->answer = text;
	e->answer_n = n;
}

static bool on_done(void *ctx, void *question, int result, struct mw_str reply)
{
	struct mw_asker *a = ctx;
	struct entry *e = question;
	int64_t holds = MW_ASKER_AGAIN;
	char *copy = NULL;
	bool good = result == 0 && a->o.holds(reply, &holds);

	if (result == -EAGAIN && !e->again && !a->ends) {
		e->again = true;
		queue(a, e);
		return true;
	}
	if (good) {
		copy = malloc(reply.n ? reply.n : 1);
		if (copy && reply.n)
			memcpy(copy, reply.p, reply.n);
		if (!copy)
			result = -ENOMEM;
	} else if (result == 0) {
		result = -EBADMSG;
	}
	set_text(a, e, copy, copy ? reply.n : 0);
	answer(a, e, result, result ? MW_ASKER_AGAIN : holds);
	return good;
}

/* All that is wanted, as far as there is room. */
static void ask_wanted(struct mw_asker *a)
{
	while (a->first) {
		struct entry *e = a->first;
		int r;

		a->first = e->waits;
		e->state = ASKED;
		r = mw_wire_ask(a->wire, (struct mw_str){e->question, e->n}, e);
		if (r == -EBUSY) { /* the first again, when there is */
			e->state = WANTED;
			e->waits = a->first;
			a->last = a->first ? a->last : e;
			a->first = e;
			return;
		}
		if (r) {
			set_text(a, e, NULL, 0);
			answer(a, e, r, MW_ASKER_AGAIN);
		}
	}
}

static void *work(void *arg)
{
	struct mw_asker *a = arg;
	uint64_t count;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->ends) {
		ask_wanted(a);
		a->sleeps = true;
		(void)pthread_mutex_unlock(&a->lock);
		mw_wire_wait(a->wire, a->wake);
		(void)pthread_mutex_lock(&a->lock);
		a->sleeps = false;
		while (read(a->wake, &count, sizeof(count)) > 0)
			;
		mw_wire_work(a->wire);
	}
	(void)pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- outside ---------------------------------------------------------------------------------------------------------------- */

void mw_asker_tell(struct mw_asker *a, void (*asked)(void *ctx, bool hit), void *ctx)
{
	a->asked = asked;
	a->asked_ctx = ctx;
}

bool mw_asker_want(struct mw_asker *a, struct mw_str question)
{
	struct entry *e;
	bool asks = false;
	int r;

	(void)pthread_mutex_lock(&a->lock);
	r = entry_of(a, question, &e, &asks);
	(void)pthread_mutex_unlock(&a->lock);
	if (r == 0 && a->asked)
		a->asked(a->asked_ctx, !asks);
	return asks;
}

/* Held: a->lock. */
static int wait_for(struct mw_asker *a, struct entry *e, int64_t *until, int64_t budget)
{
	const unsigned answers = e->answers; /* one that holds for no time may be asked for again before this thread runs */
	struct timespec end;

	*until = *until ? *until : mw_wire_clock() + budget;
	end = timespec_of(*until);
	e->waiters++;
	while (e->answers == answers && pthread_cond_timedwait(&e->done, &a->lock, &end) == 0)
		;
	e->waiters--;
	return e->answers != answers ? 0 : -ETIMEDOUT;
}

int mw_asker_get(struct mw_asker *a, struct mw_str question, int64_t *until, int64_t budget, char **ret, size_t *n)
{
	struct entry *e;
	char *copy = NULL;
	bool asks;
	int r;

	(void)pthread_mutex_lock(&a->lock);
	r = entry_of(a, question, &e, &asks);
	if (r == 0 && asks && a->asked)
		a->asked(a->asked_ctx, false);
	if (r == 0 && e->state != ANSWERED)
		r = wait_for(a, e, until, budget);
	if (r == 0)
		r = e->result;
	if (r == 0) {
		copy = malloc(e->answer_n ? e->answer_n : 1);
		r = copy ? 0 : -ENOMEM;
	}
	if (r == 0) {
		if (e->answer_n)
			memcpy(copy, e->answer, e->answer_n);
		*ret = copy;
		*n = e->answer_n;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return r;
}

static bool open_parts(struct mw_asker *a)
{
	const struct mw_wire_options wire = {.socket = a->o.socket,
					     .connections = a->o.connections,
					     .deep = DEEP,
					     .reply_max = a->o.answer_max,
					     .wait = a->o.wait,
					     .done = on_done,
					     .ctx = a};

	a->wire = mw_wire_new(&wire);
	a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return a->wire && a->wake >= 0;
}

struct mw_asker *mw_asker_new(const struct mw_asker_options *o)
{
	struct mw_asker *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->o = *o;
	a->wake = -1;
	if (getrandom(&a->seed, sizeof(a->seed), 0) != (ssize_t)sizeof(a->seed))
		a->seed = (uint64_t)mw_wire_clock();
	if (pthread_condattr_init(&a->steady) != 0) {
		free(a);
		return NULL;
	}
	if (pthread_mutex_init(&a->lock, NULL) != 0) {
		(void)pthread_condattr_destroy(&a->steady);
		free(a);
		return NULL;
	}
	if (pthread_condattr_setclock(&a->steady, CLOCK_MONOTONIC) != 0 || !open_parts(a))
		mw_asker_free(&a);
	return a;
}

void mw_asker_free(struct mw_asker **ap)
{
	struct mw_asker *a = *ap;

	if (!a)
		return;
	*ap = NULL;
	(void)pthread_mutex_lock(&a->lock);
	a->ends = true;
	wake(a);
	(void)pthread_mutex_unlock(&a->lock);
	if (a->runs)
		(void)pthread_join(a->thread, NULL);
	mw_wire_free(&a->wire);
	for (struct entry *e = a->newest, *older; e; e = older) {
		older = e->older;
		entry_free(e);
	}
	if (a->wake >= 0)
		(void)close(a->wake);
	(void)pthread_mutex_destroy(&a->lock);
	(void)pthread_condattr_destroy(&a->steady);
	free(a);
}
