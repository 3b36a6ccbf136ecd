/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup_shelf.h"

#include "pickup/crate.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool ok, const char *what, const struct mw_err *err)
{
	if (ok)
		return;
	fprintf(stderr, "shelf: %s: %s\n", what, err && err->text[0] ? err->text : strerror(errno));
	abort();
}

void shelf_reopen(struct shelf *s)
{
	struct mw_err err = {0};

	must(mw_pickup_keys_open(s->keys_path, &s->keys, &err) == 0, "keys", &err);
	must(mw_pickup_open(s->path, s->keys, true, &s->store, &err) == 0, "store", &err);
}

static void open_in(struct shelf *s, const char *top)
{
	struct mw_err err = {0};

	(void)snprintf(s->dir, sizeof(s->dir), "%s/pickup.XXXXXX", top);
	must(mkdtemp(s->dir) != NULL, "mkdtemp", NULL);
	(void)snprintf(s->path, sizeof(s->path), "%s/store", s->dir);
	(void)snprintf(s->keys_path, sizeof(s->keys_path), "%s/keys", s->dir);
	must(mkdir(s->path, 0700) == 0, "mkdir", NULL);
	must(mw_pickup_keys_make(s->keys_path, SHELF_NOW, &err) == 0, "keys", &err);
	shelf_reopen(s);
}

/* Files without a name: overlayfs of kernels before 6.1 has none. */
static bool suits(const char *top)
{
	int fd = open(top, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

void shelf_open(struct shelf *s)
{
	open_in(s, suits(".") ? "." : "/dev/shm");
}

void shelf_open_fast(struct shelf *s)
{
	open_in(s, suits("/dev/shm") ? "/dev/shm" : ".");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void shelf_close(struct shelf *s)
{
	mw_pickup_close(&s->store);
	mw_pickup_keys_close(&s->keys);
	must(nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "remove", NULL);
}

static int fill(int fd, struct mw_pickup_ticket *t, const unsigned char *key, const char *text, struct mw_err *err)
{
	struct mw_crate_writer *w;
	uint32_t number;
	int r = mw_crate_begin(fd, t->lock.id, key, &w, err);

	if (r < 0)
		return r;
	r = mw_crate_object(w, &number, err);
	if (r == 0)
		r = mw_crate_write(w, text, strlen(text), err);
	if (r == 0)
		r = mw_crate_end(w, "{}", 2, &t->size, &t->objects, err);
	mw_crate_writer_free(&w);
	return r;
}

int shelf_put(struct mw_pickup *p, struct mw_pickup_keys *keys, struct shelf_message *m, struct mw_err *err)
{
	const char *name = m->key ? m->key : "message bob@example.net";
	struct mw_pickup_ticket t = {.proof = m->proof ? m->proof : MW_PROOF_CODE, .language = "en"};
	unsigned char key[MW_PICKUP_KEY];
	int fd = -1, r = mw_pickup_room(p, name, &t, &fd, err);

	(void)snprintf(t.origin_message_id, sizeof(t.origin_message_id), "%s", m->origin ? m->origin : "");
	t.created = m->created ? m->created : SHELF_NOW;
	t.expires = m->expires ? m->expires : SHELF_NOW + 7 * 86400;
	if (r == 0)
		r = mw_pickup_lock_new(keys, &t.lock, m->secret, key, err);
	if (r == 0)
		r = fill(fd, &t, key, m->text ? m->text : "The result is here.", err);
	if (r == 0)
		r = mw_pickup_store(p, name, &t, m->sender ? m->sender : "alice@clinic.example",
				    m->recipient ? m->recipient : "bob@example.net", fd, err);
	if (fd >= 0)
		(void)close(fd);
	memcpy(m->id, t.lock.id, sizeof(m->id));
	if (r == 0 && !m->unnoticed)
		r = mw_pickup_noticed(p, name, "4jXCcW55ZMz1bYG3", "<notice@clinic.example>", t.created, err);
	return r;
}
