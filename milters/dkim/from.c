/* SPDX-License-Identifier: Apache-2.0 */
#include "from.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum token { END, WORD, QUOTED, DOT, AT, LT, GT, COMMA, OTHER, BAD };

struct scanner {
	const char *p;
	size_t n, at;
	const char *text; /* of WORD and QUOTED */
	size_t length;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Characters of a word: atext of RFC 5322, and octets above ASCII (RFC 6532). */
static bool is_word(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && !strchr("()<>[]:;@\\,.\"", c);
}

/* Behind a comment, which may nest; false when it is not closed. */
static bool skip_comment(struct scanner *s)
{
	size_t depth = 0;

	for (; s->at < s->n; s->at++) {
		char c = s->p[s->at];

		if (c == '\\')
			s->at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	return s->at++ < s->n;
}

static enum token quoted(struct scanner *s)
{
	size_t begin = ++s->at;

	for (; s->at < s->n && s->p[s->at] != '"'; s->at++)
		if (s->p[s->at] == '\\')
			s->at++;
	if (s->at >= s->n)
		return BAD;
	s->text = s->p + begin;
	s->length = s->at++ - begin;
	return QUOTED;
}

static enum token special(char c)
{
	switch (c) {
	case '.':
		return DOT;
	case '@':
		return AT;
	case '<':
		return LT;
	case '>':
		return GT;
	case ',':
		return COMMA;
	case '[':
	case ']':
		return OTHER;
	default:
		return BAD; /* groups, stray quoting, controls */
	}
}

static enum token next(struct scanner *s)
{
	for (;;) {
		while (s->at < s->n && is_space(s->p[s->at]))
			s->at++;
		if (s->at >= s->n)
			return END;
		if (s->p[s->at] != '(')
			break;
		if (!skip_comment(s))
			return BAD;
	}
	if (s->p[s->at] == '"')
		return quoted(s);
	if (is_word(s->p[s->at])) {
		s->text = s->p + s->at;
		while (s->at < s->n && is_word(s->p[s->at]))
			s->at++;
		s->length = (size_t)(s->p + s->at - s->text);
		return WORD;
	}
	return special(s->p[s->at++]);
}

/* An address as it grows: word (dot word)* at word (dot word)*. */
struct builder {
	struct mw_dkim_from from;
	size_t local, domain;
	bool in_domain, want_word, broken, any;
};

static void builder_reset(struct builder *b)
{
	memset(b, 0, sizeof(*b));
	b->want_word = true;
}

static bool put(char *to, size_t size, size_t *n, char c)
{
	if (c == '\0' || *n + 1 >= size)
		return false;
	to[(*n)++] = c;
	return true;
}

static bool put_domain(struct builder *b, char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || (unsigned char)c >= 0x80))
		return false;
	return put(b->from.domain, sizeof(b->from.domain), &b->domain, c);
}

static bool put_word(struct builder *b, enum token t, const struct scanner *s)
{
	if (!b->want_word || (t == QUOTED && b->in_domain))
		return false;
	b->want_word = false;
	for (size_t i = 0; i < s->length; i++) {
		char c = s->text[i];

		if (t == QUOTED && c == '\\' && i + 1 < s->length)
			c = s->text[++i];
		if (t == QUOTED && (c == '\r' || c == '\n'))
			return false; /* a fold inside a quoted local part: nobody agrees on what it means */
		if (b->in_domain ? !put_domain(b, c) : !put(b->from.local, sizeof(b->from.local), &b->local, c))
			return false;
	}
	return true;
}

static void builder_add(struct builder *b, enum token t, const struct scanner *s)
{
	bool good;

	b->any = true;
	switch (t) {
	case WORD:
	case QUOTED:
		good = put_word(b, t, s);
		break;
	case DOT:
		good = !b->want_word;
		if (good && b->in_domain)
			good = put_domain(b, '.');
		else if (good)
			good = put(b->from.local, sizeof(b->from.local), &b->local, '.');
		b->want_word = true;
		break;
	case AT:
		good = !b->want_word && !b->in_domain;
		b->in_domain = b->want_word = true;
		break;
	default:
		good = false;
	}
	if (!good)
		b->broken = true;
}

static bool builder_complete(const struct builder *b)
{
	return !b->broken && b->in_domain && !b->want_word && b->local > 0 && b->domain > 0;
}

/* Behind "<": the address up to ">", and nothing but a comment before the next comma. Returns the token behind it. */
static enum token angle(struct scanner *s, struct builder *b)
{
	enum token t;

	builder_reset(b);
	while ((t = next(s)) != GT) {
		if (t == END || t == BAD || t == LT || t == COMMA)
			return BAD;
		builder_add(b, t, s);
	}
	t = next(s);
	return builder_complete(b) && (t == END || t == COMMA) ? t : BAD;
}

int mw_dkim_from_list(const char *value, size_t n, struct mw_dkim_from *ret, size_t most, size_t *mailboxes)
{
	struct scanner s = {.p = value, .n = n};
	enum token t = COMMA;

	*mailboxes = 0;
	while (t == COMMA) {
		struct builder b;

		builder_reset(&b);
		while ((t = next(&s)) != END && t != COMMA && t != LT && t != BAD && t != GT)
			builder_add(&b, t, &s);
		if (t == LT)
			t = angle(&s, &b);
		if (t != END && t != COMMA)
			return -EINVAL;
		if (!b.any)
			continue; /* an empty element of the list */
		if (!builder_complete(&b))
			return -EINVAL;
		if (*mailboxes < most)
			ret[*mailboxes] = b.from;
		++*mailboxes;
	}
	return *mailboxes ? 0 : -EINVAL;
}

int mw_dkim_from_parse(const char *value, size_t n, struct mw_dkim_from *ret)
{
	struct mw_dkim_from found;
	size_t mailboxes;
	int r = mw_dkim_from_list(value, n, &found, 1, &mailboxes);

	if (r == 0 && mailboxes == 1)
		*ret = found;
	return r == 0 && mailboxes > 1 ? -E2BIG : r;
}
