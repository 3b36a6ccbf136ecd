/* SPDX-License-Identifier: Apache-2.0 */
/* The chores of milward-portal, with a clock of the test: expiry, removal, server keys, records. */
#include "chores_world.h"

#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- expiry -------------------------------------------------------------------------------------------------------------------- */

static void test_expires(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = "<original@clinic.example>"};
	unsigned char wrapped[MW_PICKUP_WRAPPED];
	char path[300];

	world_put(w, &m);
	world_wrapped(w, wrapped);
	assert_true(world_in_files(w, wrapped, 32) > 0);
	world_rounds(w, SHELF_NOW + 2 * DAY);
	assert_int_equal(w->mta.n, 0);
	assert_int_equal(world_row(w, &m).state, MW_PICKUP_WAITING);
	w->conf.remind = 0;
	world_rounds(w, SHELF_NOW + 7 * DAY + 1);
	assert_int_equal(world_row(w, &m).state, MW_PICKUP_EXPIRED);
	assert_true(world_row(w, &m).removed > 0);
	assert_int_equal(w->mta.n, 1);
	assert_string_equal(w->mta.to[0], "alice@clinic.example");
	world_has(w->mta.text[0], "\r\nIn-Reply-To: <original@clinic.example>\r\n");
	world_has(w->mta.text[0], "\r\nOriginal-Message-ID: <original@clinic.example>\r\n");
	world_has(w->mta.text[0], "\r\nDisposition: automatic-action/MDN-sent-automatically; deleted\r\n");
	world_has(w->mta.text[0], "\r\nFinal-Recipient: rfc822; bob@example.net\r\n");
	world_has(w->mta.text[0], "report-type=disposition-notification");
	world_has(w->mta.text[0], "\r\nAuto-Submitted: auto-replied\r\n");
	/* key and crate are in no file */
	assert_int_equal(world_in_files(w, wrapped, 12), 0);
	assert_int_equal(world_in_files(w, wrapped + 32, 12), 0);
	(void)snprintf(path, sizeof(path), "%s/crates", w->shelf.path);
	assert_int_equal(world_in_files(w, "MWCRATE", 7), 0);
	/* and that is that */
	world_rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(w->mta.n, 1);
	assert_int_equal(world_recorded(w, "\"step\":\"expired\""), 1);
	assert_int_equal(world_recorded(w, "\"step\":\"removed\""), 1);
	assert_int_equal(world_recorded(w, "\"step\":\"mailed\""), 1);
	assert_int_equal(world_recorded(w, "4QUEUEID"), 1);
	/* until nobody remembers */
	w->chores.swept = 0;
	world_rounds(w, SHELF_NOW + 38 * DAY);
	assert_int_equal(mw_pickup_find(w->shelf.store, m.id, &(struct mw_pickup_row){0}, NULL), -ENOENT);
}

static void test_expired_silently(void **state)
{
	struct world *w = *state;
	struct shelf_message bounce = {.key = "a", .sender = ""}, read = {.key = "b"}, off = {.key = "c"};
	struct mw_err err = {0};

	w->conf.remind = 0;
	world_put(w, &bounce);
	world_put(w, &read);
	assert_int_equal(mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + DAY, &err),
			 0);
	world_rounds(w, SHELF_NOW + DAY);
	assert_int_equal(w->mta.n, 1);
	world_has(w->mta.text[0], "Disposition: manual-action/MDN-sent-automatically; displayed\r\n");
	world_rounds(w, SHELF_NOW + 7 * DAY);
	assert_int_equal(world_row(w, &bounce).state, MW_PICKUP_EXPIRED);
	assert_int_equal(world_row(w, &read).state, MW_PICKUP_EXPIRED);
	assert_int_equal(w->mta.n, 1); /* nobody hears of a bounce; that it was read has been told */
	world_put(w, &off);
	w->conf.receipts = false;
	assert_int_equal(mw_pickup_note(w->shelf.store, off.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	world_rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(w->mta.n, 1);
}

/* What cannot be recorded does not happen. */
static int full(void *ctx, const struct mw_pickup_record *event, size_t n, struct mw_err *err)
{
	(void)ctx;
	(void)event;
	(void)n;
	return mw_fail(err, -ENOSPC, "cannot write audit file: no space left on device");
}

static void test_disk_full(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};

	w->conf.remind = 0;
	world_put(w, &m);
	mw_pickup_witness(w->shelf.store, full, NULL);
	world_rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(world_row(w, &m).state, MW_PICKUP_WAITING);
	assert_int_equal(w->mta.n, 0);
	mw_recorder_attach(w->recorder, w->shelf.store);
	world_rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(world_row(w, &m).state, MW_PICKUP_EXPIRED);
	assert_int_equal(w->mta.n, 1);
	assert_int_equal(world_recorded(w, "\"step\":\"expired\""), 1);
}

