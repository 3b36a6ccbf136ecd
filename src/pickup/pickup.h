/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickup: messages that wait to be picked up in the portal. Three things make one:
 *     a crate   DIR/crates/XX/ID: the message's parts, encrypted under a key K of its own (crate.h)
 *     a row     in DIR/pickup.db (SQLite): who, when, how long, in which state, and K, wrapped twice (wrap.h)
 *     a link    ID and SECRET in a URL (link.h): only the recipient's mailbox has the secret
 * Several processes (milward-seal, milward-portal, milwardctl) use one store at the same time. An open store is used by one thread at a time:
 * each thread opens its own, and a child of fork() does not touch that of its parent (nor close it). Every change is one transaction that is on disk when the function returns 0; a process that is killed leaves
 * either all of it or nothing, and at most a crate without a row, which mw_pickup_sweep() removes.
 *
 * Errors of all functions, beside their own: -ENOSPC the disk is full, -EBUSY another process kept the database locked for too long, -EUCLEAN
 * the database is damaged, -EROFS it may not be written, -EIO, -ENOMEM. Nothing was changed then. Times are seconds since 1970.
 */
#ifndef MW_PICKUP_PICKUP_H
#define MW_PICKUP_PICKUP_H

#include "pickup/keys.h"
#include "pickup/link.h"
#include "pickup/wrap.h"

#define MW_PICKUP_ADDRESS 1024u /* octets of an address, with the terminator */
#define MW_PICKUP_WORD 64u	/* of a queue id, or a language */
#define MW_PICKUP_MESSAGE_ID 256u

struct mw_pickup;

/* dir: exists; create: makes what is missing in it, and brings an older database up to date. Where the folder is the group's, too (mode
 * 2770), so is what is made in it. -ENOENT: there is no store; -EOPNOTSUPP: a later milward made it; -EUCLEAN. keys stay the caller's, must
 * outlive the store, and may be NULL where nothing is stored or read (lists, recall). */
int mw_pickup_open(const char *dir, struct mw_pickup_keys *keys, bool create, struct mw_pickup **ret, struct mw_err *);
void mw_pickup_close(struct mw_pickup **);

/* ---- what is known of a message ------------------------------------------------------------------------------------------------- */

enum mw_pickup_state {
	MW_PICKUP_STORED = 1, /* no notice has gone out */
	MW_PICKUP_WAITING,    /* the recipient has the link */
	MW_PICKUP_READ,
	MW_PICKUP_EXPIRED, /* from here on: the key is gone; the row tells what was */
	MW_PICKUP_RECALLED,
};
const char *mw_pickup_state_name(enum mw_pickup_state); /* "stored", … */

enum { MW_PROOF_CODE = 1, MW_PROOF_PASSPHRASE = 2 }; /* bits of proof */

struct mw_pickup_row {
	int64_t number; /* in the order they came; never used twice */
	unsigned char id[MW_PICKUP_ID];
	char sender[MW_PICKUP_ADDRESS], recipient[MW_PICKUP_ADDRESS];
	char language[MW_PICKUP_WORD], queue_id[MW_PICKUP_WORD];
	char origin_queue_id[MW_PICKUP_WORD];	      /* of the message that was handed in, for its sender and the MTA's log */
	char origin_message_id[MW_PICKUP_MESSAGE_ID]; /* its Message-ID, "" when it had none */
	char message_id[MW_PICKUP_MESSAGE_ID];	      /* of the notice, with its angle brackets; "" before it went out */
	enum mw_pickup_state state;
	uint32_t proof;
	uint32_t reads, reminders;
	uint32_t key;	  /* number of its server key; 0: K is gone */
	uint32_t objects; /* with the manifest */
	uint64_t size;	  /* of the crate */
	int64_t created, expires;
	/* 0: did not happen */
	int64_t noticed, first_read, last_read, reminded, ended /* expired or recalled */, removed /* the crate is gone, too */;
	int64_t lost;	      /* a sweep did not find its crate */
	uint32_t failures;    /* tries since the last good one */
	int64_t locked_until; /* 0 or past: not locked; of the message; see mw_pickup_gate_get() for the address */
};

