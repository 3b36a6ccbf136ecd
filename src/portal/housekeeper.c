/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/housekeeper.h"

#include "base/clock.h"
#include "portal/chores.h"
#include "smtp/post.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUND_MS 500
#define REPLY_MS 60000 /* that the MTA may take for an answer */

struct mw_housekeeper {
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, up to the chores */
	pthread_cond_t wake;
	bool ends;
	struct mw_site *site;
	struct mw_chores chores; /* of the thread */
	char host[256];
};

static int send_letter(void *ctx, const struct mw_letter *l, char *said, size_t n, struct mw_err *err)
{
	const struct mw_housekeeper *h = ctx;
	struct mw_post post = {.to = h->chores.site.conf->reentry,
			       .name = h->host,
			       .reply_ms = REPLY_MS,
			       .sender = "",
			       .recipient = l->to,
			       .notify = "NEVER"};
	struct mw_mail mail = {.head = l->text, .fd = -1};
	char queue_id[MW_QUEUE_ID] = "-";
	int r = mw_post_send(&post, &mail, queue_id, err);

	if (r == -EPERM) {
		(void)snprintf(said, n, "%.*s", (int)n - 1, err->text);
		return MW_SENT_NEVER;
	}
	if (r < 0)
		return r;
	(void)snprintf(said, n, "%s", queue_id);
	return MW_SENT;
}

static void do_chores(struct mw_housekeeper *h, struct mw_site *site)
{
	bool more = true;

	h->chores.site = (struct mw_letter_site){.conf = site->conf, .templates = site->templates, .host = h->host};
	while (more) {
		more = mw_chores_round(&h->chores, (int64_t)time(NULL));
		(void)pthread_mutex_lock(&h->lock);
		more = more && !h->ends;
		(void)pthread_mutex_unlock(&h->lock);
	}
}

static void *keep(void *arg)
{
	struct mw_housekeeper *h = arg;

	(void)pthread_mutex_lock(&h->lock);
	while (!h->ends) {
		struct timespec at = mw_clock_after(ROUND_MS);
		struct mw_site *site = mw_site_ref(h->site);

		(void)pthread_mutex_unlock(&h->lock);
		do_chores(h, site);
		mw_site_unref(&site);
		(void)pthread_mutex_lock(&h->lock);
		while (!h->ends && pthread_cond_timedwait(&h->wake, &h->lock, &at) != ETIMEDOUT)
			;
	}
	(void)pthread_mutex_unlock(&h->lock);
	return NULL;
}

void mw_housekeeper_set_site(struct mw_housekeeper *h, struct mw_site *site)
{
	struct mw_site *old;

	(void)pthread_mutex_lock(&h->lock);
	old = h->site;
	h->site = mw_site_ref(site);
	(void)pthread_mutex_unlock(&h->lock);
	mw_site_unref(&old);
}

static void keeper_free(struct mw_housekeeper *h)
{
	mw_pickup_close(&h->chores.store);
	mw_site_unref(&h->site);
	(void)pthread_cond_destroy(&h->wake);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

int mw_housekeeper_start(struct mw_portal *portal, struct mw_site *site, struct mw_housekeeper **ret, struct mw_err *err)
{
	struct mw_housekeeper *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return mw_fail_memory(err);
	(void)pthread_mutex_init(&h->lock, NULL);
	if (mw_clock_cond(&h->wake) != 0) {
		(void)pthread_mutex_destroy(&h->lock);
		free(h);
		return mw_fail_memory(err);
	}
	if (gethostname(h->host, sizeof(h->host) - 1) < 0 || !*h->host)
		(void)snprintf(h->host, sizeof(h->host), "localhost");
	h->site = mw_site_ref(site);
	h->chores.keys = portal->keys;
	h->chores.recorder = portal->recorder;
	h->chores.send = send_letter;
	h->chores.ctx = h;
	r = mw_pickup_open(site->conf->store, portal->keys, false, &h->chores.store, err);
	if (r == 0) {
		mw_recorder_attach(portal->recorder, h->chores.store);
		r = -pthread_create(&h->thread, NULL, keep, h);
		if (r < 0)
			(void)mw_fail(err, r, "no thread: %s", strerror(-r));
	}
	if (r < 0) {
		keeper_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

void mw_housekeeper_stop(struct mw_housekeeper **at)
{
	struct mw_housekeeper *h = *at;

	if (!h)
		return;
	(void)pthread_mutex_lock(&h->lock);
	h->ends = true;
	(void)pthread_cond_broadcast(&h->wake);
	(void)pthread_mutex_unlock(&h->lock);
	(void)pthread_join(h->thread, NULL);
	keeper_free(h);
	*at = NULL;
}
