/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 200000u
#define AGAIN 2000 /* milliseconds: then files are looked at again, though the folder itself has not changed */
#define SHARE 100  /* of the time, that looking may take at most */

struct id {
	uint8_t id[PGP_ID];
	const struct pgp_cert *cert;
};

struct pgp_shelf {
	unsigned refs;
	struct pgp_store *store;
	struct timespec changed; /* the folder */
	size_t files, entries, ids;
	struct pgp_file **file; /* in the order of names */
	struct pgp_entry *entry;
	struct id *id;
	char **name; /* addresses that file names are; one a file, or NULL */
};

struct pgp_store {
	const struct mw_host *host;
	struct mw_self *self;
	char *path;
	pthread_mutex_t lock; /* shelf, and counts of shelves and files */
	struct pgp_shelf *shelf;
	int64_t again;
	bool looking;
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- shelves --------------------------------------------------------------------------------------------------------------------- */

/* Held: the store's lock, or there is no other thread. */
static void shelf_unref(struct pgp_shelf *s)
{
	if (!s || --s->refs)
		return;
	for (size_t i = 0; i < s->files; i++) {
		if (s->file[i] && --s->file[i]->refs == 0)
			pgp_file_free(&s->file[i]);
		free(s->name ? s->name[i] : NULL);
	}
	free(s->name);
	free(s->file);
	free(s->entry);
	free(s->id);
	free(s);
}

void pgp_shelf_drop(struct pgp_shelf **s)
{
	struct pgp_store *store = *s ? (*s)->store : NULL;

	if (!store)
		return;
	(void)pthread_mutex_lock(&store->lock);
	shelf_unref(*s);
	(void)pthread_mutex_unlock(&store->lock);
	*s = NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct pgp_entry *x = a, *y = b;
	int r = strcmp(x->address, y->address);

	if (r)
		return r;
	if (x->cert->key.made != y->cert->key.made)
		return x->cert->key.made > y->cert->key.made ? -1 : 1;
	return strcmp(x->file, y->file);
}

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct id *)a)->id, ((const struct id *)b)->id, PGP_ID);
}

size_t pgp_shelf_entries(const struct pgp_shelf *s, const struct pgp_entry **ret)
{
	*ret = s->entry;
	return s->entries;
}

size_t pgp_shelf_find(const struct pgp_shelf *s, const char *address, const struct pgp_entry **ret)
{
	size_t low = 0, high = s->entries, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->entry[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < s->entries && strcmp(s->entry[low + n].address, address) == 0)
		n++;
	*ret = s->entry + low;
	return n;
}

const struct pgp_cert *pgp_shelf_by_id(const struct pgp_shelf *s, const uint8_t id[PGP_ID])
{
	struct id key = {.cert = NULL};
	const struct id *found;

	memcpy(key.id, id, PGP_ID);
	found = s->ids ? bsearch(&key, s->id, s->ids, sizeof(key), by_id) : NULL;
	return found ? found->cert : NULL;
}

bool pgp_shelf_bad(const struct pgp_shelf *s, size_t n, const char **file, const char **why)
{
	for (size_t i = 0; i < s->files; i++) {
		if (!s->file[i]->why[0] || n-- > 0)
			continue;
		*file = s->file[i]->name;
		*why = s->file[i]->why;
		return true;
	}
	return false;
}

const char *pgp_shelf_bad_of(const struct pgp_shelf *s, const char *address)
{
	for (size_t i = 0; i < s->files; i++)
		if (s->name[i] && s->file[i]->why[0] && strcmp(s->name[i], address) == 0)
			return s->file[i]->why;
	return NULL;
}

/* ---- index ----------------------------------------------------------------------------------------------------------------------- */

/* The address that a file's name is. NULL and 0: none. */
static int name_address(const char *name, char **ret)
{
	static const char *const ends[] = {".asc", ".gpg", ".pgp", ".key", ".pub"};
	size_t n = strlen(name);
	char *to;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > 4 && strcasecmp(name + n - 4, ends[i]) == 0) {
			n -= 4;
			break;
		}
	to = malloc(n + 1);
	if (!to)
		return -ENOMEM;
	if (!pgp_uid_address((struct mw_str){.p = name, .n = n}, to)) {
		free(to);
		to = NULL;
	}
	*ret = to;
	return 0;
}

