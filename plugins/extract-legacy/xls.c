/* SPDX-License-Identifier: Apache-2.0 */
#include "xls_private.h"

#include "../ole/ole.h"
#include "art.h"
#include "blip.h"
#include "found.h"
#include "xls_number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMATS_MAX 65536u
#define ANSI 1252u
#define NARROW_MIN 5u /* characters of a text among octets, where nothing tells its length */
#define NAME_BUILT_IN 0x20u

enum {
	REC_EOF = 0x0a,
	REC_DATEMODE = 0x22,
	REC_FILEPASS = 0x2f,
	REC_CODEPAGE = 0x42,
	REC_CRN = 0x5a,
	REC_BOUNDSHEET = 0x85,
	REC_SXSTRING = 0xcd,
	REC_FILTER = 0x9e,
	REC_SCENARIO = 0xaf,
	REC_SXNUM = 0xc9,
	REC_XF = 0xe0,
	REC_MERGED = 0xe5,
	REC_DRAWINGS = 0xeb,
	REC_SST = 0xfc,
	REC_XF3 = 0x243,
	REC_FORMAT = 0x41e,
	REC_XF4 = 0x443,
	REC_FORMAT2 = 0x1e,
	REC_BOF5 = 0x809,
	REC_NAME = 0x18,
	REC_MORE = 0xec, /* of a drawing */
	REC_EXTERNAL_SST = 0xff,
	REC_SUPBOOK = 0x1ae,
	REC_TIP = 0x800,
};

int xls_failed(struct xls *x, int code)
{
	if (code < 0 && x->failed == 0)
		x->failed = code;
	return x->failed;
}

/* ---- strings --------------------------------------------------------------------------------------------------------------------- */

bool xls_string_add(struct xls *x, struct xls_strings *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap * 2 + 64, *more = realloc(s->end, cap * sizeof(*more));

		if (!more)
			return xls_failed(x, -ENOMEM) == 0;
		s->end = more;
		s->cap = cap;
	}
	s->end[s->n++] = s->text.n;
	return true;
}

struct mw_str xls_string(const struct xls_strings *s, size_t i)
{
	size_t from = i && i < s->n ? s->end[i - 1] : 0;

	if (i >= s->n)
		return (struct mw_str){.p = "", .n = 0};
	return (struct mw_str){.p = s->text.p ? s->text.p + from : "", .n = s->end[i] - from};
}

static void strings_free(struct xls_strings *s)
{
	bytes_free(&s->text);
	free(s->end);
}

static void shared_strings(struct xls *x, const struct biff_record *record)
{
	struct biff_reader r = biff_reader(x->stream, record);
	uint32_t count = biff_u32(record->data, 4);
	char head[8];
	int got = biff_take(&r, 8, head) ? 1 : 0;

	while (x->shared.n < count && got == 1 && x->failed == 0) {
		char n[2];

		if (!biff_take(&r, 2, n))
			break;
		got = biff_rich(&r, (size_t)(unsigned char)n[0] | (size_t)(unsigned char)n[1] << 8, &x->shared.text);
		if (got < 0 || !xls_string_add(x, &x->shared))
			(void)xls_failed(x, -ENOMEM);
	}
	x->damaged |= x->shared.n < count;
	free(x->used);
	x->used = calloc(x->shared.n + 1, 1);
	if (!x->used)
		(void)xls_failed(x, -ENOMEM);
}

/* Texts that no cell shows any more. */
static void unused_strings(struct xls *x)
{
	give_to(x->out, OUT_MAIN, true);
	for (size_t i = 0; i < x->shared.n && x->used && x->failed == 0; i++) {
		struct mw_str s = xls_string(&x->shared, i);

		if (x->used[i] || s.n == 0)
			continue;
		(void)xls_failed(x, give_break(x->out));
		(void)xls_failed(x, give_text(x->out, s.p, s.n));
		(void)xls_failed(x, give_break(x->out));
	}
}

/* ---- formats --------------------------------------------------------------------------------------------------------------------- */

static void format_add(struct xls *x, unsigned number, struct mw_str data, size_t width)
{
	const char nul = '\0';

	if (biff_string(&x->text, data, width, &x->format.text) < 0 || bytes_add(&x->format.text, &nul, 1) < 0) {
		(void)xls_failed(x, -ENOMEM);
		return;
	}
	if (xls_string_add(x, &x->format) && x->format.n < FORMATS_MAX)
		x->format_of[number] = (uint16_t)x->format.n;
}

