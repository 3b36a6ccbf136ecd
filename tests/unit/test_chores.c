/* SPDX-License-Identifier: Apache-2.0 */
/* The chores of milward-portal, with a clock of the test: expiry, reminders, receipts, removal, server keys, records. */
#include "pickup_shelf.h"
#include "portal/chores.h"

#include "base/log.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define DAY INT64_C(86400)

enum { MOST = 20 };

/* The MTA. */
struct mta {
	int answer; /* of the next letters */
	size_t n;
	char to[MOST][MW_PICKUP_ADDRESS], *text[MOST];
};

struct world {
	struct shelf shelf;
	struct mw_portal_conf conf;
	struct mw_templates *templates;
	struct mw_recorder *recorder;
	struct mw_chores chores;
	struct mta mta;
	char audit[100];
};

static int take(void *ctx, const struct mw_letter *l, char *said, size_t n, struct mw_err *err)
{
	struct mta *m = ctx;

	assert_true(m->n < MOST);
	(void)snprintf(m->to[m->n], sizeof(m->to[0]), "%s", l->to);
	m->text[m->n] = strndup(l->text.p, l->text.n);
	assert_non_null(m->text[m->n]);
	m->n++;
	(void)snprintf(said, n, "%s", m->answer == MW_SENT ? "4QUEUEID" : "550 5.1.1 nobody of that name");
	return m->answer < 0 ? mw_fail(err, m->answer, "the MTA is away") : m->answer;
}

static void forget_mails(struct mta *m)
{
	while (m->n)
		free(m->text[--m->n]);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const char *srcdir = getenv("srcdir");
	struct mw_recorder_setup setup = {.path = w->audit};
	struct mw_err err = {0};
	char path[400];

	assert_non_null(w);
	*state = w;
	shelf_open(&w->shelf);
	w->conf = (struct mw_portal_conf){.site = "Clinic",
					  .from = "portal@clinic.example",
					  .url = "https://p.example",
					  .language = "en",
					  .remind = 3 * DAY,
					  .receipts = true,
					  .retain = 30 * DAY};
	(void)snprintf(path, sizeof(path), "%s/templates/portal", srcdir ? srcdir : ".");
	assert_int_equal(mw_templates_load(path, NULL, "en", &w->templates, &err), 0);
	(void)snprintf(w->audit, sizeof(w->audit), "%s/audit", w->shelf.dir);
	assert_int_equal(mw_recorder_open(&setup, &w->recorder, &err), 0);
	mw_recorder_attach(w->recorder, w->shelf.store);
	w->mta.answer = MW_SENT;
	w->chores = (struct mw_chores){.site = {.conf = &w->conf, .templates = w->templates, .host = "host.example"},
				       .store = w->shelf.store,
				       .keys = w->shelf.keys,
				       .recorder = w->recorder,
				       .send = take,
				       .ctx = &w->mta};
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	forget_mails(&w->mta);
	mw_pickup_close(&w->shelf.store);
	mw_recorder_close(&w->recorder);
	mw_templates_free(&w->templates);
	shelf_close(&w->shelf);
	free(w);
	return 0;
}

static void rounds(struct world *w, int64_t now)
{
	for (unsigned i = 0; i < 3; i++)
		while (mw_chores_round(&w->chores, now))
			;
}

static void put(struct world *w, struct shelf_message *m)
{
	struct mw_err err = {0};

	assert_int_equal(shelf_put(w->shelf.store, w->shelf.keys, m, &err), 0);
}

static struct mw_pickup_row row_of(struct world *w, const struct shelf_message *m)
{
	struct mw_pickup_row row;
	struct mw_err err = {0};

	assert_int_equal(mw_pickup_find(w->shelf.store, m->id, &row, &err), 0);
	return row;
}

static unsigned recorded(const struct world *w, const char *what)
{
	FILE *f = fopen(w->audit, "r");
	char *line = NULL;
	size_t room = 0;
	unsigned n = 0;

	assert_non_null(f);
	while (getline(&line, &room, f) >= 0)
		n += strstr(line, what) != NULL;
	free(line);
	(void)fclose(f);
	return n;
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no \"%s\" in:\n%s", what, text);
}

static void has_not(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("\"%s\" in:\n%s", what, text);
}

/* ---- is something in a file? -------------------------------------------------------------------------------------------------- */

