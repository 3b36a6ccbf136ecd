/* SPDX-License-Identifier: Apache-2.0 */
/* trail: the files of chained records that a policy names (milward-audit(5)): that of the module audit, of milward-seal, of the portal. */
#ifndef MW_CTL_TRAIL_H
#define MW_CTL_TRAIL_H

#include "policy/plan.h"

struct ctl_trail {
	const struct mw_plan_module *module;
	const char *path, *key; /* key: NULL = none */
	bool alone;		/* no other process may write into it */
};
enum { CTL_TRAILS = 3 };

/* Fills ret, the module audit first; returns how many. One that two modules name is there twice. */
size_t ctl_trails(const struct mw_plan *, struct ctl_trail ret[CTL_TRAILS]);
/* The same, each file once, for who reads them. */
size_t ctl_trails_once(const struct mw_plan *, struct ctl_trail ret[CTL_TRAILS]);
/* Is it one file, whatever it is called? */
bool ctl_trail_same(const struct ctl_trail *, const struct ctl_trail *);

#endif
