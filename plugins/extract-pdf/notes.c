/* SPDX-License-Identifier: Apache-2.0 */
/* notes: annotations of pages. */
#include "walk.h"
#include "xmp.h"

#include <stdlib.h>
#include <string.h>

#define NOTES "notes"
#define RICH_MAX (4u << 20) /* octets */

/* Text with its looks, as XHTML, where there is none without. */
static void read_rich(struct walk *w, qpdf_oh rich)
{
	size_t n = 0;
	char *p = pdf_octets(w->pdf, rich, RICH_MAX, &n);

	if (p) {
		pen_section(w->out, NOTES, false);
		xmp_write((struct mw_str){.p = p, .n = n}, w->out);
		explicit_bzero(p, n);
	}
	free(p);
}

/* What a button says: as it is, below the mouse, and pressed. */
static void read_captions(struct walk *w, qpdf_oh looks)
{
	static const char *const keys[] = {"/CA", "/RC", "/AC"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		walk_value(w, NOTES, false, NULL, pdf_get(w->pdf, looks, keys[i]));
}

static void read_note(struct walk *w, qpdf_oh note)
{
	struct mw_str s;
	qpdf_oh media;

	/* Who wrote it, of what, and what; a field of a form that is not in the form. */
	if (pdf_is_name(w->pdf, pdf_get(w->pdf, note, "/Subtype"), "/Widget"))
		walk_field(w, note);
	s = pdf_text(w->pdf, pdf_get(w->pdf, note, "/T"));
	if (s.n && pdf_text(w->pdf, pdf_get(w->pdf, note, "/Contents")).n &&
	    !pdf_is_name(w->pdf, pdf_get(w->pdf, note, "/Subtype"), "/Widget"))
		walk_value(w, NOTES, false, NULL, pdf_get(w->pdf, note, "/T"));
	walk_value(w, NOTES, false, NULL, pdf_get(w->pdf, note, "/Subj"));
	walk_value(w, NOTES, false, NULL, pdf_get(w->pdf, note, "/Contents"));
	if (pdf_text(w->pdf, pdf_get(w->pdf, note, "/Contents")).n == 0)
		read_rich(w, pdf_get(w->pdf, note, "/RC"));
	read_captions(w, pdf_get(w->pdf, note, "/MK"));
	walk_action(w, pdf_get(w->pdf, note, "/A"));
	walk_action(w, pdf_get(w->pdf, note, "/PA"));
	walk_events(w, pdf_get(w->pdf, note, "/AA"));
	walk_files(w, pdf_get(w->pdf, note, "/FS"));
	walk_files(w, pdf_get(w->pdf, note, "/AF"));
	media = pdf_get(w->pdf, note, "/RichMediaContent");
	walk_names(w, pdf_get(w->pdf, media, "/Assets"), walk_file);
	walk_file(w, pdf_get(w->pdf, pdf_get(w->pdf, note, "/Movie"), "/F"));
}

void walk_notes(struct walk *w, qpdf_oh page)
{
	qpdf_oh notes = pdf_get(w->pdf, page, "/Annots");
	size_t n = pdf_first(w->pdf, notes) ? pdf_items(w->pdf, notes) : 0; /* pages may have the same */

	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);
		qpdf_oh note = pdf_item(w->pdf, notes, i);

		if (pdf_is_dictionary(w->pdf, note))
			read_note(w, note);
		pdf_drop(w->pdf, mark);
	}
}
