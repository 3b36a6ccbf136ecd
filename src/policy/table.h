/* SPDX-License-Identifier: Apache-2.0 */
/* table: filling what plan.h only reads. */
#ifndef MW_POLICY_TABLE_H
#define MW_POLICY_TABLE_H

#include "policy/plan.h"

/* Both live in the arena. NULL = no memory; name is borrowed. */
struct mw_table *mw_table_new(struct mw_arena *, const char *name);
/* The entry is borrowed. A second time the same is no failure. 0 or -ENOMEM. */
int mw_table_add(struct mw_arena *, struct mw_table *, struct mw_str entry);
/* NULL when the entry is well-formed, else a hint what it should look like. */
const char *mw_table_wrong(struct mw_str entry);
/* The comparison of mw_table_has_address with one entry. */
bool mw_entry_matches(struct mw_str entry, struct mw_str address);

#endif
