/* SPDX-License-Identifier: Apache-2.0 */
/* checks: all checks of a message, one after the other, each by itself. */
#ifndef MW_AUTH_CHECKS_H
#define MW_AUTH_CHECKS_H

#include "auth.h"

/* Fills all of *ret but `skipped` and `unknown_client`, which it reads. What fails is a temporary error there. */
void mw_checks_run(const struct mw_auth_mail *, struct mw_auth *ret);

#endif
