/* SPDX-License-Identifier: Apache-2.0 */
#include "lzfu.h"

#include "prop.h"

#include <errno.h>
#include <string.h>

#define HEADER 16u
#define WINDOW 4096u
#define COMPRESSED 0x75465a4cu /* "LZFu" */
#define STORED 0x414c454du     /* "MELA" */

/* What the window holds at first, so that even a short text can refer to it: section 2.1.3.1. */
static const char words[] = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
			    "\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
			    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

struct window {
	char p[WINDOW];
	size_t at;    /* where the next octet goes */
	size_t begun; /* from here on not given yet */
	uint64_t out;
	int (*fn)(void *ctx, const char *p, size_t n);
	void *ctx;
};

static int flush(struct window *w)
{
	int r = w->at > w->begun ? w->fn(w->ctx, w->p + w->begun, w->at - w->begun) : 0;

	w->out += w->at - w->begun;
	w->begun = w->at;
	return r;
}

static int put(struct window *w, char c)
{
	int r;

	w->p[w->at++] = c;
	if (w->at < WINDOW)
		return 0;
	r = flush(w);
	w->at = w->begun = 0;
	return r;
}

/* An offset into the window and a length; the window's own end says that there is no more: *end. */
static int copy(struct window *w, const char *p, bool *end)
{
	unsigned word = (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
	size_t from = word >> 4, n = (word & 15) + 2;
	int r = 0;

	*end = from == w->at;
	for (size_t i = 0; !*end && i < n && r == 0; i++)
		r = put(w, w->p[(from + i) % WINDOW]);
	return r;
}

static int expand(struct window *w, struct mw_str in, bool *end)
{
	size_t i = 0;
	int r = 0;

	*end = false;
	while (i < in.n && !*end && r == 0) {
		unsigned control = (unsigned char)in.p[i++];

		for (int bit = 0; bit < 8 && i < in.n && !*end && r == 0; bit++, control >>= 1) {
			if (!(control & 1)) {
				r = put(w, in.p[i++]);
			} else if (in.n - i < 2) {
				i = in.n;
			} else {
				r = copy(w, in.p + i, end);
				i += 2;
			}
		}
	}
	return r;
}

/* CRC-32 without the inversions at both ends. */
static uint32_t checksum(struct mw_str s)
{
	uint32_t table[256], crc = 0;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int k = 0; k < 8; k++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320u : table[i] >> 1;
	}
	for (size_t i = 0; i < s.n; i++)
		crc = table[(crc ^ (unsigned char)s.p[i]) & 0xff] ^ crc >> 8;
	return crc;
}

int mapi_lzfu(struct mw_str data, int (*fn)(void *ctx, const char *p, size_t n), void *ctx, bool *whole)
{
	struct window w = {.at = sizeof(words) - 1, .begun = sizeof(words) - 1, .fn = fn, .ctx = ctx};
	struct mw_str in;
	uint64_t size, raw;
	uint32_t magic;
	bool end;
	int r;

	if (data.n < HEADER)
		return -EBADMSG;
	magic = mapi_u32(data.p + 8);
	if (magic != COMPRESSED && magic != STORED)
		return -EBADMSG;
	in = (struct mw_str){.p = data.p + HEADER, .n = data.n - HEADER};
	size = (uint64_t)mapi_u32(data.p) + 4; /* counted from behind itself */
	raw = mapi_u32(data.p + 4);
	if (magic == STORED) {
		r = in.n ? fn(ctx, in.p, in.n) : 0;
		*whole = in.n >= raw;
		return r;
	}
	memcpy(w.p, words, sizeof(words) - 1);
	r = expand(&w, in, &end);
	if (r == 0)
		r = flush(&w);
	*whole = w.out == raw && size >= HEADER && size <= data.n &&
		 checksum((struct mw_str){.p = in.p, .n = (size_t)size - HEADER}) == mapi_u32(data.p + 12);
	return r;
}
