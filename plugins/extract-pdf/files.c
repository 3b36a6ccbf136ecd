/* SPDX-License-Identifier: Apache-2.0 */
/* files: what is embedded. */
#include "stream.h"
#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_OCTETS 512u

static int give(void *ctx, const char *p, size_t n)
{
	struct pen *o = ctx;

	o->failed = o->host->member_data(o->sink, p, n);
	return o->failed;
}

void walk_member(struct walk *w, qpdf_oh stream, struct mw_str name, const char *type)
{
	const struct mw_member m = {.name = name, .type = type, .charset = "", .packed = stream_packed(w->pdf, stream)};
	struct pen *o = w->out;
	int r;

	pen_flush(o);
	if (o->failed == 0)
		o->failed = o->host->member(o->sink, &m);
	if (o->failed != 0)
		return;
	r = stream_read(w->pdf, stream, give, o);
	if (o->failed == 0)
		o->failed = o->host->member_end(o->sink, r == 0 ? NULL : r == -ENOMEM ? "limit" : "damaged");
}

void walk_given(struct walk *w, struct mw_str octets, uint64_t packed, struct mw_str name, const char *type)
{
	const struct mw_member m = {.name = name, .type = type, .charset = "", .packed = packed};
	struct pen *o = w->out;

	pen_flush(o);
	if (o->failed == 0)
		o->failed = o->host->member(o->sink, &m);
	if (o->failed == 0)
		o->failed = o->host->member_data(o->sink, octets.p, octets.n);
	if (o->failed == 0)
		o->failed = o->host->member_end(o->sink, NULL);
}

/* The name by which a reader knows it. */
static size_t name_of(struct walk *w, qpdf_oh spec, char name[NAME_MAX_OCTETS])
{
	static const char *const keys[] = {"/UF", "/F", "/Unix", "/DOS", "/Mac"};
	struct mw_str s = {.p = "attachment", .n = strlen("attachment")};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct mw_str given = pdf_text(w->pdf, pdf_get(w->pdf, spec, keys[i]));

		if (given.n) {
			s = given;
			break;
		}
	}
	/* The end tells what it is. */
	if (s.n > NAME_MAX_OCTETS) {
		s.p += s.n - NAME_MAX_OCTETS;
		s.n = NAME_MAX_OCTETS;
	}
	memcpy(name, s.p, s.n);
	return s.n;
}

void walk_file(struct walk *w, qpdf_oh spec)
{
	static const char *const keys[] = {"/UF", "/F", "/Unix", "/DOS", "/Mac"};
	size_t mark = pdf_mark(w->pdf), n;
	char name[NAME_MAX_OCTETS];
	qpdf_oh files;

	if (!pdf_is_dictionary(w->pdf, spec) || walk_over(w) || !pdf_first(w->pdf, spec))
		return;
	walk_value(w, "notes", false, NULL, pdf_get(w->pdf, spec, "/Desc"));
	files = pdf_get(w->pdf, spec, "/EF");
	n = pdf_is_dictionary(w->pdf, files) ? name_of(w, spec, name) : 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && n && !walk_over(w); i++) {
		qpdf_oh stream = pdf_get(w->pdf, files, keys[i]);

		if (pdf_is_stream(w->pdf, stream) && pdf_first(w->pdf, stream))
			walk_member(w, stream, (struct mw_str){.p = name, .n = n}, "");
	}
	pdf_drop(w->pdf, mark);
}

void walk_files(struct walk *w, qpdf_oh h)
{
	size_t n = pdf_items(w->pdf, h);

	walk_file(w, h);
	for (size_t i = 0; i < n && !walk_over(w); i++) {
		size_t mark = pdf_mark(w->pdf);

		walk_file(w, pdf_item(w->pdf, h, i));
		pdf_drop(w->pdf, mark);
	}
}
