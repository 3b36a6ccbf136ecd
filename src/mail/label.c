/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/label.h"

#include <errno.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/str.h"
#include "mail/header.h"
#include "mail/mime.h"

/* What parses parameters need not be linear, so GMime sees no more than this of a value. A glance goes further. */
#define VALUE_MAX 16384u
#define PARAMS_MAX 64u
#define COMMENTS_MAX 16u
#define GLANCE_MAX 1000000u

static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t token_length(struct mw_str s)
{
	size_t n = 0;

	while (n < s.n && is_token(s.p[n]))
		n++;
	return n;
}

static const char *lower_copy(struct mw_arena *a, struct mw_str s)
{
	char *p = s.n ? mw_arena_dup(a, s.p, s.n) : NULL;

	for (size_t i = 0; p && i < s.n; i++)
		p[i] = mw_lower(p[i]);
	return s.n ? p : "";
}

/* Octets before one of the limits is reached. */
static size_t fitting(struct mw_str s)
{
	size_t params = 0, comments = 0, n = s.n < VALUE_MAX ? s.n : VALUE_MAX;

	for (size_t i = 0; i < n; i++) {
		params += s.p[i] == ';';
		comments += s.p[i] == '(';
		if (params > PARAMS_MAX || comments > COMMENTS_MAX)
			return i;
	}
	return n;
}

bool mw_label_fits(struct mw_str value)
{
	return fitting(value) == value.n;
}

/* ---- by the letter ----------------------------------------------------------------------------------------------- */

/* Octets of the comment at the start of s, 0 = it does not end. */
static size_t comment_length(struct mw_str s)
{
	size_t open = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			open++;
		else if (s.p[i] == ')' && --open == 0)
			return i + 1;
	}
	return 0;
}

/* A copy with a blank for each comment outside of quotes. A comment that does not end is none. p NULL = no memory. */
static struct mw_str without_comments(struct mw_arena *a, struct mw_str s)
{
	char *copy;
	bool quoted = false, ends = true;
	size_t n = 0;

	if (s.n > 2 * VALUE_MAX)
		s.n = 2 * VALUE_MAX; /* more is not read */
	copy = mw_arena_dup(a, s.p, s.n);

	for (size_t i = 0; copy && i < s.n; i++) {
		size_t comment = ends && !quoted && s.p[i] == '(' ? comment_length(mw_str_behind(s, i)) : 0;

		if (comment) {
			i += comment - 1;
			copy[n++] = ' ';
			continue;
		}
		if (!quoted && s.p[i] == '(')
			ends = false; /* nor will another: linear */
		if (quoted && s.p[i] == '\\' && i + 1 < s.n)
			copy[n++] = s.p[i++];
		else if (s.p[i] == '"')
			quoted = !quoted;
		copy[n++] = s.p[i];
	}
	return (struct mw_str){.p = copy, .n = n};
}

/* A C string on one line for GMime: valid UTF-8, because it drops other octets, and no NUL, CR or LF. */
static char *one_line(struct mw_arena *a, struct mw_str s)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	char *line = NULL;
	bool guessed;
	size_t n = 0;

	s.n = fitting(s);
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
	line = one_line(a, mw_str_behind(value, (size_t)(semicolon - value.p)));
	if (!line)
		return -ENOMEM;
	*ret = g_mime_param_list_parse(NULL, line);
	return 0;
}

