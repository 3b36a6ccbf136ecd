/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slides: the slides of a presentation in their order, a page each; then their notes, comments, and what stands on all of them.
 */
#include "office.h"
#include "wordtext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slide {
	size_t entry;
	struct relations related;
};

struct show {
	struct office *office;
	struct relations related; /* of the presentation */
	struct slide *v;
	size_t n, cap;
};

enum { SLIDE = 1, NAMED };

static int slide_add(struct show *s, size_t entry)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 32;
		struct slide *more = reallocarray(s->v, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->v = more;
		s->cap = cap;
	}
	s->v[s->n++] = (struct slide){.entry = entry};
	return 0;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct show *s = ctx;
	struct mw_str name = id == NAMED ? xml_attribute(x, "name") : (struct mw_str){.p = ""};
	size_t entry = id == SLIDE ? relation_target(&s->related, xml_related(x, "id")) : NO_ENTRY;

	if (name.n)
		return office_other(s->office, name.p, name.n);
	return entry == NO_ENTRY ? 0 : slide_add(s, entry);
}

/* One that is in no list is shown by nobody, but it is a slide. */
static int unlisted(struct show *s)
{
	int r = 0;

	for (size_t i = 0; i < s->related.n && r == 0; i++)
		if (s->related.v[i].entry != NO_ENTRY && !s->related.v[i].done && strcmp(s->related.v[i].kind, "slide") == 0)
			r = slide_add(s, s->related.v[i].entry);
	return r;
}

static int slide_read(struct office *o, struct slide *s, bool unseen)
{
	struct wordtext w;
	int r = o->host->sink_page(o->sink);

	if (r < 0 || o->package.entry[s->entry].used)
		return r;
	stream_feed(&o->out);
	wordtext_init(&w, o, NULL, unseen);
	r = wordtext_end(&w, office_parse(o, s->entry, &wordtext_events, &w));
	if (r == 0)
		r = office_relations(o, s->entry, &s->related);
	return r == 0 ? drawings_read(o, &s->related, w.unseen) : r;
}

/* Parts of one kind that parts are related to, with what these are related to in the same way: a layout has a master. */
static int beside(struct office *o, const struct relations *all, const char *kind, const char *section, int depth)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct relation *to = &all->v[i];
		struct relations inner;

		if (to->entry == NO_ENTRY || o->package.entry[to->entry].used || strcmp(to->kind, kind) != 0)
			continue;
		r = stream_section(&o->out, section);
		stream_feed(&o->out);
		if (r == 0)
			r = wordtext_read(o, to->entry, NULL, false);
		if (r < 0)
			return r;
		r = office_relations(o, to->entry, &inner);
		if (r == 0)
			r = drawings_read(o, &inner, false);
		if (r == 0 && depth)
			r = beside(o, &inner, "slideMaster", section, depth - 1);
		relations_free(&inner);
	}
	return r;
}

static int all_beside(struct show *s, const char *kind, const char *section)
{
	int r = 0;

	for (size_t i = 0; i < s->n && r == 0; i++)
		r = beside(s->office, &s->v[i].related, kind, section, 1);
	return r == 0 ? beside(s->office, &s->related, kind, section, 1) : r;
}

static int around(struct show *s)
{
	static const struct {
		const char *kind, *section;
	} rows[] = {
	    {"notesSlide", "notes"},	{"comments", "comments"},   {"slideLayout", "masters"},
	    {"slideMaster", "masters"}, {"notesMaster", "masters"}, {"handoutMaster", "masters"},
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && r == 0; i++)
		r = all_beside(s, rows[i].kind, rows[i].section);
	return r;
}

int slides_read(struct office *o, size_t entry)
{
	static const struct xml_name listed[] = {{"sldId", SLIDE}, {"section", NAMED}, {"custShow", NAMED}, {NULL, 0}};
	static const struct xml_events events = {.names = listed, .start = on_start, .end = xml_no_end, .text = xml_no_text};
	struct show s = {.office = o};
	size_t shown;
	int r = office_relations(o, entry, &s.related);

	if (r == 0)
		r = office_parse(o, entry, &events, &s);
	shown = s.n;
	if (r == 0)
		r = unlisted(&s);
	for (size_t i = 0; i < s.n && r == 0; i++)
		r = slide_read(o, &s.v[i], i >= shown);
	if (r == 0)
		r = around(&s);
	for (size_t i = 0; i < s.n; i++)
		relations_free(&s.v[i].related);
	free(s.v);
	relations_free(&s.related);
	return r;
}
