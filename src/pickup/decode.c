/* SPDX-License-Identifier: Apache-2.0 */
/* decode: the content of a piece, a chunk at a time. */
#include "pickup/pieces.h"

#include "base/str.h"

#include <gmime/gmime.h>
#include <string.h>

#define CHUNK 32768u

/* Others (uuencode, yEnc) stay as they are: no mail program of today makes them, and the programs for them take files. */
static GMimeContentEncoding encoding_of(enum mw_transfer t)
{
	switch (t) {
	case MW_TRANSFER_BASE64:
		return GMIME_CONTENT_ENCODING_BASE64;
	case MW_TRANSFER_QP:
		return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	default:
		return GMIME_CONTENT_ENCODING_DEFAULT;
	}
}

/* Takes the next chunk of s; what was taken in the windows before is let go. */
static struct mw_str take_chunk(struct mw_str *s, const char **window, void (*seen)(struct mw_str))
{
	struct mw_str chunk = {.p = s->p, .n = s->n < CHUNK ? s->n : CHUNK};

	if (seen && (size_t)(s->p - *window) >= MW_PIECES_WINDOW) {
		seen((struct mw_str){.p = *window, .n = (size_t)(s->p - *window)});
		*window = s->p;
	}
	*s = mw_str_behind(*s, chunk.n);
	return chunk;
}

int mw_piece_decode(const struct mw_piece *p, void (*seen)(struct mw_str), int (*fn)(void *ctx, const char *p, size_t n),
		    void *ctx)
{
	static char out[2 * CHUNK]; /* more than any of the encodings makes of a chunk */
	GMimeContentEncoding encoding = encoding_of(p->transfer);
	struct mw_str data = p->data, chunk;
	const char *window = data.p;
	GMimeEncoding state;
	size_t made;
	int r = 0;

	if (encoding == GMIME_CONTENT_ENCODING_DEFAULT) {
		while (data.n && r == 0) {
			chunk = take_chunk(&data, &window, seen);
			r = fn(ctx, chunk.p, chunk.n);
		}
		return r;
	}
	g_mime_encoding_init_decode(&state, encoding);
	while (data.n && r == 0) {
		chunk = take_chunk(&data, &window, seen);
		made = g_mime_encoding_step(&state, chunk.p, chunk.n, out);
		r = made ? fn(ctx, out, made) : 0;
	}
	if (r == 0) {
		made = g_mime_encoding_flush(&state, "", 0, out);
		r = made ? fn(ctx, out, made) : 0;
	}
	explicit_bzero(out, sizeof(out));
	return r;
}
