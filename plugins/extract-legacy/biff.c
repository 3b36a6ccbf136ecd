/* SPDX-License-Identifier: Apache-2.0 */
#include "biff.h"

#include "../ole/ole.h"

#include <string.h>

#define WIDE 1u
#define EXTENDED 4u
#define RICH 8u

uint16_t biff_u16(struct mw_str s, size_t at)
{
	return at + 2 <= s.n ? ole_u16(s.p + at) : 0;
}

uint32_t biff_u32(struct mw_str s, size_t at)
{
	return at + 4 <= s.n ? ole_u32(s.p + at) : 0;
}

double biff_double(struct mw_str s, size_t at)
{
	uint64_t bits = (uint64_t)biff_u32(s, at + 4) << 32 | biff_u32(s, at);
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

bool biff_record(struct mw_str stream, size_t at, struct biff_record *ret)
{
	size_t n;

	if (at > stream.n || stream.n - at < 4)
		return false;
	n = ole_u16(stream.p + at + 2);
	if (n > stream.n - at - 4)
		return false;
	*ret = (struct biff_record){.type = ole_u16(stream.p + at), .data = {.p = stream.p + at + 4, .n = n}, .next = at + 4 + n};
	return true;
}

/* ---- through records that continue ----------------------------------------------------------------------------------------------- */

struct biff_reader biff_reader(struct mw_str stream, const struct biff_record *first)
{
	return (struct biff_reader){.stream = stream, .left = first->data, .next = first->next};
}

/* On to the record that continues this one. */
static bool reader_next(struct biff_reader *r)
{
	struct biff_record record;

	if (!biff_record(r->stream, r->next, &record) || record.type != BIFF_CONTINUE)
		return false;
	r->left = record.data;
	r->next = record.next;
	return true;
}

static size_t reader_step(struct biff_reader *r, uint64_t n)
{
	size_t k = n < r->left.n ? (size_t)n : r->left.n;

	r->left = (struct mw_str){.p = r->left.p + k, .n = r->left.n - k};
	return k;
}

bool biff_skip(struct biff_reader *r, uint64_t n)
{
	while (n) {
		size_t k = reader_step(r, n);

		n -= k;
		if (n && !reader_next(r))
			return false;
	}
	return true;
}

bool biff_take(struct biff_reader *r, size_t n, char *to)
{
	while (n) {
		const char *p = r->left.p;
		size_t k = reader_step(r, n);

		memcpy(to, p, k);
		to += k;
		n -= k;
		if (n && !reader_next(r))
			return false;
	}
	return true;
}

/* Characters of one piece. *high: a first half of a pair that waits. */
static int piece_add(struct mw_str s, bool wide, uint32_t *high, struct bytes *to)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i += wide ? 2 : 1) {
		uint32_t c = wide ? ole_u16(s.p + i) : (unsigned char)s.p[i];

		if (c >= 0xd800 && c < 0xdc00) {
			*high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000 && *high)
			c = 0x10000 + ((*high - 0xd800) << 10) + (c - 0xdc00);
		*high = 0;
		r = bytes_char(to, c == '\r' ? '\n' : c);
	}
	return r;
}

int biff_chars(struct biff_reader *r, size_t count, bool wide, struct bytes *to)
{
	uint32_t high = 0;

	while (count) {
		size_t width = wide ? 2 : 1, here = r->left.n / width, k = count < here ? count : here;
		char flags;

		if (piece_add((struct mw_str){.p = r->left.p, .n = k * width}, wide, &high, to) < 0)
			return -1;
		(void)reader_step(r, k * width);
		count -= k;
		if (count == 0)
			break;
		/* What goes on in the next record says anew whether it is wide. */
		r->left.n = 0;
		if (!biff_take(r, 1, &flags))
			return 0;
		wide = (unsigned char)flags & WIDE;
	}
	return 1;
}

int biff_rich(struct biff_reader *r, size_t count, struct bytes *to)
{
	char flags, word[4];
	uint64_t more = 0;
	int got;

	if (!biff_take(r, 1, &flags))
		return 0;
	if ((unsigned char)flags & RICH) {
		if (!biff_take(r, 2, word))
			return 0;
		more += (uint64_t)ole_u16(word) * 4;
	}
	if ((unsigned char)flags & EXTENDED) {
		if (!biff_take(r, 4, word))
			return 0;
		more += ole_u32(word);
	}
	got = biff_chars(r, count, (unsigned char)flags & WIDE, to);
	return got == 1 ? biff_skip(r, more) : got;
}

int biff_string(const struct biff_text *t, struct mw_str data, size_t width, struct bytes *to)
{
	struct biff_reader r = {.stream = data, .left = data, .next = data.n};
	char word[2] = {0};
	size_t count;

	if (!biff_take(&r, width, word))
		return 0;
	count = width == 2 ? ole_u16(word) : (unsigned char)word[0];
	if (t->version == BIFF8)
		return biff_rich(&r, count, to) < 0 ? -1 : 0;
	return codepage_text(t->pages, t->page, r.left.p, count < r.left.n ? count : r.left.n, to);
}
