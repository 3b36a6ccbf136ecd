/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/readers.h"

#include "base/clock.h"
#include "installed.h"
#include "reader/client.h"
#include "reader/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A module may read much when it is opened: the words of a language, for one. */
#define OPEN_MS 60000
/* A keeper ends by nothing that a document can do. Somebody who kills them is outpaced no further. */
#define ATTEMPTS 3

/* A reader that has read goes on until it has read so many documents or so long, or one that did not end well. Then a new copy
 * takes its place: what a document may do to those that come after it is bounded, and so is what copies cost. */
#define DOCUMENTS_MAX 64
#define READING_MAX_US 5000
/* The memory of a reader is measured by its first document: a large one has a reader of its own. */
#define LARGE ((size_t)8 * 1024 * 1024)

/* A reader between two documents. */
struct idle {
	int fd;
	unsigned documents;
	int64_t us; /* that they took */
};

/* One kind of readers. */
struct crew {
	struct mw_buf setup; /* empty: no module needs it */
	pthread_mutex_t lock;
	struct mw_keeper *keeper; /* NULL: not started, or gone */
	bool once;		  /* each reads one document */
	struct idle *idle;	  /* the last is taken first */
	size_t idles, most;
	int count; /* a semaphore that can be polled: how many there are, or a few more */
};

enum { PLAIN = 0, TOOLS, KINDS };

struct place {
	unsigned kind;
	uint32_t index; /* in the setup of that kind */
};

struct mw_readers {
	struct crew crew[KINDS];
	char *program;
	struct place *place; /* of each module */
	size_t modules;
	void (*log)(void *ctx, enum mw_log_level, const char *module, const char *text);
	void (*started)(void *ctx);
	void *ctx;
};

/* ---- making ---------------------------------------------------------------------------------------------------------------------- */

void mw_readers_program(char *path, size_t size)
{
	static const char name[] = "milward-reader";
	const char *set = secure_getenv("MILWARD_READER");
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (set && *set) {
		(void)snprintf(path, size, "%s", set);
		return;
	}
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		*slash = '\0';
		if ((size_t)snprintf(path, size, "%s/%s", self, name) < size && access(path, X_OK) == 0)
			return;
	}
	(void)snprintf(path, size, "%s", MW_READER);
}

static int crew_setup(struct mw_readers *r, const struct mw_readers_conf *conf, unsigned kind)
{
	struct mw_reader_module *module = calloc(conf->modules ? conf->modules : 1, sizeof(*module));
	struct mw_setup setup = {
	    .modules_dir = conf->modules_dir, .tools = kind == TOOLS, .readers = conf->readers, .module = module};
	int res = 0;

	if (!module)
		return -ENOMEM;
	for (size_t i = 0; i < conf->modules; i++) {
		if (kind != (conf->module[i].granted & MW_POWER_RUN ? TOOLS : PLAIN))
			continue;
		r->place[i] = (struct place){.kind = kind, .index = (uint32_t)setup.modules};
		module[setup.modules++] = conf->module[i];
	}
	if (setup.modules)
		res = mw_setup_put(&r->crew[kind].setup, &setup);
	free(module);
	return res;
}

static int crew_new(struct mw_readers *r, const struct mw_readers_conf *conf, unsigned kind)
{
	struct crew *c = &r->crew[kind];

	c->once = kind == TOOLS;
	c->most = conf->readers ? conf->readers : 1;
	c->idle = calloc(c->most, sizeof(*c->idle));
	c->count = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	return !c->idle || c->count < 0 ? -ENOMEM : crew_setup(r, conf, kind);
}

int mw_readers_new(const struct mw_readers_conf *conf, struct mw_readers **ret, struct mw_err *err)
{
	struct mw_readers *r = calloc(1, sizeof(*r));
	int res = r ? 0 : -ENOMEM;

	if (!r)
		return mw_fail_memory(err);
	for (unsigned k = 0; k < KINDS; k++) {
		(void)pthread_mutex_init(&r->crew[k].lock, NULL); /* of the default kind: cannot fail */
		r->crew[k].count = -1;
	}
	r->modules = conf->modules;
	r->log = conf->log;
	r->started = conf->started;
	r->ctx = conf->ctx;
	r->program = strdup(conf->program);
	r->place = calloc(conf->modules ? conf->modules : 1, sizeof(*r->place));
	if (!r->program || !r->place)
		res = -ENOMEM;
	for (unsigned k = 0; k < KINDS && res == 0; k++)
		res = crew_new(r, conf, k);
	if (res < 0) {
		mw_readers_free(&r);
		return mw_fail_memory(err);
	}
	*ret = r;
	return 0;
}

static void crew_free(struct crew *c)
{
	for (size_t i = 0; i < c->idles; i++)
		(void)close(c->idle[i].fd);
	free(c->idle);
	if (c->count >= 0)
		(void)close(c->count);
	mw_keeper_unref(c->keeper);
	mw_buf_free(&c->setup);
	(void)pthread_mutex_destroy(&c->lock);
}

void mw_readers_free(struct mw_readers **rp)
{
	struct mw_readers *r = rp ? *rp : NULL;

	if (!r)
		return;
	*rp = NULL;
	for (unsigned k = 0; k < KINDS; k++)
		crew_free(&r->crew[k]);
	free(r->program);
	free(r->place);
	free(r);
}

