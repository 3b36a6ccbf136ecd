/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/schema.h"

#include <errno.h>

#define APPLICATION 1297566795 /* "MWPK" */

/* The step to each version. A step that was released is never changed. */
static const char *const steps[] = {
    /* 1 */
    "CREATE TABLE message ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id BLOB NOT NULL UNIQUE,"
    " handin BLOB NOT NULL UNIQUE," /* hash of what names this copy for this recipient */
    " state INTEGER NOT NULL,"
    " proof INTEGER NOT NULL,"
    " sender TEXT NOT NULL,"
    " recipient TEXT NOT NULL,"
    " language TEXT NOT NULL,"
    " queue_id TEXT NOT NULL DEFAULT '',"
    " message_id TEXT NOT NULL DEFAULT '',"
    " origin_queue_id TEXT NOT NULL,"
    " origin_message_id TEXT NOT NULL,"
    " size INTEGER NOT NULL,"
    " objects INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL,"
    " noticed INTEGER NOT NULL DEFAULT 0,"
    " first_read INTEGER NOT NULL DEFAULT 0,"
    " last_read INTEGER NOT NULL DEFAULT 0,"
    " reads INTEGER NOT NULL DEFAULT 0,"
    " reminded INTEGER NOT NULL DEFAULT 0,"
    " reminders INTEGER NOT NULL DEFAULT 0,"
    " ended INTEGER NOT NULL DEFAULT 0,"
    " removed INTEGER NOT NULL DEFAULT 0,"
    " lost INTEGER NOT NULL DEFAULT 0,"
    " failures INTEGER NOT NULL DEFAULT 0,"
    " locked_until INTEGER NOT NULL DEFAULT 0,"
    " mails INTEGER NOT NULL DEFAULT 0," /* codes since mails_from */
    " mails_from INTEGER NOT NULL DEFAULT 0,"
    " link_check BLOB NOT NULL,"
    " key INTEGER NOT NULL," /* number of the server key; 0: wrapped is gone */
    " wrapped BLOB,"
    " pending BLOB);"
    "CREATE INDEX message_key ON message (key);"
    "CREATE INDEX message_expires ON message (expires) WHERE state < 4;"
    "CREATE INDEX message_noticed ON message (noticed) WHERE state = 2 AND reminders = 0;"
    "CREATE INDEX message_ended ON message (ended) WHERE ended > 0;"
    "CREATE INDEX message_unremoved ON message (ended) WHERE ended > 0 AND removed = 0;"
    "CREATE TABLE code ("
    " message INTEGER PRIMARY KEY REFERENCES message (number) ON DELETE CASCADE,"
    " hash BLOB NOT NULL,"
    " expires INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE event ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " message INTEGER NOT NULL REFERENCES message (number) ON DELETE CASCADE,"
    " at INTEGER NOT NULL,"
    " event INTEGER NOT NULL,"
    " detail TEXT NOT NULL,"
    " recorded INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX event_message ON event (message);"
    "CREATE INDEX event_unrecorded ON event (number) WHERE recorded = 0;"
    "CREATE TABLE outbox ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " message INTEGER NOT NULL REFERENCES message (number) ON DELETE CASCADE,"
    " kind INTEGER NOT NULL,"
    " nth INTEGER NOT NULL," /* of the mails of this kind */
    " created INTEGER NOT NULL,"
    " due INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0,"
    " done INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (message, kind, nth));"
    "CREATE INDEX outbox_due ON outbox (due) WHERE done = 0;"
    "CREATE TABLE address (" /* tries and codes of all messages to it */
    " name TEXT PRIMARY KEY,"
    " failures INTEGER NOT NULL,"
    " locked_until INTEGER NOT NULL,"
    " mails INTEGER NOT NULL,"
    " mails_from INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE passphrase ("
    " recipient TEXT NOT NULL,"
    " sender TEXT NOT NULL," /* '': any */
    " created INTEGER NOT NULL,"
    " salt BLOB NOT NULL,"
    " hash BLOB NOT NULL,"
    " PRIMARY KEY (recipient, sender)) WITHOUT ROWID;",
    /* 2 */
    "CREATE INDEX message_reminded ON message (reminded) WHERE state = 2 AND reminders > 0;",
};
#define VERSION_NOW ((int)(sizeof(steps) / sizeof(*steps)))

