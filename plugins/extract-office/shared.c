/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared: texts that the cells of a workbook refer to, and the formats of its numbers.
 */
#include "book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMATS_MAX 4096u /* each style looks through them */
#define STYLES_MAX 65536u

enum { ITEM = 1, TEXT, PHONETIC, NUMBER_FORMAT, CELL_STYLES, STYLE };

static const struct xml_name names[] = {
    {"t", TEXT}, {"si", ITEM}, {"rPh", PHONETIC}, {"numFmt", NUMBER_FORMAT}, {"cellXfs", CELL_STYLES}, {"xf", STYLE}, {NULL, 0}};

size_t number_of(struct mw_str s, size_t more)
{
	size_t n = 0;

	if (s.n == 0 || s.n > 9)
		return more;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return more;
		n = n * 10 + (size_t)(s.p[i] - '0');
	}
	return n;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------------ */

int shared_add(struct shared *s, const char *p, size_t n)
{
	return buf_flat(&s->text, p, n);
}

int shared_end(struct shared *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		size_t *end = reallocarray(s->end, cap, sizeof(*end));
		unsigned char *used = end ? realloc(s->used, cap) : NULL;

		if (end)
			s->end = end;
		if (!used)
			return -ENOMEM;
		s->used = used;
		s->cap = cap;
	}
	s->used[s->n] = 0;
	s->end[s->n++] = s->text.n;
	return 0;
}

struct mw_str shared_get(struct shared *s, size_t i)
{
	size_t begin = i && i < s->n ? s->end[i - 1] : 0;

	if (i >= s->n)
		return (struct mw_str){.p = "", .n = 0};
	s->used[i] = 1;
	return (struct mw_str){.p = s->text.n ? s->text.p + begin : "", .n = s->end[i] - begin};
}

struct reading {
	struct book *book;
	bool text, phonetic, cells;
};

static int shared_start(void *ctx, struct xml *x, int id)
{
	struct reading *g = ctx;

	(void)x;
	g->text |= id == TEXT;
	g->phonetic |= id == PHONETIC;
	return 0;
}

static int shared_over(void *ctx, struct xml *x, int id)
{
	struct reading *g = ctx;

	(void)x;
	if (id == PHONETIC) {
		g->phonetic = false;
		return 0;
	}
	g->text &= id != TEXT;
	return id == ITEM ? shared_end(&g->book->shared) : 0;
}

/* How a text is spoken is shown to nobody who does not ask. */
static int shared_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct reading *g = ctx;

	(void)x;
	if (!g->text)
		return 0;
	return g->phonetic ? office_other(g->book->office, p, n) : shared_add(&g->book->shared, p, n);
}

int shared_read(struct book *b, size_t entry)
{
	static const struct xml_events events = {.names = names, .start = shared_start, .end = shared_over, .text = shared_text};
	struct reading g = {.book = b};

	return office_parse(b->office, entry, &events, &g);
}

int shared_unused(struct book *b)
{
	int r = 0;

	for (size_t i = 0; i < b->shared.n && r == 0; i++)
		if (!b->shared.used[i]) {
			struct mw_str s = shared_get(&b->shared, i);

			r = office_other(b->office, s.p, s.n);
		}
	return r;
}

/* ---- formats ---------------------------------------------------------------------------------------------------------------------- */

int formats_add(struct book *b, unsigned id, struct mw_str code)
{
	struct format_row *row;

	if (b->formats == FORMATS_MAX)
		return -EFBIG;
	if (b->formats == b->format_cap) {
		size_t cap = b->format_cap ? b->format_cap * 2 : 32;

		row = reallocarray(b->format, cap, sizeof(*row));
		if (!row)
			return -ENOMEM;
		b->format = row;
		b->format_cap = cap;
	}
	row = &b->format[b->formats];
	row->id = id;
	if (numfmt_init(&row->fmt, code) < 0)
		return -ENOMEM;
	b->formats++;
	return 0;
}

int formats_style(struct book *b, unsigned id)
{
	const char *code;
	size_t i = 0;

	if (b->n_styles == STYLES_MAX)
		return -EFBIG;
	if (b->n_styles == b->style_cap) {
		size_t cap = b->style_cap ? b->style_cap * 2 : 64, *more = reallocarray(b->style, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		b->style = more;
		b->style_cap = cap;
	}
	while (i < b->formats && b->format[i].id != id)
		i++;
	if (i == b->formats) {
		int r;

		code = numfmt_builtin(id);
		r = formats_add(b, id, (struct mw_str){.p = code, .n = strlen(code)});
		if (r < 0)
			return r;
	}
	b->style[b->n_styles++] = i;
	return 0;
}

const struct numfmt *formats_of(const struct book *b, size_t i)
{
	return i < b->n_styles ? &b->format[b->style[i]].fmt : NULL;
}

static int formats_start(void *ctx, struct xml *x, int id)
{
	struct reading *g = ctx;
	unsigned number;

	g->cells |= id == CELL_STYLES;
	if (id != NUMBER_FORMAT && !(id == STYLE && g->cells))
		return 0;
	number = (unsigned)number_of(xml_attribute(x, "numFmtId"), 0);
	return id == STYLE ? formats_style(g->book, number) : formats_add(g->book, number, xml_attribute(x, "formatCode"));
}

static int formats_over(void *ctx, struct xml *x, int id)
{
	(void)x;
	((struct reading *)ctx)->cells &= id != CELL_STYLES;
	return 0;
}

int formats_read(struct book *b, size_t entry)
{
	static const struct xml_events events = {
	    .names = names, .start = formats_start, .end = formats_over, .text = xml_no_text};
	struct reading g = {.book = b};

	return office_parse(b->office, entry, &events, &g);
}

void book_free(struct book *b)
{
	for (size_t i = 0; i < b->formats; i++)
		numfmt_free(&b->format[i].fmt);
	free(b->format);
	free(b->style);
	free(b->shared.end);
	free(b->shared.used);
	buf_free(&b->shared.text);
}
