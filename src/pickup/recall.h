/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall: a sender takes back what waits in the portal by a message of the same way: from the same envelope sender, to the same recipient, and
 * handed in, too. So it takes back no more than who sends it could have sent. It names the first one by Supersedes; or by In-Reply-To, under a
 * Subject that begins with "[recall]", since each mail program can answer a message that it has sent.
 */
#ifndef MW_PICKUP_RECALL_H
#define MW_PICKUP_RECALL_H

#include "mail/header.h"
#include "pickup/portal.h"

/* The Message-ID of what it takes back, with its brackets; "" when it takes back nothing, or does not say clearly what. Pure. */
void mw_recall_find(struct mw_arena *, const struct mw_header *, char ret[MW_PICKUP_MESSAGE_ID]);
/* In the parent: ends all that it may mean. Safe to repeat. */
int mw_recall_do(struct portal *, const struct mw_custody_work *, const char *message_id, struct mw_err *);

#endif
