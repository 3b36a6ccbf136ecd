/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"

#include "../ole/ole.h"
#include "doc_format.h"
#include "doc_left.h"
#include "doc_more.h"
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_97 0xa5ecu
#define MAGIC_6 0xa5dcu
#define ENCRYPTED 0x0100u
#define QUICK_SAVED 0x0004u
#define TABLE_1 0x0200u
#define FIRST_97 193u /* version of the first Word whose header is long */
#define COMPRESSED 0x40000000u
#define FIELDS 32u
#define SUBDOCUMENTS 8u
#define RUN 256u /* octets of text that are gathered */

/* Offsets in the header (FIB). */
enum {
	FIB_VERSION = 0x02,
	FIB_LANGUAGE = 0x06,
	FIB_FLAGS = 0x0a,
	FIB_TEXT = 0x18, /* where the text begins and ends, in documents without pieces */
	FIB_TEXT_END = 0x1c,
	FIB_COUNTS_6 = 0x34,
	FIB_COUNTS_97 = 0x4c,
	FIB_STYLES = 0xa2,
	FIB_CHARACTERS = 0xfa,
	FIB_PARAGRAPHS = 0x102,
	FIB_PIECES_6 = 0x160,
	FIB_PIECES_97 = 0x1a2,
	FIB_AUTHORS = 0x1ba,
};

struct doc {
	struct mw_str document, table, data;
	struct doc_styles styles;
	struct out *out;
	struct codepages *pages;
	bool word6, damaged;
	unsigned page;
	struct mw_str pieces; /* positions, then rows of pieces; empty = one run of text */
	struct doc_runs characters, paragraphs;
	struct rows rows;
	size_t section;
	uint64_t budget;	  /* characters that pieces may still have */
	unsigned fields;	  /* that are open */
	bool instruction[FIELDS]; /* what is read of each is its instruction */
	uint32_t high, last;
	int failed;
};

static int failed(struct doc *d, int code)
{
	if (code < 0 && d->failed == 0)
		d->failed = code;
	return d->failed;
}

static uint32_t u32(struct mw_str s, size_t at)
{
	return at + 4 <= s.n ? ole_u32(s.p + at) : 0;
}

static uint16_t u16(struct mw_str s, size_t at)
{
	return at + 2 <= s.n ? ole_u16(s.p + at) : 0;
}

static struct mw_str part_of(struct mw_str s, uint32_t at, uint32_t n)
{
	if (at >= s.n)
		return (struct mw_str){.p = s.p, .n = 0};
	return (struct mw_str){.p = s.p + at, .n = n < s.n - at ? n : s.n - at};
}

/* ---- characters ------------------------------------------------------------------------------------------------------------------ */

struct format {
	bool hidden;
	size_t level;
	uint8_t paragraph; /* DOC_… */
};

static void text(struct doc *d, const struct format *f, const char *p, size_t n)
{
	bool hide = f->hidden;

	for (unsigned i = 0; i < d->fields && i < FIELDS; i++)
		hide |= d->instruction[i];
	if (n == 0)
		return;
	if (!hide) {
		(void)failed(d, rows_text(&d->rows, d->section, f->level, p, n));
		return;
	}
	give_to(d->out, d->section, true);
	(void)failed(d, give_text(d->out, p, n));
}

static void field(struct doc *d, uint32_t c)
{
	if (c == 0x13) {
		if (d->fields < FIELDS)
			d->instruction[d->fields] = true;
		d->fields++;
		give_to(d->out, d->section, true);
		(void)failed(d, give_break(d->out));
	} else if (d->fields && c == 0x14) {
		if (d->fields <= FIELDS)
			d->instruction[d->fields - 1] = false;
	} else if (d->fields) {
		d->fields--;
	}
}

static void line(struct doc *d, const struct format *f)
{
	if (f->hidden)
		text(d, f, "\n", 1);
	else
		(void)failed(d, rows_paragraph(&d->rows, d->section, f->level));
}

/* The mark at the end of a cell or a row. Without formats two in a row are the end of a row. */
static void cell(struct doc *d, const struct format *f)
{
	if (d->word6) {
		give_to(d->out, d->section, false);
		(void)failed(d, give_text(d->out, d->last == 7 ? "\n" : "\t", 1));
	} else if (f->paragraph & DOC_ROW_END) {
		(void)failed(d, rows_end(&d->rows, d->section, f->level ? f->level : 1));
	} else {
		(void)failed(d, rows_cell(&d->rows, d->section, f->level ? f->level : 1));
	}
}