static void xf_add(struct xls *x, uint16_t format)
{
	if (x->xfs == x->xf_cap) {
		size_t cap = x->xf_cap * 2 + 64;
		uint16_t *more = realloc(x->xf, cap * sizeof(*more));

		if (!more) {
			(void)xls_failed(x, -ENOMEM);
			return;
		}
		x->xf = more;
		x->xf_cap = cap;
	}
	x->xf[x->xfs++] = format;
}

static struct mw_str behind(struct mw_str s, size_t n)
{
	n = n < s.n ? n : s.n;
	return (struct mw_str){.p = s.p + n, .n = s.n - n};
}

/* ---- what holds for the whole workbook ------------------------------------------------------------------------------------------- */

struct sheet_row {
	size_t at;
	size_t section;
	bool hidden;
};

struct sheets {
	struct sheet_row *row;
	size_t n, cap;
};

static void sheet_add(struct xls *x, struct sheets *s, struct mw_str data)
{
	struct bytes name = {0};
	const char nul = '\0';

	if (s->n == s->cap) {
		size_t cap = s->cap * 2 + 16;
		struct sheet_row *more = realloc(s->row, cap * sizeof(*more));

		if (!more) {
			(void)xls_failed(x, -ENOMEM);
			return;
		}
		s->row = more;
		s->cap = cap;
	}
	if (biff_string(&x->text, behind(data, 6), 1, &name) < 0 || bytes_add(&name, &nul, 1) < 0) {
		(void)xls_failed(x, -ENOMEM);
	} else {
		s->row[s->n++] = (struct sheet_row){.at = biff_u32(data, 0),
						    .section = give_section(x->out, name.p[0] ? name.p : "Sheet"),
						    .hidden = (biff_u16(data, 4) & 3) != 0};
	}
	bytes_free(&name);
}

static void version_of(struct xls *x, const struct biff_record *bof)
{
	x->text.version = bof->type == 0x09		    ? BIFF2
			  : bof->type == 0x209		    ? BIFF3
			  : bof->type == 0x409		    ? BIFF4
			  : biff_u16(bof->data, 0) == 0x600 ? BIFF8
							    : BIFF5;
}

/* Cells of other workbooks, as they were when this one was written. */
static void cached_cells(struct xls *x, struct mw_str d)
{
	struct biff_reader r = {.stream = d, .left = behind(d, 4), .next = d.n};
	char kind, word[8], number[XLS_NUMBER_MAX];

	give_to(x->out, OUT_MAIN, true);
	while (x->failed == 0 && x->text.version == BIFF8 && biff_take(&r, 1, &kind)) {
		struct bytes text = {0};

		(void)xls_failed(x, give_break(x->out));
		if (kind == 2 && biff_take(&r, 2, word)) {
			if (biff_rich(&r, ole_u16(word), &text) < 0)
				(void)xls_failed(x, -ENOMEM);
			(void)xls_failed(x, give_text(x->out, text.p, text.n));
		} else if (biff_take(&r, 8, word) && kind == 1) {
			size_t n = xls_number_general(biff_double((struct mw_str){.p = word, .n = 8}, 0), number);

			(void)xls_failed(x, give_text(x->out, number, n));
		}
		bytes_free(&text);
	}
}

