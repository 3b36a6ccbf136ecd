/* SPDX-License-Identifier: Apache-2.0 */
/* ahead: who has just signed in asks for the message next. Its page is made, and kept for him (ADR 54), while his browser is still told where it is
 * (ADR 70). It is shown when he asks for it, and his reading is on disk. */
#ifndef MW_PORTAL_AHEAD_H
#define MW_PORTAL_AHEAD_H

#include "portal/request.h"

/* What is to be made behind this request, which is answered and still ours; NULL: nothing. */
struct mw_request *mw_ahead_begin(const struct mw_request *);
/* Makes it, where that is possible. store: of this thread. */
void mw_ahead_end(struct mw_request **, struct mw_pickup *store);

#endif
