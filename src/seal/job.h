/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job: a message that has come, and what becomes of it for each recipient: sealed by the first means of his tag that can, opened, or
 * handed in to the portal; what comes of it is given back to the MTA, once.
 */
#ifndef MW_SEAL_JOB_H
#define MW_SEAL_JOB_H

#include "engine/generation.h"
#include "seal/control.h"
#include "seal/count.h"
#include "seal/head.h"
#include "smtp/reentry.h"
#include "seal/service.h"
#include "seal/tag.h"

/* What stays the same for a child. */
struct mw_worker {
	const struct mw_seal_conf *conf;
	const char *name, *author; /* to the MTA; in Authentication-Results */
	const struct mw_generation *gen;
	const struct mw_custody *custody; /* NULL: none */
	void *custody_inst;
	struct mw_parent parent;
	struct mw_reentry reentry;
	int file[3]; /* without names: the message, and two for sealers */
	struct mw_seal_counts *counts;
};

struct mw_job_rcpt {
	struct mw_str path; /* as it came */
	struct mw_tag tag;
	struct mw_str notify, orcpt; /* "" = absent */
};

struct mw_job {
	struct mw_worker *worker;
	struct mw_arena *arena;
	struct mw_str sender;
	struct mw_lmtp_mail mail;
	char (*xforward)[MW_XFORWARD_VALUE];
	char queue_id[64]; /* for the log, "-" = not known */
	struct mw_header header;
	int64_t body;	 /* where it begins in file[0] */
	bool eight_bit;	 /* of all */
	char id[160];	 /* of the journal: begins its keys */
	bool has_entity; /* file[1] is what sealers get */
};

/* The message is in file[0]: splits it. head: its first octets, up to the empty line or to a limit. 0; -EMSGSIZE: the header is larger;
 * other negative errno. */
int mw_job_begin(struct mw_job *, struct mw_str head, bool whole);
/* Does it for one recipient, logs it, and says what he is answered. */
void mw_job_deliver(struct mw_job *, const struct mw_job_rcpt *, struct mw_answer *);

/* For the files of a job: a message's part as a file of its own. They begin at their first octet then. Negative errno. */
int mw_file_begin(int fd, const struct mw_buf *head);
int mw_file_append(int to, int from, int64_t at);
/* The first octets of a file up to the end of its header, split; the body begins at *body. -EMSGSIZE: it is larger than a header may be. */
int mw_file_header(struct mw_arena *, int fd, struct mw_header *, int64_t *body);

/* open.c: takes off encryption and signatures. 1 opened: *fd, header and body; 0 it is as it came. results: what Authentication-Results
 * say. Negative: to be tried again, err says why. */
#define MW_RESULTS_MOST 8u
struct mw_opening {
	struct mw_buf results;
	char words[160]; /* for the log: "smime=pass" */
	int fd;
	struct mw_header header;
	int64_t body;
};
int mw_job_open(struct mw_job *, const struct mw_job_rcpt *, struct mw_opening *, struct mw_err *);

/* keep.c: hands in to the portal what has this key. True: the notice is in file[2], and is to be sent; else the recipient has his answer;
 * 250 in it: all was done before, under queue_id. */
bool mw_job_keep(struct mw_job *, const struct mw_job_rcpt *, const char *key, struct mw_answer *, char queue_id[MW_QUEUE_ID]);

#define MW_HEAD_MOST (1024u * 1024u) /* octets of a header */

#endif
