/* SPDX-License-Identifier: Apache-2.0 */
#include "ppt.h"

#include "../ole/ole.h"
#include "art.h"
#include "found.h"
#include "ppt_live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define HEAD 8u
#define ENCRYPTED 0xf3d1c4dfu /* in place of the mark of a plain file */
#define HIDDEN_SLIDE 4u
#define TABLE_PROPERTIES 0x039fu
#define LINE_SHAPE 20u
#define PIECE 65536u
#define ANSI 1252u
#define FOREIGN_MIN 6u /* characters of a text in data that are not PowerPoint's */

enum {
	REC_DOCUMENT = 1000,
	REC_SLIDE = 1006,
	REC_NOTES = 1008,
	REC_PERSIST = 1011,
	REC_MASTER = 1016,
	REC_SHOW_INFO = 1017,
	REC_TEXT_WIDE = 4000,
	REC_TEXT_NARROW = 4008,
	REC_STRING = 4026,
	REC_HANDOUT = 4041,
	REC_HEADERS = 4057,
	REC_TEXT_LIST = 4080,
	REC_OBJECT = 4113,
	REC_TAG_DATA = 5003,
	REC_COMMENT = 12000,
	ART_GROUP = 0xf003,
	ART_SHAPE = 0xf004,
	ART_SHAPE_KIND = 0xf00a,
	ART_PROPERTIES = 0xf00b,
	ART_PROPERTIES_2 = 0xf121,
	ART_ANCHOR = 0xf00f,
	ART_OPTIONS = 0xf122,
};

struct record {
	uint16_t instance, type;
	bool container, cut;
	struct mw_str data;
};

struct ppt {
	struct mw_str document;
	struct out *out;
	struct ppt_live live;
	bool damaged;
	size_t section; /* of the record that is read */
	bool hide, dead;
	size_t comment_end, headers_end, group_end, table_end; /* offsets where these end */
	unsigned shape;					       /* its kind */
	uint32_t top;					       /* of the cell in work */
	bool in_row;
	bool own_tag; /* data that follow are PowerPoint's: records */
	struct codepages *pages;
	int failed;
};

static int failed(struct ppt *p, int code)
{
	if (code < 0 && p->failed == 0)
		p->failed = code;
	return p->failed;
}

/* The record that begins at `at`, where its head is. */
static struct record record_at(struct mw_str s, size_t at)
{
	uint16_t head = ole_u16(s.p + at);
	uint32_t n = ole_u32(s.p + at + 4);
	size_t left = s.n - at - HEAD;

	return (struct record){.instance = head >> 4,
			       .type = ole_u16(s.p + at + 2),
			       .container = (head & 0xf) == 0xf,
			       .cut = n > left,
			       .data = {.p = s.p + at + HEAD, .n = n < left ? n : left}};
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

static void characters(struct ppt *p, struct mw_str s, bool wide, bool cell)
{
	uint32_t high = 0;

	for (size_t i = 0; i + (wide ? 2 : 1) <= s.n && p->failed == 0; i += wide ? 2 : 1) {
		uint32_t c = wide ? ole_u16(s.p + i) : (unsigned char)s.p[i];

		if (c >= 0xd800 && c < 0xdc00) {
			high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000 && high)
			c = 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00);
		high = 0;
		if (c == '\r' || c == 0x0b || c == '\n')
			c = cell ? ' ' : '\n';
		(void)failed(p, give_char(p->out, c == '\t' && cell ? ' ' : c));
	}
}

static void line(struct ppt *p, size_t section, bool hide, struct mw_str s, bool wide)
{
	give_to(p->out, section, hide || p->hide || p->dead);
	(void)failed(p, give_break(p->out));
	characters(p, s, wide, false);
	(void)failed(p, give_break(p->out));
}

static void text(struct ppt *p, size_t at, struct mw_str s, bool wide)
{
	if (at >= p->table_end) {
		line(p, p->section, false, s, wide);
		return;
	}
	give_to(p->out, p->section, p->hide || p->dead);
	characters(p, s, wide, true);
}

