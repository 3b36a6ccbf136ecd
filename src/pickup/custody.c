/* SPDX-License-Identifier: Apache-2.0 */
/* custody: what the parent does with store and keys for the children that hand in; and how a child gives them up. */
#include "pickup/portal.h"
#include "pickup/recall.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <iconv.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKING_MOST 86400 /* seconds between a ticket and its store() */

/* ---- tickets --------------------------------------------------------------------------------------------------------------------- */

static bool is_terminated(const char *s, size_t n)
{
	return memchr(s, '\0', n) != NULL;
}

int portal_ticket_take(struct mw_str octets, struct portal_ticket *ret, struct mw_err *err)
{
	if (octets.n != sizeof(*ret))
		return mw_fail(err, -EINVAL, "the ticket is none");
	memcpy(ret, octets.p, sizeof(*ret));
	if (!is_terminated(ret->t.language, sizeof(ret->t.language)) ||
	    !is_terminated(ret->t.queue_id, sizeof(ret->t.queue_id)) ||
	    !is_terminated(ret->t.origin_queue_id, sizeof(ret->t.origin_queue_id)) ||
	    !is_terminated(ret->t.origin_message_id, sizeof(ret->t.origin_message_id)) ||
	    !is_terminated(ret->recalls, sizeof(ret->recalls))) {
		OPENSSL_cleanse(ret, sizeof(*ret));
		return mw_fail(err, -EINVAL, "the ticket is none");
	}
	return 0;
}

uint32_t portal_proof(const struct portal *p, const char *recipient)
{
	uint32_t proof = (uint32_t)p->conf->proof;

	return mw_people_find(&p->passphrases, recipient) ? proof | MW_PROOF_PASSPHRASE : proof;
}

