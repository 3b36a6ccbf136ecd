/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver: how every check of a message asks DNS. Questions go out in the background by want(), as early as a name is known, and get()
 * waits for an answer no longer than the message has time. All that get() gives lives as long as the resolver: for a message, until the
 * message ends. Counting look-ups is the check's own.
 *
 * A name is text as in a zone file: labels with dots between, a dot at its end or not, any case; an octet that no host name has may be
 * written as \DDD, and all that is not printable ASCII, a dot or a backslash of a label must be.
 */
#ifndef MW_AUTH_RESOLVER_H
#define MW_AUTH_RESOLVER_H

#include <milward/plugin.h>

#define MW_RESOLVER_NAME_MAX (4 * 255 + 1) /* of a name as text, with its end */

enum { /* types */
       MW_RR_A = 1,
       MW_RR_NS = 2,
       MW_RR_CNAME = 5,
       MW_RR_SOA = 6,
       MW_RR_PTR = 12,
       MW_RR_MX = 15,
       MW_RR_TXT = 16,
       MW_RR_AAAA = 28,
       MW_RR_TLSA = 52
};
enum { MW_RCODE_NOERROR = 0, MW_RCODE_NXDOMAIN = 3 };

enum mw_records_status {
	MW_RECORDS_ANSWER = 0, /* DNS answers: records, or none (n is 0; rcode says whether the name is there) */
	MW_RECORDS_BOGUS,      /* DNSSEC proves the answer wrong */
	MW_RECORDS_TIMEOUT,    /* nobody answered in the time that the message has */
	MW_RECORDS_FAILED,     /* SERVFAIL, an answer that cannot be read, milward-lookup is not there … */
};

struct mw_records {
	enum mw_records_status status; /* but for MW_RECORDS_ANSWER the rest is empty */
	bool secure;		       /* all of it is proved by DNSSEC, also that something is not there */
	unsigned rcode;		       /* MW_RCODE_NOERROR or MW_RCODE_NXDOMAIN */
	uint32_t ttl;		       /* seconds */
	const char *name; /* where aliases led to, in lower case without a dot at its end; "" when nothing is there */
	size_t n;
	const struct mw_str *record; /* RDATA (octets); names in it are not compressed */
};

struct mw_resolver {
	void *ctx;
	/* Begin to ask, when the answer is not there yet. Returns at once, and never fails: get() tells. */
	void (*want)(void *ctx, const char *name, unsigned type);
	/* 0; -EINVAL: no name in DNS can be like this; -ENOMEM. Out-parameters are untouched on failure. */
	int (*get)(void *ctx, const char *name, unsigned type, struct mw_records *ret);
};

#endif
