/* SPDX-License-Identifier: Apache-2.0 */
#include "write.h"

#include "normal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LEAST 1024u
#define CHUNK 65536u

struct writer {
	const struct mw_host *host;
	int fd;
	struct patients_mac *mac;
	unsigned char header[PATIENTS_HEADER];
	unsigned char chunk[CHUNK];
	size_t n;
	uint64_t written; /* octets of sections */
	int failed;	  /* errno of the first failure */
};

uint64_t patients_padded(uint64_t n)
{
	unsigned bits = 0;
	uint64_t step;

	if (n <= LEAST)
		return LEAST;
	while (n >> bits > 15)
		bits++;
	step = UINT64_C(1) << bits; /* the four highest bits are told, no more */
	return (n + step - 1) / step * step;
}

static void put(struct writer *w, const unsigned char *p, size_t n, off_t at)
{
	while (n && !w->failed) {
		ssize_t r = pwrite(w->fd, p, n, at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			w->failed = r < 0 ? errno : EIO;
			return;
		}
		p += r;
		n -= (size_t)r;
		at += r;
	}
}

static void flush(struct writer *w)
{
	put(w, w->chunk, w->n, (off_t)(PATIENTS_HEADER + w->written));
	if (!w->failed && !patients_mac_add(w->mac, w->chunk, w->n))
		w->failed = EIO;
	w->written += w->n;
	w->n = 0;
}

static int put_entry(void *ctx, uint64_t entry)
{
	struct writer *w = ctx;

	patients_put64(w->chunk + w->n, entry);
	w->n += PATIENTS_ENTRY;
	if (w->n == CHUNK)
		flush(w);
	return w->failed ? -w->failed : 0;
}

/* Random entries up to the padded number: without the key nobody can tell them from MACs. */
static int pad(struct patients_sort *sort, uint64_t n)
{
	uint64_t noise[512];

	for (uint64_t left = patients_padded(n) - n; left;) {
		size_t now = left < 512 ? (size_t)left : 512;
		ssize_t got = getrandom(noise, now * sizeof(*noise), 0);

		if (got != (ssize_t)(now * sizeof(*noise))) {
			if (got < 0 && errno == EINTR)
				continue;
			return -EIO;
		}
		for (size_t i = 0; i < now; i++) {
			int r = patients_sort_add(sort, noise[i]);

			if (r < 0)
				return r;
		}
		left -= now;
	}
	return 0;
}

static int write_section(struct writer *w, uint32_t kind, uint32_t row, struct patients_sort *sort, uint64_t *values)
{
	unsigned char *to = w->header + 48 + (size_t)row * 24;
	uint64_t at = PATIENTS_HEADER + w->written + w->n, entries;
	int r = patients_sort_merge(sort, NULL, NULL, values);

	if (r == 0)
		r = pad(sort, *values);
	if (r == 0)
		r = patients_sort_merge(sort, put_entry, w, &entries);
	if (r < 0)
		return r;
	if (entries > PATIENTS_ENTRIES_MAX)
		return -EFBIG;
	patients_put32(to, kind);
	patients_put64(to + 8, at);
	patients_put64(to + 16, entries);
	return 0;
}

static int write_header(struct writer *w, uint32_t sections, struct patients_mac *check)
{
	unsigned char mac[PATIENTS_MAC];

	memcpy(w->header, PATIENTS_MAGIC, 8);
	patients_put32(w->header + 8, PATIENTS_VERSION);
	patients_put32(w->header + 12, PATIENTS_NORMAL);
	patients_put64(w->header + 16, (uint64_t)time(NULL));
	patients_put32(w->header + 24, sections);
	if (!patients_mac_begin(check, PATIENTS_FOR_KEY) || !patients_mac_end(check, mac))
		return -EIO;
	memcpy(w->header + 32, mac, PATIENTS_CHECK);
	if (!patients_mac_add(w->mac, w->header, PATIENTS_SIGNED) || !patients_mac_end(w->mac, w->header + PATIENTS_SIGNED))
		return -EIO;
	put(w, w->header, sizeof(w->header), 0);
	return w->failed ? -w->failed : 0;
}

static int write_all(struct writer *w, struct patients_mac *check, struct patients_sort *const *sorter, uint64_t *values)
{
	uint32_t sections = 0;
	int r = patients_mac_begin(w->mac, PATIENTS_FOR_FILE) ? 0 : -EIO;

	for (uint32_t kind = 1; kind < PATIENTS_KINDS && r == 0; kind++) {
		values[kind] = 0;
		if (sorter[kind])
			r = patients_sort_merge(sorter[kind], NULL, NULL, &values[kind]);
		if (r == 0 && values[kind])
			r = write_section(w, kind, sections++, sorter[kind], &values[kind]);
	}
	flush(w);
	if (r == 0)
		r = write_header(w, sections, check);
	if (r == 0 && fsync(w->fd) < 0)
		r = -errno;
	return r;
}

int patients_sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, r;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

