/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The folders above, from the one in work up to the one that was named. */
struct above {
	const struct above *next;
	dev_t dev;
	ino_t ino;
};

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Is it one of the folders that it is in? By a link: all of it has its turn already. */
static bool is_above(const struct above *above, const struct stat *st)
{
	while (above && (above->dev != st->st_dev || above->ino != st->st_ino))
		above = above->next;
	return above != NULL;
}

static size_t walk_folder(const char *path, const struct above *above, void (*fn)(void *ctx, const char *path), void *ctx);

/* What a folder holds. A pipe or a device there would be waited for, for ever. */
static size_t walk_child(const char *path, const struct above *above, void (*fn)(void *ctx, const char *path), void *ctx)
{
	struct above here = {.next = above};
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		here.dev = st.st_dev;
		here.ino = st.st_ino;
		return is_above(above, &st) ? 0 : walk_folder(path, &here, fn, ctx);
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		ctl_fail("cannot read %s: not a regular file", path);
		return 1;
	}
	fn(ctx, path);
	return 0;
}

static size_t walk_folder(const char *path, const struct above *above, void (*fn)(void *ctx, const char *path), void *ctx)
{
	struct dirent **entry;
	int n = scandir(path, &entry, not_hidden, alphasort);
	size_t failed = 0;

	if (n < 0) {
		ctl_fail("cannot read %s: %s", path, strerror(errno));
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char *child = NULL;

		if (asprintf(&child, "%s/%s", path, entry[i]->d_name) > 0) {
			failed += walk_child(child, above, fn, ctx);
			free(child);
		} else {
			ctl_fail("out of memory");
			failed++;
		}
		free(entry[i]);
	}
	free(entry);
	return failed;
}

size_t ctl_walk(const char *path, void (*fn)(void *ctx, const char *path), void *ctx)
{
	struct above here = {.next = NULL};
	struct stat st;

	if (strcmp(path, "-") == 0 || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		fn(ctx, path);
		return 0;
	}
	here.dev = st.st_dev;
	here.ino = st.st_ino;
	return walk_folder(path, &here, fn, ctx);
}

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void ctl_progress_begin(struct ctl_progress *p, const char *what, size_t all)
{
	*p = (struct ctl_progress){.what = what, .all = all, .began = now(), .on = isatty(STDERR_FILENO) != 0};
}

void ctl_progress_step(struct ctl_progress *p)
{
	int64_t t = p->on ? now() : 0;
	size_t full, left;
	char bar[31];

	p->done++;
	if (!p->on || t - p->drawn < 100 || p->all == 0)
		return;
	p->drawn = t;
	full = p->done * 30 / p->all;
	memset(bar, '-', 30);
	memset(bar, '#', full < 30 ? full : 30);
	bar[30] = '\0';
	left = p->all > p->done ? p->all - p->done : 0; /* a folder may have grown since it was counted */
	fprintf(stderr, "\r[%s] %zu of %zu %s, %.0f s left \033[K", bar, p->done, p->all, p->what,
		(double)(t - p->began) / 1000 * (double)left / (double)p->done);
}

void ctl_progress_clear(struct ctl_progress *p)
{
	if (p->on && p->drawn)
		fprintf(stderr, "\r\033[K");
	p->drawn = 0;
}
