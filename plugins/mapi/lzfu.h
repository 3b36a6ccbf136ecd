/* SPDX-License-Identifier: Apache-2.0 */
/* lzfu: compressed RTF ([MS-OXRTFCP]). */
#ifndef PLUGINS_MAPI_LZFU_H
#define PLUGINS_MAPI_LZFU_H

#include <milward/plugin.h>

/* Gives fn the RTF piece by piece; stops with what fn returns when that is not 0. *whole: it is all there, and its checksum is
 * right. -EBADMSG: it is no compressed RTF, and nothing was given. Of n octets at most 9 n come out. */
int mapi_lzfu(struct mw_str data, int (*fn)(void *ctx, const char *p, size_t n), void *ctx, bool *whole);

#endif
