/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* ---- growing --------------------------------------------------------------------------------------------------------------------- */

static bool text_grow(struct text *t, size_t n)
{
	size_t cap;
	char *more;

	if (n > SIZE_MAX / 2 - t->n)
		return false;
	cap = t->cap ? t->cap : 256;
	while (cap < t->n + n)
		cap *= 2;
	more = malloc(cap);
	if (!more)
		return false;
	if (t->p) {
		memcpy(more, t->p, t->n);
		explicit_bzero(t->p, t->cap);
	}
	free(t->p);
	t->p = more;
	t->cap = cap;
	return true;
}

void text_add(struct text *t, const char *p, size_t n)
{
	if (n == 0 || t->failed)
		return;
	if (n > t->cap - t->n && !text_grow(t, n)) {
		t->failed = true;
		return;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

void text_str(struct text *t, struct mw_str s)
{
	text_add(t, s.p, s.n);
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_putu(struct text *t, uint32_t c)
{
	char out[4];
	size_t n = 0;

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	text_add(t, out, n);
}

void text_join(struct text *t, const char *separator, struct mw_str s)
{
	s = str_trim(s);
	if (s.n == 0)
		return;
	if (t->n)
		text_puts(t, separator);
	text_str(t, s);
}

void text_cut(struct text *t, size_t n)
{
	if (n < t->n) {
		explicit_bzero(t->p + n, t->n - n);
		t->n = n;
	}
}

void text_wipe(struct text *t)
{
	if (t->p)
		explicit_bzero(t->p, t->cap);
	free(t->p);
	*t = (struct text){0};
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------------------- */

bool str_is(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n == n && memcmp(s.p, word, n) == 0;
}

bool str_begins(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && memcmp(s.p, word, n) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_is_word(struct mw_str s, const char *word)
{
	if (s.n != strlen(word))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (lower(s.p[i]) != lower(word[i]))
			return false;
	return true;
}

struct mw_str str_trim(struct mw_str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s = str_from(s, 1);
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

struct mw_str str_cut(struct mw_str *rest, char separator)
{
	const char *end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
	struct mw_str piece = *rest;

	if (!end) {
		*rest = (struct mw_str){.p = NULL, .n = 0};
		return piece;
	}
	piece.n = (size_t)(end - piece.p);
	*rest = str_from(*rest, piece.n + 1);
	return piece;
}

struct mw_str str_piece(struct mw_str s, char separator, size_t i)
{
	struct mw_str piece = str_cut(&s, separator);

	while (i-- > 0) {
		if (!s.p)
			return str("");
		piece = str_cut(&s, separator);
	}
	return piece;
}

bool str_digits(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

bool str_has(struct mw_str s, const char *part)
{
	return s.n && memmem(s.p, s.n, part, strlen(part)) != NULL;
}

struct mw_str str_from(struct mw_str s, size_t at)
{
	return (struct mw_str){.p = s.p + at, .n = s.n - at};
}

struct mw_str str_first(struct mw_str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	s.n = max;
	return s;
}

bool str_utf8(struct mw_str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		size_t k = p[i] < 0x80			 ? 1
			   : p[i] >= 0xc2 && p[i] < 0xe0 ? 2
			   : p[i] >= 0xe0 && p[i] < 0xf0 ? 3
			   : p[i] >= 0xf0 && p[i] < 0xf5 ? 4
							 : 0;

		if (k == 0 || k > s.n - i || p[i] == '\0')
			return false;
		if ((p[i] == 0xe0 && p[i + 1] < 0xa0) || (p[i] == 0xed && p[i + 1] > 0x9f) || (p[i] == 0xf0 && p[i + 1] < 0x90) ||
		    (p[i] == 0xf4 && p[i + 1] > 0x8f))
			return false;
		for (size_t j = 1; j < k; j++)
			if ((p[i + j] & 0xc0) != 0x80)
				return false;
		i += k;
	}
	return true;
}
