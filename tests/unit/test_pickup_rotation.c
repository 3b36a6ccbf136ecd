/* SPDX-License-Identifier: Apache-2.0 */
/* Server keys of the store change while its messages stay readable. */
#include "pickup_case.h"

#include "pickup/crate.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pickup_expect.h"

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

	case_put(s, &a);
	case_put(s, &b);
	assert_gives(mw_pickup_rewrap(s->store, 10, &n, &err), 0);
	assert_int_equal(n, 0);
	case_rotate(s, 2);
	case_put(s, &c);
	assert_gives(mw_pickup_oldest_key(s->store, &oldest, &err), 0);
	assert_int_equal(oldest, 1);
	assert_gives(mw_pickup_rewrap(s->store, 1, &n, &err), 0);
	assert_int_equal(n, 1);
	case_read(s, &a, "A");
	case_read(s, &b, "B");
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
	case_read(s, &a, "A");
	case_read(s, &b, "B");
	case_read(s, &c, "C");
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

	case_put(s, &m);
	for (int i = 0; i < 3; i++) {
		reader[i] = (struct reader){.s = s, .m = &m, .stop = &stop, .reads = &reads};
		assert_int_equal(pthread_create(&thread[i], NULL, read_on, &reader[i]), 0);
	}
	for (uint32_t i = 2; i < 12; i++) {
		unsigned before = atomic_load(&reads);

		case_rotate(s, i);
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

	case_put(s, &a);
	case_rotate(s, 2);
	case_put(s, &b);
	case_rotate(s, 3);
	assert_gives(mw_pickup_keys_drop(s->keys_path, 2, 0, SHELF_NOW, &n, &err), 0);
	assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
	assert_fails(mw_pickup_rewrap(s->store, 10, &n, &err), -ENOKEY);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_unlock(s->store, a.id, a.secret, SHELF_NOW, key, NULL, &err), -ENOKEY);
	case_read(s, &b, "The result is here.");
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
		case_put(s, &lost[i]);
	}
	case_rotate(s, 2);
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(name[5 + i], sizeof(name[5 + i]), "good%u", i);
		good[i] = (struct shelf_message){.key = name[5 + i]};
		case_put(s, &good[i]);
	}
	case_change(s, "UPDATE message SET wrapped = zeroblob(length(wrapped)) WHERE number IN (6, 7)");
	case_rotate(s, 3);
	assert_gives(mw_pickup_keys_drop(s->keys_path, 2, 0, SHELF_NOW, &n, &err), 0);
	assert_gives(mw_pickup_keys_reread(s->keys, &err), 0);
	assert_fails(mw_pickup_rewrap(s->store, 1, &n, &err), -EBADMSG);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_rewrap(s->store, 2, &n, &err), -EBADMSG);
	assert_int_equal(n, 1);
	assert_fails(mw_pickup_rewrap(s->store, 2, &n, &err), -EBADMSG);
	assert_int_equal(n, 0);
	case_read(s, &good[2], "The result is here.");
	case_read(s, &good[3], "The result is here.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PICKUP_CASE(keys_rotate_without_the_links),
	    PICKUP_CASE(readers_go_on_while_keys_rotate),
	    PICKUP_CASE(a_lost_key_loses_its_rows_alone),
	    PICKUP_CASE(rows_that_cannot_be_wrapped_hide_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
