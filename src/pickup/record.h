/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: each step in the life of a message that waits in the portal, as a record of kind `portal` in an audit file (milward-audit(5)).
 * milward-seal, milward-portal and milwardctl write into the same file. A step is recorded in the middle of the transaction that makes it:
 * what cannot be recorded (a full disk) does not happen. A crash between the record and the end of the transaction leaves a record of a step
 * that is made, and recorded, once more: there may be two records of a step, and never none.
 */
#ifndef MW_PICKUP_RECORD_H
#define MW_PICKUP_RECORD_H

#include "pickup/pickup.h"

struct mw_recorder; /* any number of threads and stores may use one */

struct mw_recorder_setup {
	const char *path;	    /* NULL: nothing is recorded */
	const char *key;	    /* NULL: none */
	bool visit;		    /* a command: it does not record that it began and ended */
	const struct mw_host *host; /* of a module, with self; NULL: none */
	struct mw_self *self;
	const char *policy; /* digest of the policy, where there is no host; NULL: not known; must stay */
};

/* *ret is NULL when there is nothing to record with. Errors name the file. */
int mw_recorder_open(const struct mw_recorder_setup *, struct mw_recorder **ret, struct mw_err *);
void mw_recorder_close(struct mw_recorder **); /* after its stores; accepts NULL, sets NULL */
/* In a child that was forked: gives it up, and leaves it to the parent. Accepts NULL, sets NULL. */
void mw_recorder_leave(struct mw_recorder **);
/* From now on each event of this store is recorded, or does not happen. A recorder that is NULL is none. */
void mw_recorder_attach(struct mw_recorder *, struct mw_pickup *);
/* Something that is no event of a message: step as "rekeyed"; sender and recipient may be NULL. 0, also when the recorder is NULL. */
int mw_record(struct mw_recorder *, const char *step, const char *sender, const char *recipient, const char *detail,
	      struct mw_err *);
/* An event that has happened without a witness. */
int mw_record_event(struct mw_recorder *, const struct mw_pickup_record *, struct mw_err *);

#endif