/* Strings that are no text of a slide: by what they are in. Names that programs give are none: they say whose the data behind them are. */
static void string(struct ppt *p, size_t at, struct mw_str s)
{
	static const char program[6] = {'_', 0, '_', 0, '_', 0}, show[] = {'P', 0, 'P', 0, 'T', 0};

	p->own_tag = s.n > sizeof(program) + sizeof(show) && memcmp(s.p, program, sizeof(program)) == 0 &&
		     memcmp(s.p + sizeof(program), show, sizeof(show)) == 0;

	if (at < p->comment_end)
		line(p, give_section(p->out, "comments"), false, s, true);
	else if (at < p->headers_end)
		line(p, give_section(p->out, "headers"), false, s, true);
	else if (s.n < sizeof(program) || memcmp(s.p, program, sizeof(program)) != 0)
		line(p, p->section, true, s, true);
}

/* A cell of a table: shapes that are as high up as the one before are in its row. */
static void anchor(struct ppt *p, size_t at, struct mw_str s)
{
	uint32_t top = s.n >= 8 ? ole_u32(s.p + 4) : 0;

	if (at >= p->table_end || p->shape == LINE_SHAPE)
		return;
	give_to(p->out, p->section, p->hide || p->dead);
	if (p->in_row && top == p->top)
		(void)failed(p, give_text(p->out, "\t", 1));
	else
		(void)failed(p, give_break(p->out));
	p->in_row = true;
	p->top = top;
}

/* What other programs keep in a slide. */
static void foreign(struct ppt *p, struct mw_str s)
{
	give_to(p->out, p->section, true);
	(void)failed(p, found_wide(p->out, s, FOREIGN_MIN));
	(void)failed(p, found_narrow(p->out, p->pages, ANSI, s, FOREIGN_MIN));
}

static bool is_table(const struct record *r)
{
	for (size_t i = 0; i < r->instance && i * 6 + 6 <= r->data.n; i++)
		if ((ole_u16(r->data.p + i * 6) & 0x3fff) == TABLE_PROPERTIES)
			return true;
	return false;
}

/* ---- objects --------------------------------------------------------------------------------------------------------------------- */

/* The octets of a packed object, as far as they can be unpacked. *unread: NULL, or why not all could. */
static int unpack(struct ppt *p, struct mw_str s, const char **unread)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n};
	char *piece = malloc(PIECE);
	int r = 0, state = Z_OK;

	if (!piece || s.n > UINT32_MAX / 2 || inflateInit(&z) != Z_OK) {
		free(piece);
		return -ENOMEM;
	}
	while (r == 0 && state == Z_OK) {
		z.next_out = (Bytef *)piece;
		z.avail_out = PIECE;
		state = inflate(&z, Z_NO_FLUSH);
		if (PIECE > z.avail_out)
			r = p->out->host->member_data(p->out->sink, piece, PIECE - z.avail_out);
		else
			break;
	}
	*unread = state == Z_STREAM_END ? NULL : "damaged";
	(void)inflateEnd(&z);
	explicit_bzero(piece, PIECE);
	free(piece);
	return r;
}

static void object(struct ppt *p, const struct record *r)
{
	const struct mw_host *host = p->out->host;
	const char *unread = NULL;
	char name[32];
	int n = snprintf(name, sizeof(name), "object-%u", ++p->out->objects);
	const struct mw_member m = {.name = {.p = name, .n = (size_t)n}, .type = "", .charset = "", .packed = r->data.n};

	if (r->data.n < 4 || failed(p, host->member(p->out->sink, &m)) < 0)
		return;
	if (r->instance == 1)
		(void)failed(p, unpack(p, (struct mw_str){.p = r->data.p + 4, .n = r->data.n - 4}, &unread));
	else
		(void)failed(p, host->member_data(p->out->sink, r->data.p, r->data.n));
	if (p->failed == 0)
		(void)failed(p, host->member_end(p->out->sink, unread));
}

/* ---- records --------------------------------------------------------------------------------------------------------------------- */

