/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visio: drawings of Visio (.vsdx): texts of shapes, page by page; the data of shapes; masters, which nobody sees as such.
 */
#include "office.h"
#include "text.h"

#include <string.h>

enum { TEXT = 1, CELL, SECTION, NAMED, REMARK };

static const struct xml_name names[] = {{"Text", TEXT},	 {"Cell", CELL},	 {"Section", SECTION},
					{"Page", NAMED}, {"AuthorEntry", NAMED}, {"CommentEntry", REMARK},
					{NULL, 0}};

struct drawing {
	struct office *office;
	struct text text;
	bool unseen, in_text, in_data;
};

static int on_start(void *ctx, struct xml *x, int id)
{
	struct drawing *d = ctx;
	struct mw_str name;

	switch (id) {
	case TEXT:
	case REMARK:
		d->in_text = true;
		return 0;
	case SECTION:
		name = xml_attribute(x, "N");
		d->in_data = xml_is(name, "Property") || xml_is(name, "User") || xml_is(name, "Hyperlink");
		return 0;
	case CELL:
		if (!d->in_data)
			return 0;
		name = xml_attribute(x, "N");
		if (!xml_is(name, "Value") && !xml_is(name, "Label") && !xml_is(name, "Prompt") && !xml_is(name, "Description") &&
		    !xml_is(name, "Address"))
			return 0;
		return text_unseen_line(&d->text, xml_attribute(x, "V"));
	case NAMED:
		return text_unseen_line(&d->text, xml_attribute(x, "Name"));
	default:
		return 0;
	}
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct drawing *d = ctx;

	(void)x;
	d->in_data &= id != SECTION;
	if (id != TEXT && id != REMARK)
		return 0;
	d->in_text = false;
	return text_fresh_line(&d->text);
}

static bool is_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] > ' ')
			return false;
	return true;
}

/* Lines end with a line feed. */
static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct drawing *d = ctx;
	int r = d->in_text ? 0 : text_unseen_line(&d->text, (struct mw_str){.p = p, .n = is_blank(p, n) ? 0 : n});

	(void)x;
	while (d->in_text && n && r == 0) {
		const char *feed = memchr(p, '\n', n);
		size_t len = feed ? (size_t)(feed - p) : n;

		r = text_put(&d->text, d->unseen, p, len);
		if (r == 0 && feed)
			r = text_fresh_line(&d->text);
		len += feed != NULL;
		p += len;
		n -= len;
	}
	return r;
}

static int drawing(struct office *o, size_t entry, bool unseen)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = on_text};
	struct drawing d = {.office = o, .unseen = unseen};
	int r;

	text_init(&d.text, &o->out);
	stream_feed(&o->out);
	r = office_parse(o, entry, &events, &d);
	if (r == 0)
		r = text_end(&d.text);
	text_close(&d.text);
	return r;
}

/* What a part is related to, by kind, and what that is related to in turn. */
static int follow(struct office *o, size_t entry, const char *kind, const char *inner, bool unseen)
{
	struct relations all;
	int r = office_relations(o, entry, &all);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		size_t to = all.v[i].entry;

		if (to == NO_ENTRY || o->package.entry[to].used || strcmp(all.v[i].kind, kind) != 0)
			continue;
		if (!inner && !unseen)
			r = o->host->sink_page(o->sink);
		if (r == 0)
			r = drawing(o, to, unseen);
		if (r == 0 && inner)
			r = follow(o, to, inner, NULL, unseen);
	}
	relations_free(&all);
	return r;
}

int visio_read(struct office *o, size_t entry)
{
	int r = drawing(o, entry, true);

	if (r == 0)
		r = follow(o, entry, "pages", "page", false);
	if (r == 0)
		r = stream_section(&o->out, "comments");
	if (r == 0)
		r = follow(o, entry, "comments", NULL, false);
	if (r == 0)
		r = stream_section(&o->out, "masters");
	return r == 0 ? follow(o, entry, "masters", "master", true) : r;
}
