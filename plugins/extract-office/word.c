/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word: the parts of a text document, in the order that a reader meets them.
 */
#include "office.h"
#include "wordtext.h"

#include <string.h>

struct place {
	const char *kind, *section;
	bool unseen;
};

/* What has a section of its own. */
static const struct place places[] = {
    {"header", "headers", false},   {"footer", "headers", false},    {"footnotes", "notes", false},
    {"endnotes", "notes", false},   {"comments", "comments", false}, {"glossaryDocument", "glossary", true},
    {"settings", "settings", true},
};
#define PLACES (sizeof(places) / sizeof(*places))

/* A part and what is drawn in it. */
static int story(struct office *o, size_t entry, const struct styles *styles, bool unseen)
{
	struct relations all;
	int r;

	stream_feed(&o->out);
	r = wordtext_read(o, entry, styles, unseen);
	if (r < 0)
		return r;
	r = office_relations(o, entry, &all);
	if (r == 0)
		r = drawings_read(o, &all, unseen);
	relations_free(&all);
	return r;
}

static int find_styles(struct office *o, const struct relations *all, struct styles *styles)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++)
		if (all->v[i].entry != NO_ENTRY && strcmp(all->v[i].kind, "styles") == 0)
			r = styles_read(o, all->v[i].entry, styles);
	return r;
}

/* What stands beside the main text. */
static int around(struct office *o, const struct relations *all, const struct styles *styles)
{
	int r = 0;

	for (size_t k = 0; k < PLACES; k++)
		for (size_t i = 0; i < all->n && r == 0; i++) {
			if (all->v[i].entry == NO_ENTRY || strcmp(all->v[i].kind, places[k].kind) != 0 ||
			    o->package.entry[all->v[i].entry].used)
				continue;
			r = stream_section(&o->out, places[k].section);
			if (r == 0)
				r = story(o, all->v[i].entry, styles, places[k].unseen);
		}
	return r;
}

/* Documents of other formats that are shown in this one. */
static int chunks(struct office *o, const struct relations *all)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		size_t entry = all->v[i].entry;

		if (entry != NO_ENTRY && strcmp(all->v[i].kind, "aFChunk") == 0 && !o->package.entry[entry].used)
			r = office_member(o, entry, types_of(&o->types, o->package.entry[entry].name));
	}
	return r;
}

int word_read(struct office *o, size_t entry)
{
	struct styles styles = {0};
	struct relations all;
	int r = office_relations(o, entry, &all);

	if (r == 0)
		r = find_styles(o, &all, &styles);
	if (r == 0)
		r = o->host->sink_page(o->sink);
	if (r == 0)
		r = wordtext_read(o, entry, &styles, false);
	if (r == 0)
		r = drawings_read(o, &all, false);
	if (r == 0)
		r = around(o, &all, &styles);
	if (r == 0)
		r = chunks(o, &all);
	relations_free(&all);
	styles_free(&styles);
	return r;
}
