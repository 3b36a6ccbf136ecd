/* SPDX-License-Identifier: Apache-2.0 */
/* prefilter-hs: finds what the rule set finds without it; its cache is used, rebuilt and refused. */
#include "fuzz/puzzle.h"
#include "../../tests/unit/fakehost.h"

#include "match/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_prefilter_hs;

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define LIT(s)                                                                                                                   \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}

static const struct mw_level level = {.confidence = 60};
static const struct mw_rule rules[] = {
    {.name = "ssn",
     .kind = MW_IDENTIFIER,
     .pattern = LIT("(?<![\\w.-])\\d{3}([- ])\\d{2}\\1\\d{4}(?![\\d-])"),
     .levels = 1,
     .level = &level},
    {.name = "label",
     .kind = MW_IDENTIFIER,
     .pattern = LIT("\\bmrn[ :#]{1,3}\\d{4,9}\\b"),
     .caseless = true,
     .levels = 1,
     .level = &level},
    {.name = "mail", .kind = MW_IDENTIFIER, .pattern = LIT("\\w{1,20}@\\w+\\.org"), .levels = 1, .level = &level},
    {.name = "end", .kind = MW_IDENTIFIER, .pattern = LIT("(?<=x)z\\d\\b"), .levels = 1, .level = &level},
    {.name = "never", .kind = MW_IDENTIFIER, .pattern = LIT("q[^\\d\\D]|[^\\s\\S]z7"), .levels = 1, .level = &level},
    {.name = "often", .kind = MW_IDENTIFIER, .pattern = LIT("[aeiou]n"), .levels = 1, .level = &level},
};
static const struct mw_rule other[] = {
    {.name = "other", .kind = MW_IDENTIFIER, .pattern = LIT("\\bAB-\\d{5}\\b"), .levels = 1, .level = &level},
};

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	fail_msg("%s %zu %s", r->name, offset, text);
}

/* ---- one run ----------------------------------------------------------------------------------------------------------------
 */

struct run {
	struct mw_self self;
	struct mw_ruleset *set;
	void *inst;
	char conf[64];
};

/* Opens the module and gives it to a rule set. */
static void run_open(struct run *r, const struct mw_rule *v, size_t n, const char *cache)
{
	const struct mw_plugin *p = &mw_plugin_prefilter_hs;
	struct mw_err err = {0};

	memset(r, 0, sizeof(*r));
	assert_true(p->conf_size <= sizeof(r->conf));
	fh_self(&r->self, p);
	fh_opts(p->options, r->conf);
	if (cache)
		fh_opt(p->options, r->conf, "cache", cache);
	assert_int_equal(p->hooks.open(fh_host(), &r->self, r->conf, &r->inst, &err), 0);
	assert_int_equal(mw_ruleset_compile(v, n, NULL, refused, NULL, &r->set, &err), 0);
	assert_int_equal(mw_ruleset_prefilter(r->set, p->prefilter, r->inst, &err), 0);
}

static void run_close(struct run *r)
{
	mw_ruleset_free(&r->set);
	mw_plugin_prefilter_hs.hooks.close(r->inst);
	fh_opts_free();
}

static void findings(const struct mw_ruleset *set, struct mw_arena *a, struct mw_str text, struct mw_findings *v)
{
	static const unsigned char key[32] = "test";
	struct mw_scratch *s = mw_scratch_new(set, key);
	struct mw_folded f;
	size_t rule;

	assert_non_null(s);
	assert_int_equal(mw_fold(a, text, &f), 0);
	*v = (struct mw_findings){.max = 1000000};
	assert_int_equal(mw_ruleset_scan(set, s, &f, a, 0, 0, v, &rule), 0);
	mw_scratch_free(&s);
}

/* What the rules find with the module is what they find without. Returns how much. */
static size_t same(const struct mw_ruleset *set, const struct mw_rule *v, size_t n, struct mw_str text)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_ruleset *plain = NULL;
	struct mw_findings with, without;
	size_t found;

	assert_int_equal(mw_ruleset_compile(v, n, NULL, refused, NULL, &plain, NULL), 0);
	mw_ruleset_plain(plain);
	findings(set, a, text, &with);
	findings(plain, a, text, &without);
	assert_int_equal(with.n, without.n);
	if (with.n)
		assert_memory_equal(with.v, without.v, with.n * sizeof(*with.v));
	found = with.n;
	mw_ruleset_free(&plain);
	mw_arena_free(&a);
	return found;
}

static const char text[] = "219-09-9998 MRN: 12345; a@b.org 1219-09-9998 xz7 mrn#99 mrn 4444 xz1";

static void test_same(void **state)
{
	struct run r;
	char *long_text = malloc(300000);

	(void)state;
	run_open(&r, rules, COUNT(rules), NULL);
	assert_int_equal(same(r.set, rules, COUNT(rules), fh_str(text)), 6);
	assert_int_equal(same(r.set, rules, COUNT(rules), fh_str("")), 0);
	/* Over the edges of blocks, and so dense that nothing is kept. */
	assert_non_null(long_text);
	for (size_t i = 0; i < 300000; i++)
		long_text[i] = i % 3000 < sizeof(text) - 1 ? text[i % 3000] : "an en "[i % 6];
	assert_true(same(r.set, rules, COUNT(rules), (struct mw_str){.p = long_text, .n = 300000}) > 600);
	for (size_t i = 0; i < 300000; i++)
		long_text[i] = "1@-"[i % 3];
	(void)same(r.set, rules, COUNT(rules), (struct mw_str){.p = long_text, .n = 300000});
	free(long_text);
	run_close(&r);
}

