/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/macfile.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* ---- octets -------------------------------------------------------------------------------------------------------- */

static uint32_t u16(struct mw_str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t u32(struct mw_str s, size_t at)
{
	return u16(s, at) << 16 | u16(s, at + 2);
}

/* n octets at `at`, as far as they are there. */
static struct mw_str slice(struct mw_str s, uint64_t at, uint64_t n, bool *whole)
{
	if (at > s.n || n > s.n - at)
		*whole = false;
	if (at > s.n)
		return MW_STR_LIT("");
	return (struct mw_str){.p = s.p + at, .n = n < s.n - at ? (size_t)n : s.n - (size_t)at};
}

/* ---- BinHex -------------------------------------------------------------------------------------------------------- */

#define REPEAT 0x90u

/* Octets on their way out, runs undone: X 90 03 is X X X, 90 00 is 90. */
struct runs {
	struct mw_buf *out;
	uint64_t left;
	unsigned char last;
	bool repeat; /* 90 was read */
	bool full;
};

static void runs_put(struct runs *r, unsigned char c, unsigned n)
{
	r->last = c;
	for (; n && r->left; n--, r->left--)
		mw_buf_putc(r->out, (char)c);
	r->full = n > 0;
}

static void runs_add(struct runs *r, unsigned char c)
{
	if (r->repeat && c == 0)
		runs_put(r, REPEAT, 1);
	else if (r->repeat)
		runs_put(r, r->last, c - 1u);
	else if (c != REPEAT)
		runs_put(r, c, 1);
	r->repeat = !r->repeat && c == REPEAT;
}

/* -1: no letter of it. */
static int letter(char c)
{
	static const char letters[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? (int)(at - letters) : -1;
}

/* What stands between the colons; the first is at the start of a line. */
static bool find_data(struct mw_str *s)
{
	const char *end;

	while (s->n && s->p[0] != ':')
		(void)mw_str_take_line(s);
	if (s->n == 0)
		return false;
	*s = mw_str_behind(*s, 1);
	end = memchr(s->p, ':', s->n);
	if (end)
		s->n = (size_t)(end - s->p);
	return true;
}

int mw_binhex_decode(struct mw_str text, uint64_t max, struct mw_buf *out)
{
	struct runs r = {.out = out, .left = max};
	uint32_t v = 0;
	unsigned letters = 0;

	if (!find_data(&text))
		return -EINVAL;
	for (size_t i = 0; i < text.n && !r.full && mw_buf_ok(out); i++) {
		int x = letter(text.p[i]);

		if (x < 0)
			continue; /* line ends, and what a transfer did */
		v = v << 6 | (uint32_t)x;
		letters = (letters + 1) % 4;
		if (letters != 1)
			runs_add(&r, (unsigned char)(v >> (letters == 2 ? 4 : letters == 3 ? 2 : 0) & 0xff));
	}
	return !mw_buf_ok(out) ? -ENOMEM : r.full ? -EFBIG : 0;
}

/* Where the lengths stand: behind length of the name, name, 0, type, creator, flags. 0: there is no such head. */
static size_t binhex_head(struct mw_str s)
{
	size_t name = s.n ? (unsigned char)s.p[0] : 0, head = 1 + name + 1 + 4 + 4 + 2;

	return name && s.n >= head + 10 ? head : 0;
}

/* Lengths of data and resource, check sum; data, check sum, resource, check sum. */
uint64_t mw_binhex_size(struct mw_str s)
{
	size_t head = binhex_head(s);

	return head ? head + 10 + (uint64_t)u32(s, head) + 2 + u32(s, head + 4) + 2 : 0;
}

bool mw_binhex_read(struct mw_str s, struct mw_macfile *ret)
{
	struct mw_macfile f = {.comment = MW_STR_LIT(""), .whole = true};
	size_t head = binhex_head(s);
	uint64_t data;

	if (head == 0)
		return false;
	data = u32(s, head);
	f.name = (struct mw_str){.p = s.p + 1, .n = (unsigned char)s.p[0]};
	f.data = slice(s, head + 10, data, &f.whole);
	f.resource = slice(s, head + 10 + data + 2, u32(s, head + 4), &f.whole);
	*ret = f;
	return true;
}

/* ---- AppleSingle, AppleDouble, MacBinary ----------------------------------------------------------------------------- */

#define ENTRIES_MAX 64u

static bool read_apple(struct mw_str s, struct mw_macfile *ret)
{
	const struct mw_str none = MW_STR_LIT("");
	struct mw_macfile f = {.name = none, .comment = none, .data = none, .resource = none, .whole = true};
	size_t entries;

	if (s.n < 26 || u32(s, 0) >> 8 != 0x000516 || (s.p[3] != 0 && s.p[3] != 7))
		return false;
	entries = u16(s, 24);
	for (size_t i = 0, at = 26; i < entries && i < ENTRIES_MAX && s.n - at >= 12; i++, at += 12) {
		struct mw_str entry = slice(s, u32(s, at + 4), u32(s, at + 8), &f.whole);

		switch (u32(s, at)) {
		case 1:
			f.data = entry;
			break;
		case 2:
			f.resource = entry;
			break;
		case 3:
			f.name = entry;
			break;
		case 4:
			f.comment = entry;
			break;
		default:
			break; /* dates, icons, where the window was */
		}
	}
	f.whole = f.whole && entries <= ENTRIES_MAX && s.n - 26 >= 12 * entries;
	*ret = f;
	return true;
}

static bool read_macbinary(struct mw_str s, struct mw_macfile *ret)
{
	struct mw_macfile f = {.comment = MW_STR_LIT(""), .whole = true};
	uint64_t data, at;
	size_t name = s.n > 128 ? (unsigned char)s.p[1] : 0;

	if (name == 0 || name > 63 || s.p[0] || s.p[74] || s.p[82])
		return false;
	data = u32(s, 83);
	at = 128 + (((uint64_t)u16(s, 120) + 127) & ~(uint64_t)127);
	f.name = (struct mw_str){.p = s.p + 2, .n = name};
	f.data = slice(s, at, data, &f.whole);
	f.resource = slice(s, at + ((data + 127) & ~(uint64_t)127), u32(s, 87), &f.whole);
	*ret = f;
	return true;
}

bool mw_macfile_read(struct mw_str octets, struct mw_macfile *ret)
{
	return read_apple(octets, ret) || read_macbinary(octets, ret);
}
