/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a message in the store: its events, its mails, and its row among others. */
#include "pickup_case.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pickup_expect.h"

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

	case_put(s, &m);
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

static int refuse(void *ctx, const struct mw_pickup_record *rec, size_t count, struct mw_err *err)
{
	unsigned *n = ctx;

	assert_int_equal(count, 1);
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
	case_put(s, &m);
	assert_fails(mw_pickup_end(s->store, m.id, MW_PICKUP_RECALLED, NULL, MW_MAIL_NONE, SHELF_NOW, &row, &err), -ENOSPC);
	assert_fails(mw_pickup_note(s->store, m.id, MW_EVENT_READ, NULL, MW_MAIL_NONE, SHELF_NOW, &err), -ENOSPC);
	mw_pickup_witness(s->store, NULL, NULL);
	case_read(s, &m, "The result is here.");
	assert_gives(mw_pickup_find(s->store, m.id, &row, &err), 0);
	assert_int_equal(row.state, MW_PICKUP_WAITING);
	assert_gives(mw_pickup_unrecorded(s->store, 100, see_event, &seen, &err), 0);
	assert_int_equal(seen.n, 0);
}

/* Of a group. */
struct group_witness {
	unsigned calls, odd;
	size_t records;
	int refuse; /* what it says to the first call */
};

static int see_group(void *ctx, const struct mw_pickup_record *rec, size_t n, struct mw_err *err)
{
	struct group_witness *w = ctx;

	for (size_t i = 0; i < n; i++)
		w->odd += rec[i].event != MW_EVENT_READ || strcmp(rec[i].recipient, "bob@example.net") != 0;
	if (w->calls++ == 0 && w->refuse)
		return mw_fail(err, w->refuse, "not now");
	w->records += n;
	return 0;
}

#define GROUP 5u

/* The first is of a message that was recalled, the second of none. */
static void put_group(struct shelf *s, struct shelf_message m[GROUP], struct mw_pickup_step step[GROUP])
{
	memset(step, 0, GROUP * sizeof(*step));
	for (size_t i = 0; i < GROUP; i++) {
		char key[20];

		(void)snprintf(key, sizeof(key), "%zu", i);
		m[i] = (struct shelf_message){.key = key};
		case_put(s, &m[i]);
		memcpy(step[i].id, m[i].id, sizeof(step[i].id));
		step[i].event = MW_EVENT_READ;
		step[i].mail = MW_MAIL_PICKED_UP;
		step[i].now = SHELF_NOW + 5;
		step[i].result = 9;
	}
	assert_gives(mw_pickup_end(s->store, m[0].id, MW_PICKUP_RECALLED, NULL, MW_MAIL_NONE, SHELF_NOW, NULL, &err), 1);
	step[1].id[0] ^= 1;
}

static void expect_group(struct shelf *s, const struct shelf_message m[GROUP], const struct mw_pickup_step step[GROUP])
{
	struct mw_pickup_row row;

	for (size_t i = 0; i < GROUP; i++) {
		assert_int_equal(step[i].result, i == 0 ? -ESTALE : i == 1 ? -ENOENT : 0);
		assert_gives(mw_pickup_find(s->store, m[i].id, &row, &err), 0);
		assert_int_equal(row.reads, i > 1);
		assert_int_equal(row.state, i == 0 ? MW_PICKUP_RECALLED : i == 1 ? MW_PICKUP_WAITING : MW_PICKUP_READ);
	}
	assert_int_equal(case_count(s, "SELECT count(*) FROM event WHERE event = 7"), GROUP - 2);
	assert_int_equal(case_count(s, "SELECT count(*) FROM outbox WHERE kind = 1"), GROUP - 2);
}

static void steps_of_many_messages_are_one(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m[GROUP];
	struct mw_pickup_step step[GROUP];
	struct group_witness w = {.refuse = 0};

	put_group(s, m, step);
	mw_pickup_witness(s->store, see_group, &w);
	mw_pickup_note_all(s->store, step, GROUP);
	expect_group(s, m, step);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.records, GROUP - 2);
	assert_int_equal(w.odd, 0);
	mw_pickup_note_all(s->store, step + 2, 1);
	assert_int_equal(step[2].result, 0);
	assert_int_equal(w.calls, 2);
	mw_pickup_note_all(s->store, step, 0);
}

/* A step that cannot be made takes no other one with it. */
static void a_step_that_fails_fails_alone(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m[GROUP];
	struct mw_pickup_step step[GROUP];
	struct group_witness w = {.refuse = -EFBIG};

	put_group(s, m, step);
	mw_pickup_witness(s->store, see_group, &w);
	mw_pickup_note_all(s->store, step, GROUP); /* the group, which is refused, and each by itself */
	expect_group(s, m, step);
	assert_int_equal(w.calls, 1 + GROUP - 2);
	assert_int_equal(w.records, GROUP - 2);
	step[2].event = MW_EVENT_EXPIRED;
	step[3].detail = "two\nlines";
	w.records = 0;
	mw_pickup_note_all(s->store, step + 2, 3);
	assert_int_equal(w.records, 1);
	assert_int_equal(step[2].result, -EINVAL);
	assert_int_equal(step[3].result, -EINVAL);
	assert_int_equal(step[4].result, 0);
	assert_int_equal(case_count(s, "SELECT sum(reads) FROM message"), GROUP - 1);
}

static int full_disk(void *ctx, const struct mw_pickup_record *rec, size_t n, struct mw_err *err)
{
	(void)ctx;
	(void)rec;
	(void)n;
	return mw_fail(err, -ENOSPC, "no room for a record");
}

static void no_step_without_its_record(void **state)
{
	struct shelf *s = *state;
	struct shelf_message m[GROUP];
	struct mw_pickup_step step[GROUP];

	put_group(s, m, step);
	mw_pickup_witness(s->store, full_disk, NULL);
	mw_pickup_note_all(s->store, step, GROUP);
	for (size_t i = 2; i < GROUP; i++)
		assert_int_equal(step[i].result, -ENOSPC);
	assert_int_equal(case_count(s, "SELECT sum(reads) FROM message"), 0);
	assert_int_equal(case_count(s, "SELECT count(*) FROM event WHERE event = 7"), 0);
	assert_int_equal(case_count(s, "SELECT count(*) FROM outbox"), 0);
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
		case_put(s, &m);
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

	case_put(s, &m);
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
	assert_int_equal(case_count(s, all), 0);
}

static void events_are_counted(void **state)
{
	struct shelf *s = *state;
	struct shelf_message a = {.key = "a"}, b = {.key = "b"};
	static const unsigned char nobody[MW_PICKUP_ID] = {1};
	uint64_t n = 9;

	case_put(s, &a);
	case_put(s, &b);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PICKUP_CASE(steps_are_events_and_mails),
	    PICKUP_CASE(what_the_witness_refuses_does_not_happen),
	    PICKUP_CASE(steps_of_many_messages_are_one),
	    PICKUP_CASE(a_step_that_fails_fails_alone),
	    PICKUP_CASE(no_step_without_its_record),
	    PICKUP_CASE(lists),
	    PICKUP_CASE(old_rows_are_forgotten_when_all_is_done),
	    PICKUP_CASE(events_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
