/* SPDX-License-Identifier: Apache-2.0 */
/* The store of the portal: rows and crates together. test_crate and test_pickup_keys look at the parts. */
#include "pickup_shelf.h"

#include "pickup/crate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "pickup_expect.h"

static int setup(void **state)
{
	struct shelf *s = calloc(1, sizeof(*s));

	shelf_open(s);
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

static void read_text(struct shelf *s, const struct shelf_message *m, const char *text)
{
	unsigned char key[MW_PICKUP_KEY];
	struct mw_pickup_row row;
	struct mw_crate *c = NULL;
	char *p = NULL;
	size_t n = 0;
	int fd = -1;

	assert_gives(mw_pickup_unlock(s->store, m->id, m->secret, SHELF_NOW + 1, key, &row, &err), 0);
	assert_gives(mw_pickup_crate(s->store, m->id, &fd, &err), 0);
	assert_gives(mw_crate_open(fd, m->id, key, &c, &err), 0);
	assert_int_equal(mw_crate_count(c), 2);
	assert_gives(mw_crate_read_all(c, 1, 1000, &p, &n, &err), 0);
	assert_string_equal(p, text);
	free(p);
	mw_crate_close(&c);
}

/* ---- hand-in --------------------------------------------------------------------------------------------------------------------- */

static void a_message_is_kept_and_read(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = "Your potassium is 4.1."};
	struct mw_pickup_row row;
	struct mw_pickup_total total;

	put(s, &m);
	read_text(s, &m, "Your potassium is 4.1.");
	assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
	assert_int_equal(row.state, MW_PICKUP_WAITING);
	assert_string_equal(row.sender, "alice@clinic.example");
	assert_string_equal(row.recipient, "bob@example.net");
	assert_string_equal(row.language, "en");
	assert_string_equal(row.message_id, "<notice@clinic.example>");
	assert_int_equal(row.noticed, SHELF_NOW);
	assert_int_equal(row.key, 1);
	assert_int_equal(row.first_read, 0);
	assert_gives(mw_pickup_total(s->store, &total, &err), 0);
	assert_int_equal(total.messages[MW_PICKUP_WAITING], 1);
	assert_int_equal(total.octets, row.size);
}

static int count_of(const struct shelf *s, const char *sql)
{
	char path[120];
	sqlite3_stmt *q;
	sqlite3 *db;
	int n;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int(q, 0);
	(void)sqlite3_finalize(q);
	(void)sqlite3_close(db);
	return n;
}

/* A retry before the notice is out gets the same secret; after it, nothing to do, and the secret is nowhere. */
static void a_retry_makes_the_same_link(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.unnoticed = true};
	struct mw_pickup_ticket t;
	unsigned char secret[MW_PICKUP_SECRET];
	int fd = -1;

	put(s, &m);
	assert_gives(mw_pickup_room(s->store, "message bob@example.net", &t, &fd, &err), 1);
	assert_int_equal(fd, -1);
	assert_false(t.noticed);
	assert_memory_equal(t.lock.id, m.id, MW_PICKUP_ID);
	assert_gives(mw_pickup_lock_pending(s->keys, &t.lock, secret, &err), 0);
	assert_memory_equal(secret, m.secret, sizeof(secret));
	for (int i = 0; i < 2; i++)
		assert_gives(mw_pickup_noticed(s->store, "message bob@example.net", "Q", "<n@x>", SHELF_NOW + i, &err), 0);
	assert_gives(mw_pickup_room(s->store, "message bob@example.net", &t, &fd, &err), 1);
	assert_true(t.noticed);
	assert_string_equal(t.queue_id, "Q");
	assert_int_equal(count_of(s, "SELECT pending IS NULL AND wrapped IS NOT NULL FROM message"), 1);
	assert_fails(mw_pickup_lock_pending(s->keys, &t.lock, secret, &err), -EBADMSG);
	assert_fails(mw_pickup_noticed(s->store, "another", "Q", "<n@x>", SHELF_NOW, &err), -ENOENT);
}

