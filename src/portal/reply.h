/* SPDX-License-Identifier: Apache-2.0 */
/* reply: the recipient writes back to who wrote to him, through the MTA, which looks at it as at any mail. */
#ifndef MW_PORTAL_REPLY_H
#define MW_PORTAL_REPLY_H

#include "pickup/manifest.h"
#include "portal/request.h"

/* To whom an answer goes (reply_mail.h). False: there is nobody, or no listener takes answers. */
bool mw_reply_address(const struct mw_request *, const struct mw_manifest *, char to[MW_PICKUP_ADDRESS]);

void mw_reply_show(struct mw_request *); /* GET /read/ID/reply */
void mw_reply_send(struct mw_request *); /* POST /read/ID/reply, with mw_draft_upload */

#endif
