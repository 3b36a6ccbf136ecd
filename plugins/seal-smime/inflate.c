/* SPDX-License-Identifier: Apache-2.0 */
#include "inflate.h"

#include <errno.h>
#include <zlib.h>

#define PIECE 16384u

static int run(z_stream *z, struct source *source, uint64_t most, struct sink *sink)
{
	char in[PIECE], out[PIECE];
	uint64_t all = 0;
	int state = Z_OK, r = 0;

	while (r == 0 && state != Z_STREAM_END) {
		size_t made;

		if (z->avail_in == 0) {
			ssize_t n = source->get(source->ctx, in, sizeof(in));

			if (n <= 0)
				return n < 0 ? (int)n : -EBADMSG;
			z->next_in = (unsigned char *)in;
			z->avail_in = (uInt)n;
		}
		z->next_out = (unsigned char *)out;
		z->avail_out = sizeof(out);
		state = inflate(z, Z_NO_FLUSH);
		if (state != Z_OK && state != Z_STREAM_END)
			return state == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		made = sizeof(out) - z->avail_out;
		all += made;
		r = all > most ? -EFBIG : made ? sink->put(sink->ctx, out, made) : 0;
	}
	if (r == 0 && (z->avail_in || source->get(source->ctx, in, sizeof(in)) != 0))
		r = -EBADMSG; /* something stands behind it */
	return r;
}

int inflate_source(struct source *source, uint64_t compressed, struct sink *sink)
{
	uint64_t most = compressed > INFLATE_MOST / INFLATE_RATIO ? INFLATE_MOST : compressed * INFLATE_RATIO;
	z_stream z = {.next_in = NULL};
	int r;

	if (inflateInit(&z) != Z_OK)
		return -ENOMEM;
	r = run(&z, source, most < INFLATE_FREE ? INFLATE_FREE : most, sink);
	(void)inflateEnd(&z);
	return r;
}