static unsigned crates(const struct shelf *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 256; i++) {
		char path[120];
		const struct dirent *e;
		DIR *d;

		(void)snprintf(path, sizeof(path), "%s/crates/%02x", s->path, i);
		d = opendir(path);
		assert_non_null(d);
		while ((e = readdir(d)))
			n += e->d_name[0] != '.';
		(void)closedir(d);
	}
	return n;
}

static void two_at_once_make_one(void **state)
{
	struct shelf *s = *state;
	struct mw_pickup_ticket t[2] = {{.proof = 1, .created = 1, .expires = 2}, {.proof = 1, .created = 1, .expires = 2}};
	unsigned char secret[MW_PICKUP_SECRET], key[MW_PICKUP_KEY];
	int fd[2];

	for (int i = 0; i < 2; i++) {
		struct mw_crate_writer *w;

		assert_gives(mw_pickup_room(s->store, "same", &t[i], &fd[i], &err), 0);
		assert_gives(mw_pickup_lock_new(s->keys, &t[i].lock, secret, key, &err), 0);
		assert_gives(mw_crate_begin(fd[i], t[i].lock.id, key, &w, &err), 0);
		assert_gives(mw_crate_end(w, "{}", 2, &t[i].size, &t[i].objects, &err), 0);
		mw_crate_writer_free(&w);
	}
	assert_gives(mw_pickup_store(s->store, "same", &t[1], "a@b", "c@d", fd[1], &err), 0);
	assert_fails(mw_pickup_store(s->store, "same", &t[0], "a@b", "c@d", fd[0], &err), -EEXIST);
	assert_int_equal(crates(s), 1);
	assert_gives(mw_pickup_room(s->store, "same", &t[0], &fd[0], &err), 1);
	assert_memory_equal(t[0].lock.id, t[1].lock.id, MW_PICKUP_ID);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

/* What the process that reads mail says of its work is not believed. */
static void tickets_are_checked(void **state)
{
	struct shelf *s = *state;
	struct mw_pickup_ticket good = {.proof = 1, .created = 1, .expires = 2}, t;
	unsigned char secret[MW_PICKUP_SECRET], key[MW_PICKUP_KEY];
	char longest[MW_PICKUP_ADDRESS + 1];
	struct mw_crate_writer *w;
	int fd;

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_gives(mw_pickup_room(s->store, "k", &good, &fd, &err), 0);
	assert_gives(mw_pickup_lock_new(s->keys, &good.lock, secret, key, &err), 0);
	assert_fails(mw_pickup_store(s->store, "k", &good, "a", "b", fd, &err), -EINVAL); /* an empty file */
	assert_gives(mw_crate_begin(fd, good.lock.id, key, &w, &err), 0);
	assert_gives(mw_crate_end(w, "{}", 2, &good.size, &good.objects, &err), 0);
	mw_crate_writer_free(&w);
	for (int i = 0; i < 8; i++) {
		t = good;
		t.size += i == 0;
		t.objects += i == 1;
		t.lock.id[0] ^= (unsigned char)(i == 2);
		t.expires -= i == 3;
		t.proof = i == 4 ? 0 : i == 5 ? 4 : t.proof;
		if (i == 6)
			memset(t.language, 'x', sizeof(t.language));
		assert_fails(mw_pickup_store(s->store, "k", &t, i == 7 ? longest : "a", "b", fd, &err), -EINVAL);
	}
	t = good;
	t.lock.number = 2;
	assert_fails(mw_pickup_store(s->store, "k", &t, "a", "b", fd, &err), -ENOKEY);
	assert_int_equal(crates(s), 0);
	assert_gives(mw_pickup_store(s->store, "k", &good, "a", "b", fd, &err), 0);
	(void)close(fd);
}

/* Nobody was told of it: it is handed in once more. */
static void a_crate_that_went_before_its_notice_is_made_again(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.unnoticed = true};
	char path[120], id[MW_PICKUP_ID_TEXT];

	put(s, &m);
	mw_pickup_id_text(m.id, id);
	(void)snprintf(path, sizeof(path), "%s/crates/%02x/%s", s->path, m.id[0], id);
	assert_int_equal(unlink(path), 0);
	put(s, &m);
	read_text(s, &m, "The result is here.");
}

