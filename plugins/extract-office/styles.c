/* SPDX-License-Identifier: Apache-2.0 */
/*
 * styles: which styles of a text document hide what is written in them: as hidden text, as text of no size, or white on white paper.
 * One that builds on such a style hides as well.
 */
#include "wordtext.h"

#include <string.h>

#define IDS_MAX 4096u /* each run that has a style looks through them */

enum { STYLE = 1, VANISH, BASED, COLOUR, SIZE, SHADE };

struct reading {
	struct styles *to;
	struct buf id;
	bool hides, pale, shaded;
};

static const struct xml_name names[] = {{"style", STYLE}, {"vanish", VANISH}, {"basedOn", BASED}, {"color", COLOUR},
					{"sz", SIZE},	  {"shd", SHADE},     {NULL, 0}};

static bool has(const struct buf *ids, struct mw_str id)
{
	if (!ids || ids->n == 0 || id.n == 0)
		return false;
	for (const char *p = ids->p, *end = p + ids->n; p < end && (p = memmem(p, (size_t)(end - p), id.p, id.n)); p++)
		if (p > ids->p && p[-1] == '\0' && p + id.n < end && p[id.n] == '\0')
			return true;
	return false;
}

bool styles_hide(const struct styles *s, struct mw_str id)
{
	return s && has(&s->ids, id);
}

bool styles_pale(const struct styles *s, struct mw_str id)
{
	return s && has(&s->pale, id);
}

bool colour_is_white(struct mw_str s)
{
	static const char high[] = "fF", low[] = "aAbBcCdDeEfF";

	for (size_t i = 0; i < 6 && s.n == 6; i++)
		if (!strchr(i % 2 ? low : high, s.p[i]) || s.p[i] == '\0')
			return false;
	return s.n == 6;
}

bool size_is_unseen(struct mw_str s)
{
	return number_of(s, 24) <= 2;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct reading *s = ctx;
	struct mw_str v;

	switch (id) {
	case STYLE:
		v = xml_attribute(x, "styleId");
		s->id.n = 0;
		s->hides = s->pale = s->shaded = false;
		return buf_add(&s->id, v.p, v.n);
	case VANISH:
		s->hides |= xml_on(x, "val");
		return 0;
	case BASED:
		s->hides |= styles_hide(s->to, xml_attribute(x, "val"));
		s->pale |= styles_pale(s->to, xml_attribute(x, "val"));
		return 0;
	case COLOUR:
		s->pale = colour_is_white(xml_attribute(x, "val"));
		return 0;
	case SIZE:
		s->hides |= size_is_unseen(xml_attribute(x, "val"));
		return 0;
	case SHADE:
		s->shaded = true;
		return 0;
	default:
		return 0;
	}
}

static int add(struct buf *to, struct mw_str id)
{
	int r = 0;

	if (id.n == 0 || to->n + id.n > IDS_MAX)
		return 0;
	if (to->n == 0)
		r = buf_char(to, '\0');
	if (r == 0)
		r = buf_add(to, id.p, id.n);
	return r == 0 ? buf_char(to, '\0') : r;
}

int styles_add(struct styles *to, struct mw_str id)
{
	return add(&to->ids, id);
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct reading *s = ctx;

	(void)x;
	if (id != STYLE)
		return 0;
	if (s->hides)
		return styles_add(s->to, buf_str(&s->id));
	return s->pale && !s->shaded ? add(&s->to->pale, buf_str(&s->id)) : 0;
}

void styles_free(struct styles *s)
{
	buf_free(&s->ids);
	buf_free(&s->pale);
}

int styles_read(struct office *o, size_t entry, struct styles *to)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = xml_no_text};
	struct reading s = {.to = to};
	int r = office_parse(o, entry, &events, &s);

	buf_free(&s.id);
	return r;
}
