/* SPDX-License-Identifier: Apache-2.0 */
/* view: the message on a page, its HTML in a frame, and both for printing. */
#ifndef MW_PORTAL_VIEW_H
#define MW_PORTAL_VIEW_H

#include "portal/request.h"

void mw_view_message(struct mw_request *); /* GET /read/ID */
void mw_view_html(struct mw_request *);	   /* GET /read/ID/html */
void mw_view_print(struct mw_request *);   /* GET /read/ID/print */

#endif