/* ---- reading --------------------------------------------------------------------------------------------------------------------- */

static void wrong_links_open_nothing(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = NULL}, other = {.key = "other"};
	unsigned char key[MW_PICKUP_KEY] = {0}, id[MW_PICKUP_ID];

	put(s, &m);
	put(s, &other);
	assert_fails(mw_pickup_unlock(s->store, m.id, other.secret, SHELF_NOW, key, NULL, &err), -EACCES);
	for (unsigned bit = 0; bit < 8 * MW_PICKUP_SECRET; bit++) {
		m.secret[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_fails(mw_pickup_unlock(s->store, m.id, m.secret, SHELF_NOW, key, NULL, &err), -EACCES);
		m.secret[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	memcpy(id, m.id, sizeof(id));
	id[3] ^= 1;
	assert_fails(mw_pickup_unlock(s->store, id, m.secret, SHELF_NOW, key, NULL, &err), -ENOENT);
	for (unsigned i = 0; i < sizeof(key); i++)
		assert_int_equal(key[i], 0);
	assert_gives(mw_pickup_unlock(s->store, m.id, m.secret, SHELF_NOW, key, NULL, &err), 0);
}

static void a_message_ends(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = "1"}, n = {.key = "2"};
	unsigned char key[MW_PICKUP_KEY];
	struct mw_pickup_row row;
	int fd;

	put(s, &m);
	put(s, &n);
	/* late housekeeping makes nothing readable */
	assert_fails(mw_pickup_unlock(s->store, m.id, m.secret, SHELF_NOW + 7 * 86400, key, &row, &err), -ESTALE);
	assert_int_equal(row.state, MW_PICKUP_WAITING);
	assert_gives(mw_pickup_note(s->store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + 5, &err), 0);
	assert_gives(mw_pickup_end(s->store, m.id, MW_PICKUP_RECALLED, "by alice", MW_MAIL_RECALLED, SHELF_NOW + 9, &row, &err),
		     1);
	assert_int_equal(row.state, MW_PICKUP_READ); /* what it was */
	assert_int_equal(row.first_read, SHELF_NOW + 5);
	/* who had opened it just before is not shown it: that it was closed has been told */
	assert_fails(mw_pickup_note(s->store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + 9, &err), -ESTALE);
	assert_fails(mw_pickup_note(s->store, m.id, MW_EVENT_FETCHED, "part 1", MW_MAIL_NONE, SHELF_NOW + 9, &err), -ESTALE);
	assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
	assert_int_equal(row.reads, 1);
	assert_int_equal(row.last_read, SHELF_NOW + 5);
	assert_gives(mw_pickup_end(s->store, m.id, MW_PICKUP_EXPIRED, NULL, MW_MAIL_EXPIRED, SHELF_NOW + 10, &row, &err), 0);
	assert_int_equal(row.state, MW_PICKUP_RECALLED);
	assert_int_equal(row.ended, SHELF_NOW + 9);
	assert_int_equal(row.removed, SHELF_NOW + 9);
	assert_int_equal(row.key, 0);
	assert_fails(mw_pickup_unlock(s->store, m.id, m.secret, SHELF_NOW + 11, key, &row, &err), -ESTALE);
	assert_fails(mw_pickup_unlock(s->store, m.id, n.secret, SHELF_NOW + 11, key, &row, &err), -EACCES);
	assert_fails(mw_pickup_crate(s->store, m.id, &fd, &err), -ENOENT);
	assert_fails(mw_pickup_set_expires(s->store, m.id, SHELF_NOW + 20, &err), -ESTALE);
	assert_gives(mw_pickup_set_expires(s->store, n.id, SHELF_NOW + 20, &err), 0);
	assert_gives(mw_pickup_unlock(s->store, n.id, n.secret, SHELF_NOW + 19, key, &row, &err), 0);
	assert_int_equal(crates(s), 1);
}

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
		put(s, &m[i]);
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
	assert_int_equal(crates(s), 0);
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

struct seen {
	unsigned n;
	char text[400];
};

static int see_event(void *ctx, const struct mw_pickup_record *rec)
{
	struct seen *seen = ctx;
	size_t n = strlen(seen->text);

	seen->n++;
	(void)snprintf(seen->text + n, sizeof(seen->text) - n, "%s%s%s ", mw_pickup_event_name(rec->event),
		       rec->detail[0] ? "=" : "", rec->detail);
	return 0;
}

static void steps_are_events_and_mails(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = NULL};
	struct mw_pickup_letter l;
	struct seen seen = {.n = 0}, open = {.n = 0};

	put(s, &m);
	for (int i = 0; i < 3; i++)
		assert_gives(mw_pickup_note(s->store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + 5 + i, &err), 0);
	for (int i = 0; i < 2; i++)
		assert_gives(mw_pickup_note(s->store, m.id, MW_EVENT_REMINDED, NULL, MW_MAIL_REMINDER, SHELF_NOW + 60 + i, &err),
			     0);
	assert_fails(mw_pickup_outbox_next(s->store, SHELF_NOW + 4, &l, &err), -ENOENT);
	assert_gives(mw_pickup_outbox_next(s->store, SHELF_NOW + 5, &l, &err), 0);
	assert_int_equal(l.kind, MW_MAIL_PICKED_UP);
	assert_int_equal(l.row.reads, 3);
	assert_int_equal(l.row.reminders, 2);
	assert_memory_equal(l.row.id, m.id, MW_PICKUP_ID);
	assert_gives(mw_pickup_outbox_later(s->store, l.number, SHELF_NOW + 1000, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_gives(mw_pickup_outbox_next(s->store, SHELF_NOW + 500, &l, &err), 0);
		assert_int_equal(l.kind, MW_MAIL_REMINDER);
		assert_gives(mw_pickup_outbox_done(s->store, l.number, i == 0, "QID", SHELF_NOW + 500, &err), 0);
	}
	assert_fails(mw_pickup_outbox_next(s->store, SHELF_NOW + 500, &l, &err), -ENOENT);
	assert_gives(mw_pickup_outbox_next(s->store, SHELF_NOW + 1000, &l, &err), 0);
	assert_int_equal(l.tries, 1);
	assert_gives(mw_pickup_history(s->store, m.id, see_event, &seen, &err), 0);
	assert_string_equal(seen.text, "stored noticed=4jXCcW55ZMz1bYG3 read read read reminded reminded mailed=QID ");
	assert_gives(mw_pickup_recorded(s->store, 6, &err), 0);
	assert_gives(mw_pickup_unrecorded(s->store, 1, see_event, &open, &err), 0);
	assert_string_equal(open.text, "reminded ");
	assert_fails(mw_pickup_note(s->store, m.id, MW_EVENT_EXPIRED, NULL, MW_MAIL_NONE, SHELF_NOW, &err), -EINVAL);
	assert_fails(mw_pickup_note(s->store, m.id, MW_EVENT_FETCHED, "two\nlines", MW_MAIL_NONE, SHELF_NOW, &err), -EINVAL);
}

static int refuse(void *ctx, const struct mw_pickup_record *rec, struct mw_err *err)
{
	unsigned *n = ctx;

	assert_string_equal(rec->recipient, "bob@example.net");
	return ++*n > 2 ? mw_fail(err, -ENOSPC, "no room for a record") : 0;
}

static void what_the_witness_refuses_does_not_happen(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = NULL};
	struct mw_pickup_row row;
	struct seen seen = {.n = 0};
	unsigned n = 0;

	mw_pickup_witness(s->store, refuse, &n);
	put(s, &m);
	assert_fails(mw_pickup_end(s->store, m.id, MW_PICKUP_RECALLED, NULL, MW_MAIL_NONE, SHELF_NOW, &row, &err), -ENOSPC);
	assert_fails(mw_pickup_note(s->store, m.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW, &err), -ENOSPC);
	mw_pickup_witness(s->store, NULL, NULL);
	read_text(s, &m, "The result is here.");
	assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
	assert_int_equal(row.state, MW_PICKUP_WAITING);
	assert_gives(mw_pickup_unrecorded(s->store, 100, see_event, &seen, &err), 0);
	assert_int_equal(seen.n, 0);
}

