/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove: who presses the button. Codes that are mailed to the recipient, passphrases that sender and recipient have agreed on, and what
 * stops those who guess. A code is 8 digits, kept as a keyed hash of which the link's secret is the key: the database alone does not give it
 * away. A passphrase is kept as scrypt. Each try counts, before it is looked at, against the message and against the recipient's address.
 */
#ifndef MW_PICKUP_PROVE_H
#define MW_PICKUP_PROVE_H

#include "pickup/pickup.h"

#define MW_PICKUP_CODE 9u	   /* text of a code, with the terminator */
#define MW_PICKUP_PASSPHRASE 1024u /* octets at most */

struct mw_pickup_rule {		/* see mw_pickup_rule_usual */
	uint32_t tries;		/* failures of a message before it is locked */
	uint32_t address_tries; /* of all messages of an address */
	int64_t back_off;	/* seconds of the first lock; each failure more doubles it */
	int64_t back_off_most;
	int64_t code_life;   /* seconds */
	uint32_t code_tries; /* of one code, then it is void */
	uint32_t mails;	     /* codes that are mailed in an hour, of a message; of an address three times that */
};
extern const struct mw_pickup_rule mw_pickup_rule_usual; /* 5 tries, 20, 60 s to 1 day, 600 s, 5 tries, 3 mails */

/* A new code; one that was there is void. The caller mails it and wipes it. -EAGAIN: locked, or too many in this hour: wait (seconds) is set;
 * -ENOENT, -EACCES, -ESTALE as mw_pickup_check(). An event CODE. */
int mw_pickup_code_new(struct mw_pickup *, const struct mw_pickup_rule *, const unsigned char id[MW_PICKUP_ID],
		       const unsigned char secret[MW_PICKUP_SECRET], int64_t now, char code[MW_PICKUP_CODE], int64_t *wait,
		       struct mw_err *);

/* That code was not mailed: it is void, and does not count as one of this hour's. An event CODE, which says so. */
int mw_pickup_code_unsent(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
			  const char code[MW_PICKUP_CODE], int64_t now, struct mw_err *);

struct mw_pickup_proof { /* what the person gave; NULL: nothing */
	const char *code, *passphrase;
};
/* Looks at all that the row's proof asks for. 0: signed in (an event), K is the caller's to wipe, the code is used up. -EAGAIN: locked, nothing
 * was looked at, wait is set; -EPERM: wrong, or void, or none was set (which is not told); mail (MW_MAIL_LOCKED or none) goes to the outbox when
 * this locks the message. Others as mw_pickup_unlock(). Takes the time (some 0.2 s) and memory (16 MB) of one scrypt
 * when a passphrase is asked for. */
int mw_pickup_prove(struct mw_pickup *, const struct mw_pickup_rule *, const unsigned char id[MW_PICKUP_ID],
		    const unsigned char secret[MW_PICKUP_SECRET], const struct mw_pickup_proof *, enum mw_pickup_mail mail,
		    int64_t now, unsigned char key[MW_PICKUP_KEY], struct mw_pickup_row *row, int64_t *wait, struct mw_err *);
/* An administrator's: failures are forgotten, of the message and of its address. An event UNLOCKED. */
int mw_pickup_unlock_tries(struct mw_pickup *, const unsigned char id[MW_PICKUP_ID], int64_t now, struct mw_err *);

/* Passphrases. sender: "" for one that holds for all senders; the sender's own goes first. Addresses: ASCII case does not count. */
int mw_pickup_passphrase_set(struct mw_pickup *, const char *recipient, const char *sender, const char *phrase, int64_t now,
			     struct mw_err *);
/* -ENOENT. */
int mw_pickup_passphrase_remove(struct mw_pickup *, const char *recipient, const char *sender, struct mw_err *);
/* Is there one? 1, 0. */
int mw_pickup_passphrase_known(struct mw_pickup *, const char *recipient, const char *sender, struct mw_err *);
int mw_pickup_passphrase_each(struct mw_pickup *,
			      int (*fn)(void *ctx, const char *recipient, const char *sender, int64_t created), void *ctx,
			      struct mw_err *);

#endif
