/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define MOST ((size_t)1024 * 1024)
#define TIFF_ASCII 2u
#define TIFF_PAGES 64u
#define RUN_MIN 6u /* characters of a string among other octets */

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static struct mw_str part_of(struct mw_str s, size_t at, size_t n)
{
	if (at >= s.n)
		return (struct mw_str){.p = s.p, .n = 0};
	return (struct mw_str){.p = s.p + at, .n = n < s.n - at ? n : s.n - at};
}

/* ---- lines ----------------------------------------------------------------------------------------------------------------------- */

static int put(void *ctx, const char *p, size_t n)
{
	struct told *t = ctx;
	int r = 0;

	if (!t->begun) {
		r = t->host->sink_text(t->sink, "\f\n", 2);
		r = r == 0 ? t->host->sink_hidden(t->sink) : r;
		t->begun = true;
	}
	r = r == 0 ? t->host->sink_text(t->sink, p, n) : r;
	return r == 0 ? t->host->sink_text(t->sink, "\n", 1) : r;
}

static int line(struct told *t, struct mw_str s, const char *charset)
{
	if (s.n == 0 || t->n >= MOST)
		return 0;
	s.n = s.n < MOST - t->n ? s.n : MOST - t->n;
	t->n += s.n;
	return t->host->to_utf8(s, charset, put, t);
}

/* Strings of ASCII among other octets: `step` octets a character. */
static int strings(struct told *t, struct mw_str s, size_t step)
{
	size_t from = 0, n = 0;
	int r = 0;

	for (size_t i = 0; i + step <= s.n && r == 0;) {
		bool ascii = s.p[i] >= ' ' && s.p[i] < 0x7f && (step == 1 || s.p[i + 1] == '\0');

		if (ascii) {
			from = n ? from : i;
			n++;
		}
		if (n >= RUN_MIN && (!ascii || i + 2 * step > s.n))
			r = line(t, part_of(s, from, n * step), step == 1 ? "us-ascii" : "utf-16le");
		n = ascii ? n : 0;
		i += ascii || n ? step : 1;
	}
	return r;
}

/* Properties by programs: their strings in both ways. A small picture inside has none. */
static int properties(struct told *t, struct mw_str s)
{
	const char *inner = memmem(s.p, s.n, "\xff\xd8\xff", 3);
	int r;

	if (inner)
		s.n = (size_t)(inner - s.p);
	r = strings(t, s, 1);
	return r == 0 ? strings(t, s, 2) : r;
}

/* ---- formats --------------------------------------------------------------------------------------------------------------------- */

/* Packed text, as much of it as may be told. */
static int packed(struct told *t, struct mw_str s, const char *charset)
{
	uLongf n = MOST;
	char *text = malloc(n);
	z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n, .next_out = (Bytef *)text, .avail_out = (uInt)n};
	int r = 0;

	if (text && s.n <= UINT32_MAX / 2 && inflateInit(&z) == Z_OK) {
		(void)inflate(&z, Z_FINISH);
		r = line(t, (struct mw_str){.p = text, .n = n - z.avail_out}, charset);
		(void)inflateEnd(&z);
	}
	if (text)
		explicit_bzero(text, n);
	free(text);
	return r;
}

/* Behind the next NUL. */
static struct mw_str behind_nul(struct mw_str s)
{
	const char *nul = memchr(s.p, '\0', s.n);

	return part_of(s, nul ? (size_t)(nul - s.p) + 1 : s.n, s.n);
}

static int png_chunk(struct told *t, const char *type, struct mw_str s)
{
	struct mw_str text = behind_nul(s);

	if (memcmp(type, "tEXt", 4) == 0)
		return line(t, text, "iso-8859-1");
	if (memcmp(type, "zTXt", 4) == 0)
		return packed(t, part_of(text, 1, text.n), "iso-8859-1");
	if (memcmp(type, "iTXt", 4) == 0 && text.n >= 2) {
		bool is_packed = text.p[0] != 0;

		text = behind_nul(behind_nul(part_of(text, 2, text.n))); /* the language, and the name in it */
		return is_packed ? packed(t, text, "utf-8") : line(t, text, "utf-8");
	}
	return memcmp(type, "eXIf", 4) == 0 ? properties(t, s) : 0;
}

