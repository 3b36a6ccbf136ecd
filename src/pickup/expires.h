/* SPDX-License-Identifier: Apache-2.0 */
/* expires: until when a message waits: as its sender asks (Expires of RFC 4021, Expiry-Date of RFC 2156), within the site's bounds. */
#ifndef MW_PICKUP_EXPIRES_H
#define MW_PICKUP_EXPIRES_H

#include "mail/header.h"
#include "pickup/conf.h"

/* Seconds since 1970. A date that cannot be read is none. */
int64_t mw_expires_at(const struct mw_portal_conf *, const struct mw_header *, int64_t now);

#endif
