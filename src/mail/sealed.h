/* SPDX-License-Identifier: Apache-2.0 */
/* sealed: is the content of a leaf encrypted mail? The content decides: a label alone is believed by nobody. Internal to
 * src/mail. */
#ifndef MW_MAIL_SEALED_H
#define MW_MAIL_SEALED_H

#include "mail/transfer.h"

/* S/MIME enveloped data, an OpenPGP message in armour, or the version part of RFC 3156 4. */
bool mw_sealed(const char *type, const char *name, struct mw_str data, enum mw_transfer);

#endif
