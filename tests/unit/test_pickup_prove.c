/* SPDX-License-Identifier: Apache-2.0 */
/* Codes, passphrases, and what stops those who guess. */
#include "pickup_shelf.h"

#include "pickup/prove.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pickup_expect.h"

static const struct mw_pickup_rule *rule = &mw_pickup_rule_usual;

static int setup(void **state)
{
	struct shelf *s = calloc(1, sizeof(*s));

	shelf_open_fast(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	shelf_close(*state);
	free(*state);
	return 0;
}

static void put(struct shelf *s, struct shelf_message *m)
{
	assert_gives(shelf_put(s->store, s->keys, m, &err), 0);
}

static int prove(struct shelf *s, const struct shelf_message *m, const char *code, const char *phrase, int64_t now, int64_t *wait,
		 struct mw_err *err)
{
	struct mw_pickup_proof proof = {.code = code, .passphrase = phrase};
	unsigned char key[MW_PICKUP_KEY] = {0}, again[MW_PICKUP_KEY];
	int r = mw_pickup_prove(s->store, rule, m->id, m->secret, &proof, MW_MAIL_LOCKED, now, key, NULL, wait, err);

	if (r == 0) {
		assert_int_equal(mw_pickup_unlock(s->store, m->id, m->secret, now, again, NULL, NULL), 0);
		assert_memory_equal(key, again, sizeof(key));
		return 0;
	}
	for (unsigned i = 0; i < sizeof(key); i++)
		assert_int_equal(key[i], 0);
	return r;
}

static void new_code(struct shelf *s, const struct shelf_message *m, int64_t now, char code[MW_PICKUP_CODE])
{
	int64_t wait = 0;

	assert_gives(mw_pickup_code_new(s->store, rule, m->id, m->secret, now, code, &wait, &err), 0);
	assert_int_equal(strlen(code), 8);
	assert_int_equal(strspn(code, "0123456789"), 8);
}

static void a_code_is_good_once(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = "m"}, other = {.key = "other"};
	char code[MW_PICKUP_CODE], spaced[20], later[MW_PICKUP_CODE];
	int64_t wait = 0;

	put(s, &m);
	put(s, &other);
	assert_fails(prove(s, &m, "12345678", NULL, SHELF_NOW, &wait, &err), -EPERM); /* none was made */
	new_code(s, &m, SHELF_NOW, code);
	new_code(s, &other, SHELF_NOW, later);
	assert_fails(prove(s, &m, later, NULL, SHELF_NOW, &wait, &err), -EPERM); /* of another message */
	assert_fails(prove(s, &m, NULL, NULL, SHELF_NOW, &wait, &err), -EPERM);
	(void)snprintf(spaced, sizeof(spaced), " %.4s-%.4s ", code, code + 4);
	assert_gives(prove(s, &m, spaced, NULL, SHELF_NOW + 599, &wait, &err), 0);
	assert_fails(prove(s, &m, code, NULL, SHELF_NOW + 599, &wait, &err), -EPERM);
	new_code(s, &m, SHELF_NOW + 700, code);
	assert_fails(prove(s, &m, code, NULL, SHELF_NOW + 1300, &wait, &err), -EPERM); /* ten minutes are over */
}

static void a_code_before_is_void(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = NULL};
	char first[MW_PICKUP_CODE], second[MW_PICKUP_CODE];
	int64_t wait = 0;

	put(s, &m);
	new_code(s, &m, SHELF_NOW, first);
	do
		new_code(s, &m, SHELF_NOW, second);
	while (strcmp(first, second) == 0);
	assert_fails(prove(s, &m, first, NULL, SHELF_NOW, &wait, &err), -EPERM);
	assert_gives(prove(s, &m, second, NULL, SHELF_NOW, &wait, &err), 0);
}

/* Also where a message may be tried more often: the tries of a code are its own. */
static void a_code_is_void_after_its_tries(void **state)
{
	struct mw_pickup_rule loose = mw_pickup_rule_usual;
	struct shelf *s = *state;
	struct shelf_message m = {.key = NULL};
	char code[MW_PICKUP_CODE];
	int64_t wait = 0;

	loose.tries = loose.address_tries = 100;
	loose.code_tries = 2;
	rule = &loose;
	put(s, &m);
	for (int wrong = 1; wrong <= 2; wrong++) {
		new_code(s, &m, SHELF_NOW, code);
		for (int i = 0; i < wrong; i++)
			assert_fails(prove(s, &m, "no", NULL, SHELF_NOW, &wait, &err), -EPERM);
		if (wrong < 2)
			assert_gives(prove(s, &m, code, NULL, SHELF_NOW, &wait, &err), 0);
		else
			assert_fails(prove(s, &m, code, NULL, SHELF_NOW, &wait, &err), -EPERM);
	}
	rule = &mw_pickup_rule_usual;
}

