/* SPDX-License-Identifier: Apache-2.0 */
#include "sort.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL 48u    /* values that are inserted one by one */
#define BUFFER 8192u /* values of a run that are read at once */
#define RUNS_MAX 4096u

struct run {
	uint64_t at, n; /* values in the file that are not in the buffer yet */
	uint64_t *v;	/* buffer; the values in memory are a run too, with all of them in it */
	size_t i, have;
};

struct patients_sort {
	uint64_t *v;
	size_t n, room;
	const char *folder;
	int fd; /* -1: none yet */
	uint64_t written;
	size_t runs;
	struct {
		uint64_t at, n;
	} run[RUNS_MAX];
};

struct patients_sort *patients_sort_new(size_t room, const char *folder)
{
	struct patients_sort *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = -1;
	s->room = room;
	s->folder = folder;
	s->v = calloc(room, sizeof(*s->v));
	if (!s->v)
		patients_sort_free(&s);
	return s;
}

void patients_sort_free(struct patients_sort **s)
{
	if (!*s)
		return;
	if ((*s)->fd >= 0)
		(void)close((*s)->fd);
	free((*s)->v);
	free(*s);
	*s = NULL;
}

/* ---- in memory --------------------------------------------------------------------------------------------------- */
static void insertion(uint64_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = v[i];
		size_t k = i;

		for (; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* In place, by one octet after the other from the highest: each value is swapped to where its octet belongs. At most eight deep.
 */
static void radix(uint64_t *v, size_t n, unsigned shift)
{
	size_t next[256] = {0}, end[256], at = 0;

	if (n <= SMALL) {
		insertion(v, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		next[v[i] >> shift & 255]++;
	for (size_t b = 0; b < 256; b++) {
		size_t count = next[b];

		next[b] = at;
		at += count;
		end[b] = at;
	}
	for (size_t b = 0; b < 256; b++)
		while (next[b] < end[b]) {
			uint64_t x = v[next[b]];
			size_t to = x >> shift & 255;

			v[next[b]] = v[next[to]];
			v[next[to]++] = x;
		}
	at = 0;
	for (size_t b = 0; shift && b < 256; b++) {
		radix(v + at, end[b] - at, shift - 8);
		at = end[b];
	}
}

static size_t unique(uint64_t *v, size_t n)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (m == 0 || v[m - 1] != v[i])
			v[m++] = v[i];
	return m;
}

static void settle(struct patients_sort *s)
{
	radix(s->v, s->n, 56);
	s->n = unique(s->v, s->n);
}

/* ---- the file of runs -------------------------------------------------------------------------------------------- */
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

static int file_open(struct patients_sort *s)
{
	char *name;

	s->fd = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return -errno;
	if (asprintf(&name, "%s/.milward-sort.XXXXXX", s->folder) < 0)
		return -ENOMEM;
	s->fd = mkostemp(name, O_CLOEXEC);
	if (s->fd >= 0)
		(void)unlink(name);
	free(name);
	return s->fd < 0 ? -errno : 0;
}

static int spill(struct patients_sort *s)
{
	int r = s->fd < 0 ? file_open(s) : 0;

	if (r < 0)
		return r;
	if (s->runs == RUNS_MAX)
		return -EFBIG;
	r = write_all(s->fd, (const char *)s->v, s->n * sizeof(*s->v));
	if (r < 0)
		return r;
	s->run[s->runs].at = s->written;
	s->run[s->runs++].n = s->n;
	s->written += s->n;
	s->n = 0;
	return 0;
}

int patients_sort_add(struct patients_sort *s, uint64_t value)
{
	if (s->n == s->room) {
		settle(s);
		if (s->n > s->room / 2) { /* what came often may leave room enough */
			int r = spill(s);

			if (r < 0)
				return r;
		}
	}
	s->v[s->n++] = value;
	return 0;
}

/* ---- merging ----------------------------------------------------------------------------------------------------- */
/* More of the run into its buffer. 1, 0: it is empty, negative. */
static int refill(int fd, struct run *r)
{
	size_t want = r->n < BUFFER ? (size_t)r->n : BUFFER, got = 0, all = want * sizeof(*r->v);

	if (r->i < r->have)
		return 1;
	if (want == 0)
		return 0;
	while (got < all) {
		ssize_t n = pread(fd, (char *)r->v + got, all - got, (off_t)(r->at * sizeof(*r->v) + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		got += (size_t)n;
	}
	r->at += want;
	r->n -= want;
	r->i = 0;
	r->have = want;
	return 1;
}

static uint64_t head(const struct run *r)
{
	return r->v[r->i];
}

/* heap[0] has the smallest head. */
static void sink(struct run **heap, size_t n, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		struct run *r = heap[at];

		if (child >= n)
			return;
		if (child + 1 < n && head(heap[child + 1]) < head(heap[child]))
			child++;
		if (head(r) <= head(heap[child]))
			return;
		heap[at] = heap[child];
		heap[child] = r;
		at = child;
	}
}

static int merge(int fd, struct run **heap, size_t n, int (*fn)(void *, uint64_t), void *ctx, uint64_t *distinct)
{
	uint64_t count = 0, before = 0;

	for (size_t i = n / 2; i-- > 0;)
		sink(heap, n, i);
	while (n) {
		uint64_t value = head(heap[0]);
		int r = count == 0 || value != before ? 1 : 0;

		if (r) {
			before = value;
			count++;
			r = fn ? fn(ctx, value) : 0;
			if (r)
				return r;
		}
		heap[0]->i++;
		r = refill(fd, heap[0]);
		if (r < 0)
			return r;
		if (r == 0)
			heap[0] = heap[--n];
		sink(heap, n, 0);
	}
	*distinct = count;
	return 0;
}

int patients_sort_merge(struct patients_sort *s, int (*fn)(void *ctx, uint64_t), void *ctx, uint64_t *distinct)
{
	struct run *run = calloc(s->runs + 1, sizeof(*run)), **heap = calloc(s->runs + 1, sizeof(struct run *));
	uint64_t *buffer = s->runs ? calloc(s->runs, BUFFER * sizeof(*buffer)) : NULL;
	size_t n = 0;
	int r = run && heap && (buffer || !s->runs) ? 0 : -ENOMEM;

	settle(s);
	for (size_t i = 0; i < s->runs && r >= 0; i++) {
		run[i] = (struct run){.at = s->run[i].at, .n = s->run[i].n, .v = buffer + i * BUFFER};
		r = refill(s->fd, &run[i]);
		if (r > 0)
			heap[n++] = &run[i];
	}
	if (r >= 0 && s->n) {
		run[s->runs] = (struct run){.v = s->v, .have = s->n};
		heap[n++] = &run[s->runs];
	}
	if (r >= 0)
		r = merge(s->fd, heap, n, fn, ctx, distinct);
	free(buffer);
	free(heap);
	free(run);
	return r;
}
