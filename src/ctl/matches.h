/* SPDX-License-Identifier: Apache-2.0 */
/* matches: what became of each match of one rule in a message: for who asks why the rule found nothing there. */
#ifndef MW_CTL_MATCHES_H
#define MW_CTL_MATCHES_H

#include "ctl/ctl.h"

/* Prints them, of a message that has been run; matched text is not printed. CTL_OK, or CTL_FAILED when it was told why not. */
int ctl_matches(const struct ctl *, struct mw_generation *, struct mw_msg *, const char *rule);

#endif
