/* SPDX-License-Identifier: Apache-2.0 */
#include "inflated.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define OUT_MAX ((size_t)128 * 1024 * 1024)
#define IN_MAX ((size_t)1 << 30)

int inflated(struct mw_str s, struct text *t)
{
	unsigned char piece[16384];
	z_stream z;
	int r = Z_OK;

	if (s.n > IN_MAX)
		return -EFBIG;
	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return -ENOMEM;
	z.next_in = (unsigned char *)(uintptr_t)s.p;
	z.avail_in = (unsigned)s.n;
	while (r == Z_OK && t->n < OUT_MAX && !t->failed) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		r = inflate(&z, Z_NO_FLUSH);
		text_add(t, (const char *)piece, sizeof(piece) - z.avail_out);
	}
	(void)inflateEnd(&z);
	explicit_bzero(piece, sizeof(piece));
	if (t->failed || r == Z_MEM_ERROR)
		return -ENOMEM;
	return r == Z_STREAM_END ? 0 : r == Z_OK ? -EFBIG : -EINVAL;
}
