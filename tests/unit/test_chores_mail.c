/* SPDX-License-Identifier: Apache-2.0 */
/* What milward-portal mails as one of its chores, with a clock of the test: reminders, receipts, and what the MTA says of them. */
#include "chores_world.h"

#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- reminders ----------------------------------------------------------------------------------------------------------------- */

static void test_reminds_once(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.key = "a"}, read = {.key = "b"}, late = {.key = "c", .expires = SHELF_NOW + 3 * DAY + 100};
	struct mw_err err = {0};

	world_put(w, &m);
	world_put(w, &read);
	world_put(w, &late);
	assert_int_equal(mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW, &err), 0);
	world_rounds(w, SHELF_NOW + 3 * DAY - 1);
	assert_int_equal(w->mta.n, 0);
	world_rounds(w, SHELF_NOW + 3 * DAY);
	world_rounds(w, SHELF_NOW + 4 * DAY - 1000);
	assert_int_equal(world_recorded(w, "\"step\":\"reminded\""), 1);
	assert_int_equal(w->mta.n, 2); /* and the receipt of the one that expired */
	assert_string_equal(w->mta.to[0], "bob@example.net");
	world_has(w->mta.text[0], "\r\nIn-Reply-To: <notice@clinic.example>\r\n");
	world_has(w->mta.text[0], "\r\nAuto-Submitted: auto-generated\r\n");
	world_has(w->mta.text[0], "From: \"Clinic\"\r\n <portal@clinic.example>\r\n");
	world_has_not(w->mta.text[0], "http");
	world_has_not(w->mta.text[0], "alice");
	world_has(w->mta.text[1], "Disposition: automatic-action");
}

/* Read between the reminder's order and its departure. */
/* Again after each time, up to their number, and not beside a first one that is late. */
static void test_reminds_again(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.key = "a", .expires = SHELF_NOW + 60 * DAY},
			     read = {.key = "b", .expires = SHELF_NOW + 60 * DAY};
	struct mw_err err = {0};

	w->conf.remind_again = 10 * DAY;
	w->conf.reminders = 3;
	world_put(w, &m);
	world_put(w, &read);
	world_rounds(w, SHELF_NOW + 3 * DAY);
	assert_int_equal(w->mta.n, 2);
	world_rounds(w, SHELF_NOW + 13 * DAY - 1);
	assert_int_equal(w->mta.n, 2);
	assert_int_equal(
	    mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW + 13 * DAY - 1, &err), 0);
	world_rounds(w, SHELF_NOW + 13 * DAY);
	assert_int_equal(w->mta.n, 3);
	world_has(w->mta.text[2], "\r\nIn-Reply-To: <notice@clinic.example>\r\n");
	/* the portal did not run for a while: one, not two */
	world_rounds(w, SHELF_NOW + 40 * DAY);
	world_rounds(w, SHELF_NOW + 40 * DAY + 1);
	assert_int_equal(w->mta.n, 4);
	world_rounds(w, SHELF_NOW + 59 * DAY);
	assert_int_equal(w->mta.n, 4);
	assert_int_equal(world_row(w, &m).reminders, 3);
	assert_int_equal(world_recorded(w, "\"step\":\"reminded\""), 4);
	/* one more is allowed; but not when so little time is left */
	w->conf.reminders = 4;
	world_rounds(w, SHELF_NOW + 60 * DAY - 3599);
	assert_int_equal(w->mta.n, 4);
	world_rounds(w, SHELF_NOW + 60 * DAY - 3600);
	assert_int_equal(w->mta.n, 5);
}

static void test_reminder_is_moot(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.key = "a"};
	struct mw_err err = {0};

	world_put(w, &m);
	w->mta.answer = -ECONNREFUSED;
	world_rounds(w, SHELF_NOW + 3 * DAY);
	world_forget_mails(&w->mta);
	w->mta.answer = MW_SENT;
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW + 3 * DAY, &err), 0);
	world_rounds(w, SHELF_NOW + 4 * DAY);
	assert_int_equal(w->mta.n, 0);
}

/* ---- the MTA ------------------------------------------------------------------------------------------------------------------- */

static void message_id(const char *text, char ret[200])
{
	const char *at = strstr(text, "\r\nMessage-ID: ");

	assert_non_null(at);
	(void)snprintf(ret, 200, "%.*s", (int)strcspn(at + 14, "\r"), at + 14);
}

static void test_mta_away(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};
	char first[200], last[200];
	struct mw_err err = {0};

	world_put(w, &m);
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	w->mta.answer = -ECONNREFUSED;
	world_rounds(w, SHELF_NOW);
	assert_int_equal(w->mta.n, 1); /* not again and again */
	world_rounds(w, SHELF_NOW + 59);
	assert_int_equal(w->mta.n, 1);
	world_rounds(w, SHELF_NOW + 61);
	assert_int_equal(w->mta.n, 2);
	world_rounds(w, SHELF_NOW + 61 + 119);
	assert_int_equal(w->mta.n, 2);
	w->mta.answer = MW_SENT;
	world_rounds(w, SHELF_NOW + 61 + 121);
	assert_int_equal(w->mta.n, 3);
	message_id(w->mta.text[0], first);
	message_id(w->mta.text[2], last);
	assert_string_equal(first, last);
	world_rounds(w, SHELF_NOW + 2 * DAY);
	assert_int_equal(w->mta.n, 3);
}

