/* SPDX-License-Identifier: Apache-2.0 */
/* filename: names of files, as strangers give them, made safe to show, to send and to save. Pure over (pointer, length). */
#ifndef MW_PORTAL_FILENAME_H
#define MW_PORTAL_FILENAME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define MW_FILENAME_MAX 200u /* octets of a name, of which the end of a longer one's first part is cut */

/* One name without a path: valid UTF-8, no control characters, nothing invisible and nothing that turns the direction of writing, no
 * sign that means something to Windows, no dot or blank at its ends, never empty, not the name of a device. Appends to out. */
void mw_filename_safe(struct mw_str name, struct mw_buf *out);
/* The value of a Content-Disposition field (RFC 6266) with a safe name: as ASCII, and as it is where that differs (RFC 8187). */
void mw_filename_disposition(bool is_inline, struct mw_str safe, struct mw_buf *out);

/* Names that differ, also where letters' case counts for nothing. */
struct mw_filenames;
/* For n names; NULL: no memory. */
struct mw_filenames *mw_filenames_new(struct mw_arena *, size_t n);
/* The safe name, with a number before its extension when it was there before. NULL: no memory. */
const char *mw_filenames_add(struct mw_filenames *, struct mw_str name);

#endif
