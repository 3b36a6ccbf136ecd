/* SPDX-License-Identifier: Apache-2.0 */
/* The store of the portal: messages are handed in, and read. test_crate and test_pickup_keys look at the parts. */
#include "pickup_case.h"

#include "pickup/crate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pickup_expect.h"

/* ---- hand-in -------------------------------------------------------------------------------------------------------------------- */

static void a_message_is_kept_and_read(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = "Your potassium is 4.1."};
	struct mw_pickup_row row;
	struct mw_pickup_total total;

	case_put(s, &m);
	case_read(s, &m, "Your potassium is 4.1.");
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

/* A retry before the notice is out gets the same secret; after it, nothing to do, and the secret is nowhere. */
static void a_retry_makes_the_same_link(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.unnoticed = true};
	struct mw_pickup_ticket t;
	unsigned char secret[MW_PICKUP_SECRET];
	int fd = -1;

	case_put(s, &m);
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
	assert_int_equal(case_count(s, "SELECT pending IS NULL AND wrapped IS NOT NULL FROM message"), 1);
	assert_fails(mw_pickup_lock_pending(s->keys, &t.lock, secret, &err), -EBADMSG);
	assert_fails(mw_pickup_noticed(s->store, "another", "Q", "<n@x>", SHELF_NOW, &err), -ENOENT);
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
	assert_int_equal(case_crates(s), 1);
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
	assert_int_equal(case_crates(s), 0);
	assert_gives(mw_pickup_store(s->store, "k", &good, "a", "b", fd, &err), 0);
	(void)close(fd);
}

/* Nobody was told of it: it is handed in once more. */
static void a_crate_that_went_before_its_notice_is_made_again(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.unnoticed = true};
	char path[120], id[MW_PICKUP_ID_TEXT];

	case_put(s, &m);
	mw_pickup_id_text(m.id, id);
	(void)snprintf(path, sizeof(path), "%s/crates/%02x/%s", s->path, m.id[0], id);
	assert_int_equal(unlink(path), 0);
	case_put(s, &m);
	case_read(s, &m, "The result is here.");
}

/* ---- reading -------------------------------------------------------------------------------------------------------------------- */

static void wrong_links_open_nothing(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m = {.text = NULL}, other = {.key = "other"};
	unsigned char key[MW_PICKUP_KEY] = {0}, id[MW_PICKUP_ID];

	case_put(s, &m);
	case_put(s, &other);
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

	case_put(s, &m);
	case_put(s, &n);
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
	assert_int_equal(case_crates(s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PICKUP_CASE(a_message_is_kept_and_read),
	    PICKUP_CASE(a_retry_makes_the_same_link),
	    PICKUP_CASE(two_at_once_make_one),
	    PICKUP_CASE(tickets_are_checked),
	    PICKUP_CASE(a_crate_that_went_before_its_notice_is_made_again),
	    PICKUP_CASE(wrong_links_open_nothing),
	    PICKUP_CASE(a_message_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
