/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: what assures that mail to a destination goes by TLS to whom it is for. A partner of the site first, then DANE, then MTA-STS. */
#ifndef MW_LOOKUP_VERDICT_H
#define MW_LOOKUP_VERDICT_H

#include "lookup/judge.h"
#include "lookup/map.h"
#include "lookup/sts.h"

enum mw_assured { MW_BY_NOTHING = 0, MW_BY_PARTNER, MW_BY_DANE, MW_BY_STS, MW_NOT_KNOWN };

struct mw_tls_verdict {
	enum mw_assured by;
	bool outage;	      /* MW_BY_NOTHING only because of an outage of a policy's web server */
	int64_t ttl;	      /* seconds */
	struct mw_buf policy; /* in the words of smtp_tls_policy_maps, when something assures */
	struct mw_buf why;    /* one line for a person, when nothing does or it is not known */
};

void mw_verdict_partner(struct mw_tls_verdict *, const char *policy);
/* true: that is the verdict. false: MTA-STS is next. ttl: how long the finding holds. */
bool mw_verdict_dane(struct mw_tls_verdict *, const struct mw_dest *, const struct mw_dane_finding *, int64_t ttl);
/* After mw_verdict_dane() was false, with the same finding. */
void mw_verdict_sts(struct mw_tls_verdict *, const struct mw_dane_finding *, const struct mw_sts_verdict *);
void mw_verdict_unknown(struct mw_tls_verdict *, const char *why);
/* What it has is freed; it is MW_BY_NOTHING then. */
void mw_verdict_clear(struct mw_tls_verdict *);

/* The answers of the maps. `tls` and `verified`: the policy, or nothing, so that the transport's own level stands, which is what RFC 8461
 * (3.3) wants when a policy cannot be had. `verdict`: its words are made in b; an outage is not known for it: there is somebody to wait. */
void mw_verdict_policy(const struct mw_tls_verdict *, struct mw_answer *);
void mw_verdict_words(const struct mw_tls_verdict *, struct mw_buf *b, struct mw_answer *);

#endif