static int number_of(struct mw_db *db, const char *pragma, int *ret, struct mw_err *err)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, pragma, -1, &s, NULL);
	int r = code == SQLITE_OK ? mw_db_step(db, s, err) : mw_db_fail(db, sqlite3_extended_errcode(db->sqlite), err);

	if (r == 1)
		*ret = sqlite3_column_int(s, 0);
	(void)sqlite3_finalize(s);
	return r < 0 ? r : r == 1 ? 0 : mw_db_damaged(db, err);
}

/* The version that the tables have, 0: there are none. */
static int look(struct mw_db *db, int *version, struct mw_err *err)
{
	int application = 0, tables = 0;
	int r = number_of(db, "PRAGMA user_version", version, err);

	if (r == 0)
		r = number_of(db, "PRAGMA application_id", &application, err);
	if (r == 0)
		r = number_of(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (r < 0)
		return r;
	if (application != APPLICATION && (application || *version || tables))
		return mw_fail(err, -EUCLEAN, "%s: this is a database, but none of milward's portal", db->name);
	if (*version > VERSION_NOW)
		return mw_fail(err, -EOPNOTSUPP, "%s: version %d, made by a later milward; this one knows up to %d", db->name,
			       *version, VERSION_NOW);
	if (*version < 0)
		return mw_db_damaged(db, err);
	return 0;
}

static int upgrade(struct mw_db *db, struct mw_err *err)
{
	int version = 0;
	int r = mw_db_exec(db, "BEGIN IMMEDIATE", err);

	if (r < 0)
		return r;
	r = look(db, &version, err); /* once more: another process may have done it */
	for (; r == 0 && version < VERSION_NOW; version++)
		r = mw_db_exec(db, steps[version], err);
	if (r == 0) {
		char sql[100];

		(void)sqlite3_snprintf(sizeof(sql), sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION,
				       version);
		r = mw_db_exec(db, sql, err);
	}
	if (r == 0)
		r = mw_db_exec(db, "COMMIT", err);
	if (r < 0 && !sqlite3_get_autocommit(db->sqlite))
		(void)mw_db_exec(db, "ROLLBACK", NULL);
	return r;
}

/* It stays so in the file. */
static int set_wal(struct mw_db *db, struct mw_err *err)
{
	char mode[16] = "";
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, "PRAGMA journal_mode = WAL", -1, &s, NULL);
	int r = code == SQLITE_OK ? mw_db_step(db, s, err) : mw_db_fail(db, sqlite3_extended_errcode(db->sqlite), err);

	if (r == 1)
		(void)mw_db_text(s, 0, mode, sizeof(mode));
	(void)sqlite3_finalize(s);
	if (r < 0)
		return r;
	return sqlite3_stricmp(mode, "wal") == 0
		   ? 0
		   : mw_fail(err, -EOPNOTSUPP, "%s: no write-ahead log can be kept there (is it a network's file system?)",
			     db->name);
}

int mw_schema_ready(struct mw_db *db, bool may_change, struct mw_err *err)
{
	int version = 0;
	int r = look(db, &version, err);

	if (r < 0)
		return r;
	if (version < VERSION_NOW && !may_change)
		return version == 0
			   ? mw_fail(err, -ENOENT, "%s: it is empty", db->name)
			   : mw_fail(err, -ESTALE,
				     "%s: version %d: milward-seal or milward-portal brings it up to date when it starts",
				     db->name, version);
	r = may_change ? set_wal(db, err) : 0;
	return r == 0 && version < VERSION_NOW ? upgrade(db, err) : r;
}
