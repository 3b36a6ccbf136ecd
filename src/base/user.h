/* SPDX-License-Identifier: Apache-2.0 */
/* user: which user a daemon is. */
#ifndef MW_BASE_USER_H
#define MW_BASE_USER_H

#include "base/err.h"

/* Becomes this user for good, with his groups; nothing happens when it is him already. -ENOENT: nobody is called so; -EPERM. */
int mw_user_become(const char *name, struct mw_err *);

#endif
