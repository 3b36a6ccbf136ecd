/* SPDX-License-Identifier: Apache-2.0 */
#include "runs.h"

#include "prop.h"

#define SHORTEST_ASCII 6u /* fewer are mostly chance */
#define SHORTEST_WIDE 4u
#define PIECE 1024u

static bool is_ascii(char c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

/* Scripts that chance seldom makes: Latin to Arabic, without marks that stand above letters. ASCII in pairs is far above. */
static bool is_wide(const char *p)
{
	uint16_t c = mapi_u16(p);

	return (c >= 0x20 && c <= 0x7e) || (c >= 0xa0 && c < 0x300) || (c >= 0x370 && c < 0x700) || c == '\t';
}

static size_t ascii_length(struct mw_str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && is_ascii(s.p[at + n]))
		n++;
	return n;
}

static size_t wide_length(struct mw_str s, size_t at)
{
	size_t n = 0;

	while (s.n - at - 2 * n >= 2 && is_wide(s.p + at + 2 * n))
		n++;
	return n;
}

static int give_wide(const char *p, size_t n, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	char piece[PIECE + 2]; /* the last letter may take two */
	size_t have = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		uint16_t c = mapi_u16(p + 2 * i);

		if (c < 0x80) {
			piece[have++] = (char)c;
		} else {
			piece[have++] = (char)(0xc0 | c >> 6);
			piece[have++] = (char)(0x80 | (c & 0x3f));
		}
		if (have >= PIECE) {
			r = fn(ctx, piece, have);
			have = 0;
		}
	}
	return r == 0 && have ? fn(ctx, piece, have) : r;
}

int mapi_runs(struct mw_str data, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	size_t i = 0;
	int r = 0;

	while (i < data.n && r == 0) {
		size_t n = wide_length(data, i);
		bool found = true;

		if (n >= SHORTEST_WIDE) {
			r = give_wide(data.p + i, n, fn, ctx);
			n *= 2;
		} else {
			n = ascii_length(data, i);
			if (n >= SHORTEST_ASCII)
				r = fn(ctx, data.p + i, n);
			else
				found = false;
			n = n ? n : 1;
		}
		if (r == 0 && found)
			r = fn(ctx, "\n", 1);
		i += n;
	}
	return r;
}
