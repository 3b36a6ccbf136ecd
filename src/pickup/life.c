/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 64

const char *mw_pickup_event_name(enum mw_pickup_event event)
{
	static const char *const name[] = {"",		"stored",  "noticed", "code",	 "failed",   "locked",
					   "signed-in", "read",	   "fetched", "replied", "reminded", "expired",
					   "recalled",	"removed", "lost",    "mailed",	 "unlocked"};

	return (unsigned)event < sizeof(name) / sizeof(*name) ? name[event] : "";
}

/* ---- in transactions ------------------------------------------------------------------------------------------------------------- */

void mw_pickup_witness(struct mw_pickup *p, mw_pickup_witness_fn *fn, void *ctx)
{
	p->witness = fn;
	p->witness_ctx = ctx;
}

int mw_pickup_event_put(struct mw_pickup *p, int64_t number, struct mw_pickup_record *rec, bool told, struct mw_err *err)
{
	int r = mw_db_change(
	    &p->db, SQL_EVENT,
	    DB_VALUES(DB_INT(number), DB_INT(rec->at), DB_INT(rec->event), DB_TEXT(rec->detail), DB_INT(p->witness != NULL)),
	    err);

	if (r < 0 || !p->witness || told)
		return r < 0 ? r : 0;
	rec->number = sqlite3_last_insert_rowid(p->db.sqlite);
	r = p->witness(p->witness_ctx, rec, 1, err);
	return r < 0 ? r : 0;
}

static int record_of(enum mw_pickup_event event, const char *detail, int64_t now, struct mw_pickup_record *rec,
		     struct mw_err *err)
{
	size_t n = detail ? strlen(detail) : 0;

	*rec = (struct mw_pickup_record){.at = now, .event = event};
	if (n >= sizeof(rec->detail) || (detail && strpbrk(detail, "\r\n")))
		return mw_fail(err, -EINVAL, "the detail of an event is too long, or no line");
	if (n)
		memcpy(rec->detail, detail, n);
	return 0;
}

int mw_pickup_event_add(struct mw_pickup *p, int64_t number, enum mw_pickup_event event, const char *detail, int64_t now,
			struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[SQL_PARTIES];
	struct mw_pickup_record rec;
	int r = record_of(event, detail, now, &rec, err);

	if (r == 0 && p->witness)
		r = mw_db_query(&p->db, SQL_PARTIES, DB_VALUES(DB_INT(number)), err);
	if (r < 0)
		return r;
	if (p->witness) {
		r = r == 1 && mw_db_blob(s, 0, rec.id, sizeof(rec.id)) && mw_db_text(s, 1, rec.sender, sizeof(rec.sender)) &&
			    mw_db_text(s, 2, rec.recipient, sizeof(rec.recipient))
			? 0
			: mw_db_damaged(&p->db, err);
		mw_db_reset(&p->db, SQL_PARTIES);
	}
	return r < 0 ? r : mw_pickup_event_put(p, number, &rec, false, err);
}

int mw_pickup_record_of(const struct mw_pickup_row *row, enum mw_pickup_event event, const char *detail, int64_t now,
			struct mw_pickup_record *rec, struct mw_err *err)
{
	int r = record_of(event, detail, now, rec, err);

	memcpy(rec->id, row->id, sizeof(rec->id));
	memcpy(rec->sender, row->sender, sizeof(rec->sender));
	memcpy(rec->recipient, row->recipient, sizeof(rec->recipient));
	return r;
}

int mw_pickup_event_of(struct mw_pickup *p, const struct mw_pickup_row *row, enum mw_pickup_event event, const char *detail,
		       int64_t now, struct mw_err *err)
{
	struct mw_pickup_record rec;
	int r = mw_pickup_record_of(row, event, detail, now, &rec, err);

	return r < 0 ? r : mw_pickup_event_put(p, row->number, &rec, false, err);
}

int mw_pickup_mail_add(struct mw_pickup *p, int64_t number, enum mw_pickup_mail mail, int64_t nth, int64_t now,
		       struct mw_err *err)
{
	int r = 0;

