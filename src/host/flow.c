/* SPDX-License-Identifier: Apache-2.0 */
#include "host/flow.h"

#include "host/clock.h"

#include <pthread.h>
#include <stdlib.h>

/* A message gets this part of all: 1M of the default 64M, which holds nearly every mail without large attachments. */
#define SHARES 64

struct mw_flow {
	pthread_mutex_t lock;
	pthread_cond_t empty;
	uint64_t memory, used, active;
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
	if (mw_clock_cond(&f->empty)) {
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
	(void)pthread_cond_destroy(&(*f)->empty);
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
	if (--f->active == 0)
		(void)pthread_cond_broadcast(&f->empty);
	(void)pthread_mutex_unlock(&f->lock);
}

bool mw_flow_drain(struct mw_flow *f, unsigned seconds)
{
	struct timespec end = mw_clock_after((int64_t)seconds * 1000);
	bool empty;

	(void)pthread_mutex_lock(&f->lock);
	while (f->active && pthread_cond_timedwait(&f->empty, &f->lock, &end) == 0)
		;
	empty = f->active == 0;
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
