/* SPDX-License-Identifier: Apache-2.0 */
/* code: the mail that brings a one-time code to a recipient's mailbox. */
#ifndef MW_PORTAL_CODE_H
#define MW_PORTAL_CODE_H

#include "pickup/prove.h"
#include "portal/site.h"

/* host: name of this machine. minutes: how long the code works. Waits for the MTA: 0 when it has the mail. err: the MTA's words, or what is
 * wrong with the template; never the code. */
int mw_code_mail(const struct mw_site *, const char *host, const struct mw_pickup_row *, const char code[MW_PICKUP_CODE],
		 int64_t minutes, struct mw_err *);

#endif
