/* SPDX-License-Identifier: Apache-2.0 */
/* inflate: the content of a CompressedData (RFC 3274): zlib, which OpenSSL may have been built without. */
#ifndef SEAL_SMIME_INFLATE_H
#define SEAL_SMIME_INFLATE_H

#include "pipe.h"

#define INFLATE_RATIO 200u	 /* times as large as what is compressed ... */
#define INFLATE_FREE (1u << 20)	 /* ... but this much is always let through */
#define INFLATE_MOST (64u << 20) /* ... and more than this never: what milward-seal lets any process write */

/* 0; -EBADMSG: it is damaged; -EFBIG: it unpacks to more than these; or what source or sink gave. */
int inflate_source(struct source *, uint64_t compressed, struct sink *);

#endif
