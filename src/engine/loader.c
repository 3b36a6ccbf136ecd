/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loader.h"

#include "engine/descriptor.h"
#include "engine/image.h"
#include "engine/linked_in.h"
#include "engine/private.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOL "mw_plugin"
#define SUFFIX ".so"

static const struct mw_memory all_memory = {.p = NULL, .n = SIZE_MAX};

/* One file that was read. A newer file of the same name gets a record of its own, in front. */
struct module {
	struct module *next;
	char *name, *path;
	dev_t dev;
	ino_t ino;
	struct timespec changed;
	struct mw_image image;
	const struct mw_plugin *described; /* inside image */
	const struct mw_plugin *live;	   /* NULL until loaded */
	void *handle;
};

struct mw_loader {
	struct mw_arena *arena; /* itself, names */
	const char *dir;	/* NULL = none */
	const char **names;
	struct module *modules;
	unsigned char key[32]; /* random, for the digests of findings: equal values stay equal across reloads */
	uint64_t generations;
	_Atomic int32_t latest_day; /* that any generation has seen */
	unsigned readers;
	struct mw_tally tally;
};

static const struct mw_plugin *find_linked_in(const char *name)
{
	for (size_t i = 0; mw_linked_in[i]; i++)
		if (strcmp(mw_linked_in[i]->name, name) == 0)
			return mw_linked_in[i];
	return NULL;
}

/* "phi" for "phi.so", NULL for a file that is no module's. */
static char *name_of_file(struct mw_arena *a, const char *file)
{
	size_t n = strlen(file);
	char *name;

	if (n <= strlen(SUFFIX) || strcmp(file + n - strlen(SUFFIX), SUFFIX) != 0)
		return NULL;
	name = mw_arena_dup(a, file, n - strlen(SUFFIX));
	return name && mw_descriptor_name_ok(name) ? name : NULL;
}

/* Names for "did you mean": a folder that cannot be read gives none, and the error comes when a module is asked for. */
static int names_read(struct mw_loader *l)
{
	size_t n = 0, cap = 0;
	struct dirent *e;
	DIR *d;

	while (mw_linked_in[n])
		n++;
	l->names = mw_arena_grow(l->arena, NULL, &cap, n + 1, sizeof(*l->names));
	if (!l->names)
		return -ENOMEM;
	for (n = 0; mw_linked_in[n]; n++)
		l->names[n] = mw_linked_in[n]->name;
	d = l->dir ? opendir(l->dir) : NULL;
	while (d && (e = readdir(d)) != NULL) {
		const char *name = name_of_file(l->arena, e->d_name);
		const char **grown = name ? mw_arena_grow(l->arena, l->names, &cap, n + 2, sizeof(*l->names)) : NULL;

		if (!grown)
			continue;
		l->names = grown;
		l->names[n++] = name;
	}
	if (d)
		(void)closedir(d);
	l->names[n] = NULL;
	return 0;
}

struct mw_loader *mw_loader_new(const char *dir)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_loader *l = a ? mw_arena_alloc(a, sizeof(*l)) : NULL;

	if (l) {
		l->arena = a;
		l->dir = dir;
	}
	if (!l || names_read(l) < 0 || getrandom(l->key, sizeof(l->key), 0) != (ssize_t)sizeof(l->key))
		mw_arena_free(&a);
	return a ? l : NULL;
}

void mw_loader_set_readers(struct mw_loader *l, unsigned n)
{
	l->readers = n;
}

unsigned mw_loader_readers(const struct mw_loader *l)
{
	return l->readers ? l->readers : 1;
}

const char *mw_loader_dir(const struct mw_loader *l)
{
	return l->dir;
}

void mw_loader_set_tally(struct mw_loader *l, const struct mw_tally *tally)
{
	l->tally = *tally;
}

const struct mw_tally *mw_loader_tally(const struct mw_loader *l)
{
	return &l->tally;
}

const unsigned char *mw_loader_key(const struct mw_loader *l)
{
	return l->key;
}

_Atomic int32_t *mw_loader_latest_day(struct mw_loader *l)
{
	return &l->latest_day;
}

uint64_t mw_loader_count(struct mw_loader *l)
{
	return ++l->generations;
}

static void module_free(struct module *m)
{
	if (m->handle)
		(void)dlclose(m->handle);
	mw_image_free(&m->image);
	free(m->name);
	free(m->path);
	free(m);
}

void mw_loader_free(struct mw_loader **lp)
{
	struct mw_arena *a;

	if (!lp || !*lp)
		return;
	a = (*lp)->arena;
	for (struct module *m = (*lp)->modules, *next; m; m = next) {
		next = m->next;
		module_free(m);
	}
	mw_arena_free(&a);
	*lp = NULL;
}

