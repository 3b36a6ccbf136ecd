/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_format.h"

#include "../ole/ole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 512u
#define SIZE_UNSEEN 2u /* half points */
#define COLOUR_WHITE 8u
#define BX_PARAGRAPH 13u /* octets of a row that tells where the format of a paragraph is */

/* Instructions ("sprm") that matter. */
enum {
	SPRM_DELETED = 0x0800,
	SPRM_VANISH = 0x083c,
	SPRM_COLOUR_97 = 0x2a42,
	SPRM_PARAGRAPH_SHADE_97 = 0x442d,
	SPRM_SHADE_97 = 0x4866,
	SPRM_STYLE = 0x4a30,
	SPRM_SIZE = 0x4a43,
	SPRM_COLOUR = 0x6870,
	SPRM_PARAGRAPH_SHADE = 0xc64d,
	SPRM_SHADE = 0xca71,
	SPRM_IN_TABLE = 0x2416,
	SPRM_ROW_END = 0x2417,
	SPRM_NESTED_CELL = 0x244b,
	SPRM_NESTED_ROW = 0x244c,
	SPRM_LEVEL = 0x6649,
	SPRM_TABS = 0xc615,
	SPRM_TABLE = 0xd608,
};

/* Octets of the operand at s, which follows the instruction; SIZE_MAX = more than there are. */
static size_t operand(uint16_t sprm, struct mw_str s)
{
	static const uint8_t sizes[8] = {1, 1, 2, 4, 2, 2, 0, 3};
	size_t n = sizes[sprm >> 13];

	if (n)
		return n <= s.n ? n : SIZE_MAX;
	if (sprm == SPRM_TABLE)
		n = s.n >= 2 ? (size_t)ole_u16(s.p) + 1 : SIZE_MAX;
	else
		n = s.n >= 1 ? (size_t)(unsigned char)s.p[0] + 1 : SIZE_MAX;
	if (sprm == SPRM_TABS && n == 256)
		return SIZE_MAX; /* its length is told in another way; nothing of ours stands behind it */
	return n <= s.n ? n : SIZE_MAX;
}

static void flag(struct doc_run *r, unsigned bit, bool on)
{
	r->flags = (uint16_t)(on ? r->flags | bit : r->flags & ~bit);
}

/* What hides characters; at its end it is put together. */
struct look {
	bool deleted, tiny;
	enum { UNSAID, HIDES, SHOWS } vanish;
};

static void colour(struct doc_run *r, bool white)
{
	flag(r, DOC_PALE, white);
	flag(r, DOC_COLOURED, !white);
}

/* Of a character style, before what is said of the run itself. */
static void style(struct doc_run *r, const struct doc_styles *styles, unsigned number, struct look *l)
{
	uint16_t flags = doc_styles_flags(styles, number);

	r->flags |= flags & (DOC_PALE | DOC_COLOURED | DOC_SHADED);
	l->vanish = flags & DOC_HIDDEN ? HIDES : flags & DOC_SEEN ? SHOWS : l->vanish;
}

static void look_at(uint16_t sprm, struct mw_str s, const struct doc_styles *styles, struct doc_run *r, struct look *l)
{
	unsigned char value = s.n ? (unsigned char)s.p[0] : 0;

	switch (sprm) {
	case SPRM_DELETED:
		l->deleted = value != 0;
		break;
	case SPRM_VANISH: /* 0x80 is what the style says, 0x81 what it does not */
		l->vanish = value == 0x80 ? l->vanish : value == 0 ? SHOWS : value == 0x81 && l->vanish == HIDES ? SHOWS : HIDES;
		break;
	case SPRM_STYLE:
		style(r, styles, ole_u16(s.p), l);
		break;
	case SPRM_SIZE:
		l->tiny = ole_u16(s.p) <= SIZE_UNSEEN;
		break;
	case SPRM_COLOUR_97:
		colour(r, value == COLOUR_WHITE);
		break;
	case SPRM_COLOUR:
		colour(r, ole_u32(s.p) == 0xffffff);
		break;
	case SPRM_SHADE_97:
	case SPRM_PARAGRAPH_SHADE_97:
		flag(r, DOC_SHADED, ole_u16(s.p) != 0);
		break;
	case SPRM_SHADE:
	case SPRM_PARAGRAPH_SHADE:
		flag(r, DOC_SHADED, true);
		break;
	default:
		break;
	}
}

