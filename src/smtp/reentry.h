/* SPDX-License-Identifier: Apache-2.0 */
/* reentry: gives a message back to the MTA by SMTP: to the listener whose only milter is the signer. */
#ifndef MW_SMTP_REENTRY_H
#define MW_SMTP_REENTRY_H

#include "smtp/lmtp.h"
#include "smtp/reply.h"
#include "smtp/stream.h"

#include <sys/types.h>

/* The message: header fields, an empty line and what follows, from memory; then a file from an offset to its end. */
struct mw_mail {
	struct mw_buf head;
	int fd;
	int64_t from;
	bool seven_bit; /* of the file: nothing over 127, and no line over 998 octets, or it is not sent */
	bool repair;	/* of the file: a CR or LF that stands alone ends a line */
	/* When not NULL, in place of the file, from 0 on: up to n octets from `at`, where the last call ended: how many, 0 at the end, or
	 * negative errno. */
	ssize_t (*read)(void *ctx, int64_t at, char *p, size_t n);
	void *read_ctx;
};

/* How it goes: strings as they stand behind the "=" in a command, "" = absent. */
struct mw_envelope_out {
	struct mw_str sender, recipient; /* without <> */
	const struct mw_lmtp_mail *mail;
	struct mw_str notify, orcpt;
	bool eight_bit;				   /* the header or the file has octets over 127 */
	const char (*xforward)[MW_XFORWARD_VALUE]; /* MW_XFORWARDS of them; NULL = nobody's but ours */
};

struct mw_reentry {
	const char *name; /* for EHLO */
	int64_t reply;	  /* milliseconds that an answer may take */
	/* A socket on its way to the listener, or negative errno. */
	int (*connect)(void *ctx);
	/* Asked before the dot that makes the message the server's: false takes it back. */
	bool (*goes_on)(void *ctx);
	void *ctx;
	/* private */
	bool up, pipelining, dsn, eight_bit, utf8, size, xforward;
	struct mw_stream stream; /* .fd -1 at first */
};

/* 250 in the answer: it is in the queue, under that id. Else why not: 4xx also for what a listener that is set up well does not say. */
void mw_reentry_send(struct mw_reentry *, const struct mw_envelope_out *, const struct mw_mail *, struct mw_answer *,
		     char queue_id[MW_QUEUE_ID]);
/* Says goodbye; can be used again. */
void mw_reentry_close(struct mw_reentry *);

#endif
