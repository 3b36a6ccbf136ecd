/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the store: what is left in it, what is mended, who may open it, and processes that share it. */
#include "pickup_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pickup_expect.h"

/* ---- what is left on the disk --------------------------------------------------------------------------------------------------- */

static char *slurp(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *p;

	*n = 0;
	if (fd < 0)
		return NULL;
	assert_int_equal(fstat(fd, &st), 0);
	p = malloc((size_t)st.st_size + 1);
	assert_non_null(p);
	*n = (size_t)read(fd, p, (size_t)st.st_size);
	(void)close(fd);
	return p;
}

/* Is this on the disk anywhere in the database? */
static bool on_disk(const struct shelf *s, const void *what, size_t n)
{
	static const char *const name[] = {"pickup.db", "pickup.db-wal", "pickup.db-shm"};
	bool found = false;

	for (unsigned i = 0; i < 3; i++) {
		char path[120], *p;
		size_t size;

		(void)snprintf(path, sizeof(path), "%s/%s", s->path, name[i]);
		p = slurp(path, &size);
		found = found || (p && memmem(p, size, what, n));
		free(p);
	}
	return found;
}

/* The key of a message that has ended is in no page and no log, however full the database was. */
static void what_is_removed_is_gone_from_the_disk(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m[200];
	struct mw_pickup_lock lock[200];
	char key[40];

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 200; i++) {
		struct mw_pickup_ticket t;
		int fd;

		(void)snprintf(key, sizeof(key), "key %d", i);
		m[i].key = key;
		m[i].unnoticed = true;
		case_put(s, &m[i]);
		assert_gives(mw_pickup_room(s->store, key, &t, &fd, &err), 1);
		lock[i] = t.lock;
		if (i % 2)
			assert_gives(mw_pickup_noticed(s->store, key, "Q", "<n@x>", SHELF_NOW, &err), 0);
	}
	assert_true(on_disk(s, lock[0].wrapped, MW_PICKUP_WRAPPED));
	for (int i = 0; i < 200; i++)
		assert_gives(mw_pickup_end(s->store, m[i].id, MW_PICKUP_EXPIRED, NULL, MW_MAIL_NONE, SHELF_NOW + 1, NULL, &err),
			     1);
	assert_gives(mw_pickup_checkpoint(s->store, &err), 0);
	for (int i = 0; i < 200; i++) {
		assert_false(on_disk(s, lock[i].wrapped + 12, 24));
		assert_false(on_disk(s, lock[i].pending + 12, 24));
		assert_true(on_disk(s, lock[i].check, MW_PICKUP_CHECK));
		/* the secrets were never there in clear */
		assert_false(on_disk(s, m[i].secret, MW_PICKUP_SECRET));
	}
	assert_int_equal(case_crates(s), 0);
}

/* ---- housekeeping --------------------------------------------------------------------------------------------------------------- */

static struct mw_pickup_swept sweep_all(struct shelf *s, int64_t grace, int64_t now)
{
	struct mw_pickup_swept sum = {.crates = 0};

	for (unsigned i = 0; i < 256; i++) {
		struct mw_pickup_swept one;

		assert_gives(mw_pickup_sweep(s->store, i, grace, now, &one, &err), 0);
		sum.crates += one.crates;
		sum.ended += one.ended;
		sum.missing += one.missing;
	}
	return sum;
}

