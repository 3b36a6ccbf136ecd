/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct reading {
	const struct mw_host *host;
	struct mw_self *self;
	const struct folder *old;
	struct folder now;
	size_t room;
	bool changed;
};

static struct folder_id id_of(const struct stat *st)
{
	return (struct folder_id){{(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
				   (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec,
				   (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec, st->st_mode}};
}

static bool id_equal(const struct folder_id *a, const struct folder_id *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static int by_name(const void *a, const void *b)
{
	const struct folder_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void file_free(struct folder_file *f)
{
	free(f->name);
	if (f->file.certs)
		certfile_free(&f->file);
}

/* The same file as before: its certificates are shared by reference. */
static int file_again(const struct folder_file *old, struct folder_file *f)
{
	f->file = old->file;
	f->file.certs = X509_chain_up_ref(old->file.certs);
	f->file.crls = sk_X509_CRL_dup(old->file.crls);
	if (!f->file.certs || !f->file.crls) {
		sk_X509_pop_free(f->file.certs, X509_free);
		sk_X509_CRL_free(f->file.crls);
		f->file.certs = NULL;
		return -ENOMEM;
	}
	for (int i = 0; i < sk_X509_CRL_num(f->file.crls); i++)
		(void)X509_CRL_up_ref(sk_X509_CRL_value(f->file.crls, i));
	return 0;
}

/* One line for a file. A command of milwardctl has no log. */
static void tell(const struct reading *rd, const char *name, const char *text, const char *more)
{
	if (rd->self)
		rd->host->log(rd->self, NULL, MW_WARNING, "certificates", "%s: %s: %s%s", rd->now.what, name, text, more);
	else
		fprintf(stderr, "%s: %s: %s%s\n", rd->now.what, name, text, more);
}

static int read_all(int fd, char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t r = read(fd, p + at, n - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		at += (size_t)r;
	}
	return 0;
}

/* -ENOMEM alone is a failure: other files are still good. */
static int file_parse(struct reading *rd, int fd, size_t n, struct folder_file *f)
{
	char *text = n <= CERTFILE_MAX ? malloc(n + 1) : NULL;
	int r = n > CERTFILE_MAX ? -EFBIG : !text ? -ENOMEM : read_all(fd, text, n);

	if (r == 0)
		r = certfile_parse(text, n, &f->file);
	if (text)
		explicit_bzero(text, n);
	free(text);
	if (r < 0 && r != -ENOMEM)
		tell(rd, f->name, "cannot be read: ", strerror(-r));
	else if (r == 0 && f->file.why)
		tell(rd, f->name, f->file.why, "");
	return r == -ENOMEM ? r : 0;
}

/* One that is not what it was. What cannot be opened stands there without certificates, and is told once. */
static int file_read(struct reading *rd, int dir, const char *name, struct folder_file *f)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;
	struct stat st;

	rd->changed = true;
	if (fd < 0 || fstat(fd, &st) < 0) {
		tell(rd, f->name, "cannot be opened: ", strerror(errno));
	} else {
		f->id = id_of(&st);
		if (S_ISREG(st.st_mode) && st.st_size >= 0)
			r = file_parse(rd, fd, (size_t)st.st_size, f);
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int file_look(struct reading *rd, int dir, const char *name, struct folder_file *f)
{
	const struct folder_file key = {.name = f->name}, *old;
	struct stat st;

	if (fstatat(dir, name, &st, 0) == 0)
		f->id = id_of(&st);
	old = rd->old->n ? bsearch(&key, rd->old->v, rd->old->n, sizeof(key), by_name) : NULL;
	if (!old || !id_equal(&old->id, &f->id))
		return file_read(rd, dir, name, f);
	return old->file.certs ? file_again(old, f) : 0;
}

static int add_file(struct reading *rd, int dir, const char *name)
{
	struct folder_file f = {.name = strdup(name)};
	int r;

	if (rd->now.n == rd->room) {
		size_t room = rd->room ? 2 * rd->room : 64;
		struct folder_file *v = rd->room < FOLDER_FILES ? realloc(rd->now.v, room * sizeof(*v)) : NULL;

		if (!v) {
			free(f.name);
			return rd->room < FOLDER_FILES ? -ENOMEM : -E2BIG;
		}
		rd->now.v = v;
		rd->room = room;
	}
	r = f.name ? file_look(rd, dir, name, &f) : -ENOMEM;
	if (r < 0) {
		file_free(&f);
		return r;
	}
	rd->now.v[rd->now.n++] = f;
	return 0;
}

/* Names with a dot in front are of those who write files here. */
static int read_dir(struct reading *rd, int fd)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *e;
	int r = 0;

	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	errno = 0;
	while (r == 0 && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] != '.')
			r = add_file(rd, fd, e->d_name);
		errno = 0;
	}
	if (r == 0 && errno)
		r = -errno;
	(void)closedir(dir);
	if (rd->now.n)
		qsort(rd->now.v, rd->now.n, sizeof(*rd->now.v), by_name);
	return r;
}

static int read_path(struct reading *rd, int fd, const struct stat *st)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		now.tv_sec = 0;
	/* One that changes at this very moment may look the same afterwards. */
	rd->now.settled = now.tv_sec > st->st_mtim.tv_sec + 2;
	rd->now.id = id_of(st);
	if (S_ISDIR(st->st_mode))
		return read_dir(rd, fd);
	(void)close(fd);
	return add_file(rd, AT_FDCWD, rd->now.path);
}

static int fail(const struct mw_host *host, const struct folder *f, int code, struct mw_err *err)
{
	return host->fail(err, code, "%s: cannot read %s: %s", f->what, f->path,
			  code == -E2BIG ? "it has too many files" : strerror(-code));
}

int folder_read(const struct mw_host *host, struct mw_self *self, struct folder *f, bool thorough, bool *changed,
		struct mw_err *err)
{
	struct reading rd = {.host = host, .self = self, .old = f, .now = {.what = f->what, .path = f->path}};
	struct folder_id id;
	struct stat st;
	int fd, r;

	if (!f->path)
		return 0;
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = fail(host, f, -errno, err);
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	id = id_of(&st);
	if ((st.st_mode & S_IWOTH) || (f->settled && !thorough && id_equal(&id, &f->id))) {
		(void)close(fd);
		return st.st_mode & S_IWOTH ? host->fail(err, -EPERM, "%s: everybody may write into %s: run chmod o-w %s",
							 f->what, f->path, f->path)
					    : 0;
	}
	r = read_path(&rd, fd, &st);
	if (r < 0) {
		folder_free(&rd.now);
		return fail(host, f, r, err);
	}
	*changed = *changed || rd.changed || rd.now.n != f->n;
	folder_free(f);
	*f = rd.now;
	return 0;
}

void folder_free(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++)
		file_free(&f->v[i]);
	free(f->v);
	f->v = NULL;
	f->n = 0;
}
