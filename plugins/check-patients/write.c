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
	const char *path; /* of the file beside */
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

/* The rename is on disk when the folder is. */
static int sync_folder(const char *path)
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

	if (stat(path, &st) < 0)
		return;
	(void)!fchown(fd, st.st_uid, st.st_gid); /* who may not give it away keeps it */
	(void)fchmod(fd, st.st_mode & 0640);
}

static int write_beside(struct writer *w, const unsigned char *key, struct patients_sort *const *sorter, uint64_t *values)
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

int patients_write(const struct mw_host *host, const char *path, const unsigned char key[PATIENTS_KEY_OCTETS],
		   struct patients_sort *const *sorter, uint64_t *values, uint64_t *octets, struct mw_err *err)
{
	struct writer *w = calloc(1, sizeof(*w));
	char *beside = NULL;
	struct stat st;
	int r;

	/* The index takes the place of what has its name: that must not be a device or a folder. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		free(w);
		return host->fail(err, -EINVAL, "cannot write the index %s: there is something of that name that is no file", path);
	}
	if (!w || strlen(path) >= PATH_MAX - 16 || asprintf(&beside, "%s.XXXXXX", path) < 0) {
		free(w);
		return host->fail(err, -ENOMEM, "no memory for the index %s", path);
	}
	w->fd = mkostemp(beside, O_CLOEXEC);
	r = w->fd < 0 ? -errno : write_beside(w, key, sorter, values);
	if (r == 0) {
		*octets = PATIENTS_HEADER + w->written;
		keep_mode(w->fd, path);
		r = rename(beside, path) < 0 ? -errno : sync_folder(path);
	}
	if (w->fd >= 0)
		(void)close(w->fd);
	if (w->fd >= 0 && r < 0)
		(void)unlink(beside);
	free(beside);
	free(w);
	return r < 0 ? host->fail(err, r, "cannot write the index %s: %s", path, strerror(-r)) : 0;
}
