/* SPDX-License-Identifier: Apache-2.0 */
/* loader: linked-in modules, and files as data. Faulty modules that a compiler makes are in tests/abi. */
#include "setup.h"

#include "engine/descriptor.h"
#include "engine/image.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_linked_in(void **state)
{
	struct mw_loader *l = mw_loader_new(NULL);
	struct mw_err err;
	struct mw_catalog c;
	size_t n = 0;

	(void)state;
	assert_non_null(l);
	assert_ptr_equal(mw_loader_describe(l, "probe", &err), mw_loader_load(l, "probe", &err));
	assert_null(mw_loader_describe(l, "nothing", &err));
	assert_string_equal(err.text, "it is not linked in, and no folder of modules is set");
	c = mw_loader_catalog(l);
	while (c.names[n])
		n++;
	assert_int_equal(n, 9);
	assert_non_null(c.find(c.ctx, "phi", &err));
	assert_null(c.find(c.ctx, "../phi", &err));
	assert_string_equal(err.text, "no module can have this name: names begin with a letter, then a-z, 0-9 and dashes");
	mw_loader_free(&l);
	assert_null(l);
	mw_loader_free(&l);
}

static void put(const char *folder, const char *name, const void *p, size_t n, mode_t mode)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void expect(struct mw_loader *l, const char *name, const char *text)
{
	struct mw_err err = {0};

	assert_null(mw_loader_describe(l, name, &err));
	if (!strstr(err.text, text))
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
	assert_null(mw_loader_load(l, name, &err));
}

