/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define OCTETS_MAX (48u << 20) /* of one picture */
#define HEAD 144u	       /* octets of a TIFF before those of its picture */
#define BITS_AT 134u	       /* where in them the bits of each colour stand */

struct picture {
	uint32_t width, height;
	uint16_t bits, colours, compression, photometric;
	uint32_t two_dimensions; /* of a code of Group 3 */
	enum qpdf_stream_decode_level_e decode;
};

/* ---- what PDF says --------------------------------------------------------------------------------------------------------------- */

static bool is_true(struct walk *w, qpdf_oh h)
{
	return qpdf_oh_is_bool(w->pdf->q, h) && qpdf_oh_get_bool_value(w->pdf->q, h);
}

/* Is 1 what 0 usually is? */
static bool is_inverted(struct walk *w, qpdf_oh picture)
{
	qpdf_oh decode = pdf_get(w->pdf, picture, "/Decode");

	return pdf_items(w->pdf, decode) && pdf_number(w->pdf, pdf_item(w->pdf, decode, 0)) == 1;
}

static uint16_t colours_of(struct walk *w, qpdf_oh space)
{
	static const struct {
		const char *name;
		uint16_t colours;
	} known[] = {{"/DeviceGray", 1}, {"/CalGray", 1}, {"/DeviceRGB", 3}, {"/CalRGB", 3}, {"/DeviceCMYK", 4}};
	qpdf_oh name = pdf_items(w->pdf, space) ? pdf_item(w->pdf, space, 0) : space;
	long long n;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (pdf_is_name(w->pdf, name, known[i].name))
			return known[i].colours;
	if (!pdf_is_name(w->pdf, name, "/ICCBased") || pdf_items(w->pdf, space) < 2)
		return 0;
	n = pdf_number(w->pdf, pdf_get(w->pdf, pdf_item(w->pdf, space, 1), "/N"));
	return n == 1 || n == 3 || n == 4 ? (uint16_t)n : 0;
}

static bool size_of(struct walk *w, qpdf_oh picture, struct picture *t)
{
	long long x = pdf_number(w->pdf, pdf_get(w->pdf, picture, "/Width"));
	long long y = pdf_number(w->pdf, pdf_get(w->pdf, picture, "/Height"));

	if (x <= 0 || y <= 0 || x > 65535 || y > 65535)
		return false;
	t->width = (uint32_t)x;
	t->height = (uint32_t)y;
	return true;
}

static bool as_fax(struct walk *w, qpdf_oh picture, struct picture *t)
{
	qpdf_oh with = pdf_get(w->pdf, picture, "/DecodeParms"), columns;
	size_t n = pdf_items(w->pdf, with);
	long long k, x;

	with = n ? pdf_item(w->pdf, with, n - 1) : with;
	columns = pdf_get(w->pdf, with, "/Columns");
	k = pdf_number(w->pdf, pdf_get(w->pdf, with, "/K"));
	x = pdf_is_null(w->pdf, columns) ? 1728 : pdf_number(w->pdf, columns);
	if (x <= 0 || x > 65535 || is_true(w, pdf_get(w->pdf, with, "/EncodedByteAlign")))
		return false;
	t->width = (uint32_t)x;
	t->bits = t->colours = 1;
	t->compression = k < 0 ? 4 : 3;
	t->two_dimensions = k > 0;
	t->photometric = is_true(w, pdf_get(w->pdf, with, "/BlackIs1")) != is_inverted(w, picture);
	t->decode = qpdf_dl_generalized; /* what is around it */
	return true;
}

/* Deflated, which TIFF knows too, or as it is: unpacked it would be a hundred times as large. */
static bool as_plain(struct walk *w, qpdf_oh picture, struct picture *t)
{
	bool mask = is_true(w, pdf_get(w->pdf, picture, "/ImageMask"));
	bool bare = pdf_is_null(w->pdf, pdf_get(w->pdf, picture, "/Filter"));
	long long bits = mask ? 1 : pdf_number(w->pdf, pdf_get(w->pdf, picture, "/BitsPerComponent"));

	t->colours = mask ? 1 : colours_of(w, pdf_get(w->pdf, picture, "/ColorSpace"));
	if (!t->colours || !(bits == 8 || (bits == 1 && t->colours == 1)) || !(bare || stream_is_deflated(w->pdf, picture)))
		return false;
	t->bits = (uint16_t)bits;
	t->compression = bare ? 1 : 8;
	t->photometric = t->colours == 4 ? 5 : t->colours == 3 ? 2 : !is_inverted(w, picture);
	t->decode = qpdf_dl_none;
	return true;
}

/* ---- TIFF ------------------------------------------------------------------------------------------------------------------------ */

static void put16(char *p, uint32_t v)
{
	p[0] = (char)(v & 0xff);
	p[1] = (char)(v >> 8 & 0xff);
}

static void put32(char *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static char *put_entry(char *p, uint32_t tag, bool is_long, uint32_t count, uint32_t value)
{
	put16(p, tag);
	put16(p + 2, is_long ? 4 : 3);
	put32(p + 4, count);
	put32(p + 8, value);
	return p + 12;
}

static void put_head(char *p, const struct picture *t, size_t octets)
{
	char *bits = p + BITS_AT;

	memset(p, 0, HEAD);
	memcpy(p, "II*\0\x08\0\0\0\x0a\0", 10);
	for (uint32_t i = 0; i < t->colours; i++)
		put16(bits + 2 * i, t->bits);
	p = put_entry(p + 10, 256, true, 1, t->width);
	p = put_entry(p, 257, true, 1, t->height);
	p = put_entry(p, 258, false, t->colours, t->colours > 2 ? BITS_AT : t->bits);
	p = put_entry(p, 259, false, 1, t->compression);
	p = put_entry(p, 262, false, 1, t->photometric);
	p = put_entry(p, 273, true, 1, HEAD);
	p = put_entry(p, 277, false, 1, t->colours);
	p = put_entry(p, 278, true, 1, t->height);
	p = put_entry(p, 279, true, 1, (uint32_t)octets);
	(void)put_entry(p, 292, true, 1, t->two_dimensions);
}

/* ---- both ------------------------------------------------------------------------------------------------------------------------ */

bool picture_give(struct walk *w, qpdf_oh picture, struct mw_str name)
{
	struct picture t = {.width = 0};
	enum stream_kind kind = stream_kind(w->pdf, picture);
	unsigned char *data = NULL;
	bool given = false;
	char *tiff = NULL;
	size_t n = 0;

	if (!size_of(w, picture, &t) ||
	    !(kind == STREAM_FAX ? as_fax(w, picture, &t) : kind == STREAM_OCTETS && as_plain(w, picture, &t)))
		return false;
	stream_peel(w->pdf, picture);
	if (!(qpdf_oh_get_stream_data(w->pdf->q, picture, t.decode, NULL, &data, &n) & QPDF_ERRORS) && n && n < OCTETS_MAX)
		tiff = malloc(HEAD + n);
	if (tiff) {
		put_head(tiff, &t, n);
		memcpy(tiff + HEAD, data, n);
		walk_given(w, (struct mw_str){.p = tiff, .n = HEAD + n}, n, name, "image/tiff");
		given = true;
	}
	free(data);
	free(tiff);
	return given;
}
