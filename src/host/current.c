/* SPDX-License-Identifier: Apache-2.0 */
#include "host/current.h"

#include "engine/program.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct mw_current {
	struct mw_loader *loader;
	const struct mw_options *options;
	pthread_mutex_t lock;
	struct mw_generation *generation;
};

struct mw_current *mw_current_new(struct mw_loader *loader, const struct mw_options *options)
{
	struct mw_current *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	if (pthread_mutex_init(&c->lock, NULL)) {
		free(c);
		return NULL;
	}
	c->loader = loader;
	c->options = options;
	return c;
}

void mw_current_free(struct mw_current **c)
{
	if (!*c)
		return;
	mw_generation_unref(&(*c)->generation);
	(void)pthread_mutex_destroy(&(*c)->lock);
	free(*c);
	*c = NULL;
}

static enum mw_exit build(struct mw_current *c, struct mw_generation **ret, struct mw_err *err)
{
	const struct mw_start *start = &c->options->start;
	enum mw_exit status = mw_program_policy(c->loader, start, MW_GEN_SAMPLES | (start->test ? MW_GEN_DRY : 0), ret, err);

	if (status == MW_EXIT_OK && mw_generation_plan(*ret)->lines == 0) {
		/* An editor or a full disk leaves an empty file behind: no reason to bounce all mail. */
		(void)mw_fail(err, -EINVAL, "%s: no `match` line, so every message would be refused; is the file complete?",
			      start->policy);
		mw_generation_unref(ret);
		status = MW_EXIT_POLICY;
	}
	return status;
}

static void swap(struct mw_current *c, struct mw_generation *fresh)
{
	struct mw_generation *old;

	(void)pthread_mutex_lock(&c->lock);
	old = c->generation;
	c->generation = fresh;
	(void)pthread_mutex_unlock(&c->lock);
	mw_generation_unref(&old); /* outside of the lock: closing modules may take long */
}

void mw_current_close(struct mw_current *c)
{
	swap(c, NULL);
}

enum mw_exit mw_current_load(struct mw_current *c, struct mw_err *err)
{
	struct mw_generation *fresh = NULL;
	enum mw_exit status = build(c, &fresh, err);

	if (status == MW_EXIT_OK)
		swap(c, fresh);
	return status;
}

struct mw_generation *mw_current_get(struct mw_current *c)
{
	struct mw_generation *g;

	(void)pthread_mutex_lock(&c->lock);
	g = c->generation ? mw_generation_ref(c->generation) : NULL;
	(void)pthread_mutex_unlock(&c->lock);
	return g;
}
