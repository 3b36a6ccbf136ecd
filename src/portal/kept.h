/* SPDX-License-Identifier: Apache-2.0 */
/* kept: a page that was made for a session and stays in memory for a moment, for who loads it again (ADR 54). Counted: whoever sends it has it,
 * too, and the last one wipes it. It never changes. */
#ifndef MW_PORTAL_KEPT_H
#define MW_PORTAL_KEPT_H

#include "portal/site.h"

struct MHD_Response;

#define MW_KEPT_PAGES 2u	       /* of a session: the message, and the document in its frame */
#define MW_KEPT_MOST ((size_t)1 << 20) /* octets of one; what is larger takes longer to send than to make */
#define MW_KEPT_ALL ((size_t)16 << 20) /* of all; one more takes the place of the oldest */

struct mw_kept {
	struct MHD_Response *response;
	size_t octets;
	/* what it was made of, beside the message, which does not change: */
	struct mw_site *site;
	int64_t expires; /* of the message, which a person may change */
	int64_t until;	 /* of mw_clock_ms() */
	_Atomic unsigned count;
};

/* Takes the response, when it does not return NULL (no memory). */
struct mw_kept *mw_kept_new(struct MHD_Response *, size_t octets, struct mw_site *, int64_t expires, int64_t until);
struct mw_kept *mw_kept_ref(struct mw_kept *);
void mw_kept_unref(struct mw_kept **); /* accepts NULL, sets NULL */

#endif
