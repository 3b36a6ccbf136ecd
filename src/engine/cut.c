/* SPDX-License-Identifier: Apache-2.0 */
/* cut: takes a text out of header fields, such as the sender's "[secure]" out of the Subject. */
#include "engine/private.h"

#include <errno.h>
#include <string.h>

static bool ends_with(const struct mw_buf *b, struct mw_str text)
{
	return b->n >= text.n && mw_str_casesame((struct mw_str){.p = b->p + b->n - text.n, .n = text.n}, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* from without text, in any case, also where taking it out makes another one, and without the blanks that then stand beside others.
 * How often it was there. */
static size_t take_out(struct mw_str from, struct mw_str text, struct mw_buf *out)
{
	size_t times = 0;
	bool blanks = false;

	for (size_t i = 0; i < from.n && mw_buf_ok(out); i++) {
		if (blanks && is_blank(from.p[i]))
			continue;
		mw_buf_putc(out, from.p[i]);
		blanks = false;
		if (!ends_with(out, text))
			continue;
		mw_buf_cut(out, out->n - text.n);
		blanks = out->n == 0 || is_blank(out->p[out->n - 1]);
		times++;
	}
	while (times && mw_buf_ok(out) && out->n > 1 && is_blank(out->p[out->n - 1]))
		mw_buf_cut(out, out->n - 1);
	return times;
}

/* As it stands when it is one line without encoded words, else as a reader sees it. NULL: no memory. */
static char *without(struct mw_msg *m, const struct mw_field *f, struct mw_str text, size_t *times)
{
	struct mw_str value = f->value;
	bool plain = !memchr(value.p, '\n', value.n) && !memmem(value.p, value.n, "=?", 2);
	struct mw_buf out = MW_BUF_INIT;
	char *name = plain ? NULL : mw_arena_dup(m->arena, f->name.p, f->name.n), *made = NULL;
	char *seen = plain ? NULL : mw_header_decode(m->arena, value);

	if (!plain && (!seen || !name))
		return NULL;
	*times = take_out(plain ? value : mw_str(seen), text, &out);
	if (mw_buf_ok(&out))
		made = plain ? mw_arena_str(m->arena, mw_buf_text(&out)) : mw_header_encode(m->arena, name, mw_buf_text(&out));
	mw_buf_free(&out);
	return made;
}

int mw_msg_cut_text(struct mw_msg *m, const char *name, const char *text)
{
	int changed = 0;

	if (!name || !text)
		return -EINVAL;
	if (mw_msg_current(m) < 0)
		return -ENOMEM;
	for (size_t i = 0; *text && i < m->currents; i++) {
		struct current *c = &m->current[i];
		size_t times = 0;
		char *value;

		if (!mw_str_casesame(c->field.name, mw_str(name)))
			continue;
		value = without(m, &c->field, mw_str(text), &times);
		if (!value)
			return mw_msg_fail(m, -ENOMEM, NULL);
		if (!times)
			continue;
		c->field.value = mw_str(value);
		c->changed = !c->added;
		changed++;
	}
	return changed;
}
