/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/header.h"

#include <errno.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/mime.h"

static int append(struct mw_arena *a, struct mw_header *h, struct mw_str name, struct mw_str value)
{
	struct mw_field *v = mw_arena_grow(a, h->v, &h->cap, h->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	h->v = v;
	v[h->n++] = (struct mw_field){.name = name, .value = value};
	h->octets += (uint64_t)name.n + value.n + sizeof(":\r\n") - 1;
	return 0;
}

int mw_header_add(struct mw_arena *a, struct mw_header *h, struct mw_str name, struct mw_str value)
{
	name.p = mw_arena_dup(a, name.p, name.n);
	value.p = mw_arena_dup(a, value.p, value.n);
	if (!name.p || !value.p)
		return -ENOMEM;
	return append(a, h, name, value);
}

const struct mw_field *mw_header_find(const struct mw_header *h, const char *name, size_t *from)
{
	for (size_t i = from ? *from : 0; i < h->n; i++) {
		if (!mw_str_caseeq(h->v[i].name, name))
			continue;
		if (from)
			*from = i + 1;
		return &h->v[i];
	}
	return NULL;
}

/* Length of the line at s with its line feed. */
static size_t line_length(struct mw_str s)
{
	const char *lf = s.n ? memchr(s.p, '\n', s.n) : NULL;

	return lf ? (size_t)(lf - s.p) + 1 : s.n;
}

/* Length of the whole field at s: the line and those that continue it. */
static size_t field_length(struct mw_str s)
{
	size_t n = line_length(s);

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n += line_length((struct mw_str){.p = s.p + n, .n = s.n - n});
	return n;
}

/* Octets of a field name at the start of s, when a colon follows (blanks between are let pass, as Postfix does); 0 = no field. */
static size_t name_length(struct mw_str s, size_t *colon)
{
	size_t n = 0, i;

	while (n < s.n && s.p[n] > ' ' && s.p[n] < 0x7f && s.p[n] != ':')
		n++;
	for (i = n; i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'); i++)
		;
	if (n == 0 || i == s.n || s.p[i] != ':')
		return 0;
	*colon = i;
	return n;
}

static struct mw_str without_line_end(struct mw_str s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static void advance(struct mw_str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* "From a@b date" of an mbox; ">From" where a mailer has quoted it. */
static bool is_mbox_line(struct mw_str s)
{
	while (s.n && s.p[0] == '>')
		advance(&s, 1);
	return s.n >= 5 && memcmp(s.p, "From ", 5) == 0;
}

int mw_header_parse(struct mw_arena *a, struct mw_str raw, struct mw_header *h, struct mw_str *body)
{
	struct mw_header got = {0};
	int r;

	if (is_mbox_line(raw))
		advance(&raw, line_length(raw));
	while (raw.n) {
		size_t colon = 0, name = name_length(raw, &colon), n = line_length(raw);
		struct mw_str value;

		if (name == 0) {
			/* An empty line belongs to neither; any other line is the body's first. */
			if (without_line_end((struct mw_str){.p = raw.p, .n = n}).n == 0)
				advance(&raw, n);
			break;
		}
		n = field_length(raw);
		value = without_line_end((struct mw_str){.p = raw.p + colon + 1, .n = n - colon - 1});
		r = append(a, &got, (struct mw_str){.p = raw.p, .n = name}, value);
		if (r < 0)
			return r;
		advance(&raw, n);
	}
	*h = got;
	*body = raw;
	return 0;
}

/* One line without NUL: folds lose their line end, any other CR or LF becomes a blank. A reader sees nothing where a NUL is. */
static void unfold(struct mw_str value, struct mw_buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' || c == '\n') {
			while (i + 1 < value.n && (value.p[i + 1] == '\r' || value.p[i + 1] == '\n'))
				i++;
			if (i + 1 < value.n && (value.p[i + 1] == ' ' || value.p[i + 1] == '\t'))
				continue;
			c = ' ';
		}
		if (c)
			mw_buf_putc(out, c);
	}
}

/* GMime leaves octets of unlabelled text and of unknown charsets as they are. */
static char *as_utf8(struct mw_arena *a, struct mw_str text)
{
	struct mw_buf buf = MW_BUF_INIT;
	char *ret = NULL;
	bool guessed;

	if (g_utf8_validate(text.p, (gssize)text.n, NULL))
		return mw_arena_dup(a, text.p, text.n);
	if (mw_charset_to_utf8(text, "", &buf, &guessed) == 0)
		ret = mw_arena_dup(a, mw_buf_text(&buf), buf.n);
	mw_buf_free(&buf);
	return ret;
}

char *mw_header_decode(struct mw_arena *a, struct mw_str value)
{
	struct mw_buf line = MW_BUF_INIT;
	char *text, *ret = NULL;

	unfold(mw_str_trim(value), &line);
	if (mw_buf_ok(&line)) {
		text = g_mime_utils_header_decode_text(NULL, mw_buf_text(&line));
		ret = as_utf8(a, mw_str_trim(mw_str(text)));
		explicit_bzero(text, strlen(text));
		g_free(text);
	}
	mw_buf_free(&line);
	return ret;
}
