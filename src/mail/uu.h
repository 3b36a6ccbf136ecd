/* SPDX-License-Identifier: Apache-2.0 */
/* uu: files that stand uuencoded in a text, where old mail programs put them and some readers still show them as attachments.
 * Pure over (pointer, length), linear. Internal to src/mail. */
#ifndef MW_MAIL_UU_H
#define MW_MAIL_UU_H

#include <milward/plugin.h>

/* Does a file begin at the start of text, with "begin 644 NAME"? *file is all of it (MW_TRANSFER_UU decodes it), *name its name. It ends
 * with "end", or where its lines are no more what they should be. */
bool mw_uu_at(struct mw_str text, struct mw_str *file, struct mw_str *name);

#endif
