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

struct mw_audit_writer {
	struct mw_audit_writer *next;
	unsigned users;
	char *path;
	const struct mw_host *host;
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

/* Generations of one process share the writer of a path: two of them may be alive during a reload, and a chain has one end. */
static pthread_mutex_t writers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mw_audit_writer *writers;

/* ---- one group --------------------------------------------------------------------------------------------------------------
 */

static void checkpoint(struct mw_audit_writer *w, struct mw_self *self)
{
	w->checked = w->file.head.seq;
	w->host->log(self, NULL, MW_NOTICE, "audit-checkpoint", "file=%s head=%" PRIu64 ":%s", w->path, w->file.head.seq,
		     w->file.head.hash);
}

/* Entries that fit into one write, as lines behind the notes. Returns the first that did not fit, NULL when all did. An entry
 * that cannot be written by itself is done with an error. */
static struct entry *format(struct mw_audit_writer *w, struct entry *e, uint64_t *seq, char hash[MW_AUDIT_HEX + 1])
{
	for (; e && w->text.n < GROUP_MAX; e = e->next) {
		int r = mw_audit_record_add(&w->text, &w->chain, *seq + 1, e->kind, e->members, hash, hash);

		if (r < 0)
			w->host->fail(&e->err, r,
				      r == -EFBIG ? "the audit record is too long" : "no memory for the audit record");
		else
			(*seq)++;
	}
	return e;
}

/* Writes the group. Returns the entries that are left for the next one. */
static struct entry *commit(struct mw_audit_writer *w, struct mw_self *self, struct entry *group, bool sync)
{
	char hash[MW_AUDIT_HEX + 1];
	struct mw_err err = {0};
	struct entry *rest = NULL;
	const char *why;
	uint64_t seq;
	int r = mw_audit_file_enter(&w->file, &err);

	if (r == 0)
		r = mw_audit_file_renew(&w->file, sync, &why, &err);
	if (r > 0)
		w->host->log(self, NULL, MW_WARNING, "audit-reopened", "file=%s: %s; records go on in a file of that name",
			     w->path, why);
	w->text.n = 0;
	if (r >= 0) {
		seq = w->file.head.seq;
		memcpy(hash, w->file.head.hash, sizeof(hash));
		r = mw_audit_file_notes(&w->file, &w->text, &seq, hash);
		if (r < 0)
			(void)w->host->fail(&err, r, "no memory for the audit record");
	}
	if (r >= 0) {
		rest = format(w, group, &seq, hash);
		if (w->text.n)
			r = mw_audit_file_append(&w->file, &w->text, sync, seq, hash, &err);
	}
	if (r >= 0)
		mw_audit_file_noted(&w->file);
	mw_audit_file_leave(&w->file);
	for (struct entry *e = group; r < 0 && e != rest; e = e->next)
		e->err = err;
	return rest;
}

/* The lock is held at entry and exit, not in between. */
static void lead(struct mw_audit_writer *w, struct mw_self *self)
{
	struct entry *group = w->first, *rest;
	bool sync = w->sync;
	uint64_t interval = w->checkpoint;

	w->leading = true;
	w->first = NULL;
	w->last = &w->first;
	(void)pthread_mutex_unlock(&w->lock);
	rest = commit(w, self, group, sync);
	if (w->file.head.seq - w->checked >= interval)
		checkpoint(w, self);
	(void)pthread_mutex_lock(&w->lock);
	w->leading = false;
	while (group != rest) {
		struct entry *next = group->next; /* the entry is gone once it is done */

		group->done = true;
		group = next;
	}
	if (rest) {
		struct entry **end = &rest;

		while (*end)
			end = &(*end)->next;
		*end = w->first;
		if (!w->first)
			w->last = end;
		w->first = rest;
	}
	(void)pthread_cond_broadcast(&w->wake);
}

/* Until all of them are on disk, or have failed. They are done in their order. */
static int append(struct mw_audit_writer *w, struct mw_self *self, struct entry *e, size_t n, struct mw_err *err)
{
	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < n; i++) {
		*w->last = &e[i];
		w->last = &e[i].next;
	}
	while (!e[n - 1].done) {
		if (w->leading)
			(void)pthread_cond_wait(&w->wake, &w->lock);
		else
			lead(w, self);
	}
	(void)pthread_mutex_unlock(&w->lock);
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
static bool start_due(const struct mw_audit_writer *w, bool visit)
{
	return !visit || w->file.head.seq == 0 || w->file.note;
}

static void writer_free(struct mw_audit_writer *w)
{
	mw_audit_file_close(&w->file);
	mw_audit_text_free(&w->text);
	mw_audit_chain_wipe(&w->chain);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->path);
	free(w);
}

