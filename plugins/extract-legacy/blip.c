/* SPDX-License-Identifier: Apache-2.0 */
#include "blip.h"

#include "../ole/ole.h"
#include "embedded.h"

#include <errno.h>
#include <string.h>

#include <zlib.h>

#define RECORD 8u /* octets in front of each: version and instance, type, length */
#define METAFILE_HEAD 34u
#define UNPACKED_MAX ((size_t)64 * 1024 * 1024)
#define UID 16u /* of a picture, once or twice in front of its octets */

struct kind {
	uint16_t type, instance; /* instance: with one UID; with two it is one more */
	uint8_t between;	 /* octets behind the UIDs */
	const char *media, *magic;
};

/* Pictures of vectors and of the Macintosh are compressed. */
static const struct kind kinds[] = {
    {0xf01a, 0x3d4, 34, "image/emf", ""},	  {0xf01b, 0x216, 34, "image/wmf", ""},
    {0xf01c, 0x542, 34, "image/x-pict", ""},	  {0xf01d, 0x46a, 1, "image/jpeg", "\xff\xd8"},
    {0xf01d, 0x6e2, 1, "image/jpeg", "\xff\xd8"}, {0xf01e, 0x6e0, 1, "image/png", "\x89PNG"},
    {0xf01f, 0x7a8, 1, "image/bmp", ""},	  {0xf029, 0x6e4, 1, "image/tiff", ""},
    {0xf02a, 0x46a, 1, "image/jpeg", "\xff\xd8"}, {0xf02a, 0x6e2, 1, "image/jpeg", "\xff\xd8"},
};

/* The picture whose record begins at p, of n octets in all. NULL = none does. */
static const struct kind *kind_at(const char *p, size_t n, struct mw_str *data)
{
	uint16_t head = ole_u16(p), type = ole_u16(p + 2), instance = head >> 4;
	uint32_t length = ole_u32(p + 4);

	if ((head & 0xf) != 0 || length > n - RECORD)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		size_t front = UID * (instance == k->instance ? 1 : 2) + k->between;

		if (type != k->type || (instance != k->instance && instance != k->instance + 1) || length <= front)
			continue;
		*data = (struct mw_str){.p = p + RECORD + front, .n = length - front};
		if (data->n >= strlen(k->magic) && memcmp(data->p, k->magic, strlen(k->magic)) == 0)
			return k;
	}
	return NULL;
}

/* Unpacks as much as there is. */
static int unpack(struct mw_str s, struct bytes *to)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n};
	char piece[4096];
	int r = 0, state = inflateInit(&z);

	if (state != Z_OK)
		return -ENOMEM;
	while (r == 0 && state == Z_OK && to->n < UNPACKED_MAX) {
		z.next_out = (Bytef *)piece;
		z.avail_out = sizeof(piece);
		state = inflate(&z, Z_NO_FLUSH);
		r = bytes_add(to, piece, sizeof(piece) - z.avail_out);
		if (z.avail_out == sizeof(piece))
			break;
	}
	(void)inflateEnd(&z);
	explicit_bzero(piece, sizeof(piece));
	return r < 0 ? r : state == Z_STREAM_END ? 0 : -EBADMSG;
}

/* The two octets in front of a packed picture say how: zero is deflate. */
static int picture(const struct kind *k, struct mw_str data, struct out *o)
{
	bool packed = k->between == METAFILE_HEAD && data.p[-2] == 0 && data.n < UINT32_MAX / 2;
	struct bytes all = {0};
	int r = packed ? unpack(data, &all) : 0;

	if (packed)
		data = (struct mw_str){.p = all.p ? all.p : "", .n = all.n};
	if (r == 0 || r == -EBADMSG)
		r = embedded_picture(o, k->media, data, ++o->pictures, r < 0 ? "damaged" : NULL);
	bytes_free(&all);
	return r;
}

int blip_find(struct mw_str s, struct out *o)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && s.n >= RECORD && at <= s.n - RECORD) {
		/* The upper octet of the type is the same in all. */
		const char *p = memchr(s.p + at + 3, 0xf0, s.n - at - 3);
		const struct kind *k;
		struct mw_str data;

		if (!p || (size_t)(p - s.p) - 3 > s.n - RECORD)
			break;
		at = (size_t)(p - s.p) - 3;
		k = kind_at(s.p + at, s.n - at, &data);
		if (!k) {
			at++;
			continue;
		}
		r = picture(k, data, o);
		at += RECORD + ole_u32(s.p + at + 4);
	}
	return r;
}
