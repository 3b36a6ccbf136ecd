/* SPDX-License-Identifier: Apache-2.0 */
/* actions: what a click, or opening a page, does. */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (4u << 20) /* octets */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* An address as a person reads it: %XX is resolved. */
static void write_address(struct walk *w, struct mw_str s)
{
	char *p = malloc(s.n);
	size_t n = 0;

	if (!p) {
		w->pdf->limit = true;
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		int a = s.p[i] == '%' && s.n - i > 2 ? hex(s.p[i + 1]) : -1, b = a < 0 ? -1 : hex(s.p[i + 2]);

		if (b >= 0) {
			p[n++] = (char)(a * 16 + b);
			i += 2;
		} else {
			p[n++] = s.p[i];
		}
	}
	pen_section(w->out, "links", true);
	pen_cell(w->out, (struct mw_str){.p = p, .n = n});
	pen_put(w->out, "\n");
	explicit_bzero(p, s.n);
	free(p);
}

static void read_address(struct walk *w, qpdf_oh h)
{
	struct mw_str s = pdf_text(w->pdf, h);

	if (s.n)
		write_address(w, s);
}

void walk_script(struct walk *w, qpdf_oh script)
{
	size_t n;
	char *p;

	if (pdf_is_null(w->pdf, script))
		return;
	p = pdf_octets(w->pdf, script, SCRIPT_MAX, &n);
	if (p) {
		pen_section(w->out, "scripts", true);
		pen_text(w->out, (struct mw_str){.p = p, .n = n});
		pen_put(w->out, "\n");
		explicit_bzero(p, n);
	}
	free(p);
}

/* A file that it opens or sends to, or what it plays. */
static void read_target(struct walk *w, qpdf_oh action)
{
	qpdf_oh target = pdf_get(w->pdf, action, "/F");

	if (pdf_is_dictionary(w->pdf, target)) {
		read_address(w, pdf_get(w->pdf, target, "/UF"));
		read_address(w, pdf_get(w->pdf, target, "/F"));
		walk_file(w, target);
	} else {
		read_address(w, target);
	}
	walk_file(w, pdf_get(w->pdf, pdf_get(w->pdf, pdf_get(w->pdf, action, "/R"), "/C"), "/D"));
}

static void action(struct walk *w, qpdf_oh h, unsigned depth)
{
	size_t mark = pdf_mark(w->pdf), n;
	qpdf_oh next;

	if (!pdf_is_dictionary(w->pdf, h) || walk_over(w) || !pdf_first(w->pdf, h))
		return;
	if (depth == 0) {
		w->pdf->limit = true;
		return;
	}
	read_address(w, pdf_get(w->pdf, h, "/URI"));
	walk_script(w, pdf_get(w->pdf, h, "/JS"));
	read_target(w, h);
	next = pdf_get(w->pdf, h, "/Next");
	n = pdf_items(w->pdf, next);
	if (n == 0)
		action(w, next, depth - 1);
	for (size_t i = 0; i < n && !walk_over(w); i++)
		action(w, pdf_item(w->pdf, next, i), depth - 1);
	pdf_drop(w->pdf, mark);
}

void walk_action(struct walk *w, qpdf_oh h)
{
	action(w, h, PDF_DEPTH);
}

void walk_events(struct walk *w, qpdf_oh events)
{
	static const char *const names[] = {"/E", "/X", "/D", "/U", "/Fo", "/Bl", "/PO", "/PC", "/PV", "/PI",
					    "/O", "/C", "/K", "/F", "/V",  "/WC", "/WS", "/DS", "/WP", "/DP"};

	if (!pdf_is_dictionary(w->pdf, events))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t mark = pdf_mark(w->pdf);

		walk_action(w, pdf_get(w->pdf, events, names[i]));
		pdf_drop(w->pdf, mark);
	}
}