static bool is_twice(const struct pgp_cert *c, size_t uid)
{
	for (size_t i = 0; i < uid; i++)
		if (c->uid[i].address && strcmp(c->uid[i].address, c->uid[uid].address) == 0)
			return true;
	return false;
}

static void add_id(struct pgp_shelf *s, const struct pgp_cert *c, const uint8_t fpr[PGP_FPR])
{
	memcpy(s->id[s->ids].id, PGP_FPR_ID(fpr), PGP_ID);
	s->id[s->ids++].cert = c;
}

static void add_cert(struct pgp_shelf *s, const struct pgp_file *f, const char *name, const struct pgp_cert *c)
{
	for (size_t i = 0; i < c->uids; i++)
		if (c->uid[i].address && !is_twice(c, i))
			s->entry[s->entries++] = (struct pgp_entry){.address = c->uid[i].address, .file = f->name, .cert = c};
	if (name && !pgp_cert_has(c, name))
		s->entry[s->entries++] = (struct pgp_entry){.address = name, .file = f->name, .cert = c, .by_name = true};
	add_id(s, c, c->key.fpr);
	for (size_t i = 0; i < c->subkeys; i++)
		add_id(s, c, c->subkey[i].key.fpr);
}

static int make_index(struct pgp_shelf *s)
{
	size_t entries = 0, ids = 0;

	s->name = calloc(s->files + 1, sizeof(*s->name));
	if (!s->name)
		return -ENOMEM;
	for (size_t i = 0; i < s->files; i++) {
		if (name_address(s->file[i]->name, &s->name[i]) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < s->file[i]->n; k++) {
			entries += s->file[i]->cert[k]->uids + 1;
			ids += s->file[i]->cert[k]->subkeys + 1;
		}
	}
	s->entry = calloc(entries + 1, sizeof(*s->entry));
	s->id = calloc(ids + 1, sizeof(*s->id));
	if (!s->entry || !s->id)
		return -ENOMEM;
	for (size_t i = 0; i < s->files; i++)
		for (size_t k = 0; k < s->file[i]->n; k++)
			add_cert(s, s->file[i], s->name[i], s->file[i]->cert[k]);
	qsort(s->entry, s->entries, sizeof(*s->entry), by_address);
	qsort(s->id, s->ids, sizeof(*s->id), by_id);
	return 0;
}

/* ---- the folder ------------------------------------------------------------------------------------------------------------------ */

static bool is_key_file(const char *name)
{
	return name[0] != '.' && name[strlen(name) - 1] != '~';
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct pgp_file *const *)a)->name, (*(struct pgp_file *const *)b)->name);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size && a->st_mode == b->st_mode &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The file as it was read before, when it is still the same. */
static struct pgp_file *known(const struct pgp_shelf *old, int folder, const char *name)
{
	struct pgp_file probe = {.name = (char *)(uintptr_t)name}, *key = &probe, **found;
	struct stat st;

	found = old && old->files ? bsearch(&key, old->file, old->files, sizeof(key), by_name) : NULL;
	return found && fstatat(folder, name, &st, 0) == 0 && same(&st, &(*found)->st) ? *found : NULL;
}

