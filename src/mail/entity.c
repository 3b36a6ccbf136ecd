/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/entity.h"

#include <errno.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/header.h"
#include "mail/mime.h"

/* Longer values of Content-Type and Content-Disposition are cut: what parses parameters need not be linear. */
#define VALUE_MAX 16384u

/* Fields of MIME itself, which programs write; what they carry for a person is the file name. */
static const char *const mime_fields[] = {
	"content-type", "content-transfer-encoding", "content-disposition", "content-id", "content-language", "content-length",
	"content-md5",	"mime-version",		     "x-attachment-id",
};

struct fields {
	struct mw_str type, transfer, disposition;
	bool has_type, has_transfer, has_disposition, twofold;
};

/* The first field counts, as for nearly all readers; a second that differs is remembered. */
static void take(struct fields *f, bool *has, struct mw_str *value, struct mw_str found)
{
	found = mw_str_trim(found);
	if (*has && !mw_str_casesame(*value, found))
		f->twofold = true;
	if (!*has)
		*value = found;
	*has = true;
}

static struct fields find_fields(struct mw_str header)
{
	struct fields f = {0};
	struct mw_field field;

	while (mw_header_next(&header, &field)) {
		if (mw_str_caseeq(field.name, "content-type"))
			take(&f, &f.has_type, &f.type, field.value);
		else if (mw_str_caseeq(field.name, "content-transfer-encoding"))
			take(&f, &f.has_transfer, &f.transfer, field.value);
		else if (mw_str_caseeq(field.name, "content-disposition"))
			take(&f, &f.has_disposition, &f.disposition, field.value);
	}
	return f;
}

static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static size_t token_length(struct mw_str s)
{
	size_t n = 0;

	while (n < s.n && is_token(s.p[n]))
		n++;
	return n;
}

static const char *lower_copy(struct mw_arena *a, const char *p, size_t n)
{
	char *s;

	if (n == 0)
		return "";
	s = mw_arena_dup(a, p, n);
	for (size_t i = 0; s && i < n; i++)
		s[i] = mw_lower(s[i]);
	return s;
}

/* "type/subtype", or dflt when it is none: a label that says nothing says text. */
static const char *read_type(struct mw_arena *a, struct mw_str value, const char *dflt)
{
	size_t n = token_length(value), sub;

	if (n == 0 || n == value.n || value.p[n] != '/')
		return dflt;
	sub = token_length((struct mw_str){.p = value.p + n + 1, .n = value.n - n - 1});
	return sub ? lower_copy(a, value.p, n + 1 + sub) : dflt;
}

/* A C string on one line for GMime: valid UTF-8, because it drops other octets, and no NUL, CR or LF. */
static char *one_line(struct mw_arena *a, struct mw_str s)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	char *line = NULL;
	bool guessed;
	size_t n = 0;

	if (s.n > VALUE_MAX)
		s.n = VALUE_MAX;
	if (mw_charset_to_utf8(s, "", &utf8, &guessed) == 0)
		line = mw_arena_dup(a, mw_buf_text(&utf8), utf8.n);
	for (size_t i = 0; line && i < utf8.n; i++)
		if (line[i] != '\r' && line[i] != '\n')
			line[n++] = line[i];
	if (line)
		line[n] = '\0';
	mw_buf_free(&utf8);
	return line;
}

/* Parameters behind the first ';'. *ret NULL = none. The caller unrefs. */
static int read_params(struct mw_arena *a, struct mw_str value, GMimeParamList **ret)
{
	const char *semicolon = value.n ? memchr(value.p, ';', value.n) : NULL;
	char *line;

	*ret = NULL;
	if (!semicolon)
		return 0;
	semicolon++;
	line = one_line(a, (struct mw_str){.p = semicolon, .n = value.n - (size_t)(semicolon - value.p)});
	if (!line)
		return -ENOMEM;
	*ret = g_mime_param_list_parse(NULL, line);
	return 0;
}