static struct {
	const unsigned char *p;
	size_t n, found;
} search;

static int search_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *all;
	FILE *f;
	size_t n;

	(void)ftw;
	if (type != FTW_F || st->st_size == 0)
		return 0;
	all = malloc((size_t)st->st_size);
	f = fopen(path, "rb");
	assert_true(all && f);
	n = fread(all, 1, (size_t)st->st_size, f);
	search.found += memmem(all, n, search.p, search.n) != NULL;
	(void)fclose(f);
	free(all);
	return 0;
}

static size_t in_files(const struct world *w, const void *p, size_t n)
{
	search.p = p;
	search.n = n;
	search.found = 0;
	assert_int_equal(nftw(w->shelf.path, search_one, 16, FTW_PHYS), 0);
	return search.found;
}

static void wrapped_of(const struct world *w, unsigned char ret[MW_PICKUP_WRAPPED])
{
	char path[200];
	sqlite3_stmt *s;
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", w->shelf.path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT wrapped FROM message", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_bytes(s, 0), MW_PICKUP_WRAPPED);
	memcpy(ret, sqlite3_column_blob(s, 0), MW_PICKUP_WRAPPED);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
}

static void sql(const struct world *w, const char *text)
{
	char path[200];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", w->shelf.path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* ---- expiry -------------------------------------------------------------------------------------------------------------------- */

static void test_expires(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = "<original@clinic.example>"};
	unsigned char wrapped[MW_PICKUP_WRAPPED];
	char path[300];

	put(w, &m);
	wrapped_of(w, wrapped);
	assert_true(in_files(w, wrapped, 32) > 0);
	rounds(w, SHELF_NOW + 2 * DAY);
	assert_int_equal(w->mta.n, 0);
	assert_int_equal(row_of(w, &m).state, MW_PICKUP_WAITING);
	w->conf.remind = 0;
	rounds(w, SHELF_NOW + 7 * DAY + 1);
	assert_int_equal(row_of(w, &m).state, MW_PICKUP_EXPIRED);
	assert_true(row_of(w, &m).removed > 0);
	assert_int_equal(w->mta.n, 1);
	assert_string_equal(w->mta.to[0], "alice@clinic.example");
	has(w->mta.text[0], "\r\nIn-Reply-To: <original@clinic.example>\r\n");
	has(w->mta.text[0], "\r\nOriginal-Message-ID: <original@clinic.example>\r\n");
	has(w->mta.text[0], "\r\nDisposition: automatic-action/MDN-sent-automatically; deleted\r\n");
	has(w->mta.text[0], "\r\nFinal-Recipient: rfc822; bob@example.net\r\n");
	has(w->mta.text[0], "report-type=disposition-notification");
	has(w->mta.text[0], "\r\nAuto-Submitted: auto-replied\r\n");
	/* key and crate are in no file */
	assert_int_equal(in_files(w, wrapped, 12), 0);
	assert_int_equal(in_files(w, wrapped + 32, 12), 0);
	(void)snprintf(path, sizeof(path), "%s/crates", w->shelf.path);
	assert_int_equal(in_files(w, "MWCRATE", 7), 0);
	/* and that is that */
	rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(w->mta.n, 1);
	assert_int_equal(recorded(w, "\"step\":\"expired\""), 1);
	assert_int_equal(recorded(w, "\"step\":\"removed\""), 1);
	assert_int_equal(recorded(w, "\"step\":\"mailed\""), 1);
	assert_int_equal(recorded(w, "4QUEUEID"), 1);
	/* until nobody remembers */
	w->chores.swept = 0;
	rounds(w, SHELF_NOW + 38 * DAY);
	assert_int_equal(mw_pickup_find(w->shelf.store, m.id, &(struct mw_pickup_row){0}, NULL), -ENOENT);
}

