/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dmarc_record: the text that a domain publishes at _dmarc (RFC 7489 6.3 and 6.4, RFC 9091's np, RFC 9989's t and psd). Pure, for octets
 * from outside, in linear time. Nothing is copied: what it gives points into the text.
 *
 * Tags that nobody knows are passed over, and what is wrong in any but v, p, sp and np is as if it were not there, as the RFCs say. A tag
 * that stands twice makes the record bad: readers differ about which of the two counts.
 */
#ifndef MW_AUTH_DMARC_RECORD_H
#define MW_AUTH_DMARC_RECORD_H

#include "auth.h"

#define MW_DMARC_RECORD_MAX 8192u /* octets of a record that is read */
#define MW_DMARC_ADDRESS 321u	  /* octets of an address for reports, with its end */

enum { /* fo */
       MW_DMARC_FO_ALL = 1,
       MW_DMARC_FO_ANY = 2,
       MW_DMARC_FO_DKIM = 4,
       MW_DMARC_FO_SPF = 8,
};

struct mw_dmarc_record {
	enum mw_dmarc_policy p, sp, np; /* MW_DMARC_ASKS_NOTHING: sp or np is not there */
	bool adkim_strict, aspf_strict;
	bool testing; /* t=y */
	char psd;     /* 'y', 'n', 'u' */
	unsigned fo;
	unsigned pct;		/* 0 to 100 */
	uint32_t ri;		/* seconds */
	struct mw_str rua, ruf; /* for mw_dmarc_address_next() */
	bool monitors;		/* p, sp or np was not readable, and rua is there: p=none (RFC 7489 6.6.3) */
	const char *defect;	/* NULL, or the name of the first tag whose value was passed over */
};

/*
 * 0; -ENOENT: it is no record of DMARC (version 1), and as if it were not there; -EINVAL: it is one, and bad: *why says how, in fixed
 * words. *ret and *why are untouched otherwise.
 */
int mw_dmarc_record_parse(const char *p, size_t n, struct mw_dmarc_record *ret, const char **why);

/* The next address of a list of URIs, that is taken off the list: mailto: alone, an address that is plain ASCII. false: none is left. */
bool mw_dmarc_address_next(struct mw_str *list, char address[MW_DMARC_ADDRESS]);

#endif
