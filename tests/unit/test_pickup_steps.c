/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store at each step that the disk takes: killed before it, killed in the middle of a write, the disk full from then on, or failing once.
 * What is promised: a message is there whole or not at all, what was told as done is done, the same request made again ends well and makes
 * one message, and what has ended can be read by nobody.
 */
#include "disk_faults.h"
#include "pickup_shelf.h"

#include "pickup/crate.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "pickup_expect.h"

#define TEXT "What the laboratory found."
#define STEPS_MOST 400

static const enum disk_fault faults[] = {DISK_KILLS, DISK_TEARS, DISK_FULL, DISK_FAILS};
static const char *const fault_name[] = {"well", "killed", "torn", "full", "failing"};

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

/* Is the message of this ticket there, with all its octets? */
static void is_whole(struct shelf *s, const struct mw_pickup_lock *lock, const unsigned char *secret)
{
	unsigned char key[MW_PICKUP_KEY];
	struct mw_crate *c = NULL;
	char *p = NULL;
	size_t n;
	int fd = -1;

	assert_gives(mw_pickup_unlock(s->store, lock->id, secret, SHELF_NOW, key, NULL, &err), 0);
	assert_gives(mw_pickup_crate(s->store, lock->id, &fd, &err), 0);
	assert_gives(mw_crate_open(fd, lock->id, key, &c, &err), 0);
	assert_gives(mw_crate_read_all(c, 1, 1000, &p, &n, &err), 0);
	assert_string_equal(p, TEXT);
	free(p);
	mw_crate_close(&c);
}

/* What a scenario does; 0 or negative. Runs with the disk failing, and again with it well. */
typedef int scenario_fn(struct shelf *, struct shelf_message *, struct mw_err *);

