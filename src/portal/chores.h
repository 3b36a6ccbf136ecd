/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chores: what happens to messages of the portal by themselves: they expire, their recipients are reminded, their senders hear what
 * became of them; keys and crates of those that ended are removed, also where a crash came between; rows move to the newest server key.
 * One thread. Each chore is a row of small transactions and can be ended at any point: what was not done is done in a later round.
 */
#ifndef MW_PORTAL_CHORES_H
#define MW_PORTAL_CHORES_H

#include "pickup/record.h"
#include "portal/letter.h"

enum mw_sent { MW_SENT = 1, MW_SENT_NEVER = 0 }; /* negative: it may be sent later */

struct mw_chores {
	/* set by the caller, who may change them between two rounds */
	struct mw_letter_site site;
	struct mw_pickup *store;      /* opened with keys */
	struct mw_pickup_keys *keys;  /* NULL: nothing is wrapped again */
	struct mw_recorder *recorder; /* NULL: none */
	/* Gives a letter to the MTA. said: its queue id, or why it can never be sent. */
	int (*send)(void *ctx, const struct mw_letter *, char *said, size_t n, struct mw_err *);
	void *ctx;
	/* private; zero at first */
	bool emptied;	   /* the write-ahead log, since something ended here */
	int64_t looked;	   /* when, into that log */
	unsigned folder;   /* of crates that is swept next */
	int64_t swept;	   /* when */
	uint32_t complain; /* chores that failed the last time: bits */
};

/* One round. True: there is more to do at once. What fails is logged, once until it works again. */
bool mw_chores_round(struct mw_chores *, int64_t now);

#endif