/* -ENOENT. */
int mw_pickup_find(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_row *, struct mw_err *);

/* What may change from one moment to the next. -ENOENT. */
struct mw_pickup_moment {
	enum mw_pickup_state state;
	int64_t expires, last_read;
};
int mw_pickup_moment(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_moment *, struct mw_err *);
/* From now on nothing waits for others who have the database locked: -EBUSY at once. For who only reads, and has another way. */
void mw_pickup_hurry(struct mw_pickup *);

struct mw_pickup_filter {		/* 0 or NULL: any */
	uint32_t states;		/* bits 1u << state */
	const char *sender, *recipient; /* ASCII case does not count */
	const char *origin;		/* the origin's queue id or Message-ID */
	int64_t expires_before;		/* <=, and not ended */
	int64_t noticed_before;		/* <=, and noticed at all */
	int64_t ended_before;		/* <=, and ended at all */
	int64_t since;			/* created >= */
	bool unreminded;		/* waiting, and no reminder has gone out */
	uint32_t reminders_below;	/* waiting, and reminders have gone out, but fewer than that; the last one … */
	int64_t reminded_before;	/* … <= */
	bool unremoved;			/* ended, and the crate not yet removed */
	bool newest_first;
	uint32_t most;
};
/* fn may use the store; it ends the walk by not returning 0, and that is returned. The row is fn's until it returns. */
int mw_pickup_each(struct mw_pickup *, const struct mw_pickup_filter *, int (*fn)(void *ctx, const struct mw_pickup_row *),
		   void *ctx, struct mw_err *);

struct mw_pickup_total {
	uint64_t messages[MW_PICKUP_RECALLED + 1]; /* by state */
	uint64_t octets;			   /* of crates that are there */
};
int mw_pickup_total(struct mw_pickup *, struct mw_pickup_total *, struct mw_err *);

/* ---- hand-in -------------------------------------------------------------------------------------------------------------------- */

/* What a process that makes crates gives to the one that has the store. Plain data: safe to pass through a socket as it is. */
struct mw_pickup_ticket {
	struct mw_pickup_lock lock;
	int64_t created, expires;
	uint64_t size;
	uint32_t objects, proof;
	char language[MW_PICKUP_WORD];
	char origin_queue_id[MW_PICKUP_WORD];	      /* "-" or "": not known */
	char origin_message_id[MW_PICKUP_MESSAGE_ID]; /* with its angle brackets; "" when there is none that fits */
	/* of what was stored before: */
	bool noticed; /* the notice is out: nothing is left to do, and lock.pending is empty */
	char queue_id[MW_PICKUP_WORD];
};

/* key: what names this copy for this recipient, the same in a retry (the journal's key). 1: it was stored before, here is its ticket; 0: here
 * is a new file without a name, for mw_crate_begin() and mw_pickup_store(), the caller's to close. */
int mw_pickup_room(struct mw_pickup *, const char *key, struct mw_pickup_ticket *, int *fd, struct mw_err *);
/* Crate and row, in one. fd stays the caller's. The ticket is looked at: a crate that is not of its id or size is -EINVAL, a server key that
 * is not in the file -ENOKEY. -EEXIST: somebody else stored this key meanwhile: ask mw_pickup_room() for the ticket and go on with that. */
int mw_pickup_store(struct mw_pickup *, const char *key, const struct mw_pickup_ticket *, const char *sender,
		    const char *recipient, int fd, struct mw_err *);
/* The notice is out: the secret is forgotten. Safe to repeat. -ENOENT. */
int mw_pickup_noticed(struct mw_pickup *, const char *key, const char *queue_id, const char *message_id, int64_t now,
		      struct mw_err *);

/* ---- reading -------------------------------------------------------------------------------------------------------------------- */

/* Is this the link of a message that can be read? row may be NULL. -ENOENT: no such message; -EACCES: not its secret (both take as long);
 * -ESTALE: the right link, but expired, recalled or removed: row says which. Changes nothing. */
