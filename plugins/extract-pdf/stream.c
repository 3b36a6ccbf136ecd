/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define PIECE 32768u

/* The only filter of the stream, or the last of several. */
static qpdf_oh last_filter(struct pdf *p, qpdf_oh stream, size_t *filters)
{
	qpdf_oh filter = pdf_get(p, stream, "/Filter");
	size_t n = pdf_items(p, filter);

	*filters = n ? n : !pdf_is_null(p, filter);
	return n ? pdf_item(p, filter, n - 1) : filter;
}

static bool is_name(struct pdf *p, qpdf_oh h, const char *name, const char *brief)
{
	return pdf_is_name(p, h, name) || pdf_is_name(p, h, brief);
}

enum stream_kind stream_kind(struct pdf *p, qpdf_oh stream)
{
	size_t mark = pdf_mark(p), filters;
	qpdf_oh last = last_filter(p, stream, &filters);
	enum stream_kind kind = STREAM_OCTETS;

	if (is_name(p, last, "/DCTDecode", "/DCT"))
		kind = STREAM_JPEG;
	else if (pdf_is_name(p, last, "/JPXDecode"))
		kind = STREAM_JPX;
	else if (is_name(p, last, "/CCITTFaxDecode", "/CCF"))
		kind = STREAM_FAX;
	else if (pdf_is_name(p, last, "/JBIG2Decode"))
		kind = STREAM_OTHER;
	pdf_drop(p, mark);
	return kind;
}

void stream_peel(struct pdf *p, qpdf_oh stream)
{
	size_t mark = pdf_mark(p);
	qpdf_oh filter = pdf_get(p, stream, "/Filter"), with = pdf_get(p, stream, "/DecodeParms");
	size_t n = pdf_items(p, filter);

	/* What is around octets is not theirs. */
	if (n > 1 && stream_kind(p, stream) != STREAM_OCTETS) {
		if (pdf_items(p, with) == n)
			qpdf_oh_erase_item(p->q, with, (int)n - 1);
		qpdf_oh_erase_item(p->q, filter, (int)n - 1);
	}
	pdf_drop(p, mark);
}

uint64_t stream_packed(struct pdf *p, qpdf_oh stream)
{
	size_t mark = pdf_mark(p);
	long long n = pdf_number(p, pdf_get(p, stream, "/Length"));

	pdf_drop(p, mark);
	return n > 0 ? (uint64_t)n : 0;
}

bool stream_is_deflated(struct pdf *p, qpdf_oh stream)
{
	size_t mark = pdf_mark(p), filters;
	bool yes = is_name(p, last_filter(p, stream, &filters), "/FlateDecode", "/Fl") && filters == 1;
	qpdf_oh with = pdf_get(p, stream, "/DecodeParms");

	with = pdf_items(p, with) ? pdf_item(p, with, 0) : with;
	yes = yes && pdf_number(p, pdf_get(p, with, "/Predictor")) <= 1;
	pdf_drop(p, mark);
	return yes;
}

static int inflate_pieces(z_stream *z, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	static const int damaged = -EBADMSG;
	unsigned char piece[PIECE];
	int r = Z_OK;

	while (r == Z_OK) {
		int given;

		z->next_out = piece;
		z->avail_out = sizeof(piece);
		r = inflate(z, Z_NO_FLUSH);
		given = z->avail_out < sizeof(piece) ? fn(ctx, (const char *)piece, sizeof(piece) - z->avail_out) : 0;
		if (given != 0)
			return given;
	}
	return r == Z_STREAM_END ? 0 : r == Z_MEM_ERROR ? -ENOMEM : damaged;
}

static int inflate_all(const unsigned char *data, size_t n, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data, .avail_in = (uInt)n};
	int r;

	if (n > UINT32_MAX)
		return -EBADMSG;
	if (inflateInit(&z) != Z_OK)
		return -ENOMEM;
	r = inflate_pieces(&z, fn, ctx);
	(void)inflateEnd(&z);
	return r;
}

int stream_read(struct pdf *p, qpdf_oh stream, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	bool deflated = stream_is_deflated(p, stream);
	unsigned char *data = NULL;
	size_t n = 0;
	int r;

	if (qpdf_oh_get_stream_data(p->q, stream, deflated ? qpdf_dl_none : qpdf_dl_generalized, NULL, &data, &n) & QPDF_ERRORS)
		return -EBADMSG;
	r = deflated ? inflate_all(data, n, fn, ctx) : n ? fn(ctx, (const char *)data, n) : 0;
	free(data);
	return r;
}

static int spend(void *ctx, const char *p, size_t n)
{
	uint64_t *budget = ctx;

	(void)p;
	*budget -= n < *budget ? n : *budget;
	return *budget ? 0 : -EFBIG;
}

bool stream_is_whole(struct pdf *p, qpdf_oh stream, uint64_t *budget)
{
	return *budget == 0 || !stream_is_deflated(p, stream) || stream_read(p, stream, spend, budget) != -EBADMSG;
}