static int png(struct told *t, struct mw_str s)
{
	size_t at = 8;
	int r = 0;

	while (at + 12 <= s.n && r == 0 && t->n < MOST) {
		size_t n = be32(s.p + at);

		r = png_chunk(t, s.p + at + 4, part_of(s, at + 8, n));
		if (n > s.n - at - 12)
			break;
		at += 12 + n;
	}
	return r;
}

static int jpeg(struct told *t, struct mw_str s)
{
	size_t at = 2;
	int r = 0;

	while (at + 4 <= s.n && r == 0 && (unsigned char)s.p[at] == 0xff) {
		unsigned marker = (unsigned char)s.p[at + 1];
		size_t n = (size_t)(unsigned char)s.p[at + 2] << 8 | (unsigned char)s.p[at + 3];
		struct mw_str data = part_of(s, at + 4, n >= 2 ? n - 2 : 0);

		if (marker == 0xda || n < 2)
			break;
		if (marker == 0xfe)
			r = line(t, data, "");
		else if (marker > 0xe0 && marker <= 0xef && marker != 0xe2 && marker != 0xee)
			r = properties(t, data);
		at += 2 + n;
	}
	return r;
}

static int webp(struct told *t, struct mw_str s)
{
	size_t at = 12;
	int r = 0;

	while (at + 8 <= s.n && r == 0) {
		const unsigned char *u = (const unsigned char *)s.p + at + 4;
		size_t n = (size_t)u[0] | (size_t)u[1] << 8 | (size_t)u[2] << 16 | (size_t)u[3] << 24;

		if (memcmp(s.p + at, "EXIF", 4) == 0 || memcmp(s.p + at, "XMP ", 4) == 0)
			r = properties(t, part_of(s, at + 8, n));
		if (n > s.n - at - 8)
			break;
		at += 8 + n + (n & 1);
	}
	return r;
}

/* Comments of a GIF stand in blocks of up to 255 octets. */
static int gif(struct told *t, struct mw_str s)
{
	const char *p = s.p;
	int r = 0;

	while (r == 0 && (p = memmem(p, (size_t)(s.p + s.n - p), "!\xfe", 2)) != NULL) {
		size_t at = (size_t)(p - s.p) + 2;

		while (r == 0 && at < s.n && s.p[at]) {
			r = line(t, part_of(s, at + 1, (unsigned char)s.p[at]), "");
			at += 1u + (unsigned char)s.p[at];
		}
		p = s.p + (at < s.n ? at : s.n);
	}
	return r;
}

/* ---- TIFF ------------------------------------------------------------------------------------------------------------------------ */

static uint32_t number(struct mw_str s, size_t at, size_t octets)
{
	uint32_t v = 0;

	for (size_t i = 0; i < octets && at + octets <= s.n; i++)
		v = v << 8 | (unsigned char)s.p[at + (*s.p == 'I' ? octets - 1 - i : i)];
	return v;
}

static int tag(struct told *t, struct mw_str s, size_t at)
{
	uint32_t name = number(s, at, 2), type = number(s, at + 2, 2), n = number(s, at + 4, 4);
	struct mw_str data = part_of(s, n > 4 ? number(s, at + 8, 4) : at + 8, n);

	if (type == TIFF_ASCII)
		return line(t, data, "");
	/* XMP, IPTC, and what Windows says of a picture. */
	return name == 700 || name == 33723 || (name >= 0x9c9b && name <= 0x9c9f) ? properties(t, data) : 0;
}

static int tiff(struct told *t, struct mw_str s)
{
	uint32_t at = number(s, 4, 4);
	int r = 0;

	for (size_t pages = 0; pages < TIFF_PAGES && at && at < s.n && r == 0 && t->n < MOST; pages++) {
		size_t n = number(s, at, 2);

		for (size_t i = 0; i < n && r == 0 && t->n < MOST; i++)
			r = tag(t, s, at + 2 + i * 12);
		at = number(s, at + 2 + n * 12, 4);
	}
	return r;
}

int told_read(const struct picture *p, struct told *t)
{
	switch (p->kind) {
	case PICTURE_PNG:
		return png(t, p->data);
	case PICTURE_JPEG:
		return jpeg(t, p->data);
	case PICTURE_WEBP:
		return webp(t, p->data);
	case PICTURE_GIF:
		return gif(t, p->data);
	case PICTURE_TIFF:
		return tiff(t, p->data);
	case PICTURE_BMP:
	case PICTURE_PNM:
	case PICTURE_NONE:
		break;
	}
	return 0;
}
