/* SPDX-License-Identifier: Apache-2.0 */
/* word: a match as the words of a name. */
#include "check_names.h"

#include <string.h>

/* Letters of Latin with marks, U+00C0 to U+017F, as the ASCII letter below them; '?' are signs. */
static const char plain[] = "aaaaaaaceeeeiiiidnooooo?ouuuuytsaaaaaaaceeeeiiiidnooooo?ouuuuyty"	  /* C0-FF */
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkkllllllllll" /* 100-142 */
			    "nnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";	  /* 143-17F */

static const char *const titles[] = {"mr", "mrs", "ms", "miss", "mx", "master", "mister", "sr", "sra", "senor", "senora", NULL};
static const char *const suffixes[] = {"jr", "sr", "ii", "iii", "iv", NULL};
static const char *const particles[] = {"van", "von", "der", "den", "de",  "da", "del", "della", "di", "du", "dos",
					"la",  "le",  "el",  "al",  "bin", "st", "ter", "ten",	 "y",  "e",  NULL};

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* Adds an ASCII letter; false: the word is too long for a name. */
static bool put(struct name_word *w, char c)
{
	if (w->n + 1 == sizeof(w->p))
		return false;
	w->p[w->n++] = c;
	return true;
}

/* Reads one letter at p[0..n): octets taken, 0: no letter that a name has, or the word is too long. */
static size_t take_letter(const char *p, size_t n, struct name_word *w)
{
	unsigned char c = (unsigned char)p[0], d = n > 1 ? (unsigned char)p[1] : 0;
	char ascii;
	unsigned point;

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return put(w, (char)(c | 0x20)) ? 1 : 0;
	if (c < 0xc3 || (d & 0xc0) != 0x80)
		return 0;
	if (c > 0xdf) {
		/* A letter of another script, or of Latin with several marks: no list has it. */
		size_t len = c < 0xf0 ? 3 : 4;

		for (size_t i = 1; i < len; i++)
			if (i >= n || ((unsigned char)p[i] & 0xc0) != 0x80)
				return 0;
		return put(w, '~') ? len : 0;
	}
	point = (unsigned)(c & 0x1f) << 6 | (d & 0x3f);
	if (point >= 0x300 && point < 0x370) /* a mark by itself */
		return 2;
	ascii = point >= 0xc0 && point < 0xc0 + sizeof(plain) - 1 ? plain[point - 0xc0] : '~';
	return ascii != '?' && put(w, ascii) ? 2 : 0;
}

/* How a word is written. Letters that are no ASCII ones go with the others. */
static void look_at_case(const char *p, size_t n, struct name_word *w)
{
	enum { PREFIX = 4 }; /* so many small letters before a capital are no Mc, De or Ann */
	size_t small = 0, capital = 0;

	for (size_t i = 0; i < n; i++) {
		w->coined |= p[i] >= 'A' && p[i] <= 'Z' && small >= PREFIX;
		small += p[i] >= 'a' && p[i] <= 'z';
		capital += p[i] >= 'A' && p[i] <= 'Z';
	}
	w->capitals = capital && !small; /* 山田 has neither */
}

/* IOP and ACWY are abbreviations; in LEILANI OORD all is written in capitals. */
static void find_abbreviations(struct name_word *word, size_t n)
{
	enum { SHORT = 4 };
	bool all = true, some_long = false;

	for (size_t i = 0; i < n; i++) {
		all &= word[i].capitals;
		some_long |= word[i].n > SHORT;
	}
	for (size_t i = 0; i < n; i++)
		word[i].short_caps = word[i].capitals && word[i].n <= SHORT && !(all && some_long);
}

/* One word with the sign that ends it. Octets taken, 0: no word. */
static size_t take_word(const char *p, size_t n, struct name_word *w)
{
	size_t at = 0;

	*w = (struct name_word){0};
	while (at < n) {
		size_t len;

		if (p[at] == '\'' && w->n) {
			at++;
			continue;
		}
		len = take_letter(p + at, n - at, w);
		if (!len)
			break;
		at += len;
	}
	if (!w->n || w->n + 1 == sizeof(w->p)) /* longer than any name: no two words of it */
		return 0;
	look_at_case(p, at, w);
	w->initial = w->n == 1;
	w->particle = is_one_of(w->p, particles);
	if (at < n && p[at] == '.')
		at++;
	if (at < n && p[at] == ',') {
		w->comma = true;
		at++;
	}
	return at;
}

static bool is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '-' || c == '\n';
}

size_t name_words(const char *p, size_t n, struct name_word word[NAME_WORDS])
{
	size_t words = 0, at = 0;

	while (at < n) {
		struct name_word w;
		size_t len;

		if (is_gap(p[at])) {
			at++;
			continue;
		}
		len = take_word(p + at, n - at, &w);
		if (!len)
			return 0;
		at += len;
		if (words == 0 && is_one_of(w.p, titles))
			continue;
		if (words && is_one_of(w.p, suffixes)) {
			word[words - 1].comma |= w.comma;
			continue;
		}
		if (words == NAME_WORDS)
			return 0;
		word[words++] = w;
	}
	/* A pattern takes capitals as they come: Ann Jones DOB, JONES, ANN MRN. */
	while (words > 2 && name_never(word[words - 1].p) == 'l')
		words--;
	/* A comma behind all of it parts nothing. */
	if (words)
		word[words - 1].comma = false;
	find_abbreviations(word, words);
	return words;
}
