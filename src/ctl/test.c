/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl test: runs policy tests, milward.test(5). */
#include "ctl/policytest.h"

#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct test {
	struct ctl *ctl;
	enum { SHOW_PERSON, SHOW_TAP, SHOW_JSON } show;
	size_t ran, failed, files;
	bool broken; /* something could not be run at all */
	/* The policy of the last file: most files of a folder are about one. */
	char *policy;
	struct mw_generation *gen;
	/* The test in work. */
	const struct mw_diags *diags;
	const char *file;
	json_t *failures;
	struct mw_buf said;
};

/* Made in memory and printed behind the test's own line. */
static void report(void *ctx, struct mw_place place, const char *text)
{
	struct test *t = ctx;

	if (t->show == SHOW_JSON)
		json_array_append_new(t->failures,
				      json_pack("{s:i, s:o}", "line", (int)place.line, "text", ctl_json_text(mw_str(text))));
	else
		mw_buf_printf(&t->said, "%s%s:%u: %s\n", t->show == SHOW_TAP ? "# " : "       ", t->file, place.line, text);
}

/* Behind a # in the name of a test would be a directive: `# TODO` makes a test that fails one that holds. */
static void print_tap(const struct test *t, const struct policytest_case *c, bool good)
{
	printf("%sok %zu - ", good ? "" : "not ", t->ran);
	for (const char *const *s = (const char *const[]){t->file, ": ", c->name, NULL}; *s; s++)
		for (const char *p = *s, *end; *p; p = end) {
			end = *p == '#' ? p + 1 : p + strcspn(p, "#");
			if (*p == '#')
				putchar('\\');
			ctl_print_safe((struct mw_str){.p = p, .n = (size_t)(end - p)});
		}
	putchar('\n');
}

static void print_case(struct test *t, const struct policytest_case *c, bool good)
{
	const struct ctl *ctl = t->ctl;

	if (t->show == SHOW_JSON)
		ctl_json_line(json_pack("{s:o, s:o, s:i, s:b, s:O}", "file", ctl_json_text(mw_str(t->file)), "test",
					ctl_json_text(mw_str(c->name)), "line", (int)c->place.line, "ok", good, "failures",
					t->failures));
	else if (t->show == SHOW_TAP)
		print_tap(t, c, good);
	else {
		printf("  %s%s%s  ", ctl_style(ctl, good ? CTL_GREEN : CTL_RED), good ? "ok  " : "FAIL",
		       ctl_style(ctl, CTL_PLAIN));
		ctl_print_safe(mw_str(c->name));
		putchar('\n');
	}
	ctl_print_buf(&t->said, stdout);
}

static void run_case(struct test *t, const struct policytest_case *c)
{
	struct mw_err err = {0};
	int r;

	t->failures = json_array();
	mw_buf_clear(&t->said);
	r = policytest_run(t->gen, c, report, t, &err);
	if (r < 0)
		report(t, c->place, err.text[0] ? err.text : strerror(-r));
	t->ran++;
	t->failed += r != 0;
	print_case(t, c, r == 0);
	json_decref(t->failures);
}

static bool use_policy(struct test *t, const char *named)
{
	const char *policy = named ? named : ctl_policy(t->ctl);

	if (t->gen && policy && strcmp(policy, t->policy) == 0)
		return true;
	mw_generation_unref(&t->gen);
	free(t->policy);
	t->policy = policy ? strdup(policy) : NULL;
	if (policy && !t->policy)
		ctl_fail("out of memory");
	t->gen = t->policy ? ctl_generation(t->ctl, t->policy, MW_GEN_OFFLINE) : NULL;
	return t->gen != NULL;
}

static void run_cases(struct test *t, const struct policytest *tests, struct mw_diags *diags)
{
	for (size_t i = 0; i < tests->cases.n; i++)
		policytest_check(&tests->cases.v[i], mw_generation_plan(t->gen), diags);
	ctl_print_diags(t->ctl, diags);
	if (diags->errors) {
		t->broken = true;
		return;
	}
	if (t->show == SHOW_PERSON)
		printf("%s%s%s\n", ctl_style(t->ctl, CTL_BOLD), t->file, ctl_style(t->ctl, CTL_PLAIN));
	for (size_t i = 0; i < tests->cases.n; i++)
		run_case(t, &tests->cases.v[i]);
}

