/* SPDX-License-Identifier: Apache-2.0 */
/* private: what the files of the store share. */
#ifndef MW_PICKUP_PRIVATE_H
#define MW_PICKUP_PRIVATE_H

#include "pickup/db.h"

#include <sys/types.h>

#define DATABASE "pickup.db"

struct mw_pickup {
	struct mw_db db;
	struct mw_pickup_keys *keys;
	char *dir;
	int folder, crates; /* folders */
	bool group;	    /* what is made is the group's, too */
	mw_pickup_witness_fn *witness;
	void *witness_ctx;
};

/* Where a crate is, in the folder of crates: XX/ID. */
#define MW_CRATE_PATH (3u + MW_PICKUP_ID_TEXT)
void mw_pickup_crate_path(const unsigned char id[MW_PICKUP_ID], char ret[MW_CRATE_PATH]);
/* "there is no message ID" */
int mw_pickup_unknown(const unsigned char id[MW_PICKUP_ID], struct mw_err *);

/* The columns of a row, and the row from them, from a column on. */
#define ROW_COLUMNS                                                                                                              \
	"m.number, m.id, m.sender, m.recipient, m.language, m.queue_id, m.message_id, m.state, m.proof, m.reads, m.reminders, "  \
	"m.key, "                                                                                                                \
	"m.objects, m.size, m.created, m.expires, m.noticed, m.first_read, m.last_read, m.reminded, m.ended, m.removed, "        \
	"m.lost, "                                                                                                               \
	"m.failures, m.locked_until, m.origin_queue_id, m.origin_message_id"
int mw_pickup_row_read(struct mw_db *, sqlite3_stmt *, int from, struct mw_pickup_row *, struct mw_err *);
/* Of a message, inside of a transaction or not. -ENOENT. */
int mw_pickup_row_find(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_row *, struct mw_err *);

/* Inside of a transaction. */
int mw_pickup_event_add(struct mw_pickup *, int64_t number, enum mw_pickup_event, const char *detail, int64_t now,
			struct mw_err *);
/* The same, of a message whose row is known. */
int mw_pickup_event_of(struct mw_pickup *, const struct mw_pickup_row *, enum mw_pickup_event, const char *detail, int64_t now,
		       struct mw_err *);
/* The same, of a record without its number. told: the witness knows of it. */
int mw_pickup_event_put(struct mw_pickup *, int64_t number, struct mw_pickup_record *, bool told, struct mw_err *);
/* All but its number. -EINVAL: that is no detail. */
int mw_pickup_record_of(const struct mw_pickup_row *, enum mw_pickup_event, const char *detail, int64_t now,
			struct mw_pickup_record *, struct mw_err *);
/* nth: of the mails of this kind, of which there is one each. */
int mw_pickup_mail_add(struct mw_pickup *, int64_t number, enum mw_pickup_mail, int64_t nth, int64_t now, struct mw_err *);

/* Removes the crate of a message that has ended, and says so in its row. 0, also when it was gone. */
int mw_pickup_crate_remove(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], int64_t number, int64_t now,
			   struct mw_err *);
bool mw_pickup_crate_there(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID]); /* true when that cannot be told */

/* The check value, and the wraps when wrapped is there. ret: 0 found, *has_key says whether K is there. */
int mw_pickup_lock_read(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_lock *, bool *has_key,
			struct mw_err *);

#endif
