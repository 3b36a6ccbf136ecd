/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lmtp: commands of LMTP (RFC 2033) with DSN (RFC 3461), SIZE, 8BITMIME, SMTPUTF8 and Postfix's XFORWARD, out of lines.
 * Pure over (pointer, length); what it gives points into the line.
 */
#ifndef MW_SMTP_LMTP_H
#define MW_SMTP_LMTP_H

#include "base/str.h"

#define MW_LMTP_LINE 4096 /* octets of a command line, more than all extensions together may take */

enum mw_lmtp_verb {
	MW_LMTP_UNKNOWN = 0,
	MW_LMTP_LHLO,
	MW_LMTP_HELO, /* of SMTP: RFC 2033 forbids it */
	MW_LMTP_MAIL,
	MW_LMTP_RCPT,
	MW_LMTP_DATA,
	MW_LMTP_RSET,
	MW_LMTP_NOOP,
	MW_LMTP_VRFY,
	MW_LMTP_QUIT,
	MW_LMTP_XFORWARD,
};

#define MW_LMTP_PARAMS 16u
struct mw_lmtp_param {
	struct mw_str key, value; /* value.p == NULL: no "=" */
};

struct mw_lmtp_command {
	enum mw_lmtp_verb verb;
	struct mw_str path; /* MAIL and RCPT: without <> */
	size_t params;
	struct mw_lmtp_param param[MW_LMTP_PARAMS]; /* MAIL, RCPT and XFORWARD */
};

/* What the parameters of MAIL and RCPT say; all are as they were written, "" = absent. */
struct mw_lmtp_mail {
	uint64_t size;
	bool eight_bit, utf8;
	struct mw_str envid, ret;
};
struct mw_lmtp_rcpt {
	struct mw_str notify, orcpt;
};

/* What XFORWARD told of the client, and under which id the message is in the queue. */
enum mw_xforward {
	MW_XFORWARD_NAME,
	MW_XFORWARD_ADDR,
	MW_XFORWARD_PORT,
	MW_XFORWARD_PROTO,
	MW_XFORWARD_HELO,
	MW_XFORWARD_IDENT,
	MW_XFORWARD_SOURCE,
	MW_XFORWARDS
};
extern const char *const mw_xforward_names[MW_XFORWARDS];
#define MW_XFORWARD_VALUE 256u /* octets, with the terminator */

/* line: without its CRLF. NULL, or the reply that refuses it. The verb is set in either case. */
const char *mw_lmtp_parse(struct mw_str line, struct mw_lmtp_command *);
/* The parameters of a MAIL or RCPT command: NULL, or the reply that refuses one. */
const char *mw_lmtp_mail_params(const struct mw_lmtp_command *, struct mw_lmtp_mail *);
const char *mw_lmtp_rcpt_params(const struct mw_lmtp_command *, struct mw_lmtp_rcpt *);
/* Adds what an XFORWARD command says to what is known: terminated values in xtext, "" = not known. NULL, or the reply. */
const char *mw_lmtp_xforward(const struct mw_lmtp_command *, char known[MW_XFORWARDS][MW_XFORWARD_VALUE]);

#endif