/* Who may have written this? Anyone but root and ourselves makes the module theirs. */
static int trust_check(const struct stat *st, const char *kind, const char *path, struct mw_err *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return mw_fail(err, -EPERM, "%s %s belongs to user %lu, who is neither root nor the user of this process", kind,
			       path, (unsigned long)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return mw_fail(err, -EPERM, "%s %s can be written by others (mode %04o): chmod go-w it", kind, path,
			       (unsigned)(st->st_mode & 07777));
	return 0;
}

/* The folder, checked; -ENOENT is left to the caller. */
static int folder_open(const struct mw_loader *l, struct mw_err *err)
{
	int fd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return mw_fail(err, -errno, "cannot open the folder of modules %s: %s", l->dir, strerror(errno));
	if (fstat(fd, &st) < 0)
		r = mw_fail(err, -errno, "cannot look at the folder of modules %s: %s", l->dir, strerror(errno));
	else
		r = trust_check(&st, "the folder of modules", l->dir, err);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

static int file_check(int fd, const char *path, struct stat *st, struct mw_err *err)
{
	if (fstat(fd, st) < 0)
		return mw_fail(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return mw_fail(err, -EINVAL, "%s is not a regular file", path);
	if (st->st_size < 0 || (uintmax_t)st->st_size > MW_IMAGE_MAX)
		return mw_fail(err, -EFBIG, "%s is larger than %zu octets", path, MW_IMAGE_MAX);
	return trust_check(st, "the file", path, err);
}

/* A symbolic link would let the checked folder vouch for a file elsewhere; packages do not need them. */
static int file_open(const struct mw_loader *l, const char *name, const char *path, struct stat *st, struct mw_err *err)
{
	int fd, r, dir = folder_open(l, err);

	if (dir < 0)
		return dir;
	fd = openat(dir, strrchr(path, '/') + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? -errno : 0;
	(void)close(dir);
	if (r == -ENOENT)
		return mw_fail(err, r, "it is not linked in, and the folder %s has no file %s" SUFFIX, l->dir, name);
	if (r == -ELOOP)
		return mw_fail(err, r, "%s is a symbolic link: a module must be the file itself", path);
	if (r < 0)
		return mw_fail(err, r, "cannot open %s: %s", path, strerror(-r));
	r = file_check(fd, path, st, err);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

static int file_read(int fd, size_t n, const char *path, char *p, struct mw_err *err)
{
	size_t at = 0;

	while (at < n) {
		ssize_t r = read(fd, p + at, n - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return mw_fail(err, r < 0 ? -errno : -EIO, "cannot read %s: %s", path,
				       r < 0 ? strerror(errno) : "it became shorter while it was read");
		at += (size_t)r;
	}
	return 0;
}

/* Lays out the file and finds the descriptor in it. */
static int describe_octets(struct mw_str file, struct module *m, struct mw_err *err)
{
	struct mw_memory mem;
	const void *symbol;
	int r = mw_image_read(file, &m->image, err);

	if (r < 0)
		return r;
	mem = (struct mw_memory){.p = m->image.p, .n = m->image.n};
	symbol = mw_image_symbol(&m->image, file, SYMBOL);
	if (!symbol)
		r = mw_fail(err, -ENOEXEC, "is not a module of milward: it has no symbol " SYMBOL);
	else
		r = mw_descriptor_check(&mem, symbol, m->name, err);
	if (r < 0)
		mw_image_free(&m->image);
	else
		m->described = symbol;
	return r;
}

static int describe_fd(int fd, const struct stat *st, struct module *m, struct mw_err *err)
{
	size_t n = (size_t)st->st_size;
	char *p = malloc(n ? n : 1);
	int r;

	if (!p)
		return mw_fail_memory(err);
	r = file_read(fd, n, m->path, p, err);
	if (r == 0) {
		r = describe_octets((struct mw_str){.p = p, .n = n}, m, err);
		if (r < 0)
			mw_err_prefix(err, "%s", m->path);
	}
	free(p);
	m->dev = st->st_dev;
	m->ino = st->st_ino;
	m->changed = st->st_ctim;
	return r;
}

static bool same_file(const struct module *m, const struct stat *st)
{
	return m->dev == st->st_dev && m->ino == st->st_ino && m->changed.tv_sec == st->st_ctim.tv_sec &&
	       m->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static struct module *find_module(const struct mw_loader *l, const char *name)
{
	for (struct module *m = l->modules; m; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* NULL: no memory, which was said. */
static struct module *module_new(const struct mw_loader *l, const char *name, struct mw_err *err)
{
	struct module *m = calloc(1, sizeof(*m));

	if (m && asprintf(&m->path, "%s/%s" SUFFIX, l->dir, name) < 0)
		m->path = NULL;
	if (m)
		m->name = strdup(name);
	if (m && m->path && m->name)
		return m;
	if (m)
		module_free(m);
	(void)mw_fail_memory(err);
	return NULL;
}

/* A file whose checks pass, as it is now. NULL with err. A file is asked for at each reload, by each line that names it: what has not changed
 * takes no more memory. */
static struct module *describe_file(struct mw_loader *l, const char *name, struct mw_err *err)
{
	struct module *m = find_module(l, name), *fresh;
	struct stat st;
	int fd, r;

	if (m && m->live)
		return m;
	fresh = module_new(l, name, err);
	if (!fresh)
		return NULL;
	fd = file_open(l, name, fresh->path, &st, err);
	r = fd < 0 ? fd : 0;
	if (r == 0 && (!m || !same_file(m, &st))) {
		r = describe_fd(fd, &st, fresh, err);
		if (r == 0) {
			fresh->next = l->modules;
			l->modules = m = fresh;
			fresh = NULL;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	if (fresh)
		module_free(fresh);
	return r < 0 ? NULL : m;
}

/* A file beside a linked-in module of its name: which one would run is not for the loader to guess. */
static int shadow_check(const struct mw_loader *l, const char *name, struct mw_err *err)
{
	struct mw_arena *a;
	struct stat st;
	char *path;
	int r = 0;

	if (!l->dir)
		return 0;
	a = mw_arena_new(0);
	path = a ? mw_arena_printf(a, "%s/%s" SUFFIX, l->dir, name) : NULL;
	if (!path)
		r = mw_fail_memory(err);
	else if (lstat(path, &st) == 0)
		r = mw_fail(err, -EEXIST, "duplicate: it is linked in, and there is also the file %s: remove the file", path);
	mw_arena_free(&a);
	return r;
}

static const struct mw_plugin *describe_linked_in(const struct mw_loader *l, const struct mw_plugin *p, const char *name,
						  struct mw_err *err)
{
	if (shadow_check(l, name, err) < 0)
		return NULL;
	if (mw_descriptor_check(&all_memory, p, name, err) < 0) {
		mw_err_prefix(err, "what is linked in");
		return NULL;
	}
	return p;
}

/* Is there anything to look for? */
static int name_check(const struct mw_loader *l, const char *name, struct mw_err *err)
{
	if (!mw_descriptor_name_ok(name))
		return mw_fail(err, -EINVAL, "no module can have this name: names begin with a letter, then a-z, 0-9 and dashes");
	if (!l->dir && !find_linked_in(name))
		return mw_fail(err, -ENOENT, "it is not linked in, and no folder of modules is set");
	return 0;
}

const struct mw_plugin *mw_loader_describe(struct mw_loader *l, const char *name, struct mw_err *err)
{
	const struct mw_plugin *p;
	struct module *m;

	if (name_check(l, name, err) < 0)
		return NULL;
	p = find_linked_in(name);
	if (p)
		return describe_linked_in(l, p, name, err);
	m = describe_file(l, name, err);
	return m ? m->described : NULL;
}

/* Nobody but root and us can swap the file in its folder; this catches an update of the package in between. */
static int unchanged(const struct module *m, struct mw_err *err)
{
	struct stat st;

	if (lstat(m->path, &st) < 0 || !same_file(m, &st))
		return mw_fail(err, -ESTALE, "%s was changed while it was loaded: try again", m->path);
	return 0;
}

static int live_check(struct module *m, void *handle, struct mw_err *err)
{
	const struct mw_plugin *p = dlsym(handle, SYMBOL);
	int r;

	if (!p)
		return mw_fail(err, -ENOEXEC, "%s is not a module of milward: it has no symbol " SYMBOL, m->path);
	r = mw_descriptor_check(&all_memory, p, m->name, err);
	if (r == 0 && !mw_descriptor_same(p, m->described))
		r = mw_fail(err, -ENOEXEC, "describes itself otherwise once it is loaded");
	if (r < 0)
		mw_err_prefix(err, "%s", m->path);
	else
		m->live = p;
	return r;
}

static int load_file(struct module *m, struct mw_err *err)
{
	void *handle;
	int r = unchanged(m, err);

	if (r < 0)
		return r;
	handle = dlopen(m->path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return mw_fail(err, -ENOEXEC, "cannot load %s: %s", m->path, dlerror());
	r = unchanged(m, err);
	if (r == 0)
		r = live_check(m, handle, err);
	if (r < 0)
		(void)dlclose(handle);
	else
		m->handle = handle;
	return r;
}

const struct mw_plugin *mw_loader_load(struct mw_loader *l, const char *name, struct mw_err *err)
{
	const struct mw_plugin *p;
	struct module *m;

	if (name_check(l, name, err) < 0)
		return NULL;
	p = find_linked_in(name);
	if (p)
		return describe_linked_in(l, p, name, err);
	m = describe_file(l, name, err);
	if (!m || (!m->live && load_file(m, err) < 0))
		return NULL;
	return m->live;
}

static const struct mw_plugin *catalog_find(void *ctx, const char *name, struct mw_err *err)
{
	return mw_loader_describe(ctx, name, err);
}

struct mw_catalog mw_loader_catalog(struct mw_loader *l)
{
	return (struct mw_catalog){.ctx = l, .find = catalog_find, .names = l->names};
}
