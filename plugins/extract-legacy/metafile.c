/* SPDX-License-Identifier: Apache-2.0 */
#include "metafile.h"

#include "../ole/ole.h"

#include <errno.h>
#include <string.h>

#define ANSI 1252u
#define EMF_HEAD 8u
#define GLYPHS 0x10u /* the text is numbers of shapes */
#define SMALL_NO_RECT 0x100u
#define SMALL_NARROW 0x200u
#define PIXELS_FEW 1024u /* what the host takes for no picture, either */

/* Records of EMF. */
enum {
	EMF_HEADER = 1,
	EMF_END = 14,
	EMF_COMMENT = 70,
	EMF_BITBLT = 76,
	EMF_STRETCH = 81,
	EMF_TEXT_NARROW = 83,
	EMF_TEXT_WIDE = 84,
	EMF_TEXTS_NARROW = 96,
	EMF_TEXTS_WIDE = 97,
	EMF_TEXT_SMALL = 108,
	EMF_ALPHA = 114,
	EMF_TRANSPARENT = 116,
};

/* Functions of WMF: the lower octet, as the upper one tells how many parameters there are. */
enum { WMF_TEXT = 0x21, WMF_EXT_TEXT = 0x32, WMF_STRETCH = 0x43, WMF_BITBLT = 0x40, WMF_STRETCHBLT = 0x41, WMF_TO_DEVICE = 0x33 };

struct drawing {
	struct out *out;
	struct codepages *pages;
	int64_t end, height, letter; /* of the piece before: where it ends, how high up it is, how wide its letters are */
	bool any, picture, cut;
	int failed;
};

static struct mw_str part(struct mw_str s, uint64_t at, uint64_t n)
{
	if (at > s.n || n > s.n - at)
		return (struct mw_str){.p = s.p, .n = 0};
	return (struct mw_str){.p = s.p + at, .n = (size_t)n};
}

static uint32_t u32(struct mw_str s, uint64_t at)
{
	return at + 4 <= s.n ? ole_u32(s.p + at) : 0;
}

static uint16_t u16(struct mw_str s, uint64_t at)
{
	return at + 2 <= s.n ? ole_u16(s.p + at) : 0;
}

