/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"

#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64 /* rows that are read at once */

const char *mw_pickup_state_name(enum mw_pickup_state state)
{
	static const char *const name[] = {"", "stored", "waiting", "read", "expired", "recalled"};

	return (unsigned)state < sizeof(name) / sizeof(*name) ? name[state] : "";
}

static uint32_t u32(sqlite3_stmt *s, int column)
{
	return (uint32_t)sqlite3_column_int64(s, column);
}

int mw_pickup_row_read(struct mw_db *db, sqlite3_stmt *s, int at, struct mw_pickup_row *ret, struct mw_err *err)
{
	struct mw_pickup_row *r = ret;

	if (!mw_db_blob(s, at + 1, r->id, sizeof(r->id)) || !mw_db_text(s, at + 2, r->sender, sizeof(r->sender)) ||
	    !mw_db_text(s, at + 3, r->recipient, sizeof(r->recipient)) ||
	    !mw_db_text(s, at + 4, r->language, sizeof(r->language)) ||
	    !mw_db_text(s, at + 5, r->queue_id, sizeof(r->queue_id)) ||
	    !mw_db_text(s, at + 6, r->message_id, sizeof(r->message_id)) ||
	    !mw_db_text(s, at + 25, r->origin_queue_id, sizeof(r->origin_queue_id)) ||
	    !mw_db_text(s, at + 26, r->origin_message_id, sizeof(r->origin_message_id)))
		return mw_db_damaged(db, err);
	r->number = sqlite3_column_int64(s, at);
	r->state = (enum mw_pickup_state)sqlite3_column_int(s, at + 7);
	r->proof = u32(s, at + 8);
	r->reads = u32(s, at + 9);
	r->reminders = u32(s, at + 10);
	r->key = u32(s, at + 11);
	r->objects = u32(s, at + 12);
	r->size = (uint64_t)sqlite3_column_int64(s, at + 13);
	r->created = sqlite3_column_int64(s, at + 14);
	r->expires = sqlite3_column_int64(s, at + 15);
	r->noticed = sqlite3_column_int64(s, at + 16);
	r->first_read = sqlite3_column_int64(s, at + 17);
	r->last_read = sqlite3_column_int64(s, at + 18);
	r->reminded = sqlite3_column_int64(s, at + 19);
	r->ended = sqlite3_column_int64(s, at + 20);
	r->removed = sqlite3_column_int64(s, at + 21);
	r->lost = sqlite3_column_int64(s, at + 22);
	r->failures = u32(s, at + 23);
	r->locked_until = sqlite3_column_int64(s, at + 24);
	if (r->state < MW_PICKUP_STORED || r->state > MW_PICKUP_RECALLED)
		return mw_db_damaged(db, err);
	return 0;
}

int mw_pickup_row_find(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_row *ret, struct mw_err *err)
{
	struct mw_pickup_row row;
	int r = mw_db_query(&p->db, SQL_FIND, DB_VALUES(DB_BLOB(id, MW_PICKUP_ID)), err);

	if (r == 0)
		return mw_pickup_unknown(id, err);
	if (r < 0)
		return r;
	r = mw_pickup_row_read(&p->db, p->db.stmt[SQL_FIND], 0, &row, err);
	mw_db_reset(&p->db, SQL_FIND);
	if (r == 0)
		*ret = row;
	return r;
}

int mw_pickup_find(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_row *ret, struct mw_err *err)
{
	return mw_pickup_row_find(p, id, ret, err);
}

int mw_pickup_moment(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_moment *ret, struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[SQL_MOMENT];
	int r = mw_db_query(&p->db, SQL_MOMENT, DB_VALUES(DB_BLOB(id, MW_PICKUP_ID)), err);

	if (r <= 0)
		return r < 0 ? r : mw_pickup_unknown(id, err);
	*ret = (struct mw_pickup_moment){.state = (enum mw_pickup_state)sqlite3_column_int(s, 0),
					 .expires = sqlite3_column_int64(s, 1),
					 .last_read = sqlite3_column_int64(s, 2)};
	mw_db_reset(&p->db, SQL_MOMENT);
	return 0;
}

void mw_pickup_hurry(struct mw_pickup *p)
{
	(void)sqlite3_busy_handler(p->db.sqlite, NULL, NULL);
}

int mw_pickup_total(struct mw_pickup *p, struct mw_pickup_total *ret, struct mw_err *err)
{
	struct mw_pickup_total t = {.octets = 0};
	sqlite3_stmt *s = p->db.stmt[SQL_TOTAL];
	int r = mw_db_query(&p->db, SQL_TOTAL, DB_NO_VALUES, err);

	for (; r == 1; r = mw_db_step(&p->db, s, err)) {
		int state = sqlite3_column_int(s, 0);

		if (state >= MW_PICKUP_STORED && state <= MW_PICKUP_RECALLED)
			t.messages[state] = (uint64_t)sqlite3_column_int64(s, 1);
		t.octets += (uint64_t)sqlite3_column_int64(s, 2);
	}
	mw_db_reset(&p->db, SQL_TOTAL);
	if (r == 0)
		*ret = t;
	return r;
}

