/* SPDX-License-Identifier: Apache-2.0 */
/* decode: the content of a piece, a chunk at a time. */
#include "pickup/pieces.h"

#include "base/str.h"

#include <gmime/gmime.h>
#include <string.h>

#define CHUNK 32768u

static GMimeContentEncoding encoding_of(enum mw_transfer t)
{
	switch (t) {
	case MW_TRANSFER_BASE64:
		return GMIME_CONTENT_ENCODING_BASE64;
	case MW_TRANSFER_QP:
		return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	case MW_TRANSFER_UU:
		return GMIME_CONTENT_ENCODING_UUENCODE;
	default:
		return GMIME_CONTENT_ENCODING_DEFAULT;
	}
}

static int decode_all(GMimeEncoding *state, struct mw_str data, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	static char out[2 * CHUNK]; /* more than any of the encodings makes of a chunk */
	size_t made;
	int r = 0;

	while (data.n && r == 0) {
		size_t n = data.n < CHUNK ? data.n : CHUNK;

		made = g_mime_encoding_step(state, data.p, n, out);
		data = mw_str_behind(data, n);
		r = made ? fn(ctx, out, made) : 0;
	}
	if (r == 0) {
		made = g_mime_encoding_flush(state, "", 0, out);
		r = made ? fn(ctx, out, made) : 0;
	}
	explicit_bzero(out, sizeof(out));
	return r;
}

int mw_piece_decode(const struct mw_piece *p, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	GMimeContentEncoding encoding = encoding_of(p->transfer);
	GMimeEncoding state;
	struct mw_str data = p->data;
	int r = 0;

	if (encoding != GMIME_CONTENT_ENCODING_DEFAULT) {
		g_mime_encoding_init_decode(&state, encoding);
		return decode_all(&state, data, fn, ctx);
	}
	while (data.n && r == 0) {
		size_t n = data.n < CHUNK ? data.n : CHUNK;

		r = fn(ctx, data.p, n);
		data = mw_str_behind(data, n);
	}
	return r;
}