static void test_expired_silently(void **state)
{
	struct world *w = *state;
	struct shelf_message bounce = {.key = "a", .sender = ""}, read = {.key = "b"}, off = {.key = "c"};
	struct mw_err err = {0};

	w->conf.remind = 0;
	put(w, &bounce);
	put(w, &read);
	assert_int_equal(mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + DAY, &err),
			 0);
	rounds(w, SHELF_NOW + DAY);
	assert_int_equal(w->mta.n, 1);
	has(w->mta.text[0], "Disposition: manual-action/MDN-sent-automatically; displayed\r\n");
	rounds(w, SHELF_NOW + 7 * DAY);
	assert_int_equal(row_of(w, &bounce).state, MW_PICKUP_EXPIRED);
	assert_int_equal(row_of(w, &read).state, MW_PICKUP_EXPIRED);
	assert_int_equal(w->mta.n, 1); /* nobody hears of a bounce; that it was read has been told */
	put(w, &off);
	w->conf.receipts = false;
	assert_int_equal(mw_pickup_note(w->shelf.store, off.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(w->mta.n, 1);
}

/* What cannot be recorded does not happen. */
static int full(void *ctx, const struct mw_pickup_record *event, struct mw_err *err)
{
	(void)ctx;
	(void)event;
	return mw_fail(err, -ENOSPC, "cannot write audit file: no space left on device");
}

static void test_disk_full(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};

	w->conf.remind = 0;
	put(w, &m);
	mw_pickup_witness(w->shelf.store, full, NULL);
	rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(row_of(w, &m).state, MW_PICKUP_WAITING);
	assert_int_equal(w->mta.n, 0);
	mw_recorder_attach(w->recorder, w->shelf.store);
	rounds(w, SHELF_NOW + 8 * DAY);
	assert_int_equal(row_of(w, &m).state, MW_PICKUP_EXPIRED);
	assert_int_equal(w->mta.n, 1);
	assert_int_equal(recorded(w, "\"step\":\"expired\""), 1);
}

/* A process was killed between the key's end and the crate's. */
static void test_crash_in_removal(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};

	put(w, &m);
	sql(w, "UPDATE message SET state = 5, ended = 1800000001, key = 0, wrapped = NULL");
	assert_int_equal(in_files(w, "MWCRATE", 7), 1);
	assert_int_equal(row_of(w, &m).removed, 0);
	rounds(w, SHELF_NOW + DAY);
	assert_true(row_of(w, &m).removed > 0);
	assert_int_equal(in_files(w, "MWCRATE", 7), 0);
	assert_int_equal(recorded(w, "\"step\":\"removed\""), 1);
}

/* A message that another program ended, which could not empty the log because of readers: its key is in no file soon. */
static void test_ended_by_another(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};
	unsigned char wrapped[MW_PICKUP_WRAPPED];
	struct mw_pickup *other = NULL;
	struct mw_err err = {0};

	put(w, &m);
	wrapped_of(w, wrapped);
	rounds(w, SHELF_NOW);
	assert_false(mw_pickup_logged(w->shelf.store));
	assert_int_equal(mw_pickup_open(w->shelf.path, w->shelf.keys, false, &other, &err), 0);
	assert_int_equal(mw_pickup_end(other, m.id, MW_PICKUP_RECALLED, "by alice", MW_MAIL_NONE, SHELF_NOW, NULL, &err), 1);
	mw_pickup_close(&other);
	assert_true(mw_pickup_logged(w->shelf.store));
	assert_true(in_files(w, wrapped, 32) > 0);
	rounds(w, SHELF_NOW + 10);
	assert_false(mw_pickup_logged(w->shelf.store));
	assert_int_equal(in_files(w, wrapped, 12), 0);
	assert_int_equal(in_files(w, wrapped + 32, 12), 0);
}

/* Events of a time without an audit file are recorded once there is one. */
static void test_late_records(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.origin = NULL};

	mw_pickup_witness(w->shelf.store, NULL, NULL);
	put(w, &m);
	assert_int_equal(recorded(w, "\"step\":\"stored\""), 0);
	mw_recorder_attach(w->recorder, w->shelf.store);
	rounds(w, SHELF_NOW);
	assert_int_equal(recorded(w, "\"step\":\"stored\""), 1);
	assert_int_equal(recorded(w, "\"step\":\"noticed\""), 1);
}

/* ---- reminders ----------------------------------------------------------------------------------------------------------------- */

