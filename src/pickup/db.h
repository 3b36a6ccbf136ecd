/* SPDX-License-Identifier: Apache-2.0 */
/* db: the store's SQLite connection: statements that are prepared once, values, transactions, and its errors as ours. */
#ifndef MW_PICKUP_DB_H
#define MW_PICKUP_DB_H

#include "pickup/pickup.h"

#include <sqlite3.h>

/* The statements, in statements.c. */
enum mw_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_FIND,
	SQL_MOMENT,
	SQL_LOCK,
	SQL_TICKET,
	SQL_STORE,
	SQL_UNSTORE,
	SQL_NOTICED,
	SQL_NUMBER_OF_KEY,
	SQL_TOTAL,
	SQL_EVENT,
	SQL_EVENTS_SINCE,
	SQL_PARTIES,
	SQL_READ,
	SQL_REMINDED,
	SQL_END,
	SQL_REMOVED,
	SQL_EXPIRES,
	SQL_FORGET,
	SQL_HISTORY,
	SQL_UNRECORDED,
	SQL_RECORDED,
	SQL_MAIL,
	SQL_MAIL_NEXT,
	SQL_MAIL_DONE,
	SQL_MAIL_LATER,
	SQL_MAIL_MESSAGE,
	SQL_MAILS_GONE,
	SQL_OLD_KEYS,
	SQL_REWRAP,
	SQL_OLDEST_KEY,
	SQL_STEP_ROWS,
	SQL_LOST,
	SQL_CODE_SET,
	SQL_CODE_TRY,
	SQL_CODE_GET,
	SQL_CODE_USE,
	SQL_CODE_GONE,
	SQL_GATE,
	SQL_GATE_SET,
	SQL_ADDRESS,
	SQL_ADDRESS_SET,
	SQL_ADDRESS_OLD,
	SQL_PHRASE_SET,
	SQL_PHRASE_GONE,
	SQL_PHRASE,
	SQL_PHRASES,
	SQL_COUNT
};
extern const char *const mw_sql_text[SQL_COUNT];

struct mw_db {
	sqlite3 *sqlite;
	sqlite3_stmt *stmt[SQL_COUNT];
	char *name; /* for errors */
	int64_t waits_since;
};

/* path: exists. Connects and sets how the connection works; statements come with mw_db_prepare(), when there are tables. */
int mw_db_open(struct mw_db *, const char *path, struct mw_err *);
int mw_db_prepare(struct mw_db *, struct mw_err *);
void mw_db_close(struct mw_db *);
/* The connection's last error; code: a result of SQLite that was not SQLITE_OK. */
int mw_db_fail(struct mw_db *, int code, struct mw_err *);
/* SQL without values and results. */
int mw_db_exec(struct mw_db *, const char *sql, struct mw_err *);

enum mw_value_type { MW_VALUE_NULL, MW_VALUE_INT, MW_VALUE_TEXT, MW_VALUE_BLOB };
struct mw_value {
	enum mw_value_type type;
	int64_t i;
	const void *p; /* is there until the statement is reset */
	size_t n;
};
#define DB_NULL ((struct mw_value){.type = MW_VALUE_NULL})
#define DB_INT(v) ((struct mw_value){.type = MW_VALUE_INT, .i = (int64_t)(v)})
#define DB_TEXT(s) ((struct mw_value){.type = MW_VALUE_TEXT, .p = (s)})
#define DB_BLOB(b, len) ((struct mw_value){.type = MW_VALUE_BLOB, .p = (b), .n = (len)})

int mw_db_bind(struct mw_db *, sqlite3_stmt *, const struct mw_value *, size_t n, struct mw_err *);
/* 1: a row is there; 0: there is none (any more). */
int mw_db_step(struct mw_db *, sqlite3_stmt *, struct mw_err *);
/* Binds and takes the first step. With 1, the caller ends with mw_db_reset(). */
int mw_db_query(struct mw_db *, enum mw_sql, const struct mw_value *, size_t n, struct mw_err *);
/* A change: how many rows. */
int mw_db_change(struct mw_db *, enum mw_sql, const struct mw_value *, size_t n, struct mw_err *);
void mw_db_reset(struct mw_db *, enum mw_sql);
#define DB_VALUES(...)                                                                                                           \
	(const struct mw_value[]){__VA_ARGS__}, sizeof((const struct mw_value[]){__VA_ARGS__}) / sizeof(struct mw_value)
#define DB_NO_VALUES NULL, 0

/* Columns. False: it is of another size or type than it must be. */
bool mw_db_text(sqlite3_stmt *, int column, char *ret, size_t room); /* NULL gives "" */
bool mw_db_blob(sqlite3_stmt *, int column, void *ret, size_t n);
int mw_db_damaged(struct mw_db *, struct mw_err *);

int mw_db_begin(struct mw_db *, struct mw_err *);
/* Commits when r is not negative, else rolls back; r, or why it could not be committed. */
int mw_db_end(struct mw_db *, int r, struct mw_err *);

#endif
