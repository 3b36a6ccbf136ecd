/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack: what libarchive reads. Formats and filters are named one by one, because it knows some that start other programs, and
 * some that take nearly every file for theirs. An object of libarchive lives for one call.
 */
#ifndef EXTRACT_ARCHIVE_UNPACK_H
#define EXTRACT_ARCHIVE_UNPACK_H

#include "work.h"
#include "zip.h"

/* One file of a zip, as this entry has it: its packed octets, and at *used how many of them belong to it. size_known: e->packed is
 * true; else the octets tell themselves where they end. Its member has begun; this ends it. */
int unpack_zipped(struct work *, const struct zip_entry *e, struct mw_str packed, bool size_known, size_t *used);
/* Everything that is no zip: an archive, or one packed file. *known is false when it is neither. */
int unpack_document(struct work *, bool *known);

#endif