static void test_reminds_once(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.key = "a"}, read = {.key = "b"}, late = {.key = "c", .expires = SHELF_NOW + 3 * DAY + 100};
	struct mw_err err = {0};

	put(w, &m);
	put(w, &read);
	put(w, &late);
	assert_int_equal(mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW, &err), 0);
	rounds(w, SHELF_NOW + 3 * DAY - 1);
	assert_int_equal(w->mta.n, 0);
	rounds(w, SHELF_NOW + 3 * DAY);
	rounds(w, SHELF_NOW + 4 * DAY - 1000);
	assert_int_equal(recorded(w, "\"step\":\"reminded\""), 1);
	assert_int_equal(w->mta.n, 2); /* and the receipt of the one that expired */
	assert_string_equal(w->mta.to[0], "bob@example.net");
	has(w->mta.text[0], "\r\nIn-Reply-To: <notice@clinic.example>\r\n");
	has(w->mta.text[0], "\r\nAuto-Submitted: auto-generated\r\n");
	has(w->mta.text[0], "From: \"Clinic\"\r\n <portal@clinic.example>\r\n");
	has_not(w->mta.text[0], "http");
	has_not(w->mta.text[0], "alice");
	has(w->mta.text[1], "Disposition: automatic-action");
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
	put(w, &m);
	put(w, &read);
	rounds(w, SHELF_NOW + 3 * DAY);
	assert_int_equal(w->mta.n, 2);
	rounds(w, SHELF_NOW + 13 * DAY - 1);
	assert_int_equal(w->mta.n, 2);
	assert_int_equal(
	    mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW + 13 * DAY - 1, &err), 0);
	rounds(w, SHELF_NOW + 13 * DAY);
	assert_int_equal(w->mta.n, 3);
	has(w->mta.text[2], "\r\nIn-Reply-To: <notice@clinic.example>\r\n");
	/* the portal did not run for a while: one, not two */
	rounds(w, SHELF_NOW + 40 * DAY);
	rounds(w, SHELF_NOW + 40 * DAY + 1);
	assert_int_equal(w->mta.n, 4);
	rounds(w, SHELF_NOW + 59 * DAY);
	assert_int_equal(w->mta.n, 4);
	assert_int_equal(row_of(w, &m).reminders, 3);
	assert_int_equal(recorded(w, "\"step\":\"reminded\""), 4);
	/* one more is allowed; but not when so little time is left */
	w->conf.reminders = 4;
	rounds(w, SHELF_NOW + 60 * DAY - 3599);
	assert_int_equal(w->mta.n, 4);
	rounds(w, SHELF_NOW + 60 * DAY - 3600);
	assert_int_equal(w->mta.n, 5);
}

static void test_reminder_is_moot(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.key = "a"};
	struct mw_err err = {0};

	put(w, &m);
	w->mta.answer = -ECONNREFUSED;
	rounds(w, SHELF_NOW + 3 * DAY);
	forget_mails(&w->mta);
	w->mta.answer = MW_SENT;
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW + 3 * DAY, &err), 0);
	rounds(w, SHELF_NOW + 4 * DAY);
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

	put(w, &m);
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	w->mta.answer = -ECONNREFUSED;
	rounds(w, SHELF_NOW);
	assert_int_equal(w->mta.n, 1); /* not again and again */
	rounds(w, SHELF_NOW + 59);
	assert_int_equal(w->mta.n, 1);
	rounds(w, SHELF_NOW + 61);
	assert_int_equal(w->mta.n, 2);
	rounds(w, SHELF_NOW + 61 + 119);
	assert_int_equal(w->mta.n, 2);
	w->mta.answer = MW_SENT;
	rounds(w, SHELF_NOW + 61 + 121);
	assert_int_equal(w->mta.n, 3);
	message_id(w->mta.text[0], first);
	message_id(w->mta.text[2], last);
	assert_string_equal(first, last);
	rounds(w, SHELF_NOW + 2 * DAY);
	assert_int_equal(w->mta.n, 3);
}