static void codes_are_mailed_three_times_an_hour(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = "m"}, more[3] = {{.key = "1"}, {.key = "2"}, {.key = "3"}};
	char code[MW_PICKUP_CODE];
	int64_t wait = 0;

	put(s, &m);
	for (int i = 0; i < 3; i++)
		new_code(s, &m, SHELF_NOW + i, code);
	assert_fails(mw_pickup_code_new(s->store, rule, m.id, m.secret, SHELF_NOW + 600, code, &wait, &err), -EAGAIN);
	assert_int_equal(wait, 3000);
	/* and nine of all messages to the address */
	for (int i = 0; i < 3; i++) {
		put(s, &more[i]);
		for (int j = 0; j < 3 && i < 2; j++)
			new_code(s, &more[i], SHELF_NOW + 600, code);
	}
	assert_fails(mw_pickup_code_new(s->store, rule, more[2].id, more[2].secret, SHELF_NOW + 600, code, &wait, &err), -EAGAIN);
	new_code(s, &m, SHELF_NOW + 3600, code);
	/* a stranger makes no mail at all */
	m.secret[0] ^= 1;
	assert_fails(mw_pickup_code_new(s->store, rule, m.id, m.secret, SHELF_NOW + 9000, code, &wait, &err), -EACCES);
}

static void a_code_that_was_not_mailed_does_not_count(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = "m"};
	char code[MW_PICKUP_CODE], good[MW_PICKUP_CODE];
	uint64_t events = 0;
	int64_t wait = 0;

	put(s, &m);
	for (int i = 0; i < 20; i++) {
		new_code(s, &m, SHELF_NOW, code);
		assert_gives(mw_pickup_code_unsent(s->store, m.id, m.secret, code, SHELF_NOW, &err), 0);
		if (i < 3) /* nobody has seen it, and it is void; tries are tries */
			assert_fails(prove(s, &m, code, NULL, SHELF_NOW, &wait, &err), -EPERM);
	}
	new_code(s, &m, SHELF_NOW, code);
	new_code(s, &m, SHELF_NOW, good);
	/* one that was followed by another: that stays good */
	assert_gives(mw_pickup_code_unsent(s->store, m.id, m.secret, code, SHELF_NOW, &err), 0);
	assert_gives(prove(s, &m, good, NULL, SHELF_NOW, &wait, &err), 0);
	for (int i = 0; i < 2; i++)
		new_code(s, &m, SHELF_NOW, code);
	assert_fails(mw_pickup_code_new(s->store, rule, m.id, m.secret, SHELF_NOW, code, &wait, &err), -EAGAIN);
	/* in the next hour there is nothing to give back */
	assert_gives(mw_pickup_code_unsent(s->store, m.id, m.secret, code, SHELF_NOW + 3600, &err), 0);
	for (int i = 0; i < 3; i++)
		new_code(s, &m, SHELF_NOW + 3600, code);
	assert_fails(mw_pickup_code_new(s->store, rule, m.id, m.secret, SHELF_NOW + 3600, code, &wait, &err), -EAGAIN);
	assert_gives(mw_pickup_events(s->store, m.id, MW_EVENT_CODE, 0, &events, &err), 0);
	assert_int_equal(events, 20 * 2 + 2 + 1 + 2 + 1 + 3);
}

static int see(void *ctx, const struct mw_pickup_record *rec)
{
	unsigned *n = ctx;

	n[rec->event]++;
	return 0;
}

