/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"

#define MESSAGE_OF_ID "(SELECT number FROM message WHERE id = ?)"

const char *const mw_sql_text[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    [SQL_FIND] = "SELECT " ROW_COLUMNS " FROM message m WHERE m.id = ?",
    [SQL_MOMENT] = "SELECT state, expires, last_read FROM message WHERE id = ?",
    [SQL_LOCK] = "SELECT link_check, wrapped, pending, key FROM message WHERE id = ?",
    [SQL_TOTAL] = "SELECT state, count(*), sum(CASE WHEN removed = 0 THEN size ELSE 0 END) FROM message GROUP BY state",

    [SQL_TICKET] =
	"SELECT id, link_check, wrapped, pending, key, created, expires, size, objects, proof, language, noticed, queue_id, "
	"origin_queue_id, origin_message_id "
	"FROM message WHERE handin = ?",
    [SQL_STORE] = "INSERT INTO message (id, handin, state, proof, sender, recipient, language, size, objects, created, expires, "
		  "link_check, key, wrapped, pending, origin_queue_id, origin_message_id) "
		  "VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_UNSTORE] = "DELETE FROM message WHERE handin = ? AND state = 1",
    [SQL_NUMBER_OF_KEY] = "SELECT number, noticed FROM message WHERE handin = ?",
    [SQL_NOTICED] = "UPDATE message SET noticed = ?, queue_id = ?, message_id = ?, pending = NULL, "
		    "state = CASE WHEN state = 1 THEN 2 ELSE state END WHERE number = ?",

    [SQL_EVENT] = "INSERT INTO event (message, at, event, detail, recorded) VALUES (?, ?, ?, ?, ?)",
    [SQL_EVENTS_SINCE] = "SELECT count(*) FROM event WHERE message = " MESSAGE_OF_ID " AND event = ? AND at > ?",
    [SQL_PARTIES] = "SELECT id, sender, recipient FROM message WHERE number = ?",
    [SQL_READ] = "UPDATE message SET reads = reads + 1, last_read = ?1, first_read = CASE WHEN first_read = 0 THEN ?1 ELSE "
		 "first_read END, "
		 "state = CASE WHEN state < 3 THEN 3 ELSE state END WHERE number = ?2",
    [SQL_REMINDED] = "UPDATE message SET reminders = reminders + 1, reminded = ? WHERE number = ?",
    [SQL_END] = "UPDATE message SET state = ?, ended = ?, key = 0, wrapped = NULL, pending = NULL WHERE number = ?",
    [SQL_REMOVED] = "UPDATE message SET removed = ? WHERE number = ? AND removed = 0",
    [SQL_EXPIRES] = "UPDATE message SET expires = ? WHERE number = ? AND state < 4",
    [SQL_FORGET] =
	"DELETE FROM message WHERE number IN (SELECT number FROM message m WHERE ended > 0 AND ended <= ? AND removed > 0 "
	"AND NOT EXISTS (SELECT 1 FROM outbox WHERE message = m.number AND done = 0) "
	"AND NOT EXISTS (SELECT 1 FROM event WHERE message = m.number AND recorded = 0) LIMIT ?)",
    [SQL_HISTORY] = "SELECT e.number, e.at, m.id, e.event, e.detail, m.sender, m.recipient FROM event e JOIN message m ON "
		    "m.number = e.message "
		    "WHERE e.message = " MESSAGE_OF_ID " AND e.number > ? ORDER BY e.number LIMIT ?",
    [SQL_UNRECORDED] = "SELECT e.number, e.at, m.id, e.event, e.detail, m.sender, m.recipient FROM event e JOIN message m ON "
		       "m.number = e.message "
		       "WHERE e.recorded = 0 AND e.number > ? ORDER BY e.number LIMIT ?",
    [SQL_RECORDED] = "UPDATE event SET recorded = 1 WHERE recorded = 0 AND number <= ?",

    [SQL_MAIL] = "INSERT OR IGNORE INTO outbox (message, kind, nth, created, due) VALUES (?1, ?2, ?3, ?4, ?4)",
    [SQL_MAIL_NEXT] = "SELECT o.number, o.kind, o.created, o.due, o.tries, " ROW_COLUMNS
		      " FROM outbox o JOIN message m ON m.number = o.message "
		      "WHERE o.done = 0 AND o.due <= ? ORDER BY o.due, o.number LIMIT 1",
    [SQL_MAIL_MESSAGE] = "SELECT message FROM outbox WHERE number = ? AND done = 0",
    [SQL_MAIL_DONE] = "UPDATE outbox SET done = ? WHERE number = ?",
    [SQL_MAIL_LATER] = "UPDATE outbox SET tries = tries + 1, due = ? WHERE number = ? AND done = 0",
    [SQL_MAILS_GONE] = "DELETE FROM outbox WHERE message = ? AND kind = 5 AND done = 0",

    [SQL_OLD_KEYS] = "SELECT id, link_check, wrapped, pending, key, number FROM message "
		     "WHERE key > 0 AND key < ? AND (key, number) > (?, ?) ORDER BY key, number LIMIT ?",
    [SQL_REWRAP] = "UPDATE message SET key = ?, wrapped = ?, pending = ? WHERE number = ? AND key = ?",
    [SQL_OLDEST_KEY] = "SELECT min(key) FROM message WHERE key > 0",
    [SQL_STEP_ROWS] = "SELECT number, id, ended FROM message WHERE id > ? AND id <= ? AND removed = 0 "
		      "AND (ended > 0 OR lost = 0) AND created <= ? ORDER BY id LIMIT 256",
    [SQL_LOST] = "UPDATE message SET lost = ? WHERE number = ? AND lost = 0 AND ended = 0",

    [SQL_CODE_SET] = "INSERT OR REPLACE INTO code (message, hash, expires, tries) VALUES (?, ?, ?, 0)",
    [SQL_CODE_GET] = "SELECT hash, expires, tries FROM code WHERE message = ?",
    [SQL_CODE_TRY] = "UPDATE code SET tries = tries + 1 WHERE message = ?",
    [SQL_CODE_USE] = "DELETE FROM code WHERE message = ? AND hash = ?",
    [SQL_CODE_GONE] = "DELETE FROM code WHERE message = ?",
    [SQL_GATE] = "SELECT failures, locked_until, mails, mails_from FROM message WHERE number = ?",
    [SQL_GATE_SET] = "UPDATE message SET failures = ?2, locked_until = ?3, mails = ?4, mails_from = ?5 WHERE number = ?1",
    [SQL_ADDRESS] = "SELECT failures, locked_until, mails, mails_from FROM address WHERE name = ?",
    [SQL_ADDRESS_SET] = "INSERT OR REPLACE INTO address (name, failures, locked_until, mails, mails_from) VALUES (?, ?, ?, ?, ?)",
    [SQL_ADDRESS_OLD] = "DELETE FROM address WHERE locked_until <= ?1 AND mails_from <= ?1",
    [SQL_PHRASE_SET] = "INSERT OR REPLACE INTO passphrase (recipient, sender, created, salt, hash) VALUES (?, ?, ?, ?, ?)",
    [SQL_PHRASE_GONE] = "DELETE FROM passphrase WHERE recipient = ? AND sender = ?",
    [SQL_PHRASE] = "SELECT salt, hash FROM passphrase WHERE recipient = ?1 AND sender IN (?2, '') ORDER BY sender DESC LIMIT 1",
    [SQL_PHRASES] = "SELECT recipient, sender, created FROM passphrase WHERE (recipient, sender) > (?, ?) ORDER BY recipient, "
		    "sender LIMIT 64",
};