static void a_sweep_goes_on(void **state)
{
	struct shelf *s = *state;
	struct shelf_message lost = {.key = "lost", .created = time(NULL)};
	struct mw_pickup_swept swept;
	char path[120], id[MW_PICKUP_ID_TEXT];
	unsigned char blocked[MW_PICKUP_ID];
	struct mw_err err = {0};
	int64_t now = time(NULL);

	case_put(s, &lost);
	mw_pickup_id_text(lost.id, id);
	(void)snprintf(path, sizeof(path), "%s/crates/%02x/%s", s->path, lost.id[0], id);
	assert_int_equal(unlink(path), 0);
	/* two folders with names of crates, which cannot be removed as files are, in the same folder */
	for (int i = 1; i <= 2; i++) {
		memcpy(blocked, lost.id, sizeof(blocked));
		blocked[MW_PICKUP_ID - 1] ^= (unsigned char)i;
		mw_pickup_id_text(blocked, id);
		(void)snprintf(path, sizeof(path), "%s/crates/%02x/%s", s->path, lost.id[0], id);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_true(mw_pickup_sweep(s->store, lost.id[0], 3600, now + 7200, &swept, &err) < 0);
	assert_non_null(strstr(err.text, "/crates/"));
	assert_int_equal(swept.crates, 0);
	assert_int_equal(swept.missing, 1);
	assert_true(mw_pickup_sweep(s->store, lost.id[0], 3600, now + 7200, &swept, &err) < 0);
	assert_int_equal(swept.missing, 0);
}

static void a_sweep_mends(void **state)
{
	struct shelf *s = *state;
	struct shelf_message orphan = {.key = "orphan", .created = time(NULL)}, kept = {.key = "kept", .created = time(NULL)},
			     lost = {.key = "lost", .created = time(NULL)};
	struct mw_pickup_swept swept;
	struct mw_pickup_row row;
	char path[120], id[MW_PICKUP_ID_TEXT];
	int64_t now = time(NULL);

	case_put(s, &orphan);
	case_put(s, &kept);
	case_put(s, &lost);
	case_change(s, "DELETE FROM message WHERE number = 1");
	mw_pickup_id_text(lost.id, id);
	(void)snprintf(path, sizeof(path), "%s/crates/%02x/%s", s->path, lost.id[0], id);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/crates/%02x/README", s->path, lost.id[0]);
	(void)close(open(path, O_CREAT | O_WRONLY, 0600));
	swept = sweep_all(s, 3600, now);
	assert_int_equal(swept.crates + swept.ended + swept.missing, 0); /* all are young */
	for (int i = 0; i < 2; i++) {
		swept = sweep_all(s, 3600, now + 7200);
		assert_int_equal(swept.crates, i == 0);
		assert_int_equal(swept.ended, 0);
		assert_int_equal(swept.missing, i == 0);
	}
	assert_gives(mw_pickup_find(s->store, lost.id, &row, &err), 0);
	assert_int_equal(row.lost, now + 7200);
	assert_int_equal(row.state, MW_PICKUP_WAITING);
	assert_int_equal(access(path, F_OK), 0);
	case_read(s, &kept, "The result is here.");
}

/* ---- databases that are not ours ------------------------------------------------------------------------------------------------ */

static void other_databases_are_refused(void **state)
{
	struct shelf *s = *state;
	struct mw_pickup *p = NULL;
	char path[120];

	mw_pickup_close(&s->store);
	case_change(s, "PRAGMA user_version = 3");
	assert_fails(mw_pickup_open(s->path, s->keys, true, &p, &err), -EOPNOTSUPP);
	case_change(s, "PRAGMA user_version = 1; PRAGMA application_id = 5");
	assert_fails(mw_pickup_open(s->path, s->keys, true, &p, &err), -EUCLEAN);
	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	assert_int_equal(truncate(path, 0), 0);
	assert_fails(mw_pickup_open(s->path, s->keys, false, &p, &err), -ENOENT);
	assert_int_equal(truncate(path, 5000), 0);
	assert_fails(mw_pickup_open(s->path, s->keys, true, &p, &err), -EUCLEAN);
	/* killed between making the file and making its tables */
	assert_int_equal(truncate(path, 0), 0);
	assert_gives(mw_pickup_open(s->path, s->keys, true, &s->store, &err), 0);
	assert_fails(mw_pickup_open(s->dir, s->keys, false, &p, &err), -ENOENT);
	assert_int_equal(chmod(s->path, 0777), 0);
	assert_fails(mw_pickup_open(s->path, s->keys, true, &p, &err), -EACCES);
	assert_null(p);
}

static int nothing(void *ctx, const struct mw_pickup_row *row)
{
	(void)ctx;
	(void)row;
	return 0;
}

/* A database of the first version: whoever only looks leaves it alone, whoever may change it brings it up to date. */
static void an_older_one_is_brought_up_to_date(void **state)
{
	static const struct mw_pickup_filter again = {.reminders_below = 3, .reminded_before = SHELF_NOW};
	struct shelf *s = *state;
	struct mw_pickup *p = NULL;

	mw_pickup_close(&s->store);
	case_change(s, "DROP INDEX message_reminded; PRAGMA user_version = 1");
	assert_fails(mw_pickup_open(s->path, s->keys, false, &p, &err), -ESTALE);
	assert_null(p);
	assert_gives(mw_pickup_open(s->path, s->keys, true, &s->store, &err), 0);
	assert_gives(mw_pickup_each(s->store, &again, nothing, NULL, &err), 0);
	assert_gives(mw_pickup_open(s->path, s->keys, false, &p, &err), 0);
	mw_pickup_close(&p);
}

static void a_group_shares_what_is_in_its_folder(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = NULL};
	char dir[120], path[160], id[MW_PICKUP_ID_TEXT];
	struct mw_pickup *p = NULL;
	struct stat st;
	mode_t mask = umask(077);

	(void)snprintf(dir, sizeof(dir), "%s/group", s->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 02770), 0);
	assert_gives(mw_pickup_open(dir, s->keys, true, &p, &err), 0);
	assert_gives(shelf_put(p, s->keys, &m, &err), 0);
	mw_pickup_id_text(m.id, id);
	for (unsigned i = 0; i < 5; i++) {
		static const char *const name[] = {"pickup.db", "pickup.db-wal", "pickup.db-shm", "pickup.lock"};

		if (i < 4)
			(void)snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		else
			(void)snprintf(path, sizeof(path), "%s/crates/%02x/%s", dir, m.id[0], id);
		assert_int_equal(stat(path, &st), 0);
		if ((st.st_mode & 0777) != 0660)
			print_error("%s: %o\n", path, (unsigned)st.st_mode);
		assert_int_equal(st.st_mode & 0777, 0660);
	}
	(void)snprintf(path, sizeof(path), "%s/crates/%02x", dir, m.id[0]);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 02770);
	mw_pickup_close(&p);
	(void)umask(mask);
}

