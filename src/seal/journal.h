/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: which copies were given back to the MTA, so that a retry does not send one twice. A record is a line of fixed places,
 *     TIME STATE QUEUEID KEY[TAB DETAIL]      1763800000 d 4jXCcW55ZMz1bYG3 ...          key
 * written and on disk before a copy is sent (s, started), and changed where it stands when the MTA has taken it (d, done): that needs no
 * room, so a disk that is full stops copies before they are sent and never after. DETAIL is what an audit record needs to know of the copy: it
 * is there before the copy is sent, so that a crash behind that takes nothing from the record. Files are of limited size and age; the oldest go.
 * Not thread safe: one process, which locks the folder.
 */
#ifndef MW_SEAL_JOURNAL_H
#define MW_SEAL_JOURNAL_H

#include "base/err.h"
#include "smtp/reply.h"

#define MW_JOURNAL_KEY 1400u   /* octets of a key, with the terminator */
#define MW_JOURNAL_DETAIL 600u /* of a detail */

enum mw_fate { MW_FATE_NEW = 0, MW_FATE_STARTED, MW_FATE_DONE };

struct mw_journal;
/* dir: exists, ours alone. Records older than keep seconds are forgotten, and the oldest when there are more than most octets. What
 * a crash has torn at the end of a file is passed over. -EBUSY: another process has it. */
int mw_journal_open(const char *dir, int64_t keep, uint64_t most, int64_t now, struct mw_journal **ret, struct mw_err *);
/* queue_id: set when it is done. Keys: printable, no blanks at the ends. */
enum mw_fate mw_journal_look(const struct mw_journal *, const char *key, char queue_id[MW_QUEUE_ID]);
/* Writes that it is started, with its detail (no control characters); again, when that differs from before. Safe when mw_journal_sync() has
 * returned 0. */
int mw_journal_begin(struct mw_journal *, const char *key, const char *detail, int64_t now, struct mw_err *);
/* The detail that it was begun with; "" when there is none, or it cannot be read. */
void mw_journal_detail(const struct mw_journal *, const char *key, char ret[MW_JOURNAL_DETAIL]);
/* Known as done at once, even when this fails, until the process ends. */
int mw_journal_done(struct mw_journal *, const char *key, const char *queue_id, struct mw_err *);
int mw_journal_sync(struct mw_journal *, struct mw_err *);
void mw_journal_set_limits(struct mw_journal *, int64_t keep, uint64_t most);
size_t mw_journal_count(const struct mw_journal *);
void mw_journal_close(struct mw_journal **);

#endif