int mw_pickup_check(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
		    int64_t now, struct mw_pickup_row *row, struct mw_err *);
/* The same, and K. The caller wipes it. -ENOKEY: the server key is not in the file; -EBADMSG: the row is damaged. No proof of identity is
 * asked for here: see prove.h. */
int mw_pickup_unlock(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
		     int64_t now, unsigned char key[MW_PICKUP_KEY], struct mw_pickup_row *row, struct mw_err *);
/* Its crate, for mw_crate_open(). -ENOENT: the file is gone. */
int mw_pickup_crate(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], int *fd, struct mw_err *);

/* ---- life ----------------------------------------------------------------------------------------------------------------------- */

enum mw_pickup_event { /* numbers stand in databases: never change one */
		       MW_EVENT_STORED = 1,
		       MW_EVENT_NOTICED = 2,
		       MW_EVENT_CODE = 3,   /* a code was mailed */
		       MW_EVENT_FAILED = 4, /* a wrong code or passphrase */
		       MW_EVENT_LOCKED = 5,
		       MW_EVENT_SIGNED_IN = 6,
		       MW_EVENT_READ = 7, /* shown; sets first_read, last_read, reads, and the state */
		       MW_EVENT_FETCHED = 8,
		       MW_EVENT_REPLIED = 9,
		       MW_EVENT_REMINDED = 10, /* sets reminded, reminders */
		       MW_EVENT_EXPIRED = 11,
		       MW_EVENT_RECALLED = 12,
		       MW_EVENT_REMOVED = 13,
		       MW_EVENT_LOST = 14,
		       MW_EVENT_MAILED = 15, /* a mail of the outbox went out */
		       MW_EVENT_UNLOCKED = 16,
};
const char *mw_pickup_event_name(enum mw_pickup_event); /* "stored", "signed-in", … */

enum mw_pickup_mail { /* numbers stand in databases */
		      MW_MAIL_NONE = 0,
		      MW_MAIL_PICKED_UP = 1, /* receipts, to the sender */
		      MW_MAIL_EXPIRED = 2,
		      MW_MAIL_LOCKED = 3,
		      MW_MAIL_RECALLED = 4,
		      MW_MAIL_REMINDER = 5, /* to the recipient */
};

/* An event, what it changes in the row, and the mail that it calls for, in one transaction. detail: one line without content, "" or NULL for
 * none. mail: is put into the outbox once for each message and kind (reminders: once for each). -ENOENT. -ESTALE: READ or FETCHED, and the
 * message has ended meanwhile: it must not be shown. EXPIRED, RECALLED, REMOVED, LOST are mw_pickup_end()'s and the sweep's: -EINVAL. */
int mw_pickup_note(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], enum mw_pickup_event, const char *detail,
		   enum mw_pickup_mail, int64_t now, struct mw_err *);
/* What mw_pickup_note() is given, and what it has returned. */
struct mw_pickup_step {
	unsigned char id[MW_PICKUP_ID];
	enum mw_pickup_event event;
	const char *detail;
	enum mw_pickup_mail mail;
	int64_t now;
	int result;
	struct mw_err err;
};
/* The same for steps of n messages, which are on disk together: one transaction, and the disk is waited for as often as for one. That one of them
 * fails keeps no other one from it. The witness is told of all at once, in a thread of his own. */
void mw_pickup_note_all(struct mw_pickup *, struct mw_pickup_step *, size_t n);
/* The end of a message: EXPIRED or RECALLED. The key goes first, then the crate; a crash between them is made good by the next call or a
 * sweep. 1: ended now, row (may be NULL) tells what it was before, so that a recall can say honestly what was read; 0: it had ended before. */
int mw_pickup_end(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], enum mw_pickup_state, const char *detail,
		  enum mw_pickup_mail, int64_t now, struct mw_pickup_row *row, struct mw_err *);
/* Another time to expire. -ESTALE: it has ended. */
int mw_pickup_set_expires(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], int64_t expires, struct mw_err *);
/* Rows that ended before this, whose mails and events are all done with, are forgotten, with their events: how many, at most `most`. */
int mw_pickup_forget(struct mw_pickup *, int64_t ended_before, uint32_t most, size_t *forgotten, struct mw_err *);

