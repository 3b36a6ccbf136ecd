/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"
#include "xmp.h"

#include <stdlib.h>
#include <string.h>

#define ABOUT "document"
#define XMP_MAX (4u << 20) /* octets */ /* elements in elements */
#define LABEL_MAX 40u
#define BEHIND_MIN 64u /* octets behind a document that may be a file */

/* ---- the document ---------------------------------------------------------------------------------------------------------------- */

static void read_info(struct walk *w, qpdf_oh info)
{
	if (!pdf_is_dictionary(w->pdf, info))
		return;
	for (qpdf_oh_begin_dict_key_iter(w->pdf->q, info); qpdf_oh_dict_more_keys(w->pdf->q) && !walk_over(w);) {
		const char *key = qpdf_oh_dict_next_key(w->pdf->q);
		size_t mark = pdf_mark(w->pdf);
		qpdf_oh value = pdf_get(w->pdf, info, key);
		struct mw_str s = pdf_text(w->pdf, value);

		/* When it was made is no text. */
		if (s.n && !(s.n > 2 && memcmp(s.p, "D:", 2) == 0)) {
			pen_section(w->out, ABOUT, true);
			pen_cell(w->out, (struct mw_str){.p = key + (*key == '/'), .n = strnlen(key, LABEL_MAX) - (*key == '/')});
			pen_put(w->out, ": ");
			pen_cell(w->out, pdf_text(w->pdf, value));
			pen_put(w->out, "\n");
		}
		pdf_drop(w->pdf, mark);
	}
}

void walk_about(struct walk *w)
{
	size_t mark = pdf_mark(w->pdf), n;
	qpdf_oh xmp = pdf_get(w->pdf, pdf_root(w->pdf), "/Metadata");
	char *p;

	read_info(w, pdf_get(w->pdf, pdf_trailer(w->pdf), "/Info"));
	p = pdf_is_stream(w->pdf, xmp) ? pdf_octets(w->pdf, xmp, XMP_MAX, &n) : NULL;
	if (p) {
		pen_section(w->out, ABOUT, true);
		xmp_write((struct mw_str){.p = p, .n = n}, w->out);
		explicit_bzero(p, n);
	}
	free(p);
	pdf_drop(w->pdf, mark);
}

/* ---- layers, pages, and what stands behind the document -------------------------------------------------------------------------- */

static void read_each(struct walk *w, qpdf_oh items, const char *label, const char *key)
{
	size_t n = pdf_items(w->pdf, items);

	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);

		walk_value(w, ABOUT, true, label, pdf_get(w->pdf, pdf_item(w->pdf, items, i), key));
		pdf_drop(w->pdf, mark);
	}
}

void walk_names_given(struct walk *w, qpdf_oh root)
{
	size_t mark = pdf_mark(w->pdf);

	read_each(w, pdf_get(w->pdf, pdf_get(w->pdf, root, "/OCProperties"), "/OCGs"), "layer", "/Name");
	read_each(w, pdf_get(w->pdf, pdf_get(w->pdf, root, "/PageLabels"), "/Nums"), "pages", "/P");
	pdf_drop(w->pdf, mark);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

void walk_behind(struct walk *w, struct mw_str file)
{
	static const char word[] = "%%EOF";
	size_t end = file.n, at, controls = 0;

	while (end && is_blank(file.p[end - 1]))
		end--;
	for (at = end; at >= sizeof(word) - 1 && memcmp(file.p + at - (sizeof(word) - 1), word, sizeof(word) - 1) != 0;)
		at--;
	while (at < end && is_blank(file.p[at]))
		at++;
	/* Where its own end is lost, objects stand there. */
	if (at < sizeof(word) - 1 || at == end || memmem(file.p + at, end - at, " obj", 4))
		return;
	for (size_t i = at; i < end; i++)
		controls += (unsigned char)file.p[i] < ' ' && !is_blank(file.p[i]);
	if (controls == 0) {
		pen_section(w->out, ABOUT, true);
		pen_text(w->out, (struct mw_str){.p = file.p + at, .n = end - at});
		pen_put(w->out, "\n");
	} else if (end - at >= BEHIND_MIN) {
		walk_given(w, (struct mw_str){.p = file.p + at, .n = end - at}, 0, (struct mw_str){.p = "behind", .n = 6}, "");
	}
}

/* ---- bookmarks ------------------------------------------------------------------------------------------------------------------- */

static void read_bookmarks(struct walk *w, qpdf_oh above, unsigned depth)
{
	size_t mark = pdf_mark(w->pdf);
	qpdf_oh item = pdf_get(w->pdf, above, "/First");

	w->pdf->limit |= depth == 0 && !pdf_is_null(w->pdf, item);
	while (pdf_is_dictionary(w->pdf, item) && !walk_over(w) && pdf_first(w->pdf, item)) {
		walk_value(w, "bookmarks", false, NULL, pdf_get(w->pdf, item, "/Title"));
		walk_action(w, pdf_get(w->pdf, item, "/A"));
		read_bookmarks(w, item, depth - 1);
		item = pdf_get(w->pdf, item, "/Next");
	}
	pdf_drop(w->pdf, mark);
}

void walk_bookmarks(struct walk *w, qpdf_oh outlines)
{
	read_bookmarks(w, outlines, PDF_DEPTH);
}
