/* SPDX-License-Identifier: Apache-2.0 */
/* Printing what is wrong: for people (architecture.md section 8) and for programs (one JSON object a line). */
#include "policy/diag.h"

#include "base/str.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 120u  /* columns of a source line that are shown */
#define BEFORE 60u  /* columns kept before the place when a line is cut */
#define CARETS 100u /* at most */

#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static const struct mw_source *source_of(const struct mw_diags *d, struct mw_place place)
{
	return place.source < d->sources ? &d->source[place.source] : NULL;
}

/* Order of file and line; what has no place comes first. Stable for equal places, so no qsort. */
static bool is_before(const struct mw_diag *a, const struct mw_diag *b)
{
	uint32_t fa = a->place.source + 1, fb = b->place.source + 1; /* UINT32_MAX becomes 0 */

	if (fa != fb)
		return fa < fb;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line;
	return a->place.column < b->place.column;
}

static size_t sorted(const struct mw_diags *d, const struct mw_diag *out[MW_DIAGS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		size_t at = n;

		while (at > 0 && is_before(&d->v[i], out[at - 1])) {
			out[at] = out[at - 1];
			at--;
		}
		out[at] = &d->v[i];
		n++;
	}
	return n;
}

/* The text of a line without its end, p = NULL when the source has no text. */
static struct mw_str line_of(const struct mw_source *s, uint32_t line)
{
	const char *p = s->text, *end, *nl;
	size_t n;

	if (!p)
		return (struct mw_str){0};
	end = p + s->n;
	for (; line > 1; line--) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			return (struct mw_str){0};
		p = nl + 1;
	}
	nl = memchr(p, '\n', (size_t)(end - p));
	n = (size_t)((nl ? nl : end) - p);
	if (n && p[n - 1] == '\r')
		n--;
	return (struct mw_str){.p = p, .n = n};
}

/* Puts octets [from, to) of a line, or as many blanks: tabs stay tabs so that what follows lines up; a character of several
 * octets is one column; nothing that could drive a terminal gets through. */
static void put_span(struct mw_buf *out, struct mw_str line, size_t from, size_t to, bool blank)
{
	while (from < to && from < line.n) {
		size_t len = mw_utf8_length(line.p + from, line.n - from);

		if (line.p[from] == '\t')
			mw_buf_putc(out, '\t');
		else if (blank)
			mw_buf_putc(out, ' ');
		else if (mw_utf8_shown(line.p + from, line.n - from) == 0)
			mw_buf_putc(out, '?');
		else
			mw_buf_add(out, line.p + from, len);
		from += len ? len : 1;
	}
}

static size_t columns(struct mw_str line, size_t from, size_t to)
{
	size_t n = 0;

	while (from < to && from < line.n) {
		size_t len = mw_utf8_length(line.p + from, line.n - from);

		from += len ? len : 1;
		n++;
	}
	return n;
}

/* Never begin in the middle of a character. */
static size_t char_start(struct mw_str line, size_t at)
{
	while (at > 0 && at < line.n && ((unsigned char)line.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static void put_excerpt(const struct mw_diag *e, struct mw_str line, const char *paint, const char *plain, struct mw_buf *out)
{
	size_t at = e->place.column ? e->place.column - 1 : 0, from = 0, to = line.n, carets;

	if (at > line.n)
		at = line.n;
	if (line.n > WIDTH) {
		from = char_start(line, at > BEFORE ? at - BEFORE : 0);
		to = char_start(line, line.n - from > WIDTH ? from + WIDTH : line.n);
	}
	mw_buf_printf(out, "%5u | %s", e->place.line, from ? "..." : "");
	put_span(out, line, from, to, false);
	mw_buf_printf(out, "%s\n      | %s", to < line.n ? "..." : "", from ? "   " : "");
	put_span(out, line, from, at, true);
	carets = columns(line, at, at + e->place.length < to ? at + e->place.length : to);
	mw_buf_puts(out, paint);
	for (size_t i = 0; i < (carets ? carets : 1) && i < CARETS; i++)
		mw_buf_putc(out, '^');
	mw_buf_puts(out, plain);
	if (e->hint)
		mw_buf_printf(out, " %s", e->hint);
	mw_buf_putc(out, '\n');
}

static void print_one(const struct mw_diags *d, const struct mw_diag *e, bool colour, struct mw_buf *out)
{
	const struct mw_source *s = source_of(d, e->place);
	bool error = e->severity == MW_DIAG_ERROR;
	const char *paint = !colour ? "" : error ? RED : YELLOW, *bold = colour ? BOLD : "", *plain = colour ? PLAIN : "";
	struct mw_str line = {0};

	if (s && e->place.line) {
		mw_buf_printf(out, "%s%s:%u:%u: ", bold, s->shown, e->place.line, e->place.column);
		line = line_of(s, e->place.line);
	} else if (s) {
		mw_buf_printf(out, "%s%s: ", bold, s->shown);
	} else {
		mw_buf_puts(out, bold);
	}
	mw_buf_printf(out, "%s%s:%s%s %s%s\n", paint, error ? "error" : "warning", plain, bold, e->text, plain);
	if (line.p)
		put_excerpt(e, line, paint, plain, out);
	else if (e->hint)
		mw_buf_printf(out, "      | %s\n", e->hint);
}

void mw_diags_print(const struct mw_diags *d, bool colour, struct mw_buf *out)
{
	const struct mw_diag *order[MW_DIAGS_MAX];
	size_t n = sorted(d, order);

	for (size_t i = 0; i < n; i++)
		print_one(d, order[i], colour, out);
	if (d->errors + d->warnings > n)
		mw_buf_printf(out, "%zu more not shown\n", d->errors + d->warnings - n);
	if (d->no_memory)
		mw_buf_puts(out, "error: out of memory\n");
}

static json_t *json_one(const struct mw_diags *d, const struct mw_diag *e)
{
	const struct mw_source *s = source_of(d, e->place);
	json_t *o = json_object();

	/* *_new() takes the value also when it is NULL and then fails; one failure is enough to drop the object. */
	if (json_object_set_new(o, "file", s ? json_string(s->shown) : json_null()) < 0 ||
	    json_object_set_new(o, "line", json_integer(s ? e->place.line : 0)) < 0 ||
	    json_object_set_new(o, "column", json_integer(s ? e->place.column : 0)) < 0 ||
	    json_object_set_new(o, "length", json_integer(s ? e->place.length : 0)) < 0 ||
	    json_object_set_new(o, "severity", json_string(e->severity == MW_DIAG_ERROR ? "error" : "warning")) < 0 ||
	    json_object_set_new(o, "text", json_string(e->text)) < 0 ||
	    json_object_set_new(o, "hint", e->hint ? json_string(e->hint) : json_null()) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static void print_json_one(const struct mw_diags *d, const struct mw_diag *e, struct mw_buf *out)
{
	json_t *o = json_one(d, e);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	if (text)
		mw_buf_printf(out, "%s\n", text);
	else
		out->failed = true;
	free(text);
	json_decref(o);
}

void mw_diags_print_json(const struct mw_diags *d, struct mw_buf *out)
{
	const struct mw_diag *order[MW_DIAGS_MAX];
	size_t n = sorted(d, order);

	for (size_t i = 0; i < n; i++)
		print_json_one(d, order[i], out);
}
