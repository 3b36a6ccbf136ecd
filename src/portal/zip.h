/* SPDX-License-Identifier: Apache-2.0 */
/* zip: GET /read/ID/zip: all files of the message, packed while they are sent. */
#ifndef MW_PORTAL_ZIP_H
#define MW_PORTAL_ZIP_H

#include "portal/request.h"

void mw_zip_get(struct mw_request *);

#endif
