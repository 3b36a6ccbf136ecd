/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include <string.h>

void walk_value(struct walk *w, const char *section, bool hidden, const char *label, qpdf_oh value)
{
	struct mw_str s = pdf_text(w->pdf, value);
	size_t blanks = 0;

	while (blanks < s.n && strchr(" \t\r\n", s.p[blanks]) && s.p[blanks])
		blanks++;
	if (blanks == s.n)
		return;
	pen_section(w->out, section, hidden);
	if (label) {
		pen_put(w->out, label);
		pen_put(w->out, ": ");
	}
	pen_text(w->out, s);
	pen_put(w->out, "\n");
}

static void names(struct walk *w, qpdf_oh node, unsigned depth, void (*fn)(struct walk *, qpdf_oh))
{
	size_t mark = pdf_mark(w->pdf), n;
	qpdf_oh kids;

	if (depth == 0 || !pdf_is_dictionary(w->pdf, node) || !pdf_first(w->pdf, node)) {
		w->pdf->limit |= depth == 0;
		return;
	}
	kids = pdf_get(w->pdf, node, "/Names");
	n = pdf_items(w->pdf, kids);
	for (size_t i = 1; i < n && !walk_over(w); i += 2) {
		size_t inner = pdf_mark(w->pdf);

		fn(w, pdf_item(w->pdf, kids, i));
		pdf_drop(w->pdf, inner);
	}
	kids = pdf_get(w->pdf, node, "/Kids");
	n = pdf_items(w->pdf, kids);
	for (size_t i = 0; i < n && !walk_over(w); i++)
		names(w, pdf_item(w->pdf, kids, i), depth - 1, fn);
	pdf_drop(w->pdf, mark);
}

void walk_names(struct walk *w, qpdf_oh tree, void (*fn)(struct walk *, qpdf_oh value))
{
	names(w, tree, PDF_DEPTH, fn);
}

static void read_pages(struct walk *w, size_t pages)
{
	for (size_t i = 0; i < pages && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);
		qpdf_oh page = pdf_page(w->pdf, i);

		walk_notes(w, page);
		walk_files(w, pdf_get(w->pdf, page, "/AF"));
		walk_events(w, pdf_get(w->pdf, page, "/AA"));
		pdf_drop(w->pdf, mark);
	}
}

void walk_document(struct walk *w, struct mw_str file, size_t pages)
{
	size_t mark = pdf_mark(w->pdf);
	qpdf_oh root = pdf_root(w->pdf), tree = pdf_get(w->pdf, root, "/Names");

	walk_form(w, pdf_get(w->pdf, root, "/AcroForm"));
	read_pages(w, pages);
	walk_bookmarks(w, pdf_get(w->pdf, root, "/Outlines"));
	walk_descriptions(w, file, pdf_get(w->pdf, root, "/StructTreeRoot"));
	walk_about(w);
	walk_names_given(w, root);
	walk_action(w, pdf_get(w->pdf, root, "/OpenAction"));
	walk_events(w, pdf_get(w->pdf, root, "/AA"));
	walk_names(w, pdf_get(w->pdf, tree, "/JavaScript"), walk_action);
	walk_names(w, pdf_get(w->pdf, tree, "/EmbeddedFiles"), walk_file);
	walk_files(w, pdf_get(w->pdf, root, "/AF"));
	walk_behind(w, file);
	pdf_drop(w->pdf, mark);
}
