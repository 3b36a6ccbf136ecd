/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/flowed.h"

struct line {
	size_t depth;
	struct mw_str text; /* without marks, and without the blank that stuffs it */
	bool flows;	    /* the next one of the same depth goes on with it */
};

/* Takes a line off. The marks should stand together; many write blanks between them, and mean the same. */
static struct line take(struct mw_str *rest)
{
	struct line l = {.text = mw_str_take_line(rest)};
	size_t at = 0;

	while (at < l.text.n &&
	       (l.text.p[at] == '>' || (l.depth && l.text.p[at] == ' ' && at + 1 < l.text.n && l.text.p[at + 1] == '>')))
		l.depth += l.text.p[at++] == '>';
	if (at < l.text.n && l.text.p[at] == ' ')
		at++;
	l.text = mw_str_behind(l.text, at);
	l.flows = l.text.n && l.text.p[l.text.n - 1] == ' ' && !mw_str_eq(l.text, "-- ");
	return l;
}

/* What begins a paragraph. A ">" that is text must not look like a mark. */
static void begin(const struct line *l, struct mw_buf *out)
{
	for (size_t i = 0; i < l->depth; i++)
		mw_buf_putc(out, '>');
	if (l->depth || (l->text.n && l->text.p[0] == '>'))
		mw_buf_putc(out, ' ');
}

void mw_flowed_join(struct mw_str text, bool delsp, struct mw_buf *out)
{
	struct line before = {.flows = false};

	while (text.n) {
		struct line l = take(&text);
		bool alone = mw_str_eq(l.text, "-- ");

		if (before.flows && before.depth == l.depth && !alone) {
			if (delsp)
				mw_buf_cut(out, out->n - 1);
		} else {
			if (before.flows)
				mw_buf_putc(out, '\n');
			begin(&l, out);
		}
		mw_buf_add(out, l.text.p, l.text.n);
		if (!l.flows)
			mw_buf_putc(out, '\n');
		before = l;
	}
	if (before.flows)
		mw_buf_putc(out, '\n');
}
