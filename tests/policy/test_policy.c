/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden tests of the policy language: each cases/NAME.policy (or .rules) is loaded against the fake descriptors; what
 * is wrong with it, and the plan when nothing is, must be NAME.policy.ref. MW_UPDATE_REF=1 writes the .ref files anew: read
 * the difference before you commit it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "policy/fakes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MAX 400

static char folder[4096];

/* The folder's own name is different on every machine. */
static void put_portable(const char *text, struct mw_buf *out)
{
	size_t n = strlen(folder);

	while (*text) {
		if (strncmp(text, folder, n) == 0) {
			mw_buf_puts(out, "DIR");
			text += n;
		} else {
			mw_buf_putc(out, *text++);
		}
	}
}

static void result_of(const char *path, struct mw_buf *out)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_buf text = MW_BUF_INIT;
	struct mw_plan *plan = NULL;
	struct mw_diags diags;
	char search[4200];
	int r;

	assert_non_null(arena);
	mw_diags_init(&diags, arena);
	(void)snprintf(search, sizeof(search), "%s/search", folder);
	r = mw_plan_load(path, search, &fake_catalog, &diags, &plan);
	mw_diags_print(&diags, false, &text);
	mw_buf_printf(&text, "%zu errors, %zu warnings\n", diags.errors, diags.warnings);
	assert_int_equal(r == 0, diags.errors == 0 && plan != NULL);
	if (plan)
		mw_plan_print(plan, &text);
	assert_true(mw_buf_ok(&text));
	put_portable(mw_buf_text(&text), out);
	mw_buf_free(&text);
	mw_plan_free(&plan);
	mw_arena_free(&arena);
}

static void write_ref(const char *path, const struct mw_buf *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text->p, 1, text->n, f), text->n);
	assert_int_equal(fclose(f), 0);
}

static void golden(void **state)
{
	const char *name = *state;
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_buf got = MW_BUF_INIT;
	struct mw_str want = {.p = "", .n = 0};
	struct mw_err err = {0};
	char path[4400], ref[4500];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)snprintf(ref, sizeof(ref), "%s.ref", path);
	result_of(path, &got);
	assert_true(mw_buf_ok(&got));
	if (getenv("MW_UPDATE_REF"))
		write_ref(ref, &got);
	assert_non_null(arena);
	if (mw_file_read(arena, ref, 1 << 20, &want, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(mw_buf_text(&got), want.p);
	mw_buf_free(&got);
	mw_arena_free(&arena);
}

static int is_case(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return (n > 7 && strcmp(e->d_name + n - 7, ".policy") == 0) || (n > 6 && strcmp(e->d_name + n - 6, ".rules") == 0);
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MAX];
	const char *srcdir = getenv("srcdir");
	struct dirent **list;
	char path[4000];
	int n, failed;

	(void)snprintf(path, sizeof(path), "%s/tests/policy/cases", srcdir ? srcdir : ".");
	if (!realpath(path, folder)) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	n = scandir(folder, &list, is_case, alphasort);
	if (n <= 0 || n > CASES_MAX) {
		(void)fprintf(stderr, "%s: no cases, or too many\n", folder);
		return 1;
	}
	for (int i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){.name = list[i]->d_name, .test_func = golden, .initial_state = list[i]->d_name};
	failed = _cmocka_run_group_tests("policy", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return failed;
}
