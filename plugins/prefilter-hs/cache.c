/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "mw-hs-1\n"
#define CACHE_MAX ((uint64_t)1 << 30)
#define NAME_ROOM 300

/* In the file in front of the contents. */
struct head {
	char magic[8];
	unsigned char key[CACHE_DIGEST], digest[CACHE_DIGEST];
	uint64_t n;
};

/* The folder, opened, and the file's name in it. */
struct place {
	int dir;
	const char *path, *name;
	const struct mw_host *host;
	struct mw_err *err;
};

bool cache_digest(const void *p, size_t n, unsigned char ret[CACHE_DIGEST])
{
	return EVP_Digest(p, n, ret, NULL, EVP_sha256(), NULL) == 1;
}

static int failed(const struct place *at, const char *what)
{
	int code = -errno;

	return at->host->fail(at->err, code, "%s %s: %s", what, at->path, strerror(-code));
}

/* Whoever else may write this may have it run what they like. */
static int owned(const struct place *at, int fd, const char *what)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return failed(at, "cannot look at");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return at->host->fail(at->err, -EPERM, "%s of %s belongs to user %lu", what, at->path, (unsigned long)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return at->host->fail(at->err, -EPERM, "%s of %s can be written by others: chmod go-w it", what, at->path);
	return 0;
}

static int place_open(struct place *at)
{
	const char *slash = strrchr(at->path, '/');
	char *folder;
	int r;

	at->name = slash ? slash + 1 : at->path;
	if (!*at->name || strlen(at->name) > 200)
		return at->host->fail(at->err, -EINVAL, "%s is no name of a file", at->path);
	folder = slash ? strndup(at->path, slash == at->path ? 1 : (size_t)(slash - at->path)) : strdup(".");
	if (!folder)
		return at->host->fail(at->err, -ENOMEM, "out of memory");
	at->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (at->dir < 0)
		return failed(at, "cannot open the folder of");
	r = owned(at, at->dir, "the folder");
	if (r < 0)
		(void)close(at->dir);
	return r;
}

static int read_all(const struct place *at, int fd, void *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, (char *)p + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return failed(at, "cannot read");
		if (r == 0)
			return at->host->fail(at->err, -EBADMSG, "%s is cut off", at->path);
		got += (size_t)r;
	}
	return 0;
}

static int read_contents(const struct place *at, int fd, const struct head *head, char **ret)
{
	unsigned char digest[CACHE_DIGEST];
	char *p = malloc(head->n ? head->n : 1);
	int r;

	if (!p)
		return at->host->fail(at->err, -ENOMEM, "out of memory");
	r = read_all(at, fd, p, head->n);
	if (r == 0 && (!cache_digest(p, head->n, digest) || memcmp(digest, head->digest, sizeof(digest)) != 0))
		r = at->host->fail(at->err, -EBADMSG, "%s is damaged", at->path);
	if (r == 0)
		*ret = p;
	else
		free(p);
	return r;
}

static int read_file(const struct place *at, int fd, const unsigned char key[CACHE_DIGEST], char **ret, size_t *n)
{
	struct head head;
	struct stat st;
	int r = owned(at, fd, "the file");

	if (r == 0 && fstat(fd, &st) < 0)
		return failed(at, "cannot look at");
	if (r == 0 && !S_ISREG(st.st_mode))
		r = at->host->fail(at->err, -EINVAL, "%s is not a regular file", at->path);
	if (r == 0)
		r = read_all(at, fd, &head, sizeof(head));
	if (r == 0 && memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0)
		r = at->host->fail(at->err, -EBADMSG, "%s is no cache of this module", at->path);
	if (r == 0 && memcmp(head.key, key, sizeof(head.key)) != 0)
		r = at->host->fail(at->err, -ESTALE, "%s is for other rules, another library or another processor", at->path);
	if (r == 0 && (head.n > CACHE_MAX || head.n != (uint64_t)st.st_size - sizeof(head)))
		r = at->host->fail(at->err, -EBADMSG, "%s has a wrong size", at->path);
	if (r == 0)
		r = read_contents(at, fd, &head, ret);
	if (r == 0)
		*n = head.n;
	return r;
}

int cache_load(const char *path, const unsigned char key[CACHE_DIGEST], char **ret, size_t *n, const struct mw_host *host,
	       struct mw_err *err)
{
	struct place at = {.path = path, .host = host, .err = err};
	int fd, r = place_open(&at);

	if (r < 0)
		return r;
	fd = openat(at.dir, at.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		r = failed(&at, "cannot open");
	(void)close(at.dir);
	if (r < 0)
		return r;
	r = read_file(&at, fd, key, ret, n);
	(void)close(fd);
	return r;
}

static bool write_all(int fd, const void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = write(fd, (const char *)p + done, n - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return false;
		done += (size_t)r;
	}
	return true;
}

static int write_file(const struct place *at, const struct head *head, const char *p)
{
	char name[NAME_ROOM];
	int fd, r = 0;

	(void)snprintf(name, sizeof(name), "%s.new.%ld", at->name, (long)getpid());
	(void)unlinkat(at->dir, name, 0); /* of a process of that number that was killed */
	fd = openat(at->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(at, "cannot write beside");
	if (!write_all(fd, head, sizeof(*head)) || !write_all(fd, p, head->n) || fsync(fd) < 0)
		r = failed(at, "cannot write");
	if (close(fd) < 0 && r == 0)
		r = failed(at, "cannot write");
	if (r == 0 && renameat(at->dir, name, at->dir, at->name) < 0)
		r = failed(at, "cannot replace");
	if (r < 0)
		(void)unlinkat(at->dir, name, 0);
	return r;
}

int cache_store(const char *path, const unsigned char key[CACHE_DIGEST], const char *p, size_t n, const struct mw_host *host,
		struct mw_err *err)
{
	struct place at = {.path = path, .host = host, .err = err};
	struct head head = {.n = n};
	int r;

	memcpy(head.magic, MAGIC, sizeof(head.magic));
	memcpy(head.key, key, sizeof(head.key));
	if (n > CACHE_MAX || !cache_digest(p, n, head.digest))
		return host->fail(err, -EFBIG, "%s: too much to keep", path);
	r = place_open(&at);
	if (r < 0)
		return r;
	r = write_file(&at, &head, p);
	(void)close(at.dir);
	return r;
}
