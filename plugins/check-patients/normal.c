/* SPDX-License-Identifier: Apache-2.0 */
/* normal: names and numbers. Dates are in date.c. */
#include "normal.h"

#include <string.h>
#include <utf8proc.h>

/* Left out wherever they stand: they are no part of a name that anyone compares. */
static const char *const noise[] = {"mr", "mrs", "ms",	"miss", "mx", "dr",  "prof", "jr",
				    "sr", "ii",	 "iii", "iv",	"md", "phd", "rn"};

/* Letters that Unicode does not decompose and people do. */
static const struct {
	utf8proc_int32_t from;
	char to[3];
} plain[] = {{0xe6, "ae"}, {0xf0, "d"}, {0xf8, "o"}, {0xfe, "th"}, {0x111, "d"}, {0x131, "i"}, {0x142, "l"}, {0x153, "oe"}};

static bool is_noise(const struct patients_word *w)
{
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		if (strlen(noise[i]) == w->n && memcmp(noise[i], w->p, w->n) == 0)
			return true;
	return false;
}

static void word_end(struct patients_words *w)
{
	struct patients_word *v = w->v + w->n;

	if (v->n == 0)
		return;
	/* One octet is an initial; one sign of another script is a name. */
	if (v->n > 1 && !is_noise(v) && w->n + 1 < PATIENTS_WORDS)
		w->n++;
	w->v[w->n].n = 0;
}

static void word_add(struct patients_words *w, const void *p, size_t n)
{
	struct patients_word *v = w->v + w->n;

	if (v->n + n > PATIENTS_WORD)
		return;
	memcpy(v->p + v->n, p, n);
	v->n += n;
}

static bool is_letter(utf8proc_int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

static bool is_apostrophe(utf8proc_int32_t c)
{
	return c == '\'' || c == '`' || c == 0xb4 || (c >= 0x2018 && c <= 0x201b) || (c >= 0x2b9 && c <= 0x2bf);
}

/* A code point behind case folding and decomposition. */
static void take_point(struct patients_words *w, utf8proc_int32_t c)
{
	utf8proc_uint8_t utf8[4];

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (plain[i].from == c) {
			word_add(w, plain[i].to, strlen(plain[i].to));
			return;
		}
	if (is_apostrophe(c))
		return;
	if (is_letter(c)) {
		word_add(w, utf8, (size_t)utf8proc_encode_char(c, utf8));
		return;
	}
	word_end(w);
	if (c == ',' && w->comma == SIZE_MAX)
		w->comma = w->n;
}

static void take_wide(struct patients_words *w, utf8proc_int32_t c)
{
	utf8proc_int32_t v[18];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(
	    c, v, 18, UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE, &boundary);

	/* Only one ligature is longer, and it is no name. */
	for (utf8proc_ssize_t i = 0; i < n && n <= 18; i++)
		take_point(w, v[i]);
}

void patients_words(const char *p, size_t n, struct patients_words *w)
{
	w->n = 0;
	w->v[0].n = 0;
	w->comma = SIZE_MAX;
	for (size_t i = 0; i < n && w->n + 1 < PATIENTS_WORDS;) {
		unsigned char c = (unsigned char)p[i];
		utf8proc_int32_t point;
		utf8proc_ssize_t len;

		if (c < 0x80) {
			take_point(w, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
			i++;
			continue;
		}
		len = utf8proc_iterate((const utf8proc_uint8_t *)p + i, (utf8proc_ssize_t)(n - i), &point);
		if (len > 0)
			take_wide(w, point);
		else if (c >= 0xc0)
			take_wide(w, c); /* tables still come in Latin-1; text of a mail is UTF-8 by now */
		else
			word_end(w);
		i += len > 0 ? (size_t)len : 1;
	}
	word_end(w);
}

static size_t join(const struct patients_word *first, const struct patients_word *last, char *to)
{
	size_t n = 0;

	for (const struct patients_word *w = first; w < last; w++) {
		if (n)
			to[n++] = ' ';
		memcpy(to + n, w->p, w->n);
		n += w->n;
	}
	return n;
}

size_t patients_name(const struct patients_word *given, const struct patients_word *first, const struct patients_word *last,
		     char key[PATIENTS_KEY])
{
	char family[PATIENTS_WORD * PATIENTS_FAMILY + PATIENTS_FAMILY];
	size_t n, common;
	int order;

	if (first >= last || last - first > PATIENTS_FAMILY)
		return 0;
	n = join(first, last, family);
	common = n < given->n ? n : given->n;
	order = memcmp(family, given->p, common);
	if (order < 0 || (order == 0 && n < given->n)) {
		memcpy(key, family, n);
		key[n] = '/';
		memcpy(key + n + 1, given->p, given->n);
	} else {
		memcpy(key, given->p, given->n);
		key[given->n] = '/';
		memcpy(key + given->n + 1, family, n);
	}
	return n + 1 + given->n;
}

size_t patients_number(const char *p, size_t n, char key[PATIENTS_NUMBER])
{
	size_t at = 0, digits = 0, zeros = 0;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == ' ' || c == '-' || c == '.' || c == '/' || c == '_' || c == '\t')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) || at == PATIENTS_NUMBER)
			return 0;
		digits += c <= '9';
		key[at++] = c;
	}
	if (digits == at)
		while (zeros < at && key[zeros] == '0')
			zeros++;
	memmove(key, key + zeros, at - zeros);
	at -= zeros;
	return digits && at >= PATIENTS_NUMBER_MIN ? at : 0;
}