void portal_message_id(const struct portal *p, const unsigned char id[MW_PICKUP_ID], char ret[PORTAL_MESSAGE_ID])
{
	char text[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(id, text);
	(void)snprintf(ret, PORTAL_MESSAGE_ID, "<%s.pickup%.200s>", text, strrchr(p->conf->from, '@'));
}

/* ---- the parent ------------------------------------------------------------------------------------------------------------------ */

/* Opened when it is needed: `milward-seal --test`, which root may run, leaves no files of root in it. */
static int open_store(struct portal *p, struct mw_err *err)
{
	struct mw_recorder_setup setup = {.path = p->conf->audit, .key = p->conf->audit_key, .host = p->host, .self = p->self};
	const char *dir = p->conf->store;
	int r = 0;

	if (p->store)
		return 0;
	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return mw_fail(err, -errno, "%s: %s", dir, strerror(errno));
	if (!p->recorder)
		r = mw_recorder_open(&setup, &p->recorder, err);
	r = r < 0 ? r : mw_pickup_open(dir, p->keys, true, &p->store, err);
	if (r == 0)
		mw_recorder_attach(p->recorder, p->store);
	return r;
}

int portal_room(void *inst, const char *key, char *ticket, size_t *n, int *fd, struct mw_err *err)
{
	struct portal *p = inst;
	struct portal_ticket t = {0};
	int made = -1, r = open_store(p, err), before;

	if (r < 0)
		return r;
	before = r = mw_pickup_room(p->store, key, &t.t, &made, err);
	if (r > 0 && t.t.noticed) {
		*n = strlen(t.t.queue_id);
		memcpy(ticket, t.t.queue_id, *n);
		return mw_fail(err, -EALREADY, "it was handed in before");
	}
	if (r > 0)
		r = mw_pickup_lock_pending(p->keys, &t.t.lock, t.secret, err);
	else if (r == 0)
		r = mw_pickup_lock_new(p->keys, &t.t.lock, t.secret, t.key, err);
	if (r == 0) {
		memcpy(ticket, &t, sizeof(t));
		*n = sizeof(t);
		if (before == 0)
			*fd = made;
	} else if (made >= 0) {
		(void)close(made);
	}
	OPENSSL_cleanse(&t, sizeof(t));
	return r < 0 ? r : before;
}

int portal_store(void *inst, const char *key, const struct mw_custody_work *work, struct mw_str ticket, int fd,
		 struct mw_err *err)
{
	struct portal *p = inst;
	const struct mw_portal_conf *c = p->conf;
	struct portal_ticket t;
	int r = open_store(p, err);

	r = r < 0 ? r : portal_ticket_take(ticket, &t, err);
	if (r < 0)
		return r;
	/* A child that a message has taken over decides nothing but about that message. Its times are kept where they can be: the notice
	 * that it makes has them, as one that is made again must. */
	t.t.proof = portal_proof(p, work->recipient);
	if (t.t.created > work->now || t.t.created < work->now - PACKING_MOST)
		t.t.created = work->now;
	if (t.t.expires < t.t.created + c->expire_min || t.t.expires > t.t.created + c->expire_max)
		t.t.expires = t.t.created + c->expire;
	/* First, so that a retry, which finds this one stored, has nothing left to take back. */
	r = mw_recall_do(p, work, t.recalls, err);
	r = r < 0 ? r : mw_pickup_store(p->store, key, &t.t, work->sender, work->recipient, fd, err);
	OPENSSL_cleanse(&t, sizeof(t));
	return r;
}

int portal_noticed(void *inst, const char *key, const char *queue_id, int64_t now, struct mw_err *err)
{
	struct portal *p = inst;
	struct mw_pickup_ticket t = {0};
	char message_id[PORTAL_MESSAGE_ID];
	int fd = -1, r = open_store(p, err);

	r = r < 0 ? r : mw_pickup_room(p->store, key, &t, &fd, err);
	if (fd >= 0)
		(void)close(fd);
	if (r == 0)
		return mw_fail(err, -ENOENT, "nothing was stored");
	if (r > 0)
		portal_message_id(p, t.lock.id, message_id);
	return r < 0 ? r : mw_pickup_noticed(p->store, key, queue_id, message_id, now, err);
}

/* ---- a child --------------------------------------------------------------------------------------------------------------------- */

/* The database's files stay open in a copy of the process. SQLite itself must not be told: it would think of closing what the parent
 * uses. */
static void close_below(const char *dir)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	char name[sizeof("/proc/self/fd/") + 20], path[4096];
	size_t n = strlen(dir);

	while (d && (e = readdir(d))) {
		ssize_t length;
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd == dirfd(d))
			continue;
		(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		length = readlink(name, path, sizeof(path) - 1);
		if (length < 0)
			continue;
		path[length] = '\0';
		if (strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			(void)close(fd);
	}
	if (d)
		(void)closedir(d);
}

void portal_leave(void *inst)
{
	struct portal *p = inst;
	char *dir = realpath(p->conf->store, NULL);

	mw_pickup_keys_close(&p->keys);
	p->store = NULL; /* the parent's */
	mw_recorder_leave(&p->recorder);
	close_below(dir ? dir : p->conf->store);
	free(dir);
}

/* ---- character sets -------------------------------------------------------------------------------------------------------------- */

static const char *const charsets[] = {
    "utf-16",	    "utf-16le",	    "utf-16be",	    "windows-1250", "windows-1251", "windows-1253", "windows-1254",
    "windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874",  "iso-8859-2",   "iso-8859-3",
    "iso-8859-4",   "iso-8859-5",   "iso-8859-6",   "iso-8859-7",   "iso-8859-8",   "iso-8859-10",  "iso-8859-13",
    "iso-8859-14",  "iso-8859-15",  "iso-8859-16",  "koi8-r",	    "koi8-u",	    "macintosh",    "cp437",
    "cp850",	    "cp932",	    "iso-2022-jp",  "euc-jp",	    "cp949",	    "iso-2022-kr",  "gb18030",
    "big5-hkscs",   "utf-7"};

struct portal_charsets {
	iconv_t open[sizeof(charsets) / sizeof(charsets[0])];
};

struct portal_charsets *portal_charsets_open(void)
{
	struct portal_charsets *c = calloc(1, sizeof(*c));

	/* One that this system does not have is read as if it had not been named. */
	for (size_t i = 0; c && i < sizeof(charsets) / sizeof(charsets[0]); i++)
		c->open[i] = iconv_open("UTF-8", charsets[i]);
	return c;
}

void portal_charsets_close(struct portal_charsets *c)
{
	for (size_t i = 0; c && i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (c->open[i] != (iconv_t)-1)
			(void)iconv_close(c->open[i]);
	free(c);
}
