/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/db.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 10000 /* how long others may hold the database */
#define BUSY_STEP_US 1500

static int code_of(int code, int system)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		return -EUCLEAN;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return code == SQLITE_IOERR_NOMEM ? -ENOMEM : system > 0 ? -system : -EIO;
	default:
		return -EIO;
	}
}

int mw_db_fail(struct mw_db *db, int code, struct mw_err *err)
{
	int ours = code_of(code, sqlite3_system_errno(db->sqlite));

	if (ours == -ENOMEM)
		return mw_fail_memory(err);
	/* SQLite's own text for a code: that of an error could repeat values. */
	return mw_fail(err, ours, "%s: %s%s%s", db->name, sqlite3_errstr(code), ours == -EIO || ours == -EEXIST ? "" : ": ",
		       ours == -EIO || ours == -EEXIST ? "" : strerror(-ours));
}

int mw_db_damaged(struct mw_db *db, struct mw_err *err)
{
	return mw_fail(err, -EUCLEAN, "%s: a row has a value that milward has not written", db->name);
}

int mw_db_exec(struct mw_db *db, const char *sql, struct mw_err *err)
{
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : mw_db_fail(db, sqlite3_extended_errcode(db->sqlite), err);
}

/* What is deleted is overwritten; what is committed is on disk; the schema is not trusted more than its rows. */
static const char settings[] = "PRAGMA secure_delete = ON;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA trusted_schema = OFF;"
			       "PRAGMA cell_size_check = ON;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -1024;";

/* SQLite's own way of waiting sleeps longer the longer it has waited, so that of many who write the newest comes first, and one may wait for
 * ever. Here all look as often. ctx: since when this one waits. */
static int wait_turn(void *ctx, int times)
{
	int64_t *since = ctx, now = mw_clock_ms();
	struct timespec nap = {.tv_nsec = (BUSY_STEP_US + now % 7 * 100) * 1000};

	if (times == 0)
		*since = now;
	if (now - *since >= BUSY_MS)
		return 0;
	(void)nanosleep(&nap, NULL);
	return 1;
}

int mw_db_open(struct mw_db *db, const char *path, struct mw_err *err)
{
	int code;

	db->name = strdup(path);
	if (!db->name)
		return mw_fail_memory(err);
	code = sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (!db->sqlite)
		return mw_fail_memory(err);
	if (code != SQLITE_OK)
		return mw_db_fail(db, sqlite3_extended_errcode(db->sqlite), err);
	(void)sqlite3_extended_result_codes(db->sqlite, 1);
	(void)sqlite3_busy_handler(db->sqlite, wait_turn, &db->waits_since);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return mw_db_exec(db, settings, err);
}

int mw_db_prepare(struct mw_db *db, struct mw_err *err)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int code = sqlite3_prepare_v3(db->sqlite, mw_sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &db->stmt[i], NULL);

		if (code != SQLITE_OK)
			return mw_db_fail(db, code, err);
	}
	return 0;
}

void mw_db_close(struct mw_db *db)
{
	for (int i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(db->stmt[i]);
	(void)sqlite3_close_v2(db->sqlite);
	free(db->name);
	*db = (struct mw_db){.sqlite = NULL};
}

/* ---- statements ------------------------------------------------------------------------------------------------------------------ */

static int bind_one(sqlite3_stmt *s, int at, const struct mw_value *v)
{
	switch (v->type) {
	case MW_VALUE_INT:
		return sqlite3_bind_int64(s, at, v->i);
	case MW_VALUE_TEXT:
		return sqlite3_bind_text(s, at, v->p, -1, SQLITE_STATIC);
	case MW_VALUE_BLOB:
		return sqlite3_bind_blob64(s, at, v->p, v->n, SQLITE_STATIC);
	case MW_VALUE_NULL:
		break;
	}
	return sqlite3_bind_null(s, at);
}

int mw_db_bind(struct mw_db *db, sqlite3_stmt *s, const struct mw_value *v, size_t n, struct mw_err *err)
{
	for (size_t i = 0; i < n; i++) {
		int code = bind_one(s, (int)i + 1, &v[i]);

		if (code != SQLITE_OK)
			return mw_db_fail(db, code, err);
	}
	return 0;
}

int mw_db_step(struct mw_db *db, sqlite3_stmt *s, struct mw_err *err)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return code == SQLITE_ROW;
	return mw_db_fail(db, code, err);
}

void mw_db_reset(struct mw_db *db, enum mw_sql which)
{
	(void)sqlite3_reset(db->stmt[which]);
	(void)sqlite3_clear_bindings(db->stmt[which]);
}

int mw_db_query(struct mw_db *db, enum mw_sql which, const struct mw_value *v, size_t n, struct mw_err *err)
{
	int r = mw_db_bind(db, db->stmt[which], v, n, err);

	if (r == 0)
		r = mw_db_step(db, db->stmt[which], err);
	if (r <= 0)
		mw_db_reset(db, which);
	return r;
}

int mw_db_change(struct mw_db *db, enum mw_sql which, const struct mw_value *v, size_t n, struct mw_err *err)
{
	int r = mw_db_query(db, which, v, n, err);

	return r < 0 ? r : sqlite3_changes(db->sqlite);
}

bool mw_db_text(sqlite3_stmt *s, int column, char *ret, size_t room)
{
	const unsigned char *p = sqlite3_column_text(s, column);
	size_t n = p ? strlen((const char *)p) : 0;

	if (n >= room)
		return false;
	if (n)
		memcpy(ret, p, n);
	ret[n] = '\0';
	return p || sqlite3_column_type(s, column) == SQLITE_NULL;
}

bool mw_db_blob(sqlite3_stmt *s, int column, void *ret, size_t n)
{
	const void *p = sqlite3_column_blob(s, column);

	if (!p || (size_t)sqlite3_column_bytes(s, column) != n)
		return false;
	memcpy(ret, p, n);
	return true;
}

/* ---- transactions ---------------------------------------------------------------------------------------------------------------- */

int mw_db_begin(struct mw_db *db, struct mw_err *err)
{
	return mw_db_query(db, SQL_BEGIN, DB_NO_VALUES, err);
}

int mw_db_end(struct mw_db *db, int r, struct mw_err *err)
{
	int done = r < 0 ? r : mw_db_query(db, SQL_COMMIT, DB_NO_VALUES, err);

	/* Some failures have rolled back on their own. */
	if (done < 0 && !sqlite3_get_autocommit(db->sqlite))
		(void)mw_db_query(db, SQL_ROLLBACK, DB_NO_VALUES, NULL);
	return done < 0 ? done : r;
}
