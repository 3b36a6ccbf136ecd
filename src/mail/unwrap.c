/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/unwrap.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "mail/transfer.h"

/* ---- format=flowed ------------------------------------------------------------------------------------------------- */

/* Takes the marks of quoting and the blank that was stuffed in off the line. Their number. */
static size_t take_quotes(struct mw_str *line)
{
	size_t depth = 0;

	while (depth < line->n && line->p[depth] == '>')
		depth++;
	line->p += depth;
	line->n -= depth;
	if (line->n && line->p[0] == ' ') {
		line->p++;
		line->n--;
	}
	return depth;
}

static void add_quotes(size_t depth, struct mw_buf *out)
{
	for (size_t i = 0; i < depth; i++)
		mw_buf_putc(out, '>');
	if (depth)
		mw_buf_putc(out, ' ');
}

static void unwrap_flowed(struct mw_str text, struct mw_buf *out)
{
	size_t open = 0; /* depth of the paragraph that goes on */
	bool goes_on = false;

	while (text.n) {
		struct mw_str line = mw_str_take_line(&text);
		size_t depth = take_quotes(&line);
		bool flowed = line.n && line.p[line.n - 1] == ' ' && !mw_str_eq(line, "-- ");

		if (goes_on && (depth != open || mw_str_eq(line, "-- "))) {
			mw_buf_putc(out, '\n');
			goes_on = false;
		}
		if (!goes_on)
			add_quotes(depth, out);
		mw_buf_add(out, line.p, line.n - flowed);
		if (!flowed)
			mw_buf_putc(out, '\n');
		goes_on = flowed;
		open = depth;
	}
}

/* ---- calendars and cards ------------------------------------------------------------------------------------------- */

/* "NOTE;ENCODING=QUOTED-PRINTABLE:…", up to the colon? */
static bool is_qp(struct mw_str line)
{
	static const char word[] = "QUOTED-PRINTABLE";
	const char *colon = memchr(line.p, ':', line.n);
	size_t n = colon ? (size_t)(colon - line.p) : 0;

	for (size_t i = 0; i + sizeof(word) - 1 <= n; i++)
		if (mw_str_caseeq((struct mw_str){.p = line.p + i, .n = sizeof(word) - 1}, word))
			return true;
	return false;
}

/* Where the prose begins that a calendar shows as a text of its own ("item1.NOTE;ALTREP=\"cid:1\":…"); 0 when this is none. */
static size_t prose_at(struct mw_str line)
{
	static const char *const names[] = {"SUMMARY", "DESCRIPTION", "COMMENT", "NOTE"};
	size_t name = 0, end, colon;
	bool quoted = false, prose = false;

	for (end = 0; end < line.n && line.p[end] != ':' && line.p[end] != ';'; end++)
		if (line.p[end] == '.')
			name = end + 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		prose = prose || mw_str_caseeq((struct mw_str){.p = line.p + name, .n = end - name}, names[i]);
	for (colon = end; colon < line.n && (quoted || line.p[colon] != ':'); colon++)
		quoted ^= line.p[colon] == '"';
	return prose && colon < line.n ? colon + 1 : 0;
}

/* "\n", "\," and the like. */
static void add_unescaped(struct mw_str s, struct mw_buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
			c = c == 'n' || c == 'N' ? '\n' : c;
		}
		mw_buf_putc(out, c);
	}
	mw_buf_putc(out, '\n');
}

/* Prose begins on a line of its own, as people see it: a greeting after "DESCRIPTION:" is a greeting. */
static void add_line(struct mw_str s, struct mw_buf *out)
{
	size_t prose = prose_at(s);

	if (prose)
		add_unescaped((struct mw_str){.p = s.p, .n = prose}, out);
	add_unescaped((struct mw_str){.p = s.p + prose, .n = s.n - prose}, out);
}

void mw_unfold_line(struct mw_str *text, struct mw_buf *line)
{
	struct mw_str piece = mw_str_take_line(text);
	bool qp = is_qp(piece);

	mw_buf_add(line, piece.p, piece.n);
	while (text->n) {
		bool soft = qp && line->n && line->p[line->n - 1] == '=';

		if (!soft && text->p[0] != ' ' && text->p[0] != '\t')
			break;
		piece = mw_str_take_line(text);
		if (soft) {
			mw_buf_putc(line, '\n'); /* belongs to the soft break */
		} else {
			piece.p++;
			piece.n--;
		}
		mw_buf_add(line, piece.p, piece.n);
		if (!mw_buf_ok(line))
			return;
	}
}

static int unwrap_folded(struct mw_str text, struct mw_buf *out)
{
	struct mw_buf line = MW_BUF_INIT, decoded = MW_BUF_INIT;
	int r = 0;

	while (r == 0 && text.n) {
		struct mw_str s;

		mw_buf_clear(&line);
		mw_buf_clear(&decoded);
		mw_unfold_line(&text, &line);
		s = (struct mw_str){.p = mw_buf_text(&line), .n = line.n};
		if (is_qp(s)) {
			r = mw_transfer_decode(MW_TRANSFER_QP, s, UINT64_MAX, &decoded);
			s = (struct mw_str){.p = mw_buf_text(&decoded), .n = decoded.n};
		}
		add_line(s, out);
		if (!mw_buf_ok(&line))
			r = -ENOMEM;
	}
	mw_buf_free(&line);
	mw_buf_free(&decoded);
	return r;
}