void doc_format_apply(struct mw_str s, const struct doc_styles *styles, struct doc_run *r)
{
	struct look l = {0};

	while (s.n >= 2) {
		uint16_t sprm = ole_u16(s.p);
		size_t n;
		bool on;

		s = (struct mw_str){.p = s.p + 2, .n = s.n - 2};
		n = operand(sprm, s);
		if (n == SIZE_MAX)
			break;
		on = n && s.p[0] != 0;
		switch (sprm) {
		case SPRM_IN_TABLE:
			flag(r, DOC_IN_TABLE, on);
			break;
		case SPRM_ROW_END:
		case SPRM_NESTED_ROW:
			flag(r, DOC_ROW_END, on);
			break;
		case SPRM_NESTED_CELL:
			flag(r, DOC_CELL_END, on);
			break;
		case SPRM_LEVEL:
			r->level = (uint8_t)(ole_u32(s.p) < 255 ? ole_u32(s.p) : 255);
			break;
		default:
			look_at(sprm, s, styles, r, &l);
			break;
		}
		s = (struct mw_str){.p = s.p + n, .n = s.n - n};
	}
	flag(r, DOC_HIDDEN, l.deleted || l.tiny || l.vanish == HIDES);
	flag(r, DOC_SEEN, !(r->flags & DOC_HIDDEN) && l.vanish == SHOWS);
}

/* The instructions for run i of a page; empty = none. *style: of a paragraph. */
static struct mw_str instructions(const char *page, size_t runs, size_t i, bool paragraphs, unsigned *style)
{
	size_t row = paragraphs ? BX_PARAGRAPH : 1, at = (runs + 1) * 4 + i * row, n;

	if (at >= PAGE - 1)
		return (struct mw_str){.p = page, .n = 0};
	at = (size_t)(unsigned char)page[at] * 2;
	if (at == 0 || at >= PAGE - 1)
		return (struct mw_str){.p = page, .n = 0};
	n = (unsigned char)page[at++];
	if (paragraphs) {
		n = n ? n * 2 - 1 : (size_t)(unsigned char)page[at++] * 2;
		/* A style comes first. */
		*style = at + 2 <= PAGE ? ole_u16(page + at) : 0;
		at += 2;
		n = n > 2 ? n - 2 : 0;
	}
	if (at >= PAGE)
		return (struct mw_str){.p = page, .n = 0};
	return (struct mw_str){.p = page + at, .n = n < PAGE - at ? n : PAGE - at};
}

static int run_add(struct doc_runs *r, struct doc_run run)
{
	if (r->n == r->cap) {
		size_t cap = r->cap * 2 + 64;
		struct doc_run *more = realloc(r->run, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		r->run = more;
		r->cap = cap;
	}
	r->run[r->n++] = run;
	return 0;
}

static int page_read(const char *page, bool paragraphs, const struct doc_styles *styles, struct doc_runs *to)
{
	size_t runs = (unsigned char)page[PAGE - 1];
	int r = 0;

	for (size_t i = 0; i < runs && (i + 2) * 4 < PAGE && r == 0; i++) {
		struct doc_run run = {.begin = ole_u32(page + i * 4), .end = ole_u32(page + i * 4 + 4)};

		unsigned number = 0; /* of the style, "Normal" */

		doc_format_apply(instructions(page, runs, i, paragraphs, &number), styles, &run);
		if (paragraphs)
			run.flags |= doc_styles_flags(styles, number) & (DOC_HIDDEN | DOC_PALE | DOC_SHADED);
		if (run.flags && run.begin < run.end)
			r = run_add(to, run);
	}
	return r;
}

static int by_begin(const void *a, const void *b)
{
	const struct doc_run *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

int doc_runs_read(struct mw_str document, struct mw_str plc, bool paragraphs, const struct doc_styles *styles,
		  struct doc_runs *to)
{
	size_t pages = plc.n >= 12 ? (plc.n - 4) / 8 : 0, most = document.n / PAGE + 1;
	int r = 0;

	*to = (struct doc_runs){0};
	/* No page is needed twice. */
	pages = pages < most ? pages : most;
	for (size_t i = 0; i < pages && r == 0; i++) {
		uint64_t at = (uint64_t)(ole_u32(plc.p + ((plc.n - 4) / 8 + 1 + i) * 4) & 0x3fffff) * PAGE;

		if (at + PAGE <= document.n)
			r = page_read(document.p + at, paragraphs, styles, to);
	}
	if (to->n)
		qsort(to->run, to->n, sizeof(*to->run), by_begin);
	return r;
}

void doc_runs_free(struct doc_runs *r)
{
	free(r->run);
	*r = (struct doc_runs){0};
}

const struct doc_run *doc_run_at(const struct doc_runs *r, uint32_t at, uint32_t *until)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r->run[mid].begin <= at)
			low = mid + 1;
		else
			high = mid;
	}
	*until = low < r->n ? r->run[low].begin : UINT32_MAX;
	if (low == 0 || r->run[low - 1].end <= at)
		return NULL;
	*until = r->run[low - 1].end < *until ? r->run[low - 1].end : *until;
	return &r->run[low - 1];
}
