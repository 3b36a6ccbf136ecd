/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dmarc_log: what aggregate reports are made of. A message whose domain has a record of DMARC is one line of JSON in a file of its day:
 * domains, results and the client's address, no local part and nothing of the message. It is no audit record: what cannot be written is
 * lost, which is said once, and the message goes on.
 */
#ifndef MW_AUTH_DMARC_LOG_H
#define MW_AUTH_DMARC_LOG_H

#include "auth.h"

#define MW_DMARC_LOG_MOST (256u * 1024u * 1024u)       /* octets of a day */
#define MW_DMARC_LOG_DAYS 32			       /* that are kept */
#define MW_DMARC_LOG_LINE 16384u		       /* octets of a line, at most */
#define MW_DMARC_LOG_NAME "dmarc-%04d-%02d-%02d.jsonl" /* year, month, day of UTC */

/* What was done with a message. */
enum mw_disposition { MW_DISPOSITION_NONE, MW_DISPOSITION_QUARANTINE, MW_DISPOSITION_REJECT };

struct mw_dmarc_log; /* any number of threads, and of processes */

/* folder is borrowed. 0 or negative, with err filled. */
int mw_dmarc_log_open(const struct mw_host *, struct mw_self *, const char *folder, struct mw_dmarc_log **ret, struct mw_err *);
void mw_dmarc_log_close(struct mw_dmarc_log **); /* accepts NULL, sets NULL */
void mw_dmarc_log_add(struct mw_dmarc_log *, const struct mw_auth_mail *, const struct mw_auth *, enum mw_disposition);
/* The line for it, with its end; 0: there is nothing to report, or no room. */
size_t mw_dmarc_log_line(const struct mw_auth_mail *, const struct mw_auth *, enum mw_disposition, char to[MW_DMARC_LOG_LINE]);

#endif
