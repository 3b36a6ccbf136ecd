/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/texts.h"

#include "base/file.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct texts texts;

void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(1);
}

double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void texts_begin(void)
{
	texts.arena = mw_arena_new(0);
	if (!texts.arena)
		die("out of memory");
}

static int text_add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct mw_str text;
	struct mw_err err;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	texts.v = mw_arena_grow(texts.arena, texts.v, &texts.cap, texts.n + 1, sizeof(*texts.v));
	if (!texts.v || mw_file_read(texts.arena, path, TEXT_MAX, &text, &err) < 0 ||
	    mw_fold(texts.arena, text, texts.v + texts.n) < 0)
		die(path);
	texts.octets += texts.v[texts.n++].text.n;
	return 0;
}

void texts_read(char *const *path, int n)
{
	for (int i = 0; i < n; i++)
		if (nftw(path[i], text_add, 16, FTW_PHYS) != 0)
			die(path[i]);
}