/* ---- keepers --------------------------------------------------------------------------------------------------------------------- */

/* A reference to the keeper, which is started if need be: others wait meanwhile. */
static int crew_keeper(struct mw_readers *r, struct crew *c, struct mw_keeper **ret, struct mw_err *err)
{
	struct mw_str setup = {.p = mw_buf_text(&c->setup), .n = c->setup.n};
	int res = 0;

	(void)pthread_mutex_lock(&c->lock);
	if (!c->keeper && r->started)
		r->started(r->ctx);
	if (!c->keeper)
		res = mw_keeper_start(r->program, setup, OPEN_MS, r->log, r->ctx, &c->keeper, err);
	if (res == 0)
		*ret = mw_keeper_ref(c->keeper);
	(void)pthread_mutex_unlock(&c->lock);
	return res;
}

/* This keeper is gone: the next one to ask starts another. */
static void crew_drop(struct crew *c, struct mw_keeper *gone)
{
	(void)pthread_mutex_lock(&c->lock);
	if (c->keeper == gone) {
		c->keeper = NULL;
		mw_keeper_unref(gone);
	}
	(void)pthread_mutex_unlock(&c->lock);
}

int mw_readers_start(struct mw_readers *r, struct mw_err *err)
{
	int res = 0;

	for (unsigned k = 0; k < KINDS && res == 0; k++) {
		struct mw_keeper *keeper = NULL;

		if (r->crew[k].setup.n)
			res = crew_keeper(r, &r->crew[k], &keeper, err);
		mw_keeper_unref(keeper);
	}
	return res;
}

/* ---- readers between documents --------------------------------------------------------------------------------------------------- */

static int64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* One that waits: nothing has come of it since its last document, not even its end. false: there is none. */
static bool take_idle(struct crew *c, struct idle *ret)
{
	uint64_t one;
	bool good = false;

	while (!good && read(c->count, &one, sizeof(one)) == (ssize_t)sizeof(one)) {
		struct idle last = {.fd = -1};

		(void)pthread_mutex_lock(&c->lock);
		if (c->idles)
			last = c->idle[--c->idles];
		(void)pthread_mutex_unlock(&c->lock);
		if (last.fd < 0)
			continue;
		good = mw_wait_readable(last.fd, 1) == 0;
		if (good)
			*ret = last;
		else
			(void)close(last.fd);
	}
	return good;
}

/* It is closed when it has done enough, which ends it. */
static void give_back(struct crew *c, struct idle *i, const struct mw_reading *reading)
{
	const uint64_t one = 1;
	bool kept = false;

	(void)pthread_mutex_lock(&c->lock);
	if (reading->end == MW_READING_DONE && !c->once && i->documents < DOCUMENTS_MAX && i->us < READING_MAX_US &&
	    c->idles < c->most) {
		c->idle[c->idles++] = *i;
		kept = true;
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (!kept)
		(void)close(i->fd);
	else if (write(c->count, &one, sizeof(one)) < 0)
		(void)0; /* the counter is full long after there is nothing to wait for */
}

/* ---- a document ------------------------------------------------------------------------------------------------------------------ */

/* One that waits, or a new one, whichever is there first. Negative; -EPIPE: the keeper is gone. */
static int take_reader(struct crew *c, struct mw_keeper *keeper, const struct mw_client *client, struct idle *ret)
{
	int fd;

	do {
		if (take_idle(c, ret)) {
			if (client->doc->data.n < LARGE)
				return 0;
			(void)close(ret->fd); /* makes room for a new one */
		}
		fd = mw_keeper_reader(keeper, c->count, client->reading->until);
	} while (fd == -EAGAIN);
	if (fd < 0)
		return fd;
	*ret = (struct idle){.fd = fd};
	return 0;
}

/* One attempt. -EPIPE: the reader or its keeper was gone before anything came of the document. */
static int read_once(struct mw_readers *r, struct crew *c, struct mw_client *client, struct mw_err *err)
{
	struct idle reader = {.fd = -1};
	struct mw_keeper *keeper;
	int64_t began;
	int res = crew_keeper(r, c, &keeper, err);

	if (res < 0)
		return res;
	res = take_reader(c, keeper, client, &reader);
	if (res == 0) {
		began = now_us();
		res = mw_client_read(client, reader.fd, err);
		reader.us += now_us() - began;
		reader.documents++;
		give_back(c, &reader, client->reading);
	} else if (res == -ETIME) {
		client->reading->end = MW_READING_WAITED;
		res = 0;
	} else if (res != -EPIPE) {
		res = mw_fail(err, res, "no reader: %s", strerror(-res));
	}
	if (res == -EPIPE && reader.documents <= 1)
		crew_drop(c, keeper);
	mw_keeper_unref(keeper);
	return res;
}

int mw_readers_read(struct mw_readers *r, struct mw_reading *reading, const struct mw_document *doc, const struct mw_host *host,
		    struct mw_sink *sink, struct mw_err *err)
{
	const struct place *place = &r->place[reading->module];
	struct mw_client client = {.reading = reading, .module = place->index, .doc = doc, .host = host, .sink = sink};
	int res = -EPIPE;

	reading->end = 0;
	for (size_t i = 0; i < ATTEMPTS && res == -EPIPE; i++)
		res = read_once(r, &r->crew[place->kind], &client, err);
	return res == -EPIPE ? mw_fail(err, -EIO, "readers end before they read") : res;
}