static int failed(struct drawing *d, int r)
{
	if (r < 0 && d->failed == 0)
		d->failed = r;
	return d->failed;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------- */

static void characters(struct drawing *d, struct mw_str s, bool wide)
{
	struct bytes utf8 = {0};
	uint32_t high = 0;
	int r = wide ? 0 : codepage_text(d->pages, ANSI, s.p, s.n, &utf8);

	for (size_t i = 0; wide && i + 2 <= s.n && r == 0; i += 2) {
		uint32_t c = ole_u16(s.p + i);

		if (c >= 0xd800 && c < 0xdc00) {
			high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000)
			c = high ? 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
		high = 0;
		r = bytes_char(&utf8, c);
	}
	if (failed(d, r) == 0)
		(void)failed(d, give_text(d->out, utf8.p, utf8.n));
	bytes_free(&utf8);
}

/* One piece: where it begins, and how wide it is; 0 = that is not told. */
static void piece(struct drawing *d, int64_t x, int64_t y, int64_t width, struct mw_str s, bool wide)
{
	int64_t count = (int64_t)(wide ? s.n / 2 : s.n), gap = x - d->end;

	if (count == 0)
		return;
	if (d->any && y != d->height)
		(void)failed(d, give_break(d->out));
	else if (d->any && (gap > 3 * d->letter || gap < -d->letter))
		(void)failed(d, give_text(d->out, "\t", 1));
	else if (d->any && (d->letter == 0 || gap > d->letter / 3))
		(void)failed(d, give_text(d->out, " ", 1));
	characters(d, s, wide);
	d->any = true;
	d->height = y;
	d->letter = width / count;
	d->end = x + width;
}

static int64_t advance(struct mw_str r, uint64_t at, uint32_t count)
{
	struct mw_str widths = at ? part(r, at, (uint64_t)count * 4) : part(r, 0, 0);
	int64_t all = 0;

	for (size_t i = 0; i + 4 <= widths.n; i += 4)
		all += (int32_t)ole_u32(widths.p + i);
	return all;
}

/* What all records of text have: a place, a length, where the characters are, and their widths. */
static void emf_text(struct drawing *d, struct mw_str r, uint64_t at, bool wide)
{
	uint32_t count = u32(r, at + 8), flags = u32(r, at + 16);
	struct mw_str s = part(r, u32(r, at + 12), (uint64_t)count * (wide ? 2 : 1));

	d->picture |= (flags & GLYPHS) != 0 && count > 0;
	if (!(flags & GLYPHS))
		piece(d, (int32_t)u32(r, at), (int32_t)u32(r, at + 4), advance(r, u32(r, at + 36), count), s, wide);
}

static void emf_texts(struct drawing *d, struct mw_str r, bool wide)
{
	uint32_t n = u32(r, 36);

	for (uint64_t i = 0; i < n && 40 + i * 40 + 40 <= r.n && d->failed == 0; i++)
		emf_text(d, r, 40 + i * 40, wide);
}

static void emf_small(struct drawing *d, struct mw_str r)
{
	uint32_t count = u32(r, 16), flags = u32(r, 20);
	bool wide = !(flags & SMALL_NARROW);
	struct mw_str s = part(r, flags & SMALL_NO_RECT ? 36 : 52, (uint64_t)count * (wide ? 2 : 1));

	d->picture |= (flags & GLYPHS) != 0 && count > 0;
	if (!(flags & GLYPHS))
		piece(d, (int32_t)u32(r, 8), (int32_t)u32(r, 12), 0, s, wide);
}

/* ---- pictures in it --------------------------------------------------------------------------------------------------------------- */

/* The header of a bitmap: its size, its width and height. */
static void bitmap(struct drawing *d, struct mw_str r, uint64_t at)
{
	bool old = u32(r, at) == 12;
	int64_t width = old ? u16(r, at + 4) : (int32_t)u32(r, at + 4), height = old ? u16(r, at + 6) : (int32_t)u32(r, at + 8);

	width = width < 0 ? -width : width;
	height = height < 0 ? -height : height;
	d->picture |= at != 0 && at + 12 <= r.n && width && height > PIXELS_FEW / width;
}

/* Records of EMF+, which stand in comments: texts, and pictures among the objects. */
static void emf_plus(struct drawing *d, struct mw_str s)
{
	while (s.n >= 12 && d->failed == 0) {
		uint16_t type = u16(s, 0), flags = u16(s, 2);
		uint32_t n = u32(s, 4), count = u32(s, 20);

		if (type == 0x401c) /* DrawString; an EMF beside it says the same, and is taken when it is there */
			d->picture |= !d->any && count > 0;
		d->picture |= type == 0x4008 && (flags >> 8 & 0x7f) == 5;
		if (n < 12 || n > s.n)
			break;
		s = (struct mw_str){.p = s.p + n, .n = s.n - n};
	}
}

/* ---- EMF -------------------------------------------------------------------------------------------------------------------------- */

static void emf_record(struct drawing *d, uint32_t type, struct mw_str r)
{
	switch (type) {
	case EMF_TEXT_NARROW:
	case EMF_TEXT_WIDE:
		emf_text(d, r, 36, type == EMF_TEXT_WIDE);
		break;
	case EMF_TEXTS_NARROW:
	case EMF_TEXTS_WIDE:
		emf_texts(d, r, type == EMF_TEXTS_WIDE);
		break;
	case EMF_TEXT_SMALL:
		emf_small(d, r);
		break;
	case EMF_COMMENT:
		if (u32(r, 12) == 0x2b464d45) /* "EMF+" */
			emf_plus(d, part(r, 16, r.n > 16 ? r.n - 16 : 0));
		break;
	case EMF_STRETCH:
	case EMF_STRETCH - 1: /* to the device */
		bitmap(d, r, u32(r, 48));
		break;
	case EMF_BITBLT:
	case EMF_BITBLT + 1:
	case EMF_BITBLT + 2:
	case EMF_ALPHA:
	case EMF_TRANSPARENT:
		bitmap(d, r, u32(r, 84));
		break;
	case EMF_BITBLT + 3:
		bitmap(d, r, u32(r, 96));
		break;
	default:
		break;
	}
}

static void emf_read(struct drawing *d, struct mw_str s)
{
	uint32_t type = 0;

	while (s.n >= EMF_HEAD && type != EMF_END && d->failed == 0) {
		uint32_t n = u32(s, 4);

		type = u32(s, 0);
		if (n < EMF_HEAD || n > s.n)
			break;
		emf_record(d, type, (struct mw_str){.p = s.p, .n = n});
		s = (struct mw_str){.p = s.p + n, .n = s.n - n};
	}
	d->cut = type != EMF_END;
}

/* ---- WMF -------------------------------------------------------------------------------------------------------------------------- */

static bool is_placeable(struct mw_str s)
{
	return u32(s, 0) == 0x9ac6cdd7;
}

static bool is_wmf(struct mw_str s)
{
	return s.n >= 18 && (u16(s, 0) == 1 || u16(s, 0) == 2) && u16(s, 2) == 9 && (u16(s, 4) == 0x300 || u16(s, 4) == 0x100);
}

static void wmf_record(struct drawing *d, uint8_t function, struct mw_str r)
{
	uint32_t count = u16(r, 6), flags;
	uint64_t at;

	switch (function) {
	case WMF_TEXT:
		at = 8 + count + count % 2;
		piece(d, (int16_t)u16(r, at + 2), (int16_t)u16(r, at), 0, part(r, 8, count), false);
		break;
	case WMF_EXT_TEXT:
		count = u16(r, 10);
		flags = u16(r, 12);
		at = flags & 6 ? 22 : 14;
		d->picture |= (flags & GLYPHS) != 0 && count > 0;
		if (!(flags & GLYPHS))
			piece(d, (int16_t)u16(r, 8), (int16_t)u16(r, 6), 0, part(r, at, count), false);
		break;
	case WMF_STRETCH:
		bitmap(d, r, 28);
		break;
	case WMF_STRETCHBLT:
		bitmap(d, r, 26);
		break;
	case WMF_BITBLT:
		bitmap(d, r, 22);
		break;
	case WMF_TO_DEVICE:
		bitmap(d, r, 24);
		break;
	default:
		break;
	}
}

static void wmf_read(struct drawing *d, struct mw_str s)
{
	bool ended = false;

	s = (struct mw_str){.p = s.p + 18, .n = s.n - 18};
	while (s.n >= 6 && !ended && d->failed == 0) {
		uint64_t n = (uint64_t)u32(s, 0) * 2;

		ended = u16(s, 4) == 0;
		if (ended || n < 6 || n > s.n)
			break;
		wmf_record(d, (uint8_t)(u16(s, 4) & 0xff), (struct mw_str){.p = s.p, .n = (size_t)n});
		s = (struct mw_str){.p = s.p + n, .n = s.n - (size_t)n};
	}
	d->cut = !ended;
}

/* ---- both ------------------------------------------------------------------------------------------------------------------------- */

bool metafile_is(struct mw_str s)
{
	return (s.n >= 44 && u32(s, 0) == EMF_HEADER && memcmp(s.p + 40, " EMF", 4) == 0) || is_wmf(s) ||
	       (is_placeable(s) && s.n >= 40);
}

static void both_read(struct drawing *d, struct mw_str s)
{
	if (is_placeable(s))
		s = (struct mw_str){.p = s.p + 22, .n = s.n - 22};
	if (is_wmf(s))
		wmf_read(d, s);
	else
		emf_read(d, s);
	(void)failed(d, give_break(d->out));
}

int metafile_preview(struct mw_str s, struct out *o, struct codepages *pages)
{
	struct drawing d = {.out = o, .pages = pages};

	give_to(o, OUT_MAIN, true);
	(void)failed(&d, give_break(o));
	both_read(&d, s);
	return d.failed;
}

int metafile_read(struct mw_str s, struct out *o, struct codepages *pages)
{
	struct drawing d = {.out = o, .pages = pages};

	give_to(o, OUT_MAIN, false);
	both_read(&d, s);
	if (d.failed)
		return d.failed;
	if (!d.any)
		return -ENODATA;
	if (d.picture && failed(&d, give_unread(o, "image")) < 0)
		return d.failed;
	return d.cut ? -EBADMSG : 0;
}