/* A value of GMime's in valid UTF-8; NULL = no memory. */
static const char *valid(struct mw_arena *a, const char *value)
{
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

static const char *param(struct mw_arena *a, GMimeParamList *list, const char *name)
{
	GMimeParam *p = list ? g_mime_param_list_get_parameter(list, name) : NULL;

	return valid(a, p ? g_mime_param_get_value(p) : NULL);
}

const char *mw_label_param(struct mw_arena *a, struct mw_str value, const char *name)
{
	GMimeParamList *list;
	const char *ret;

	if (read_params(a, value, &list) < 0)
		return NULL;
	ret = param(a, list, name);
	if (list)
		g_object_unref(list);
	return ret;
}

/* White space at the end of a boundary is not part of it (RFC 2046 5.1.1). */
static const char *trimmed(struct mw_arena *a, const char *boundary)
{
	size_t n = strlen(boundary);

	while (n && (boundary[n - 1] == ' ' || boundary[n - 1] == '\t'))
		n--;
	return n ? mw_arena_dup(a, boundary, n) : "";
}

/* "type / subtype", or dflt when it is none: a label that says nothing says text. */
static const char *type_by_letter(struct mw_arena *a, struct mw_str value, const char *dflt)
{
	const char *joined;
	struct mw_str rest;
	size_t n, sub;

	value = mw_str_trim(value);
	n = token_length(value);
	rest = mw_str_trim(mw_str_behind(value, n));
	if (n == 0 || rest.n == 0 || rest.p[0] != '/')
		return dflt;
	rest = mw_str_trim(mw_str_behind(rest, 1));
	sub = token_length(rest);
	if (sub == 0)
		return dflt;
	joined = mw_arena_printf(a, "%.*s/%.*s", (int)n, value.p, (int)sub, rest.p);
	return joined ? lower_copy(a, mw_str(joined)) : NULL;
}

int mw_label_by_letter(struct mw_arena *a, struct mw_str type, struct mw_str transfer, const char *dflt, struct mw_label *ret)
{
	struct mw_label l = {0};
	GMimeParamList *list;
	const char *charset, *boundary, *format, *delsp;

	type = without_comments(a, type);
	transfer = without_comments(a, transfer);
	if (!type.p || !transfer.p || read_params(a, type, &list) < 0)
		return -ENOMEM;
	charset = param(a, list, "charset");
	boundary = param(a, list, "boundary");
	format = param(a, list, "format");
	delsp = param(a, list, "delsp");
	if (list)
		g_object_unref(list);
	l.type = type_by_letter(a, type, dflt);
	l.charset = charset ? lower_copy(a, mw_str_trim(mw_str(charset))) : NULL;
	l.boundary = boundary ? trimmed(a, boundary) : NULL;
	transfer = mw_str_trim(transfer);
	if (token_length(transfer) == transfer.n) /* with more than one word, most readers know nothing of it */
		l.transfer = mw_transfer_by_name(transfer);
	if (!l.type || !l.charset || !l.boundary || !format || !delsp)
		return -ENOMEM;
	l.delsp = mw_str_caseeq(mw_str(format), "flowed") && mw_str_caseeq(mw_str(delsp), "yes");
	*ret = l;
	return 0;
}

/* ---- at first glance --------------------------------------------------------------------------------------------- */

static bool begins(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && mw_lower(s.p[0]) == word[0] && mw_str_caseeq((struct mw_str){.p = s.p, .n = n}, word);
}

/* What stands behind the last "name=", up to the end of the quotes or the next blank or ';'. A C string ends at NUL. */
static struct mw_str last_value(struct mw_str s, const char *name)
{
	struct mw_str found = {.p = "", .n = 0};
	size_t n = strlen(name);

	if (s.n > GLANCE_MAX)
		s.n = GLANCE_MAX;
	for (size_t i = 0; i < s.n; i++) {
		size_t k = i + n, end;
		char quote;

		if (!begins(mw_str_behind(s, i), name) || (i && is_token(s.p[i - 1]) && s.p[i - 1] != '\''))
			continue;
		while (k < s.n && is_blank(s.p[k]))
			k++;
		if (k == s.n || s.p[k] != '=') {
			i = k - 1; /* blanks are gone over once */
			continue;
		}
		for (k++; k < s.n && is_blank(s.p[k]); k++)
			;
		quote = k < s.n && s.p[k] == '"' ? s.p[k++] : '\0';
		if (quote && s.n - k >= 2 && s.p[k] == '"' && is_token(s.p[k + 1]))
			k++; /* ""word"" */
		for (end = k;
		     end < s.n && s.p[end] && (quote ? s.p[end] != quote : !is_blank(s.p[end]) && !strchr(";\"", s.p[end]));
		     end++)
			;
		found = (struct mw_str){.p = s.p + k, .n = end - k < VALUE_MAX ? end - k : VALUE_MAX};
		i = end - 1;
	}
	return found;
}

static const char *type_at_glance(struct mw_arena *a, struct mw_str value, const char *dflt)
{
	size_t n, sub;

	value = mw_str_trim(value);
	n = token_length(value);
	sub = n < value.n && value.p[n] == '/' ? token_length(mw_str_behind(value, n + 1)) : 0;
	if (n && sub)
		return lower_copy(a, (struct mw_str){.p = value.p, .n = n + 1 + sub});
	return n == 9 && begins(value, "multipart") ? "multipart/mixed" : dflt;
}

static bool holds(struct mw_str s, const char *word)
{
	for (size_t i = 0; i < s.n; i++)
		if (begins(mw_str_behind(s, i), word))
			return true;
	return false;
}

/* Names that nobody has registered are understood too. */
static enum mw_transfer transfer_at_glance(struct mw_str s)
{
	if (holds(s, "base64") || holds(s, "base-64") || holds(s, "b64"))
		return MW_TRANSFER_BASE64;
	if (holds(s, "quoted") || mw_str_caseeq(mw_str_trim(s), "qp"))
		return MW_TRANSFER_QP;
	return holds(s, "uu") ? MW_TRANSFER_UU : MW_TRANSFER_NONE;
}

int mw_label_at_glance(struct mw_arena *a, struct mw_str type, struct mw_str transfer, const char *dflt, struct mw_label *ret)
{
	struct mw_str boundary = last_value(type, "boundary");
	struct mw_label l = {
	    .type = type_at_glance(a, type, dflt),
	    .charset = lower_copy(a, last_value(type, "charset")),
	    .boundary = boundary.n ? mw_arena_dup(a, boundary.p, boundary.n) : "",
	    .transfer = transfer_at_glance(transfer),
	    .delsp = mw_str_caseeq(last_value(type, "format"), "flowed") && mw_str_caseeq(last_value(type, "delsp"), "yes"),
	};

	if (!l.type || !l.charset || !l.boundary)
		return -ENOMEM;
	*ret = l;
	return 0;
}

bool mw_label_same(const struct mw_label *a, const struct mw_label *b)
{
	return a->transfer == b->transfer && a->delsp == b->delsp && strcmp(a->type, b->type) == 0 &&
	       strcmp(a->charset, b->charset) == 0 && strcmp(a->boundary, b->boundary) == 0;
}

/* ---- file names -------------------------------------------------------------------------------------------------- */

static struct mw_str last_line(const struct mw_buf *lines)
{
	size_t end = lines->n ? lines->n - 1 : 0, start = end;

	while (start && lines->p[start - 1] != '\n')
		start--;
	return (struct mw_str){.p = mw_buf_text(lines) + start, .n = end - start};
}

static void add_line(struct mw_buf *lines, struct mw_str text)
{
	if (text.n == 0 || mw_str_same(last_line(lines), text))
		return;
	mw_buf_add(lines, text.p, text.n);
	mw_buf_putc(lines, '\n');
}

static bool is_letter(char c)
{
	c = mw_lower(c);
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* What stands for a blank in file names: '_', '+', "%20", and between letters (never in a number) '-' and '.'. Its length or 0.
 */
static size_t joint(struct mw_str s, size_t i)
{
	char c = s.p[i];

	if (c == '%')
		return s.n - i >= 3 && s.p[i + 1] == '2' && s.p[i + 2] == '0' ? 3 : 0;
	if (c == '-')
		return i && i + 1 < s.n && is_letter(s.p[i - 1]) && is_letter(s.p[i + 1]);
	return c == '_' || c == '+';
}

static void add_name(struct mw_buf *lines, const char *name)
{
	struct mw_buf words = MW_BUF_INIT;
	struct mw_str s = mw_str(name);

	for (size_t i = 0, n; i < s.n; i += n ? n : 1) {
		n = joint(s, i);
		if (s.p[i] != '"') /* of a piece whose quotes do not end */
			mw_buf_putc(&words, n ? ' ' : s.p[i]);
	}
	if (!mw_str_same(last_line(lines), (struct mw_str){.p = mw_buf_text(&words), .n = words.n}))
		add_line(lines, s);
	add_line(lines, (struct mw_str){.p = mw_buf_text(&words), .n = words.n});
	lines->failed = lines->failed || words.failed;
	mw_buf_free(&words);
}

/* A value may be an encoded word, or have become one when its pieces were put together. */
static int add_decoded(struct mw_arena *a, struct mw_buf *lines, const char *name)
{
	const char *text = strstr(name, "=?") ? mw_header_decode(a, mw_str(name)) : name;

	if (!text)
		return -ENOMEM;
	add_name(lines, name);
	if (text != name)
		add_name(lines, text);
	return 0;
}

/* "name*=utf-8'en'a%20b" as those read it who do not mind a missing quote or charset: what "%20" stands for. */
static int add_extended(struct mw_arena *a, struct mw_str value, const char *name, struct mw_buf *lines)
{
	const char *star = mw_arena_printf(a, "%s*", name);
	struct mw_str s = star ? last_value(value, star) : MW_STR_LIT("");
	struct mw_buf octets = MW_BUF_INIT, utf8 = MW_BUF_INIT;
	bool guessed;
	int r = star ? 0 : -ENOMEM;

	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && s.n - i > 2 ? g_ascii_xdigit_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? g_ascii_xdigit_value(s.p[i + 2]) : -1;

		mw_buf_putc(&octets, low >= 0 ? (char)(high << 4 | low) : s.p[i]);
		i += low >= 0 ? 2 : 0;
	}
	if (r == 0 && s.n)
		r = mw_charset_to_utf8((struct mw_str){.p = mw_buf_text(&octets), .n = octets.n}, "", &utf8, &guessed);
	for (size_t i = 0; i < utf8.n; i++)
		if (utf8.p[i] == '\r' || utf8.p[i] == '\n')
			utf8.p[i] = ' ';
	if (r == 0 && utf8.n && strchr(utf8.p, '\'') && !strstr(mw_buf_text(lines), strrchr(utf8.p, '\'') + 1))
		add_name(lines, mw_buf_text(&utf8));
	r = r < 0 || octets.failed || !mw_buf_ok(lines) ? -ENOMEM : 0;
	mw_buf_free(&octets);
	mw_buf_free(&utf8);
	return r;
}

int mw_label_names(struct mw_arena *a, struct mw_str value, const char *name, struct mw_buf *lines)
{
	GMimeParamList *list;
	const char *text;
	int r = 0;

	if (read_params(a, value, &list) < 0)
		return -ENOMEM;
	for (int i = 0; r == 0 && list && i < g_mime_param_list_length(list); i++) {
		GMimeParam *p = g_mime_param_list_get_parameter_at(list, i);

		if (!mw_str_caseeq(mw_str(g_mime_param_get_name(p)), name))
			continue;
		text = valid(a, g_mime_param_get_value(p));
		r = text ? add_decoded(a, lines, text) : -ENOMEM;
	}
	if (list)
		g_object_unref(list);
	/* For readers that decode words in quotes, and what GMime gives up on. */
	text = r == 0 ? mw_header_decode(a, last_value(value, name)) : NULL;
	add_name(lines, text ? text : "");
	return text && mw_buf_ok(lines) ? add_extended(a, value, name, lines) : -ENOMEM;
}

const char *mw_label_name(struct mw_arena *a, struct mw_str name, const char **ret)
{
	struct mw_buf lines = MW_BUF_INIT;
	const char *text, *all = NULL;

	if (name.n > VALUE_MAX)
		name.n = VALUE_MAX;
	text = mw_header_decode(a, name);
	if (text) {
		add_name(&lines, text);
		all = mw_buf_ok(&lines) ? mw_arena_str(a, mw_buf_text(&lines)) : NULL;
	}
	mw_buf_free(&lines);
	if (all)
		*ret = text;
	return all;
}