static void run_file(struct test *t, const char *path)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct policytest tests = {.policy = NULL};
	struct mw_diags diags;

	t->files++;
	if (!arena) {
		t->broken = true;
		ctl_fail("out of memory");
		return;
	}
	mw_diags_init(&diags, arena);
	t->file = path;
	policytest_read(path, &diags, &tests);
	if (diags.no_memory) {
		t->broken = true;
		ctl_fail("out of memory");
	} else if (diags.errors) {
		t->broken = true;
		ctl_print_diags(t->ctl, &diags);
	} else if (!use_policy(t, tests.policy)) {
		t->broken = true;
	} else {
		run_cases(t, &tests, &diags);
	}
	mw_arena_free(&arena);
}

static int is_test(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".test") == 0;
}

static void run_path(struct test *t, const char *path)
{
	struct dirent **entry;
	struct stat st;
	int n;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		run_file(t, path);
		return;
	}
	n = scandir(path, &entry, is_test, alphasort);
	if (n < 0) {
		t->broken = true;
		ctl_fail("cannot read %s: %s", path, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		char *child = NULL;

		if (asprintf(&child, "%s/%s", path, entry[i]->d_name) > 0) {
			run_file(t, child);
			free(child);
		} else {
			t->broken = true;
			ctl_fail("out of memory");
		}
		free(entry[i]);
	}
	free(entry);
}

/* Without arguments: the folder `tests` beside the policy. */
static void run_default(struct test *t)
{
	const char *policy = ctl_policy(t->ctl), *slash = policy ? strrchr(policy, '/') : NULL;
	char *folder = NULL;

	if (policy && asprintf(&folder, "%.*stests", (int)(slash ? slash + 1 - policy : 0), policy) > 0) {
		run_path(t, folder);
		free(folder);
		return;
	}
	t->broken = true;
	if (policy)
		ctl_fail("out of memory");
}

static void print_end(struct test *t)
{
	const struct ctl *ctl = t->ctl;

	if (t->show == SHOW_TAP)
		printf("%s1..%zu\n", t->broken ? "Bail out! a file of tests or its policy cannot be used\n" : "", t->ran);
	if (t->show == SHOW_PERSON)
		printf("%s%zu test%s, %zu failed%s\n", ctl_style(ctl, t->failed || t->broken ? CTL_RED : CTL_GREEN), t->ran,
		       t->ran == 1 ? "" : "s", t->failed, ctl_style(ctl, CTL_PLAIN));
}

static int no_tests(struct ctl *ctl, int n, char **path)
{
	if (n == 0)
		return ctl_fail("%s: there are no tests in the folder \"tests\" beside it: files whose names end in .test",
				ctl_policy(ctl));
	return ctl_fail("%s%s: there are no tests; in a folder, files whose names end in .test are read", path[0],
			n > 1 ? " and the others" : "");
}

int ctl_test(struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"tap", no_argument, NULL, 't'},
					      {"policy", required_argument, NULL, 'p'},
					      {NULL, 0, NULL, 0}};
	struct test t = {.ctl = ctl, .show = isatty(STDOUT_FILENO) ? SHOW_PERSON : SHOW_TAP};
	int c;

	while ((c = getopt_long(argc, argv, "p:", longs, NULL)) != -1) {
		if (c == 'j')
			t.show = SHOW_JSON;
		else if (c == 't')
			t.show = SHOW_TAP;
		else if (c == 'p')
			ctl->policy = optarg;
		else
			return ctl_usage_alone("test");
	}
	for (int i = optind; i < argc; i++)
		run_path(&t, argv[i]);
	if (optind == argc)
		run_default(&t);
	print_end(&t);
	mw_buf_free(&t.said);
	mw_generation_unref(&t.gen);
	free(t.policy);
	if (!t.ran && !t.broken)
		return no_tests(ctl, argc - optind, argv + optind);
	return t.failed || t.broken ? CTL_FAILED : CTL_OK;
}
