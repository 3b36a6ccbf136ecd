/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/writer.h"

#include "audit/file.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP_MAX (64u << 20) /* octets of records in one write */

/* A record that waits; its thread has it. */
struct entry {
	struct entry *next;
	const char *kind;
	struct mw_str members;
	bool done;
	struct mw_err err; /* code 0 = on disk */
};

/* What all writers of a path share. */
struct trail {
	struct trail *next;
	unsigned users;
	char *path;
	struct mw_audit_chain chain;

	pthread_mutex_t lock; /* of what follows, up to the file */
	pthread_cond_t wake;
	bool leading;
	bool sync, visit;
	uint64_t checkpoint;
	struct entry *first, **last;

	struct mw_audit_file file; /* of the leader */
	struct mw_audit_text text;
	uint64_t checked; /* seq of the last checkpoint */
};

struct mw_audit_writer {
	struct trail *trail;
	const struct mw_host *host; /* of this one: what it says comes from it, with its own self */
};

/* Generations of one process share the trail of a path: two of them may be alive during a reload, and a chain has one end. */
static pthread_mutex_t trails_lock = PTHREAD_MUTEX_INITIALIZER;
static struct trail *trails;

/* ---- one group --------------------------------------------------------------------------------------------------------------
 */

static void checkpoint(struct mw_audit_writer *w, struct mw_self *self)
{
	struct trail *t = w->trail;

	t->checked = t->file.head.seq;
	w->host->log(self, NULL, MW_NOTICE, "audit-checkpoint", "file=%s head=%" PRIu64 ":%s", t->path, t->file.head.seq,
		     t->file.head.hash);
}

/* Entries that fit into one write, as lines behind the notes. Returns the first that did not fit, NULL when all did. An entry
 * that cannot be written by itself is done with an error. */
static struct entry *format(struct mw_audit_writer *w, struct entry *e, uint64_t *seq, char hash[MW_AUDIT_HEX + 1])
{
	struct trail *t = w->trail;

	for (; e && t->text.n < GROUP_MAX; e = e->next) {
		int r = mw_audit_record_add(&t->text, &t->chain, *seq + 1, e->kind, e->members, hash, hash);

		if (r < 0)
			w->host->fail(&e->err, r,
				      r == -EFBIG ? "the audit record is too long" : "no memory for the audit record");
		else
			(*seq)++;
	}
	return e;
}

/* The file as the path has it now. Negative: there is none to write to. */
static int come_in(struct mw_audit_writer *w, struct mw_self *self, bool sync, struct mw_err *err)
{
	struct trail *t = w->trail;
	const char *why;
	int r = mw_audit_file_enter(&t->file, err);

	if (r == 0)
		r = mw_audit_file_renew(&t->file, sync, &why, err);
	if (r > 0)
		w->host->log(self, NULL, MW_WARNING, "audit-reopened", "file=%s: %s; records go on in a file of that name",
			     t->path, why);
	return r < 0 ? r : 0;
}

/* Writes what has to be noted about the file, and the group, which may be empty. *rest: the entries that are left for the next one. The file is
 * left by the caller. */
static int write_group(struct mw_audit_writer *w, struct mw_self *self, struct entry *group, bool sync, struct entry **rest,
		       struct mw_err *err)
{
	struct trail *t = w->trail;
	char hash[MW_AUDIT_HEX + 1];
	uint64_t seq;
	int r = come_in(w, self, sync, err);

	t->text.n = 0;
	if (r < 0)
		return r;
	seq = t->file.head.seq;
	memcpy(hash, t->file.head.hash, sizeof(hash));
	r = mw_audit_file_notes(&t->file, &t->text, &seq, hash);
	if (r < 0)
		return w->host->fail(err, r, "no memory for the audit record");
	*rest = format(w, group, &seq, hash);
	if (t->text.n)
		r = mw_audit_file_append(&t->file, &t->text, sync, seq, hash, err);
	if (r >= 0)
		mw_audit_file_noted(&t->file);
	return r;
}

/* Returns the entries that are left for the next one. */
static struct entry *commit(struct mw_audit_writer *w, struct mw_self *self, struct entry *group, bool sync)
{
	struct trail *t = w->trail;
	struct mw_err err = {0};
	struct entry *rest = NULL;
	int r = write_group(w, self, group, sync, &rest, &err);

	mw_audit_file_leave(&t->file);
	for (struct entry *e = group; r < 0 && e != rest; e = e->next)
		e->err = err;
	return rest;
}

