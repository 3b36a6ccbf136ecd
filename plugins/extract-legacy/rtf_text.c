/* SPDX-License-Identifier: Apache-2.0 */
#include "rtf_private.h"

#include <errno.h>
#include <string.h>

#define PARAGRAPH '\001'
#define CELL_END '\002'

int rtf_failed(struct rtf *r, int code)
{
	if (code < 0 && r->failed == 0)
		r->failed = code;
	return r->failed;
}

static void emit(struct rtf *r, size_t section, bool hide, const char *p, size_t n)
{
	out_to(r->out, section, hide);
	(void)rtf_failed(r, out_text(r->out, p, n));
}

/* ---- rows of tables -------------------------------------------------------------------------------------------------------------- */

/* The row as it stands, with a line end. A row of one cell is no table: its paragraphs stay lines. */
static void row_out(struct rtf *r, struct rtf_row *row)
{
	const char line = row->filled > 1 ? ' ' : '\n';
	size_t n = row->text.n;

	if (n && row->text.p[n - 1] == CELL_END)
		n--;
	for (size_t i = 0; i < n; i++) {
		char *c = &row->text.p[i];

		*c = (char)(*c == PARAGRAPH ? line : *c == CELL_END ? '\t' : *c);
	}
	if (row->text.n) {
		emit(r, r->row_section, false, row->text.p, n);
		emit(r, r->row_section, false, "\n", 1);
	}
	buf_clear(&row->text);
	row->filled = 0;
	row->has_text = false;
}

void rtf_rows_flush(struct rtf *r)
{
	for (size_t i = RTF_LEVELS; i-- > 0;)
		row_out(r, &r->row[i]);
}

/* The row that text belongs to; NULL = none. Rows of two sections are not made at once: a table in a note of a table is lines. */
static struct rtf_row *row_now(struct rtf *r)
{
	const struct rtf_state *s = rtf_now(r);
	size_t level = s->itap ? s->itap : s->intbl || (r->in_row && !r->row_intbl && s->section == r->row_section);
	bool busy = false;

	if (level == 0)
		return NULL;
	for (size_t i = 0; i < RTF_LEVELS; i++)
		busy |= r->row[i].text.n > 0;
	if (busy && r->row_section != s->section)
		return NULL;
	r->row_section = s->section;
	return &r->row[level < RTF_LEVELS ? level - 1 : RTF_LEVELS - 1];
}

static void row_text(struct rtf *r, struct rtf_row *row, const char *p, size_t n)
{
	size_t before = row->text.n;

	if (rtf_failed(r, buf_add(&row->text, p, n)) < 0)
		return;
	for (size_t i = before; i < row->text.n; i++)
		if (row->text.p[i] == '\t' || row->text.p[i] == '\n')
			row->text.p[i] = ' ';
	if (!row->has_text)
		row->filled++;
	row->has_text = true;
}

void rtf_cell(struct rtf *r, bool nested)
{
	struct rtf_state *s = rtf_now(r);
	const uint8_t itap = s->itap;
	const char end = CELL_END;
	struct rtf_row *row;

	if (s->dest != RTF_TO_TEXT || r->from_html)
		return;
	/* \cell ends a cell of the outermost table whatever \itap says. */
	s->itap = (uint8_t)(!nested ? 1 : itap > 1 ? itap : 2);
	row = row_now(r);
	s->itap = itap;
	if (!row) {
		emit(r, s->section, false, "\t", 1);
		return;
	}
	(void)rtf_failed(r, buf_add(&row->text, &end, 1));
	row->has_text = false;
}

void rtf_row_end(struct rtf *r, bool nested)
{
	const struct rtf_state *s = rtf_now(r);
	size_t level = nested ? (s->itap > 1 ? s->itap : 2u) : 1;

	if (s->dest == RTF_TO_NOTHING || r->from_html)
		return;
	if (r->row_section != s->section) {
		emit(r, s->section, false, "\n", 1);
		return;
	}
	/* A row ends all that stands in its cells. */
	for (size_t i = RTF_LEVELS; i-- > (level < RTF_LEVELS ? level - 1 : RTF_LEVELS - 1);)
		row_out(r, &r->row[i]);
	if (!nested)
		r->in_row = r->row_intbl = false;
}

