/* SPDX-License-Identifier: Apache-2.0 */
/* media: values with parameters (RFC 2045 5.1), and what RFC 2231 makes of them. */
#include "entity.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct scan {
	struct mw_str s;
	char *room; /* where the next text goes */
	size_t left;
};

/* One parameter as it is written: name, section (-1: none), and whether %XX stand in it. */
struct piece {
	const char *name;
	char *value;
	int section;
	bool encoded;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and comments. False: a comment is not closed. */
static bool skip_space(struct scan *s)
{
	size_t depth = 0;

	while (s->s.n && (depth || is_blank(*s->s.p) || *s->s.p == '(')) {
		if (*s->s.p == '\\' && s->s.n > 1) {
			s->s.p++;
			s->s.n--;
		} else if (*s->s.p == '(') {
			depth++;
		} else if (*s->s.p == ')') {
			depth--;
		}
		s->s.p++;
		s->s.n--;
	}
	return depth == 0;
}

static bool is_token(char c)
{
	return c > ' ' && c <= '~' && !strchr("()<>@,;:\\\"/[]?=", c);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static int keep(struct scan *s, char c)
{
	if (s->left == 0)
		return -E2BIG;
	*s->room++ = c;
	s->left--;
	return 0;
}

/* A token into the room. small: in lower case; slash: a '/' may stand in it. */
static int take_token(struct scan *s, bool small, bool slash)
{
	size_t n = 0;
	int r = 0;

	while (r == 0 && n < s->s.n && (is_token(s->s.p[n]) || (slash && s->s.p[n] == '/'))) {
		r = keep(s, small ? lower(s->s.p[n]) : s->s.p[n]);
		n++;
	}
	s->s.p += n;
	s->s.n -= n;
	if (r == 0 && n == 0)
		return -EBADMSG;
	return r == 0 ? keep(s, '\0') : r;
}

/* Behind the opening quote. */
static int take_quoted(struct scan *s)
{
	int r = 0;

	while (r == 0 && s->s.n && *s->s.p != '"') {
		bool escape = *s->s.p == '\\' && s->s.n > 1;

		s->s.p += escape;
		s->s.n -= escape;
		if (*s->s.p == '\0')
			return -EBADMSG;
		if (*s->s.p != '\r' && *s->s.p != '\n') /* a fold */
			r = keep(s, *s->s.p);
		s->s.p++;
		s->s.n--;
	}
	if (r < 0 || s->s.n == 0)
		return r < 0 ? r : -EBADMSG;
	s->s.p++;
	s->s.n--;
	return keep(s, '\0');
}

static int take_value(struct scan *s)
{
	if (s->s.n && *s->s.p == '"') {
		s->s.p++;
		s->s.n--;
		return take_quoted(s);
	}
	return take_token(s, false, true); /* a '/' without quotes is often seen */
}

/* "name*1*" -> name, 1, encoded. */
static int split_name(char *name, struct piece *piece)
{
	size_t n = strlen(name);
	char *star;

	piece->name = name;
	piece->section = -1;
	if (n && name[n - 1] == '*') {
		piece->encoded = true;
		name[--n] = '\0';
	}
	star = strchr(name, '*');
	if (!star)
		return n ? 0 : -EBADMSG;
	*star++ = '\0';
	if (*star < '0' || *star > '9' || (star[0] == '0' && star[1]) || strspn(star, "0123456789") != strlen(star) ||
	    strlen(star) > 2)
		return -EBADMSG;
	piece->section = star[0] - '0';
	if (star[1])
		piece->section = piece->section * 10 + star[1] - '0';
	return *name ? 0 : -EBADMSG;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* charset'language'%XX… in place; only the first section has the charset. */
static int decode_value(struct piece *piece)
{
	char *from = piece->value, *to = piece->value;

	if (!piece->encoded)
		return 0;
	if (piece->section <= 0) {
		char *quote = strchr(from, '\'');

		quote = quote ? strchr(quote + 1, '\'') : NULL;
		if (!quote)
			return -EBADMSG;
		from = quote + 1;
	}
	while (*from) {
		bool escape = *from == '%';
		int high = escape ? hex(from[1]) : -1, low = high >= 0 ? hex(from[2]) : -1;

		if (escape && low < 0)
			return -EBADMSG;
		*to = escape ? (char)(high << 4 | low) : *from;
		if (*to++ == '\0')
			return -EBADMSG;
		from += escape ? 3 : 1;
	}
	*to = '\0';
	return 0;
}

static int take_piece(struct scan *s, struct piece *piece)
{
	char *name = s->room;
	int r = take_token(s, true, false);

	if (r == 0)
		r = split_name(name, piece);
	if (r < 0 || !skip_space(s) || s->s.n == 0 || *s->s.p != '=')
		return r < 0 ? r : -EBADMSG;
	s->s.p++;
	s->s.n--;
	if (!skip_space(s))
		return -EBADMSG;
	piece->value = s->room;
	r = take_value(s);
	return r == 0 ? decode_value(piece) : r;
}

/* The pieces of one parameter in the order of their sections, which must be whole. */
static int join(struct scan *s, const struct piece *piece, size_t n, const char *name, const char **value)
{
	size_t same = 0, used = 0;

	for (size_t i = 0; i < n; i++)
		same += strcmp(piece[i].name, name) == 0;
	if (same == 1) {
		for (size_t i = 0; i < n; i++)
			if (strcmp(piece[i].name, name) == 0 && piece[i].section <= 0) {
				*value = piece[i].value;
				return 0;
			}
		return -EBADMSG;
	}
	*value = s->room;
	for (int section = 0; used < same; section++) {
		size_t before = used;

		for (size_t i = 0; i < n; i++) {
			if (strcmp(piece[i].name, name) != 0 || piece[i].section != section)
				continue;
			used++;
			for (const char *p = piece[i].value; *p; p++)
				if (keep(s, *p) < 0)
					return -E2BIG;
		}
		if (used != before + 1)
			return -EBADMSG; /* twice, or missing */
	}
	return keep(s, '\0');
}

static int take_params(struct scan *s, struct piece *piece, size_t *n)
{
	int r = 0;

	while (r == 0) {
		if (!skip_space(s))
			return -EBADMSG;
		if (s->s.n == 0)
			return 0;
		if (*s->s.p != ';')
			return -EBADMSG;
		while (s->s.n && (*s->s.p == ';' || is_blank(*s->s.p))) { /* a ';' at the end is often seen */
			s->s.p++;
			s->s.n--;
		}
		if (!skip_space(s))
			return -EBADMSG;
		if (s->s.n == 0)
			return 0;
		if (*n == ENTITY_PARAMS)
			return -E2BIG;
		piece[*n] = (struct piece){.name = NULL};
		r = take_piece(s, &piece[*n]);
		*n += r == 0;
	}
	return r;
}

int entity_media(struct mw_str value, struct entity_media *m)
{
	struct scan s = {.s = value, .room = m->room, .left = sizeof(m->room)};
	struct piece piece[ENTITY_PARAMS];
	size_t n = 0;
	int r;

	m->type = m->room;
	m->params = 0;
	if (!skip_space(&s))
		return -EBADMSG;
	r = take_token(&s, true, true);
	if (r == 0)
		r = take_params(&s, piece, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (entity_param(m, piece[i].name))
			continue;
		m->param[m->params].name = piece[i].name;
		r = join(&s, piece, n, piece[i].name, &m->param[m->params].value);
		m->params += r == 0;
	}
	return r;
}

const char *entity_param(const struct entity_media *m, const char *name)
{
	for (size_t i = 0; i < m->params; i++)
		if (strcasecmp(m->param[i].name, name) == 0)
			return m->param[i].value;
	return NULL;
}
