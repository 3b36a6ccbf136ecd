/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime: the leaves of a message's MIME tree (RFC 2045-2047, 2231), by GMime over bytes that are not copied.
 * What is damaged is read as far as possible; what cannot be read is a leaf with a reason, never left out.
 */
#ifndef MW_MAIL_MIME_H
#define MW_MAIL_MIME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "mail/limits.h"

/* One process-wide initialisation of GMime; call it once in main before threads start. */
void mw_mime_init(void);

struct mw_mime;

struct mw_leaf {
	const char *path;    /* "1", "1.2" as in IMAP; a message/rfc822 nests: "2.1" */
	const char *type;    /* "text/plain", lower case; text/plain when absent or broken */
	const char *charset; /* label as given, lower case, "" when none */
	const char *name;    /* file name in UTF-8, "" when none */
	uint32_t zone;       /* MW_ZONE_BODY for text that is shown, MW_ZONE_ATTACHMENT, MW_ZONE_HEADER for a nested message's header */
	const char *unread;  /* NULL or a word of MW_UNREADABLE_WORDS: limit, damaged, encrypted, sealed */
};

/* message: borrowed, must outlive the result. breach[MW_LIMITS] (may be NULL) gets true for each limit that was reached: what
 * lies beyond is one leaf with unread = "limit". Result lives until mw_mime_free. Nested messages' header fields are leaves
 * with type "text/rfc822-headers" and path "2.header". 0, -ENOMEM. */
int mw_mime_parse(struct mw_arena *, struct mw_str message, const struct mw_limits *, bool breach[MW_LIMITS], struct mw_mime **ret,
		  struct mw_err *);
size_t mw_mime_leaves(const struct mw_mime *);
const struct mw_leaf *mw_mime_leaf(const struct mw_mime *, size_t i);
/* Content of a leaf, decoded from its transfer encoding, at most max octets. -EFBIG: *out holds the first max octets. */
int mw_mime_decode(struct mw_mime *, size_t i, uint64_t max, struct mw_buf *out);
void mw_mime_free(struct mw_mime **);

/* Octets in a charset (label may be empty, wrong or unknown) to valid UTF-8 appended to out. Bytes that mean nothing become
 * U+FFFD. *guessed: the label was of no use. 0 or -ENOMEM. */
int mw_charset_to_utf8(struct mw_str data, const char *label, struct mw_buf *out, bool *guessed);
/* Would that give the same octets back? Then no copy is needed. */
bool mw_charset_is_utf8(struct mw_str data, const char *label);

#endif