/* The lock is held at entry and exit, not in between. */
static void lead(struct mw_audit_writer *w, struct mw_self *self)
{
	struct trail *t = w->trail;
	struct entry *group = t->first, *rest;
	bool sync = t->sync;
	uint64_t interval = t->checkpoint;

	t->leading = true;
	t->first = NULL;
	t->last = &t->first;
	(void)pthread_mutex_unlock(&t->lock);
	rest = commit(w, self, group, sync);
	if (t->file.head.seq - t->checked >= interval)
		checkpoint(w, self);
	(void)pthread_mutex_lock(&t->lock);
	t->leading = false;
	while (group != rest) {
		struct entry *next = group->next; /* the entry is gone once it is done */

		group->done = true;
		group = next;
	}
	if (rest) {
		struct entry **end = &rest;

		while (*end)
			end = &(*end)->next;
		*end = t->first;
		if (!t->first)
			t->last = end;
		t->first = rest;
	}
	(void)pthread_cond_broadcast(&t->wake);
}

/* Until all of them are on disk, or have failed. They are done in their order. */
static int append(struct mw_audit_writer *w, struct mw_self *self, struct entry *e, size_t n, struct mw_err *err)
{
	struct trail *t = w->trail;

	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < n; i++) {
		*t->last = &e[i];
		t->last = &e[i].next;
	}
	while (!e[n - 1].done) {
		if (t->leading)
			(void)pthread_cond_wait(&t->wake, &t->lock);
		else
			lead(w, self);
	}
	(void)pthread_mutex_unlock(&t->lock);
	for (size_t i = 0; i < n; i++)
		if (e[i].err.code < 0)
			return w->host->fail(err, e[i].err.code, "%s", e[i].err.text);
	return 0;
}

int mw_audit_writer_append(struct mw_audit_writer *w, struct mw_self *self, const char *kind, struct mw_str members,
			   struct mw_err *err)
{
	struct entry e = {.kind = kind, .members = members};

	return append(w, self, &e, 1, err);
}

int mw_audit_writer_append_all(struct mw_audit_writer *w, struct mw_self *self, const char *kind, const struct mw_str *members,
			       size_t n, struct mw_err *err)
{
	struct entry *e = calloc(n ? n : 1, sizeof(*e));
	int r;

	if (!e)
		return w->host->fail(err, -ENOMEM, "no memory for the audit record");
	for (size_t i = 0; i < n; i++) {
		e[i].kind = kind;
		e[i].members = members[i];
	}
	r = n ? append(w, self, e, n, err) : 0;
	free(e);
	return r;
}

int mw_audit_writer_ready(struct mw_audit_writer *w, struct mw_self *self, uint64_t octets, struct mw_err *err)
{
	struct trail *t = w->trail;
	struct entry *rest;
	bool sync;
	int r;

	(void)pthread_mutex_lock(&t->lock);
	while (t->leading)
		(void)pthread_cond_wait(&t->wake, &t->lock);
	t->leading = true;
	sync = t->sync;
	(void)pthread_mutex_unlock(&t->lock);
	r = write_group(w, self, NULL, sync, &rest, err);
	if (r == 0)
		r = mw_audit_file_reserve(&t->file, octets, err);
	mw_audit_file_leave(&t->file);
	(void)pthread_mutex_lock(&t->lock);
	t->leading = false;
	(void)pthread_cond_broadcast(&t->wake);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

/* ---- opening and closing ------------------------------------------------------------------------------------------------------
 */

/* Two spellings of one path are one file. */
static char *canonical(const char *path)
{
	char folder[PATH_MAX], name[PATH_MAX], *real, *made;

	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder) || snprintf(name, sizeof(name), "%s", path) < 0)
		return NULL;
	real = realpath(dirname(folder), NULL);
	if (!real)
		return NULL;
	if (asprintf(&made, "%s/%s", strcmp(real, "/") == 0 ? "" : real, basename(name)) < 0)
		made = NULL;
	free(real);
	return made;
}

/* A command begins no chain, and has nothing to note: it writes no `start`. */
static bool start_due(const struct trail *t, bool visit)
{
	return !visit || t->file.head.seq == 0 || t->file.note;
}

static void trail_free(struct trail *t)
{
	mw_audit_file_close(&t->file);
	mw_audit_text_free(&t->text);
	mw_audit_chain_wipe(&t->chain);
	(void)pthread_cond_destroy(&t->wake);
	(void)pthread_mutex_destroy(&t->lock);
	free(t->path);
	free(t);
}

