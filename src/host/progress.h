/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress: what must happen while messages are judged or wait for their turn. One thread for all.
 *
 * Signs of life to the MTA, so that it does not give up on them. They stop after a while, so that the MTA's own timeout ends what
 * never ends, and so that a sign never blocks on a peer that reads nothing.
 *
 * A knock at our own socket. libmilter's pool counts a thread as idle until it has run, so two requests at the same time may go to
 * one thread; the second then waits until some callback returns, which is long when all of them judge. A connection makes
 * libmilter look again and start a thread. One knock is enough for all that began to block before it.
 */
#ifndef MW_HOST_PROGRESS_H
#define MW_HOST_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct mw_progress;

struct mw_progress_conf {
	int64_t interval; /* milliseconds between signs of life */
	unsigned times;	  /* at most so many for a message */
	void (*send)(void *ctx);
	int64_t blocks; /* milliseconds after which a message counts as blocking its thread */
	void (*knock)(void *knock_ctx);
	void *knock_ctx;
};

/* One message; lives on the caller's stack from begin to end. */
struct mw_progress_item {
	void *ctx;
	int64_t sign_at, knock_at; /* INT64_MAX: no more */
	unsigned left;
	struct mw_progress_item *next, **prev;
};

/* 0, -ENOMEM or -EAGAIN. conf is copied. */
int mw_progress_new(const struct mw_progress_conf *, struct mw_progress **ret);
void mw_progress_free(struct mw_progress **); /* ends the thread */
void mw_progress_begin(struct mw_progress *, struct mw_progress_item *, void *ctx);
/* After it returned, no send() for this item runs or will: the caller may write to the MTA itself. */
void mw_progress_end(struct mw_progress *, struct mw_progress_item *);

struct mw_progress_counts {
	uint64_t signs, knocks;
};
struct mw_progress_counts mw_progress_counts(struct mw_progress *);

#endif
