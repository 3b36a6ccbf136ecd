/* SPDX-License-Identifier: Apache-2.0 */
/* testmail: struct mw_auth_mail out of the text of a message, for tests, fuzzers and verify_file. */
#ifndef MW_AUTH_TESTMAIL_H
#define MW_AUTH_TESTMAIL_H

#include "auth.h"

struct tm_mail {
	struct mw_auth_mail mail;
	struct mw_str body;
	size_t piece;	   /* the body comes in pieces of this size, 0 = all at once */
	size_t fail_alloc; /* the n-th alloc() from now fails, 0 = none */
	int fail_body;	   /* what reading the body gives */
	struct mw_field *field;
	void *blocks;
};

/* The text is borrowed. Aborts when there is no memory. */
void tm_open(struct tm_mail *, const char *p, size_t n);
/* Frees what alloc() gave, and the fields. */
void tm_close(struct tm_mail *);
/* A file, all of it; its text is the caller's. Ends the program with 2 when it cannot be read. */
struct mw_str tm_read(const char *path);

#endif
