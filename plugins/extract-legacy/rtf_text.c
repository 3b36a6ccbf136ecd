/* SPDX-License-Identifier: Apache-2.0 */
#include "rtf_private.h"

#include <errno.h>
#include <string.h>

#define WHITE 250u /* of 255: what no eye tells from it */

int rtf_failed(struct rtf *r, int code)
{
	if (code < 0 && r->failed == 0)
		r->failed = code;
	return r->failed;
}

static void emit(struct rtf *r, size_t section, bool hide, const char *p, size_t n)
{
	give_to(r->out, section, hide);
	(void)rtf_failed(r, give_text(r->out, p, n));
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------------- */

static size_t level_now(struct rtf *r)
{
	const struct rtf_state *s = rtf_now(r);

	return s->itap ? s->itap : s->intbl || (r->in_row && !r->row_intbl && s->section == r->row_section);
}

void rtf_cell(struct rtf *r, bool nested)
{
	const struct rtf_state *s = rtf_now(r);

	if (s->dest != RTF_TO_TEXT || r->from_html)
		return;
	/* \cell ends a cell of the outermost table whatever \itap says. */
	(void)rtf_failed(r, rows_cell(&r->rows, s->section, !nested ? 1 : s->itap > 1 ? s->itap : 2));
}

void rtf_row_end(struct rtf *r, bool nested)
{
	const struct rtf_state *s = rtf_now(r);

	if (s->dest == RTF_TO_NOTHING || r->from_html)
		return;
	(void)rtf_failed(r, rows_end(&r->rows, s->section, !nested ? 1 : s->itap > 1 ? s->itap : 2));
	if (!nested && r->row_section == s->section)
		r->in_row = r->row_intbl = false;
}

/* ---- characters ------------------------------------------------------------------------------------------------------------------ */

/* Text between the tags of HTML inside RTF. */
static void to_html(struct rtf *r, const char *p, size_t n)
{
	for (size_t i = 0; i < n && r->failed == 0; i++) {
		const char *as = p[i] == '<' ? "&lt;" : p[i] == '>' ? "&gt;" : p[i] == '&' ? "&amp;" : NULL;

		(void)rtf_failed(r, as ? bytes_add(&r->html, as, strlen(as)) : bytes_add(&r->html, p + i, 1));
	}
}

/* What readers of RTF see and those of the HTML in it do not: mostly it is white space for the layout. */
static void only_rtf(struct rtf *r, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n'))
		i++;
	give_to(r->out, rtf_now(r)->section, true);
	(void)rtf_failed(r, i < n ? give_text(r->out, p, n) : give_break(r->out));
}

static void name_add(struct rtf *r, const char *p, size_t n)
{
	n = n < RTF_NAME_MAX - 1 - r->name_n ? n : RTF_NAME_MAX - 1 - r->name_n;
	memcpy(r->name + r->name_n, p, n);
	r->name_n += n;
	r->name[r->name_n] = '\0';
}

/* Each entry ends with a semicolon; one without numbers is the reader's own colour. */
static void colour_end(struct rtf *r, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != ';' || r->colours == RTF_COLOURS_MAX)
			continue;
		if (r->rgb[0] >= WHITE && r->rgb[1] >= WHITE && r->rgb[2] >= WHITE)
			r->white[r->colours / 8] |= (uint8_t)(1u << r->colours % 8);
		r->colours++;
		r->rgb[0] = r->rgb[1] = r->rgb[2] = 0;
	}
}

/* White letters on white paper. In tables and boxes there may be a colour behind them that is not known here. */
static bool is_unseen(struct rtf *r, const struct rtf_state *s)
{
	return s->hidden || s->deleted || s->tiny ||
	       (s->pale && !s->shaded && !s->paragraph_shaded && !s->boxed && s->section == OUT_MAIN && level_now(r) == 0);
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
		else if (is_unseen(r, s))
			emit(r, s->section, true, p, n);
		else
			(void)rtf_failed(r, rows_text(&r->rows, s->section, level_now(r), p, n));
		break;
	case RTF_TO_HIDDEN:
		emit(r, s->section, true, p, n);
		break;
	case RTF_TO_HTML:
		(void)rtf_failed(r, bytes_add(&r->html, p, n));
		break;
	case RTF_TO_PICT:
	case RTF_TO_OBJECT:
		rtf_file_hex(r, p, n);
		break;
	case RTF_TO_CLASS:
	case RTF_TO_SN:
		name_add(r, p, n);
		rtf_doubt(r, p, n);
		break;
	case RTF_TO_COLOURS:
		colour_end(r, p, n);
		rtf_doubt(r, p, n);
		break;
	case RTF_TO_FONTS:
	case RTF_TO_PROPS:
	case RTF_TO_DOUBT:
		rtf_doubt(r, p, n);
		break;
	case RTF_TO_NOTHING:
		break;
	}
}

void rtf_char(struct rtf *r, uint32_t c)
{
	char utf8[4];

	rtf_text(r, utf8, bytes_encode(c, utf8));
}

void rtf_line(struct rtf *r)
{
	const struct rtf_state *s = rtf_now(r);

	if (s->dest != RTF_TO_TEXT || r->from_html || s->hidden || s->deleted) {
		if (s->dest != RTF_TO_PICT && s->dest != RTF_TO_OBJECT)
			rtf_text(r, "\n", 1);
		return;
	}
	if (!s->itap && !s->intbl && level_now(r) && !rows_has_cell(&r->rows, s->section))
		r->in_row = false; /* a \trowd that no row came of */
	(void)rtf_failed(r, rows_paragraph(&r->rows, s->section, level_now(r)));
}
