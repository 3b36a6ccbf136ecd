/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sts: MTA-STS policies of domains (RFC 8461), kept in memory and on disk until they end.
 *
 * A policy that was fetched stays in force for its max_age, whatever DNS or the web server say in between (5.1); only a newer one that was
 * fetched by HTTPS with a good certificate replaces it. Policies that are in use are fetched again before they end, with or without a
 * TXT record, so that nobody can wait for the end by holding back answers. The disk holds them over restarts.
 */
#ifndef MW_LOOKUP_STS_H
#define MW_LOOKUP_STS_H

#include "lookup/https.h"
#include "lookup/sts_policy.h"

struct mw_sts;

struct mw_sts_options {
	struct event_base *base; /* borrowed, as dns and https; all outlive it */
	struct mw_dns *dns;
	struct mw_https *https;
	const char *path; /* of the file that keeps policies; NULL: memory only */
	size_t most;	  /* domains with a policy, and as many more that have none now; 0: 10000 */
	int64_t tick;	  /* milliseconds between two looks at what is to be fetched again, 0: a minute */
};

/* A file that is damaged gives what is whole in it, and a line in the log; -errno when it cannot be opened or written. */
int mw_sts_new(const struct mw_sts_options *, struct mw_sts **ret, struct mw_err *);
/* After mw_https_free(). Who waits is answered MW_STS_TEMP. Sets *s to NULL; accepts NULL. */
void mw_sts_free(struct mw_sts **s);

enum mw_sts_answer {
	MW_STS_NONE = 0, /* nothing is promised: no record, or mode none; why says which */
	MW_STS_POLICY,	 /* policy and seconds; only MW_STS_MODE_ENFORCE assures anything */
	MW_STS_UNFETCHED, /* a record, but no policy now or kept: RFC 8461, 3.3 wants mail sent as if there were none. transient: it is
			     worth waiting for, as it is not so for long */
	MW_STS_TEMP,	  /* not known now: DNS */
};

struct mw_sts_verdict {
	enum mw_sts_answer answer;
	const struct mw_sts_policy *policy; /* valid during the call */
	int64_t seconds;		    /* how long the answer may be kept */
	bool transient;
	const char *why; /* one line for a person; "" with a policy; valid during the call */
};

typedef void mw_sts_done(void *ctx, const struct mw_sts_verdict *);

/* domain: as in an address, A-labels, any case. Calls done exactly once, possibly before it returns; there is no way to cancel. */
void mw_sts_ask(struct mw_sts *, struct mw_str domain, mw_sts_done *done, void *ctx);

#endif