static int count_row(void *ctx, const struct mw_pickup_row *row)
{
	struct seen *seen = ctx;

	(void)row;
	return ++seen->n == 1000 ? 7 : 0;
}

static void lists(void **state)
{
	static const struct {
		struct mw_pickup_filter f;
		unsigned n;
	} rows[] = {
	    {{.states = 0}, 200},
	    {{.most = 70}, 70},
	    {{.newest_first = true, .most = 130}, 130},
	    {{.states = 1u << MW_PICKUP_STORED}, 100},
	    {{.sender = "ALICE@clinic.example"}, 200},
	    {{.sender = "alice"}, 0},
	    {{.recipient = "to7@example.NET"}, 1},
	    {{.expires_before = SHELF_NOW + 1009}, 9},
	    {{.expires_before = SHELF_NOW + 10000}, 199},
	    {{.ended_before = SHELF_NOW + 50}, 1},
	    {{.unremoved = true}, 0},
	    {{.unreminded = true}, 98},
	    {{.unreminded = true, .noticed_before = SHELF_NOW}, 98},
	    {{.unreminded = true, .noticed_before = SHELF_NOW - 1}, 0},
	    {{.since = SHELF_NOW + 1}, 0},
	    {{.origin = "4ABC"}, 0},
	};
	struct shelf *s = *state;
	struct shelf_message m;

	for (int i = 0; i < 200; i++) {
		char key[20], to[30];

		(void)snprintf(key, sizeof(key), "%d", i);
		(void)snprintf(to, sizeof(to), "to%d@example.net", i);
		m = (struct shelf_message){.key = key, .recipient = to, .expires = SHELF_NOW + 1000 + i, .unnoticed = i % 2};
		put(s, &m);
		if (i == 0)
			assert_gives(mw_pickup_end(s->store, m.id, MW_PICKUP_RECALLED, NULL, MW_MAIL_NONE, SHELF_NOW, NULL, &err),
				     1);
		if (i == 2)
			assert_gives(mw_pickup_note(s->store, m.id, MW_EVENT_REMINDED, NULL, MW_MAIL_NONE, SHELF_NOW, &err), 0);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct seen seen = {.n = 0};

		assert_gives(mw_pickup_each(s->store, &rows[i].f, count_row, &seen, &err), 0);
		if (seen.n != rows[i].n)
			print_error("row %zu\n", i);
		assert_int_equal(seen.n, rows[i].n);
	}
}

