/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl check: everything about a policy that can be known without mail. */
#include "ctl/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct check {
	bool json, plan;
	size_t errors, warnings;
};

static void print_plan(const struct mw_generation *gen)
{
	struct mw_buf out = MW_BUF_INIT;

	mw_plan_print(mw_generation_plan(gen), &out);
	(void)fwrite(mw_buf_text(&out), 1, out.n, stdout);
	mw_buf_free(&out);
}

static void print_result(const struct ctl *ctl, const char *file, const struct mw_plan *plan)
{
	printf("%s%s%s: %zu rules, %zu classes, %zu match lines, %zu modules%s  %sok%s\n", ctl_style(ctl, CTL_BOLD), file,
	       ctl_style(ctl, CTL_PLAIN), plan->rules, plan->classes, plan->lines, plan->modules,
	       plan->observe ? ", observe mode" : "", ctl_style(ctl, CTL_GREEN), ctl_style(ctl, CTL_PLAIN));
}

static int check_file(struct ctl *ctl, struct check *check, const char *file)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_generation *gen = NULL;
	struct mw_err err = {0};
	struct mw_buf out = MW_BUF_INIT;
	struct mw_diags diags;
	int r;

	if (!arena)
		return ctl_fail("out of memory");
	mw_diags_init(&diags, arena);
	r = mw_generation_new(ctl->loader, file, ctl->search, MW_GEN_OFFLINE | MW_GEN_SAMPLES, &diags, &gen, &err);
	if (check->json)
		mw_diags_print_json(&diags, &out);
	else
		mw_diags_print(&diags, ctl->colour_err, &out);
	fflush(stdout);
	(void)fwrite(mw_buf_text(&out), 1, out.n, check->json ? stdout : stderr);
	mw_buf_free(&out);
	check->errors += diags.errors;
	check->warnings += diags.warnings;
	if (r < 0 && !diags.errors) {
		check->errors++;
		ctl_fail("%s: %s", file, err.text[0] ? err.text : strerror(-r));
	}
	if (r == 0 && !check->json)
		print_result(ctl, file, mw_generation_plan(gen));
	if (r == 0 && check->plan)
		print_plan(gen);
	mw_generation_unref(&gen);
	mw_arena_free(&arena);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {"plan", no_argument, NULL, 'P'}, {NULL, 0, NULL, 0}};
	struct check check = {0};
	int c, r = CTL_OK;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'j')
			check.json = true;
		else if (c == 'P')
			check.plan = true;
		else
			return ctl_usage("check", "unknown option");
	}
	if (optind == argc) {
		const char *policy = ctl_policy(ctl);

		return policy ? check_file(ctl, &check, policy) : CTL_FAILED;
	}
	for (int i = optind; i < argc; i++)
		if (check_file(ctl, &check, argv[i]) != CTL_OK)
			r = CTL_FAILED;
	if (check.errors && !check.json)
		fprintf(stderr, "%zu error%s; the running policy stays as it is\n", check.errors, check.errors == 1 ? "" : "s");
	return r;
}