/* Those that go on being used are counted once the new shelf stands. */
static int take_file(struct pgp_store *store, struct pgp_shelf *s, const struct pgp_shelf *old, int folder, const char *name)
{
	struct pgp_file *f = known(old, folder, name), **more;
	int r;

	if (s->files == FILES_MAX)
		return -EFBIG;
	more = realloc(s->file, (s->files + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->file = more;
	if (f) {
		(void)pthread_mutex_lock(&store->lock);
		f->refs++;
		(void)pthread_mutex_unlock(&store->lock);
	} else {
		r = pgp_file_read(folder, name, false, &f);
		if (r < 0)
			return r;
		if (f->why[0] && store->self)
			store->host->log(store->self, NULL, MW_WARNING, "keys", "%s/%s: %s", store->path, name, f->why);
	}
	more[s->files++] = f;
	return 0;
}

static int list_folder(struct pgp_store *store, struct pgp_shelf *s, const struct pgp_shelf *old, DIR *dir)
{
	const struct dirent *e;
	int r = 0;

	for (errno = 0; r == 0 && (e = readdir(dir)); errno = 0)
		if (is_key_file(e->d_name))
			r = take_file(store, s, old, dirfd(dir), e->d_name);
	if (r == 0 && errno)
		r = -errno;
	if (r == 0) {
		if (s->files)
			qsort(s->file, s->files, sizeof(struct pgp_file *), by_name);
		r = make_index(s);
	}
	return r;
}

static int look_at_folder(DIR *dir, struct timespec *changed)
{
	struct stat st;

	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	if (st.st_mode & S_IWOTH)
		return -EPERM;
	*changed = st.st_mtim;
	return 0;
}

static int read_folder(struct pgp_store *store, const struct pgp_shelf *old, struct pgp_shelf **ret)
{
	DIR *dir = opendir(store->path);
	struct pgp_shelf *s = dir ? calloc(1, sizeof(*s)) : NULL;
	int r = dir ? s ? 0 : -ENOMEM : -errno;

	if (r == 0) {
		s->refs = 1;
		s->store = store;
		r = look_at_folder(dir, &s->changed);
	}
	if (r == 0)
		r = list_folder(store, s, old, dir);
	if (dir)
		(void)closedir(dir);
	if (r < 0) {
		(void)pthread_mutex_lock(&store->lock);
		shelf_unref(s);
		(void)pthread_mutex_unlock(&store->lock);
		return r;
	}
	*ret = s;
	return 0;
}

static int fail(struct pgp_store *store, int r, struct mw_err *err)
{
	if (r == -EPERM)
		return store->host->fail(err, r, "the folder of keys %s can be written by everybody: run chmod o-w %s",
					 store->path, store->path);
	return store->host->fail(err, r, "cannot read the folder of keys %s: %s", store->path, strerror(-r));
}

/* ---- the store ------------------------------------------------------------------------------------------------------------------- */

int pgp_store_new(const struct mw_host *host, struct mw_self *self, const char *path, struct pgp_store **ret, struct mw_err *err)
{
	struct pgp_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store || !(store->path = strdup(path)) || pthread_mutex_init(&store->lock, NULL) != 0) {
		if (store)
			free(store->path);
		free(store);
		return host->fail(err, -ENOMEM, "out of memory");
	}
	store->host = host;
	store->self = self;
	r = read_folder(store, NULL, &store->shelf);
	if (r < 0) {
		r = fail(store, r, err);
		pgp_store_free(&store);
		return r;
	}
	store->again = now_ms() + AGAIN;
	*ret = store;
	return 0;
}

void pgp_store_free(struct pgp_store **s)
{
	struct pgp_store *store = *s;

	if (!store)
		return;
	shelf_unref(store->shelf);
	(void)pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
	*s = NULL;
}

/* Held: the lock. Is it this thread's turn to look again? */
static bool is_due(struct pgp_store *store)
{
	struct stat st;

	if (store->looking)
		return false;
	if (now_ms() >= store->again || stat(store->path, &st) < 0)
		return true;
	return st.st_mtim.tv_sec != store->shelf->changed.tv_sec || st.st_mtim.tv_nsec != store->shelf->changed.tv_nsec;
}

/* Held: the lock, but while the folder is read. */
static int look_again(struct pgp_store *store)
{
	struct pgp_shelf *old = store->shelf, *s = NULL;
	int64_t began = now_ms(), took;
	int r;

	store->looking = true;
	old->refs++;
	(void)pthread_mutex_unlock(&store->lock);
	r = read_folder(store, old, &s);
	took = now_ms() - began;
	(void)pthread_mutex_lock(&store->lock);
	store->looking = false;
	shelf_unref(old);
	if (r < 0)
		return r;
	shelf_unref(store->shelf);
	store->shelf = s;
	store->again = now_ms() + (took * SHARE > AGAIN ? took * SHARE : AGAIN);
	return 0;
}

int pgp_store_look(struct pgp_store *store, struct pgp_shelf **ret, struct mw_err *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&store->lock);
	if (is_due(store))
		r = look_again(store);
	if (r == 0) {
		store->shelf->refs++;
		*ret = store->shelf;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return r < 0 ? fail(store, r, err) : 0;
}
