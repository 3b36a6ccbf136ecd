/* SPDX-License-Identifier: Apache-2.0 */
#include "host/current.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Diagnostics are several lines each (source line, caret): one log line for each of them keeps them readable in syslog too. */
static void log_diags(const struct mw_diags *diags)
{
	struct mw_buf text = MW_BUF_INIT;
	char *line, *rest;

	mw_diags_print(diags, false, &text);
	if (!mw_buf_ok(&text) || !text.n) {
		mw_buf_free(&text);
		return;
	}
	for (line = strtok_r(text.p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		mw_log(diags->errors ? MW_ERROR : MW_WARNING, NULL, "policy", "%s", line);
	mw_buf_free(&text);
}

static enum mw_exit build(struct mw_current *c, struct mw_generation **ret, struct mw_err *err)
{
	const char *policy = c->options->policy;
	struct mw_arena *arena;
	struct mw_diags diags;
	enum mw_exit status = MW_EXIT_OK;
	int r;

	if (access(policy, R_OK)) {
		(void)mw_fail(err, -errno, "%s: %s", policy, strerror(errno));
		return MW_EXIT_NO_INPUT;
	}
	arena = mw_arena_new(0);
	if (!arena) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	mw_diags_init(&diags, arena);
	err->text[0] = '\0';
	r = mw_generation_new(c->loader, policy, c->options->policies, MW_GEN_SAMPLES | (c->options->test ? MW_GEN_DRY : 0),
			      &diags, ret, err);
	log_diags(&diags);
	if (r && (diags.errors || !err->text[0])) {
		(void)mw_fail(err, r, "%s: %zu error%s; see the lines above, or run: milwardctl check %s", policy, diags.errors,
			      diags.errors == 1 ? "" : "s", policy);
		status = MW_EXIT_POLICY;
	} else if (r) {
		mw_err_prefix(err, "%s", policy);
		status = r == -ENOMEM ? MW_EXIT_SYSTEM : MW_EXIT_MODULE;
	} else if (mw_generation_plan(*ret)->lines == 0) {
		/* An editor or a full disk leaves an empty file behind: no reason to bounce all mail. */
		(void)mw_fail(err, -EINVAL, "%s: no `match` line, so every message would be refused; is the file complete?",
			      policy);
		mw_generation_unref(ret);
		status = MW_EXIT_POLICY;
	}
	mw_arena_free(&arena);
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
