/* SPDX-License-Identifier: Apache-2.0 */
/* facts: what a policy is told of a message's authentication. */
#ifndef MW_AUTH_FACTS_H
#define MW_AUTH_FACTS_H

#include "auth.h"

/* Rows for the descriptor; the last has no name. */
extern const struct mw_fact mw_auth_facts[];
/* Tells the host. client: its address. 0, or what the host answers. */
int mw_auth_publish(const struct mw_host *, struct mw_self *, struct mw_msg *, const struct mw_auth *, const char *client);

#endif
