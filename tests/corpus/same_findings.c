/* SPDX-License-Identifier: Apache-2.0 */
/*
 * same_findings: do rules find the same when PCRE2 looks everywhere, when it looks where triggers are, and when a prefilter says
 * where? same_findings SHARE POLICIES PATTERNS MODULES FILE|FOLDER… Every file is scanned as a text of its own, octets as they
 * are: once each way, by one in SHARE of the patterns of the file PATTERNS and of the rules of POLICIES/rules, by others in the
 * next file; and one file in SHARE by the shipped rules as they are, with checks, context and levels, as a body. Prints each difference and a last line "N rules, N texts, N octets, N matches, N findings, N unread, N limited, N differ"
 * (limited: PCRE2 reached a limit when it looked everywhere, so that there is nothing to compare with). Exit 1 when some differ
 * or are unread, 2 when nothing was compared.
 */
#include "base/file.h"
#include "engine/engine.h"
#include "match/hunt.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 4000u
#define TEXT_MAX (64u * 1024u * 1024u)

enum { PLAIN, SIEVE, PREFILTER, WAYS };

static struct {
	struct mw_arena *arena;
	struct mw_rule rule[RULES_MAX];
	size_t rules;
	bool run[RULES_MAX];
	struct mw_ruleset *set[WAYS];
	struct mw_hunter *hunter[WAYS];
	struct mw_generation *shipped[WAYS];
	struct mw_scratch *scratch[WAYS];
	size_t share, texts, unread, limited, differ;
	uint64_t octets, matches, findings;
} all;

static const struct mw_level level = {.confidence = 50};

static void die(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "same_findings: %s\n", what);
	exit(2);
}

/* ---- rules ------------------------------------------------------------------------------------------------------------------
 */

static void rule_add(const char *name, struct mw_str pattern, bool caseless, bool extended)
{
	if (all.rules == RULES_MAX)
		die("too many rules");
	all.rule[all.rules++] = (struct mw_rule){.name = name,
						 .kind = MW_IDENTIFIER,
						 .pattern = pattern,
						 .caseless = caseless,
						 .extended = extended,
						 .levels = 1,
						 .level = &level};
}

static void patterns_add(const char *path)
{
	struct mw_str text;
	struct mw_err err;
	char *rest, *line;

	if (mw_file_read(all.arena, path, TEXT_MAX, &text, &err) < 0)
		die(err.text);
	rest = mw_arena_dup(all.arena, text.p, text.n);
	while ((line = strsep(&rest, "\n"))) {
		char *name = strsep(&line, "\t"), *flags = strsep(&line, "\t");

		if (*name != '#' && flags && line)
			rule_add(name, (struct mw_str){.p = line, .n = strlen(line)}, *flags == 'i', false);
	}
}

static struct mw_generation *policy_load(struct mw_loader *loader, const char *policies)
{
	struct mw_generation *gen = NULL;
	struct mw_diags diags;
	struct mw_err err = {0};

	mw_diags_init(&diags, all.arena);
	if (mw_generation_new(loader, mw_arena_printf(all.arena, "%s/default.policy", policies), policies, MW_GEN_OFFLINE, &diags,
			      &gen, &err) < 0)
		die("the shipped policy does not load");
	return gen;
}

/* The patterns of the shipped rules, without checks, context and levels: every match counts. */
static void packs_add(const struct mw_plan *plan)
{
	for (size_t i = 0; i < plan->rules; i++)
		if (plan->rule[i].pattern.n)
			rule_add(plan->rule[i].name, plan->rule[i].pattern, plan->rule[i].caseless, plan->rule[i].extended);
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)offset;
	fprintf(stderr, "rule %s: %s\n", r->name, text);
}

/* Looks one of the ways from now on; the generation is nobody else's. */
static void set_turn(struct mw_ruleset *set, size_t way, const struct mw_plugin *hs, void *inst)
{
	struct mw_err err;

	if (way == PLAIN)
		mw_ruleset_plain(set);
	if (way == PREFILTER && mw_ruleset_prefilter(set, hs->prefilter, inst, &err) < 0)
		die("the prefilter fails");
}

static void sets_make(struct mw_loader *loader, const char *policies)
{
	static const unsigned char key[32];
	static const char *const no_options[8];
	struct mw_err err = {0};
	const struct mw_plugin *hs = mw_loader_load(loader, "prefilter-hs", &err);
	void *inst = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		if (i == PREFILTER && !hs) {
			printf("# no prefilter: %s\n", err.text);
			continue;
		}
		if (i == PREFILTER && hs->hooks.open(NULL, NULL, no_options, &inst, &err) < 0)
			die(err.text);
		if (mw_ruleset_compile(all.rule, all.rules, NULL, refused, NULL, &all.set[i], NULL) < 0)
			die("the rules do not compile");
		set_turn(all.set[i], i, hs, inst);
		all.hunter[i] = mw_hunter_new(all.set[i]);
		all.shipped[i] = policy_load(loader, policies);
		set_turn((struct mw_ruleset *)(uintptr_t)mw_generation_rules(all.shipped[i]), i, hs, inst);
		all.scratch[i] = mw_scratch_new(mw_generation_rules(all.shipped[i]), key);
		if (!all.hunter[i] || !all.scratch[i])
			die("out of memory");
	}
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------
 */

