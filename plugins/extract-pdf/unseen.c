/* SPDX-License-Identifier: Apache-2.0 */
#include "unseen.h"
#include "picture.h"
#include "stream.h"

#include <stdio.h>
#include <string.h>

#define LETTERS_NONE 10u /* no more than a page's number */
#define LETTERS_FEW 100u /* no more than what a fax or a scanner prints on the edge */
/* Pixels of pictures. A logo has fewer than the first; a page that was scanned for reading has more than the second. */
#define PICTURE_SMALL 40000u
#define PICTURE_STRIP 10000u /* a strip of a page */
#define PICTURE_PAGE 500000u
#define DRAWN 1500u /* octets of drawing, packed: more than lines around nothing take */
#define FORMS_DEPTH 4u

struct drawn {
	uint64_t pixels, octets;
	size_t page, pictures; /* members of this page so far */
	bool other;	       /* a picture that is no file */
	bool give;	       /* pictures become members now */
};

static uint64_t pixels_of(struct walk *w, qpdf_oh picture)
{
	long long x = pdf_number(w->pdf, pdf_get(w->pdf, picture, "/Width"));
	long long y = pdf_number(w->pdf, pdf_get(w->pdf, picture, "/Height"));

	if (x <= 0 || y <= 0)
		return 0;
	return x > INT32_MAX || y > INT32_MAX ? INT32_MAX : (uint64_t)x * (uint64_t)y;
}

static void take_picture(struct walk *w, qpdf_oh picture, struct drawn *d)
{
	enum stream_kind kind = stream_kind(w->pdf, picture);
	uint64_t pixels = pixels_of(w, picture);
	char name[64];
	int n;

	if (!d->give) {
		d->pixels += pixels;
		return;
	}
	if (kind == STREAM_OTHER) {
		d->other |= pixels >= PICTURE_STRIP;
		return;
	}
	if (!pdf_first(w->pdf, picture))
		return;
	n = snprintf(name, sizeof(name), "page-%zu-%zu.%s", d->page + 1, ++d->pictures,
		     kind == STREAM_JPEG  ? "jpg"
		     : kind == STREAM_JPX ? "jp2"
					  : "tif");
	if (kind == STREAM_FAX || kind == STREAM_OCTETS) {
		if (pixels >= PICTURE_STRIP)
			d->other |= !picture_give(w, picture, (struct mw_str){.p = name, .n = (size_t)n});
		return;
	}
	stream_peel(w->pdf, picture);
	walk_member(w, picture, (struct mw_str){.p = name, .n = (size_t)n}, kind == STREAM_JPEG ? "image/jpeg" : "image/jp2");
}

/* Pictures, and forms, which have such in them. */
static void take_resources(struct walk *w, qpdf_oh resources, unsigned depth, struct drawn *d)
{
	size_t mark = pdf_mark(w->pdf), first;
	size_t n = pdf_values(w->pdf, pdf_get(w->pdf, resources, "/XObject"), &first);

	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t inner = pdf_mark(w->pdf);
		qpdf_oh object = w->pdf->handle[first + i], kind = pdf_get(w->pdf, object, "/Subtype");

		if (pdf_is_name(w->pdf, kind, "/Image")) {
			take_picture(w, object, d);
		} else if (pdf_is_name(w->pdf, kind, "/Form") && depth) {
			d->octets += d->give ? 0 : stream_packed(w->pdf, object);
			take_resources(w, pdf_get(w->pdf, object, "/Resources"), depth - 1, d);
		}
		pdf_drop(w->pdf, inner);
	}
	pdf_drop(w->pdf, mark);
}

/* What the page shows: how much there is of it, and whether all of it can be decoded: pdftotext says nothing when it stops. */
static uint64_t take_contents(struct walk *w, qpdf_oh page, uint64_t *budget)
{
	uint64_t octets = 0;
	qpdf_oh contents = pdf_get(w->pdf, page, "/Contents");
	size_t n = pdf_items(w->pdf, contents);

	for (size_t i = 0; i < (n ? n : 1) && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);
		qpdf_oh stream = n ? pdf_item(w->pdf, contents, i) : contents;

		if (pdf_is_stream(w->pdf, stream)) {
			octets += stream_packed(w->pdf, stream);
			w->pdf->damaged |= !stream_is_whole(w->pdf, stream, budget);
		} else {
			w->pdf->damaged |= qpdf_oh_is_indirect(w->pdf->q, stream) != 0;
		}
		pdf_drop(w->pdf, mark);
	}
	return octets;
}

