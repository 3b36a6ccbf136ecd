/* SPDX-License-Identifier: Apache-2.0 */
/* cost: milwardctl check --cost. */
#ifndef MW_CTL_COST_H
#define MW_CTL_COST_H

#include "ctl/ctl.h"

/* Scans messages (files or folders; none: a text of its own) with the policy's rules, and prints what each rule took. Exit status. */
int ctl_cost(struct ctl *, bool json, char **message, int n);

#endif
