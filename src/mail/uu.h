/* SPDX-License-Identifier: Apache-2.0 */
/* uu: files that stand uuencoded in a text, where old mail programs put them and some readers still show them as attachments.
 * Pure over (pointer, length), linear. Internal to src/mail. */
#ifndef MW_MAIL_UU_H
#define MW_MAIL_UU_H

#include <milward/plugin.h>

/* Finds the next file in *text: *file is all of it from "begin 644 NAME" on (MW_TRANSFER_UU decodes it), *name its name; *text
 * moves behind it. A file ends with "end", or where its lines are no more what they should be. False: there is none. */
bool mw_uu_next(struct mw_str *text, struct mw_str *file, struct mw_str *name);

#endif
