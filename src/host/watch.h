/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: notices a module that does not come back. A thread cannot be ended from outside without leaving its locks behind, so the
 * whole worker has to go; the supervisor starts another. What was in work gets a temporary failure from the MTA. It sees the hooks
 * that run for a message; close(), which runs when the last message of an old generation is gone, it does not.
 */
#ifndef MW_HOST_WATCH_H
#define MW_HOST_WATCH_H

#include "engine/engine.h"

struct mw_watch;

/* One session; lives in it from begin to end. */
struct mw_watch_item {
	struct mw_busy busy; /* for struct mw_msg_options */
	char queue_id[32];   /* of the message in work, "" while it has none; see mw_watch_name */
	bool told;	     /* it is among those that are stuck */
	struct mw_watch_item *next, **prev;
};

struct mw_watch_conf {
	int64_t patience; /* milliseconds */
	/* Called in the thread of the watch, once, when the first is stuck; more may follow. Need not return. */
	void (*stuck)(void *ctx);
	void *ctx;
};

/* 0, -ENOMEM or -EAGAIN. conf is copied. */
int mw_watch_new(const struct mw_watch_conf *, struct mw_watch **ret);
void mw_watch_free(struct mw_watch **); /* ends the thread */
void mw_watch_begin(struct mw_watch *, struct mw_watch_item *);
void mw_watch_end(struct mw_watch *, struct mw_watch_item *);
/* The message that the item has now. queue_id is copied. */
void mw_watch_name(struct mw_watch *, struct mw_watch_item *, const char *queue_id);
/* Logs each that is stuck now and was not told yet. How many are stuck. */
uint64_t mw_watch_look(struct mw_watch *);

#endif