static void guesses_lock_longer_and_longer(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = NULL};
	struct mw_pickup_letter letter;
	struct mw_pickup_row row;
	char code[MW_PICKUP_CODE], guess[MW_PICKUP_CODE] = "00000000";
	int64_t wait = 0, now = SHELF_NOW;
	unsigned n[32] = {0};

	put(s, &m);
	new_code(s, &m, now, code);
	guess[7] = code[7] == '0' ? '1' : '0';
	for (int i = 0; i < 5; i++)
		assert_fails(prove(s, &m, guess, NULL, now, &wait, &err), -EPERM);
	for (int64_t lock = 60; lock <= 960; lock *= 2) {
		wait = 0;
		assert_fails(prove(s, &m, code, NULL, now, &wait, &err), -EAGAIN); /* the right one does not help now */
		assert_int_equal(wait, lock);
		assert_fails(prove(s, &m, code, NULL, now + lock - 1, &wait, &err), -EAGAIN);
		assert_fails(mw_pickup_code_new(s->store, rule, m.id, m.secret, now + lock - 1, code, &wait, &err), -EAGAIN);
		now += lock;
		assert_fails(prove(s, &m, guess, NULL, now, &wait, &err), -EPERM);
	}
	assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
	assert_int_equal(row.failures, 10);
	assert_true(row.locked_until > now);
	/* told to the sender once */
	assert_gives(mw_pickup_outbox_next(s->store, now, &letter, &err), 0);
	assert_int_equal(letter.kind, MW_MAIL_LOCKED);
	assert_gives(mw_pickup_outbox_done(s->store, letter.number, true, "", now, &err), 0);
	assert_fails(mw_pickup_outbox_next(s->store, now + 100000, &letter, &err), -ENOENT);
	assert_gives(mw_pickup_history(s->store, m.id, see, n, &err), 0);
	assert_int_equal(n[MW_EVENT_FAILED], 10);
	assert_int_equal(n[MW_EVENT_LOCKED], 6);
	assert_gives(mw_pickup_unlock_tries(s->store, m.id, now, &err), 0);
	new_code(s, &m, now, code);
	assert_gives(prove(s, &m, code, NULL, now, &wait, &err), 0);
	assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
	assert_int_equal(row.failures, 0);
}

/* Not even who has many links of a person tries on. */
static void an_address_locks_too(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m[6];
	char key[6][8], code[MW_PICKUP_CODE];
	int64_t wait = 0;

	for (int i = 0; i < 6; i++) {
		(void)snprintf(key[i], sizeof(key[i]), "%d", i);
		m[i] = (struct shelf_message){.key = key[i], .recipient = i % 2 ? "Bob@Example.NET" : "bob@example.net"};
		put(s, &m[i]);
	}
	new_code(s, &m[5], SHELF_NOW, code);
	for (int i = 0; i < 20; i++)
		assert_fails(prove(s, &m[i / 4], "no", NULL, SHELF_NOW, &wait, &err), -EPERM);
	assert_fails(prove(s, &m[5], code, NULL, SHELF_NOW + 59, &wait, &err), -EAGAIN);
	assert_int_equal(wait, 1);
	assert_gives(prove(s, &m[5], code, NULL, SHELF_NOW + 60, &wait, &err), 0);
}

static void passphrases(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = "1", .proof = MW_PROOF_PASSPHRASE}, both = {.key = "2", .proof = 3};
	char code[MW_PICKUP_CODE], longest[MW_PICKUP_PASSPHRASE + 2];
	int64_t wait = 0;

	put(s, &m);
	put(s, &both);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_fails(prove(s, &m, NULL, "", SHELF_NOW, &wait, &err), -EPERM); /* none is known */
	assert_gives(mw_pickup_passphrase_known(s->store, "bob@example.net", "alice@clinic.example", &err), 0);
	assert_gives(mw_pickup_passphrase_set(s->store, "BOB@example.net", "", "blue heron", SHELF_NOW, &err), 0);
	assert_gives(mw_pickup_passphrase_known(s->store, "bob@example.net", "alice@clinic.example", &err), 1);
	assert_fails(mw_pickup_passphrase_set(s->store, "bob@example.net", "", longest, SHELF_NOW, &err), -EINVAL);
	assert_fails(mw_pickup_passphrase_set(s->store, "bob@example.net", "", "", SHELF_NOW, &err), -EINVAL);
	assert_gives(prove(s, &m, NULL, "blue heron", SHELF_NOW, &wait, &err), 0);
	assert_fails(prove(s, &m, NULL, longest, SHELF_NOW, &wait, &err), -EPERM);
	/* the sender's own goes first */
	assert_gives(mw_pickup_passphrase_set(s->store, "bob@example.net", "Alice@clinic.example", "red fox", SHELF_NOW, &err),
		     0);
	assert_fails(prove(s, &m, NULL, "blue heron", SHELF_NOW, &wait, &err), -EPERM);
	assert_gives(prove(s, &m, NULL, "red fox", SHELF_NOW, &wait, &err), 0);
	/* both: one alone is not enough, and does not tell which was wrong */
	new_code(s, &both, SHELF_NOW, code);
	assert_fails(prove(s, &both, code, NULL, SHELF_NOW, &wait, &err), -EPERM);
	assert_fails(prove(s, &both, NULL, "red fox", SHELF_NOW, &wait, &err), -EPERM);
	assert_fails(prove(s, &both, code, "red fix", SHELF_NOW, &wait, &err), -EPERM);
	assert_gives(prove(s, &both, code, "red fox", SHELF_NOW, &wait, &err), 0);
	assert_gives(mw_pickup_passphrase_remove(s->store, "bob@example.net", "alice@clinic.example", &err), 0);
	assert_fails(mw_pickup_passphrase_remove(s->store, "bob@example.net", "alice@clinic.example", &err), -ENOENT);
	assert_gives(prove(s, &m, NULL, "blue heron", SHELF_NOW, &wait, &err), 0);
}

