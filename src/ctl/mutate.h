/* SPDX-License-Identifier: Apache-2.0 */
/* mutate: milwardctl check --mutate. */
#ifndef MW_CTL_MUTATE_H
#define MW_CTL_MUTATE_H

#include "ctl/ctl.h"

struct ctl_mutate {
	bool json;
	long seconds;	 /* mutants that are not begun by then are left out */
	size_t survived; /* added up over calls */
};

/* Mutates every rule of the plan and prints the mutants that no sample notices. CTL_OK, or CTL_FAILED: it could not be done. */
int ctl_mutate(struct ctl *, struct mw_generation *, struct ctl_mutate *);

#endif
