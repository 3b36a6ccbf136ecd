/* SPDX-License-Identifier: Apache-2.0 */
#include "match/token.h"

#include <string.h>
#include <utf8proc.h>

#define GAP_MAX 16u

/* Letters and digits of ASCII, letters as small ones; NONE: any other octet. */
#define NONE '.'
static const char plain[] = "................................"
			    "................0123456789......"
			    ".abcdefghijklmnopqrstuvwxyz....."
			    ".abcdefghijklmnopqrstuvwxyz....."
			    "................................"
			    "................................"
			    "................................"
			    "................................";

static char plain_of(char c)
{
	return plain[(unsigned char)c];
}

static bool is_beyond_ascii(char c)
{
	return ((unsigned char)c & 0x80u) != 0;
}

static bool is_letter(utf8proc_int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

static void word_add(struct mw_token *w, char c, bool *too_long)
{
	if (w->n == MW_TOKEN_MAX) {
		*too_long = true;
		return;
	}
	w->p[w->n++] = c;
	w->hash = mw_token_hash(w->hash, c);
}

/* Adds a code point beyond ASCII; false: it is no letter, nothing was added. */
static bool word_add_point(struct mw_token *w, utf8proc_int32_t c, bool *too_long)
{
	utf8proc_int32_t v[8];
	utf8proc_ssize_t n;
	int boundary = 0;

	if (!is_letter(c))
		return false;
	n = utf8proc_decompose_char(c, v, 8, UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK, &boundary);
	if (n < 0 || n > 8) {
		v[0] = c;
		n = 1;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		utf8proc_uint8_t utf8[4];
		utf8proc_ssize_t len = utf8proc_encode_char(v[i], utf8);

		for (utf8proc_ssize_t k = 0; k < len; k++)
			word_add(w, (char)utf8[k], too_long);
	}
	return true;
}

/* Code point at an offset that holds an octet beyond ASCII, and its length. Text is valid; should it not be, it is no letter. */
static size_t point_at(struct mw_str text, size_t at, utf8proc_int32_t *c)
{
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text.p + at, (utf8proc_ssize_t)(text.n - at), c);

	if (n < 1) {
		*c = '?';
		return 1;
	}
	return (size_t)n;
}

static bool word_begins(struct mw_str text, size_t at, size_t *step)
{
	utf8proc_int32_t c;

	*step = 1;
	if (!is_beyond_ascii(text.p[at]))
		return plain_of(text.p[at]) != NONE;
	*step = point_at(text, at, &c);
	return is_letter(c);
}

/* Adds letters and digits of ASCII from `at` on. Behind them. */
static size_t word_add_plain(struct mw_token *w, struct mw_str text, size_t at, bool *too_long)
{
	size_t n = w->n, end = text.n - at > MW_TOKEN_MAX - n ? at + (MW_TOKEN_MAX - n) : text.n;
	uint64_t hash = w->hash;
	char c;

	for (; at < end && (c = plain_of(text.p[at])) != NONE; at++) {
		w->p[n++] = c;
		hash = mw_token_hash(hash, c);
	}
	w->n = n;
	w->hash = hash;
	for (; n == MW_TOKEN_MAX && at < text.n && plain_of(text.p[at]) != NONE; at++)
		*too_long = true;
	return at;
}

bool mw_tokens_next(struct mw_tokens *r, struct mw_token *w)
{
	struct mw_str text = r->text;
	size_t at = r->at, step = 1;
	bool too_long = false;

	while (at < text.n && plain_of(text.p[at]) == NONE && !(is_beyond_ascii(text.p[at]) && word_begins(text, at, &step))) {
		at += step;
		step = 1;
	}
	w->start = at;
	w->n = 0;
	w->hash = r->seed;
	for (;;) {
		utf8proc_int32_t point;

		at = word_add_plain(w, text, at, &too_long);
		if (at == text.n)
			break;
		if (text.p[at] == '\'' && at > w->start && at + 1 < text.n && word_begins(text, at + 1, &step)) {
			at++;
			continue;
		}
		if (!is_beyond_ascii(text.p[at]))
			break;
		step = point_at(text, at, &point);
		if (!word_add_point(w, point, &too_long))
			break;
		at += step;
	}
	w->end = at;
	r->at = at;
	if (too_long)
		w->n = 0;
	return w->end > w->start;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

unsigned mw_token_gap(struct mw_str text, size_t from, size_t to)
{
	unsigned lines = 0, signs = 0;
	bool blank = false;
	char sign = 0;

	if (to - from > GAP_MAX)
		return MW_GAP_BREAK;
	for (size_t i = from; i < to; i++) {
		char c = text.p[i];

		if (is_blank(c)) {
			blank = true;
			lines += c == '\n';
		} else if (!memchr("-/_>", c, 4)) {
			sign = c;
			signs++;
		}
	}
	if (lines > 1 || signs > 1 || is_beyond_ascii(sign))
		return MW_GAP_BREAK;
	if (!signs)
		return MW_GAP_SOFT;
	return (unsigned char)sign | (blank ? MW_GAP_BLANK : 0u);
}
