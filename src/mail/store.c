/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

struct mw_store {
	size_t memory;
	const char *dir;
	struct mw_buf buf; /* the content until it moves to the file */
	int fd;		   /* -1 = still in memory */
	uint64_t size;
	void *map; /* view of the file, NULL = none */
	size_t mapped;
};

struct mw_store *mw_store_new(size_t memory, const char *dir)
{
	struct mw_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->memory = memory;
	s->dir = dir;
	s->fd = -1;
	return s;
}

/* For file systems without O_TMPFILE: a name that is gone before anything is written. */
static int open_and_unlink(const char *dir)
{
	static const char name[] = "/milward-XXXXXX";
	char *path = malloc(strlen(dir) + sizeof(name));
	int fd, saved;

	if (!path)
		return -ENOMEM;
	memcpy(path, dir, strlen(dir));
	memcpy(path + strlen(dir), name, sizeof(name));
	fd = mkostemp(path, O_CLOEXEC);
	saved = fd < 0 ? -errno : 0;
	if (fd >= 0 && unlink(path) < 0) {
		saved = -errno;
		(void)close(fd);
	}
	free(path);
	return saved < 0 ? saved : fd;
}

static int open_unnamed(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd >= 0)
		return fd;
	if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
		return open_and_unlink(dir);
	return -errno;
}

static void unmap(struct mw_store *s)
{
	if (s->map)
		(void)munmap(s->map, s->mapped);
	s->map = NULL;
}

static int spill(struct mw_store *s, struct mw_err *err)
{
	int fd = open_unnamed(s->dir), r;

	if (fd < 0)
		return mw_fail(err, fd, "cannot make a spool file in %s: %s", s->dir, strerror(-fd));
	r = mw_file_write_all(fd, mw_buf_text(&s->buf), s->buf.n);
	if (r < 0) {
		(void)close(fd);
		return mw_fail(err, r, "cannot write the spool file in %s: %s", s->dir, strerror(-r));
	}
	s->fd = fd;
	mw_buf_free(&s->buf);
	return 0;
}

/* After a short write the file is longer than the size that was told; what is behind must not stay. */
static int append_file(struct mw_store *s, const char *p, size_t n, struct mw_err *err)
{
	int r = mw_file_write_all(s->fd, p, n);

	if (r == 0)
		return 0;
	if (ftruncate(s->fd, (off_t)s->size) < 0 || lseek(s->fd, 0, SEEK_END) < 0)
		r = -EIO;
	return mw_fail(err, r, "cannot write the spool file in %s: %s", s->dir, strerror(-r));
}

int mw_store_add(struct mw_store *s, const char *p, size_t n, struct mw_err *err)
{
	int r;

	unmap(s);
	if (n > (uint64_t)INT64_MAX - s->size)
		return mw_fail(err, -EFBIG, "message too large");
	if (s->fd < 0 && s->size + n > s->memory) {
		r = spill(s, err);
		if (r < 0)
			return r;
	}
	if (s->fd < 0) {
		mw_buf_add(&s->buf, p, n);
		if (!mw_buf_ok(&s->buf))
			return mw_fail_memory(err);
	} else {
		r = append_file(s, p, n, err);
		if (r < 0)
			return r;
	}
	s->size += n;
	return 0;
}

uint64_t mw_store_size(const struct mw_store *s)
{
	return s->size;
}

int mw_store_view(struct mw_store *s, struct mw_str *ret, struct mw_err *err)
{
	void *map;

	if (s->fd < 0) {
		*ret = (struct mw_str){.p = mw_buf_text(&s->buf), .n = s->buf.n};
		return 0;
	}
	if (!s->map && s->size) {
		if (s->size > SIZE_MAX)
			return mw_fail(err, -EFBIG, "message too large for this machine");
		map = mmap(NULL, (size_t)s->size, PROT_READ, MAP_PRIVATE, s->fd, 0);
		if (map == MAP_FAILED)
			return mw_fail(err, -errno, "cannot map the spool file in %s: %s", s->dir, strerror(errno));
		s->map = map;
		s->mapped = (size_t)s->size;
	}
	*ret = (struct mw_str){.p = s->map ? s->map : "", .n = (size_t)s->size};
	return 0;
}

void mw_store_forget(const struct mw_store *s)
{
	if (s->map)
		(void)madvise(s->map, s->mapped, MADV_DONTNEED); /* of a file, and never written: nothing is lost */
}

void mw_store_unview(struct mw_store *s)
{
	unmap(s);
}

int mw_store_read(const struct mw_store *s, uint64_t from, char *to, size_t n)
{
	if (from > s->size || n > s->size - from)
		return -EINVAL;
	if (s->fd < 0) {
		memcpy(to, mw_buf_text(&s->buf) + from, n);
		return 0;
	}
	while (n) {
		ssize_t r = pread(s->fd, to, n, (off_t)from);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		to += r;
		from += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

void mw_store_free(struct mw_store **sp)
{
	struct mw_store *s = sp ? *sp : NULL;

	if (!s)
		return;
	unmap(s);
	if (s->fd >= 0)
		(void)close(s->fd);
	mw_buf_free(&s->buf);
	free(s);
	*sp = NULL;
}