/* What the workbook says of fonts, colours, styles and pictures, and what goes on from a record before. */
static bool is_looks(uint16_t type)
{
	static const uint16_t types[] = {0x31,		REC_FORMAT, REC_FORMAT2, REC_MERGED, 0x231,	      REC_DRAWINGS,
					 BIFF_CONTINUE, REC_MORE,   0x293,	 REC_XF,     0x87d,	      0x88d,
					 0x88e,		0x892,	    0x896,	 0x8a2,	     REC_EXTERNAL_SST};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

void xls_other(struct xls *x, size_t section, const struct biff_record *r)
{
	struct mw_str d = r->data;

	give_to(x->out, section, true);
	if (is_looks(r->type))
		return;
	if (x->text.version != BIFF8)
		(void)xls_failed(x, found_narrow(x->out, x->text.pages, x->text.page, d, NARROW_MIN));
	else if (r->type == REC_TIP)
		(void)xls_failed(x, found_wide(x->out, behind(d, 10), 2));
	else
		(void)xls_failed(x, found_counted(x->out, d));
	/* The length of these stands apart from them. */
	if (x->text.version == BIFF8 && (r->type == REC_FILTER || r->type == REC_SCENARIO)) {
		(void)xls_failed(x, found_narrow(x->out, x->text.pages, ANSI, d, NARROW_MIN));
		(void)xls_failed(x, found_wide(x->out, d, NARROW_MIN));
	}
}

/* A name, unless it is the program's, and texts in what it stands for. Its length stands apart from it. */
static void name(struct xls *x, const struct biff_record *r)
{
	struct mw_str d = r->data;
	size_t n = biff_u16(d, 3) & 0xff;
	struct biff_reader from = {.stream = d, .left = behind(d, 15), .next = d.n};
	struct bytes text = {0};

	if (x->text.version == BIFF8 && !(biff_u16(d, 0) & NAME_BUILT_IN) && d.n > 15) {
		give_to(x->out, OUT_MAIN, true);
		if (biff_chars(&from, n, d.p[14] & 1, &text) < 0)
			(void)xls_failed(x, -ENOMEM);
		(void)xls_failed(x, give_break(x->out));
		(void)xls_failed(x, give_text(x->out, text.p, text.n));
		(void)xls_failed(x, give_break(x->out));
		bytes_free(&text);
	}
	xls_other(x, OUT_MAIN, r);
}

/* Where another workbook is: a text in which some characters stand for folders. */
static void other_workbook(struct xls *x, const struct biff_record *r)
{
	struct bytes text = {0};

	give_to(x->out, OUT_MAIN, true);
	if (x->text.version == BIFF8 && r->data.n > 4 && biff_string(&x->text, behind(r->data, 2), 2, &text) < 0)
		(void)xls_failed(x, -ENOMEM);
	(void)xls_failed(x, give_break(x->out));
	(void)xls_failed(x, give_text(x->out, text.p, text.n));
	(void)xls_failed(x, give_break(x->out));
	bytes_free(&text);
	xls_other(x, OUT_MAIN, r);
}

static void global_record(struct xls *x, const struct biff_record *r, struct sheets *sheets)
{
	unsigned page;

	switch (r->type) {
	case REC_FILEPASS:
		x->encrypted = true;
		break;
	case REC_CODEPAGE:
		page = biff_u16(r->data, 0);
		x->text.page = page ? page : ANSI;
		break;
	case REC_DATEMODE:
		x->from_1904 = biff_u16(r->data, 0) == 1;
		break;
	case REC_FORMAT:
		/* Before BIFF5 the number is left out: codes are counted. */
		if (x->text.version < BIFF5)
			format_add(x, x->format.n < FORMATS_MAX ? (unsigned)x->format.n : 0, behind(r->data, 2), 1);
		else
			format_add(x, biff_u16(r->data, 0), behind(r->data, 2), x->text.version == BIFF8 ? 2 : 1);
		break;
	case REC_FORMAT2:
		format_add(x, x->format.n < FORMATS_MAX ? (unsigned)x->format.n : 0, r->data, 1);
		break;
	case REC_XF:
		xf_add(x, biff_u16(r->data, 2));
		break;
	case REC_XF3:
	case REC_XF4:
		xf_add(x, (uint16_t)(biff_u16(r->data, 0) >> 8));
		break;
	case REC_CRN:
		cached_cells(x, r->data);
		break;
	case REC_BOUNDSHEET:
		sheet_add(x, sheets, r->data);
		break;
	case REC_SST:
		shared_strings(x, r);
		break;
	case REC_NAME:
		name(x, r);
		break;
	case REC_SUPBOOK:
		other_workbook(x, r);
		break;
	default:
		if (x->text.version >= BIFF5) /* before that it is read once more, as a sheet */
			xls_other(x, OUT_MAIN, r);
		break;
	}
}

/* Pictures are in one record, which goes on in many. */
static void drawings(struct xls *x, const struct biff_record *first)
{
	struct biff_record r = *first;
	struct bytes all = {0};

	do {
		(void)xls_failed(x, bytes_add(&all, r.data.p, r.data.n));
	} while (x->failed == 0 && biff_record(x->stream, r.next, &r) && (r.type == BIFF_CONTINUE || r.type == REC_DRAWINGS));
	if (x->failed == 0)
		(void)xls_failed(x, blip_find((struct mw_str){.p = all.p, .n = all.n}, x->out));
	if (x->failed == 0)
		(void)xls_failed(x, art_read(x->out, OUT_MAIN, false, (struct mw_str){.p = all.p ? all.p : "", .n = all.n}));
	bytes_free(&all);
}

/* Before BIFF5 there is one sheet and nothing else: its records are read for styles first, and then as a sheet. */
static void globals(struct xls *x, struct sheets *sheets)
{
	bool pictures = false;
	struct biff_record r;
	size_t at = 0;

	while (x->failed == 0 && !x->encrypted) {
		if (!biff_record(x->stream, at, &r)) {
			x->damaged = true;
			break;
		}
		if (at == 0)
			version_of(x, &r);
		if (r.type == REC_EOF)
			break;
		if (r.type == REC_DRAWINGS && !pictures) {
			pictures = true;
			drawings(x, &r);
		} else {
			global_record(x, &r, sheets);
		}
		at = r.next;
	}
}

static void sheets_read(struct xls *x, const struct sheets *s)
{
	if (x->text.version < BIFF5 || (s->n == 0 && x->damaged))
		xls_sheet_read(x, 0, OUT_MAIN, false);
	for (size_t i = 0; i < s->n && x->failed == 0; i++) {
		(void)xls_failed(x, x->out->host->sink_page(x->out->sink));
		xls_sheet_read(x, s->row[i].at, s->row[i].section, s->row[i].hidden);
	}
}

static int begin(struct xls *x, struct mw_str stream, struct out *out, struct codepages *pages)
{
	*x = (struct xls){.stream = stream,
			  .out = out,
			  .text = {.version = BIFF8, .page = ANSI, .pages = pages},
			  .budget = (uint64_t)stream.n * 4 + 65536};
	x->format_of = calloc(FORMATS_MAX, sizeof(*x->format_of));
	return x->format_of ? 0 : -ENOMEM;
}

static void finish(struct xls *x)
{
	strings_free(&x->shared);
	strings_free(&x->format);
	free(x->used);
	free(x->format_of);
	free(x->xf);
}

bool xls_is(struct mw_str s)
{
	uint16_t type = biff_u16(s, 0), n = biff_u16(s, 2);

	if (s.n < 8 || n < 4 || n > 16)
		return false;
	return type == REC_BOF5 || ((type == 0x09 || type == 0x209 || type == 0x409) && (biff_u16(s, 6) & 0xff8f) == 0) ||
	       (type == 0x409 && biff_u16(s, 6) == 0x100);
}

int xls_read(struct mw_str stream, struct out *out, struct codepages *pages)
{
	struct sheets sheets = {0};
	struct xls x;
	int r = xls_is(stream) ? begin(&x, stream, out, pages) : -EBADMSG;

	if (r < 0)
		return r;
	globals(&x, &sheets);
	if (x.failed == 0 && !x.encrypted)
		sheets_read(&x, &sheets);
	if (x.failed == 0 && !x.encrypted)
		unused_strings(&x);
	give_to(out, OUT_MAIN, false);
	if (x.failed == 0 && x.damaged)
		(void)xls_failed(&x, give_unread(out, "damaged"));
	free(sheets.row);
	finish(&x);
	return x.failed ? x.failed : x.encrypted ? -EACCES : 0;
}

int xls_read_pivot(struct mw_str stream, struct out *out, struct codepages *pages)
{
	const struct biff_text text = {.version = BIFF8, .page = ANSI, .pages = pages};
	struct biff_record r;
	size_t at = 0;
	int failed = 0;

	give_to(out, OUT_MAIN, true);
	while (failed == 0 && biff_record(stream, at, &r)) {
		struct bytes utf8 = {0};

		if (r.type == REC_SXSTRING) {
			failed = biff_string(&text, r.data, 2, &utf8) < 0 ? -ENOMEM : give_break(out);
			if (failed == 0)
				failed = give_text(out, utf8.p, utf8.n);
		} else if (r.type == REC_SXNUM) {
			char number[XLS_NUMBER_MAX];

			failed = give_break(out);
			if (failed == 0)
				failed = give_text(out, number, xls_number_general(biff_double(r.data, 0), number));
		}
		bytes_free(&utf8);
		at = r.next;
	}
	return failed;
}

int xls_read_log(struct mw_str stream, struct out *out)
{
	struct biff_record r;
	size_t at = 0;
	int failed = 0;

	give_to(out, give_section(out, "changes"), true);
	for (; failed == 0 && biff_record(stream, at, &r); at = r.next)
		failed = found_counted(out, r.data);
	return failed < 0 ? failed : at < stream.n ? -EBADMSG : 0;
}