/* ---- characters ------------------------------------------------------------------------------------------------------------------ */

static void seen(struct rtf *r, const char *p, size_t n)
{
	struct rtf_row *row = row_now(r);

	if (row) {
		row_text(r, row, p, n);
		return;
	}
	if (r->row_section == rtf_now(r)->section && r->row[0].text.n)
		rtf_rows_flush(r);
	emit(r, rtf_now(r)->section, false, p, n);
}

/* Text between the tags of HTML inside RTF. */
static void to_html(struct rtf *r, const char *p, size_t n)
{
	for (size_t i = 0; i < n && r->failed == 0; i++) {
		const char *as = p[i] == '<' ? "&lt;" : p[i] == '>' ? "&gt;" : p[i] == '&' ? "&amp;" : NULL;

		(void)rtf_failed(r, as ? buf_add(&r->html, as, strlen(as)) : buf_add(&r->html, p + i, 1));
	}
}

/* What readers of RTF see and those of the HTML in it do not: mostly it is white space for the layout. */
static void only_rtf(struct rtf *r, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n'))
		i++;
	out_to(r->out, rtf_now(r)->section, true);
	(void)rtf_failed(r, i < n ? out_text(r->out, p, n) : out_break(r->out));
}

static void name_add(struct rtf *r, const char *p, size_t n)
{
	n = n < RTF_NAME_MAX - 1 - r->name_n ? n : RTF_NAME_MAX - 1 - r->name_n;
	memcpy(r->name + r->name_n, p, n);
	r->name_n += n;
	r->name[r->name_n] = '\0';
}

void rtf_text(struct rtf *r, const char *p, size_t n)
{
	const struct rtf_state *s = rtf_now(r);

	if (n == 0 || r->failed)
		return;
	switch ((enum rtf_dest)s->dest) {
	case RTF_TO_TEXT:
		if (r->from_html && !s->only_rtf)
			to_html(r, p, n);
		else if (r->from_html)
			only_rtf(r, p, n);
		else if (s->hidden || s->deleted)
			emit(r, s->section, true, p, n);
		else
			seen(r, p, n);
		break;
	case RTF_TO_HIDDEN:
		emit(r, s->section, true, p, n);
		break;
	case RTF_TO_HTML:
		(void)rtf_failed(r, buf_add(&r->html, p, n));
		break;
	case RTF_TO_PICT:
	case RTF_TO_OBJECT:
		rtf_file_hex(r, p, n);
		break;
	case RTF_TO_CLASS:
	case RTF_TO_SN:
		name_add(r, p, n);
		break;
	case RTF_TO_FONTS:
	case RTF_TO_PROPS:
	case RTF_TO_NOTHING:
		break;
	}
}

void rtf_char(struct rtf *r, uint32_t c)
{
	char utf8[4];

	rtf_text(r, utf8, buf_encode(c, utf8));
}

void rtf_line(struct rtf *r)
{
	const struct rtf_state *s = rtf_now(r);
	const char paragraph = PARAGRAPH;
	struct rtf_row *row;

	if (s->dest != RTF_TO_TEXT || r->from_html || s->hidden || s->deleted) {
		if (s->dest != RTF_TO_PICT && s->dest != RTF_TO_OBJECT)
			rtf_text(r, "\n", 1);
		return;
	}
	row = row_now(r);
	if (row && !s->itap && !s->intbl && !memchr(row->text.p ? row->text.p : "", CELL_END, row->text.n)) {
		r->in_row = false; /* a \trowd that no row came of */
		row = NULL;
	}
	if (row) {
		(void)rtf_failed(r, buf_add(&row->text, &paragraph, 1));
		return;
	}
	if (r->row_section == s->section && r->row[0].text.n) {
		rtf_rows_flush(r); /* with its line end */
		return;
	}
	emit(r, s->section, false, "\n", 1);
}
