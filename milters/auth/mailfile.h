/* SPDX-License-Identifier: Apache-2.0 */
/* mailfile: a message in a file, with CRLF or LF at its lines, as the checks see one that comes by SMTP. */
#ifndef MW_AUTH_MAILFILE_H
#define MW_AUTH_MAILFILE_H

#include "auth.h"

#define MW_MAILFILE_MAX (64u * 1024u * 1024u)

struct mw_mailfile {
	char *text;
	struct mw_field *field;
	size_t fields;
	struct mw_str body;
	void *blocks; /* what the checks asked for */
};

/* path: "-" for standard input. Fills fields, body and alloc of *mail, which live until mw_mailfile_close(). 0 or negative with err. */
int mw_mailfile_open(const struct mw_host *, const char *path, struct mw_mailfile *, struct mw_auth_mail *mail, struct mw_err *);
void mw_mailfile_close(struct mw_mailfile *);

#endif
