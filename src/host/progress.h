/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress: signs of life to the MTA for messages that are at work or wait, so that it does not give up on them. One thread
 * for all. It stops after a while, so that the MTA's own timeout ends what never ends, and so that a sign never blocks on a
 * peer that reads nothing.
 */
#ifndef MW_HOST_PROGRESS_H
#define MW_HOST_PROGRESS_H

#include <stdint.h>

struct mw_progress;

/* One message; lives on the caller's stack from begin to end. */
struct mw_progress_item {
	void *ctx;
	int64_t due;
	unsigned left;
	struct mw_progress_item *next, **prev;
};

/* send(ctx) every `interval` milliseconds, at most `times` for a message. 0, -ENOMEM or -EAGAIN. */
int mw_progress_new(int64_t interval, unsigned times, void (*send)(void *ctx), struct mw_progress **ret);
void mw_progress_free(struct mw_progress **); /* ends the thread */
void mw_progress_begin(struct mw_progress *, struct mw_progress_item *, void *ctx);
/* After it returned, no send() for this item runs or will: the caller may write to the MTA itself. */
void mw_progress_end(struct mw_progress *, struct mw_progress_item *);
uint64_t mw_progress_sent(struct mw_progress *);

#endif
