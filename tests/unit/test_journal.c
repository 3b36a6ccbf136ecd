/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of milward-seal: what it keeps over restarts, crashes and disks that fail. */
#include "disk_faults.h"
#include "seal/journal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the journal ----------------------------------------------------------------------------------------------------------------- */

static void remove_all(const char *dir)
{
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static struct mw_journal *reopen(struct mw_journal *j, const char *dir, int64_t keep, uint64_t most, int64_t now)
{
	struct mw_err err;

	mw_journal_close(&j);
	assert_int_equal(mw_journal_open(dir, keep, most, now, &j, &err), 0);
	return j;
}

static void test_journal(void **state)
{
	char dir[] = "/tmp/milward-journal-XXXXXX", id[MW_QUEUE_ID], key[64];
	struct mw_journal *j, *other = NULL;
	struct mw_err err;
	size_t left = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	j = reopen(NULL, dir, 3600, 1 << 20, 1000000000);
	assert_int_equal(mw_journal_open(dir, 3600, 1 << 20, 1000000000, &other, &err), -EBUSY);
	assert_int_equal(mw_journal_look(j, "a", id), MW_FATE_NEW);
	assert_int_equal(mw_journal_done(j, "a", "Q", &err), -ENOENT);
	for (int i = 0; i < 1000; i++) { /* through several sizes of its table */
		(void)snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(mw_journal_begin(j, key, "", 1000000000, &err), 0);
		if (i % 2)
			assert_int_equal(mw_journal_done(j, key, "4jXCcW55ZMz1bYG3", &err), 0);
	}
	assert_int_equal(mw_journal_sync(j, &err), 0);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < 1000; i++) {
			(void)snprintf(key, sizeof(key), "key %d", i);
			assert_int_equal(mw_journal_look(j, key, id), i % 2 ? MW_FATE_DONE : MW_FATE_STARTED);
			if (i % 2)
				assert_string_equal(id, "4jXCcW55ZMz1bYG3");
		}
		assert_int_equal(mw_journal_count(j), 1000);
		j = reopen(j, dir, 3600, 1 << 20, 1000000000);
	}
	/* Later: what is too old goes with its file. */
	assert_int_equal(mw_journal_begin(j, "late", "", 1000000000 + 3600, &err), 0);
	assert_int_equal(mw_journal_begin(j, "later", "", 1000000000 + 7300, &err), 0);
	assert_int_equal(mw_journal_look(j, "key 1", id), MW_FATE_NEW);
	assert_int_equal(mw_journal_look(j, "later", id), MW_FATE_STARTED);
	/* More than it may take: the oldest go, the last stay, and it takes no more than it may. */
	j = reopen(j, dir, 1000000, 64 * 1024, 1000000000 + 7300);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(key, sizeof(key), "many %d", i);
		assert_int_equal(mw_journal_begin(j, key, "", 1000000000 + 7300, &err), 0);
	}
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(key, sizeof(key), "many %d", i);
		left += mw_journal_look(j, key, id) != MW_FATE_NEW;
	}
	assert_true(left > 500 && left < 1100);
	assert_int_equal(mw_journal_look(j, "many 2999", id), MW_FATE_STARTED);
	mw_journal_close(&j);
	remove_all(dir);
}

/* What did not go to disk when it was said to be there is written anew, elsewhere: the kernel tells a failed sync once. */
static void test_journal_sync(void **state)
{
	char dir[] = "/tmp/milward-journal-XXXXXX", path[80], text[4096];
	struct mw_journal *j;
	struct mw_err err;
	size_t n;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mw_journal_open(dir, 3600, 1 << 20, 1000000000, &j, &err), 0);
	assert_int_equal(mw_journal_begin(j, "key", "means=smime", 1000000000, &err), 0);
	disk_arm(DISK_FAILS, 1);
	assert_int_equal(mw_journal_sync(j, &err), -EIO);
	(void)disk_disarm();
	assert_int_equal(mw_journal_begin(j, "key", "means=smime", 1000000001, &err), 0);
	assert_int_equal(mw_journal_sync(j, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/journal.0000000002", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	assert_non_null(strstr(text, " key\tmeans=smime\n"));
	assert_int_equal(mw_journal_done(j, "key", "two\nlines", &err), -EINVAL);
	assert_int_equal(mw_journal_done(j, "key", "4jXCcW", &err), 0);
	j = reopen(j, dir, 3600, 1 << 20, 1000000000);
	assert_int_equal(mw_journal_look(j, "key", text), MW_FATE_DONE);
	assert_string_equal(text, "4jXCcW");
	mw_journal_close(&j);
	remove_all(dir);
}

static void expect_detail(const struct mw_journal *j, const char *key, enum mw_fate fate, const char *detail)
{
	char id[MW_QUEUE_ID], got[MW_JOURNAL_DETAIL];

	assert_int_equal(mw_journal_look(j, key, id), fate);
	mw_journal_detail(j, key, got);
	assert_string_equal(got, detail);
}

static void test_journal_details(void **state)
{
	char dir[] = "/tmp/milward-journal-XXXXXX", longest[MW_JOURNAL_DETAIL], longer[MW_JOURNAL_DETAIL + 1];
	struct mw_journal *j;
	struct mw_err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	j = reopen(NULL, dir, 3600, 1 << 20, 1000000000);
	assert_int_equal(mw_journal_begin(j, "a seal b@c", "means=smime digest=1", 1000000000, &err), 0);
	assert_int_equal(mw_journal_begin(j, "a seal b", longest, 1000000000, &err), 0);
	assert_int_equal(mw_journal_begin(j, "plain", "", 1000000000, &err), 0);
	assert_int_equal(mw_journal_begin(j, "much", longer, 1000000000, &err), -ENAMETOOLONG);
	assert_int_equal(mw_journal_begin(j, "two", "lines\n", 1000000000, &err), -EINVAL);
	assert_int_equal(mw_journal_begin(j, "tab\tbed", "", 1000000000, &err), -EINVAL);
	/* Another attempt has made another copy: it is the last one that may have been sent. */
	assert_int_equal(mw_journal_begin(j, "a seal b@c", "means=smime digest=2", 1000000000, &err), 0);
	assert_int_equal(mw_journal_done(j, "a seal b", "Q2", &err), 0);
	for (int turn = 0; turn < 2; turn++) {
		expect_detail(j, "a seal b@c", MW_FATE_STARTED, "means=smime digest=2");
		expect_detail(j, "a seal b", MW_FATE_DONE, longest);
		expect_detail(j, "plain", MW_FATE_STARTED, "");
		expect_detail(j, "a", MW_FATE_NEW, "");
		assert_int_equal(mw_journal_count(j), 3);
		j = reopen(j, dir, 3600, 1 << 20, 1000000000);
	}
	/* What is done is not begun again. */
	assert_int_equal(mw_journal_begin(j, "a seal b", "means=other", 1000000000, &err), 0);
	expect_detail(j, "a seal b", MW_FATE_DONE, longest);
	mw_journal_close(&j);
	remove_all(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_journal),
	    cmocka_unit_test(test_journal_sync),
	    cmocka_unit_test(test_journal_details),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