	if (mail != MW_MAIL_NONE)
		r = mw_db_change(&p->db, SQL_MAIL, DB_VALUES(DB_INT(number), DB_INT(mail), DB_INT(nth), DB_INT(now)), err);
	return r < 0 ? r : 0;
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------- */

static int end(struct mw_pickup *p, const struct mw_pickup_row *row, enum mw_pickup_state state, const char *detail,
	       enum mw_pickup_mail mail, int64_t now, struct mw_err *err)
{
	int r = mw_db_change(&p->db, SQL_END, DB_VALUES(DB_INT(state), DB_INT(now), DB_INT(row->number)), err);

	if (r >= 0)
		r = mw_db_change(&p->db, SQL_CODE_GONE, DB_VALUES(DB_INT(row->number)), err);
	if (r >= 0)
		r = mw_db_change(&p->db, SQL_MAILS_GONE, DB_VALUES(DB_INT(row->number)), err);
	if (r >= 0)
		r = mw_pickup_event_of(p, row, state == MW_PICKUP_EXPIRED ? MW_EVENT_EXPIRED : MW_EVENT_RECALLED, detail, now,
				       err);
	return r < 0 ? r : mw_pickup_mail_add(p, row->number, mail, 0, now, err);
}

int mw_pickup_crate_remove(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], int64_t number, int64_t now,
			   struct mw_err *err)
{
	char path[MW_CRATE_PATH];
	int r;

	mw_pickup_crate_path(id, path);
	if (unlinkat(p->crates, path, 0) < 0 && errno != ENOENT)
		return mw_fail(err, -errno, "%s/crates/%s: %s", p->dir, path, strerror(errno));
	r = mw_db_begin(&p->db, err);
	if (r < 0)
		return r;
	r = mw_db_change(&p->db, SQL_REMOVED, DB_VALUES(DB_INT(now), DB_INT(number)), err);
	if (r > 0)
		r = mw_pickup_event_add(p, number, MW_EVENT_REMOVED, NULL, now, err);
	return mw_db_end(&p->db, r < 0 ? r : 0, err);
}

int mw_pickup_end(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], enum mw_pickup_state state, const char *detail,
		  enum mw_pickup_mail mail, int64_t now, struct mw_pickup_row *ret, struct mw_err *err)
{
	struct mw_pickup_row row;
	bool ended_now = false;
	int r;

	if ((state != MW_PICKUP_EXPIRED && state != MW_PICKUP_RECALLED) || now <= 0)
		return mw_fail(err, -EINVAL, "a message does not end as \"%s\"", mw_pickup_state_name(state));
	r = mw_db_begin(&p->db, err);
	if (r < 0)
		return r;
	r = mw_pickup_row_find(p, id, &row, err);
	if (r == 0 && row.ended == 0) {
		ended_now = true;
		r = end(p, &row, state, detail, mail, now, err);
	}
	r = mw_db_end(&p->db, r, err);
	if (r < 0)
		return r;
	if (ret)
		*ret = row;
	/* The key is gone, and that is what counts. Where this fails, a sweep does it. */
	if (row.removed == 0)
		(void)mw_pickup_crate_remove(p, row.id, row.number, now, NULL);
	return ended_now;
}

int mw_pickup_set_expires(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], int64_t expires, struct mw_err *err)
{
	struct mw_pickup_row row;
	int r = mw_pickup_row_find(p, id, &row, err);

	if (r == 0)
		r = mw_db_change(&p->db, SQL_EXPIRES, DB_VALUES(DB_INT(expires), DB_INT(row.number)), err);
	if (r < 0)
		return r;
	return r > 0 ? 0 : mw_fail(err, -ESTALE, "the message is %s", mw_pickup_state_name(row.state));
}

int mw_pickup_events(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], enum mw_pickup_event event, int64_t after,
		     uint64_t *n, struct mw_err *err)
{
	int r = mw_db_query(&p->db, SQL_EVENTS_SINCE, DB_VALUES(DB_BLOB(id, MW_PICKUP_ID), DB_INT(event), DB_INT(after)), err);

	if (r < 0)
		return r;
	*n = r == 1 ? (uint64_t)sqlite3_column_int64(p->db.stmt[SQL_EVENTS_SINCE], 0) : 0;
	mw_db_reset(&p->db, SQL_EVENTS_SINCE);
	return 0;
}

