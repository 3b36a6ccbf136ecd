/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer: content transfer encodings (RFC 2045 6), read as generously as any mail reader does: what one reader may show must
 * be seen. Pure over (pointer, length), linear, never fails on input.
 */
#ifndef MW_MAIL_TRANSFER_H
#define MW_MAIL_TRANSFER_H

#include <stdint.h>

#include "base/buf.h"
#include <milward/plugin.h>

enum mw_transfer { MW_TRANSFER_NONE = 0, MW_TRANSFER_BASE64, MW_TRANSFER_QP, MW_TRANSFER_UU, MW_TRANSFER_YENC };

/* The encoding that a Content-Transfer-Encoding names; an unknown word is MW_TRANSFER_NONE. */
enum mw_transfer mw_transfer_by_name(struct mw_str value);
/* Do these octets begin like what they are labelled? A label that lies must not hide readable text. */
bool mw_transfer_plausible(enum mw_transfer, struct mw_str data);
/* And is that all they are, as far as samples tell? Else they are worth a look as they stand, too. */
bool mw_transfer_pure(enum mw_transfer, struct mw_str data);
/* A letter of base64, or its padding. */
bool mw_transfer_is_base64(char);
/* Appends the decoded octets, at most max of them. What readers decode in several ways (an '=' within base64, '-' for '+') follows in
 * each, a line end between them. 0, -EFBIG (the first max are there), -ENOMEM. */
int mw_transfer_decode(enum mw_transfer, struct mw_str data, uint64_t max, struct mw_buf *out);
/* The encodings of RFC 2047 words: 'B' or 'Q' (in which '_' is a blank and line ends mean nothing). 0, -ENOMEM. */
int mw_transfer_decode_word(char encoding, struct mw_str data, struct mw_buf *out);

#endif
