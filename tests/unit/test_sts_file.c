/* SPDX-License-Identifier: Apache-2.0 */
/* MTA-STS policies on disk: what is written comes back, what is damaged costs no more than its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lookup/sts_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[80];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/test_sts_file.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sts", folder);
	return 0;
}

static int tear_down(void **state)
{
	char beside[90];

	(void)state;
	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	(void)unlink(beside);
	(void)unlink(path);
	return rmdir(folder);
}

static struct mw_sts_kept kept(const char *domain, int64_t fetched, const char *policy)
{
	struct mw_sts_kept ret = {.id = "id1", .fetched = fetched};

	(void)snprintf(ret.domain, sizeof(ret.domain), "%s", domain);
	assert_int_equal(mw_sts_policy_parse(policy, strlen(policy), &ret.policy, NULL), 0);
	return ret;
}

#define ENFORCE "version:STSv1\nmode:enforce\nmax_age:86400\nmx:a.example\nmx:*.b.example"
#define NONE "version:STSv1\nmode:none\nmax_age:86400"

/* ---- lines ---------------------------------------------------------------------------------------------------------------------- */

static void test_line(void **state)
{
	static const char *const texts[] = {ENFORCE, NONE};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct mw_sts_kept one = kept("clinic.example", 1790000000, texts[i]), two;
		struct mw_buf line = MW_BUF_INIT, again = MW_BUF_INIT;

		mw_sts_line_add(&line, &one);
		assert_true(mw_buf_ok(&line));
		assert_int_equal(mw_sts_line_parse(line.p, line.n - 1, &two, NULL), 0);
		mw_sts_line_add(&again, &two);
		assert_string_equal(mw_buf_text(&line), mw_buf_text(&again));
		/* every octet counts */
		for (size_t k = 0; k + 1 < line.n; k++) {
			struct mw_sts_kept bad;

			line.p[k] ^= 1;
			assert_int_equal(mw_sts_line_parse(line.p, line.n - 1, &bad, NULL), -EINVAL);
			line.p[k] ^= 1;
			assert_int_equal(mw_sts_line_parse(line.p, k, &bad, NULL), -EINVAL);
		}
		mw_sts_policy_clear(&one.policy);
		mw_sts_policy_clear(&two.policy);
		mw_buf_free(&line);
		mw_buf_free(&again);
	}
}

/* Right sums of what is none of ours. */
static const char *const wrong[] = {
    "sts1 clinic.example id1 1790000000 86400 enforce - a15dcb6d68fadeaa",
    "sts2 clinic.example id1 1790000000 86400 enforce a.example 55d368630c734737",
    "",
    "0123456789abcdef",
    " 0123456789abcdef",
};

static void test_wrong_lines(void **state)
{
	struct mw_sts_kept bad;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(mw_sts_line_parse(wrong[i], strlen(wrong[i]), &bad, NULL), -EINVAL);
}

/* ---- the file ------------------------------------------------------------------------------------------------------------------- */

struct seen {
	unsigned n;
	char text[512];
};

static int take(void *ctx, struct mw_sts_kept *one, struct mw_err *err)
{
	struct seen *seen = ctx;
	size_t at = strlen(seen->text);

	(void)err;
	seen->n++;
	(void)snprintf(seen->text + at, sizeof(seen->text) - at, "%s %lld %s;", one->domain, (long long)one->fetched,
		       mw_sts_mode_words[one->policy.mode]);
	return 0;
}

static struct mw_sts_file *open_it(struct seen *seen, size_t *bad)
{
	struct mw_sts_file *f = NULL;
	struct mw_err err = {.text = ""};

	*seen = (struct seen){.n = 0};
	if (mw_sts_file_open(path, take, seen, bad, &f, &err) < 0)
		fail_msg("%s", err.text);
	return f;
}

static void append(struct mw_sts_file *f, const char *domain, int64_t fetched, const char *policy, int rc)
{
	struct mw_sts_kept one = kept(domain, fetched, policy);
	struct mw_err err;

	assert_int_equal(mw_sts_file_append(f, &one, &err), rc);
	mw_sts_policy_clear(&one.policy);
}

