/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spf: who may send for a domain (RFC 7208). Records are selected and read, macros expanded, terms walked through and look-ups counted here;
 * spf_match.c has libspf2 say whether a mechanism matches.
 */
#ifndef MW_AUTH_SPF_H
#define MW_AUTH_SPF_H

#include "auth.h"
#include "resolver.h"

#define MW_SPF_LOOKUPS_MAX 10u /* RFC 7208, 4.6.4: terms that ask DNS */
#define MW_SPF_VOIDS_MAX 2u    /* of them without an answer */

/* Begins to ask for what both identities need first. At MAIL. */
void mw_spf_want(const struct mw_auth_mail *, const struct mw_resolver *);

/* Told of each step, for a person: depth of includes; the domain; the record, or a term of it; what came of it. All are printable ASCII
 * and valid during the call. */
struct mw_spf_steps {
	void *ctx;
	void (*step)(void *ctx, unsigned depth, const char *domain, struct mw_str text, const char *outcome);
};

/* steps may be NULL. 0: *ret is filled, with a temperror when anything failed; -ENOMEM: it is a temperror, too. */
int mw_spf_check(const struct mw_auth_mail *, const struct mw_resolver *, enum mw_spf_identity, const struct mw_spf_steps *steps,
		 struct mw_spf_result *ret);

#endif
