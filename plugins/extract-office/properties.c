/* SPDX-License-Identifier: Apache-2.0 */
/*
 * properties: title, author, keywords and what else is said of a document, a line each: "title: Referral". No reader of the document
 * sees them, its properties' window does.
 */
#include "office.h"

#include <string.h>

struct reading {
	struct office *office;
	struct buf name, value;
	bool named; /* by an attribute */
};

enum { PROPERTY = 1 };

static const struct xml_name names[] = {{"property", PROPERTY}, {"user-defined", PROPERTY}, {NULL, 0}};

/* How many words and pages: small numbers, true and false. */
static bool is_statistic(struct mw_str s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++)
		digits += (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.';
	return (digits == s.n && s.n < 6) || xml_is(s, "true") || xml_is(s, "false");
}

static int put(struct reading *g)
{
	int r = 0;

	if (g->value.n && (g->named || !is_statistic(buf_str(&g->value)))) {
		r = stream_put(&g->office->out, true, g->name.p, g->name.n);
		if (r == 0 && g->name.n)
			r = stream_put(&g->office->out, true, ": ", 2);
		if (r == 0)
			r = stream_put(&g->office->out, true, g->value.p, g->value.n);
		if (r == 0)
			r = stream_put(&g->office->out, true, "\n", 1);
	}
	g->value.n = 0;
	return r;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct reading *g = ctx;
	int r = put(g);

	if (r == 0 && id == PROPERTY) {
		struct mw_str name = xml_attribute(x, "name");

		g->named = name.n > 0;
		g->name.n = 0;
		return buf_flat(&g->name, name.p, name.n);
	}
	if (r < 0 || g->named)
		return r;
	g->name.n = 0;
	r = buf_word(&g->name, x->name);
	if (r == 0 && strcmp(x->name, "template") == 0) {
		struct mw_str title = xml_attribute(x, "title"), href = xml_attribute(x, "href");

		r = buf_flat(&g->value, title.p, title.n);
		r = r == 0 && title.n ? put(g) : r;
		r = r == 0 ? buf_flat(&g->value, href.p, href.n) : r;
	}
	return r;
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct reading *g = ctx;
	int r = put(g);

	(void)x;
	g->named &= id != PROPERTY;
	return r;
}

static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct reading *g = ctx;

	(void)x;
	while (n && g->value.n == 0 && (unsigned char)*p <= ' ') {
		p++;
		n--;
	}
	return buf_flat(&g->value, p, n);
}

int properties_read(struct office *o, size_t entry)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = on_text};
	struct reading g = {.office = o};
	int r = stream_section(&o->out, "properties");

	if (r == 0)
		r = office_parse(o, entry, &events, &g);
	if (r == 0)
		r = put(&g);
	buf_free(&g.name);
	buf_free(&g.value);
	return r;
}