static void paragraph_end(struct doc *d, const struct format *f)
{
	if (f->level > 1 && f->paragraph & DOC_ROW_END)
		(void)failed(d, rows_end(&d->rows, d->section, f->level));
	else if (f->level > 1 && f->paragraph & DOC_CELL_END)
		(void)failed(d, rows_cell(&d->rows, d->section, f->level));
	else
		line(d, f);
}

static void character(struct doc *d, const struct format *f, uint32_t c)
{
	char utf8[4];

	switch (c) {
	case 0x07:
		cell(d, f);
		break;
	case 0x0d:
		paragraph_end(d, f);
		break;
	case 0x0b:
	case 0x0c:
	case 0x0e:
		line(d, f);
		break;
	case 0x13:
	case 0x14:
	case 0x15:
		field(d, c);
		break;
	case 0x1e:
		text(d, f, "-", 1);
		break;
	default:
		text(d, f, utf8, bytes_encode(c >= 0xf020 && c < 0xf100 ? c - 0xf000 : c, utf8));
		break;
	}
	d->last = c;
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------------------- */

static struct format format_at(const struct doc *d, uint32_t at, uint32_t *until)
{
	uint32_t other;
	const struct doc_run *c = doc_run_at(&d->characters, at, until), *p = doc_run_at(&d->paragraphs, at, &other);
	struct format f = {.paragraph = (uint8_t)(p ? p->flags & 0xf : 0)};
	unsigned run = c ? c->flags : 0, around = p ? p->flags : 0;

	*until = other < *until ? other : *until;
	f.level = p && p->flags & (DOC_IN_TABLE | DOC_ROW_END) ? (p->level ? p->level : 1) : 0;
	f.hidden = run & DOC_HIDDEN || (around & DOC_HIDDEN && !(run & DOC_SEEN));
	/* White on white paper. In tables and boxes there may be a colour behind it that is not known here. */
	f.hidden |= (run & DOC_PALE || (around & DOC_PALE && !(run & DOC_COLOURED))) && !((run | around) & DOC_SHADED) &&
		    f.level == 0 && d->section == OUT_MAIN;
	return f;
}

/* Is it text that needs no look? */
static bool is_plain(uint32_t c)
{
	return c >= ' ' && c < 0x7f;
}

/* Octets of a code page from `at` to `end`. */
static void octets(struct doc *d, uint32_t at, uint32_t end)
{
	const uint32_t *high = codepage_is_single(d->page) ? codepage_table(d->pages, d->page) : NULL;

	while (at < end && d->failed == 0) {
		uint32_t until;
		struct format f = format_at(d, at, &until);

		until = until < end ? until : end;
		while (at < until && d->failed == 0) {
			uint32_t from = at;
			unsigned char c;

			while (at < until && is_plain((unsigned char)d->document.p[at]))
				at++;
			if (at > from) {
				d->last = ' ';
				text(d, &f, d->document.p + from, at - from);
				continue;
			}
			c = (unsigned char)d->document.p[at++];
			character(d, &f, c < 0x80 ? c : high ? high[c - 0x80] : 0xfffd);
		}
	}
}

/* Characters of two octets each, from `at` until the format or their kind changes; returns where. */
static uint32_t wide_run(struct doc *d, const struct format *f, uint32_t at, uint32_t until)
{
	char utf8[RUN + 4];
	size_t n = 0;

	for (; at + 2 <= until && n < RUN; at += 2) {
		uint32_t c = ole_u16(d->document.p + at);

		if (c < ' ' || (c >= 0xf020 && c < 0xf100))
			break;
		if (c >= 0xd800 && c < 0xdc00) {
			d->high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000 && d->high)
			c = 0x10000 + ((d->high - 0xd800) << 10) + (c - 0xdc00);
		d->high = 0;
		d->last = c;
		n += bytes_encode(c, utf8 + n);
	}
	text(d, f, utf8, n);
	return at;
}

static void wide(struct doc *d, uint32_t at, uint32_t end)
{
	while (at + 2 <= end && d->failed == 0) {
		uint32_t until;
		struct format f = format_at(d, at, &until);

		until = until < end ? until + (until - at) % 2 : end;
		while (at + 2 <= until && d->failed == 0) {
			uint32_t from = at;

			at = wide_run(d, &f, at, until);
			if (at > from)
				continue;
			character(d, &f, ole_u16(d->document.p + at));
			at += 2;
		}
	}
}

/* `count` characters of a piece, from its `skip`th on. */
static void piece(struct doc *d, uint32_t where, uint64_t skip, uint64_t count)
{
	bool narrow = d->word6 || (where & COMPRESSED) != 0;
	uint64_t width = narrow ? 1 : 2, at = d->word6 ? where
					      : narrow ? (where & (COMPRESSED - 1)) / 2
						       : where & (COMPRESSED - 1);
	uint64_t end;

	if (count > d->budget) {
		d->damaged = true;
		count = d->budget;
	}
	d->budget -= count;
	at += skip * width;
	end = at + count * width;
	if (end > d->document.n) {
		d->damaged = true;
		end = d->document.n;
	}
	if (at >= end)
		return;
	if (narrow)
		octets(d, (uint32_t)at, (uint32_t)end);
	else
		wide(d, (uint32_t)at, (uint32_t)end);
}

/* The characters from position `from` to `to` of the whole document. */
static void range(struct doc *d, uint64_t from, uint64_t to)
{
	size_t n = d->pieces.n >= 16 ? (d->pieces.n - 4) / 12 : 0, low = 0, high = n;

	while (low < high) { /* the last piece that begins at or before it */
		size_t mid = (low + high) / 2;

		if (u32(d->pieces, mid * 4) <= from)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low ? low - 1 : 0; i < n && d->failed == 0; i++) {
		uint64_t begin = u32(d->pieces, i * 4), end = u32(d->pieces, i * 4 + 4);
		uint64_t first = begin > from ? begin : from, last = end < to ? end : to;

		if (begin >= to)
			break;
		if (first < last)
			piece(d, u32(d->pieces, (n + 1) * 4 + i * 8 + 2), first - begin, last - first);
	}
	if (n == 0)
		piece(d, d->word6 ? u32(d->document, FIB_TEXT) : u32(d->document, FIB_TEXT) * 2 + COMPRESSED, from, to - from);
}

/* The list of pieces behind what comes in front of it. */
static struct mw_str pieces_of(struct mw_str clx)
{
	while (clx.n >= 5) {
		size_t n = clx.p[0] == 1 ? (size_t)ole_u16(clx.p + 1) + 3 : 0;

		if (clx.p[0] == 2)
			return part_of(clx, 5, ole_u32(clx.p + 1));
		if (n == 0 || n > clx.n)
			break;
		clx = (struct mw_str){.p = clx.p + n, .n = clx.n - n};
	}
	return (struct mw_str){.p = clx.p, .n = 0};
}

/* ---- the document ---------------------------------------------------------------------------------------------------------------- */

/* What stands behind the text of the document, in this order. */
static const char *const sections[SUBDOCUMENTS] = {NULL,       "notes", "headers",    "macros",
						   "comments", "notes", "text boxes", "text boxes"};

static void authors(struct doc *d)
{
	struct mw_str s = part_of(d->table, u32(d->document, FIB_AUTHORS), u32(d->document, FIB_AUTHORS + 4));

	while (s.n >= 2 && d->failed == 0) {
		size_t n = ole_u16(s.p), here = (s.n - 2) / 2;

		for (size_t i = 0; i < n && i < here && d->failed == 0; i++)
			(void)failed(d, give_char(d->out, ole_u16(s.p + 2 + i * 2)));
		(void)failed(d, give_break(d->out));
		if (n >= here)
			break;
		s = (struct mw_str){.p = s.p + 2 + n * 2, .n = s.n - 2 - n * 2};
	}
}

static void subdocuments(struct doc *d)
{
	size_t counts = d->word6 ? FIB_COUNTS_6 : FIB_COUNTS_97;
	uint64_t at = 0;

	for (size_t i = 0; i < SUBDOCUMENTS && d->failed == 0; i++) {
		uint64_t n = u32(d->document, counts + i * 4);

		if (n > INT32_MAX) {
			d->damaged = true;
			break;
		}
		if (n == 0)
			continue;
		d->section = sections[i] ? give_section(d->out, sections[i]) : OUT_MAIN;
		give_to(d->out, d->section, false);
		(void)failed(d, give_break(d->out));
		if (!d->word6 && i == 4)
			authors(d);
		d->fields = 0;
		d->high = d->last = 0;
		range(d, at, at + n);
		(void)failed(d, rows_flush(&d->rows));
		at += n;
	}
}

/* What pieces do not name of the octets that are text: older versions of it. */
static void left_over(struct doc *d)
{
	size_t n = d->pieces.n >= 16 ? (d->pieces.n - 4) / 12 : 0;
	uint32_t from = u32(d->document, FIB_TEXT), to = u32(d->document, FIB_TEXT_END);
	struct doc_span *span = calloc(n + 1, sizeof(*span));

	for (size_t i = 0; span && i < n; i++) {
		uint32_t where = u32(d->pieces, (n + 1) * 4 + i * 8 + 2), first = u32(d->pieces, i * 4),
			 last = u32(d->pieces, i * 4 + 4);
		bool is_narrow = d->word6 || (where & COMPRESSED) != 0;
		uint64_t at = d->word6 ? where : is_narrow ? (where & (COMPRESSED - 1)) / 2 : where & (COMPRESSED - 1);

		span[i].begin = at > from ? at - from : 0;
		at += last > first ? (uint64_t)(last - first) * (is_narrow ? 1 : 2) : 0;
		span[i].end = at > from ? at - from : 0;
	}
	if (!span)
		(void)failed(d, -ENOMEM);
	else if (from < to)
		(void)failed(d, doc_left_read(part_of(d->document, from, to - from), span, n, d->page, d->out, d->pages));
	free(span);
}

static unsigned page_of_language(uint16_t language)
{
	static const struct {
		uint16_t language, page;
	} rows[] = {
	    {0x419, 1251}, {0x422, 1251}, {0x402, 1251}, {0x405, 1250}, {0x415, 1250}, {0x40e, 1250},
	    {0x41b, 1250}, {0x424, 1250}, {0x41a, 1250}, {0x418, 1250}, {0x408, 1253}, {0x41f, 1254},
	    {0x40d, 1255}, {0x401, 1256}, {0x425, 1257}, {0x426, 1257}, {0x427, 1257}, {0x41e, 874},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].language == language)
			return rows[i].page;
	return 1252;
}