/* Runs it with one fault: true when the fault was met. r: what it gave, -EINTR when it was killed. */
static bool run(struct shelf *s, scenario_fn *fn, struct shelf_message *m, enum disk_fault fault, unsigned step, int *r)
{
	struct mw_err err = {0};
	unsigned steps;
	int status;
	pid_t pid;

	if (fault == DISK_FULL || fault == DISK_FAILS) {
		disk_arm(fault, step);
		*r = fn(s, m, &err);
		steps = disk_disarm();
		if (*r < 0)
			assert_true(err.code == *r && err.text[0]);
		if (*r < 0 && fault == DISK_FULL)
			assert_int_equal(*r, -ENOSPC);
		return steps >= step;
	}
	/* each process has its own connection */
	mw_pickup_close(&s->store);
	mw_pickup_keys_close(&s->keys);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		shelf_reopen(s);
		disk_arm(fault, step);
		_exit(fn(s, m, NULL) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	shelf_reopen(s);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		*r = -EINTR;
		return true;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	*r = 0;
	return false;
}

static struct mw_pickup_swept sweep(struct shelf *s)
{
	struct mw_pickup_swept sum = {.crates = 0};

	for (unsigned i = 0; i < 256; i++) {
		struct mw_pickup_swept one;

		assert_gives(mw_pickup_sweep(s->store, i, 0, time(NULL) + SHELF_NOW, &one, &err), 0);
		sum.crates += one.crates;
		sum.ended += one.ended;
		sum.missing += one.missing;
	}
	return sum;
}

static void is_clean(struct shelf *s)
{
	struct mw_pickup_swept swept;

	(void)sweep(s);
	swept = sweep(s);
	assert_int_equal(swept.crates + swept.ended + swept.missing, 0);
}

/* ---- handing in ------------------------------------------------------------------------------------------------------------------ */

static int hand_in(struct shelf *s, struct shelf_message *m, struct mw_err *err)
{
	return shelf_put(s->store, s->keys, m, err);
}

/* A retry: as milward-seal does it, by what room() says. */
static void again(struct shelf *s, struct shelf_message *m)
{
	unsigned char secret[MW_PICKUP_SECRET];
	struct mw_pickup_ticket t;
	int fd = -1, r;

	r = mw_pickup_room(s->store, m->key, &t, &fd, NULL);
	assert_true(r == 0 || r == 1);
	if (r == 0) {
		(void)close(fd);
		assert_gives(shelf_put(s->store, s->keys, m, &err), 0);
	} else if (!t.noticed) {
		/* the notice is made once more, with the same link */
		assert_gives(mw_pickup_lock_pending(s->keys, &t.lock, secret, &err), 0);
		is_whole(s, &t.lock, secret);
		assert_gives(mw_pickup_noticed(s->store, m->key, "Q", "<n@x>", SHELF_NOW, &err), 0);
		is_whole(s, &t.lock, secret);
	}
	assert_gives(mw_pickup_room(s->store, m->key, &t, &fd, &err), 1);
	assert_true(t.noticed);
}

static void a_message_is_handed_in_whole_or_not_at_all(void **state)
{
	struct shelf *s = *state;
	uint64_t made = 0;

	for (unsigned f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
		unsigned step = 1;

		for (bool met = true; met; step++) {
			struct mw_pickup_total total;
			char key[40];
			struct shelf_message m = {.key = key, .text = TEXT};
			int r;

			(void)snprintf(key, sizeof(key), "%s %u", fault_name[faults[f]], step);
			met = run(s, hand_in, &m, faults[f], step, &r);
			if (r == 0 && faults[f] != DISK_KILLS && faults[f] != DISK_TEARS) {
				struct mw_pickup_lock lock = {.number = 0};

				memcpy(lock.id, m.id, sizeof(lock.id));
				is_whole(s, &lock, m.secret);
			}
			again(s, &m);
			made++;
			assert_gives(mw_pickup_total(s->store, &total, &err), 0);
			assert_int_equal(total.messages[MW_PICKUP_STORED], 0);
			assert_int_equal(total.messages[MW_PICKUP_WAITING], made);
			assert_true(step < STEPS_MOST);
		}
		assert_true(step > 8);
		is_clean(s);
	}
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------- */

static int recall(struct shelf *s, struct shelf_message *m, struct mw_err *err)
{
	int r = mw_pickup_end(s->store, m->id, MW_PICKUP_RECALLED, "by alice", MW_MAIL_RECALLED, SHELF_NOW, NULL, err);

	return r < 0 ? r : 0;
}

static void a_message_ends_wholly_or_not_at_all(void **state)
{
	struct shelf *s = *state;

	for (unsigned f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
		unsigned step = 1;

		for (bool met = true; met; step++) {
			char key[40];
			struct shelf_message m = {.key = key, .text = TEXT};
			struct mw_pickup_lock lock = {.number = 0};
			unsigned char k[MW_PICKUP_KEY];
			struct mw_pickup_row row;
			struct mw_pickup_letter letter;
			int r;

			(void)snprintf(key, sizeof(key), "%s %u", fault_name[faults[f]], step);
			assert_gives(shelf_put(s->store, s->keys, &m, &err), 0);
			memcpy(lock.id, m.id, sizeof(lock.id));
			met = run(s, recall, &m, faults[f], step, &r);
			assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
			if (r == 0)
				assert_int_equal(row.state, MW_PICKUP_RECALLED);
			if (row.state == MW_PICKUP_WAITING)
				is_whole(s, &lock, m.secret);
			assert_gives(recall(s, &m, &err), 0);
			assert_fails(mw_pickup_unlock(s->store, m.id, m.secret, SHELF_NOW, k, NULL, &err), -ESTALE);
			assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
			assert_true(row.removed > 0);
			/* its sender is told once */
			assert_gives(mw_pickup_outbox_next(s->store, SHELF_NOW, &letter, &err), 0);
			assert_memory_equal(letter.row.id, m.id, MW_PICKUP_ID);
			assert_gives(mw_pickup_outbox_done(s->store, letter.number, true, "", SHELF_NOW, &err), 0);
			assert_fails(mw_pickup_outbox_next(s->store, SHELF_NOW, &letter, &err), -ENOENT);
			assert_true(step < STEPS_MOST);
		}
		assert_true(step > 4);
		is_clean(s);
	}
}

/* ---- rotation -------------------------------------------------------------------------------------------------------------------- */

static int rotate(struct shelf *s, struct shelf_message *m, struct mw_err *err)
{
	uint32_t number;
	size_t n;
	int r = mw_pickup_keys_add(s->keys_path, SHELF_NOW, &number, err);

	(void)m;
	if (r == 0)
		r = mw_pickup_keys_reread(s->keys, err);
	if (r == 0)
		r = mw_pickup_rewrap(s->store, 100, &n, err);
	return r < 0 ? r : mw_pickup_checkpoint(s->store, err);
}

static void rotation_loses_nothing(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m[5];
	static const char *const key[] = {"1", "2", "3", "4", "5"};

	for (unsigned i = 0; i < 5; i++) {
		m[i] = (struct shelf_message){.key = key[i], .text = TEXT, .unnoticed = true};
		assert_gives(shelf_put(s->store, s->keys, &m[i], &err), 0);
	}
	for (unsigned f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
		unsigned step = 1;

		for (bool met = true; met; step++) {
			int r;

			met = run(s, rotate, &m[0], faults[f], step, &r);
			assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
			for (unsigned i = 0; i < 5; i++) {
				unsigned char secret[MW_PICKUP_SECRET];
				struct mw_pickup_ticket t;
				int fd;

				assert_gives(mw_pickup_room(s->store, key[i], &t, &fd, &err), 1);
				assert_gives(mw_pickup_lock_pending(s->keys, &t.lock, secret, &err), 0);
				is_whole(s, &t.lock, secret);
			}
			assert_true(step < STEPS_MOST);
		}
		assert_true(step > 6);
		assert_gives(rotate(s, NULL, &err), 0);
	}
}

/* ---- opening --------------------------------------------------------------------------------------------------------------------- */

static int open_store(struct shelf *s, struct shelf_message *m, struct mw_err *err)
{
	struct mw_pickup *p = NULL;
	int r = mw_pickup_open(m->key, s->keys, true, &p, err);

	mw_pickup_close(&p);
	return r;
}

static void a_store_is_made(void **state)
{
	static const char *const made[] = {"pickup.db", "pickup.db-wal", "pickup.db-shm", "pickup.lock"};
	struct shelf *s = *state;
	char dir[120];

	(void)snprintf(dir, sizeof(dir), "%s/another", s->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	for (unsigned f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
		unsigned step = 1;

		for (bool met = true; met; step++) {
			struct shelf_message m = {.key = dir};
			int r;

			for (unsigned i = 0; i < 4; i++) {
				char path[160];

				(void)snprintf(path, sizeof(path), "%s/%s", dir, made[i]);
				(void)unlink(path);
			}
			met = run(s, open_store, &m, faults[f], step, &r);
			assert_gives(open_store(s, &m, &err), 0);
			assert_true(step < STEPS_MOST);
		}
		assert_true(step > 4);
	}
}

/* ---- a newer milward ------------------------------------------------------------------------------------------------------------- */

/* The first number that the query gives; with a change before it. Past the store. */
static int ask(const char *dir, const char *change, const char *query)
{
	char path[160];
	sqlite3_stmt *row;
	sqlite3 *db;
	int n;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, change, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	n = sqlite3_column_int(row, 0);
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(db);
	return n;
}

/* The first version's tables with a message become the newest ones' with that message, or stay what they were. */
static void tables_are_brought_up_to_date_wholly_or_not_at_all(void **state)
{
	static const char older[] = "DROP INDEX message_reminded; PRAGMA user_version = 1", version[] = "PRAGMA user_version",
			  index[] = "SELECT count(*) FROM sqlite_schema WHERE name = 'message_reminded'",
			  sound[] = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
	struct shelf *s = *state, older_one = *s;
	struct shelf_message kept = {.key = "kept", .text = TEXT}, m;
	struct mw_pickup_lock lock = {.number = 0};
	struct mw_pickup *p = NULL;
	char dir[120];
	int newest;

	(void)snprintf(dir, sizeof(dir), "%s/older", s->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_gives(mw_pickup_open(dir, s->keys, true, &p, &err), 0);
	assert_gives(shelf_put(p, s->keys, &kept, &err), 0);
	mw_pickup_close(&p);
	newest = ask(dir, "", version);
	memcpy(lock.id, kept.id, sizeof(lock.id));
	m = (struct shelf_message){.key = dir};
	for (unsigned f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
		unsigned step = 1;

		for (bool met = true; met; step++) {
			int r;

			assert_int_equal(ask(dir, older, version), 1);
			met = run(s, open_store, &m, faults[f], step, &r);
			r = ask(dir, "", version);
			assert_true(r == 1 || r == newest);
			assert_int_equal(ask(dir, "", index), r == newest);
			assert_int_equal(ask(dir, "", sound), 1);
			assert_gives(mw_pickup_open(dir, s->keys, true, &older_one.store, &err), 0);
			is_whole(&older_one, &lock, kept.secret);
			mw_pickup_close(&older_one.store);
			assert_int_equal(ask(dir, "", version), newest);
			assert_true(step < STEPS_MOST);
		}
		assert_true(step > 4);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_message_is_handed_in_whole_or_not_at_all),
	    TEST(a_message_ends_wholly_or_not_at_all),
	    TEST(rotation_loses_nothing),
	    TEST(a_store_is_made),
	    TEST(tables_are_brought_up_to_date_wholly_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
