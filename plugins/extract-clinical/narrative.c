/* SPDX-License-Identifier: Apache-2.0 */
#include "narrative.h"

static bool is_one_of(struct mw_str name, const char *const *words)
{
	for (; *words; words++)
		if (str_is(name, *words))
			return true;
	return false;
}

static bool is_cell(struct mw_str name)
{
	return str_is(name, "td") || str_is(name, "th");
}

static bool is_inline(struct mw_str name)
{
	static const char *const words[] = {"content", "linkHtml", "sub", "sup",       "footnoteRef", "span",
					    "b",       "i",	   "u",	  "reference", NULL};

	return is_one_of(name, words);
}

/* The line in work is over; a row keeps its empty cells. */
static void line_end(struct narrative *n)
{
	struct mw_str s = text_all(&n->line);

	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	if (str_trim(s).n) {
		text_str(&n->o->line, s);
		text_putc(&n->o->line, '\n');
		n->o->begun = true;
	}
	text_cut(&n->line, 0);
	if (n->line.failed)
		n->o->tmp.failed = true;
	if (n->o->line.n > 16384)
		(void)out_give(n->o);
}

/* What is behind the last character of the cell before is no part of it. */
static void cell_begin(struct narrative *n)
{
	while (n->line.n && n->line.p[n->line.n - 1] == ' ')
		n->line.n--;
	if (n->cells++)
		text_putc(&n->line, '\t');
}

void narrative_open(struct narrative *n, struct mw_str name)
{
	if (n->in_cell) {
		n->in_cell++;
		if (!is_inline(name))
			narrative_text(n, str(" "));
		return;
	}
	if (is_cell(name)) {
		cell_begin(n);
		n->in_cell = 1;
		return;
	}
	if (is_inline(name))
		return;
	line_end(n);
	n->cells = 0;
}

void narrative_text(struct narrative *n, struct mw_str s)
{
	struct text *t = &n->line;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool blank = c <= ' ' || c == 0x7f;

		if (!blank || (t->n && (unsigned char)t->p[t->n - 1] > ' '))
			text_putc(t, blank ? ' ' : (char)c);
	}
}

void narrative_close(struct narrative *n, struct mw_str name)
{
	if (n->in_cell) {
		n->in_cell--;
		if (n->in_cell && !is_inline(name))
			narrative_text(n, str(" "));
		return;
	}
	if (is_inline(name))
		return;
	line_end(n);
	n->cells = 0;
	/* What comes behind a table is none of its rows. */
	if (str_is(name, "table") && n->o->begun)
		text_putc(&n->o->line, '\n');
}

void narrative_end(struct narrative *n)
{
	line_end(n);
	n->cells = n->in_cell = 0;
}

void narrative_free(struct narrative *n)
{
	text_wipe(&n->line);
}
