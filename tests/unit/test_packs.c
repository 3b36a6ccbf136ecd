/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped rule packs: they load without a warning, compile, and every rule has samples both ways that hold. */
#include "match/ruleset.h"
#include "policy/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_check_us, mw_plugin_check_names;

static const struct mw_plugin *const plugins[] = {&mw_plugin_check_us, &mw_plugin_check_names};
#define PLUGINS (sizeof(plugins) / sizeof(*plugins))

static const struct mw_plugin *find(void *ctx, const char *name, struct mw_err *err)
{
	(void)ctx;
	for (size_t i = 0; i < PLUGINS; i++)
		if (strcmp(name, plugins[i]->name) == 0)
			return plugins[i];
	(void)mw_fail(err, -ENOENT, "no module \"%s\"", name);
	return NULL;
}

static const char *const names[] = {"check-us", "check-names", NULL};
static const struct mw_catalog catalog = {.find = find, .names = names};

static const struct mw_check *lookup(void *ctx, const char *name, const void **inst)
{
	(void)ctx;
	(void)inst;
	for (size_t i = 0; i < PLUGINS; i++)
		for (const struct mw_check *c = plugins[i]->checks; c->name; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

static void print_rule(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	print_error("rule %s, octet %zd: %s\n", r->name, (ssize_t)offset, text);
}

static bool print_sample(void *ctx, const struct mw_rule *r, const struct mw_sample *s, bool is_hit)
{
	(void)ctx;
	print_error("rule %s, line %u: %s fails: %.*s\n", r->name, s->line, is_hit ? "hit" : "miss", (int)s->text.n, s->text.p);
	return true;
}

static void check_pack(const char *pack)
{
	const char *srcdir = getenv("srcdir");
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf out = MW_BUF_INIT;
	struct mw_plan *plan = NULL;
	struct mw_ruleset *set = NULL;
	struct mw_diags diags;
	struct mw_err err = {0};
	char *search = mw_arena_printf(a, "%s/policies", srcdir ? srcdir : ".");
	char *path = mw_arena_printf(a, "%s/rules/%s", search, pack);

	mw_diags_init(&diags, a);
	(void)mw_plan_load(path, search, &catalog, &diags, &plan);
	mw_diags_print(&diags, false, &out);
	if (!plan || diags.errors || diags.warnings)
		fail_msg("%s", mw_buf_text(&out));
	assert_true(plan->rules > 0);
	for (size_t i = 0; i < plan->rules; i++) {
		const struct mw_rule *r = plan->rule + i;

		if (r->hits < 2 || r->misses < 2 || !r->about[0])
			fail_msg("rule %s has %zu hits and %zu misses", r->name, r->hits, r->misses);
	}
	if (mw_ruleset_compile(plan->rule, plan->rules, lookup, print_rule, NULL, &set, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(mw_ruleset_samples(set, print_sample, NULL, &err), 0);
	mw_ruleset_free(&set);
	mw_plan_free(&plan);
	mw_buf_free(&out);
	mw_arena_free(&a);
}

static void test_identifiers(void **state)
{
	(void)state;
	check_pack("hipaa-identifiers.rules");
}

static void test_clinical(void **state)
{
	(void)state;
	check_pack("clinical-codes.rules");
	check_pack("clinical.rules");
}

static void test_animals(void **state)
{
	(void)state;
	check_pack("addresses.rules");
	check_pack("animals.rules");
}

static void test_employment(void **state)
{
	(void)state;
	check_pack("employment.rules");
}

static void test_payloads(void **state)
{
	(void)state;
	check_pack("payloads.rules");
}

/* All of them together: names have the findings of clinical rules as context. */
static void test_all(void **state)
{
	(void)state;
	check_pack("phi.rules");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_identifiers), cmocka_unit_test(test_clinical),
					   cmocka_unit_test(test_animals),     cmocka_unit_test(test_employment),
					   cmocka_unit_test(test_payloads),    cmocka_unit_test(test_all)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
