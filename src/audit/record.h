/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: one line of an audit file, see milward-audit(5).
 *
 *   {"v":1,"seq":12,"time":"2026-11-22T03:25:54.123Z","kind":"message", … ,"prev":"…","hash":"…"}
 *
 * The frame has one form only, down to the octet: it is read without a JSON parser, and an edit that JSON would not see is seen.
 * hash is the chain's digest of all octets of the line in front of ,"hash":
 */
#ifndef MW_AUDIT_RECORD_H
#define MW_AUDIT_RECORD_H

#include "audit/chain.h"

#define MW_AUDIT_LINE_MAX (32u << 20) /* octets of a line */
#define MW_AUDIT_SEQ_MAX 999999999999999999u

struct mw_audit_record {
	uint64_t seq;
	struct mw_str time; /* 24 characters */
	struct mw_str kind;
	struct mw_str prev, hash; /* MW_AUDIT_HEX characters */
	size_t hashed;		  /* octets in front of ,"hash": */
};

/* A growing text; n octets, terminated. */
struct mw_audit_text {
	char *p;
	size_t n, room;
};

/* Appends a line with its LF. members: JSON members between the frame's, without braces, "" = none. Gives the hash. 0, -ENOMEM,
 * -EFBIG (longer than MW_AUDIT_LINE_MAX). On failure the text is as before. */
int mw_audit_record_add(struct mw_audit_text *, const struct mw_audit_chain *, uint64_t seq, const char *kind,
			struct mw_str members, const char *prev, char hash[MW_AUDIT_HEX + 1]);
void mw_audit_text_free(struct mw_audit_text *);

/* line (octets): without its LF. False when it is no record; whether the hash is right is another question. */
bool mw_audit_record_parse(const char *line, size_t n, struct mw_audit_record *ret);
/* 1 the hash is right, 0 it is not, negative: failure. */
int mw_audit_record_check(const struct mw_audit_chain *, const char *line, const struct mw_audit_record *);
bool mw_audit_str_is(struct mw_str, const char *);

#endif