static void old_rows_are_forgotten_when_all_is_done(void **state)
{
	static const char all[] =
	    "SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM event) + (SELECT count(*) FROM outbox)";
	struct shelf *s = *state;
	struct shelf_message m = {.text = NULL};
	struct mw_pickup_letter l;
	struct mw_pickup_row row;
	size_t n = 9;

	put(s, &m);
	assert_gives(mw_pickup_end(s->store, m.id, MW_PICKUP_EXPIRED, NULL, MW_MAIL_EXPIRED, SHELF_NOW + 1, NULL, &err), 1);
	assert_gives(mw_pickup_forget(s->store, SHELF_NOW + 10, 100, &n, &err), 0);
	assert_int_equal(n, 0); /* the sender was not told */
	assert_gives(mw_pickup_outbox_next(s->store, SHELF_NOW + 10, &l, &err), 0);
	assert_gives(mw_pickup_outbox_done(s->store, l.number, true, "Q", SHELF_NOW + 10, &err), 0);
	assert_gives(mw_pickup_forget(s->store, SHELF_NOW + 10, 100, &n, &err), 0);
	assert_int_equal(n, 0); /* the audit log does not have it */
	assert_gives(mw_pickup_recorded(s->store, INT64_MAX, &err), 0);
	assert_gives(mw_pickup_forget(s->store, SHELF_NOW, 100, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_gives(mw_pickup_forget(s->store, SHELF_NOW + 10, 100, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_find(s->store, m.id, &row, &err), -ENOENT);
	assert_int_equal(count_of(s, all), 0);
}

/* ---- housekeeping ---------------------------------------------------------------------------------------------------------------- */

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

static void a_sweep_mends(void **state)
{
	struct shelf *s = *state;
	struct shelf_message orphan = {.key = "orphan", .created = time(NULL)}, kept = {.key = "kept", .created = time(NULL)},
			     lost = {.key = "lost", .created = time(NULL)};
	struct mw_pickup_swept swept;
	struct mw_pickup_row row;
	char path[120], id[MW_PICKUP_ID_TEXT], sql[100];
	int64_t now = time(NULL);
	sqlite3 *db;

	put(s, &orphan);
	put(s, &kept);
	put(s, &lost);
	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)snprintf(sql, sizeof(sql), "DELETE FROM message WHERE number = 1");
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
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
	read_text(s, &kept, "The result is here.");
}

/* Nobody tells the process: it sees it. */
static void rotate(struct shelf *s, uint32_t expect)
{
	uint32_t number;

	assert_gives(mw_pickup_keys_add(s->keys_path, SHELF_NOW, &number, &err), 0);
	assert_int_equal(number, expect);
}

static void keys_rotate_without_the_links(void **state)
{
	struct shelf *s = *state;
	struct shelf_message a = {.key = "a", .text = "A"}, b = {.key = "b", .text = "B", .unnoticed = true},
			     c = {.key = "c", .text = "C"};
	struct mw_pickup_ticket t;
	unsigned char secret[MW_PICKUP_SECRET];
	uint32_t oldest;
	size_t n = 0;
	int fd;

	put(s, &a);
	put(s, &b);
	assert_gives(mw_pickup_rewrap(s->store, 10, &n, &err), 0);
	assert_int_equal(n, 0);
	rotate(s, 2);
	put(s, &c);
	assert_gives(mw_pickup_oldest_key(s->store, &oldest, &err), 0);
	assert_int_equal(oldest, 1);
	assert_gives(mw_pickup_rewrap(s->store, 1, &n, &err), 0);
	assert_int_equal(n, 1);
	read_text(s, &a, "A");
	read_text(s, &b, "B");
	assert_gives(mw_pickup_rewrap(s->store, 10, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_gives(mw_pickup_oldest_key(s->store, &oldest, &err), 0);
	assert_int_equal(oldest, 2);
	assert_gives(mw_pickup_keys_drop(s->keys_path, oldest, 60, SHELF_NOW + 10, &n, &err), 0);
	assert_int_equal(n, 0); /* a process may still wrap by it */
	assert_gives(mw_pickup_keys_drop(s->keys_path, oldest, 60, SHELF_NOW + 60, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
	assert_int_equal(mw_pickup_keys_count(s->keys), 1);
	read_text(s, &a, "A");
	read_text(s, &b, "B");
	read_text(s, &c, "C");
	assert_gives(mw_pickup_room(s->store, "b", &t, &fd, &err), 1);
	assert_gives(mw_pickup_lock_pending(s->keys, &t.lock, secret, &err), 0);
	assert_memory_equal(secret, b.secret, sizeof(secret));
}

struct reader {
	const struct shelf *s;
	const struct shelf_message *m;
	atomic_bool *stop;
	atomic_uint *reads;
	struct mw_err err;
};

/* With a connection of its own, and the keys of all threads. */
static void *read_on(void *ctx)
{
	struct reader *me = ctx;
	struct mw_pickup *p = NULL;
	int r = mw_pickup_open(me->s->path, me->s->keys, false, &p, &me->err);

	while (r == 0 && !atomic_load(me->stop)) {
		unsigned char key[MW_PICKUP_KEY];
		struct mw_crate *c = NULL;
		char *text = NULL;
		size_t n;
		int fd;

		r = mw_pickup_unlock(p, me->m->id, me->m->secret, SHELF_NOW, key, NULL, &me->err);
		if (r == 0)
			r = mw_pickup_crate(p, me->m->id, &fd, &me->err);
		if (r == 0)
			r = mw_crate_open(fd, me->m->id, key, &c, &me->err);
		if (r == 0)
			r = mw_crate_read_all(c, 1, 1000, &text, &n, &me->err);
		free(text);
		mw_crate_close(&c);
		(void)atomic_fetch_add(me->reads, 1);
	}
	mw_pickup_close(&p);
	return NULL;
}

static void readers_go_on_while_keys_rotate(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.key = NULL};
	struct reader reader[3];
	pthread_t thread[3];
	atomic_bool stop = false;
	atomic_uint reads = 0;
	size_t n;

	put(s, &m);
	for (int i = 0; i < 3; i++) {
		reader[i] = (struct reader){.s = s, .m = &m, .stop = &stop, .reads = &reads};
		assert_int_equal(pthread_create(&thread[i], NULL, read_on, &reader[i]), 0);
	}
	for (uint32_t i = 2; i < 12; i++) {
		unsigned before = atomic_load(&reads);

		rotate(s, i);
		assert_gives(mw_pickup_rewrap(s->store, 10, &n, &err), 0);
		assert_int_equal(n, 1);
		/* until all have read with the new one, or somebody has failed */
		for (int64_t end = time(NULL) + 30; atomic_load(&reads) < before + 12 && time(NULL) < end;)
			(void)usleep(1000);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_string_equal(reader[i].err.text, "");
	}
	assert_true(atomic_load(&reads) >= 120);
}

/* A row on a key that is lost is told, and the others are wrapped. */
static void a_lost_key_loses_its_rows_alone(void **state)
{
	struct shelf *s = *state;
	struct shelf_message a = {.key = "a"}, b = {.key = "b"};
	unsigned char key[MW_PICKUP_KEY];
	size_t n = 9;

	put(s, &a);
	rotate(s, 2);
	put(s, &b);
	rotate(s, 3);
	assert_gives(mw_pickup_keys_drop(s->keys_path, 2, 0, SHELF_NOW, &n, &err), 0);
	assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
	assert_fails(mw_pickup_rewrap(s->store, 10, &n, &err), -ENOKEY);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_unlock(s->store, a.id, a.secret, SHELF_NOW, key, NULL, &err), -ENOKEY);
	read_text(s, &b, "The result is here.");
}

/* ---- databases that are not ours ------------------------------------------------------------------------------------------------- */

static void change_database(const struct shelf *s, const char *sql)
{
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* Rows that cannot be wrapped, more of them than are taken at once, hide no other row. */
static void rows_that_cannot_be_wrapped_hide_no_other(void **state)
{
	struct shelf *s = *state;
	struct shelf_message lost[5], good[4];
	char name[9][20];
	size_t n = 9;

	for (unsigned i = 0; i < 5; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "lost%u", i);
		lost[i] = (struct shelf_message){.key = name[i]};
		put(s, &lost[i]);
	}
	rotate(s, 2);
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(name[5 + i], sizeof(name[5 + i]), "good%u", i);
		good[i] = (struct shelf_message){.key = name[5 + i]};
		put(s, &good[i]);
	}
	change_database(s, "UPDATE message SET wrapped = zeroblob(length(wrapped)) WHERE number IN (6, 7)");
	rotate(s, 3);
	assert_gives(mw_pickup_keys_drop(s->keys_path, 2, 0, SHELF_NOW, &n, &err), 0);
	assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
	assert_fails(mw_pickup_rewrap(s->store, 1, &n, &err), -EBADMSG);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_rewrap(s->store, 2, &n, &err), -EBADMSG);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_rewrap(s->store, 2, &n, &err), -EBADMSG);
	assert_int_equal(n, 0);
	read_text(s, &good[2], "The result is here.");
	read_text(s, &good[3], "The result is here.");
}

static void events_are_counted(void **state)
{
	struct shelf *s = *state;
	struct shelf_message a = {.key = "a"}, b = {.key = "b"};
	static const unsigned char nobody[MW_PICKUP_ID] = {1};
	uint64_t n = 9;

	put(s, &a);
	put(s, &b);
	for (int i = 0; i < 3; i++)
		assert_gives(mw_pickup_note(s->store, a.id, MW_EVENT_REPLIED, "q", MW_MAIL_NONE, SHELF_NOW + i, &err), 0);
	assert_gives(mw_pickup_note(s->store, a.id, MW_EVENT_FETCHED, "q", MW_MAIL_NONE, SHELF_NOW + 2, &err), 0);
	assert_gives(mw_pickup_events(s->store, a.id, MW_EVENT_REPLIED, SHELF_NOW - 1, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_gives(mw_pickup_events(s->store, a.id, MW_EVENT_REPLIED, SHELF_NOW, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_gives(mw_pickup_events(s->store, b.id, MW_EVENT_REPLIED, SHELF_NOW - 1, &n, &err), 0);
	assert_int_equal(n, 0);
	n = 9;
	assert_gives(mw_pickup_events(s->store, nobody, MW_EVENT_REPLIED, 0, &n, &err), 0);
	assert_int_equal(n, 0);
}

static void other_databases_are_refused(void **state)
{
	struct shelf *s = *state;
	struct mw_pickup *p = NULL;
	char path[120];

	mw_pickup_close(&s->store);
	change_database(s, "PRAGMA user_version = 2");
	assert_fails(mw_pickup_open(s->path, s->keys, true, &p, &err), -EOPNOTSUPP);
	change_database(s, "PRAGMA user_version = 1; PRAGMA application_id = 5");
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

/* ---- processes ------------------------------------------------------------------------------------------------------------------- */

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
	assert_int_equal(crates(s), 3 * EACH * 3 / 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_message_is_kept_and_read),
	    TEST(a_retry_makes_the_same_link),
	    TEST(two_at_once_make_one),
	    TEST(tickets_are_checked),
	    TEST(a_crate_that_went_before_its_notice_is_made_again),
	    TEST(wrong_links_open_nothing),
	    TEST(a_message_ends),
	    TEST(what_is_removed_is_gone_from_the_disk),
	    TEST(steps_are_events_and_mails),
	    TEST(what_the_witness_refuses_does_not_happen),
	    TEST(lists),
	    TEST(old_rows_are_forgotten_when_all_is_done),
	    TEST(a_sweep_mends),
	    TEST(keys_rotate_without_the_links),
	    TEST(readers_go_on_while_keys_rotate),
	    TEST(a_lost_key_loses_its_rows_alone),
	    TEST(rows_that_cannot_be_wrapped_hide_no_other),
	    TEST(events_are_counted),
	    TEST(other_databases_are_refused),
	    TEST(a_group_shares_what_is_in_its_folder),
	    TEST(processes_share_a_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
