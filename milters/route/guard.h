/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard: is Postfix set up so that a tag may be put on a recipient? It is asked as Postfix itself would answer: through
 * postconf(1) and postmap(1), every key that transport(5) would look up, in its order.
 *
 * What must hold
 *   - each tag in use has a transport of its own, whose TLS level is mandatory (mw-tls…) or verified (mw-ver…) and which inherits
 *     neither smtp_tls_policy_maps nor `TLS-Required: no` (where this Postfix knows it), because both can lower the level;
 *   - the portal is reached by TLS too, unless it is on this machine; milward-seal is on this machine;
 *   - a tag that nobody routes is an error, so that no relayhost ever gets it;
 *   - no table that rewrites recipients can take a tagged one for an address of its own.
 *
 * The answer is kept until main.cf or master.cf changes; a bad one also until `recheck` seconds have passed. Thread safe.
 */
#ifndef MW_ROUTE_GUARD_H
#define MW_ROUTE_GUARD_H

#include <milward/plugin.h>

struct mw_guard_mta; /* guard_mta.h */

struct mw_guard_conf {
	const struct mw_guard_mta *mta;
	const char *command_dir; /* where its programs are */
	const char *config_dir;	 /* NULL = its own */
	bool portal;		 /* the tags that end at the portal are in use too */
	bool seal;		 /* and those for milward-seal */
	int64_t recheck;	 /* seconds */
};

struct mw_guard;
/* conf is borrowed. NULL = no memory. Nothing is asked yet. */
struct mw_guard *mw_guard_new(const struct mw_host *, struct mw_self *, const struct mw_guard_conf *);
void mw_guard_free(struct mw_guard **); /* accepts NULL, sets NULL */
/* 0: tags are safe. -EHOSTUNREACH with err: they are not, why, and what to do. A change of the answer is logged. */
int mw_guard_check(struct mw_guard *, struct mw_err *);
/* By the answer that there is: does the MTA, when it is told to take out an alias, take out what it has made of it, and nothing else? */
bool mw_guard_splits(struct mw_guard *);

#endif
