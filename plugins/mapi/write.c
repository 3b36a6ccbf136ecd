/* SPDX-License-Identifier: Apache-2.0 */
#include "write.h"

#include "codepage.h"
#include "label.h"
#include "lzfu.h"
#include "runs.h"
#include "when.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 512u /* octets of a value that is kept */
#define LARGE 65536u  /* octets that nobody knows become a file from here on */

void mapi_begin(struct mapi_work *w, const struct mw_host *host, struct mw_sink *sink, const char *folder, const char *charset)
{
	*w = (struct mapi_work){.host = host, .sink = sink, .folder = folder, .charset = charset, .html_charset = ""};
}

void mapi_end(struct mapi_work *w)
{
	for (size_t i = 0; i < w->kept; i++) {
		explicit_bzero(w->value[i].p, w->value[i].n);
		free(w->value[i].p);
	}
	w->kept = 0;
}

/* ---- what a property is --------------------------------------------------------------------------------------------------------- */

static bool is_body(enum mapi_scope scope, const struct mapi_prop *p)
{
	if (scope != MAPI_MESSAGE)
		return false;
	switch (p->id) {
	case MAPI_BODY:
	case MAPI_HEADER:
		return mapi_is_string(p);
	case MAPI_HTML:
		return mapi_is_string(p) || p->type == MAPI_BINARY;
	case MAPI_RTF:
		return p->type == MAPI_BINARY;
	default:
		return false;
	}
}

/* An attachment's own octets are the module's business. */
static bool is_content(enum mapi_scope scope, const struct mapi_prop *p)
{
	return scope == MAPI_ATTACHMENT && p->id == MAPI_ATTACH_DATA && (p->type == MAPI_BINARY || p->type == MAPI_OBJECT);
}

static bool is_octets(const struct mapi_prop *p)
{
	return p->type == MAPI_BINARY || p->type == MAPI_OBJECT;
}

static bool is_number(const struct mapi_prop *p)
{
	return p->type == MAPI_I2 || p->type == MAPI_I4 || p->type == MAPI_I8 || p->type == MAPI_R4 || p->type == MAPI_R8 ||
	       p->type == MAPI_CURRENCY;
}

/* A line of its own that a reader sees? Numbers and times without a label are for programs. */
static bool is_seen(enum mapi_scope scope, const struct mapi_prop *p)
{
	if (mapi_label(scope, p))
		return mapi_is_string(p) || is_octets(p) || p->type == MAPI_TIME || is_number(p);
	return mapi_is_user_field(p) && (mapi_is_string(p) || p->type == MAPI_TIME || is_number(p) || p->type == MAPI_BOOL);
}

