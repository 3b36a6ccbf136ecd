/* SPDX-License-Identifier: Apache-2.0 */
/*
 * styles: which styles of a text document hide what is written in them. One that builds on such a style hides as well.
 */
#include "wordtext.h"

#include <string.h>

#define IDS_MAX 4096u /* each run that has a style looks through them */

enum { STYLE = 1, VANISH, BASED };

struct reading {
	struct styles *to;
	struct buf id;
	bool hides;
};

static const struct xml_name names[] = {{"style", STYLE}, {"vanish", VANISH}, {"basedOn", BASED}, {NULL, 0}};

bool styles_hide(const struct styles *s, struct mw_str id)
{
	const struct buf *ids = s ? &s->ids : NULL;

	if (!ids || ids->n == 0 || id.n == 0)
		return false;
	for (const char *p = ids->p, *end = p + ids->n; p < end && (p = memmem(p, (size_t)(end - p), id.p, id.n)); p++)
		if (p > ids->p && p[-1] == '\0' && p + id.n < end && p[id.n] == '\0')
			return true;
	return false;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct reading *s = ctx;
	struct mw_str v;

	switch (id) {
	case STYLE:
		v = xml_attribute(x, "styleId");
		s->id.n = 0;
		s->hides = false;
		return buf_add(&s->id, v.p, v.n);
	case VANISH:
		s->hides |= xml_on(x, "val");
		return 0;
	case BASED:
		s->hides |= styles_hide(s->to, xml_attribute(x, "val"));
		return 0;
	default:
		return 0;
	}
}

int styles_add(struct styles *to, struct mw_str id)
{
	int r = 0;

	if (id.n == 0 || to->ids.n + id.n > IDS_MAX)
		return 0;
	if (to->ids.n == 0)
		r = buf_char(&to->ids, '\0');
	if (r == 0)
		r = buf_add(&to->ids, id.p, id.n);
	return r == 0 ? buf_char(&to->ids, '\0') : r;
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct reading *s = ctx;

	(void)x;
	return id == STYLE && s->hides ? styles_add(s->to, buf_str(&s->id)) : 0;
}

int styles_read(struct office *o, size_t entry, struct styles *to)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = xml_no_text};
	struct reading s = {.to = to};
	int r = office_parse(o, entry, &events, &s);

	buf_free(&s.id);
	return r;
}
