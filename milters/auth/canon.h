/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon: the canonical forms of RFC 6376 3.4, hashed with SHA-256.
 *
 * Of the body it is the only one that milward uses: libopendkim's leaves every bare CR out of "relaxed", and of "simple" an octet at the
 * end of a line for each bare LF in it (ADR 52). Of the header it serves ARC, of which libopendkim knows nothing. A line ends with CRLF
 * or LF; a CR elsewhere is an octet as any other.
 */
#ifndef MW_AUTH_CANON_H
#define MW_AUTH_CANON_H

#include "sigfield.h"

#include <openssl/evp.h>

#define MW_BODIES_MAX 12u /* ways to hash the body of one message: canonicalisations, and lengths (l=) */

/* One way to hash a body. */
struct mw_body {
	bool simple, has_length;
	uint64_t length;
	/* In work. */
	EVP_MD_CTX *md;
	uint64_t blanks; /* empty lines that are not yet hashed */
	bool cr, space, text;
	size_t n;
	unsigned char buffer[1024];
	/* What came out. */
	uint64_t octets; /* of the canonical body, all of it */
	unsigned char hash[32];
};

struct mw_bodies {
	size_t n;
	struct mw_body *body[MW_BODIES_MAX];
};

/* The way that a signature hashes the body: an index; -E2BIG: there is no room for one more; -ENOMEM. */
int mw_bodies_add(struct mw_bodies *, const struct mw_auth_mail *, const struct mw_sigfield *);
/* Hashes the body of the mail; does nothing when nobody has asked. 0, -ENOMEM, or what reading the body gave. */
int mw_bodies_run(struct mw_bodies *, const struct mw_auth_mail *);
/* Gives back what OpenSSL holds; the rest is the message's. */
void mw_bodies_end(struct mw_bodies *);
/* A piece of the body, and its end; for who has no mail to read from. */
int mw_body_begin(struct mw_body *);
void mw_body_add(struct mw_body *, const char *p, size_t n);
int mw_body_finish(struct mw_body *);

/* Hashes one field. without: a part of the value that is left out, .p NULL = none. last: no line end behind it. 0, -ENOMEM. */
int mw_canon_field(EVP_MD_CTX *, bool simple, const struct mw_field *, struct mw_str without, bool last);
/* Hashes the fields that the signature covers, and the field that it stands in without its b=. 0, -ENOMEM, or -EBADMSG: one of them is
 * not clean. */
int mw_canon_header(const struct mw_sigfield *, const struct mw_auth_mail *, const struct mw_field *own, unsigned char hash[32]);
/* Is there no octet in the field that no line of a header has: NUL, CR and LF that are no fold, VT, FF? */
bool mw_field_clean(const struct mw_field *);
/* "Subject ": white space before the colon is not of the name. */
struct mw_str mw_field_name(const struct mw_field *);

#endif