/* ---- processes ------------------------------------------------------------------------------------------------------------------ */

#define EACH 40

/* Its own connection, as milward-seal's parent has one. */
static int hand_in_many(struct shelf *s, unsigned who)
{
	struct mw_err err = {0};

	shelf_reopen(s);
	for (unsigned i = 0; i < EACH; i++) {
		char key[40];
		struct shelf_message m = {.key = key};

		(void)snprintf(key, sizeof(key), "%u of %u", i, who);
		if (shelf_put(s->store, s->keys, &m, &err) < 0 ||
		    mw_pickup_note(s->store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err) < 0 ||
		    (i % 4 == 0 &&
		     mw_pickup_end(s->store, m.id, MW_PICKUP_EXPIRED, NULL, MW_MAIL_NONE, SHELF_NOW, NULL, &err) != 1)) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	mw_pickup_close(&s->store);
	mw_pickup_keys_close(&s->keys);
	return 0;
}

static void processes_share_a_store(void **state)
{
	struct shelf *s = *state;
	struct mw_pickup_total total;
	pid_t child[3];
	size_t n;

	mw_pickup_close(&s->store);
	mw_pickup_keys_close(&s->keys);
	for (unsigned i = 0; i < 3; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0)
			_exit(hand_in_many(s, i));
	}
	shelf_reopen(s);
	for (unsigned i = 0; i < 3;) {
		int status;

		/* meanwhile: keys rotate, and the log is emptied */
		uint32_t number;
		assert_gives(mw_pickup_keys_add(s->keys_path, SHELF_NOW, &number, &err), 0);
		assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
		assert_gives(mw_pickup_rewrap(s->store, 50, &n, &err), 0);
		(void)mw_pickup_checkpoint(s->store, NULL);
		if (waitpid(child[i], &status, WNOHANG) != child[i])
			continue;
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		i++;
	}
	assert_gives(mw_pickup_total(s->store, &total, &err), 0);
	assert_int_equal(total.messages[MW_PICKUP_READ], 3 * EACH * 3 / 4);
	assert_int_equal(total.messages[MW_PICKUP_EXPIRED], 3 * EACH / 4);
	assert_int_equal(case_crates(s), 3 * EACH * 3 / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PICKUP_CASE(what_is_removed_is_gone_from_the_disk),
	    PICKUP_CASE(a_sweep_mends),
	    PICKUP_CASE(a_sweep_goes_on),
	    PICKUP_CASE(other_databases_are_refused),
	    PICKUP_CASE(an_older_one_is_brought_up_to_date),
	    PICKUP_CASE(a_group_shares_what_is_in_its_folder),
	    PICKUP_CASE(processes_share_a_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
