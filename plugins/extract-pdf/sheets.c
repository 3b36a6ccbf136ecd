/* SPDX-License-Identifier: Apache-2.0 */
#include "sheets.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX (64u << 10)  /* octets of the object of one page */
#define ADDED_MAX (64u << 20) /* octets of the revision */

struct revision {
	struct sheets *to;
	size_t cap;
	bool failed;
	struct place {
		int number, generation;
		size_t at;
	} * place;
	size_t places;
};

static void add(struct revision *r, const char *p, size_t n)
{
	struct sheets *s = r->to;

	if (r->failed)
		return;
	if (n > r->cap - s->n) {
		size_t cap = (s->n + n) + (s->n + n) / 4;
		char *more = malloc(cap);

		if (!more) {
			r->failed = true;
			return;
		}
		if (s->n) {
			memcpy(more, s->p, s->n);
			explicit_bzero(s->p, s->n);
		}
		free(s->p);
		s->p = more;
		r->cap = cap;
	}
	memcpy(s->p + s->n, p, n);
	s->n += n;
}

static void put(struct revision *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct revision *r, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		add(r, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* ---- pages ----------------------------------------------------------------------------------------------------------------------- */

static bool is_sane(double v)
{
	return v > -1e6 && v < 1e6;
}

/* As poppler takes it, which takes a page without a size for a letter. */
static bool size_of(struct pdf *p, qpdf_oh page, double box[4])
{
	static const double letter[4] = {0, 0, 612, 792};
	qpdf_oh media = pdf_inherited(p, page, "/MediaBox");
	bool whole = pdf_items(p, media) == 4;

	for (size_t i = 0; i < 4; i++) {
		qpdf_oh h = whole ? pdf_item(p, media, i) : 0;

		if (whole && !qpdf_oh_is_number(p->q, h))
			return false;
		box[i] = whole ? qpdf_oh_get_numeric_value(p->q, h) : letter[i];
		if (!is_sane(box[i]))
			return false;
	}
	for (size_t i = 0; i < 2; i++)
		if (box[i] > box[i + 2]) {
			double low = box[i + 2];

			box[i + 2] = box[i];
			box[i] = low;
		}
	return box[2] - box[0] > 1 && box[3] - box[1] > 1;
}

static void widen(struct pdf *p, struct revision *r, qpdf_oh page, struct box *sheet)
{
	long long turned = pdf_number(p, pdf_inherited(p, page, "/Rotate"));
	int number = qpdf_oh_get_object_id(p->q, page), generation = qpdf_oh_get_generation(p->q, page);
	double box[4], w, h;
	char media[128];
	const char *body;
	size_t n;

	if (number <= 0 || !size_of(p, page, box))
		return;
	(void)snprintf(media, sizeof(media), "[ %.3f %.3f %.3f %.3f ]", box[0] - SHEETS_MARGIN, box[1] - SHEETS_MARGIN,
		       box[2] + SHEETS_MARGIN, box[3] + SHEETS_MARGIN);
	qpdf_oh_replace_key(p->q, page, "/MediaBox", pdf_parse(p, media));
	body = qpdf_oh_unparse_resolved(p->q, page);
	n = strnlen(body, PAGE_MAX);
	if (n == PAGE_MAX || r->to->n > ADDED_MAX)
		return;
	w = turned % 180 ? box[3] - box[1] : box[2] - box[0];
	h = turned % 180 ? box[2] - box[0] : box[3] - box[1];
	*sheet = (struct box){
	    .x0 = SHEETS_MARGIN, .y0 = SHEETS_MARGIN, .x1 = SHEETS_MARGIN + (float)w, .y1 = SHEETS_MARGIN + (float)h};
	r->place[r->places++] = (struct place){.number = number, .generation = generation, .at = r->to->n};
	put(r, "%d %d obj\n", number, generation);
	add(r, body, n);
	put(r, "\nendobj\n");
}

/* ---- the revision ---------------------------------------------------------------------------------------------------------------- */

static void put_key(struct pdf *p, struct revision *r, const char *key)
{
	qpdf_oh value = pdf_get(p, pdf_trailer(p), key);
	const char *s;

	if (pdf_is_null(p, value))
		return;
	s = qpdf_oh_unparse(p->q, value);
	put(r, "%s ", key);
	add(r, s, strlen(s));
	put(r, "\n");
}

static void put_table(struct pdf *p, struct revision *r, size_t before)
{
	size_t at = r->to->n;

	put(r, "xref\n");
	for (size_t i = 0; i < r->places; i++)
		put(r, "%d 1\n%010zu %05d n \n", r->place[i].number, r->place[i].at, r->place[i].generation);
	put(r, "trailer\n<<\n");
	put_key(p, r, "/Size");
	put_key(p, r, "/Root");
	put_key(p, r, "/Info");
	put_key(p, r, "/ID");
	put_key(p, r, "/Encrypt");
	put(r, "/Prev %zu\n>>\nstartxref\n%zu\n%%%%EOF\n", before, at);
}

int sheets_widen(struct pdf *p, struct mw_str file, struct sheets *s)
{
	size_t before = pdf_table(file);
	int in_file = qpdf_get_num_pages(p->q);
	size_t pages = in_file > 0 ? (size_t)in_file : 0, mark = pdf_mark(p);
	struct revision r = {.to = s};

	*s = (struct sheets){.p = NULL};
	if (before == 0 || pages == 0 || file.n < 5 || memcmp(file.p, "%PDF-", 5) != 0)
		return 0;
	s->sheet = calloc(pages, sizeof(*s->sheet));
	r.place = calloc(pages, sizeof(*r.place));
	r.failed = !s->sheet || !r.place;
	s->pages = r.failed ? 0 : pages;
	add(&r, file.p, file.n);
	put(&r, "\n");
	for (size_t i = 0; i < s->pages && !r.failed; i++) {
		widen(p, &r, pdf_page(p, i), &s->sheet[i]);
		pdf_drop(p, mark);
	}
	put_table(p, &r, before);
	pdf_drop(p, mark);
	free(r.place);
	if (r.failed)
		sheets_free(s);
	return r.failed ? -ENOMEM : 0;
}

void sheets_free(struct sheets *s)
{
	if (s->p)
		explicit_bzero(s->p, s->n);
	free(s->p);
	free(s->sheet);
	*s = (struct sheets){.p = NULL};
}

bool sheets_is_outside(const struct sheets *s, size_t page, const struct box *at)
{
	const struct box *sheet = page < s->pages ? &s->sheet[page] : NULL;
	float x = (at->x0 + at->x1) / 2, y = (at->y0 + at->y1) / 2;

	return sheet && sheet->x1 > 0 && (x < sheet->x0 || x > sheet->x1 || y < sheet->y0 || y > sheet->y1);
}
