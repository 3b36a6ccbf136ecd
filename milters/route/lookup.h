/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup: asks milward-lookup whether the hosts of a domain can be reached with a certificate that is verified, and remembers what it
 * said for as long as it said. The questions go out in the background, from the moment that a recipient is named. Thread safe.
 *
 * On the wire: socketmap_table(5), netstrings of "verdict DOMAIN"; the answers are "OK dane ttl=60", "OK mta-sts …", "OK partner …",
 * "OK none ttl=60 why=WORDS", "TEMP why=WORDS".
 */
#ifndef MW_ROUTE_LOOKUP_H
#define MW_ROUTE_LOOKUP_H

#include <milward/plugin.h>

#define MW_LOOKUP_WHY 200u /* octets of a reason, with its end */

enum mw_lookup_answer {
	MW_LOOKUP_VERIFIED = 1, /* by DANE, MTA-STS or a table of the site */
	MW_LOOKUP_NONE,		/* nothing assures it: why is filled */
	MW_LOOKUP_UNKNOWN,	/* it cannot be told now: DNS or milward-lookup does not answer in time */
};

struct mw_lookup;
/* socket: a path, borrowed. wait: milliseconds that mw_lookup_ask() may take. NULL = no memory. Nothing is asked, and no thread
 * runs, until the first question. */
struct mw_lookup *mw_lookup_new(const char *socket, int64_t wait);
/* As mw_asker_tell(). */
void mw_lookup_tell(struct mw_lookup *, void (*asked)(void *ctx, bool hit), void *ctx);
void mw_lookup_free(struct mw_lookup **); /* accepts NULL, sets NULL; waits for its threads */
/* Begin to ask about this domain (octets), unless the answer is there. Returns at once. */
void mw_lookup_want(struct mw_lookup *, struct mw_str domain);
/* The answer; waits for it, but not longer than `wait`, or as long as is left of that for all questions that share *until: 0 at first,
 * NULL = this question has it for itself. why: MW_LOOKUP_WHY octets, printable, "" unless MW_LOOKUP_NONE. */
enum mw_lookup_answer mw_lookup_ask(struct mw_lookup *, struct mw_str domain, int64_t *until, char *why);

/* For tests: reads what stands behind the length of a netstring. Out-parameters are untouched when it is no answer: -EBADMSG. */
int mw_lookup_parse(struct mw_str text, enum mw_lookup_answer *ret, int64_t *ttl, char *why);

#endif