/* What a rule matches, in order, as one number. */
struct seen {
	uint64_t sum[RULES_MAX], n;
};

static int found(void *ctx, uint32_t rule, size_t start, size_t end)
{
	struct seen *s = ctx;

	s->sum[rule] = (s->sum[rule] ^ start ^ end << 32) * 0x9e3779b97f4a7c15u + 1;
	s->n++;
	return 1;
}

static void compare(const char *path, struct mw_str text)
{
	static struct seen seen[WAYS];
	size_t limited;
	bool whole[WAYS] = {false};

	for (size_t i = 0; i < all.rules; i++)
		all.run[i] = i % all.share == all.texts % all.share;
	for (size_t i = 0; i < WAYS; i++) {
		memset(&seen[i], 0, sizeof(seen[i]));
		if (!all.set[i])
			continue;
		mw_hunt_begin(all.set[i], all.hunter[i], text);
		whole[i] = mw_hunt(all.set[i], all.hunter[i], all.run, &(struct mw_hunt_calls){.found = found, .ctx = &seen[i]},
				   &limited) == 0;
	}
	all.matches += seen[PLAIN].n;
	all.limited += !whole[PLAIN];
	for (size_t i = SIEVE; i < WAYS; i++)
		for (size_t k = 0; k < all.rules && whole[i] && whole[PLAIN]; k++)
			if (seen[i].sum[k] != seen[PLAIN].sum[k]) {
				printf("# %s: rule %s differs by the %s\n", path, all.rule[k].name,
				       i == SIEVE ? "sieve" : "prefilter");
				all.differ++;
			}
	/* Where PCRE2 looks everywhere it may reach a limit that it does not reach otherwise, never the other way round. */
	for (size_t i = SIEVE; i < WAYS; i++)
		if (all.set[i] && whole[PLAIN] && !whole[i]) {
			printf("# %s: a limit is reached by the %s alone\n", path, i == SIEVE ? "sieve" : "prefilter");
			all.differ++;
		}
}

static void compare_findings(const char *path, const struct mw_folded *text)
{
	struct mw_findings f[WAYS] = {{.max = 10000000}, {.max = 10000000}, {.max = 10000000}};
	struct mw_arena *a = mw_arena_new(0);
	int rc[WAYS] = {0};
	size_t limited;

	if (!a)
		die("out of memory");
	for (size_t i = 0; i < WAYS; i++)
		if (all.scratch[i])
			rc[i] = mw_ruleset_scan(mw_generation_rules(all.shipped[i]), all.scratch[i], text, a, 0, MW_ZONE_BODY,
						f + i, &limited);
	if (rc[PLAIN] < 0 && rc[PLAIN] != -EAGAIN)
		die("a scan fails");
	all.findings += f[PLAIN].n;
	/* As above: only the plain way may reach a limit. */
	for (size_t i = SIEVE; i < WAYS && rc[PLAIN] == 0; i++)
		if (all.scratch[i] && (rc[i] != 0 || f[i].n != f[PLAIN].n ||
				       (f[i].n && memcmp(f[i].v, f[PLAIN].v, f[PLAIN].n * sizeof(*f[PLAIN].v)) != 0))) {
			printf("# %s: findings of the shipped rules differ by the %s\n", path,
			       i == SIEVE ? "sieve" : "prefilter");
			all.differ++;
		}
	mw_arena_free(&a);
}

static int file_compare(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_folded folded;
	struct mw_str text;
	struct mw_err err;

	(void)st;
	(void)ftw;
	if (type == FTW_F && a && mw_file_read(a, path, TEXT_MAX, &text, &err) == 0 && mw_fold(a, text, &folded) == 0) {
		compare(path, folded.text);
		if (all.texts % all.share == 0)
			compare_findings(path, &folded);
		all.texts++;
		all.octets += folded.text.n;
	} else if (type != FTW_D) {
		printf("# %s is not read\n", path);
		all.unread++;
	}
	mw_arena_free(&a);
	return 0;
}

int main(int argc, char **argv)
{
	struct mw_generation *gen;
	struct mw_loader *loader;

	if (argc < 6)
		die("usage: same_findings SHARE POLICIES PATTERNS MODULES FILE|FOLDER…");
	all.arena = mw_arena_new(0);
	loader = mw_loader_new(argv[4]);
	if (!all.arena || !loader)
		die("out of memory");
	all.share = strtoul(argv[1], NULL, 10);
	all.share = all.share ? all.share : 1;
	patterns_add(argv[3]);
	gen = policy_load(loader, argv[2]);
	packs_add(mw_generation_plan(gen));
	sets_make(loader, argv[2]);
	for (int i = 5; i < argc; i++)
		if (nftw(argv[i], file_compare, 16, FTW_PHYS) != 0)
			die(argv[i]);
	printf("%zu rules, %zu texts, %llu octets, %llu matches, %llu findings, %zu unread, %zu limited, %zu differ\n", all.rules,
	       all.texts, (unsigned long long)all.octets, (unsigned long long)all.matches, (unsigned long long)all.findings,
	       all.unread, all.limited, all.differ);
	mw_generation_unref(&gen);
	if (all.limited == all.texts || !all.octets)
		die("nothing was compared");
	return all.differ || all.unread ? 1 : 0;
}
