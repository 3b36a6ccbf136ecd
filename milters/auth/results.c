/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <errno.h>
#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- RFC 8601 ----------------------------------------------------------------------------------------------------------------- */

/* Behind a comment that begins at p; NULL when it does not end. */
static const char *skip_comment(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

/* [CFWS]. False: a comment that does not end. */
static bool skip_cfws(struct mw_results_reader *r)
{
	while (r->p < r->end) {
		if (is_space(*r->p)) {
			r->p++;
		} else if (*r->p == '(') {
			const char *behind = skip_comment(r->p, r->end);

			if (!behind)
				return false;
			r->p = behind;
		} else {
			break;
		}
	}
	return true;
}

static bool is_token_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

/* What more a value of a property may have: an address, a list, base64. */
static bool is_value_char(char c)
{
	return is_token_char(c) || (c && strchr("@/:=[],?<>", c)) || (unsigned char)c >= 0x80;
}

struct into {
	char *p;
	size_t n, size;
};

static void into_put(struct into *to, char c)
{
	if (to->n + 1 < to->size)
		to->p[to->n++] = c;
	to->p[to->n] = '\0';
}

static bool take_quoted(struct mw_results_reader *r, struct into *to)
{
	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == '"') {
			r->p++;
			return true;
		}
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (*r->p == '\r' || *r->p == '\n')
			continue; /* folded */
		into_put(to, *r->p);
	}
	return false;
}

/* A token, or a quoted string; unquoted and cut to size. */
static bool take_value(struct mw_results_reader *r, char *value, size_t size, bool (*is)(char))
{
	struct into to = {.p = value, .size = size};
	const char *first = r->p;

	*value = '\0';
	if (r->p < r->end && *r->p == '"') {
		if (!take_quoted(r, &to))
			return false;
		if (is == is_token_char)
			return to.n > 0;
	}
	/* RFC 8601 2.2: a local part, which may be quoted, and a domain. */
	while (r->p < r->end && is(*r->p))
		into_put(&to, *r->p++);
	return r->p > first;
}

/* "Keyword" and its like: letters, digits, hyphens. In lower case. */
static bool take_word(struct mw_results_reader *r, char word[MW_RESULTS_WORD])
{
	size_t n = 0;

	while (r->p < r->end && n + 1 < MW_RESULTS_WORD) {
		char c = lower(*r->p);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			break;
		word[n++] = c;
		r->p++;
	}
	word[n] = '\0';
	return n > 0;
}

static bool take_number(struct mw_results_reader *r, unsigned *ret)
{
	unsigned n = 0;
	size_t digits = 0;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && digits++ < 6)
		n = n * 10 + (unsigned)(*r->p++ - '0');
	*ret = n;
	return digits > 0 && digits <= 6;
}

