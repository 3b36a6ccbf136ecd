/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"

#include <errno.h>

int mw_pickup_outbox_next(struct mw_pickup *p, int64_t now, struct mw_pickup_letter *ret, struct mw_err *err)
{
	struct mw_pickup_letter l;
	sqlite3_stmt *s = p->db.stmt[SQL_MAIL_NEXT];
	int r = mw_db_query(&p->db, SQL_MAIL_NEXT, DB_VALUES(DB_INT(now)), err);

	if (r <= 0)
		return r < 0 ? r : mw_fail(err, -ENOENT, "no mail is due");
	l.number = sqlite3_column_int64(s, 0);
	l.kind = (enum mw_pickup_mail)sqlite3_column_int(s, 1);
	l.created = sqlite3_column_int64(s, 2);
	l.due = sqlite3_column_int64(s, 3);
	l.tries = (uint32_t)sqlite3_column_int64(s, 4);
	r = mw_pickup_row_read(&p->db, s, 5, &l.row, err);
	mw_db_reset(&p->db, SQL_MAIL_NEXT);
	if (r == 0)
		*ret = l;
	return r;
}

static int done(struct mw_pickup *p, int64_t number, bool sent, const char *detail, int64_t now, struct mw_err *err)
{
	int64_t message;
	int r = mw_db_query(&p->db, SQL_MAIL_MESSAGE, DB_VALUES(DB_INT(number)), err);

	if (r <= 0)
		return r < 0 ? r : mw_fail(err, -ENOENT, "there is no such mail to be sent");
	message = sqlite3_column_int64(p->db.stmt[SQL_MAIL_MESSAGE], 0);
	mw_db_reset(&p->db, SQL_MAIL_MESSAGE);
	r = mw_db_change(&p->db, SQL_MAIL_DONE, DB_VALUES(DB_INT(now), DB_INT(number)), err);
	if (r < 0 || !sent)
		return r < 0 ? r : 0;
	return mw_pickup_event_add(p, message, MW_EVENT_MAILED, detail, now, err);
}

int mw_pickup_outbox_done(struct mw_pickup *p, int64_t number, bool sent, const char *detail, int64_t now, struct mw_err *err)
{
	int r = mw_db_begin(&p->db, err);

	return r < 0 ? r : mw_db_end(&p->db, done(p, number, sent, detail, now, err), err);
}

int mw_pickup_outbox_later(struct mw_pickup *p, int64_t number, int64_t due, struct mw_err *err)
{
	int r = mw_db_change(&p->db, SQL_MAIL_LATER, DB_VALUES(DB_INT(due), DB_INT(number)), err);

	return r < 0 ? r : r > 0 ? 0 : mw_fail(err, -ENOENT, "there is no such mail to be sent");
}
