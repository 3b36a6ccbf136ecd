/* SPDX-License-Identifier: Apache-2.0 */
/* reply: answers of an SMTP server (RFC 5321 4.2), and answers of ours. Pure over (pointer, length). */
#ifndef MW_SMTP_REPLY_H
#define MW_SMTP_REPLY_H

#include "base/buf.h"
#include "base/str.h"

#define MW_REPLY_LINE 2048u
#define MW_REPLY_LINES 128u /* of one answer */
#define MW_QUEUE_ID 40u	    /* octets of a queue id, with the terminator */

/* One line: 0 and its code, whether others follow, and its text. -EBADMSG. */
int mw_reply_line(struct mw_str line, unsigned *code, bool *more, struct mw_str *text);
/* The queue id that the text of a 250 names: "2.0.0 Ok: queued as 4jXC" of Postfix, "2.0.0 6AM2O93T017564 Message accepted" of Sendmail;
 * "-" when it names none. */
void mw_reply_queue_id(struct mw_str text, char ret[MW_QUEUE_ID]);

/* What a recipient is answered. */
struct mw_answer {
	unsigned code;	/* 250, 4xx, 5xx */
	char text[400]; /* enhanced status and words: printable ASCII in one line */
	bool unknown;	/* of a re-entry: the server had all of it and did not answer, so it may have it */
};
/* status: "5.7.1". What is not printable in the words becomes "?". */
void mw_answer_set(struct mw_answer *, unsigned code, const char *status, const char *fmt, ...) MW_PRINTF(4, 5);
/* What a server has said: its code, and its enhanced status or one that says as much; the words are put behind prefix. Any code but
 * those of a lasting refusal is 451. */
void mw_answer_pass(struct mw_answer *, unsigned code, struct mw_str text, const char *prefix);

#endif