/* Random patterns and texts: it finds what PCRE2 finds. */
static void test_puzzles(void **state)
{
	const struct mw_plugin *p = &mw_plugin_prefilter_hs;
	size_t triggered = 0, matches = 0;
	uint64_t seed = 5;
	struct run r;

	(void)state;
	run_open(&r, rules, COUNT(rules), NULL);
	for (int i = 0; i < 1000; i++) {
		struct puzzle_result found;
		struct puzzle z;

		puzzle_next(&seed, &z);
		found = puzzle_solve(&z, p->prefilter, r.inst);
		if (found.differ != SIZE_MAX) {
			puzzle_print(&z, found.differ);
			fail_msg("puzzle %d: the prefilter loses or adds something", i);
		}
		triggered += found.triggered;
		matches += found.matches;
		puzzle_free(&z);
	}
	assert_true(triggered > 1000 && matches > 10000);
	run_close(&r);
}

/* ---- the cache --------------------------------------------------------------------------------------------------------------
 */

struct folder {
	char path[64], file[96];
};

static void folder_make(struct folder *f)
{
	strcpy(f->path, "/tmp/mw-hs-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	(void)snprintf(f->file, sizeof(f->file), "%s/cache", f->path);
}

static void folder_remove(struct folder *f)
{
	(void)unlink(f->file);
	assert_int_equal(rmdir(f->path), 0); /* nothing else is left behind */
}

static ino_t inode(const struct folder *f)
{
	struct stat st;

	assert_int_equal(stat(f->file, &st), 0);
	return st.st_ino;
}

/* Opens, scans, and closes: the module must say `said` (NULL: nothing), and find the same. */
static void use(const struct folder *f, const struct mw_rule *v, size_t n, const char *said)
{
	struct run r;

	run_open(&r, v, n, f->file);
	(void)same(r.set, v, n, fh_str(text));
	if (said && !fh_logged(&r.self, said))
		fail_msg("\"%s\" was not said, but: %s", said, r.self.lines ? r.self.line[0] : "nothing");
	assert_int_equal(r.self.lines, said ? 1 : 0);
	run_close(&r);
}

static void change(const struct folder *f, off_t at, bool cut)
{
	int fd = open(f->file, O_RDWR);
	char c;

	assert_true(fd >= 0);
	if (cut) {
		assert_int_equal(ftruncate(fd, at), 0);
	} else {
		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 1;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	(void)close(fd);
}

static void test_cache(void **state)
{
	static const struct {
		off_t at;
		bool cut;
		const char *said;
	} damage[] = {
	    {0, false, "is no cache"},	     {10, false, "is for other rules"}, {50, false, "is damaged"},
	    {75, false, "has a wrong size"}, {500, false, "is damaged"},	{0, true, "is cut off"},
	    {40, true, "is cut off"},	     {300, true, "has a wrong size"},
	};
	struct folder f;
	ino_t first;

	(void)state;
	folder_make(&f);
	use(&f, rules, COUNT(rules), NULL);
	first = inode(&f);
	use(&f, rules, COUNT(rules), NULL);
	assert_int_equal(inode(&f), first); /* it was read, not written anew */
	use(&f, other, COUNT(other), "is for other rules");
	use(&f, other, COUNT(other), NULL);
	for (size_t i = 0; i < COUNT(damage); i++) {
		change(&f, damage[i].at, damage[i].cut);
		use(&f, other, COUNT(other), damage[i].said);
		use(&f, other, COUNT(other), NULL);
	}
	folder_remove(&f);
}

static void test_trust(void **state)
{
	struct folder f;
	char target[128];

	(void)state;
	folder_make(&f);
	use(&f, rules, COUNT(rules), NULL);
	assert_int_equal(chmod(f.file, 0620), 0);
	use(&f, rules, COUNT(rules), "can be written by others");
	use(&f, rules, COUNT(rules), NULL); /* replaced by one of our own */
	/* A link to a good file is no good file. */
	(void)snprintf(target, sizeof(target), "%s/target", f.path);
	assert_int_equal(rename(f.file, target), 0);
	assert_int_equal(symlink(target, f.file), 0);
	use(&f, rules, COUNT(rules), "cannot open");
	assert_int_equal(unlink(target), 0);
	use(&f, rules, COUNT(rules), NULL);
	folder_remove(&f);
}

/* A folder where others may write: nothing is read, nothing is written, and both are said. */
static void test_folder(void **state)
{
	struct folder f;
	struct run r;

	(void)state;
	folder_make(&f);
	assert_int_equal(chmod(f.path, 0777), 0);
	run_open(&r, rules, COUNT(rules), f.file);
	assert_int_equal(r.self.lines, 2);
	assert_true(fh_logged(&r.self, "rebuilt the folder of"));
	assert_true(fh_logged(&r.self, "uncached the folder of"));
	assert_int_equal(access(f.file, F_OK), -1);
	run_close(&r);
	folder_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),  cmocka_unit_test(test_puzzles), cmocka_unit_test(test_cache),
	    cmocka_unit_test(test_trust), cmocka_unit_test(test_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
