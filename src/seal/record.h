/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: a record of kind `seal` in an audit file (milward-audit(5)) for each copy that the MTA has taken back, on disk before the MTA hears
 * that its recipient is done with. Written by the parent, which has no message, of what its child told before the copy was sent (the detail of
 * the journal) and of the queue id that the MTA gave. Records of a retry that has nothing left to do say so: one twice, never none.
 */
#ifndef MW_SEAL_RECORD_H
#define MW_SEAL_RECORD_H

#include "base/err.h"
#include "seal/journal.h"

#define MW_SEAL_ADDRESS 520u /* octets of an address as LMTP may have it, with the terminator */

/* What a copy is about, in words of the process that has the message. */
struct mw_seal_detail {
	const char *means;   /* smime, openpgp, portal, open */
	const char *key;     /* fingerprint of the recipient's key or certificate; "" = none */
	const char *signer;  /* of the site's, that signed; "" = none */
	const char *digest;  /* SHA-256 of the body as it was given back, of what is encrypted; "" = none */
	long long size;	     /* its octets */
	const char *results; /* of what was opened */
};
/* As the journal keeps it: printable, one line. */
void mw_seal_detail_put(const struct mw_seal_detail *, char ret[MW_JOURNAL_DETAIL]);

struct mw_seal_record {
	const char *key; /* of the journal: begins with the message's id */
	const char *queue_id, *sender, *recipient;
	const char *detail;
	const char *queued_as;
	const char *policy; /* its digest */
	bool again;	    /* a retry: it was done before */
};
/* Members of the record, malloc'ed; NULL: no memory. What is no detail is left out. */
char *mw_seal_record_members(const struct mw_seal_record *);

struct mw_seal_recorder;
/* *ret is NULL when path is: nothing is recorded. policy: digest, must stay. Errors name the file. */
int mw_seal_recorder_open(const char *path, const char *key, const char *policy, struct mw_seal_recorder **ret, struct mw_err *);
void mw_seal_recorder_close(struct mw_seal_recorder **); /* accepts NULL, sets NULL */
/* In a child: gives it up, and writes nothing. */
void mw_seal_recorder_leave(struct mw_seal_recorder **);
/* Is there room for records? 0 for one that is NULL. */
int mw_seal_recorder_ready(struct mw_seal_recorder *, struct mw_err *);
/* All of them at once. 0: they are on disk. */
int mw_seal_recorder_write(struct mw_seal_recorder *, const char *const *members, size_t n, struct mw_err *);

#endif