/* A parameter as valid UTF-8, "" when there is none; NULL = no memory. */
static const char *param(struct mw_arena *a, GMimeParamList *list, const char *name)
{
	GMimeParam *p = list ? g_mime_param_list_get_parameter(list, name) : NULL;
	const char *value = p ? g_mime_param_get_value(p) : NULL;
	struct mw_buf utf8 = MW_BUF_INIT;
	const char *ret = NULL;
	bool guessed;

	if (!value)
		return "";
	if (g_utf8_validate(value, -1, NULL))
		return mw_arena_str(a, value);
	if (mw_charset_to_utf8(mw_str(value), "", &utf8, &guessed) == 0)
		ret = mw_arena_str(a, mw_buf_text(&utf8));
	mw_buf_free(&utf8);
	return ret;
}

/* White space at the end of a boundary is not part of it (RFC 2046 5.1.1). */
static const char *read_boundary(struct mw_arena *a, GMimeParamList *list)
{
	const char *value = param(a, list, "boundary");
	struct mw_str s = mw_str(value);

	if (!value)
		return NULL;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s.n ? mw_arena_dup(a, s.p, s.n) : "";
}

static int read_content_type(struct mw_arena *a, struct mw_str value, const char *dflt, struct mw_entity *e)
{
	GMimeParamList *list;
	const char *charset;
	int r = read_params(a, value, &list);

	if (r < 0)
		return r;
	e->type = read_type(a, value, dflt);
	charset = param(a, list, "charset");
	e->charset = charset ? lower_copy(a, charset, strlen(charset)) : NULL;
	e->boundary = read_boundary(a, list);
	e->name = param(a, list, "name");
	if (list)
		g_object_unref(list);
	return e->type && e->charset && e->boundary && e->name ? 0 : -ENOMEM;
}

static int read_disposition(struct mw_arena *a, struct mw_str value, struct mw_entity *e)
{
	size_t n = token_length(value);
	GMimeParamList *list;
	const char *name;
	int r = read_params(a, value, &list);

	if (r < 0)
		return r;
	e->attachment = n && !mw_str_caseeq((struct mw_str){.p = value.p, .n = n}, "inline");
	name = param(a, list, "filename");
	if (list)
		g_object_unref(list);
	if (!name)
		return -ENOMEM;
	if (*name)
		e->name = name;
	return 0;
}

static bool is_mime_field(struct mw_str name)
{
	for (size_t i = 0; i < sizeof(mime_fields) / sizeof(mime_fields[0]); i++)
		if (mw_str_caseeq(name, mime_fields[i]))
			return true;
	return false;
}

static int read_text(struct mw_arena *a, struct mw_str header, bool part, struct mw_entity *e)
{
	struct mw_buf text = MW_BUF_INIT;
	struct mw_field f;
	int r = 0;

	if (*e->name) {
		mw_buf_puts(&text, e->name);
		mw_buf_putc(&text, '\n');
	}
	while (part && r == 0 && mw_header_next(&header, &f)) {
		const char *value;

		if (is_mime_field(f.name) || mw_str_trim(f.value).n == 0)
			continue;
		value = mw_header_decode(a, f.value);
		mw_buf_add(&text, f.name.p, f.name.n);
		mw_buf_puts(&text, ": ");
		mw_buf_puts(&text, value ? value : "");
		mw_buf_putc(&text, '\n');
		r = value ? 0 : -ENOMEM;
	}
	e->text = text.n ? mw_arena_dup(a, text.p, text.n) : "";
	if (!mw_buf_ok(&text) || !e->text)
		r = -ENOMEM;
	mw_buf_free(&text);
	return r;
}

int mw_entity_read(struct mw_arena *a, struct mw_str header, bool part, const char *dflt, struct mw_entity *ret)
{
	struct fields f = find_fields(header);
	struct mw_entity e = {.twofold = f.twofold, .transfer = mw_transfer_by_name(f.transfer)};
	int r = read_content_type(a, f.type, dflt, &e);

	if (r == 0)
		r = read_disposition(a, f.disposition, &e);
	if (r == 0)
		r = read_text(a, header, part, &e);
	if (r == 0)
		*ret = e;
	return r;
}