static int writer_new(const struct mw_host *host, const char *path, const struct mw_audit_chain *chain,
		      const struct mw_audit_setup *setup, struct mw_audit_writer **ret, struct mw_err *err)
{
	struct mw_audit_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return host->fail(err, -ENOMEM, "no memory");
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->wake, NULL);
	w->host = host;
	w->chain = *chain;
	w->last = &w->first;
	w->file.fd = w->file.head_fd = -1;
	w->path = strdup(path);
	r = w->path ? mw_audit_file_open(&w->file, host, path, &w->chain, setup->shared, err)
		    : host->fail(err, -ENOMEM, "no memory");
	if (r < 0) {
		writer_free(w);
		return r;
	}
	w->checked = w->file.head.seq;
	if (!start_due(w, setup->visit))
		mw_audit_file_leave(&w->file);
	*ret = w;
	return 0;
}

/* The writer of this path, made when there is none. */
static int find(const struct mw_host *host, const char *path, const struct mw_audit_chain *chain,
		const struct mw_audit_setup *setup, struct mw_audit_writer **ret, struct mw_err *err)
{
	struct mw_audit_writer *w = writers;
	int r;

	while (w && strcmp(w->path, path) != 0)
		w = w->next;
	if (w && !mw_audit_chain_same(&w->chain, chain))
		return host->fail(err, -EBUSY, "audit file %s is in use with another key: move it and its head away, and restart",
				  path);
	if (!w) {
		r = writer_new(host, path, chain, setup, &w, err);
		if (r < 0)
			return r;
		w->next = writers;
		writers = w;
	}
	w->users++;
	*ret = w;
	return 0;
}

static int start(struct mw_audit_writer *w, struct mw_self *self, bool visit, struct mw_err *err)
{
	char members[400];

	if (!start_due(w, visit))
		return 0;
	(void)snprintf(members, sizeof(members), "\"version\":\"%s\",\"pid\":%ld,\"digest\":\"%s\",\"policy\":\"%s\"", MW_VERSION,
		       (long)getpid(), w->chain.key_n ? "hmac-sha-256" : "sha-256", w->host->own_policy_digest(self));
	return mw_audit_writer_append(w, self, "start", (struct mw_str){.p = members, .n = strlen(members)}, err);
}

int mw_audit_writer_open(const struct mw_host *host, struct mw_self *self, const struct mw_audit_setup *setup,
			 struct mw_audit_writer **ret, struct mw_err *err)
{
	struct mw_audit_chain chain;
	struct mw_audit_writer *w = NULL;
	char *path;
	int r = mw_audit_chain_open(host, setup->key, &chain, err);

	if (r < 0)
		return r;
	path = canonical(setup->path);
	if (!path) {
		mw_audit_chain_wipe(&chain);
		return host->fail(err, -ENOENT, "audit file %s: its folder is not there: %s", setup->path, strerror(errno));
	}
	(void)pthread_mutex_lock(&writers_lock);
	r = find(host, path, &chain, setup, &w, err);
	(void)pthread_mutex_unlock(&writers_lock);
	mw_audit_chain_wipe(&chain);
	free(path);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&w->lock);
	w->sync = setup->sync;
	w->checkpoint = setup->checkpoint;
	w->visit = setup->visit;
	(void)pthread_mutex_unlock(&w->lock);
	r = start(w, self, setup->visit, err);
	if (r < 0) {
		mw_audit_writer_close(w, self);
		return r;
	}
	*ret = w;
	return 0;
}

void mw_audit_writer_close(struct mw_audit_writer *w, struct mw_self *self)
{
	static const struct mw_str none = {.p = "", .n = 0};
	struct mw_audit_writer **at = &writers;
	struct mw_err err = {0};

	(void)pthread_mutex_lock(&writers_lock);
	if (--w->users == 0) {
		if (!w->visit && mw_audit_writer_append(w, self, "stop", none, &err) < 0)
			w->host->log(self, NULL, MW_ERROR, "audit-stop", "%s", err.text);
		if (!w->visit && w->checked != w->file.head.seq)
			checkpoint(w, self);
		while (*at != w)
			at = &(*at)->next;
		*at = w->next;
		writer_free(w);
	}
	(void)pthread_mutex_unlock(&writers_lock);
}

void mw_audit_writer_leave(struct mw_audit_writer *w)
{
	struct mw_audit_writer **at = &writers;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	writer_free(w);
}
