/* SPDX-License-Identifier: Apache-2.0 */
/* yenc: files that stand yEnc-encoded in a text, as news and some old mail programs put them there. Pure over (pointer, length),
 * linear, never fails on input. Internal to src/mail. */
#ifndef MW_MAIL_YENC_H
#define MW_MAIL_YENC_H

#include <stdint.h>

#include "base/buf.h"
#include <milward/plugin.h>

/* Does a file begin at the start of text, with "=ybegin … name=NAME"? *file is all of it up to and with its "=yend" line, or the end of
 * the text. *piece: it is not all there: one of several parts, or cut off. */
bool mw_yenc_at(struct mw_str text, struct mw_str *file, struct mw_str *name, bool *piece);
/* Appends the octets of the files in s, at most max. 0, -EFBIG (the first max are there), -ENOMEM. */
int mw_yenc_decode(struct mw_str s, uint64_t max, struct mw_buf *out);

#endif