/* What does not belong to what was before it. */
static void apart(struct ppt *p)
{
	give_to(p->out, p->section, p->hide || p->dead);
	(void)failed(p, give_break(p->out));
	(void)failed(p, give_text(p->out, "\f\n", 2));
}

static void list_begin(struct ppt *p, unsigned instance)
{
	p->section = instance == 0 ? OUT_MAIN : give_section(p->out, instance == 2 ? "notes" : "master");
}

/* Texts in the properties of a shape. */
static void options(struct ppt *p, const struct record *r)
{
	bool hide = p->hide || p->dead;

	(void)failed(p, art_options(p->out, p->section, hide, r->instance, r->data));
	give_to(p->out, p->section, hide);
}

static void record(struct ppt *p, size_t at, const struct record *r)
{
	size_t end = at + HEAD + r->data.n;

	switch (r->type) {
	case REC_TEXT_LIST:
		list_begin(p, r->instance);
		break;
	case REC_PERSIST:
		apart(p);
		break;
	case REC_SHOW_INFO:
		p->hide = r->data.n >= 12 && (ole_u16(r->data.p + 10) & HIDDEN_SLIDE);
		break;
	case REC_TEXT_WIDE:
		text(p, at, r->data, true);
		break;
	case REC_TEXT_NARROW:
		text(p, at, r->data, false);
		break;
	case REC_STRING:
		string(p, at, r->data);
		break;
	case REC_HEADERS:
		p->headers_end = end;
		break;
	case REC_TAG_DATA:
		if (!p->own_tag)
			foreign(p, r->data);
		break;
	case REC_COMMENT:
		p->comment_end = end;
		break;
	case REC_OBJECT:
		object(p, r);
		break;
	case ART_GROUP:
		p->group_end = end;
		break;
	case ART_SHAPE_KIND:
		p->shape = r->instance;
		break;
	case ART_OPTIONS:
		options(p, r);
		if (at < p->group_end && is_table(r)) {
			p->table_end = p->group_end;
			p->in_row = false;
		}
		break;
	case ART_ANCHOR:
		anchor(p, at, r->data);
		break;
	case ART_PROPERTIES:
	case ART_PROPERTIES_2:
		options(p, r);
		break;
	default:
		break;
	}
}

/* A record that is in no other: a slide, notes … */
static void top_begin(struct ppt *p, size_t at, uint16_t type)
{
	p->dead = !ppt_live_has(&p->live, (uint32_t)at);
	p->hide = false;
	p->comment_end = p->headers_end = p->group_end = p->table_end = 0;
	p->section = type == REC_NOTES				 ? give_section(p->out, "notes")
		     : type == REC_MASTER || type == REC_HANDOUT ? give_section(p->out, "master")
								 : OUT_MAIN;
	if (type == REC_SLIDE && !p->dead)
		(void)failed(p, p->out->host->sink_page(p->out->sink));
	if (type == REC_SLIDE || type == REC_NOTES)
		apart(p);
}

static void records(struct ppt *p)
{
	size_t at = 0, top_end = 0;

	while (at + HEAD <= p->document.n && p->failed == 0) {
		const struct record r = record_at(p->document, at);

		p->damaged |= r.cut;
		if (at >= top_end) {
			top_end = at + HEAD + r.data.n;
			top_begin(p, at, r.type);
		}
		if (p->failed == 0)
			record(p, at, &r);
		at += HEAD + (r.container || (r.type == REC_TAG_DATA && p->own_tag) ? 0 : r.data.n);
	}
}

int ppt_read(struct mw_str document, struct mw_str user, struct out *out, struct codepages *pages)
{
	struct ppt p = {.document = document, .out = out, .pages = pages};

	if (user.n >= 16 && ole_u32(user.p + 12) == ENCRYPTED)
		return -EACCES;
	if (document.n < HEAD || document.n > UINT32_MAX / 2)
		return -EBADMSG;
	(void)failed(&p, ppt_live_read(document, user, &p.live));
	records(&p);
	ppt_live_free(&p.live);
	return p.failed ? p.failed : p.damaged ? -EBADMSG : 0;
}
