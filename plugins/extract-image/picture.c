/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include <errno.h>
#include <string.h>

#include <allheaders.h>

#define GIF_HEAD 13u

static uint16_t u16(const char *p)
{
	return (uint16_t)((unsigned char)p[0] | (unsigned char)p[1] << 8);
}

static const l_uint8 *octets(const struct picture *p)
{
	return (const l_uint8 *)p->data.p;
}

static enum picture_kind kind_of(struct mw_str s)
{
	static const struct {
		const char *magic;
		size_t n;
		enum picture_kind kind;
	} rows[] = {
	    {"\x89PNG\r\n\x1a\n", 8, PICTURE_PNG},
	    {"\xff\xd8\xff", 3, PICTURE_JPEG},
	    {"II*\0", 4, PICTURE_TIFF},
	    {"MM\0*", 4, PICTURE_TIFF},
	    {"GIF87a", 6, PICTURE_GIF},
	    {"GIF89a", 6, PICTURE_GIF},
	    {"BM", 2, PICTURE_BMP},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (s.n >= rows[i].n && memcmp(s.p, rows[i].magic, rows[i].n) == 0)
			return rows[i].kind;
	if (s.n >= 12 && memcmp(s.p, "RIFF", 4) == 0 && memcmp(s.p + 8, "WEBP", 4) == 0)
		return PICTURE_WEBP;
	if (s.n >= 3 && s.p[0] == 'P' && s.p[1] >= '1' && s.p[1] <= '7' && (s.p[2] == '\n' || s.p[2] == ' ' || s.p[2] == '#'))
		return PICTURE_PNM;
	return PICTURE_NONE;
}

bool picture_begin(struct picture *p, struct mw_str data)
{
	*p = (struct picture){.data = data, .kind = kind_of(data)};
	return p->kind != PICTURE_NONE;
}

/* Pixels of the page that comes next; 0 = its head cannot be read. */
static uint64_t pixels(const struct picture *p)
{
	l_int32 w = 0, h = 0, bits, samples, map, resolution, format;

	if (p->kind == PICTURE_GIF) {
		if (p->data.n < GIF_HEAD)
			return 0;
		return (uint64_t)u16(p->data.p + 6) * u16(p->data.p + 8);
	}
	if (p->kind == PICTURE_TIFF) {
		if (readHeaderMemTiff(octets(p), p->data.n, (l_int32)p->page, &w, &h, &bits, &samples, &resolution, &map,
				      &format))
			return 0;
	} else if (pixReadHeaderMem(octets(p), p->data.n, &format, &w, &h, &bits, &samples, &map)) {
		return 0;
	}
	return w > 0 && h > 0 ? (uint64_t)w * (uint64_t)h : 0;
}

static struct Pix *decode(struct picture *p)
{
	if (p->kind == PICTURE_TIFF)
		return pixReadMemFromMultipageTiff(octets(p), p->data.n, &p->offset);
	return pixReadMem(octets(p), p->data.n);
}

/* Pages of a TIFF are found one behind another: the offset of the next is told with each. A page that is too large tells none, so
 * it is the last. */
int picture_next(struct picture *p, uint64_t most, struct Pix **ret)
{
	struct Pix *pix;
	uint64_t n;

	if (p->end)
		return 0;
	n = pixels(p);
	p->end = true;
	if (n == 0)
		return -EBADMSG;
	if (n > most)
		return -EFBIG;
	pix = decode(p);
	if (!pix)
		return -EBADMSG;
	p->page++;
	p->end = p->kind != PICTURE_TIFF || p->offset == 0;
	*ret = pix;
	return 1;
}

/* Behind a list of blocks, each behind its length. */
static size_t blocks_end(struct mw_str s, size_t at)
{
	while (at < s.n && s.p[at])
		at += 1u + (unsigned char)s.p[at];
	return at + 1;
}

static size_t map_octets(char flags)
{
	return (unsigned char)flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

bool picture_moves(const struct picture *p)
{
	struct mw_str s = p->data;
	size_t at, images = 0;

	if (p->kind != PICTURE_GIF || s.n < GIF_HEAD)
		return false;
	at = GIF_HEAD + map_octets(s.p[10]);
	while (at + 10 <= s.n && images < 2) {
		if (s.p[at] == '!') {
			at = blocks_end(s, at + 2);
		} else if (s.p[at] == ',') {
			images++;
			at = blocks_end(s, at + 10 + map_octets(s.p[at + 9]) + 1);
		} else {
			break;
		}
	}
	return images > 1;
}
