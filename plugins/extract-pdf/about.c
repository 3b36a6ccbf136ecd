/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"
#include "xmp.h"

#include <stdlib.h>
#include <string.h>

#define ABOUT "document"
#define XMP_MAX (4u << 20) /* octets */ /* elements in elements */
#define LABEL_MAX 40u

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
