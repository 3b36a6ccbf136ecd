/* SPDX-License-Identifier: Apache-2.0 */
/* header: the header fields of a message in order, byte exact (struct mw_field), and finding where the header ends. */
#ifndef MW_MAIL_HEADER_H
#define MW_MAIL_HEADER_H

#include "base/arena.h"
#include "base/err.h"

struct mw_header {
	size_t n, cap;
	struct mw_field *v;
	uint64_t octets; /* names, colons, values and line ends */
};

/* Appends a copy. 0 or -ENOMEM. */
int mw_header_add(struct mw_arena *, struct mw_header *, struct mw_str name, struct mw_str value);
/* First field of that name (case-insensitive) at or after index *from (may be NULL), which is set behind it. NULL = none. */
const struct mw_field *mw_header_find(const struct mw_header *, const char *name, size_t *from);
/* Takes the next field (with all its folded lines) off the start of *rest; the field points into it. False: no field is there,
 * and *rest begins with the body (an empty line is taken off; any other line that is no field belongs to the body). */
bool mw_header_next(struct mw_str *rest, struct mw_field *ret);
/* Takes a line off the start of *rest, whatever it is. */
void mw_header_skip_line(struct mw_str *rest);
/* Takes the "From " line of an mbox off the start of *raw, when there is one. */
void mw_header_skip_mbox(struct mw_str *raw);
/* Splits raw message bytes (LF or CRLF lines, an mbox "From " line is skipped) into fields that point into `raw`; *body is the
 * rest after the empty line. Lines that are no field end the header, as in Postfix. 0 or -ENOMEM. */
int mw_header_parse(struct mw_arena *, struct mw_str raw, struct mw_header *, struct mw_str *body);
/* RFC 2047 decoding and unfolding to UTF-8: what a reader sees. Damaged words stay as they are, NUL octets vanish.
 * NULL = no memory. */
char *mw_header_decode(struct mw_arena *, struct mw_str value);
/* header_encode.c: a value for an unstructured field of that name, as it stands behind the colon: with a blank in front, folded with LF,
 * in encoded words when it is not printable ASCII. NULL = no memory. */
char *mw_header_encode(struct mw_arena *, const char *name, const char *utf8);

#endif
