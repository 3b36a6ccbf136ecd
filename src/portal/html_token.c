/* SPDX-License-Identifier: Apache-2.0 */
#include "html_token.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
	return mw_lower(c) >= 'a' && mw_lower(c) <= 'z';
}

static struct mw_str piece(struct mw_str s, size_t from, size_t to)
{
	return (struct mw_str){.p = s.p + from, .n = to - from};
}

static size_t skip_blanks(struct mw_str s, size_t i)
{
	while (i < s.n && is_blank(s.p[i]))
		i++;
	return i;
}

/* Index of the octet at or after i; s.n = there is none. */
static size_t find(struct mw_str s, size_t i, char c)
{
	const char *mark = i < s.n ? memchr(s.p + i, c, s.n - i) : NULL;

	return mark ? (size_t)(mark - s.p) : s.n;
}

/* Index of the first octet at or after i that ends a name, or a value without quotes. */
static size_t word_end(struct mw_str s, size_t i, bool is_name)
{
	while (i < s.n && !is_blank(s.p[i]) && s.p[i] != '>' && !(is_name && (s.p[i] == '/' || s.p[i] == '=')))
		i++;
	return i;
}

static void keep_attribute(struct mw_html_token *t, struct mw_str name, struct mw_str value)
{
	if (t->attributes == MW_HTML_ATTRIBUTES)
		return;
	for (size_t i = 0; i < t->attributes; i++)
		if (mw_str_casesame(t->attribute[i].name, name))
			return;
	t->attribute[t->attributes++] = (struct mw_html_attribute){.name = name, .value = value};
}

/* One attribute at i, which is no blank; returns the index behind it, s.n when it does not end. */
static size_t read_attribute(struct mw_html_token *t, struct mw_str s, size_t i)
{
	size_t end = word_end(s, i + 1, true), start; /* "=" as first octet is one of the name */
	struct mw_str name = piece(s, i, end), value = {.p = s.p + end, .n = 0};

	i = skip_blanks(s, end);
	if (i < s.n && s.p[i] == '=') {
		start = i = skip_blanks(s, i + 1);
		if (i < s.n && (s.p[i] == '"' || s.p[i] == '\'')) {
			end = find(s, ++start, s.p[i]);
			i = end < s.n ? end + 1 : s.n;
		} else {
			i = end = word_end(s, i, false);
		}
		value = piece(s, start, end);
	}
	keep_attribute(t, name, value);
	return i;
}

/* A tag whose name begins at `at`. false: it does not end. */
static bool read_tag(struct mw_html_reader *r, struct mw_html_token *t, size_t at)
{
	struct mw_str s = r->s;
	size_t i = at;

	while (i < s.n && !is_blank(s.p[i]) && s.p[i] != '>' && s.p[i] != '/')
		i++;
	t->text = piece(s, at, i);
	t->attributes = 0;
	t->slash = false;
	while (i < s.n && s.p[i] != '>') {
		t->slash = s.p[i] == '/';
		if (is_blank(s.p[i]) || t->slash)
			i++;
		else
			i = read_attribute(t, s, i);
	}
	r->at = i < s.n ? i + 1 : s.n;
	return i < s.n;
}

/* Index behind the comment whose text begins at i. */
static size_t comment_end(struct mw_str s, size_t i)
{
	size_t start = i;

	for (i = find(s, i, '>'); i < s.n; i = find(s, i + 1, '>')) {
		const char *p = s.p + i;
		size_t n = i - start;

		if (n == 0 || (n == 1 && p[-1] == '-'))
			return i + 1; /* "<!-->", "<!--->" */
		if (n >= 2 && p[-1] == '-' && p[-2] == '-')
			return i + 1;
		if (n >= 3 && p[-1] == '!' && p[-2] == '-' && p[-3] == '-')
			return i + 1;
	}
	return s.n;
}

/* What begins with '<' at r->at and is no tag. Returns false when it is text. */
static bool skip_declaration(struct mw_html_reader *r)
{
	struct mw_str s = r->s;
	size_t i = r->at, end;
	char c = i + 1 < s.n ? s.p[i + 1] : ' ';

	if (c != '!' && c != '?' && c != '/')
		return false;
	if (c == '/' && i + 2 == s.n)
		return false;
	if (s.n - i >= 4 && memcmp(s.p + i, "<!--", 4) == 0) {
		r->at = comment_end(s, i + 4);
		return true;
	}
	end = find(s, i + 2, '>');
	r->at = end < s.n ? end + 1 : s.n;
	return true;
}

static bool is_tag(struct mw_str s, size_t i, bool *close)
{
	*close = i + 1 < s.n && s.p[i + 1] == '/';
	i += *close ? 2 : 1;
	return i < s.n && is_letter(s.p[i]);
}

enum mw_html_kind mw_html_next(struct mw_html_reader *r, struct mw_html_token *t)
{
	struct mw_str s = r->s;
	bool close;

	t->kind = MW_HTML_END;
	while (r->at < s.n) {
		size_t at = r->at, mark = find(s, at, '<');

		if (mark > at) {
			r->at = mark;
			t->text = piece(s, at, mark);
			return t->kind = MW_HTML_TEXT;
		}
		if (is_tag(s, at, &close)) {
			if (!read_tag(r, t, at + (close ? 2 : 1)))
				break;
			return t->kind = close ? MW_HTML_CLOSE : MW_HTML_OPEN;
		}
		if (!skip_declaration(r)) {
			r->at = at + 1;
			t->text = piece(s, at, at + 1);
			return t->kind = MW_HTML_TEXT;
		}
	}
	return t->kind;
}

struct mw_str mw_html_raw(struct mw_html_reader *r, struct mw_str name)
{
	struct mw_str s = r->s;
	size_t start = r->at, i = start;

	for (i = find(s, i, '<'); i < s.n; i = find(s, i + 1, '<')) {
		size_t k = i + 2 + name.n;

		if (k > s.n || s.p[i + 1] != '/' || !mw_str_casesame(piece(s, i + 2, k), name))
			continue;
		if (k == s.n || is_blank(s.p[k]) || s.p[k] == '/' || s.p[k] == '>')
			break;
	}
	r->at = i;
	return piece(s, start, i);
}

const struct mw_str *mw_html_value(const struct mw_html_token *t, const char *name)
{
	for (size_t i = 0; i < t->attributes; i++)
		if (mw_str_caseeq(t->attribute[i].name, name))
			return &t->attribute[i].value;
	return NULL;
}