/* ---- lists ----------------------------------------------------------------------------------------------------------------------- */

struct query {
	struct mw_buf sql;
	struct mw_value value[12];
	size_t n;
};

static void add(struct query *q, const char *condition, struct mw_value v)
{
	mw_buf_puts(&q->sql, condition);
	q->value[q->n++] = v;
}

/* The first value is the number behind which the next batch begins. */
static void make_query(struct query *q, const struct mw_pickup_filter *f)
{
	const char *index = f->expires_before	 ? " INDEXED BY message_expires"
			    : f->unremoved	 ? " INDEXED BY message_unremoved"
			    : f->ended_before	 ? " INDEXED BY message_ended"
			    : f->unreminded	 ? " INDEXED BY message_noticed"
			    : f->reminders_below ? " INDEXED BY message_reminded"
						 : "";

	mw_buf_printf(&q->sql, "SELECT " ROW_COLUMNS " FROM message m%s WHERE ", index);
	add(q, f->newest_first ? "m.number < ?" : "m.number > ?", DB_INT(f->newest_first ? INT64_MAX : 0));
	if (f->states)
		add(q, " AND (1 << m.state) & ?", DB_INT(f->states));
	if (f->sender)
		add(q, " AND m.sender = ? COLLATE NOCASE", DB_TEXT(f->sender));
	if (f->recipient)
		add(q, " AND m.recipient = ? COLLATE NOCASE", DB_TEXT(f->recipient));
	if (f->origin) {
		add(q, " AND (m.origin_queue_id = ?", DB_TEXT(f->origin));
		add(q, " OR m.origin_message_id = ?)", DB_TEXT(f->origin));
	}
	if (f->expires_before)
		add(q, " AND m.state < 4 AND m.expires <= ?", DB_INT(f->expires_before));
	if (f->noticed_before)
		add(q, " AND m.noticed > 0 AND m.noticed <= ?", DB_INT(f->noticed_before));
	if (f->ended_before)
		add(q, " AND m.ended > 0 AND m.ended <= ?", DB_INT(f->ended_before));
	if (f->since)
		add(q, " AND m.created >= ?", DB_INT(f->since));
	if (f->unreminded)
		mw_buf_puts(&q->sql, " AND m.state = 2 AND m.reminders = 0");
	if (f->reminders_below) {
		add(q, " AND m.state = 2 AND m.reminders > 0 AND m.reminders < ?", DB_INT(f->reminders_below));
		add(q, " AND m.reminded <= ?", DB_INT(f->reminded_before));
	}
	if (f->unremoved)
		mw_buf_puts(&q->sql, " AND m.ended > 0 AND m.removed = 0");
	mw_buf_printf(&q->sql, " ORDER BY m.number%s LIMIT %d", f->newest_first ? " DESC" : "", BATCH);
}

static int read_batch(struct mw_pickup *p, sqlite3_stmt *s, const struct query *q, struct mw_pickup_row *rows, uint32_t *n,
		      struct mw_err *err)
{
	int r = mw_db_bind(&p->db, s, q->value, q->n, err);

	*n = 0;
	if (r == 0)
		r = mw_db_step(&p->db, s, err);
	for (; r == 1 && *n < BATCH; r = mw_db_step(&p->db, s, err)) {
		r = mw_pickup_row_read(&p->db, s, 0, &rows[*n], err);
		if (r < 0)
			break;
		++*n;
	}
	(void)sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int walk(struct mw_pickup *p, sqlite3_stmt *s, struct query *q, uint32_t most,
		int (*fn)(void *ctx, const struct mw_pickup_row *), void *ctx, struct mw_err *err)
{
	struct mw_pickup_row *rows = calloc(BATCH, sizeof(*rows));
	uint32_t n = BATCH, given = 0;
	int r = rows ? 0 : mw_fail_memory(err);

	while (r == 0 && n == BATCH) {
		r = read_batch(p, s, q, rows, &n, err);
		for (uint32_t i = 0; i < n && r == 0; i++) {
			if (most && given++ == most) {
				n = 0;
				break;
			}
			q->value[0].i = rows[i].number;
			r = fn(ctx, &rows[i]);
		}
	}
	free(rows);
	return r;
}

int mw_pickup_each(struct mw_pickup *p, const struct mw_pickup_filter *f, int (*fn)(void *ctx, const struct mw_pickup_row *),
		   void *ctx, struct mw_err *err)
{
	struct query q = {.sql = MW_BUF_INIT};
	sqlite3_stmt *s = NULL;
	int code, r;

	make_query(&q, f);
	if (!mw_buf_ok(&q.sql)) {
		mw_buf_free(&q.sql);
		return mw_fail_memory(err);
	}
	code = sqlite3_prepare_v2(p->db.sqlite, q.sql.p, -1, &s, NULL);
	r = code == SQLITE_OK ? walk(p, s, &q, f->most, fn, ctx, err) : mw_db_fail(&p->db, code, err);
	(void)sqlite3_finalize(s);
	mw_buf_free(&q.sql);
	return r;
}