/* How many events of that kind a message had after a time; none of a message that there is not. */
int mw_pickup_events(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], enum mw_pickup_event, int64_t after, uint64_t *n,
		     struct mw_err *);

struct mw_pickup_record { /* an event */
	int64_t number, at;
	unsigned char id[MW_PICKUP_ID];
	enum mw_pickup_event event;
	char detail[256];
	char sender[MW_PICKUP_ADDRESS], recipient[MW_PICKUP_ADDRESS];
};
/* All events of a message, in their order. fn as in mw_pickup_each(). */
int mw_pickup_history(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID],
		      int (*fn)(void *ctx, const struct mw_pickup_record *), void *ctx, struct mw_err *);
/* Somebody who is told of each event of this store before its transaction ends (the audit file, pickup/record.h), of the n of a group at once (of
 * which no number is known yet): what he refuses, by a negative value with err, does not happen. The event counts as recorded then. NULL: nobody, as it is at first. */
typedef int mw_pickup_witness_fn(void *ctx, const struct mw_pickup_record *, size_t n, struct mw_err *);
void mw_pickup_witness(struct mw_pickup *, mw_pickup_witness_fn *, void *ctx);
/* Events of all messages that are not in the audit log yet, in their order, at most `most`; mw_pickup_recorded() when they are, up to number. */
int mw_pickup_unrecorded(struct mw_pickup *, uint32_t most, int (*fn)(void *ctx, const struct mw_pickup_record *), void *ctx,
			 struct mw_err *);
int mw_pickup_recorded(struct mw_pickup *, int64_t number, struct mw_err *);

/* ---- the outbox: mails that are to go out ---------------------------------------------------------------------------------------- */

struct mw_pickup_letter {
	int64_t number, created, due;
	enum mw_pickup_mail kind;
	uint32_t tries;
	struct mw_pickup_row row;
};
/* The next one that is due. -ENOENT: none. */
int mw_pickup_outbox_next(struct mw_pickup *, int64_t now, struct mw_pickup_letter *, struct mw_err *);
/* It went out (an event MAILED with detail, the queue id), or is given up (sent false). */
int mw_pickup_outbox_done(struct mw_pickup *, int64_t number, bool sent, const char *detail, int64_t now, struct mw_err *);
int mw_pickup_outbox_later(struct mw_pickup *, int64_t number, int64_t due, struct mw_err *);

/* ---- housekeeping --------------------------------------------------------------------------------------------------------------- */

/* At most `batch` rows on older server keys are wrapped by the newest: how many. Readers go on meanwhile. -ENOKEY, -EBADMSG: some of them
 * could not be, err names the last one; the others were, and done says how many. */
int mw_pickup_rewrap(struct mw_pickup *, uint32_t batch, size_t *done, struct mw_err *);
/* The lowest number of a server key that a row needs; 0: none. */
int mw_pickup_oldest_key(struct mw_pickup *, uint32_t *number, struct mw_err *);

struct mw_pickup_swept {
	size_t crates;	/* without a row, or whose message has ended: removed */
	size_t ended;	/* messages that had ended, whose removal was not complete */
	size_t missing; /* rows without their crate: an event LOST each, once */
};
/* One of the 256 folders of crates (step 0 to 255). Crates younger than grace seconds are left alone: their row may be on its way. What
 * cannot be removed or looked at keeps nothing else from it: the first such failure is returned, and *ret has what was done. */
int mw_pickup_sweep(struct mw_pickup *, unsigned step, int64_t grace, int64_t now, struct mw_pickup_swept *, struct mw_err *);
/* Empties the write-ahead log, so that no key that was removed stands in it any longer. -EBUSY: readers hold it, try again later. */
int mw_pickup_checkpoint(struct mw_pickup *, struct mw_err *);
/* Whether there is something in that log, of whatever process. */
bool mw_pickup_logged(const struct mw_pickup *);

#endif
