/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include "ascii.h"
#include "spelled.h"

#include <string.h>

#define TABS_MAX 64u /* empty cells that are worth a tab each */

void flow_init(struct flow *f, int (*put)(void *ctx, const char *p, size_t n), void *ctx)
{
	memset(f, 0, sizeof(*f));
	f->put = put;
	f->ctx = ctx;
}

static void flush(struct flow *f)
{
	if (f->n && !f->failed)
		f->failed = f->put(f->ctx, f->buf, f->n);
	f->n = 0;
}

static void add(struct flow *f, const char *p, size_t n)
{
	if (n > sizeof(f->buf) - f->n)
		flush(f);
	if (n > sizeof(f->buf)) {
		if (!f->failed)
			f->failed = f->put(f->ctx, p, n);
		return;
	}
	memcpy(f->buf + f->n, p, n);
	f->n += n;
}

static void add_due(struct flow *f)
{
	if (f->spelled && (f->lines || f->tabs))
		spelled_break(f->spelled);
	if (f->begun) {
		for (unsigned i = 0; i < f->lines; i++)
			add(f, "\n", 1);
		for (unsigned i = 0; i < f->tabs; i++)
			add(f, "\t", 1);
		if (f->space && !f->lines && !f->tabs)
			add(f, " ", 1);
	}
	f->lines = f->tabs = 0;
	f->space = f->fresh = false;
	f->begun = f->row_text = true;
}

static void blank(struct flow *f, char c)
{
	if (!f->pre) {
		f->space = true;
	} else if (c == '\n') {
		f->lines++;
		f->space = false;
	} else if (c != '\r') {
		add_due(f);
		add(f, c == '\t' ? "\t" : " ", 1);
	}
}

void flow_text(struct flow *f, const char *p, size_t n)
{
	size_t i = 0, start;
	bool space;

	while (i < n && !f->failed) {
		if (ascii_is_blank(p[i])) {
			blank(f, p[i++]);
			continue;
		}
		start = i;
		while (i < n && !ascii_is_blank(p[i]))
			i++;
		space = f->space;
		add_due(f);
		if (f->spelled)
			spelled_text(f->spelled, space, p + start, i - start);
		add(f, p + start, i - start);
		f->last = p[i - 1];
	}
}

bool flow_at_number(const struct flow *f)
{
	bool number = (unsigned char)f->last >= 0x80 || (f->last && strchr("0123456789-", f->last));

	return number && f->begun && !f->lines && !f->tabs && !f->space;
}

void flow_block(struct flow *f)
{
	if (f->fresh)
		return;
	f->lines = f->lines ? f->lines : 1;
	f->space = false;
}

void flow_line(struct flow *f)
{
	if (!f->fresh && f->lines < 2)
		f->lines++;
	f->space = false;
}

void flow_row(struct flow *f)
{
	f->lines = f->lines ? f->lines : 1;
	f->tabs = 0;
	f->space = f->fresh = f->later_cell = f->row_text = false;
}

void flow_cell(struct flow *f)
{
	if (f->row_text)
		f->lines = 0; /* the end of the block in the cell before is no end of the row */
	if (f->later_cell && f->tabs < TABS_MAX)
		f->tabs++;
	f->later_cell = f->fresh = true;
	f->space = false;
}

void flow_pre(struct flow *f, bool end)
{
	if (end)
		f->pre -= f->pre > 0;
	else
		f->pre++;
}

int flow_end(struct flow *f)
{
	flush(f);
	explicit_bzero(f->buf, sizeof(f->buf));
	return f->failed;
}