static void test_mta_refuses(void **state)
{
	struct world *w = *state;
	struct shelf_message never = {.key = "a"}, old = {.key = "b"}, nobody = {.key = "c", .sender = "no body@x"};
	struct mw_err err = {0};

	w->conf.remind = 0;
	world_put(w, &never);
	assert_int_equal(mw_pickup_note(w->shelf.store, never.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	w->mta.answer = MW_SENT_NEVER;
	world_rounds(w, SHELF_NOW);
	world_rounds(w, SHELF_NOW + DAY);
	assert_int_equal(w->mta.n, 1);
	world_put(w, &nobody);
	assert_int_equal(mw_pickup_note(w->shelf.store, nobody.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	world_rounds(w, SHELF_NOW + DAY);
	assert_int_equal(w->mta.n, 1);
	world_put(w, &old);
	assert_int_equal(mw_pickup_note(w->shelf.store, old.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	w->mta.answer = -ECONNREFUSED;
	world_rounds(w, SHELF_NOW + 5 * DAY); /* given up */
	assert_int_equal(w->mta.n, 2);
	world_rounds(w, SHELF_NOW + 6 * DAY);
	assert_int_equal(w->mta.n, 2);
	assert_int_equal(world_recorded(w, "\"step\":\"mailed\""), 0);
}

/* ---- addresses and names ------------------------------------------------------------------------------------------------------- */

/* What an address may hold must begin no field. */
static void test_odd_address(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.recipient = "\"a\r\nBcc: x\"@example.net"};
	struct mw_err err = {0};

	w->conf.remind = 1;
	world_put(w, &m);
	world_rounds(w, SHELF_NOW + 5); /* nobody can be reminded there */
	assert_int_equal(w->mta.n, 0);
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + 6, &err), 0);
	world_rounds(w, SHELF_NOW + 7);
	assert_int_equal(w->mta.n, 1);
	world_has_not(w->mta.text[0], "\nBcc:");
	world_has_not(w->mta.text[0], "rfc822;");
}

/* A quoted local part may hold blanks and brackets, and nothing that ends a line. */
static void test_quoted_address(void **state)
{
	static const struct {
		const char *address;
		unsigned mails;
	} row[] = {
	    {"\"a b\"@example.net", 1},	    {"\"a <b>\"@example.net", 1},
	    {"\"a\\\" b\"@example.net", 1}, {"a b@example.net", 0},
	    {"\"a b@example.net", 0},	    {"\"a b\\\"@example.net", 0},
	    {"\"a\\\rb\"@example.net", 0},  {"\"a\nb\"@example.net", 0},
	    {"\"a\x7f\"@example.net", 0},   {"\"a@b\"", 0},
	    {"\"a b\"@exa mple.net", 0},    {"\"a\"@b>c", 0},
	};
	struct world *w = *state;
	unsigned n = 0;

	w->conf.remind = 1;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		char name[20];
		struct shelf_message m = {.key = name, .recipient = row[i].address};

		(void)snprintf(name, sizeof(name), "q%zu", i);
		world_put(w, &m);
		world_rounds(w, SHELF_NOW + 5);
		n += row[i].mails;
		if (w->mta.n != n)
			fail_msg("%s", row[i].address);
	}
}

static void test_site_name(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = "<bad id@x>"};
	struct mw_err err = {0};

	w->conf.site = "Clínica \"Sol\"";
	w->conf.language = "es";
	world_put(w, &m);
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_LOCKED, NULL, MW_MAIL_LOCKED, SHELF_NOW, &err), 0);
	world_rounds(w, SHELF_NOW);
	assert_int_equal(w->mta.n, 1);
	world_has(w->mta.text[0], "From: =?");
	world_has(w->mta.text[0], "Content-Transfer-Encoding: base64\r\n");
	world_has_not(w->mta.text[0], "In-Reply-To");
	world_has_not(w->mta.text[0], "bad id");
	for (const char *p = w->mta.text[0]; *p; p++) {
		assert_true((unsigned char)*p < 127);
		assert_true(*p != '\n' || (p > w->mta.text[0] && p[-1] == '\r'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_reminds_once, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_reminds_again, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_reminder_is_moot, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_mta_away, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_mta_refuses, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_odd_address, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_quoted_address, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_site_name, world_open, world_close),
	};

	mw_log_open("test_chores_mail", MW_LOG_STDERR, (enum mw_log_level)0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
