/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw: what is drawn in a document, sheet or slide: shapes, charts with the values that they keep, diagrams.
 */
#include "office.h"
#include "wordtext.h"

#include <string.h>

/* Drawings in drawings: a chart has shapes of its own. */
#define DEPTH_MAX 4

static bool is_drawn(const char *kind)
{
	static const char *const kinds[] = {"drawing",	  "chart",	   "chartEx",	      "diagramData", "diagramDrawing",
					    "vmlDrawing", "legacyDrawing", "chartUserShapes", "tags",	     "smartTags"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static int draw_all(struct office *o, struct relations *all, bool unseen, int depth);

static int draw(struct office *o, size_t entry, bool unseen, int depth)
{
	struct relations inner;
	int r;

	stream_feed(&o->out);
	r = wordtext_read(o, entry, NULL, unseen);
	if (r < 0 || depth == DEPTH_MAX)
		return r;
	r = office_relations(o, entry, &inner);
	if (r == 0)
		r = draw_all(o, &inner, unseen, depth + 1);
	relations_free(&inner);
	return r;
}

static int draw_all(struct office *o, struct relations *all, bool unseen, int depth)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		struct relation *to = &all->v[i];

		if (to->entry == NO_ENTRY || o->package.entry[to->entry].used || !is_drawn(to->kind))
			continue;
		to->done = true;
		r = draw(o, to->entry, unseen, depth);
	}
	return r;
}

int drawing_read(struct office *o, size_t entry, bool unseen)
{
	return draw(o, entry, unseen, 0);
}

int drawings_read(struct office *o, struct relations *all, bool unseen)
{
	return draw_all(o, all, unseen, 0);
}
