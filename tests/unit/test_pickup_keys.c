/* SPDX-License-Identifier: Apache-2.0 */
/* Links, the file of server keys, and the two wraps. */
#include "pickup/keyfile.h"
#include "pickup/wrap.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pickup_expect.h"

/* ---- links ----------------------------------------------------------------------------------------------------------------------- */

static void links_are_written_one_way(void **state)
{
	unsigned char id[MW_PICKUP_ID], secret[MW_PICKUP_SECRET], id2[MW_PICKUP_ID], secret2[MW_PICKUP_SECRET];
	char link[MW_PICKUP_LINK], text[MW_PICKUP_ID_TEXT];
	static const char *const wrong[] = {
	    "",
	    "A",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",  /* spare bits */
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* one less */
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* one more */
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "AAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "../../../../../../../../../../../etc/passwd",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(id); i++)
		id[i] = (unsigned char)(i * 89 + 250);
	for (unsigned i = 0; i < sizeof(secret); i++)
		secret[i] = (unsigned char)(i * 97 + 3);
	mw_pickup_link_text(id, secret, link);
	assert_int_equal(strlen(link), 43);
	assert_int_equal(strspn(link, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
	mw_pickup_id_text(id, text);
	assert_memory_equal(text, link, 16);
	assert_true(mw_pickup_link_parse(mw_str(link), id2, secret2));
	assert_memory_equal(id, id2, sizeof(id));
	assert_memory_equal(secret, secret2, sizeof(secret));
	assert_true(mw_pickup_id_parse(mw_str(text), id2));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_false(mw_pickup_link_parse(mw_str(wrong[i]), id2, secret2));
		assert_false(mw_pickup_id_parse(mw_str(wrong[i]), id2));
	}
	assert_false(
	    mw_pickup_link_parse((struct mw_str){.p = "AAAAAAAAAAAA\0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .n = 43}, id2, secret2));
	assert_memory_equal(id, id2, sizeof(id));
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------- */

#define K1 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define K2 "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

static void files_are_parsed(void **state)
{
	static const struct {
		const char *text;
		size_t keys;
		const char *error; /* or NULL */
	} rows[] = {
	    {"", 0, NULL},
	    {"# only a comment\n\n", 0, NULL},
	    {"1 " K1 " 1800000000\n", 1, NULL},
	    {"1 " K1 " 1800000000", 1, NULL},
	    {"  1\t" K1 "  1800000000 \r\n#x\n7 " K2 " 1800000001\n", 2, NULL},
	    {"4294967295 " K1 " 0\n", 1, NULL},
	    {"4294967296 " K1 " 0\n", 0, "line 1 does not begin"},
	    {"0 " K1 " 0\n", 0, "line 1 does not begin"},
	    {"-1 " K1 " 0\n", 0, "line 1 does not begin"},
	    {"x " K1 " 0\n", 0, "line 1 does not begin"},
	    {"1 " K1 " 1\n\n1 " K2 " 1\n", 0, "line 3 has no higher number"},
	    {"2 " K1 " 1\n1 " K2 " 1\n", 0, "line 2 has no higher number"},
	    {"1 " K1 "\n", 0, "line 1 does not end"},
	    {"1 " K1 " 1 2\n", 0, "line 1 does not end"},
	    {"1 " K1 " -1\n", 0, "line 1 does not end"},
	    {"1 " K1 " 99999999999999999999999\n", 0, "line 1 does not end"},
	    {"1 AAEC 1\n", 0, "line 1 has no base64"},
	    {"1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg== 1\n", 0, "line 1 has no base64"},
	    {"1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g 1\n", 0, "line 1 has no base64"},
	    {"1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh!= 1\n", 0, "line 1 has no base64"},
	    {"1\n", 0, "line 1 has no base64"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_keyfile f = {.n = 0};
		struct mw_err err = {0};
		int r = mw_keyfile_parse(mw_str(rows[i].text), &f, &err);

		if (r != (rows[i].error ? -EINVAL : 0) || (rows[i].error && !strstr(err.text, rows[i].error)))
			print_error("row %zu: %s\n", i, err.text);
		assert_int_equal(r, rows[i].error ? -EINVAL : 0);
		assert_int_equal(f.n, rows[i].keys);
		if (rows[i].error)
			assert_non_null(strstr(err.text, rows[i].error));
		if (f.n == 2) {
			assert_int_equal(f.key[1].number, 7);
			assert_int_equal(f.key[1].octets[31], 63);
			assert_int_equal(f.key[1].created, 1800000001);
		}
		mw_keyfile_free(&f);
	}
}

struct place {
	char dir[40], keys[60];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	(void)snprintf(p->dir, sizeof(p->dir), "pickup-keys.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->keys, sizeof(p->keys), "%s/keys", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	(void)unlink(p->keys);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static void a_file_that_others_read_is_refused(void **state)
{
	static const struct {
		mode_t mode;
		int r;
	} rows[] = {{0600, 0},	     {0400, 0},	      {0640, 0},       {0440, 0},	{0604, -EACCES},
		    {0602, -EACCES}, {0601, -EACCES}, {0660, -EACCES}, {0620, -EACCES}, {0644, -EACCES}};
	const struct place *p = *state;
	struct mw_pickup_keys *k = NULL;

	assert_fails(mw_pickup_keys_open(p->keys, &k, &err), -ENOENT);
	assert_gives(mw_pickup_keys_make(p->keys, 1800000000, &err), 0);
	assert_fails(mw_pickup_keys_make(p->keys, 1800000000, &err), -EEXIST);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_err err = {0};

		assert_int_equal(chmod(p->keys, rows[i].mode), 0);
		assert_int_equal(mw_pickup_keys_open(p->keys, &k, &err), rows[i].r);
		assert_true(!rows[i].r == !err.text[0]);
		mw_pickup_keys_close(&k);
	}
	assert_int_equal(chmod(p->keys, 0600), 0);
	assert_int_equal(truncate(p->keys, 20), 0);
	assert_fails(mw_pickup_keys_open(p->keys, &k, &err), -EINVAL);
	assert_int_equal(truncate(p->keys, 300000), 0);
	assert_fails(mw_pickup_keys_open(p->keys, &k, &err), -EFBIG);
	assert_fails(mw_pickup_keys_open(p->dir, &k, &err), -EINVAL);
}

static void keys_come_and_go(void **state)
{
	const struct place *p = *state;
	struct mw_pickup_keys *k = NULL;
	unsigned char first[MW_PICKUP_KEY], got[MW_PICKUP_KEY];
	struct stat st;
	uint32_t number;
	size_t n;

	assert_gives(mw_pickup_keys_make(p->keys, 1000, &err), 0);
	assert_int_equal(chmod(p->keys, 0440), 0);
	assert_gives(mw_pickup_keys_open(p->keys, &k, &err), 0);
	mw_pickup_keys_newest(k, &number, first);
	assert_int_equal(number, 1);
	for (uint32_t i = 2; i <= 4; i++) {
		assert_gives(mw_pickup_keys_add(p->keys, 1000 * i, &number, &err), 0);
		assert_int_equal(number, i);
	}
	assert_int_equal(stat(p->keys, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0440);
	/* what is not known is looked for in the file */
	assert_int_equal(mw_pickup_keys_count(k), 1);
	assert_fails(mw_pickup_keys_get(k, 9, got, &err), -ENOKEY);
	assert_gives(mw_pickup_keys_get(k, 4, got, &err), 0);
	assert_int_equal(mw_pickup_keys_count(k), 4);
	assert_memory_not_equal(got, first, sizeof(got));
	assert_gives(mw_pickup_keys_get(k, 1, got, &err), 0);
	assert_memory_equal(got, first, sizeof(got));
	/* who wraps sees by himself that there is a newer one */
	assert_gives(mw_pickup_keys_add(p->keys, 5000, &number, &err), 0);
	mw_pickup_keys_newest(k, &number, got);
	assert_int_equal(number, 5);
	/* 2 is needed; 1 was followed by 2 at 2000 */
	assert_gives(mw_pickup_keys_drop(p->keys, 2, 500, 2499, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_gives(mw_pickup_keys_drop(p->keys, 2, 500, 9000, &n, &err), 0);
	assert_int_equal(n, 1);
	/* the newest stays, whatever is needed */
	assert_gives(mw_pickup_keys_drop(p->keys, 0, 500, 9000, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_gives(mw_pickup_keys_drop(p->keys, 100, 500, 9000, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_gives(mw_pickup_keys_reread(k, &err), 0);
	assert_int_equal(mw_pickup_keys_count(k), 1);
	/* a file that cannot be read leaves what was known */
	assert_int_equal(truncate(p->keys, 0), 0);
	assert_fails(mw_pickup_keys_reread(k, &err), -EINVAL);
	assert_gives(mw_pickup_keys_get(k, 5, got, &err), 0);
	mw_pickup_keys_close(&k);
}

static void processes_add_keys_at_once(void **state)
{
	const struct place *p = *state;
	struct mw_pickup_keys *k = NULL;
	pid_t child[4];

	assert_gives(mw_pickup_keys_make(p->keys, 1000, &err), 0);
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0) {
			uint32_t number;

			for (int j = 0; j < 10; j++)
				if (mw_pickup_keys_add(p->keys, 1000, &number, NULL) < 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_gives(mw_pickup_keys_open(p->keys, &k, &err), 0);
	assert_int_equal(mw_pickup_keys_count(k), 41);
	mw_pickup_keys_close(&k);
}

/* ---- wraps ----------------------------------------------------------------------------------------------------------------------- */

static void two_wraps(void **state)
{
	const struct place *p = *state;
	struct mw_pickup_keys *k = NULL, *strange = NULL;
	struct mw_pickup_lock l, other, changed;
	unsigned char secret[MW_PICKUP_SECRET], secret2[MW_PICKUP_SECRET], key[MW_PICKUP_KEY], key2[MW_PICKUP_KEY],
	    got[MW_PICKUP_KEY];

	/* another site's file, whose key has the same number */
	assert_gives(mw_pickup_keys_make(p->keys, 1000, &err), 0);
	assert_gives(mw_pickup_keys_open(p->keys, &strange, &err), 0);
	assert_int_equal(unlink(p->keys), 0);
	assert_gives(mw_pickup_keys_make(p->keys, 1000, &err), 0);
	assert_gives(mw_pickup_keys_open(p->keys, &k, &err), 0);
	assert_gives(mw_pickup_lock_new(k, &l, secret, key, &err), 0);
	assert_gives(mw_pickup_lock_new(k, &other, secret2, key2, &err), 0);
	assert_memory_not_equal(key, key2, sizeof(key));
	assert_gives(mw_pickup_lock_open(k, &l, secret, got, &err), 0);
	assert_memory_equal(got, key, sizeof(got));
	assert_true(mw_pickup_lock_fits(&l, secret));
	assert_false(mw_pickup_lock_fits(&l, secret2));
	assert_fails(mw_pickup_lock_open(k, &l, secret2, got, &err), -EACCES);
	/* the link without this server's key */
	assert_fails(mw_pickup_lock_open(strange, &l, secret, got, &err), -EBADMSG);
	assert_fails(mw_pickup_lock_pending(strange, &l, secret2, &err), -EBADMSG);
	/* a row's values in another row */
	changed = l;
	memcpy(changed.wrapped, other.wrapped, sizeof(changed.wrapped));
	assert_fails(mw_pickup_lock_open(k, &changed, secret, got, &err), -EBADMSG);
	for (size_t i = 0; i < sizeof(l.wrapped); i++) {
		changed = l;
		changed.wrapped[i] ^= 0x80;
		assert_fails(mw_pickup_lock_open(k, &changed, secret, got, &err), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(l.pending); i++) {
		changed = l;
		changed.pending[i] ^= 1;
		assert_fails(mw_pickup_lock_pending(k, &changed, got, &err), -EBADMSG);
	}
	changed = l;
	changed.number = 2;
	assert_fails(mw_pickup_lock_open(k, &changed, secret, got, &err), -ENOKEY);
	mw_pickup_keys_close(&k);
	mw_pickup_keys_close(&strange);
}

/* The same as Python's cryptography gives. */
static void derivation_is_hkdf(void **state)
{
	static const unsigned char wanted[] = {0x14, 0xda, 0x98, 0x89, 0x34, 0x0d, 0x69, 0x35, 0xcd, 0x91, 0x9e,
					       0x0e, 0x5d, 0xb9, 0x4b, 0xde, 0xd0, 0xf4, 0xbc, 0x52, 0xf5, 0x44,
					       0x82, 0x56, 0x99, 0x7e, 0x13, 0x8e, 0x75, 0x8d, 0x6f, 0x3b};
	unsigned char out[32];

	(void)state;
	assert_int_equal(
	    mw_pickup_derive((const unsigned char *)"secret", 6, (const unsigned char *)"salt", 4, "milward pickup key", out, 32),
	    0);
	assert_memory_equal(out, wanted, sizeof(wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_are_written_one_way),
	    cmocka_unit_test(files_are_parsed),
	    cmocka_unit_test_setup_teardown(a_file_that_others_read_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(keys_come_and_go, setup, teardown),
	    cmocka_unit_test_setup_teardown(processes_add_keys_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_wraps, setup, teardown),
	    cmocka_unit_test(derivation_is_hkdf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
