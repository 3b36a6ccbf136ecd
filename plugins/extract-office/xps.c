/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xps: pages as they are printed. A page is made of strings at places; strings at one height are one line, in the order of the file,
 * with a blank between those that stand apart, and a tab where the gap is wide.
 */
#include "office.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 0.5 /* of a letter, in sizes of its font: what is known of it */
#define NEAR 0.6  /* of a gap inside of a word, as this is only guessed */
#define WIDE 3.0  /* of a gap between columns */

struct xps {
	struct office *office;
	const char *part; /* that targets are relative to */
	size_t *target;	  /* entries that the part names, in order */
	size_t n, cap;
	struct buf line;
	double end, height; /* of the line in work */
	bool any;
};

enum { REFERENCE = 1, GLYPHS };

static const struct xml_name names[] = {
    {"DocumentReference", REFERENCE}, {"PageContent", REFERENCE}, {"Glyphs", GLYPHS}, {NULL, 0}};

/* ---- pages ------------------------------------------------------------------------------------------------------------------------ */

static double real_of(struct mw_str s)
{
	char text[32];

	if (s.n == 0 || s.n >= sizeof(text))
		return 0;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return strtod(text, NULL);
}

static int line_end(struct xps *p)
{
	int r = stream_put(&p->office->out, false, p->line.p, p->line.n);

	if (r == 0 && p->line.n)
		r = stream_put(&p->office->out, false, "\n", 1);
	p->line.n = 0;
	p->any = false;
	return r;
}

static int glyphs(struct xps *p, struct xml *x)
{
	double left = real_of(xml_attribute(x, "OriginX")), height = real_of(xml_attribute(x, "OriginY")),
	       size = real_of(xml_attribute(x, "FontRenderingEmSize")), gap;
	struct mw_str s = xml_attribute(x, "UnicodeString");
	int r = 0;

	if (s.n >= 2 && memcmp(s.p, "{}", 2) == 0)
		s = (struct mw_str){.p = s.p + 2, .n = s.n - 2};
	/* Shapes of letters that nothing says the letters of. */
	if (s.n == 0 && xml_has(x, "Indices"))
		return stream_unread(&p->office->out, "image");
	if (s.n == 0)
		return 0;
	size = size > 0 ? size : 10;
	gap = (left - p->end) / size;
	/* What is turned or moved by a matrix is one string after another. */
	if (p->any && (fabs(height - p->height) > size / 2 || gap < -5 * WIDE))
		r = line_end(p);
	if (r == 0 && p->any && gap > NEAR)
		r = buf_char(&p->line, gap > WIDE ? '\t' : ' ');
	if (r == 0)
		r = buf_flat(&p->line, s.p, s.n);
	p->any = true;
	p->height = height;
	p->end = left + (double)s.n * WIDTH * size;
	return r;
}

/* ---- documents -------------------------------------------------------------------------------------------------------------------- */

static int target_add(struct xps *p, struct mw_str source)
{
	char *path;

	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16, *more = reallocarray(p->target, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->target = more;
		p->cap = cap;
	}
	path = path_join(p->part, source);
	if (!path)
		return -ENOMEM;
	p->target[p->n++] = package_find_word(&p->office->package, path);
	free(path);
	return 0;
}

/* What is said of a drawing, and where it leads to. */
static int around(struct xps *p, struct xml *x)
{
	static const char *const texts[] = {"AutomationProperties.Name", "AutomationProperties.HelpText",
					    "FixedPage.NavigateUri"};
	int r = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++) {
		struct mw_str v = xml_attribute(x, texts[i]);

		r = office_other(p->office, v.p, v.n);
	}
	return r;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct xps *p = ctx;

	int r = id == REFERENCE ? 0 : around(p, x);

	if (id == GLYPHS && r == 0)
		return glyphs(p, x);
	if (r < 0)
		return r;
	return id == REFERENCE ? target_add(p, xml_attribute(x, "Source")) : 0;
}

static int read_part(struct office *o, size_t entry, int depth)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = xml_no_end, .text = xml_no_text};
	struct xps p = {.office = o, .part = o->package.entry[entry].name};
	struct relations links;
	int r = depth == 2 ? o->host->sink_page(o->sink) : 0;

	stream_feed(&o->out);
	if (r == 0)
		r = office_parse(o, entry, &events, &p);
	if (r == 0)
		r = line_end(&p);
	for (size_t i = 0; i < p.n && r == 0 && depth < 2; i++) {
		if (p.target[i] == NO_ENTRY)
			r = office_judge(o, -EBADMSG);
		else if (!o->package.entry[p.target[i]].used)
			r = read_part(o, p.target[i], depth + 1);
	}
	free(p.target);
	buf_free(&p.line);
	if (r < 0)
		return r;
	r = office_relations(o, entry, &links);
	relations_free(&links);
	return r;
}

int xps_read(struct office *o, size_t entry)
{
	return read_part(o, entry, 0);
}
