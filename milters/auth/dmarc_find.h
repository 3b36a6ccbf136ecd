/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dmarc_find: which record is a domain's, and what organisation it belongs to. By the list of public suffixes (RFC 7489 3.2, 6.6.3), or by
 * walking up the names (RFC 9989 4.10). All texts lie in memory of the message.
 */
#ifndef MW_AUTH_DMARC_FIND_H
#define MW_AUTH_DMARC_FIND_H

#include "dmarc_record.h"
#include "resolver.h"

struct mw_dmarc_finder {
	const void *suffixes; /* psl_ctx_t of libpsl */
	bool tree_walk;
	const struct mw_auth_mail *mail;
	const struct mw_resolver *dns;
};

struct mw_dmarc_found {
	/* none: nothing is published; pass: *record is; permerror, temperror: as why says */
	enum mw_auth_word word;
	const struct mw_dmarc_record *record;
	char published[MW_AUTH_NAME];	 /* where the record is; "" = nowhere */
	char organisation[MW_AUTH_NAME]; /* "" = it cannot be told now */
	char why[MW_AUTH_WHY];
};

/* domain: lower case, A-labels. */
void mw_dmarc_find_want(const struct mw_dmarc_finder *, const char *domain);
/* 0, or -ENOMEM. */
int mw_dmarc_find(const struct mw_dmarc_finder *, const char *domain, struct mw_dmarc_found *ret);
/* Is the domain of that organisation? 1 yes, 0 no, -EAGAIN: it cannot be told now; -ENOMEM. */
int mw_dmarc_find_member(const struct mw_dmarc_finder *, const char *domain, const char *organisation);
/* Does DNS say that there is no such domain (RFC 9091 2.7; with the walk RFC 9989 3.2.14)? As above. */
int mw_dmarc_find_missing(const struct mw_dmarc_finder *, const char *domain);
/* All strings of the RDATA of a TXT record as one. 0; -EINVAL: it is none; -ENOMEM. */
int mw_dmarc_find_text(const struct mw_auth_mail *, struct mw_str rdata, struct mw_str *ret);

#endif
