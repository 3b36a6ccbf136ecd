/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl check: everything about a policy that can be known without mail. */
#include "ctl/cost.h"
#include "ctl/mutate.h"
#include "ctl/trail.h"

#include "base/str.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTATE_SECONDS 300
#define SECONDS_MAX 1000000000

struct check {
	bool json, plan, mutate, cost, digest;
	long most; /* mutants that may survive, -1 = any number */
	struct ctl_mutate mutants;
	size_t errors, warnings;
};

static void print_plan(const struct mw_generation *gen)
{
	struct mw_buf out = MW_BUF_INIT;

	mw_plan_print(mw_generation_plan(gen), &out);
	ctl_print_buf(&out, stdout);
}

static void print_result(const struct ctl *ctl, const char *file, const struct mw_plan *plan)
{
	printf("%s%s%s: %zu rules, %zu classes, %zu match lines, %zu modules%s  %sok%s\n", ctl_style(ctl, CTL_BOLD), file,
	       ctl_style(ctl, CTL_PLAIN), plan->rules, plan->classes, plan->lines, plan->modules,
	       plan->observe ? ", observe mode" : "", ctl_style(ctl, CTL_GREEN), ctl_style(ctl, CTL_PLAIN));
}

/* What audit records have of this policy, in the form of sha256sum(1). */
static void print_digest(const struct check *check, const char *file, const struct mw_plan *plan)
{
	if (check->json)
		ctl_json_line(json_pack("{s:o, s:s}", "file", ctl_json_text(mw_str(file)), "digest", plan->digest));
	else
		printf("%s  %s\n", plan->digest, file);
}

/* milward holds its audit file for as long as it runs: whoever else writes there waits in vain, and has mail come back. */
static void check_trails(const struct mw_plan *plan, struct mw_diags *diags)
{
	struct ctl_trail trail[CTL_TRAILS];
	size_t n = ctl_trails(plan, trail);

	for (size_t i = 1; i < n; i++)
		if (trail[0].alone && ctl_trail_same(&trail[0], &trail[i]))
			mw_diag_add(diags, MW_DIAG_ERROR, trail[i].module->place, "give each a file of its own",
				    "the audit file of \"%s\" is that of \"%s\", into which no other process can write",
				    trail[i].module->name, trail[0].module->name);
}

static int check_file(struct ctl *ctl, struct check *check, const char *file)
{
	const uint32_t flags = MW_GEN_OFFLINE | (check->digest ? 0 : MW_GEN_SAMPLES | MW_GEN_LINT);
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_generation *gen = NULL;
	struct mw_err err = {0};
	struct mw_buf out = MW_BUF_INIT;
	struct mw_diags diags;
	int r;

	if (!arena)
		return ctl_fail("out of memory");
	mw_diags_init(&diags, arena);
	r = mw_generation_new(ctl->loader, file, ctl->search, flags, &diags, &gen, &err);
	if (r == 0)
		check_trails(mw_generation_plan(gen), &diags);
	if (r == 0 && diags.errors)
		r = -EINVAL;
	if (check->json && !check->digest)
		mw_diags_print_json(&diags, &out);
	else
		mw_diags_print(&diags, ctl->colour_err, &out);
	ctl_print_buf(&out, check->json && !check->digest ? stdout : stderr);
	check->errors += diags.errors;
	check->warnings += diags.warnings;
	if (r < 0 && !diags.errors) {
		check->errors++;
		ctl_fail("%s: %s", file, err.text[0] ? err.text : strerror(-r));
	}
	if (r == 0 && check->digest)
		print_digest(check, file, mw_generation_plan(gen));
	else if (r == 0 && !check->json)
		print_result(ctl, file, mw_generation_plan(gen));
	if (r == 0 && check->plan)
		print_plan(gen);
	if (r == 0 && check->mutate && ctl_mutate(ctl, gen, &check->mutants) != CTL_OK)
		r = -EIO;
	mw_generation_unref(&gen);
	mw_arena_free(&arena);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

/* A number from 0; false: it is none. */
static bool take_number(const char *text, long *ret)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < 0)
		return false;
	*ret = v;
	return true;
}

/* false: said why. */
static bool take_options(struct check *check, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"plan", no_argument, NULL, 'P'},
					      {"cost", no_argument, NULL, 'c'},
					      {"mutate", optional_argument, NULL, 'm'},
					      {"seconds", required_argument, NULL, 's'},
					      {"digest", no_argument, NULL, 'd'},
					      {NULL, 0, NULL, 0}};
	bool good = true, said = false;
	int c;

	while (good && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'j')
			check->json = check->mutants.json = true;
		else if (c == 'P')
			check->plan = true;
		else if (c == 'c')
			check->cost = true;
		else if (c == 'd')
			check->digest = true;
		else if (c == 'm') {
			check->mutate = true;
			good = !optarg || take_number(optarg, &check->most);
		} else {
			said = c == '?';
			good = c == 's' && take_number(optarg, &check->mutants.seconds) && check->mutants.seconds <= SECONDS_MAX;
		}
	}
	if (said)
		ctl_usage_alone("check");
	else if (!good)
		ctl_usage("check", "--mutate and --seconds take a number from 0");
	return good;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	struct check check = {.most = -1, .mutants = {.seconds = MUTATE_SECONDS}};
	int r = CTL_OK;

	if (!take_options(&check, argc, argv))
		return CTL_USAGE;
	if (check.cost)
		return ctl_cost(ctl, check.json, argv + optind, argc - optind);
	if (optind == argc) {
		const char *policy = ctl_policy(ctl);

		r = policy ? check_file(ctl, &check, policy) : CTL_FAILED;
	}
	for (int i = optind; i < argc; i++)
		if (check_file(ctl, &check, argv[i]) != CTL_OK)
			r = CTL_FAILED;
	if (check.errors && !check.json && optind < argc)
		fprintf(stderr, "%zu error%s; the running policy stays as it is\n", check.errors, check.errors == 1 ? "" : "s");
	if (check.most >= 0 && check.mutants.survived > (size_t)check.most)
		r = ctl_fail("%zu mutants survive, %ld may", check.mutants.survived, check.most);
	return r;
}