bool mapi_wants(const struct mapi_work *w, enum mapi_scope scope, const struct mapi_prop *p)
{
	switch (w->phase) {
	case MAPI_SCAN:
		return scope == MAPI_MESSAGE && (p->id == MAPI_CLASS || !(mapi_is_string(p) || is_octets(p)));
	case MAPI_SEEN:
		return is_seen(scope, p);
	case MAPI_HIDDEN:
		return (mapi_is_string(p) || is_octets(p)) && !is_seen(scope, p) && !is_body(scope, p) && !is_content(scope, p);
	case MAPI_FILES:
		return is_body(scope, p) || (is_octets(p) && p->value.n >= LARGE && !is_content(scope, p));
	}
	return false;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------------- */

/* The octets of a string without the NULs at its end. */
static struct mw_str trimmed(const struct mapi_prop *p)
{
	struct mw_str s = p->value;

	if (p->type == MAPI_UNICODE)
		while (s.n >= 2 && s.p[s.n - 1] == '\0' && s.p[s.n - 2] == '\0' && s.n % 2 == 0)
			s.n -= 2;
	else
		while (s.n && s.p[s.n - 1] == '\0')
			s.n--;
	return s;
}

static bool is_kept(const struct mapi_work *w, const char *label, const char *p, size_t n)
{
	for (size_t i = 0; i < w->kept; i++)
		if (w->value[i].n == n && (w->hidden || w->value[i].label == label) && memcmp(w->value[i].p, p, n) == 0)
			return true;
	return false;
}

/* What cannot be kept will be written again, which is no failure. */
static void keep(struct mapi_work *w, const char *label, const char *p, size_t n)
{
	char *copy = w->kept < MAPI_KEPT && n && n <= KEPT_MAX ? malloc(n) : NULL;

	if (!copy)
		return;
	memcpy(copy, p, n);
	w->value[w->kept++] = (struct mapi_kept){.label = label, .p = copy, .n = n};
}

static int put(struct mapi_work *w, const char *p, size_t n)
{
	w->text = w->text || n;
	return w->host->sink_text(w->sink, p, n);
}

static int divide(struct mapi_work *w)
{
	return w->text ? put(w, "\f\n", 2) : 0;
}

/* In front of a line: hidden text is behind a form feed, and so are recipients and attachments. */
static int line_begin(struct mapi_work *w, enum mapi_scope scope)
{
	bool hide = w->phase == MAPI_HIDDEN && !w->hidden;
	int r = hide || scope != w->scope ? divide(w) : 0;

	w->scope = scope;
	if (r == 0 && hide) {
		w->hidden = true;
		r = w->host->sink_hidden(w->sink);
	}
	return r;
}

/* The end of a line is LF, however the property has it. */
static int put_lines(struct mapi_work *w, const char *p, size_t n)
{
	size_t from = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (p[i] == '\r') {
			r = put(w, p + from, i - from);
			if (r == 0 && (i + 1 == n || p[i + 1] != '\n'))
				r = put(w, "\n", 1);
			from = i + 1;
		}
	return r == 0 ? put(w, p + from, n - from) : r;
}

struct line {
	struct mapi_work *w;
	enum mapi_scope scope;
	const char *label; /* NULL: the value alone */
	struct mw_str own; /* a label in UTF-8 */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Called with the value in UTF-8. */
static int put_line(void *ctx, const char *p, size_t n)
{
	struct line *l = ctx;
	int r;

	while (n && is_blank(p[n - 1]))
		n--;
	if (n == 0 || (!l->own.n && is_kept(l->w, l->label, p, n))) /* beside another name it means something else */
		return 0;
	keep(l->w, l->label, p, n);
	r = line_begin(l->w, l->scope);
	if (r == 0 && l->label)
		r = put(l->w, l->label, strlen(l->label));
	if (r == 0 && l->own.n)
		r = put_lines(l->w, l->own.p, l->own.n);
	if (r == 0 && (l->label || l->own.n))
		r = put(l->w, ": ", 2);
	if (r == 0)
		r = put_lines(l->w, p, n);
	return r == 0 ? put(l->w, "\n", 1) : r;
}

static int number_text(const struct mapi_prop *p, char *to, size_t size)
{
	const char *v = p->value.p;
	uint32_t u32 = p->value.n >= 4 ? mapi_u32(v) : 0;
	uint64_t u64 = p->value.n >= 8 ? mapi_u64(v) : 0;
	float single;
	double real;

	if (p->id == MAPI_GENDER)
		return snprintf(to, size, "%s", mapi_u16(v) == 1 ? "female" : mapi_u16(v) == 2 ? "male" : "");
	switch (p->type) {
	case MAPI_BOOL:
		return snprintf(to, size, "%s", mapi_u16(v) ? "yes" : "no");
	case MAPI_I2:
		return snprintf(to, size, "%d", (int)(int16_t)mapi_u16(v));
	case MAPI_I4:
		return snprintf(to, size, "%ld", (long)(int32_t)u32);
	case MAPI_I8:
		return snprintf(to, size, "%lld", (long long)(int64_t)u64);
	case MAPI_CURRENCY:
		return snprintf(to, size, "%.4f", (double)(int64_t)u64 / 10000);
	case MAPI_R4:
		memcpy(&single, &u32, sizeof(single));
		return snprintf(to, size, "%.7g", (double)single);
	default:
		memcpy(&real, &u64, sizeof(real));
		return snprintf(to, size, "%.15g", real);
	}
}

static int put_value(struct line *l, const struct mapi_prop *p)
{
	char text[400]; /* the largest double has 309 digits before the point */
	int n;

	if (mapi_is_string(p))
		return l->w->host->to_utf8(trimmed(p), p->type == MAPI_UNICODE ? "utf-16le" : l->w->charset, put_line, l);
	if (p->value.n < 2)
		return 0;
	if (p->type == MAPI_TIME)
		return p->value.n >= 8 && mapi_when(mapi_u64(p->value.p), text) ? put_line(l, text, strlen(text)) : 0;
	n = number_text(p, text, sizeof(text));
	return n > 0 && (size_t)n < sizeof(text) ? put_line(l, text, (size_t)n) : 0;
}

struct named {
	struct line *l;
	const struct mapi_prop *p;
};

/* Called with the property's own name in UTF-8. */
static int put_named(void *ctx, const char *p, size_t n)
{
	struct named *named = ctx;

	named->l->own = (struct mw_str){.p = p, .n = n};
	return put_value(named->l, named->p);
}

static int write_value(struct mapi_work *w, enum mapi_scope scope, const struct mapi_prop *p)
{
	struct line l = {.w = w, .scope = scope, .label = w->phase == MAPI_SEEN ? mapi_label(scope, p) : NULL};
	struct named named = {.l = &l, .p = p};

	return p->name.n && !l.label ? w->host->to_utf8(p->name, "utf-16le", put_named, &named) : put_value(&l, p);
}

/* A run of letters, which comes in pieces, and "\n" behind it. */
struct runs {
	struct line line;
	char p[KEPT_MAX];
	size_t n;
	bool long_one; /* its beginning is written already */
};

static int run_spill(struct runs *runs)
{
	int r = runs->long_one ? 0 : line_begin(runs->line.w, runs->line.scope);

	runs->long_one = true;
	if (r == 0)
		r = put(runs->line.w, runs->p, runs->n);
	runs->n = 0;
	return r;
}

static int put_run(void *ctx, const char *p, size_t n)
{
	struct runs *runs = ctx;
	int r = 0;

	if (n == 1 && *p == '\n') {
		r = runs->long_one ? put(runs->line.w, p, n) : put_line(&runs->line, runs->p, runs->n);
		runs->n = 0;
		runs->long_one = false;
		return r;
	}
	if (n > KEPT_MAX - runs->n)
		r = run_spill(runs);
	if (runs->long_one)
		return r == 0 ? put(runs->line.w, p, n) : r;
	memcpy(runs->p + runs->n, p, n);
	runs->n += n;
	return 0;
}

static int write_text(struct mapi_work *w, enum mapi_scope scope, const struct mapi_prop *p)
{
	struct runs runs = {.line = {.w = w, .scope = scope, .label = w->phase == MAPI_SEEN ? mapi_label(scope, p) : NULL}};

	return is_octets(p) ? mapi_runs(p->value, put_run, &runs) : write_value(w, scope, p);
}

/* ---- members -------------------------------------------------------------------------------------------------------------------- */

static int put_member(void *ctx, const char *p, size_t n)
{
	struct mapi_work *w = ctx;

	return w->host->member_data(w->sink, p, n);
}

static int member_begin(struct mapi_work *w, const char *name, const char *type, const char *charset, size_t packed, bool body)
{
	char path[MAPI_FOLDER_MAX + 32]; /* names are ours */
	int n = snprintf(path, sizeof(path), "%s%s", w->folder, name);
	const struct mw_member m = {.name = {.p = path, .n = n > 0 ? (size_t)n : 0},
				    .type = type,
				    .charset = charset,
				    .packed = packed,
				    .flags = body ? MW_MEMBER_BODY : 0};

	return n > 0 && (size_t)n < sizeof(path) ? w->host->member(w->sink, &m) : -EIO;
}

static int write_octets(struct mapi_work *w, const char *name, const char *type, const char *charset, struct mw_str s, bool body)
{
	int r = s.n ? member_begin(w, name, type, charset, s.n, body) : 1;

	if (r == 0)
		r = w->host->member_data(w->sink, s.p, s.n);
	if (r == 0)
		r = w->host->member_end(w->sink, NULL);
	return r < 0 ? r : 0;
}

static int write_rtf(struct mapi_work *w, struct mw_str s)
{
	bool whole = false;
	int r = s.n ? member_begin(w, "body.rtf", "application/rtf", "", s.n, true) : 1;

	if (r != 0)
		return r < 0 ? r : 0;
	r = mapi_lzfu(s, put_member, w, &whole);
	if (r == -EBADMSG)
		r = w->host->member_data(w->sink, s.p, s.n);
	return r == 0 ? w->host->member_end(w->sink, whole ? NULL : "damaged") : r;
}

static int write_file(struct mapi_work *w, enum mapi_scope scope, const struct mapi_prop *p)
{
	const char *charset = p->type == MAPI_UNICODE ? "utf-16le" : w->charset;
	char name[32];

	if (is_body(scope, p)) {
		switch (p->id) {
		case MAPI_BODY:
			return write_octets(w, "body.txt", "text/plain", charset, trimmed(p), true);
		case MAPI_HEADER:
			return write_octets(w, "header.txt", "text/rfc822-headers", charset, trimmed(p), false);
		case MAPI_HTML:
			return write_octets(w, "body.html", "text/html", p->type == MAPI_BINARY ? w->html_charset : charset,
					    trimmed(p), true);
		default:
			return write_rtf(w, p->value);
		}
	}
	(void)snprintf(name, sizeof(name), "property-%04x", p->id);
	return write_octets(w, name, "", "", p->value, false);
}

/* ---- phases --------------------------------------------------------------------------------------------------------------------- */

static int class_read(void *ctx, const char *p, size_t n)
{
	static const char smime[] = "ipm.note.smime";
	struct mapi_work *w = ctx;
	size_t i = 0;

	while (i < n && i < sizeof(smime) - 1 && (p[i] | 0x20) == (smime[i] | 0x20))
		i++;
	w->smime = w->smime || i == sizeof(smime) - 1; /* a message may have its class twice */
	return 0;
}

static int scan(struct mapi_work *w, const struct mapi_prop *p)
{
	const char *charset = p->type == MAPI_I4 && p->value.n >= 4 ? mapi_charset(mapi_u32(p->value.p)) : "";

	if (p->id == MAPI_CLASS && mapi_is_string(p))
		return w->host->to_utf8(trimmed(p), p->type == MAPI_UNICODE ? "utf-16le" : "", class_read, w);
	/* UTF-16 cannot be what strings of octets are in. */
	if (p->id == MAPI_MESSAGE_CODEPAGE && *charset && strncmp(charset, "utf-16", 6) != 0)
		w->charset = charset;
	if (p->id == MAPI_INTERNET_CPID)
		w->html_charset = charset;
	return 0;
}

int mapi_property(struct mapi_work *w, enum mapi_scope scope, const struct mapi_prop *p)
{
	if (!mapi_wants(w, scope, p))
		return 0;
	switch (w->phase) {
	case MAPI_SCAN:
		return scan(w, p);
	case MAPI_SEEN:
	case MAPI_HIDDEN:
		return write_text(w, scope, p);
	case MAPI_FILES:
		return write_file(w, scope, p);
	}
	return 0;
}