static int tables_read(struct doc *d)
{
	struct mw_str s = d->document;
	int r = 0;

	if (d->word6) {
		d->pieces = pieces_of(part_of(s, u32(s, FIB_PIECES_6), u32(s, FIB_PIECES_6 + 4)));
		return 0;
	}
	d->pieces = pieces_of(part_of(d->table, u32(s, FIB_PIECES_97), u32(s, FIB_PIECES_97 + 4)));
	r = doc_styles_read(part_of(d->table, u32(s, FIB_STYLES), u32(s, FIB_STYLES + 4)), &d->styles);
	if (r == 0)
		r = doc_runs_read(s, part_of(d->table, u32(s, FIB_CHARACTERS), u32(s, FIB_CHARACTERS + 4)), false, &d->styles,
				  &d->characters);
	if (r == 0)
		r = doc_runs_read(s, part_of(d->table, u32(s, FIB_PARAGRAPHS), u32(s, FIB_PARAGRAPHS + 4)), true, &d->styles,
				  &d->paragraphs);
	return r;
}

const char *doc_table_name(struct mw_str document)
{
	return u16(document, FIB_FLAGS) & TABLE_1 ? "1Table" : "0Table";
}

int doc_read(struct mw_str document, struct mw_str table, struct mw_str data, struct out *out, struct codepages *pages)
{
	uint16_t magic = u16(document, 0), version = u16(document, FIB_VERSION);
	struct doc d = {.document = document, .table = table, .data = data, .out = out, .pages = pages, .rows = {.out = out}};
	int r;

	if (document.n < FIB_AUTHORS + 8 || document.n > UINT32_MAX / 2)
		return -EBADMSG;
	if (magic != MAGIC_97 && magic != MAGIC_6)
		return -ENOTSUP;
	if (u16(document, FIB_FLAGS) & ENCRYPTED)
		return -EACCES;
	d.word6 = version < FIRST_97;
	d.page = d.word6 ? page_of_language(u16(document, FIB_LANGUAGE)) : 1252;
	d.budget = (uint64_t)document.n + 1;
	r = failed(&d, tables_read(&d));
	if (r == 0) {
		d.damaged |= !d.word6 && d.pieces.n == 0;
		subdocuments(&d);
		if (d.failed == 0 && u16(document, FIB_FLAGS) & QUICK_SAVED)
			left_over(&d);
		if (d.failed == 0 && !d.word6)
			(void)failed(&d, doc_more_read(document, table, data, out));
	}
	doc_styles_free(&d.styles);
	doc_runs_free(&d.characters);
	doc_runs_free(&d.paragraphs);
	rows_free(&d.rows);
	return d.failed ? d.failed : d.damaged ? -EBADMSG : 0;
}
