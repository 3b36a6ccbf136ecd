/* SPDX-License-Identifier: Apache-2.0 */
/* part: GET /read/ID/part/N: a file of the message, out of its crate while it is sent. */
#ifndef MW_PORTAL_PART_H
#define MW_PORTAL_PART_H

#include "portal/request.h"

void mw_part_get(struct mw_request *);

#endif
