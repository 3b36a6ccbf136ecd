/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"
#include "guard_mta.h"
#include "run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mw_guard {
	const struct mw_host *host;
	struct mw_self *self;
	const struct mw_guard_conf *conf;
	pthread_mutex_t lock;
	bool asked, good;
	int64_t next; /* a bad answer is asked again from here on, mw_run_now() */
	struct mw_guard_answer last;
};

struct mw_guard *mw_guard_new(const struct mw_host *host, struct mw_self *self, const struct mw_guard_conf *conf)
{
	struct mw_guard *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->host = host;
	g->self = self;
	g->conf = conf;
	if (pthread_mutex_init(&g->lock, NULL) != 0) {
		free(g);
		return NULL;
	}
	return g;
}

bool mw_guard_splits(struct mw_guard *g)
{
	bool splits;

	(void)pthread_mutex_lock(&g->lock);
	splits = g->last.splits;
	(void)pthread_mutex_unlock(&g->lock);
	return splits;
}

void mw_guard_free(struct mw_guard **g)
{
	if (!*g)
		return;
	(void)pthread_mutex_destroy(&(*g)->lock);
	free(*g);
	*g = NULL;
}

/* ---- have the files changed? ------------------------------------------------------------------------------------------------
 */
static void stat_of(const char *path, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	if (stat(path, st) < 0)
		memset(st, 0, sizeof(*st));
}

void mw_guard_watch(struct mw_guard_answer *check, const char *dir, const char *name)
{
	struct mw_guard_file *file;

	if (check->files == MW_GUARD_FILES)
		return;
	file = &check->file[check->files++];
	(void)snprintf(file->path, sizeof(file->path), "%s%s%s", dir, *dir ? "/" : "", name);
	stat_of(file->path, &file->st);
}

static bool stat_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool files_same(const struct mw_guard_answer *check)
{
	struct stat now;

	for (size_t i = 0; i < check->files; i++) {
		stat_of(check->file[i].path, &now);
		if (!stat_same(&now, &check->file[i].st))
			return false;
	}
	return true;
}

/* ---- asking -----------------------------------------------------------------------------------------------------------------
 */

/* Logs a change of the answer, once. */
static void guard_ask(struct mw_guard *g)
{
	const struct mw_guard_mta *mta = g->conf->mta;
	struct mw_guard_answer now = {0};
	bool was_good = g->good, first = !g->asked;

	g->good = mta->ask(g->conf, &now) == 0;
	g->asked = true;
	g->next = mw_run_now() + g->conf->recheck * 1000;
	if (g->good && !was_good)
		g->host->log(g->self, NULL, MW_NOTICE, "guard", "%s routes every tag, and unknown ones end in an error",
			     mta->name);
	if (!g->good && (first || was_good || strcmp(g->last.why, now.why) != 0))
		g->host->log(g->self, NULL, MW_ERROR, "guard",
			     "%s; protected mail is answered 4xx until it is repaired: %s check tells more", now.why,
			     mta->script);
	if (now.warning[0] && strcmp(g->last.warning, now.warning) != 0)
		g->host->log(g->self, NULL, MW_WARNING, "guard", "%s", now.warning);
	g->last = now;
}

int mw_guard_check(struct mw_guard *g, struct mw_err *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&g->lock);
	if (!g->asked || !files_same(&g->last) || (!g->good && mw_run_now() >= g->next))
		guard_ask(g);
	if (!g->good)
		r = g->host->fail(err, -EHOSTUNREACH, "%s does not route milward's tags: %s", g->conf->mta->name, g->last.why);
	(void)pthread_mutex_unlock(&g->lock);
	return r;
}