/* A process was killed between the key's end and the crate's. */
static void test_crash_in_removal(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};

	world_put(w, &m);
	world_sql(w, "UPDATE message SET state = 5, ended = 1800000001, key = 0, wrapped = NULL");
	assert_int_equal(world_in_files(w, "MWCRATE", 7), 1);
	assert_int_equal(world_row(w, &m).removed, 0);
	world_rounds(w, SHELF_NOW + DAY);
	assert_true(world_row(w, &m).removed > 0);
	assert_int_equal(world_in_files(w, "MWCRATE", 7), 0);
	assert_int_equal(world_recorded(w, "\"step\":\"removed\""), 1);
}

/* A message that another program ended, which could not empty the log because of readers: its key is in no file soon. */
static void test_ended_by_another(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};
	unsigned char wrapped[MW_PICKUP_WRAPPED];
	struct mw_pickup *other = NULL;
	struct mw_err err = {0};

	world_put(w, &m);
	world_wrapped(w, wrapped);
	world_rounds(w, SHELF_NOW);
	assert_false(mw_pickup_logged(w->shelf.store));
	assert_int_equal(mw_pickup_open(w->shelf.path, w->shelf.keys, false, &other, &err), 0);
	assert_int_equal(mw_pickup_end(other, m.id, MW_PICKUP_RECALLED, "by alice", MW_MAIL_NONE, SHELF_NOW, NULL, &err), 1);
	mw_pickup_close(&other);
	assert_true(mw_pickup_logged(w->shelf.store));
	assert_true(world_in_files(w, wrapped, 32) > 0);
	world_rounds(w, SHELF_NOW + 10);
	assert_false(mw_pickup_logged(w->shelf.store));
	assert_int_equal(world_in_files(w, wrapped, 12), 0);
	assert_int_equal(world_in_files(w, wrapped + 32, 12), 0);
}

/* Events of a time without an audit file are recorded once there is one. */
static void test_late_records(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};

	mw_pickup_witness(w->shelf.store, NULL, NULL);
	world_put(w, &m);
	assert_int_equal(world_recorded(w, "\"step\":\"stored\""), 0);
	mw_recorder_attach(w->recorder, w->shelf.store);
	world_rounds(w, SHELF_NOW);
	assert_int_equal(world_recorded(w, "\"step\":\"stored\""), 1);
	assert_int_equal(world_recorded(w, "\"step\":\"noticed\""), 1);
}

/* ---- recall, keys -------------------------------------------------------------------------------------------------------------- */

static void test_recall_is_honest(void **state)
{
	struct world *w = *state;
	struct shelf_message unread = {.key = "a"}, read = {.key = "b"};
	struct mw_err err = {0};

	world_put(w, &unread);
	world_put(w, &read);
	assert_int_equal(mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW + 5, &err), 0);
	assert_int_equal(
	    mw_pickup_end(w->shelf.store, unread.id, MW_PICKUP_RECALLED, "by root", MW_MAIL_RECALLED, SHELF_NOW + 9, NULL, &err),
	    1);
	world_rounds(w, SHELF_NOW + 10);
	assert_int_equal(
	    mw_pickup_end(w->shelf.store, read.id, MW_PICKUP_RECALLED, "by root", MW_MAIL_RECALLED, SHELF_NOW + 19, NULL, &err),
	    1);
	world_rounds(w, SHELF_NOW + 20);
	assert_int_equal(w->mta.n, 2);
	world_has(w->mta.text[0], "Nobody had opened it.");
	world_has_not(w->mta.text[0], "HAD BEEN OPENED");
	world_has(w->mta.text[1], "HAD BEEN OPENED");
	world_has_not(w->mta.text[1], "Disposition:");
}

static void test_rewraps(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};
	unsigned char before[MW_PICKUP_WRAPPED], key[MW_PICKUP_KEY];
	struct mw_err err = {0};
	uint32_t number;
	char name[20];

	for (unsigned i = 0; i < 205; i++) {
		m = (struct shelf_message){.key = name};
		(void)snprintf(name, sizeof(name), "m%u", i);
		world_put(w, &m);
	}
	world_wrapped(w, before);
	assert_int_equal(mw_pickup_keys_add(w->shelf.keys_path, SHELF_NOW, &number, &err), 0);
	assert_int_equal(number, 2);
	world_rounds(w, SHELF_NOW + 1);
	assert_int_equal(mw_pickup_oldest_key(w->shelf.store, &number, &err), 0);
	assert_int_equal(number, 2);
	assert_int_equal(mw_pickup_unlock(w->shelf.store, m.id, m.secret, SHELF_NOW + 2, key, NULL, &err), 0);
	w->chores.emptied = false;
	world_rounds(w, SHELF_NOW + 2);
	assert_int_equal(world_in_files(w, before, 32), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_expires, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_expired_silently, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_disk_full, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_crash_in_removal, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_ended_by_another, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_late_records, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_recall_is_honest, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_rewraps, world_open, world_close),
	};

	mw_log_open("test_chores", MW_LOG_STDERR, (enum mw_log_level)0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