int mw_pickup_forget(struct mw_pickup *p, int64_t ended_before, uint32_t most, size_t *forgotten, struct mw_err *err)
{
	int r = mw_db_begin(&p->db, err);

	if (r < 0)
		return r;
	r = mw_db_change(&p->db, SQL_ADDRESS_OLD, DB_VALUES(DB_INT(ended_before)), err);
	if (r >= 0)
		r = mw_db_change(&p->db, SQL_FORGET, DB_VALUES(DB_INT(ended_before), DB_INT(most)), err);
	r = mw_db_end(&p->db, r, err);
	if (r < 0)
		return r;
	*forgotten = (size_t)r;
	return 0;
}

/* ---- events ---------------------------------------------------------------------------------------------------------------------- */

static int read_record(struct mw_pickup *p, sqlite3_stmt *s, struct mw_pickup_record *ret, struct mw_err *err)
{
	ret->number = sqlite3_column_int64(s, 0);
	ret->at = sqlite3_column_int64(s, 1);
	ret->event = (enum mw_pickup_event)sqlite3_column_int(s, 3);
	return mw_db_blob(s, 2, ret->id, sizeof(ret->id)) && mw_db_text(s, 4, ret->detail, sizeof(ret->detail)) &&
		       mw_db_text(s, 5, ret->sender, sizeof(ret->sender)) &&
		       mw_db_text(s, 6, ret->recipient, sizeof(ret->recipient))
		   ? 0
		   : mw_db_damaged(&p->db, err);
}

/* A batch of what a statement gives; its values are bound by the first step. */
static int read_records(struct mw_pickup *p, enum mw_sql which, const struct mw_value *v, size_t values,
			struct mw_pickup_record *ret, uint32_t *n, struct mw_err *err)
{
	int r = mw_db_query(&p->db, which, v, values, err);

	*n = 0;
	while (r == 1) {
		r = read_record(p, p->db.stmt[which], &ret[*n], err);
		if (r == 0) {
			++*n;
			r = *n < BATCH ? mw_db_step(&p->db, p->db.stmt[which], err) : 0;
		}
	}
	mw_db_reset(&p->db, which);
	return r;
}

/* id NULL: what is unrecorded of all. */
static int each_record(struct mw_pickup *p, const unsigned char *id, uint32_t most,
		       int (*fn)(void *ctx, const struct mw_pickup_record *), void *ctx, struct mw_err *err)
{
	struct mw_pickup_record *rec = calloc(BATCH, sizeof(*rec));
	uint32_t n = BATCH;
	int64_t last = 0;
	int r = rec ? 0 : mw_fail_memory(err);

	while (r == 0 && n == BATCH && most) {
		uint32_t want = most < BATCH ? most : BATCH;

		r = id ? read_records(p, SQL_HISTORY, DB_VALUES(DB_BLOB(id, MW_PICKUP_ID), DB_INT(last), DB_INT(want)), rec, &n,
				      err)
		       : read_records(p, SQL_UNRECORDED, DB_VALUES(DB_INT(last), DB_INT(want)), rec, &n, err);
		most -= n;
		for (uint32_t i = 0; i < n && r == 0; i++) {
			last = rec[i].number;
			r = fn(ctx, &rec[i]);
		}
	}
	free(rec);
	return r;
}

int mw_pickup_history(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID],
		      int (*fn)(void *ctx, const struct mw_pickup_record *), void *ctx, struct mw_err *err)
{
	return each_record(p, id, UINT32_MAX, fn, ctx, err);
}

int mw_pickup_unrecorded(struct mw_pickup *p, uint32_t most, int (*fn)(void *ctx, const struct mw_pickup_record *), void *ctx,
			 struct mw_err *err)
{
	return each_record(p, NULL, most, fn, ctx, err);
}

int mw_pickup_recorded(struct mw_pickup *p, int64_t number, struct mw_err *err)
{
	int r = mw_db_change(&p->db, SQL_RECORDED, DB_VALUES(DB_INT(number)), err);

	return r < 0 ? r : 0;
}
