/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime: the leaves of a message's MIME tree (RFC 2045-2047, 2231), over bytes that are not copied.
 * What is damaged is read as far as possible; what cannot be read is a leaf with a reason, never left out: every octet of the
 * message is in a header, in a boundary line, or in a leaf.
 *
 * Beside the leaves proper there are, where they hold text:
 *	2.header     header fields of a message/rfc822 part (type text/rfc822-headers, octets as they are)
 *	2.mbox       the line "From …" above that header
 *	2.name       every name under which the attachment may be shown, a line each; once more in words when it is written in one
 *	2.mime       the fields of a part's header that are not MIME's own, Content-Description for one (decoded, UTF-8); of a
 *	             message/external-body its Content-Type too, which says where the content is
 *	2.preamble, 2.epilogue
 *	             before the first and behind the last part of multipart 2 (of the message: "preamble")
 *	2.raw        the octets of a part that cannot be read, or that are not only what their encoding says, as text
 *	2.decoded    the octets of a part that are not what their encoding says, decoded all the same (2 has them as they stand)
 *	2.structure  always unread, "damaged": a multipart without parts, or with fields of a part where none begins, a header that
 *	             says two things, or more than is read
 *
 * Mail readers differ in what they make of a message that violates the RFCs. What only some of them see is there too:
 *	loose/2      as a reader sees it that takes the last of two fields or parameters, knows nothing of comments and RFC 2231,
 *	             goes on to the empty line for a header, takes a line that begins with a boundary for one, and so on
 *	lines/2      as a reader sees it to which a CR ends a line and a NUL is not there; lines/loose/2: both
 *	raw          the body of the message as text: where readers differ, and for those that want a MIME-Version
 *	structure    always unread, "damaged": readers differ, so nobody knows what else one may see
 * A message without such doubts is gone over once.
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
	uint32_t zone; /* MW_ZONE_BODY for text that is shown, MW_ZONE_ATTACHMENT, MW_ZONE_HEADER for fields, MW_ZONE_FILENAME */
	bool delsp;    /* a text whose lines mw_unwrap() has to join (MW_WRAP_FLOWED) */
	const char *unread; /* NULL or a word of MW_UNREADABLE_WORDS: limit, damaged, encrypted, sealed */
};

/* message: borrowed, must outlive the result, as must the arena. breach[MW_LIMITS] (may be NULL) gets true for each limit that
 * was reached: what lies beyond is a leaf with unread = "limit"; the limit of parts holds for each reading. Time and memory are
 * linear in the message and bounded by the limits, whatever its structure: beyond what is borrowed, at most the limit of size for
 * all that has to be decoded or copied. The result lives until mw_mime_free. 0, -ENOMEM. */
int mw_mime_parse(struct mw_arena *, struct mw_str message, const struct mw_limits *, bool breach[MW_LIMITS],
		  struct mw_mime **ret, struct mw_err *);
size_t mw_mime_leaves(const struct mw_mime *);
const struct mw_leaf *mw_mime_leaf(const struct mw_mime *, size_t i);
/* Content of a leaf, decoded from its transfer encoding, at most max octets, replaces what is in *out. Octets that are not what
 * their transfer encoding says stay as they are. 0, -EFBIG: *out holds the first max octets, -ENOMEM. */
int mw_mime_decode(struct mw_mime *, size_t i, uint64_t max, struct mw_buf *out);
void mw_mime_free(struct mw_mime **);

/* Octets in a charset (label may be empty, wrong or unknown) to valid UTF-8 appended to out. Octets that mean nothing become
 * U+FFFD, NUL vanishes. Where readers differ (octets out of step in UTF-16, EBCDIC) what the others read follows on a line of its own.
 * *guessed: the label was of no use. 0 or -ENOMEM. */
int mw_charset_to_utf8(struct mw_str data, const char *label, struct mw_buf *out, bool *guessed);
/* Would that give the same octets back? Then no copy is needed. */
bool mw_charset_is_utf8(struct mw_str data, const char *label);
/* Is the label one that can be of use, or none at all? */
bool mw_charset_knows(const char *label);

#endif
