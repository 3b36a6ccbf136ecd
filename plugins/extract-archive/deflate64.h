/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deflate64: method 9 of zip, Deflate with a window of 64 KB and lengths of up to 64 KB, which libarchive does not unpack. Pure; in
 * linear time, in memory of a constant size.
 */
#ifndef EXTRACT_ARCHIVE_DEFLATE64_H
#define EXTRACT_ARCHIVE_DEFLATE64_H

#include <milward/plugin.h>

/* fn gets what is unpacked, piece by piece. *used: the packed octets that were read. 0; what fn returned when that is not 0; -EBADMSG:
 * damaged, or it does not end, and fn has had what was in front of that; -ENOMEM. */
int deflate64_unpack(struct mw_str packed, int (*fn)(void *ctx, const char *p, size_t n), void *ctx, size_t *used);

#endif
