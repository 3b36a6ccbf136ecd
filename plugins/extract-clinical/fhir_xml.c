/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir_xml.h"

#include "fhir.h"
#include "xml.h"

#include <errno.h>

struct reader {
	struct tree t;
	bool fhir;
	size_t div;	   /* depth inside a narrative, 0 = none */
	struct text words; /* of the narrative, or of an element without others in it */
	bool plain;	   /* the element in work has none in it so far */
};

static bool is_resource(struct mw_str name)
{
	return name.n && *name.p >= 'A' && *name.p <= 'Z';
}

static bool is_cell(struct mw_str name)
{
	return str_is(name, "td") || str_is(name, "th");
}

static bool is_inline(struct mw_str name)
{
	return str_is(name, "b") || str_is(name, "i") || str_is(name, "span") || str_is(name, "a") || str_is(name, "em") ||
	       str_is(name, "strong") || str_is(name, "sup") || str_is(name, "sub") || str_is(name, "code");
}

static void on_open(void *ctx, const struct xml_element *e)
{
	struct reader *r = ctx;
	struct mw_str value = xml_get(e, "value");

	if (r->div) {
		r->div++;
		if (!is_cell(e->name) && !is_inline(e->name) && r->words.n && r->words.p[r->words.n - 1] != '\n')
			text_putc(&r->words, '\n');
		return;
	}
	text_cut(&r->words, 0);
	if (r->fhir && str_is(e->name, "div")) {
		r->div = 1;
		return;
	}
	if (r->fhir && value.n)
		tree_leaf(&r->t, e->name, value, false);
	if (r->fhir && is_resource(e->name))
		tree_open(&r->t, str("resource"), e->name);
	else
		tree_open(&r->t, e->name, str(""));
	r->plain = true;
	for (size_t i = 0; i < e->n; i++)
		if (!r->fhir || !str_is(e->attribute[i].name, "value"))
			tree_leaf(&r->t, e->attribute[i].name, e->attribute[i].value, false);
}

static void on_text(void *ctx, struct mw_str s)
{
	struct reader *r = ctx;
	struct text *t = &r->words;

	if (!r->div) {
		if (r->plain)
			text_str(t, s);
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		bool blank = (unsigned char)s.p[i] <= ' ';

		if (!blank || (t->n && (unsigned char)t->p[t->n - 1] > ' '))
			text_putc(t, blank ? ' ' : s.p[i]);
	}
}

static void on_close(void *ctx, struct mw_str name)
{
	struct reader *r = ctx;

	if (r->div > 1) {
		r->div--;
		if (is_cell(name))
			text_putc(&r->words, '\t');
		else if (!is_inline(name) && r->words.n && r->words.p[r->words.n - 1] != '\n')
			text_putc(&r->words, '\n');
		return;
	}
	if (r->div) {
		r->div = 0;
		tree_leaf(&r->t, str("div"), text_all(&r->words), false);
		text_cut(&r->words, 0);
		return;
	}
	/* In SCRIPT, an element with words alone is a value of the one around it. */
	tree_close(&r->t);
	if (r->plain && !r->fhir)
		tree_leaf(&r->t, name, text_all(&r->words), false);
	text_cut(&r->words, 0);
	r->plain = false;
}

static bool over(void *ctx)
{
	const struct reader *r = ctx;

	return r->t.o->failed != 0 || r->t.pool.failed || r->words.failed;
}

static int read_xml(struct mw_str s, const struct tree_kind *kind, bool fhir, struct out *o)
{
	static const struct xml_events events = {.open = on_open, .text = on_text, .close = on_close, .over = over};
	struct reader r = {.t = {.o = o, .kind = kind}, .fhir = fhir};
	int code = xml_read(s, &events, &r);

	if (r.t.pool.failed || r.words.failed)
		code = -ENOMEM;
	if (code == 0 && r.t.deep)
		code = -E2BIG;
	tree_free(&r.t);
	text_wipe(&r.words);
	return code;
}

int fhir_read_xml(struct mw_str s, struct out *o)
{
	return read_xml(s, &fhir_kind, true, o);
}

int script_read_xml(struct mw_str s, struct out *o)
{
	return read_xml(s, &script_kind, false, o);
}