static int trail_new(const struct mw_host *host, const char *path, const struct mw_audit_chain *chain,
		     const struct mw_audit_setup *setup, struct trail **ret, struct mw_err *err)
{
	struct trail *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return host->fail(err, -ENOMEM, "no memory");
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_cond_init(&t->wake, NULL);
	t->chain = *chain;
	t->last = &t->first;
	t->file.fd = t->file.head_fd = -1;
	t->path = strdup(path);
	r = t->path ? mw_audit_file_open(&t->file, host, path, &t->chain, setup->shared, err)
		    : host->fail(err, -ENOMEM, "no memory");
	if (r < 0) {
		trail_free(t);
		return r;
	}
	t->checked = t->file.head.seq;
	if (!start_due(t, setup->visit))
		mw_audit_file_leave(&t->file);
	*ret = t;
	return 0;
}

/* The trail of this path, made when there is none. */
static int find(const struct mw_host *host, const char *path, const struct mw_audit_chain *chain,
		const struct mw_audit_setup *setup, struct trail **ret, struct mw_err *err)
{
	struct trail *t = trails;
	int r;

	while (t && strcmp(t->path, path) != 0)
		t = t->next;
	if (t && !mw_audit_chain_same(&t->chain, chain))
		return host->fail(err, -EBUSY, "audit file %s is in use with another key: move it and its head away, and restart",
				  path);
	if (!t) {
		r = trail_new(host, path, chain, setup, &t, err);
		if (r < 0)
			return r;
		t->next = trails;
		trails = t;
	}
	t->users++;
	*ret = t;
	return 0;
}

static int start(struct mw_audit_writer *w, struct mw_self *self, bool visit, struct mw_err *err)
{
	const struct trail *t = w->trail;
	char members[400];

	if (!start_due(t, visit))
		return 0;
	(void)snprintf(members, sizeof(members), "\"version\":\"%s\",\"pid\":%ld,\"digest\":\"%s\",\"policy\":\"%s\"", MW_VERSION,
		       (long)getpid(), t->chain.key_n ? "hmac-sha-256" : "sha-256", w->host->own_policy_digest(self));
	return mw_audit_writer_append(w, self, "start", (struct mw_str){.p = members, .n = strlen(members)}, err);
}

static int join(const struct mw_host *host, const char *path, const struct mw_audit_chain *chain,
		const struct mw_audit_setup *setup, struct trail **ret, struct mw_err *err)
{
	int r;

	(void)pthread_mutex_lock(&trails_lock);
	r = find(host, path, chain, setup, ret, err);
	(void)pthread_mutex_unlock(&trails_lock);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&(*ret)->lock);
	(*ret)->sync = setup->sync;
	(*ret)->checkpoint = setup->checkpoint;
	(*ret)->visit = setup->visit;
	(void)pthread_mutex_unlock(&(*ret)->lock);
	return 0;
}

int mw_audit_writer_open(const struct mw_host *host, struct mw_self *self, const struct mw_audit_setup *setup,
			 struct mw_audit_writer **ret, struct mw_err *err)
{
	struct mw_audit_writer *w = calloc(1, sizeof(*w));
	struct mw_audit_chain chain;
	char *path = NULL;
	int r = w ? mw_audit_chain_open(host, setup->key, &chain, err) : host->fail(err, -ENOMEM, "no memory");

	if (r < 0) {
		free(w);
		return r;
	}
	w->host = host;
	path = canonical(setup->path);
	r = path ? join(host, path, &chain, setup, &w->trail, err)
		 : host->fail(err, -ENOENT, "audit file %s: its folder is not there: %s", setup->path, strerror(errno));
	mw_audit_chain_wipe(&chain);
	free(path);
	if (r < 0) {
		free(w);
		return r;
	}
	r = start(w, self, setup->visit, err);
	if (r < 0) {
		mw_audit_writer_close(w, self);
		return r;
	}
	*ret = w;
	return 0;
}

/* The trails' lock is held. */
static void forget(struct trail *t)
{
	struct trail **at = &trails;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	trail_free(t);
}

void mw_audit_writer_close(struct mw_audit_writer *w, struct mw_self *self)
{
	static const struct mw_str none = {.p = "", .n = 0};
	struct trail *t = w->trail;
	struct mw_err err = {0};

	(void)pthread_mutex_lock(&trails_lock);
	if (--t->users == 0) {
		if (!t->visit && mw_audit_writer_append(w, self, "stop", none, &err) < 0)
			w->host->log(self, NULL, MW_ERROR, "audit-stop", "%s", err.text);
		if (!t->visit && t->checked != t->file.head.seq)
			checkpoint(w, self);
		forget(t);
	}
	(void)pthread_mutex_unlock(&trails_lock);
	free(w);
}

void mw_audit_writer_leave(struct mw_audit_writer *w)
{
	if (--w->trail->users == 0)
		forget(w->trail);
	free(w);
}
