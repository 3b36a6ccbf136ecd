/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest: what the objects of a crate are: object 0 of it, JSON. Handing in writes it, the portal reads it.
 *     {"version":1, "from":"…", "to":"…", "cc":"…", "reply-to":"…", "date":"…", "subject":"…", "message-id":"…",
 *      "sender":"…", "recipient":"…", "received":1763800000, "text":1, "html":2, "original":9, "more":false,
 *      "parts":[{"object":3, "kind":"inline", "type":"image/png", "name":"logo.png", "cid":"a@b", "size":4711}, …]}
 * All text is UTF-8 out of the message, decoded, without control characters, and nothing else of it is to be believed: names may be
 * "../x" or "<b>". What is absent is "" or 0.
 */
#ifndef MW_PICKUP_MANIFEST_H
#define MW_PICKUP_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define MW_MANIFEST_PARTS 1000u
#define MW_MANIFEST_FIELD 8192u /* octets of a field, of which the rest is cut */
#define MW_MANIFEST_NAME 255u	/* of a name, a type, a Content-ID */

enum mw_manifest_kind {
	MW_PART_ATTACHMENT = 1,
	MW_PART_INLINE, /* an image that the HTML reading shows, by its Content-ID */
};

struct mw_manifest_part {
	uint32_t object;
	enum mw_manifest_kind kind;
	const char *type; /* lower case */
	const char *name; /* never "" */
	const char *cid;  /* without <> */
	uint64_t size;	  /* octets, decoded */
};

struct mw_manifest {
	/* header fields as a reader sees them */
	const char *from, *to, *cc, *reply_to, *date, *subject, *message_id;
	/* envelope */
	const char *sender, *recipient;
	int64_t received;
	/* Objects: what the sender wrote, as plain text and as HTML, in UTF-8 with LF at line ends. With both, they say the same. With
	 * neither, the message has attachments alone. */
	uint32_t text, html;
	uint32_t original; /* object: the whole message, message/rfc822 with CRLF */
	bool more;	   /* there were more parts than are listed: they are in the original alone */
	size_t parts;
	const struct mw_manifest_part *part;
};

/* Adds the JSON to out. NULL strings are "". -ENOMEM; -EINVAL: a string is no UTF-8. */
int mw_manifest_write(const struct mw_manifest *, struct mw_buf *out, struct mw_err *);
/* Strings live in the arena. -EBADMSG: it is none, or of a later version; -ENOMEM. objects: of the crate, that none may be beyond. */
int mw_manifest_read(struct mw_arena *, struct mw_str json, uint32_t objects, struct mw_manifest *ret, struct mw_err *);
/* The part with this Content-ID (without <>, as a cid: URL has it, decoded), NULL = none. */
const struct mw_manifest_part *mw_manifest_by_cid(const struct mw_manifest *, struct mw_str cid);

#endif
