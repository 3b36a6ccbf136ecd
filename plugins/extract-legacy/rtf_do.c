/* SPDX-License-Identifier: Apache-2.0 */
#include "rtf_private.h"

#include "rtf_word.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 4096u
#define SIZE_UNSEEN 2  /* half points */
#define RUN_MAX 65536u /* octets of wide characters that wait */

/* ---- code pages ------------------------------------------------------------------------------------------------------------------ */

static unsigned page_now(const struct rtf *r)
{
	int32_t font = r->state[r->depth].font;
	unsigned page;

	font = font < 0 ? r->deff : font;
	page = font >= 0 && (uint32_t)font < RTF_FONTS_MAX ? r->font_page[font] : 0;
	return page ? page : r->ansi_page;
}

/* Octets of wide characters wait until all of them are there. */
void rtf_run_flush(struct rtf *r)
{
	struct bytes utf8 = {0};

	if (r->run.n == 0)
		return;
	if (rtf_failed(r, codepage_text(r->pages, r->run_page, r->run.p, r->run.n, &utf8)) == 0)
		rtf_text(r, utf8.p, utf8.n);
	bytes_clear(&r->run);
	bytes_free(&utf8);
}

/* An octet in the code page of the font. */
static void octet(struct rtf *r, unsigned char c)
{
	unsigned page = page_now(r);
	const char raw = (char)c;
	const uint32_t *high;

	if (!codepage_is_single(page)) {
		if (r->run.n >= RUN_MAX)
			rtf_run_flush(r);
		r->run_page = page;
		(void)rtf_failed(r, bytes_add(&r->run, &raw, 1));
		return;
	}
	if (c < 0x80) {
		rtf_char(r, c);
		return;
	}
	high = codepage_table(r->pages, page);
	if (high)
		rtf_char(r, high[c - 0x80]);
	else
		(void)rtf_failed(r, -ENOMEM);
}

/* An octet of text: one of those that stand for a \u is passed over. */
void rtf_octet(struct rtf *r, unsigned char c)
{
	if (r->skip) {
		r->skip--;
		return;
	}
	octet(r, c);
}

/* ---- groups ---------------------------------------------------------------------------------------------------------------------- */

void rtf_group_begin(struct rtf *r)
{
	rtf_run_flush(r);
	rtf_doubt_end(r);
	r->skip = 0;
	r->first = true;
	if (r->depth + 1 >= DEPTH_MAX) {
		r->too_deep++;
		r->damaged = true;
		return;
	}
	if (r->depth + 1 == r->cap) {
		size_t cap = r->cap * 2;
		struct rtf_state *more = realloc(r->state, cap * sizeof(*more));

		if (!more) {
			(void)rtf_failed(r, -ENOMEM);
			return;
		}
		r->state = more;
		r->cap = cap;
	}
	r->state[r->depth + 1] = r->state[r->depth];
	r->depth++;
}

void rtf_group_end(struct rtf *r)
{
	struct rtf_state was;

	rtf_run_flush(r);
	rtf_doubt_end(r);
	r->skip = 0;
	r->first = false;
	if (r->too_deep) {
		r->too_deep--;
		return;
	}
	if (r->depth == 0)
		return;
	was = r->state[r->depth--];
	if (r->depth == 0)
		r->state[0].dest = RTF_TO_HIDDEN; /* readers stop here */
	if (was.dest == rtf_now(r)->dest)
		return;
	if (was.dest == RTF_TO_PICT || was.dest == RTF_TO_OBJECT)
		rtf_file_end(r);
}

/* A group whose text is no document's: nothing in it is. */
static bool is_apart(const struct rtf_state *s)
{
	return s->dest == RTF_TO_NOTHING || s->dest == RTF_TO_DOUBT;
}

/* The rest of the group goes there; what is in a group without text stays without. */
static void dest_set(struct rtf *r, enum rtf_dest dest)
{
	struct rtf_state *s = rtf_now(r);

	if (!is_apart(s) || (dest == RTF_TO_NOTHING && s->dest == RTF_TO_DOUBT))
		s->dest = (uint8_t)dest;
}

static void hidden_line(struct rtf *r)
{
	give_to(r->out, rtf_now(r)->section, true);
	(void)rtf_failed(r, give_break(r->out));
}

/* Hidden text begins on a line of its own. */
void rtf_hide(struct rtf *r)
{
	struct rtf_state *s = rtf_now(r);

	if (is_apart(s) || ((s->dest == RTF_TO_PICT || s->dest == RTF_TO_OBJECT) && r->depth && s[-1].dest != s->dest))
		return; /* or what it names is the file's own group */
	s->dest = RTF_TO_HIDDEN;
	hidden_line(r);
}

static void dest_section(struct rtf *r, uint32_t i)
{
	struct rtf_state *s = rtf_now(r);
	size_t section = give_section(r->out, rtf_section_names[i]);

	if (is_apart(s))
		return;
	s->dest = RTF_TO_TEXT;
	s->section = (uint8_t)section;
	s->intbl = s->hidden = s->deleted = s->tiny = s->pale = false;
	s->itap = 0;
	give_to(r->out, section, false);
	(void)rtf_failed(r, give_break(r->out));
}

