/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match_shipped: what the shipped policy's rules cost, as a milter runs them, with every check.
 *     match_shipped [-r ROUNDS] POLICIES MODULES FILE|FOLDER…    pieces of 4 KB of the files, each a body: time for one, best round
 *     match_shipped -f POLICIES MODULES FILE|FOLDER…             a line for each file, scanned whole as a body: how many findings,
 *                                                                and a digest of all of them
 * Two builds find the same when the second prints the same lines. Counts of instructions, which are the same whatever else runs:
 *     valgrind --tool=callgrind --toggle-collect=mw_ruleset_scan match_shipped -r 1 …
 */
#include "bench/texts.h"

#include "base/file.h"
#include "engine/generation.h"
#include "engine/loader.h"
#include "match/ruleset.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE 4096u

static struct {
	const struct mw_ruleset *set;
	struct mw_scratch *scratch;
	struct mw_str *piece;
	size_t pieces, cap, findings;
} all;

static const unsigned char key[32] = "bench";

static struct mw_generation *load(const char *policies, const char *modules)
{
	struct mw_loader *loader = mw_loader_new(modules);
	struct mw_generation *gen = NULL;
	struct mw_diags diags;
	struct mw_err err = {0};

	mw_diags_init(&diags, texts.arena);
	if (!loader || mw_generation_new(loader, mw_arena_printf(texts.arena, "%s/default.policy", policies), policies,
					 MW_GEN_OFFLINE, &diags, &gen, &err) < 0)
		die("the shipped policy does not load");
	return gen;
}

/* As the engine does it: memory of its own for the folded text. */
static void scan(struct mw_arena *a, struct mw_str text, struct mw_findings *found)
{
	struct mw_folded folded;
	size_t rule;
	int rc = mw_fold(a, text, &folded);

	if (rc == 0)
		rc = mw_ruleset_scan(all.set, all.scratch, &folded, a, 0, MW_ZONE_BODY, found, &rule);
	if (rc < 0 && rc != -EAGAIN)
		die("a scan fails");
}

/* ---- time ------------------------------------------------------------------------------------------------------------------- */

static int pieces_add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct mw_str text;
	struct mw_err err;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	if (mw_file_read(texts.arena, path, TEXT_MAX, &text, &err) < 0)
		die(err.text);
	for (size_t at = 0; text.n - at >= MESSAGE; at += MESSAGE) {
		all.piece = mw_arena_grow(texts.arena, all.piece, &all.cap, all.pieces + 1, sizeof(*all.piece));
		if (!all.piece)
			die("out of memory");
		all.piece[all.pieces++] = (struct mw_str){.p = text.p + at, .n = MESSAGE};
	}
	return 0;
}

static double round_time(void)
{
	double began = seconds();

	all.findings = 0;
	for (size_t i = 0; i < all.pieces; i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_findings found = {.max = 10000};

		if (!a)
			die("out of memory");
		scan(a, all.piece[i], &found);
		all.findings += found.n;
		mw_arena_free(&a);
	}
	return seconds() - began;
}

static void print_time(unsigned long rounds)
{
	double best = 1e9;

	for (unsigned long i = 0; i < rounds; i++) {
		double t = round_time();

		best = t < best ? t : best;
	}
	if (all.pieces == 0 || rounds == 0)
		die("nothing to scan");
	printf("%zu messages of 4 KB, %.1f us each, %zu findings\n", all.pieces, best * 1e6 / (double)all.pieces, all.findings);
}

/* ---- findings --------------------------------------------------------------------------------------------------------------- */

static uint64_t digest(const struct mw_findings *f)
{
	const unsigned char *p = (const unsigned char *)f->v;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < f->n * sizeof(*f->v); i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static int print_findings(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings found = {.max = 1000000};
	struct mw_str text;
	struct mw_err err;

	(void)st;
	(void)ftw;
	if (!a)
		die("out of memory");
	if (type == FTW_F) {
		if (mw_file_read(a, path, TEXT_MAX, &text, &err) < 0)
			die(err.text);
		scan(a, text, &found);
		printf("%zu %016llx %s\n", found.n, (unsigned long long)digest(&found), path);
	}
	mw_arena_free(&a);
	return 0;
}

int main(int argc, char **argv)
{
	struct mw_generation *gen;
	unsigned long rounds = 3;
	bool findings = false, bad = false;
	int c;

	while ((c = getopt(argc, argv, "fr:")) != -1) {
		findings |= c == 'f';
		bad |= c == '?';
		if (c == 'r')
			rounds = strtoul(optarg, NULL, 10);
	}
	if (bad || argc - optind < 3)
		die("usage: match_shipped [-f | -r ROUNDS] POLICIES MODULES FILE|FOLDER…");
	texts_begin();
	gen = load(argv[optind], argv[optind + 1]);
	all.set = mw_generation_rules(gen);
	all.scratch = mw_scratch_new(all.set, key);
	if (!all.scratch)
		die("out of memory");
	for (int i = optind + 2; i < argc; i++)
		if (nftw(argv[i], findings ? print_findings : pieces_add, 16, FTW_PHYS) != 0)
			die(argv[i]);
	if (!findings)
		print_time(rounds);
	mw_scratch_free(&all.scratch);
	mw_generation_unref(&gen);
	mw_arena_free(&texts.arena);
	return 0;
}
