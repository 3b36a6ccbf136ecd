/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include <string.h>

static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

bool mark_is_name(const struct mark *m)
{
	for (size_t i = 0; i < m->text.n; i++) {
		unsigned char c = (unsigned char)m->text.p[i];

		if (!is_letter(c) && !memchr(" \t\r\n.,'-", c, 8))
			return false;
	}
	return m->text.n > 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A date of birth (3/4/1961, March 4, 1961), a Social Security number: told by the groups of digits. */
bool mark_is_one(const struct mark *m)
{
	size_t groups = 0, digits = 0, letters = 0;
	bool within = false;

	for (size_t i = 0; i < m->text.n; i++) {
		bool digit = is_digit(m->text.p[i]);

		digits += digit;
		groups += digit && !within;
		letters += is_letter((unsigned char)m->text.p[i]);
		within = digit;
	}
	return (groups == 3 && digits <= 9 && letters == 0) || (groups == 2 && digits <= 6 && letters >= 3);
}

/* Words of a match that say nothing of who it is: titles, and words by which the reader, the writer and a relative are found. */
static bool is_nobodys(const char *p, size_t n)
{
	static const char *const words[] = {"mr",
					    "mrs",
					    "ms",
					    "miss",
					    "mx",
					    "jr",
					    "sr",
					    "ii",
					    "iii",
					    "my",
					    "me",
					    "your",
					    "you",
					    "ur",
					    "mom",
					    "mum",
					    "dad",
					    "daddy",
					    "mother",
					    "father",
					    "son",
					    "wife",
					    "husband",
					    "spouse",
					    "daughter",
					    "sister",
					    "brother",
					    "aunt",
					    "uncle",
					    "niece",
					    "nephew",
					    "cousin",
					    "child",
					    "baby",
					    "partner",
					    "nana",
					    "grandma",
					    "grandpa",
					    "grandmother",
					    "grandfather",
					    "granddaughter",
					    "grandson",
					    "boyfriend",
					    "girlfriend",
					    "mi",
					    "tengo",
					    "hijo",
					    "hija",
					    "madre",
					    "padre",
					    "abuela",
					    "abuelo",
					    "esposa",
					    "esposo",
					    "hermana",
					    "hermano",
					    "told",
					    "gave",
					    "given",
					    "prescribed",
					    "saw",
					    "makes",
					    "made",
					    NULL};

	for (const char *const *t = words; *t; t++)
		if (strlen(*t) == n && memcmp(*t, p, n) == 0)
			return true;
	return false;
}

/* The octet at *at as names are compared: A is a, and so are Á and á, and a with its mark behind it; 0: nothing to compare. Moves
 * *at on. */
static char letter_take(struct mw_str text, size_t *at)
{
	static const char plain[] = "aaaaaa.ceeeeiiiidnooooo.ouuuuy.y";
	unsigned char c = (unsigned char)text.p[(*at)++], next = *at < text.n ? (unsigned char)text.p[*at] : 0;

	if (c == 0xc3 && next >= 0x80 && plain[next & 0x1f] != '.') {
		++*at;
		return plain[next & 0x1f];
	}
	if ((c == 0xcc || c == 0xcd) && next >= 0x80) {
		++*at;
		return 0;
	}
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : (char)c;
}

size_t mark_words(const struct mark *m, uint64_t word[PERSON_WORDS])
{
	const struct mw_str text = m->text;
	size_t words = 0;

	for (size_t at = 0; at < text.n && words < PERSON_WORDS;) {
		uint64_t hash = 0xcbf29ce484222325u;
		char head[14];
		size_t n = 0, from = at;

		while (at < text.n && is_letter((unsigned char)text.p[at])) {
			char c = letter_take(text, &at);

			if (!c)
				continue;
			if (n < sizeof(head))
				head[n] = c;
			hash = (hash ^ (unsigned char)c) * 0x100000001b3u;
			n++;
		}
		if (n > 1 && !(n <= sizeof(head) && is_nobodys(head, n)))
			word[words++] = hash;
		if (at == from)
			at++;
	}
	return words;
}

static size_t common(const uint64_t *a, size_t an, const uint64_t *b, size_t bn)
{
	size_t n = 0;

	for (size_t i = 0; i < an; i++)
		for (size_t k = 0; k < bn; k++)
			if (a[i] == b[k]) {
				n++;
				break;
			}
	return n;
}

bool words_differ(const uint64_t *a, size_t an, const uint64_t *b, size_t bn)
{
	size_t same = common(a, an, b, bn);

	return same < an && same < bn;
}

/* Ann Jones, Jones and Mrs. Jones can be one person; Ann Jones and Bob Jones can not. */
static bool names_differ(const struct person *p, const struct mark *m)
{
	uint64_t word[PERSON_WORDS];
	size_t n = mark_words(m, word);

	if (p->words == 0 || n == 0)
		return false;
	/* In a row the first name may have a column of its own. */
	if (m->row && common(word, n, p->word, p->words) == 0)
		return p->words > 1;
	return words_differ(word, n, p->word, p->words);
}

bool person_differs(const struct person *p, const struct mark *m)
{
	if (mark_is_name(m))
		return names_differ(p, m);
	if (m->several)
		return false;
	for (size_t i = 0; i < p->ids; i++)
		if (p->id[i].rule == m->rule)
			return p->id[i].value != m->value;
	return false;
}

bool person_has_kind(const struct person *p, const struct mark *m)
{
	if (mark_is_name(m))
		return p->words > 0;
	for (size_t i = 0; i < p->ids; i++)
		if (p->id[i].rule == m->rule)
			return true;
	return false;
}

void person_add_words(struct person *p, const uint64_t *word, size_t n)
{
	for (size_t i = 0; i < n && p->words < PERSON_WORDS; i++)
		if (common(&word[i], 1, p->word, p->words) == 0)
			p->word[p->words++] = word[i];
}

void person_add(struct person *p, const struct mark *m)
{
	uint64_t word[PERSON_WORDS];

	p->everywhere |= m->zone == MW_ZONE_SUBJECT || m->zone == MW_ZONE_HEADER;
	if (!mark_is_name(m)) {
		if (p->ids < PERSON_IDS && !person_has_kind(p, m)) {
			p->id[p->ids].rule = m->rule;
			p->id[p->ids].value = m->value;
			p->ids++;
		}
		return;
	}
	person_add_words(p, word, mark_words(m, word));
}