static void dest_apart(struct rtf *r)
{
	struct rtf_state *s = rtf_now(r);

	if (is_apart(s))
		return;
	s->dest = RTF_TO_TEXT;
	s->boxed = true;
	give_to(r->out, s->section, false);
	(void)rtf_failed(r, give_break(r->out));
}

static void dest_doubt(struct rtf *r, uint32_t doubt)
{
	rtf_now(r)->doubt = (uint8_t)doubt;
	dest_set(r, RTF_TO_DOUBT);
}

/* Properties of shapes that are text: of WordArt it is seen. */
static void dest_value(struct rtf *r)
{
	if (strcmp(r->name, "gtextUNICODE") == 0)
		dest_apart(r);
	else if (strcmp(r->name, "wzDescription") == 0 || strcmp(r->name, "wzTooltip") == 0 || strcmp(r->name, "pihlShape") == 0)
		rtf_hide(r);
	else if (strcmp(r->name, "pib") != 0)
		dest_doubt(r, strcmp(r->name, "wzName") == 0 ? RTF_DOUBT_NAME : RTF_DOUBT_VALUE);
	else if (!is_apart(rtf_now(r)))
		rtf_now(r)->dest = RTF_TO_TEXT; /* a picture: \pict follows */
}

static void dest_named(struct rtf *r, enum rtf_dest dest)
{
	dest_set(r, dest);
	r->name_n = 0;
	r->name[0] = '\0';
}

static void dest_file(struct rtf *r, enum rtf_dest dest)
{
	rtf_file_end(r);
	dest_set(r, dest);
}

/* Groups of these are passed over. A reader may do so in the midst of a group, or not: what follows there is text. */
static bool is_silent(const struct rtf_word *w)
{
	return w->op == RTF_SKIP || w->op == RTF_DOUBT || w->op == RTF_FONTS || w->op == RTF_COLOURS || w->op == RTF_CLASS ||
	       w->op == RTF_SN || w->op == RTF_PROPS;
}

static void dest_word(struct rtf *r, const struct rtf_word *w)
{
	struct rtf_state *s = rtf_now(r);

	if (is_silent(w) && !r->first) {
		rtf_hide(r);
		return;
	}
	switch ((enum rtf_op)w->op) {
	case RTF_HIDE:
		rtf_hide(r);
		break;
	case RTF_SECTION:
		dest_section(r, w->arg);
		break;
	case RTF_DOUBT:
		dest_doubt(r, w->arg);
		break;
	case RTF_APART:
		dest_apart(r);
		break;
	case RTF_FONTS:
		dest_set(r, RTF_TO_FONTS);
		break;
	case RTF_COLOURS:
		dest_set(r, RTF_TO_COLOURS);
		break;
	case RTF_HTMLTAG:
		dest_set(r, r->from_html ? RTF_TO_HTML : RTF_TO_HIDDEN);
		break;
	case RTF_PICT:
		dest_file(r, RTF_TO_PICT);
		break;
	case RTF_OBJDATA:
		dest_file(r, RTF_TO_OBJECT);
		break;
	case RTF_CLASS:
		dest_named(r, RTF_TO_CLASS);
		break;
	case RTF_SN:
		dest_named(r, RTF_TO_SN);
		break;
	case RTF_SV:
		dest_value(r);
		break;
	case RTF_PROPS:
		dest_set(r, RTF_TO_PROPS);
		break;
	case RTF_UPR:
		s->upr_dest = s->dest;
		rtf_hide(r);
		break;
	case RTF_UD:
		s->dest = s->upr_dest;
		break;
	case RTF_THROUGH:
		break;
	default:
		dest_set(r, RTF_TO_NOTHING);
		break;
	}
}

/* ---- words ----------------------------------------------------------------------------------------------------------------------- */

static void unicode(struct rtf *r, int32_t n)
{
	uint32_t c = (uint32_t)(n < 0 ? n + 65536 : n);

	r->skip = rtf_now(r)->uc;
	if (c >= 0xd800 && c < 0xdc00) {
		r->high = c;
		return;
	}
	if (c >= 0xdc00 && c < 0xe000 && r->high)
		c = 0x10000 + ((r->high - 0xd800) << 10) + (c - 0xdc00);
	else if (c >= 0xf020 && c < 0xf100)
		c -= 0xf000; /* a symbol font's place for the octet */
	r->high = 0;
	rtf_char(r, c);
}

/* No reader shows octets that follow as they are, unless they are a picture. */
static void binary_hidden(struct rtf *r, const char *p, size_t n)
{
	struct bytes utf8 = {0};

	hidden_line(r);
	if (rtf_failed(r, codepage_text(r->pages, r->ansi_page, p, n, &utf8)) == 0)
		(void)rtf_failed(r, give_text(r->out, utf8.p, utf8.n));
	bytes_free(&utf8);
}