/* ---- markup of RFC 1341 and RFC 1896 ------------------------------------------------------------------------------- */

#define COMMAND_MAX 60u

/* Octets of the "<command>" at the start of s, 0 = there is none. */
static size_t command_length(struct mw_str s)
{
	for (size_t i = 1; i < s.n && i <= COMMAND_MAX; i++) {
		if (s.p[i] == '>')
			return i > 1 ? i + 1 : 0;
		if (s.p[i] == '<' || s.p[i] == ' ' || s.p[i] == '\n')
			break;
	}
	return 0;
}

static bool is_command(struct mw_str s, size_t n, const char *name)
{
	return mw_str_caseeq((struct mw_str){.p = s.p + 1, .n = n - 2}, name);
}

/* What a command stands for; what is between <param> and </param> is for programs, and nobody sees it. */
static void add_command(struct mw_str *s, size_t n, enum mw_wrap wrap, struct mw_buf *out)
{
	static const char end[] = "</param>";
	struct mw_str rest = mw_str_behind(*s, n);

	if (is_command(*s, n, "lt"))
		mw_buf_putc(out, '<');
	else if (is_command(*s, n, "nl") || is_command(*s, n, "np") || is_command(*s, n, "paragraph"))
		mw_buf_putc(out, '\n');
	if (wrap == MW_WRAP_ENRICHED && is_command(*s, n, "param")) {
		const char *at = rest.n ? memmem(rest.p, rest.n < 1024 ? rest.n : 1024, end, sizeof(end) - 1) : NULL;

		rest = mw_str_behind(rest, at ? (size_t)(at - rest.p) + sizeof(end) - 1 : 0);
	}
	*s = rest;
}

static void unwrap_marked(enum mw_wrap wrap, struct mw_str s, struct mw_buf *out)
{
	while (s.n && mw_buf_ok(out)) {
		size_t n = 0, run = 0;

		if (s.p[0] == '<' && wrap == MW_WRAP_ENRICHED && s.n > 1 && s.p[1] == '<') {
			mw_buf_putc(out, '<');
			n = 2;
		} else if (s.p[0] == '<' && (n = command_length(s)) != 0) {
			add_command(&s, n, wrap, out);
			continue;
		}
		while (run < s.n && s.p[run] == '\n')
			run++;
		if (run == 1 || (run && wrap == MW_WRAP_RICHTEXT))
			mw_buf_putc(out, ' ');
		for (size_t i = 1; wrap == MW_WRAP_ENRICHED && i < run; i++)
			mw_buf_putc(out, '\n');
		n = n ? n : run;
		if (n == 0)
			mw_buf_putc(out, s.p[n++]);
		s = mw_str_behind(s, n);
	}
	mw_buf_putc(out, '\n');
}

/* ---- directions ---------------------------------------------------------------------------------------------------- */

#define OVERRIDE "\xe2\x80\xae" /* U+202E */
#define POP "\xe2\x80\xac"	/* U+202C, which ends it */

static void add_backwards(struct mw_str s, struct mw_buf *out)
{
	size_t end = s.n;

	while (end) {
		size_t start = end - 1;

		while (start && ((unsigned char)s.p[start] & 0xc0) == 0x80)
			start--;
		mw_buf_add(out, s.p + start, end - start);
		end = start;
	}
}

static void unreverse_line(struct mw_str line, struct mw_buf *out)
{
	const char *mark;

	while (line.n && (mark = memmem(line.p, line.n, OVERRIDE, 3)) != NULL) {
		size_t before = (size_t)(mark - line.p);
		struct mw_str run = mw_str_behind(line, before + 3);
		const char *end = run.n ? memmem(run.p, run.n, POP, 3) : NULL;

		mw_buf_add(out, line.p, before);
		line = mw_str_behind(run, end ? (size_t)(end - run.p) : run.n);
		run.n -= line.n;
		add_backwards(run, out);
	}
	mw_buf_add(out, line.p, line.n);
	mw_buf_putc(out, '\n');
}

int mw_unreverse(struct mw_str text, struct mw_buf *out)
{
	bool any = text.n && memmem(text.p, text.n, OVERRIDE, 3);

	while (any && text.n) {
		struct mw_str line = mw_str_take_line(&text);

		if (line.n && memmem(line.p, line.n, OVERRIDE, 3))
			unreverse_line(line, out);
	}
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}

int mw_unwrap(enum mw_wrap wrap, struct mw_str text, struct mw_buf *out)
{
	int r = 0;

	switch (wrap) {
	case MW_WRAP_FLOWED:
		unwrap_flowed(text, out);
		break;
	case MW_WRAP_FOLDED:
		r = unwrap_folded(text, out);
		break;
	case MW_WRAP_ENRICHED:
	case MW_WRAP_RICHTEXT:
		unwrap_marked(wrap, text, out);
		break;
	case MW_WRAP_NONE:
		mw_buf_add(out, text.p, text.n);
		break;
	}
	return r < 0 || !mw_buf_ok(out) ? -ENOMEM : 0;
}