static void test_mta_refuses(void **state)
{
	struct world *w = *state;
	struct shelf_message never = {.key = "a"}, old = {.key = "b"}, nobody = {.key = "c", .sender = "no body@x"};
	struct mw_err err = {0};

	w->conf.remind = 0;
	put(w, &never);
	assert_int_equal(mw_pickup_note(w->shelf.store, never.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	w->mta.answer = MW_SENT_NEVER;
	rounds(w, SHELF_NOW);
	rounds(w, SHELF_NOW + DAY);
	assert_int_equal(w->mta.n, 1);
	put(w, &nobody);
	assert_int_equal(mw_pickup_note(w->shelf.store, nobody.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	rounds(w, SHELF_NOW + DAY);
	assert_int_equal(w->mta.n, 1);
	put(w, &old);
	assert_int_equal(mw_pickup_note(w->shelf.store, old.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err), 0);
	w->mta.answer = -ECONNREFUSED;
	rounds(w, SHELF_NOW + 5 * DAY); /* given up */
	assert_int_equal(w->mta.n, 2);
	rounds(w, SHELF_NOW + 6 * DAY);
	assert_int_equal(w->mta.n, 2);
	assert_int_equal(recorded(w, "\"step\":\"mailed\""), 0);
}

/* ---- recall, keys -------------------------------------------------------------------------------------------------------------- */

static void test_recall_is_honest(void **state)
{
	struct world *w = *state;
	struct shelf_message unread = {.key = "a"}, read = {.key = "b"};
	struct mw_err err = {0};

	put(w, &unread);
	put(w, &read);
	assert_int_equal(mw_pickup_note(w->shelf.store, read.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW + 5, &err), 0);
	assert_int_equal(
	    mw_pickup_end(w->shelf.store, unread.id, MW_PICKUP_RECALLED, "by root", MW_MAIL_RECALLED, SHELF_NOW + 9, NULL, &err),
	    1);
	rounds(w, SHELF_NOW + 10);
	assert_int_equal(
	    mw_pickup_end(w->shelf.store, read.id, MW_PICKUP_RECALLED, "by root", MW_MAIL_RECALLED, SHELF_NOW + 19, NULL, &err),
	    1);
	rounds(w, SHELF_NOW + 20);
	assert_int_equal(w->mta.n, 2);
	has(w->mta.text[0], "Nobody had opened it.");
	has_not(w->mta.text[0], "HAD BEEN OPENED");
	has(w->mta.text[1], "HAD BEEN OPENED");
	has_not(w->mta.text[1], "Disposition:");
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
		put(w, &m);
	}
	wrapped_of(w, before);
	assert_int_equal(mw_pickup_keys_add(w->shelf.keys_path, SHELF_NOW, &number, &err), 0);
	assert_int_equal(number, 2);
	rounds(w, SHELF_NOW + 1);
	assert_int_equal(mw_pickup_oldest_key(w->shelf.store, &number, &err), 0);
	assert_int_equal(number, 2);
	assert_int_equal(mw_pickup_unlock(w->shelf.store, m.id, m.secret, SHELF_NOW + 2, key, NULL, &err), 0);
	w->chores.emptied = false;
	rounds(w, SHELF_NOW + 2);
	assert_int_equal(in_files(w, before, 32), 0);
}

/* What an address may hold must begin no field. */
static void test_odd_address(void **state)
{
	struct world *w = *state;
	struct shelf_message m = {.recipient = "\"a\r\nBcc: x\"@example.net"};
	struct mw_err err = {0};

	w->conf.remind = 1;
	put(w, &m);
	rounds(w, SHELF_NOW + 5); /* nobody can be reminded there */
	assert_int_equal(w->mta.n, 0);
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW + 6, &err), 0);
	rounds(w, SHELF_NOW + 7);
	assert_int_equal(w->mta.n, 1);
	has_not(w->mta.text[0], "\nBcc:");
	has_not(w->mta.text[0], "rfc822;");
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
		put(w, &m);
		rounds(w, SHELF_NOW + 5);
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
	put(w, &m);
	assert_int_equal(mw_pickup_note(w->shelf.store, m.id, MW_EVENT_LOCKED, NULL, MW_MAIL_LOCKED, SHELF_NOW, &err), 0);
	rounds(w, SHELF_NOW);
	assert_int_equal(w->mta.n, 1);
	has(w->mta.text[0], "From: =?");
	has(w->mta.text[0], "Content-Transfer-Encoding: base64\r\n");
	has_not(w->mta.text[0], "In-Reply-To");
	has_not(w->mta.text[0], "bad id");
	for (const char *p = w->mta.text[0]; *p; p++) {
		assert_true((unsigned char)*p < 127);
		assert_true(*p != '\n' || (p > w->mta.text[0] && p[-1] == '\r'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_expires, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_expired_silently, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_disk_full, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_crash_in_removal, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_ended_by_another, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_late_records, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reminds_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reminds_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reminder_is_moot, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_mta_away, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_mta_refuses, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_recall_is_honest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_rewraps, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_odd_address, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_quoted_address, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_site_name, set_up, tear_down),
	};

	mw_log_open("test_chores", MW_LOG_STDERR, (enum mw_log_level)0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
