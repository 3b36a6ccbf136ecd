/* SPDX-License-Identifier: Apache-2.0 */
/* sealed: is the content of a leaf encrypted mail? The content decides: a label alone is believed by nobody. Internal to
 * src/mail, but for the two below. */
#ifndef MW_MAIL_SEALED_H
#define MW_MAIL_SEALED_H

#include "mail/transfer.h"

/* S/MIME enveloped data under any label, an OpenPGP message in armour, or the version part of RFC 3156 4, and nothing beside it: all of the leaf is
 * decoded to know that. */
bool mw_sealed(const char *type, struct mw_str data, enum mw_transfer);
/* One sequence of DER or BER (X.690 8.9), and nothing behind it but blanks. */
bool mw_is_whole_value(struct mw_str);
/* One block of armour of that kind ("MESSAGE", "SIGNATURE" …; RFC 9580 6.2), with nothing around it and nothing but base64 in it. */
bool mw_is_armoured(struct mw_str, const char *kind);

#endif
