/* SPDX-License-Identifier: Apache-2.0 */
#include "host/flow.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

/* A message gets this part of all: 512K of the default, which holds nearly every mail without large attachments. */
#define SHARES 64
/* libmilter writes one packet to a local socket; this is a thousand times what that takes. Milliseconds. */
#define ANSWER_TIME 200

struct mw_flow {
	pthread_mutex_t lock;
	pthread_cond_t fewer;
	uint64_t memory, used, active;
	int64_t last_end; /* of a message, on the monotonic clock */
};

struct mw_flow *mw_flow_new(uint64_t memory)
{
	struct mw_flow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->memory = memory;
	if (pthread_mutex_init(&f->lock, NULL)) {
		free(f);
		return NULL;
	}
	if (mw_clock_cond(&f->fewer)) {
		(void)pthread_mutex_destroy(&f->lock);
		free(f);
		return NULL;
	}
	return f;
}

void mw_flow_free(struct mw_flow **f)
{
	if (!*f)
		return;
	(void)pthread_cond_destroy(&(*f)->fewer);
	(void)pthread_mutex_destroy(&(*f)->lock);
	free(*f);
	*f = NULL;
}

uint64_t mw_flow_begin(struct mw_flow *f)
{
	uint64_t share = f->memory / SHARES;

	(void)pthread_mutex_lock(&f->lock);
	if (share < MW_FLOW_LEAST || f->used + share > f->memory)
		share = MW_FLOW_LEAST;
	f->used += share;
	f->active++;
	(void)pthread_mutex_unlock(&f->lock);
	return share;
}

void mw_flow_end(struct mw_flow *f, uint64_t share)
{
	(void)pthread_mutex_lock(&f->lock);
	f->used -= share;
	f->last_end = mw_clock_ms();
	f->active--;
	(void)pthread_cond_broadcast(&f->fewer);
	(void)pthread_mutex_unlock(&f->lock);
}

bool mw_flow_drain(struct mw_flow *f, uint64_t stuck, unsigned seconds)
{
	int64_t end = mw_clock_ms() + (int64_t)seconds * 1000;
	bool empty;

	(void)pthread_mutex_lock(&f->lock);
	for (;;) {
		int64_t now = mw_clock_ms(), quiet = f->last_end + ANSWER_TIME;
		struct timespec at = mw_clock_at(f->active > stuck ? end : quiet);

		empty = f->active <= stuck;
		if (empty ? now >= quiet : now >= end)
			break;
		(void)pthread_cond_timedwait(&f->fewer, &f->lock, &at);
	}
	(void)pthread_mutex_unlock(&f->lock);
	return empty;
}

uint64_t mw_flow_active(struct mw_flow *f)
{
	uint64_t active;

	(void)pthread_mutex_lock(&f->lock);
	active = f->active;
	(void)pthread_mutex_unlock(&f->lock);
	return active;
}
