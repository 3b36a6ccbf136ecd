/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alias: what the MTA makes of an address behind the milter, by the text of its alias tables: virtual(5) of Postfix (and Sendmail's
 * virtusertable without its patterns), and aliases(5) of both, with the lists that are included in it. Read with the policy; immutable
 * then, in the arena of the plan.
 *
 * Who leads outside is found by following each address to where no table knows it any more, as the MTA does. Where that cannot be told,
 * or where those behind the alias cannot be sent to one by one, the alias counts as outside, and says why.
 */
#ifndef MW_POLICY_ALIAS_H
#define MW_POLICY_ALIAS_H

#include "base/arena.h"
#include <milward/plugin.h>

#include <stddef.h>

struct mw_table;
struct mw_sources;

enum mw_alias_kind { MW_ALIAS_LOCAL = 1, MW_ALIAS_VIRTUAL };

#define MW_ALIAS_MOST 500u /* addresses that one alias leads to, those on the way among them */
#define MW_ALIAS_DEEP 30u  /* aliases of aliases */
#define MW_ALIAS_LISTS 8u  /* included lists that include lists */

/* One table. names: the domains in which a name without a domain is an address; NULL = none. */
struct mw_alias_file;
/* Reads a source into a new table. What is wrong becomes diagnostics at its place. NULL = no memory, which diags know, too. */
struct mw_alias_file *mw_alias_read(struct mw_arena *, struct mw_sources *, enum mw_alias_kind, uint32_t source,
				    const struct mw_table *names);

/* All tables of a policy. */
struct mw_aliases {
	size_t n;
	const struct mw_alias_file *const *file;
	const struct mw_table *ours; /* what is inside */
};

/* What an address leads to. */
struct mw_alias_leads {
	bool outside;	     /* to some address outside, or nobody knows where */
	const char *unsplit; /* with outside: why those behind it cannot be sent to one by one; NULL = they can */
	size_t n;
	struct mw_str *to; /* with outside, and without unsplit: all of them, each once, in the arena that was given */
};

/* The address is plain, without <>. 0; -ENOMEM. An address that is no alias, or leads to addresses inside alone, is not outside. */
int mw_aliases_follow(const struct mw_aliases *, struct mw_arena *, struct mw_str address, struct mw_alias_leads *ret);
enum mw_alias_kind mw_alias_file_kind(const struct mw_alias_file *);
size_t mw_alias_file_count(const struct mw_alias_file *);
/* The n-th address or name that it knows. */
struct mw_str mw_alias_file_key(const struct mw_alias_file *, size_t n);

#endif
