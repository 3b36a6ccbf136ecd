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

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static size_t walk_folder(const char *path, void (*fn)(void *ctx, const char *path), void *ctx)
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

		if (asprintf(&child, "%s/%s", path, entry[i]->d_name) > 0)
			failed += ctl_walk(child, fn, ctx);
		else
			failed++;
		free(child);
		free(entry[i]);
	}
	free(entry);
	return failed;
}

size_t ctl_walk(const char *path, void (*fn)(void *ctx, const char *path), void *ctx)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return walk_folder(path, fn, ctx);
	fn(ctx, path);
	return 0;
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
	size_t full;
	char bar[31];

	p->done++;
	if (!p->on || t - p->drawn < 100 || p->all == 0)
		return;
	p->drawn = t;
	full = p->done * 30 / p->all;
	memset(bar, '-', 30);
	memset(bar, '#', full < 30 ? full : 30);
	bar[30] = '\0';
	fprintf(stderr, "\r[%s] %zu of %zu %s, %lld s left \033[K", bar, p->done, p->all, p->what,
		(long long)((t - p->began) * (int64_t)(p->all - p->done) / (int64_t)p->done / 1000));
}

void ctl_progress_clear(struct ctl_progress *p)
{
	if (p->on && p->drawn)
		fprintf(stderr, "\r\033[K");
	p->drawn = 0;
}
