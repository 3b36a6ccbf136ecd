/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/header.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

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

/* "From a@b date"; ">From" where a mailer has quoted it. "From : a@b" is a field. */
/* The line ends at a bare CR too: where that is the end of all lines, the rest of the message is no part of it. */
static size_t mbox_length(struct mw_str s)
{
	size_t n = line_length(s);
	const char *cr = n ? memchr(s.p, '\r', n) : NULL;

	return cr ? (size_t)(cr - s.p) + 1 + (cr + 1 < s.p + n && cr[1] == '\n') : n;
}

void mw_header_skip_mbox(struct mw_str *raw)
{
	struct mw_str s = *raw;
	size_t colon;

	while (s.n && s.p[0] == '>')
		advance(&s, 1);
	if (name_length(*raw, &colon) == 0 && s.n >= 5 && memcmp(s.p, "From ", 5) == 0)
		advance(raw, mbox_length(*raw));
}

void mw_header_skip_line(struct mw_str *rest)
{
	advance(rest, line_length(*rest));
}

bool mw_header_next(struct mw_str *rest, struct mw_field *ret)
{
	size_t colon = 0, name = name_length(*rest, &colon), n;

	if (name == 0) {
		n = line_length(*rest);
		if (without_line_end((struct mw_str){.p = rest->p, .n = n}).n == 0)
			advance(rest, n);
		return false;
	}
	n = field_length(*rest);
	ret->name = (struct mw_str){.p = rest->p, .n = name};
	ret->value = without_line_end((struct mw_str){.p = rest->p + colon + 1, .n = n - colon - 1});
	advance(rest, n);
	return true;
}

int mw_header_parse(struct mw_arena *a, struct mw_str raw, struct mw_header *h, struct mw_str *body)
{
	struct mw_header got = {0};
	struct mw_field f;

	mw_header_skip_mbox(&raw);
	while (mw_header_next(&raw, &f)) {
		int r = append(a, &got, f.name, f.value);

		if (r < 0)
			return r;
	}
	*h = got;
	*body = raw;
	return 0;
}
