/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct mw_store {
	size_t memory;
	const char *dir;
	char *p; /* content while fd < 0 */
	size_t cap;
	uint64_t size;
	int fd;
	void *map; /* view of the file */
	size_t map_n;
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

static void unmap(struct mw_store *s)
{
	if (s->map)
		(void)munmap(s->map, s->map_n);
	s->map = NULL;
	s->map_n = 0;
}

/* A file that has no name from the start, or loses it at once where the file system cannot do that. */
static int open_unnamed(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	if (strlen(dir) > sizeof(path) - sizeof("/milward.XXXXXX")) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)stpcpy(stpcpy(path, dir), "/milward.XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t r = write(fd, p, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static void drop_memory(struct mw_store *s)
{
	if (s->p)
		explicit_bzero(s->p, (size_t)s->size);
	free(s->p);
	s->p = NULL;
	s->cap = 0;
}

static int spill(struct mw_store *s, struct mw_err *err)
{
	int fd = open_unnamed(s->dir), r;

	if (fd < 0)
		return mw_fail(err, -errno, "cannot make a spool file in %s: %s", s->dir, strerror(errno));
	r = write_all(fd, s->p, (size_t)s->size);
	if (r < 0) {
		(void)close(fd);
		return mw_fail(err, r, "cannot write a spool file in %s: %s", s->dir, strerror(-r));
	}
	drop_memory(s);
	s->fd = fd;
	return 0;
}

/* Not realloc(): the old place holds mail and must be wiped. */
static int reserve(struct mw_store *s, size_t n, struct mw_err *err)
{
	size_t want = s->cap ? s->cap : 4096;
	char *p;

	if (n <= s->cap)
		return 0;
	while (want < n)
		want *= 2;
	if (want > s->memory)
		want = s->memory;
	p = malloc(want);
	if (!p)
		return mw_fail_memory(err);
	if (s->p)
		memcpy(p, s->p, (size_t)s->size);
	drop_memory(s);
	s->p = p;
	s->cap = want;
	return 0;
}

int mw_store_add(struct mw_store *s, const char *p, size_t n, struct mw_err *err)
{
	int r;

	if (n > SIZE_MAX - s->size)
		return mw_fail(err, -EFBIG, "message too large");
	if (!n)
		return 0;
	unmap(s);
	if (s->fd < 0 && s->size + n > s->memory) {
		r = spill(s, err);
		if (r < 0)
			return r;
	}
	if (s->fd < 0) {
		r = reserve(s, (size_t)s->size + n, err);
		if (r < 0)
			return r;
		memcpy(s->p + s->size, p, n);
	} else {
		r = write_all(s->fd, p, n);
		if (r < 0)
			return mw_fail(err, r, "cannot write a spool file in %s: %s", s->dir, strerror(-r));
	}
	s->size += n;
	return 0;
}

uint64_t mw_store_size(const struct mw_store *s)
{
	return s->size;
}

bool mw_store_spilled(const struct mw_store *s)
{
	return s->fd >= 0;
}

int mw_store_view(struct mw_store *s, struct mw_str *ret, struct mw_err *err)
{
	if (s->fd >= 0 && !s->map) {
		void *map = mmap(NULL, (size_t)s->size, PROT_READ, MAP_PRIVATE, s->fd, 0);

		if (map == MAP_FAILED)
			return mw_fail(err, -errno, "cannot map a spool file: %s", strerror(errno));
		s->map = map;
		s->map_n = (size_t)s->size;
	}
	*ret = (struct mw_str){.p = s->fd >= 0 ? s->map : s->p ? s->p : "", .n = (size_t)s->size};
	return 0;
}

void mw_store_free(struct mw_store **sp)
{
	struct mw_store *s = *sp;

	if (!s)
		return;
	unmap(s);
	if (s->fd >= 0)
		(void)close(s->fd);
	drop_memory(s);
	free(s);
	*sp = NULL;
}