static int count(void *ctx, const char *recipient, const char *sender, int64_t created)
{
	unsigned *n = ctx;

	assert_true(recipient[0]);
	assert_string_equal(sender, "");
	assert_int_equal(created, SHELF_NOW);
	++*n;
	return 0;
}

static void passphrases_are_listed(void **state)
{
	struct shelf *s = *state;
	char sql[400], path[120];
	unsigned n = 0;
	sqlite3 *db;

	/* scrypt takes its time: all but one are put there by hand */
	assert_gives(mw_pickup_passphrase_set(s->store, "bob@example.net", "", "x", SHELF_NOW, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	(void)snprintf(sql, sizeof(sql),
		       "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 129) INSERT INTO passphrase "
		       "SELECT 'p' || i, '', created, salt, hash FROM passphrase, c");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	assert_gives(mw_pickup_passphrase_each(s->store, count, &n, &err), 0);
	assert_int_equal(n, 130);
}

/* Nothing that was mailed, typed or agreed on stands in the database. */
static void nothing_is_kept_in_clear(void **state)
{
	static const char *const name[] = {"pickup.db", "pickup.db-wal"};
	struct shelf *s = *state;
	struct shelf_message m = {.proof = 3};
	char code[MW_PICKUP_CODE], link[MW_PICKUP_LINK];

	put(s, &m);
	new_code(s, &m, SHELF_NOW, code);
	assert_gives(mw_pickup_passphrase_set(s->store, "bob@example.net", "", "blue heron", SHELF_NOW, &err), 0);
	mw_pickup_link_text(m.id, m.secret, link);
	for (unsigned i = 0; i < 2; i++) {
		char path[120], *p;
		struct stat st;
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s", s->path, name[i]);
		fd = open(path, O_RDONLY);
		assert_int_equal(fstat(fd, &st), 0);
		p = malloc((size_t)st.st_size);
		assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
		(void)close(fd);
		assert_null(memmem(p, (size_t)st.st_size, code, 8));
		assert_null(memmem(p, (size_t)st.st_size, "blue heron", 10));
		assert_null(memmem(p, (size_t)st.st_size, link + MW_PICKUP_ID_TEXT, 20));
		free(p);
	}
}

/* Eight processes with the right code, all at the time that scrypt takes: one of them gets in. With wrong ones: no more tries than one after the other. */
static void many_at_once(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.proof = MW_PROOF_CODE | MW_PROOF_PASSPHRASE};
	char code[MW_PICKUP_CODE];
	int outcome[3] = {0};
	pid_t child[8];

	put(s, &m);
	assert_gives(mw_pickup_passphrase_set(s->store, "bob@example.net", "", "blue heron", SHELF_NOW, &err), 0);
	for (int round = 0; round < 2; round++) {
		if (round == 0)
			new_code(s, &m, SHELF_NOW, code);
		mw_pickup_close(&s->store);
		mw_pickup_keys_close(&s->keys);
		for (int i = 0; i < 8; i++) {
			child[i] = fork();
			assert_true(child[i] >= 0);
			if (child[i] == 0) {
				int64_t wait;
				int r;

				shelf_reopen(s);
				r = prove(s, &m, round == 0 ? code : "nothing", "blue heron", SHELF_NOW, &wait, NULL);
				_exit(r == 0 ? 0 : r == -EPERM ? 1 : r == -EAGAIN ? 2 : 3);
			}
		}
		memset(outcome, 0, sizeof(outcome));
		for (int i = 0; i < 8; i++) {
			int status;

			assert_int_equal(waitpid(child[i], &status, 0), child[i]);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 3);
			outcome[WEXITSTATUS(status)]++;
		}
		shelf_reopen(s);
		if (round == 0) {
			assert_int_equal(outcome[0], 1);
			assert_gives(mw_pickup_unlock_tries(s->store, m.id, SHELF_NOW, &err), 0);
		}
	}
	assert_int_equal(outcome[0], 0);
	assert_int_equal(outcome[1], 5);
	assert_int_equal(outcome[2], 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_code_is_good_once),
	    TEST(a_code_before_is_void),
	    TEST(a_code_is_void_after_its_tries),
	    TEST(codes_are_mailed_three_times_an_hour),
	    TEST(a_code_that_was_not_mailed_does_not_count),
	    TEST(guesses_lock_longer_and_longer),
	    TEST(an_address_locks_too),
	    TEST(passphrases),
	    TEST(passphrases_are_listed),
	    TEST(nothing_is_kept_in_clear),
	    TEST(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