/* What is linked in is never replaced by a file, and a file of ours never by one that others can write. */
static void test_trust(void **state)
{
	char folder[] = "/tmp/mw-loader-XXXXXX", path[64], again[64];
	struct mw_loader *l;
	struct mw_err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/x.so", folder);
	(void)snprintf(again, sizeof(again), "%s/probe.so", folder);
	put(folder, "probe.so", "x", 1, 0644);
	put(folder, "x.so", "x", 1, 0644);
	l = mw_loader_new(folder);
	assert_non_null(l);
	expect(l, "probe", "duplicate: it is linked in, and there is also the file");
	assert_int_equal(unlink(again), 0);
	assert_non_null(mw_loader_describe(l, "probe", &err));
	expect(l, "y", "the folder /tmp/mw-loader-");
	expect(l, "x", "is not a shared object (no ELF header)");
	assert_int_equal(chmod(path, 0664), 0);
	expect(l, "x", "can be written by others (mode 0664): chmod go-w it");
	assert_int_equal(chmod(path, 0646), 0);
	expect(l, "x", "can be written by others (mode 0646)");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	expect(l, "x", "the folder of modules /tmp/mw-loader-");
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(rename(path, again), 0);
	assert_int_equal(symlink(again, path), 0);
	expect(l, "x", "is a symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect(l, "x", "is not a regular file");
	assert_int_equal(unlink(path) | unlink(again) | rmdir(folder), 0);
	expect(l, "x", "cannot open the folder of modules");
	mw_loader_free(&l);
}

/* ---- images ------------------------------------------------------------------------------------------------------ */
static struct mw_str slurp(const char *name)
{
	const char *top = getenv("srcdir");
	char path[1024];
	struct mw_str s;
	char *p = malloc(65536);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/image/%s", top ? top : ".", name);
	f = fopen(path, "rb");
	if (!f || !p)
		fail_msg("%s: %s", path, strerror(errno));
	s = (struct mw_str){.p = p, .n = fread(p, 1, 65536, f)};
	assert_int_equal(fclose(f), 0);
	return s;
}

/* 0 and the descriptor checked, or the first failure. */
static int try_image(struct mw_str file, struct mw_err *err)
{
	struct mw_image image = {0};
	struct mw_memory memory;
	const struct mw_plugin *p;
	int r = mw_image_read(file, &image, err);

	if (r < 0)
		return r;
	memory = (struct mw_memory){.p = image.p, .n = image.n};
	p = mw_image_symbol(&image, file, "mw_plugin");
	assert_null(mw_image_symbol(&image, file, "mw_plugi"));
	assert_null(mw_image_symbol(&image, file, "mw_plugin2"));
	r = p ? mw_descriptor_check(&memory, p, "seed", err) : -ENOENT;
	if (r == 0) {
		assert_string_equal(p->name, "seed");
		assert_string_equal(p->options[1].words[1].name, "relaxed/simple");
		assert_string_equal(p->options[2].dflt, "\"x\"");
		assert_string_equal(p->actions[0].name, "go");
		assert_true(mw_descriptor_same(p, p));
	}
	mw_image_free(&image);
	return r;
}

/* Seeds are of one machine; elsewhere they must be refused by name. */
static void test_images(void **state)
{
	static const char *const names[] = {"gnu-hash", "sysv-hash", "relr"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct mw_str s = slurp(names[i]);
		struct mw_err err = {0};
		int r = try_image(s, &err);

#if defined(__x86_64__)
		if (r < 0)
			fail_msg("%s: %s", names[i], err.text);
#else
		assert_int_equal(r, -ENOEXEC);
		assert_non_null(strstr(err.text, "another machine"));
#endif
		free((char *)s.p);
	}
}

/* Cut anywhere, or with any octet of the tables changed, it is refused or read: never a step outside. */
static void test_damage(void **state)
{
	struct mw_str s = slurp("gnu-hash");
	struct mw_err err;

	(void)state;
	for (size_t n = 0; n < s.n; n += n < 256 ? 1 : 37) {
		char *cut = malloc(n ? n : 1); /* its own piece of memory, so that a sanitizer sees a step outside */

		assert_non_null(cut);
		memcpy(cut, s.p, n);
		if (try_image((struct mw_str){.p = cut, .n = n}, &err) == 0)
			assert_true(n > 2048); /* only the table of sections, which nothing needs, is cut off */
		free(cut);
	}
	for (size_t i = 0; i < s.n; i++) {
		char *octet = (char *)s.p + i, was = *octet;
		struct mw_image image = {0};

		*octet = (char)~was;
		if (mw_image_read(s, &image, &err) < 0)
			assert_true(err.text[0] != '\0');
		else
			(void)mw_image_symbol(&image, s, "mw_plugin");
		mw_image_free(&image);
		*octet = was;
	}
	free((char *)s.p);
}

/* ---- descriptors: rows that a compiler accepts ------------------------------------------------------------------- */
struct conf {
	int64_t n;
	bool b;
};

static const struct mw_opt good_rows[] = {MW_OPT(INT, struct conf, n, "n"), MW_OPT(BOOL, struct conf, b, "b"), {0}};
static const struct mw_opt far_rows[] = {{.name = "n", .type = MW_INT, .offset = 16}, {0}};
static const struct mw_opt crooked_rows[] = {{.name = "n", .type = MW_INT, .offset = 4}, {0}};
static const struct mw_opt typeless_rows[] = {{.name = "n", .type = 99}, {0}};
static const struct mw_opt wordless_rows[] = {{.name = "n", .type = MW_WORD}, {0}};
static const struct mw_opt twin_rows[] = {MW_OPT(INT, struct conf, n, "n"), MW_OPT(BOOL, struct conf, b, "n"), {0}};
static const struct mw_opt shouting_rows[] = {MW_OPT(INT, struct conf, n, "No Way"), {0}};
static const struct mw_opt flagged_rows[] = {MW_OPT(INT, struct conf, n, "n", .flags = 64), {0}};
static const struct mw_fact path_facts[] = {{.name = "f", .type = MW_PATH}, {0}};
static const struct mw_action bad_actions[] = {{.name = "a", .effect = 42}, {0}};
static const struct mw_action lazy_actions[] = {{.name = "a", .effect = MW_SIGN}, {0}};
static const struct mw_action far_actions[] = {{.name = "a", .effect = MW_PASS, .args = far_rows, .args_size = 16}, {0}};
static const struct mw_check empty_checks[] = {{.name = "c"}, {0}};
static bool never(const void *inst, const char *p, size_t n)
{
	(void)inst;
	(void)p;
	(void)n;
	return false;
}
static const struct mw_check flagged_checks[] = {{.name = "c", .valid = never, .flags = 128}, {0}};
static const struct mw_command empty_commands[] = {{.name = "c"}, {0}};
static const char *const no_types[] = {NULL};

#define GOOD                                                                                                                     \
	.magic = MW_MAGIC, .size = sizeof(struct mw_plugin), .abi_major = MW_ABI_MAJOR, .abi_minor = MW_ABI_MINOR,               \
	.build = MW_BUILD, .kind = MW_KIND_MILTER, .name = "x"

static const struct {
	struct mw_plugin plugin;
	const char *text; /* NULL = good */
} descriptors[] = {
    {{GOOD}, NULL},
    {{GOOD, .options = good_rows, .conf_size = sizeof(struct conf)}, NULL},
    {{GOOD, .options = far_rows, .conf_size = sizeof(struct conf)}, "no room for \"n\" in the struct of its options"},
    {{GOOD, .options = crooked_rows, .conf_size = 64}, "no room for \"n\""},
    {{GOOD, .options = typeless_rows, .conf_size = 64}, "unknown type 99 for \"n\" in its options"},
    {{GOOD, .options = wordless_rows, .conf_size = 64}, "no words for \"n\""},
    {{GOOD, .options = twin_rows, .conf_size = 64}, "has \"n\" twice in its options"},
    {{GOOD, .options = shouting_rows, .conf_size = 64}, "a name in its options that no policy can write (row 1)"},
    {{GOOD, .options = flagged_rows, .conf_size = 64}, "unknown flags for \"n\""},
    {{GOOD, .options = good_rows, .conf_size = 1 << 20}, "a struct of 1048576 octets"},
    {{GOOD, .facts = path_facts}, "unknown type 7 for its fact \"f\""},
    {{GOOD, .actions = bad_actions}, "unknown effect 42 for its action \"a\""},
    {{GOOD, .actions = lazy_actions}, "offers the action \"a\" but no hook that does it"},
    {{GOOD, .actions = far_actions}, "no room for \"n\" in the struct of its arguments"},
    {{GOOD, .checks = empty_checks}, "no function for its check \"c\""},
    {{GOOD, .checks = flagged_checks}, "unknown flag at its check \"c\""},
    {{GOOD, .commands = empty_commands}, "no function for its command \"c\""},
    {{GOOD, .types = no_types}, NULL}, /* no hook: neither one nor the other */
    {{GOOD, .stages = 1u << 20}, "wants unknown stages"},
    {{GOOD, .powers = 1u << 20}, "needs unknown powers"},
};

static void test_descriptors(void **state)
{
	static const struct mw_memory all = {.p = NULL, .n = SIZE_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
		struct mw_err err = {0};
		int r = mw_descriptor_check(&all, &descriptors[i].plugin, "x", &err);
		const char *text = descriptors[i].text;

		if (text ? r != -ENOEXEC || !strstr(err.text, text) : r != 0)
			fail_msg("row %zu: %d, \"%s\", not \"%s\"", i, r, err.text, text ? text : "good");
	}
}

static void never_wanted(void *inst, const char *recipient)
{
	(void)inst;
	(void)recipient;
}

/* A sealer that keeps: its custody is whole, and it seals nothing; a module of 1.0 has none, whatever stands behind its struct. */
static void test_custody(void **state)
{
	static const struct mw_memory all = {.p = NULL, .n = SIZE_MAX};
	struct mw_plugin keeper = {GOOD};
	const struct mw_custody empty = {.size = sizeof(empty)}, small = {.size = sizeof(empty) - 1};
	struct mw_sealer s = {.method = "portal", .custody = &small};
	struct mw_err err;

	(void)state;
	keeper.kind = MW_KIND_SEALER;
	keeper.sealer = &s;
	assert_int_equal(mw_descriptor_check(&all, &keeper, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is damaged: the custody of its descriptor points outside of the file");
	s.custody = &empty;
	assert_int_equal(mw_descriptor_check(&all, &keeper, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "lacks a function of its custody");
	s.want = never_wanted;
	assert_int_equal(mw_descriptor_check(&all, &keeper, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "both keeps and seals: these are two modules");
	keeper.abi_minor = 0;
	assert_null(mw_descriptor_custody(&keeper));
	assert_int_equal(mw_descriptor_check(&all, &keeper, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "lacks a function of its sealer");
}

/* Kinds and what they must bring. */
static void test_kinds(void **state)
{
	static const struct mw_memory all = {.p = NULL, .n = SIZE_MAX};
	struct mw_plugin extractor = {GOOD}, checker = {GOOD}, odd = {GOOD}, prefilter = {GOOD}, sealer = {GOOD},
			 service = {GOOD};
	const struct mw_prefilter empty = {.make = NULL};
	const struct mw_sealer idle = {.method = "smime"};
	struct mw_err err;

	(void)state;
	extractor.kind = MW_KIND_EXTRACTOR;
	assert_int_equal(mw_descriptor_check(&all, &extractor, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is an extractor without media types or hook");
	checker.kind = MW_KIND_CHECKER;
	assert_int_equal(mw_descriptor_check(&all, &checker, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is a checker without checks");
	prefilter.kind = MW_KIND_PREFILTER;
	assert_int_equal(mw_descriptor_check(&all, &prefilter, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is a prefilter without functions");
	prefilter.prefilter = &empty;
	assert_int_equal(mw_descriptor_check(&all, &prefilter, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "lacks a function of its prefilter");
	sealer.kind = MW_KIND_SEALER;
	assert_int_equal(mw_descriptor_check(&all, &sealer, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is a sealer without functions");
	sealer.sealer = &idle;
	assert_int_equal(mw_descriptor_check(&all, &sealer, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "lacks a function of its sealer");
	service.kind = MW_KIND_SERVICE;
	assert_int_equal(mw_descriptor_check(&all, &service, "x", &err), 0);
	service.stages = MW_SEE_MAIL;
	assert_int_equal(mw_descriptor_check(&all, &service, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is a service, and has more than options and their check");
	odd.kind = 99;
	assert_int_equal(mw_descriptor_check(&all, &odd, "x", &err), -ENOEXEC);
	assert_string_equal(err.text, "is of an unknown kind 99");
}

/* A daemon asks for every module of its policy at each reload, and it lives for months. (ASan counts in another way: 0.) */
static void test_again(void **state)
{
	char folder[] = "/tmp/mw-loader-XXXXXX", path[64];
	struct mw_err err = {0};
	struct mw_loader *l;
	size_t before;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/x.so", folder);
	put(folder, "x.so", "x", 1, 0644);
	l = mw_loader_new(folder);
	assert_non_null(l);
	assert_null(mw_loader_describe(l, "x", &err));
	before = mallinfo2().uordblks;
	for (int i = 0; i < 1000; i++)
		assert_null(mw_loader_describe(l, "x", &err));
	assert_in_range(mallinfo2().uordblks, 0, before + 1000);
	mw_loader_free(&l);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_linked_in), cmocka_unit_test(test_trust),   cmocka_unit_test(test_again),
	    cmocka_unit_test(test_images),    cmocka_unit_test(test_damage),  cmocka_unit_test(test_descriptors),
	    cmocka_unit_test(test_kinds),     cmocka_unit_test(test_custody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
