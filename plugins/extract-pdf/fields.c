/* SPDX-License-Identifier: Apache-2.0 */
/* fields: forms, a line for each field that is filled in. */
#include "stream.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define FORM "form"
#define VALUE_MAX (4u << 20) /* octets */

/* What the field is called: for a reader, or by its maker ("topmostSubform[0].LastName[0]": LastName[0]). */
static void write_label(struct walk *w, qpdf_oh field, qpdf_oh above)
{
	struct mw_str s = pdf_text(w->pdf, pdf_get(w->pdf, field, "/TU"));

	if (s.n == 0)
		s = pdf_text(w->pdf, pdf_get(w->pdf, field, "/T"));
	if (s.n == 0 && above)
		s = pdf_text(w->pdf, pdf_get(w->pdf, above, "/TU"));
	if (s.n == 0 && above)
		s = pdf_text(w->pdf, pdf_get(w->pdf, above, "/T"));
	/* Names are written as one word: LastName, last_name, Name[0]. */
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], before = i ? s.p[i - 1] : ' ';

		if (c == '[' && s.n - i <= 5 && s.p[s.n - 1] == ']')
			break;
		if (c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z')
			pen_put(w->out, " ");
		if (c == '_')
			pen_put(w->out, " ");
		else
			pen_cell(w->out, (struct mw_str){.p = s.p + i, .n = utf8_octets(s.p + i, s.n - i)});
		if ((unsigned char)c >= 0x80 && utf8_octets(s.p + i, s.n - i) > 1)
			i += utf8_octets(s.p + i, s.n - i) - 1;
	}
	pen_put(w->out, s.n && s.p[s.n - 1] == ':' ? " " : ": ");
}

/* The value as it is, not the name of a state that is none. */
static void write_value(struct walk *w, qpdf_oh value)
{
	size_t n = 0;
	char *p = pdf_octets(w->pdf, value, VALUE_MAX, &n);

	if (p) {
		pen_text(w->out, (struct mw_str){.p = p, .n = n});
		explicit_bzero(p, n);
	}
	free(p);
}

static bool is_text(struct walk *w, qpdf_oh value)
{
	return !pdf_is_name(w->pdf, value, "/Off") && (pdf_is_stream(w->pdf, value) || pdf_text(w->pdf, value).n > 0);
}

/* A text, or a list of them, or a list of pairs of them. */
static void write_texts(struct walk *w, qpdf_oh value, const char *between, unsigned depth)
{
	size_t n = depth ? pdf_items(w->pdf, value) : 0;

	if (is_text(w, value)) {
		write_value(w, value);
		pen_put(w->out, between);
	}
	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);

		write_texts(w, pdf_item(w->pdf, value, i), between, depth - 1);
		pdf_drop(w->pdf, mark);
	}
}

/* Who has signed, and why. */
static void read_signature(struct walk *w, qpdf_oh value)
{
	static const char *const keys[] = {"/Name", "/Reason", "/Location", "/ContactInfo"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		walk_value(w, FORM, false, keys[i] + 1, pdf_get(w->pdf, value, keys[i]));
}

static void read_one(struct walk *w, qpdf_oh field, qpdf_oh above)
{
	qpdf_oh value = pdf_get(w->pdf, field, "/V"), choices = pdf_get(w->pdf, field, "/Opt");

	if (pdf_is_null(w->pdf, value))
		value = pdf_get(w->pdf, field, "/DV");
	if (pdf_is_dictionary(w->pdf, value))
		read_signature(w, value);
	if (is_text(w, value) || pdf_items(w->pdf, value) || pdf_items(w->pdf, choices)) {
		pen_section(w->out, FORM, false);
		write_label(w, field, above);
		write_texts(w, value, pdf_items(w->pdf, choices) ? "; " : "", 1);
		write_texts(w, choices, "; ", 2);
		pen_put(w->out, "\n");
	} else {
		walk_value(w, FORM, true, NULL, pdf_get(w->pdf, field, "/TU"));
		walk_value(w, FORM, true, NULL, pdf_get(w->pdf, field, "/RV"));
	}
	walk_action(w, pdf_get(w->pdf, field, "/A"));
	walk_events(w, pdf_get(w->pdf, field, "/AA"));
}

static void read_field(struct walk *w, qpdf_oh field, qpdf_oh above, unsigned depth)
{
	size_t mark = pdf_mark(w->pdf), n;
	qpdf_oh kids;

	if (!pdf_is_dictionary(w->pdf, field) || walk_over(w) || !pdf_first(w->pdf, field))
		return;
	if (depth == 0) {
		w->pdf->limit = true;
		return;
	}
	read_one(w, field, above);
	kids = pdf_get(w->pdf, field, "/Kids");
	n = pdf_items(w->pdf, kids);
	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t inner = pdf_mark(w->pdf);

		read_field(w, pdf_item(w->pdf, kids, i), field, depth - 1);
		pdf_drop(w->pdf, inner);
	}
	pdf_drop(w->pdf, mark);
}

void walk_field(struct walk *w, qpdf_oh field)
{
	size_t mark = pdf_mark(w->pdf);

	read_field(w, field, pdf_get(w->pdf, field, "/Parent"), PDF_DEPTH);
	pdf_drop(w->pdf, mark);
}

/* Forms of Adobe's other kind: XML, in packets with names, or as one. */
static void read_xfa(struct walk *w, qpdf_oh xfa)
{
	size_t n = pdf_items(w->pdf, xfa);

	if (pdf_is_stream(w->pdf, xfa) && pdf_first(w->pdf, xfa))
		walk_member(w, xfa, (struct mw_str){.p = "form.xml", .n = 8}, "application/xml");
	for (size_t i = 0; i + 1 < n && !walk_over(w); i += 2) {
		size_t mark = pdf_mark(w->pdf), len;
		struct mw_str s = pdf_text(w->pdf, pdf_item(w->pdf, xfa, i));
		qpdf_oh packet = pdf_item(w->pdf, xfa, i + 1);
		char name[64];

		len = s.n < sizeof(name) - 4 ? s.n : sizeof(name) - 4;
		memcpy(name, s.p, len);
		memcpy(name + len, ".xml", 4);
		if (pdf_is_stream(w->pdf, packet) && pdf_first(w->pdf, packet))
			walk_member(w, packet, (struct mw_str){.p = name, .n = len + 4}, "application/xml");
		pdf_drop(w->pdf, mark);
	}
}

void walk_form(struct walk *w, qpdf_oh form)
{
	size_t mark = pdf_mark(w->pdf);
	qpdf_oh fields = pdf_get(w->pdf, form, "/Fields");
	size_t n = pdf_items(w->pdf, fields);

	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t inner = pdf_mark(w->pdf);

		read_field(w, pdf_item(w->pdf, fields, i), 0, PDF_DEPTH);
		pdf_drop(w->pdf, inner);
	}
	read_xfa(w, pdf_get(w->pdf, form, "/XFA"));
	pdf_drop(w->pdf, mark);
}