static bool take(struct mw_results_reader *r, char c)
{
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* authserv-id [ CFWS authres-version ] */
static bool take_id(struct mw_results_reader *r, char id[MW_AUTH_NAME])
{
	unsigned version;

	if (!skip_cfws(r) || !take_value(r, id, MW_AUTH_NAME, is_token_char) || !skip_cfws(r))
		return false;
	if (r->p < r->end && *r->p >= '0' && *r->p <= '9' && (!take_number(r, &version) || version != 1 || !skip_cfws(r)))
		return false;
	return r->p == r->end || *r->p == ';';
}

int mw_results_begin(struct mw_results_reader *r, const char *value, size_t n, char id[MW_AUTH_NAME])
{
	*r = (struct mw_results_reader){.p = value, .end = value + n};
	return take_id(r, id) ? 0 : -EBADMSG;
}

int mw_results_begin_arc(struct mw_results_reader *r, const char *value, size_t n, unsigned *instance, char id[MW_AUTH_NAME])
{
	unsigned i;

	*r = (struct mw_results_reader){.p = value, .end = value + n};
	if (!skip_cfws(r) || (!take(r, 'i') && !take(r, 'I')) || !skip_cfws(r) || !take(r, '=') || !skip_cfws(r) ||
	    !take_number(r, &i) || !skip_cfws(r) || !take(r, ';') || !take_id(r, id))
		return -EBADMSG;
	*instance = i;
	return 0;
}

/* Keyword [ [CFWS] "/" [CFWS] version ] [CFWS] "=" [CFWS] Keyword */
static bool take_method(struct mw_results_reader *r, struct mw_results_item *item)
{
	item->version = 1;
	if (!take_word(r, item->method) || !skip_cfws(r))
		return false;
	if (strcmp(item->method, "none") == 0 && r->results == 0 && r->p == r->end) {
		r->none = true;
		return true;
	}
	if (take(r, '/') && (!skip_cfws(r) || !take_number(r, &item->version) || !skip_cfws(r)))
		return false;
	return take(r, '=') && skip_cfws(r) && take_word(r, item->result) && skip_cfws(r);
}

/* ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue, or reason = value, which is not kept */
static bool take_property(struct mw_results_reader *r, struct mw_results_property *ret)
{
	if (!take_word(r, ret->type) || !skip_cfws(r))
		return false;
	ret->property[0] = '\0';
	if (take(r, '.') && (!skip_cfws(r) || !take_word(r, ret->property) || !skip_cfws(r)))
		return false;
	return take(r, '=') && skip_cfws(r) && take_value(r, ret->value, sizeof(ret->value), is_value_char) && skip_cfws(r);
}

int mw_results_next(struct mw_results_reader *r, struct mw_results_item *ret)
{
	struct mw_results_item item = {.n = 0};
	struct mw_results_property one;

	if (r->p >= r->end || r->none)
		return 0;
	if (!take(r, ';') || !skip_cfws(r))
		return -EBADMSG;
	if (r->p == r->end && r->results) /* a semicolon at the end, as many write it */
		return 0;
	if (r->results >= MW_RESULTS_MOST || !take_method(r, &item))
		return -EBADMSG;
	if (r->none)
		return 0;
	r->results++;
	while (r->p < r->end && *r->p != ';') {
		if (!take_property(r, &one))
			return -EBADMSG;
		if (one.property[0] && item.n < MW_RESULTS_PROPERTIES)
			item.property[item.n++] = one;
	}
	*ret = item;
	return 1;
}

enum mw_auth_word mw_results_word(const char *result)
{
	for (int word = MW_AUTH_PASS; word <= MW_AUTH_PERMERROR; word++)
		if (strcmp(result, mw_auth_word((enum mw_auth_word)word)) == 0)
			return (enum mw_auth_word)word;
	return MW_AUTH_NONE;
}

/* ---- whose is it? ------------------------------------------------------------------------------------------------------------- */

/* A part of a name; all else ends it, or is not seen. */
static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* How a reader takes comments: as RFC 5322 says; or to the first bracket that closes. */
enum comments { NESTED, FLAT, NO_COMMENTS };

static const char *comment_end(const char *p, const char *end, enum comments comments)
{
	const char *close;

	if (comments == NESTED)
		return skip_comment(p, end);
	close = memchr(p, ')', (size_t)(end - p));
	return close ? close + 1 : NULL;
}

/* Behind all that a reader may pass over: blanks, quotes, octets that are not seen, and comments. One that does not end is none, and no
 * other is looked for. */
static const char *skip_unseen(const char *p, const char *end, enum comments *comments)
{
	while (p < end) {
		if (*comments != NO_COMMENTS && *p == '(') {
			const char *behind = comment_end(p, end, *comments);

			if (!behind)
				*comments = NO_COMMENTS;
			p = behind ? behind : p + 1;
		} else if (*p <= ' ' || *p >= 0x7f || strchr("\"\\()'<>[]", *p)) {
			p++;
		} else {
			break;
		}
	}
	return p;
}

/* Does the text at p read as the name, however it is taken apart? */
static bool reads_as(const char *p, const char *end, const char *id, enum comments comments)
{
	size_t n = strlen(id);

	while (n && id[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++) {
		p = skip_unseen(p, end, &comments);
		if (p == end || lower(*p++) != lower(id[i]))
			return false;
	}
	/* Directly behind it more of a name: another one, that begins like ours. */
	if (p < end && *p == '.')
		p++;
	return n > 0 && (p == end || !is_name_char(*p));
}

/* Is there no id, but a result at once, or nothing? */
static bool is_nameless(const char *p, const char *end)
{
	enum comments comments = NESTED;
	const char *first = p = skip_unseen(p, end, &comments);

	while (p < end && (is_name_char(*p) || *p == '.'))
		p++;
	if (p == first)
		return p == end || *p == ';' || *p == '=';
	p = skip_unseen(p, end, &comments);
	return p < end && (*p == '=' || *p == '/');
}

bool mw_results_claims(const char *value, size_t n, const char *id)
{
	struct mw_results_reader r = {.p = value, .end = value + n};
	char name[MW_AUTH_NAME];

	if (skip_cfws(&r) && take_value(&r, name, sizeof(name), is_token_char) &&
	    reads_as(name, name + strlen(name), id, NO_COMMENTS))
		return true;
	return reads_as(value, value + n, id, NESTED) || reads_as(value, value + n, id, FLAT) || is_nameless(value, value + n);
}
