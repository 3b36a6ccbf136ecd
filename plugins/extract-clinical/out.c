/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PIECE 16384u /* octets that the sink gets at once */

/* ---- lines ----------------------------------------------------------------------------------------------------------------------- */

int out_give(struct out *o)
{
	if (o->failed == 0 && (o->line.failed || o->tmp.failed))
		o->failed = -ENOMEM;
	if (o->failed == 0 && o->line.n)
		o->failed = o->host->sink_text(o->sink, o->line.p, o->line.n);
	o->whole &= o->line.n == 0;
	text_cut(&o->line, 0);
	return o->failed;
}

enum keep { NOTHING, LINES, ROWS };

/* Without control characters, but for those of lines and rows where they may be. */
static void put_clean(struct out *o, struct mw_str s, enum keep keep)
{
	size_t from = 0;
	bool lines = keep != NOTHING;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= ' ' && c != 0x7f) || (c == '\n' && lines) || (c == '\t' && keep == ROWS))
			continue;
		text_add(&o->line, s.p + from, i - from);
		if (c != '\r' || !lines || i + 1 == s.n || s.p[i + 1] != '\n')
			text_putc(&o->line, c == '\r' && lines ? '\n' : ' ');
		from = i + 1;
	}
	text_add(&o->line, s.p + from, s.n - from);
}

static void put_field(struct out *o, const char *who, const char *what, struct mw_str value, enum keep keep)
{
	value = str_trim(value);
	if (value.n == 0 || o->failed)
		return;
	text_puts(&o->line, who);
	if (*who && *what)
		text_putc(&o->line, ' ');
	text_puts(&o->line, what);
	if (*who || *what)
		text_puts(&o->line, ": ");
	put_clean(o, value, keep);
	text_putc(&o->line, '\n');
	o->begun = true;
	if (o->line.n >= PIECE)
		(void)out_give(o);
}

void out_field(struct out *o, const char *who, const char *what, struct mw_str value)
{
	put_field(o, who, what, value, NOTHING);
}

/* Turns p[0, n) so that what stands from k on comes first. */
static void rotate(char *p, size_t n, size_t k)
{
	size_t ends[3][2] = {{0, k}, {k, n}, {0, n}};

	for (size_t i = 0; i < 3; i++)
		for (size_t a = ends[i][0], b = ends[i][1]; a + 1 < b; a++, b--) {
			char c = p[a];

			p[a] = p[b - 1];
			p[b - 1] = c;
		}
}

void out_first(struct out *o, const char *who, const char *what, struct mw_str value)
{
	size_t from = o->line.n;

	put_field(o, who, what, value, NOTHING);
	if (!o->whole || o->line.n <= from)
		return;
	rotate(o->line.p + o->first, o->line.n - o->first, from - o->first);
	o->whole = false; /* there is one first */
}

void out_lines(struct out *o, const char *who, const char *what, struct mw_str value)
{
	put_field(o, who, what, value, LINES);
}

void out_rows(struct out *o, const char *who, const char *what, struct mw_str value)
{
	put_field(o, who, what, value, ROWS);
}

void out_tmp(struct out *o, const char *who, const char *what, size_t from)
{
	if (from <= o->tmp.n)
		put_field(o, who, what, str_from(text_all(&o->tmp), from), NOTHING);
	text_cut(&o->tmp, from);
}

void out_line(struct out *o, struct mw_str s)
{
	put_field(o, "", "", s, LINES);
}

void out_column(struct out *o, struct mw_str s)
{
	if (o->cells++)
		text_putc(&o->line, '\t');
	put_clean(o, str_trim(s), NOTHING);
}

void out_row_end(struct out *o)
{
	if (o->cells == 0)
		return;
	text_putc(&o->line, '\n');
	o->cells = 0;
	o->begun = true;
	if (o->line.n >= PIECE)
		(void)out_give(o);
}

void out_feed(struct out *o)
{
	if (o->begun)
		text_puts(&o->line, "\f\n");
	o->begun = false;
	o->whole = true;
	o->first = o->line.n;
}

void out_mark(struct out *o, const char *reason)
{
	if (out_give(o) == 0)
		o->failed = o->host->sink_unread(o->sink, reason);
}

void out_wipe(struct out *o)
{
	text_wipe(&o->line);
	text_wipe(&o->tmp);
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static const char *suffix_of(const char *type)
{
	static const char *const suffixes[][2] = {
	    {"application/pdf", ".pdf"}, {"text/plain", ".txt"}, {"text/html", ".html"},      {"text/xml", ".xml"},
	    {"application/xml", ".xml"}, {"text/rtf", ".rtf"},	 {"application/rtf", ".rtf"}, {"image/jpeg", ".jpg"},
	    {"image/png", ".png"},	 {"image/tiff", ".tif"},
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcmp(suffixes[i][0], type) == 0)
			return suffixes[i][1];
	return "";
}

static bool file_begin(struct out *o, const char *type)
{
	char name[40];
	int n = snprintf(name, sizeof(name), "embedded-%zu%s", ++o->files, suffix_of(type));
	const struct mw_member m = {.name = {.p = name, .n = n > 0 ? (size_t)n : 0}, .type = type, .charset = ""};

	if (out_give(o) == 0)
		o->failed = o->host->member(o->sink, &m);
	return o->failed == 0;
}

void out_file(struct out *o, const char *type, struct mw_str data)
{
	if (data.n == 0 || !file_begin(o, type))
		return;
	o->failed = o->host->member_data(o->sink, data.p, data.n);
	if (o->failed == 0)
		o->failed = o->host->member_end(o->sink, NULL);
}

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

void out_base64(struct out *o, const char *type, struct mw_str data)
{
	char piece[3072];
	size_t n = 0;
	uint32_t bits = 0;
	unsigned count = 0;
	bool damaged = false;

	data = str_trim(data);
	if (data.n == 0 || !file_begin(o, type))
		return;
	for (size_t i = 0; i < data.n && data.p[i] != '=' && o->failed == 0; i++) {
		int v = sextet(data.p[i]);

		damaged |= v < 0 && (unsigned char)data.p[i] > ' ';
		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		count += 6;
		if (count >= 8) {
			count -= 8;
			piece[n++] = (char)(bits >> count & 0xff);
		}
		if (n == sizeof(piece)) {
			o->failed = o->host->member_data(o->sink, piece, n);
			n = 0;
		}
	}
	if (o->failed == 0 && n)
		o->failed = o->host->member_data(o->sink, piece, n);
	if (o->failed == 0)
		o->failed = o->host->member_end(o->sink, damaged ? "damaged" : NULL);
}
