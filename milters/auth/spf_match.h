/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spf_match: does one mechanism of SPF match the client? libspf2 says so, over the resolver of the message. It is given a record of that one
 * mechanism, in which nothing is a stranger's but numbers: names of DNS have stand-ins, for which the questions are asked here.
 */
#ifndef MW_AUTH_SPF_MATCH_H
#define MW_AUTH_SPF_MATCH_H

#include "resolver.h"
#include "spf_record.h"

#define MW_SPF_NAMES_MAX 10u /* RFC 7208, 4.6.4: hosts of an mx, names of a ptr */

struct mw_spf_client {
	bool ip6;
	uint8_t address[16]; /* 4 octets without ip6 */
};

enum mw_spf_end { MW_SPF_NO = 0, MW_SPF_YES, MW_SPF_TEMP, MW_SPF_PERM };

struct mw_spf_match;
/* client is copied. NULL: no memory. */
struct mw_spf_match *mw_spf_match_new(const struct mw_resolver *, const struct mw_spf_client *);
void mw_spf_match_free(struct mw_spf_match **); /* accepts NULL, sets NULL */
/*
 * IP4, IP6, A, MX, PTR and EXISTS. name: what it asks about, as the resolver has it. *voids: questions about that name to which there was
 * no answer are added; *why: a sentence that lives for ever, with MW_SPF_TEMP and MW_SPF_PERM.
 */
enum mw_spf_end mw_spf_match(struct mw_spf_match *, const struct mw_spf_term *, const char *name, unsigned *voids,
			     const char **why);
/* The client's name in DNS, reversed: the question of PTR. */
void mw_spf_reverse(const struct mw_spf_client *, char ret[80]);

#endif
