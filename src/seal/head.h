/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head: headers of messages in and out. What is sealed has two: the inner one, which is encrypted with the text and has what the
 * sender wrote, and the outer one, which everybody can read (RFC 9788).
 *
 * The outer one has what mail needs to travel and to be sorted, field by field from a list: what is on none may tell of the content
 * (Thread-Topic is the Subject once more, DKIM-Signature has a digest of the text) and is in the inner one alone.
 */
#ifndef MW_SEAL_HEAD_H
#define MW_SEAL_HEAD_H

#include "base/buf.h"
#include "mail/header.h"

/* Inner header of what is to be sealed, with the Content-* fields and the empty line; eight_bit: of the body, for one without a type. */
void mw_head_inner(const struct mw_header *, bool eight_bit, struct mw_buf *out);
/* Outer header, without the fields of the sealed entity and without the empty line. */
void mw_head_outer(const struct mw_header *, struct mw_buf *out);
/* Content-* fields of an entity that a sealer has made, and the empty line. -EPROTO: there is none of them, or one is not fit to send. */
int mw_head_sealed(const struct mw_header *entity, struct mw_buf *out);

/* The Content-* fields of a message, and the empty line: the entity that a sealer is to open. */
void mw_head_entity(const struct mw_header *, struct mw_buf *out);
/* Header of a message as it goes on, with its empty line. results: Authentication-Results to be put first, with their line ends, and
 * then those that say authserv-id is their author are removed (is_ours). opened: header of the entity that was opened, or NULL;
 * trusted: what it protects is taken over. */
struct mw_head_results {
	const char *text;
	bool (*is_ours)(void *ctx, struct mw_str value);
	void *ctx;
};
void mw_head_onward(const struct mw_header *, const struct mw_header *opened, const struct mw_head_results *, struct mw_buf *out);

/* Has one of the fields octets over 127? */
bool mw_head_eight_bit(struct mw_str head);
/* The queue id that the topmost Received field names, which the MTA has written that gave us the message: for one that does not tell it
 * otherwise. "" = none. */
void mw_head_queue_id(const struct mw_header *, char *ret, size_t n);
/* The only X-Milward-Id field, when it is one: 32 hex digits; else "". */
void mw_head_id(const struct mw_header *, char ret[33]);

#endif