static void binary(struct rtf *r, int32_t n)
{
	size_t left = r->in.n - r->at, take = n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;

	if (n < 0 || (size_t)n > left)
		r->damaged = true;
	if (rtf_now(r)->dest == RTF_TO_PICT || rtf_now(r)->dest == RTF_TO_OBJECT)
		rtf_file_octets(r, r->in.p + r->at, take);
	else
		binary_hidden(r, r->in.p + r->at, take);
	r->at += take;
}

static void font_charset(struct rtf *r, unsigned page)
{
	if (rtf_now(r)->dest == RTF_TO_FONTS && r->font_now >= 0 && (uint32_t)r->font_now < RTF_FONTS_MAX)
		r->font_page[r->font_now] = (uint16_t)page;
}

static void font_set(struct rtf *r, int32_t n)
{
	if (rtf_now(r)->dest == RTF_TO_FONTS)
		r->font_now = n;
	else
		rtf_now(r)->font = n;
}

static void state_plain(struct rtf_state *s)
{
	s->hidden = s->deleted = s->tiny = s->pale = s->shaded = false;
	s->font = -1;
}

/* How letters look: words of runs, and of entries in the table of colours. */
static void look_word(struct rtf *r, const struct rtf_word *w, int32_t param)
{
	struct rtf_state *s = rtf_now(r);
	unsigned n = param < 0 ? 0 : (unsigned)param;

	switch ((enum rtf_op)w->op) {
	case RTF_SIZE:
		s->tiny = n <= SIZE_UNSEEN;
		break;
	case RTF_COLOUR:
		s->pale = n < r->colours && r->white[n / 8] >> n % 8 & 1;
		break;
	case RTF_SHADE:
		if (w->arg)
			s->paragraph_shaded |= n != 0;
		else
			s->shaded = n != 0;
		break;
	default:
		if (s->dest == RTF_TO_COLOURS)
			r->rgb[w->arg] = n;
		break;
	}
}

/* Words that change the state; param: the number, `has`: there is one. */
static void state_word(struct rtf *r, const struct rtf_word *w, bool has, int32_t param)
{
	struct rtf_state *s = rtf_now(r);
	bool on = !has || param != 0;

	switch ((enum rtf_op)w->op) {
	case RTF_TROWD:
		r->row_section = s->section;
		r->in_row = true;
		r->row_intbl = false;
		break;
	case RTF_INTBL:
		s->intbl = r->row_intbl = true;
		break;
	case RTF_ITAP:
		s->itap = (uint8_t)(param < 0 ? 0 : param > (int32_t)ROWS_LEVELS ? (int32_t)ROWS_LEVELS : param);
		break;
	case RTF_PARD:
		s->intbl = s->paragraph_shaded = false;
		s->itap = 0;
		break;
	case RTF_PLAIN:
		state_plain(s);
		break;
	case RTF_V:
		s->hidden = on;
		break;
	case RTF_DELETED:
		s->deleted = on;
		break;
	case RTF_SIZE:
	case RTF_COLOUR:
	case RTF_SHADE:
	case RTF_RGB:
		look_word(r, w, has ? param : w->op == RTF_SIZE ? 24 : 0);
		break;
	case RTF_UC:
		s->uc = (uint16_t)(param < 0 ? 0 : param > 64 ? 64 : param);
		break;
	case RTF_FROMHTML:
		r->from_html = on && has;
		break;
	case RTF_HTMLRTF:
		s->only_rtf = on;
		break;
	case RTF_BLIP:
		if (s->dest == RTF_TO_PICT)
			r->blip = w->arg;
		break;
	default:
		break;
	}
}

static void page_word(struct rtf *r, const struct rtf_word *w, int32_t param)
{
	const unsigned number = param > 0 && param < 65536 ? (unsigned)param : 0;

	switch ((enum rtf_op)w->op) {
	case RTF_F:
		font_set(r, param);
		break;
	case RTF_DEFF:
		r->deff = param;
		break;
	case RTF_ANSICPG:
		r->ansi_page = number ? number : r->ansi_page;
		break;
	case RTF_PAGE:
		r->ansi_page = w->arg;
		break;
	case RTF_FCHARSET:
		font_charset(r, param == 2 ? 1252 : codepage_of_charset((unsigned)param));
		break;
	case RTF_CPG:
		font_charset(r, number);
		break;
	default:
		break;
	}
}

void rtf_word_do(struct rtf *r, const struct rtf_word *w, bool has, int32_t param)
{
	switch ((enum rtf_op)w->op) {
	case RTF_CHAR:
		rtf_char(r, w->arg);
		break;
	case RTF_PAR:
	case RTF_LINE:
		rtf_line(r);
		break;
	case RTF_CELL:
		rtf_cell(r, w->arg);
		break;
	case RTF_ROW:
		rtf_row_end(r, w->arg);
		break;
	case RTF_U:
		unicode(r, param);
		break;
	case RTF_BIN:
		binary(r, param);
		break;
	case RTF_F:
	case RTF_DEFF:
	case RTF_ANSICPG:
	case RTF_PAGE:
	case RTF_FCHARSET:
	case RTF_CPG:
		page_word(r, w, param);
		break;
	default:
		if (w->op < RTF_CHAR)
			dest_word(r, w);
		else
			state_word(r, w, has, param);
		break;
	}
}
