/* SPDX-License-Identifier: Apache-2.0 */
#include "rtf_private.h"

#include "rtf_word.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 32u /* letters of a control word that are looked at */
#define BIN_MAX 2147483647

static const char body_html[] = "body.html";

bool rtf_is(struct mw_str s)
{
	/* Word needs no more of it than this. */
	return (s.n >= 4 && memcmp(s.p, "{\\rt", 4) == 0) || (s.n >= 6 && memcmp(s.p, "{\\urtf", 6) == 0);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The number behind a word, if there is one, and the blank behind it. */
static bool number_read(struct rtf *r, int32_t *n)
{
	const char *p = r->in.p;
	size_t at = r->at;
	bool minus = at < r->in.n && p[at] == '-', has;
	int64_t v = 0;

	at += minus;
	has = at < r->in.n && p[at] >= '0' && p[at] <= '9';
	if (has) {
		for (; at < r->in.n && p[at] >= '0' && p[at] <= '9'; at++)
			v = v > BIN_MAX ? v : v * 10 + (p[at] - '0');
		v = v > BIN_MAX ? BIN_MAX : v;
		r->at = at;
	}
	if (r->at < r->in.n && p[r->at] == ' ')
		r->at++;
	*n = (int32_t)(minus ? -v : v);
	return has;
}

static void word_read(struct rtf *r, bool ignorable)
{
	const char *name = r->in.p + r->at;
	const struct rtf_word *w;
	int32_t param;
	size_t n = 0;
	bool has;

	while (r->at < r->in.n && is_letter(r->in.p[r->at])) {
		r->at++;
		n++;
	}
	has = number_read(r, &param);
	w = n <= WORD_MAX ? rtf_word_find(name, n) : NULL;
	if (r->skip && !(w && (w->op == RTF_U || w->op == RTF_BIN || w->op < RTF_CHAR))) {
		r->skip--;
		return;
	}
	if (w)
		rtf_word_do(r, w, has, param);
	else if (ignorable)
		rtf_hide(r); /* of a program that we do not know: its words may be text */
	r->first = false;
}

static void hex_octet(struct rtf *r)
{
	unsigned v = 0;
	size_t n = 0;

	for (; n < 2 && r->at < r->in.n; n++, r->at++) {
		char c = r->in.p[r->at];
		int h = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (h < 0)
			break;
		v = v << 4 | (unsigned)h;
	}
	if (n)
		rtf_octet(r, (unsigned char)v);
}

/* A control symbol: what follows a backslash and is no letter. */
static void symbol_read(struct rtf *r)
{
	char c = r->in.p[r->at++];

	if (c == '\'') {
		hex_octet(r);
		return;
	}
	rtf_run_flush(r);
	if (c == '*') {
		if (r->at + 1 < r->in.n && r->in.p[r->at] == '\\' && is_letter(r->in.p[r->at + 1])) {
			r->at++;
			word_read(r, true);
		}
		return;
	}
	if (r->skip) {
		r->skip--;
		return;
	}
	if (c == '\\' || c == '{' || c == '}')
		rtf_char(r, (unsigned char)c);
	else if (c == '~')
		rtf_char(r, 0xa0);
	else if (c == '_')
		rtf_char(r, '-');
	else if (c == '\n' || c == '\r')
		rtf_line(r);
	else if (c == '\t')
		rtf_char(r, '\t');
}

/* Text of ASCII as it stands: as much as needs no look. */
static void run_read(struct rtf *r)
{
	const char *p = r->in.p + r->at;
	size_t left = r->in.n - r->at, n = 0;

	r->first &= (unsigned char)*p <= ' ';
	while (n < left && p[n] >= ' ' && p[n] != '\\' && p[n] != '{' && p[n] != '}' && p[n] != 0x7f)
		n++;
	if (n == 0 || r->skip || r->run.n) {
		r->at++;
		if ((unsigned char)*p >= ' ')
			rtf_octet(r, (unsigned char)*p);
		else if (*p == '\t' && r->skip == 0)
			rtf_char(r, '\t');
		return;
	}
	r->at += n;
	rtf_text(r, p, n);
}

static void document_read(struct rtf *r)
{
	while (r->at < r->in.n && r->failed == 0) {
		char c = r->in.p[r->at];

		if (c == '{') {
			r->at++;
			rtf_group_begin(r);
		} else if (c == '}') {
			r->at++;
			rtf_group_end(r);
		} else if (c != '\\') {
			run_read(r);
		} else if (++r->at < r->in.n) {
			if (is_letter(r->in.p[r->at])) {
				rtf_run_flush(r);
				word_read(r, false);
			} else {
				symbol_read(r);
			}
		}
	}
	rtf_run_flush(r);
	rtf_doubt_end(r);
}

/* ---- the document ---------------------------------------------------------------------------------------------------------------- */

static void rtf_free(struct rtf *r)
{
	free(r->state);
	free(r->font_page);
	bytes_free(&r->run);
	bytes_free(&r->doubt);
	bytes_free(&r->html);
	bytes_free(&r->file);
	rows_free(&r->rows);
}

static void rest_out(struct rtf *r, uint32_t flags)
{
	bool cut = r->depth > 0;

	rtf_file_end(r);
	(void)rtf_failed(r, rows_flush(&r->rows));
	if (r->html.n && r->failed == 0) {
		const struct mw_member m = {.name = {.p = body_html, .n = sizeof(body_html) - 1},
					    .type = "text/html",
					    .charset = "utf-8",
					    .flags = flags};
		const struct mw_host *host = r->out->host;

		(void)rtf_failed(r, host->member(r->out->sink, &m));
		if (r->failed == 0)
			(void)rtf_failed(r, host->member_data(r->out->sink, r->html.p, r->html.n));
		if (r->failed == 0)
			(void)rtf_failed(r, host->member_end(r->out->sink, NULL));
	}
	give_to(r->out, OUT_MAIN, false);
	if (r->damaged || cut)
		(void)rtf_failed(r, give_unread(r->out, "damaged"));
}

int rtf_read(struct mw_str s, struct out *out, struct codepages *pages, uint32_t flags)
{
	struct rtf r = {.in = s,
			.out = out,
			.rows = {.out = out},
			.pages = pages,
			.cap = 64,
			.deff = -1,
			.font_now = -1,
			.ansi_page = 1252,
			.nibble = -1};

	r.state = calloc(r.cap, sizeof(*r.state));
	r.font_page = calloc(RTF_FONTS_MAX, sizeof(*r.font_page));
	if (r.state && r.font_page) {
		r.state[0].font = -1;
		r.state[0].uc = 1;
		document_read(&r);
		rest_out(&r, flags);
	} else {
		r.failed = -ENOMEM;
	}
	rtf_free(&r);
	return r.failed;
}