static void test_file(void **state)
{
	struct mw_sts_file *f, *other = NULL;
	struct mw_buf text = MW_BUF_INIT;
	struct mw_sts_kept one = kept("c.example", 7, ENFORCE);
	struct seen seen;
	struct stat st;
	size_t bad;

	(void)state;
	f = open_it(&seen, &bad);
	assert_int_equal(seen.n, 0);
	append(f, "a.example", 1, ENFORCE, 0);
	append(f, "b.example", 2, NONE, 0);
	append(f, "a.example", 3, NONE, 0);
	assert_int_equal(mw_sts_file_lines(f), 3);
	assert_int_equal(mw_sts_file_open(path, take, &seen, &bad, &other, NULL), -EBUSY);
	mw_sts_file_close(f);
	f = open_it(&seen, &bad);
	assert_string_equal(seen.text, "a.example 1 enforce;b.example 2 none;a.example 3 none;");
	mw_sts_line_add(&text, &one);
	assert_int_equal(mw_sts_file_replace(f, &text, 1, NULL), 0);
	append(f, "d.example", 8, ENFORCE, 0);
	assert_int_equal(mw_sts_file_open(path, take, &seen, &bad, &other, NULL), -EBUSY); /* the new one is ours as well */
	mw_sts_file_close(f);
	f = open_it(&seen, &bad);
	assert_string_equal(seen.text, "c.example 7 enforce;d.example 8 enforce;");
	assert_int_equal(bad, 0);
	mw_sts_file_close(f);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	mw_sts_policy_clear(&one.policy);
	mw_buf_free(&text);
}

static void damage(off_t at, const char *octets)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, octets, strlen(octets), at), (ssize_t)strlen(octets));
	(void)close(fd);
}

static void test_damage(void **state)
{
	struct mw_sts_file *f;
	struct seen seen;
	struct stat st;
	size_t bad;

	(void)state;
	f = open_it(&seen, &bad);
	append(f, "a.example", 1, ENFORCE, 0);
	append(f, "b.example", 2, ENFORCE, 0);
	append(f, "c.example", 3, ENFORCE, 0);
	mw_sts_file_close(f);
	assert_int_equal(stat(path, &st), 0);
	damage(st.st_size / 2, "\x01");
	assert_int_equal(truncate(path, st.st_size - 9), 0); /* a crash within the last line */
	f = open_it(&seen, &bad);
	assert_string_equal(seen.text, "a.example 1 enforce;");
	assert_int_equal(bad, 2);
	append(f, "d.example", 4, ENFORCE, 0); /* on a line of its own */
	mw_sts_file_close(f);
	f = open_it(&seen, &bad);
	assert_string_equal(seen.text, "a.example 1 enforce;d.example 4 enforce;");
	mw_sts_file_close(f);
}

/* A full disk, as the limit on the size of files makes one. */
static void test_full(void **state)
{
	struct rlimit before, small;
	struct mw_sts_file *f;
	struct seen seen;
	struct stat st;
	size_t bad;

	(void)state;
	f = open_it(&seen, &bad);
	append(f, "a.example", 1, ENFORCE, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){.rlim_cur = (rlim_t)st.st_size + 20, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	append(f, "b.example", 2, ENFORCE, -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	append(f, "c.example", 3, ENFORCE, 0);
	mw_sts_file_close(f);
	f = open_it(&seen, &bad);
	assert_string_equal(seen.text, "a.example 1 enforce;c.example 3 enforce;");
	assert_int_equal(bad, 0);
	mw_sts_file_close(f);
}

static void test_no_file(void **state)
{
	struct mw_sts_file *f = NULL;
	struct seen seen = {.n = 0};
	char link[90];
	size_t bad;

	(void)state;
	assert_int_equal(mw_sts_file_open("/nonexistent/sts", take, &seen, &bad, &f, NULL), -ENOENT);
	assert_int_equal(mw_sts_file_open("/dev/null", take, &seen, &bad, &f, NULL), -EINVAL);
	(void)snprintf(link, sizeof(link), "%s.new", path);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(mw_sts_file_open(link, take, &seen, &bad, &f, NULL), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line),
	    cmocka_unit_test(test_wrong_lines),
	    cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