/* The mode of the index that is replaced, so that the daemon can still read the new one. */
static void keep_mode(int fd, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	(void)!fchown(fd, st.st_uid, st.st_gid); /* who may not give it away keeps it */
	(void)fchmod(fd, st.st_mode & 0640);
}

/* ---- the file beside --------------------------------------------------------------------------------------------- */
struct beside {
	char *name; /* ends in XXXXXX, or what has taken their place */
	bool named; /* there is a file of that name */
	int fd;
};

/* Without a name, so that nothing is left when we are killed; with one where the file system cannot do that. */
static int beside_open(struct beside *b, const char *path)
{
	char folder[PATH_MAX];

	b->fd = -1;
	b->named = false;
	if (asprintf(&b->name, "%s.XXXXXX", path) < 0) {
		b->name = NULL;
		return -ENOMEM;
	}
	(void)snprintf(folder, sizeof(folder), "%s", path);
	if (access("/proc/self/fd", X_OK) == 0)
		b->fd = open(dirname(folder), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (b->fd >= 0)
		return 0;
	b->fd = mkostemp(b->name, O_CLOEXEC);
	b->named = b->fd >= 0;
	return b->fd < 0 ? -errno : 0;
}

static int beside_name(struct beside *b)
{
	static const char sign[] = "abcdefghijklmnopqrstuvwxyz012345";
	char *end = b->name + strlen(b->name) - 6, fd[40];
	unsigned char noise[6];

	if (getrandom(noise, sizeof(noise), 0) != (ssize_t)sizeof(noise))
		return -EIO;
	for (size_t i = 0; i < sizeof(noise); i++)
		end[i] = sign[noise[i] & 31];
	(void)snprintf(fd, sizeof(fd), "/proc/self/fd/%d", b->fd);
	if (linkat(AT_FDCWD, fd, AT_FDCWD, b->name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	b->named = true;
	return 0;
}

/* Now it is the index. */
static int beside_place(struct beside *b, const char *path)
{
	int r;

	keep_mode(b->fd, path);
	r = b->named ? 0 : beside_name(b);
	if (r < 0)
		return r;
	if (rename(b->name, path) < 0)
		return -errno;
	b->named = false;
	return patients_sync_folder(path);
}

static void beside_close(struct beside *b)
{
	if (b->named)
		(void)unlink(b->name);
	if (b->fd >= 0)
		(void)close(b->fd);
	free(b->name);
}

/* ---- the index --------------------------------------------------------------------------------------------------- */
static int write_to(struct writer *w, const unsigned char *key, struct patients_sort *const *sorter, uint64_t *values)
{
	struct patients_mac *check = patients_mac_new(key);
	int r = -ENOMEM;

	w->mac = patients_mac_new(key);
	if (w->mac && check)
		r = write_all(w, check, sorter, values);
	patients_mac_free(&w->mac);
	patients_mac_free(&check);
	return r;
}

/* What has the name already: nothing, or an index (*size), but no device, no folder, and no file of something else: the table, for
 * instance, when the arguments are mixed up. */
static int look_at_old(const struct mw_host *host, const char *path, uint64_t *size, struct mw_err *err)
{
	char magic[8] = "";
	struct stat st;
	int fd;

	*size = 0;
	if (strlen(path) >= PATH_MAX - 16)
		return host->fail(err, -ENAMETOOLONG, "the path of the index is too long");
	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISREG(st.st_mode))
		return host->fail(err, -EINVAL, "cannot write the index %s: there is something of that name that is no file",
				  path);
	*size = (uint64_t)st.st_size;
	fd = *size ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	if (fd < 0)
		return 0; /* who may not read it may not know what it is */
	if (read(fd, magic, sizeof(magic)) < 0 || memcmp(magic, PATIENTS_MAGIC, sizeof(magic)) != 0) {
		(void)close(fd);
		return host->fail(err, -EINVAL, "cannot write the index %s: there is a file of that name that is no index", path);
	}
	(void)close(fd);
	return 0;
}

int patients_write(const struct mw_host *host, const struct patients_target *target, struct patients_sort *const *sorter,
		   uint64_t *values, uint64_t *octets, struct mw_err *err)
{
	struct writer *w = calloc(1, sizeof(*w));
	struct beside beside = {.fd = -1};
	uint64_t old = 0;
	bool cut;
	int r = w ? look_at_old(host, target->path, &old, err) : host->fail(err, -ENOMEM, "no memory for the index");

	if (r < 0) {
		free(w);
		return r;
	}
	r = beside_open(&beside, target->path);
	w->fd = beside.fd;
	if (r == 0)
		r = write_to(w, target->key, sorter, values);
	*octets = PATIENTS_HEADER + w->written;
	free(w);
	cut = r == 0 && *octets < old / 2 && !target->smaller;
	if (r == 0 && !cut)
		r = beside_place(&beside, target->path);
	if (cut)
		r = host->fail(err, -EINVAL,
			       "the index %s stays: the new one would have less than half of its size; is the table whole? "
			       "--smaller takes it",
			       target->path);
	else if (r < 0)
		r = host->fail(err, r, "cannot write the index %s: %s", target->path, strerror(-r));
	beside_close(&beside);
	return r;
}