/* Pages may have the same pictures: what there is of them is known then. */
struct shared {
	int number; /* of the object that lists them, 0 = none */
	struct drawn d;
};

static void look_at(struct walk *w, qpdf_oh page, uint64_t contents, uint32_t letters, struct shared *s, struct unseen *u)
{
	qpdf_oh resources = pdf_inherited(w->pdf, page, "/Resources");
	int number = qpdf_oh_is_indirect(w->pdf->q, resources) ? qpdf_oh_get_object_id(w->pdf->q, resources) : 0;
	bool drawing;

	if (number == 0 || number != s->number) {
		*s = (struct shared){.number = number, .d = {.page = s->d.page}};
		take_resources(w, resources, FORMS_DEPTH, &s->d);
	}
	drawing = letters < LETTERS_NONE && contents + s->d.octets >= DRAWN;
	if (!drawing && s->d.pixels < (letters < LETTERS_NONE ? PICTURE_SMALL : PICTURE_PAGE))
		return;
	if (!s->d.give) {
		s->d.give = true;
		take_resources(w, resources, FORMS_DEPTH, &s->d);
	}
	u->picture |= drawing || s->d.other;
}

/* ---- fonts ----------------------------------------------------------------------------------------------------------------------- */

static bool is_text(struct mw_str s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* Letters by the number of their shape, or of a language that pdftotext has no tables for, and nothing that says what they mean. */
static bool is_mute(struct walk *w, qpdf_oh font, bool tables)
{
	qpdf_oh encoding = pdf_get(w->pdf, font, "/Encoding"), below = pdf_get(w->pdf, font, "/DescendantFonts");
	bool by_shape = pdf_is_name(w->pdf, encoding, "/Identity-H") || pdf_is_name(w->pdf, encoding, "/Identity-V");

	if (!pdf_is_name(w->pdf, pdf_get(w->pdf, font, "/Subtype"), "/Type0"))
		return false;
	if (!by_shape && pdf_text(w->pdf, encoding).n && !tables)
		return true;
	if (!pdf_is_null(w->pdf, pdf_get(w->pdf, font, "/ToUnicode")))
		return false;
	below = pdf_items(w->pdf, below) ? pdf_item(w->pdf, below, 0) : below;
	if (is_text(pdf_text(w->pdf, pdf_get(w->pdf, pdf_get(w->pdf, below, "/CIDSystemInfo"), "/Ordering")), "Identity"))
		return by_shape;
	return !tables;
}

static bool has_mute(struct walk *w, qpdf_oh page, bool tables)
{
	size_t first;
	size_t n = pdf_values(w->pdf, pdf_get(w->pdf, pdf_inherited(w->pdf, page, "/Resources"), "/Font"), &first);
	bool yes = false;

	for (size_t i = 0; i < n && !yes && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);
		qpdf_oh font = w->pdf->handle[first + i];

		yes = pdf_first(w->pdf, font) && is_mute(w, font, tables);
		pdf_drop(w->pdf, mark);
	}
	return yes;
}

void unseen_find(struct walk *w, const uint32_t *letters, size_t pages, uint64_t budget, struct unseen *u)
{
	uint64_t contents;
	struct shared shared = {.number = 0};

	pdf_forget(w->pdf);
	for (size_t i = 0; i < pages && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);
		qpdf_oh page = pdf_page(w->pdf, i);

		shared.d.page = i;
		contents = take_contents(w, page, &budget);
		u->font |= has_mute(w, page, u->tables);
		if (letters[i] < LETTERS_FEW)
			look_at(w, page, contents, letters[i], &shared, u);
		pdf_drop(w->pdf, mark);
	}
}
