/* SPDX-License-Identifier: Apache-2.0 */
/* housekeeper: the thread of milward-portal that does the chores, with a store of its own. */
#ifndef MW_PORTAL_HOUSEKEEPER_H
#define MW_PORTAL_HOUSEKEEPER_H

#include "portal/portal.h"
#include "portal/site.h"

struct mw_housekeeper;

/* The portal must outlive it. -EIO and what opening the store brings. */
int mw_housekeeper_start(struct mw_portal *, struct mw_site *, struct mw_housekeeper **ret, struct mw_err *);
/* After a reload; from the next round on. */
void mw_housekeeper_set_site(struct mw_housekeeper *, struct mw_site *);
/* Ends with the chore in work, at the latest when the MTA has answered. Accepts NULL, sets NULL. */
void mw_housekeeper_stop(struct mw_housekeeper **);

#endif
