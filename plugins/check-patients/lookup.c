/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup.h"

#include "normal.h"

#include <string.h>

/* A text in work. With dates, a name counts only together with one of them. */
struct lookup {
	const struct patients_index *index;
	struct patients_mac *mac;
	size_t dates;
	uint32_t date[PATIENTS_DATES];
};

/* A MAC that cannot be made is taken for a hit: a failure must not open the way. */
static bool has(const struct lookup *l, enum patients_kind kind, const char *p, size_t n)
{
	uint64_t entry;

	if (l->index->section[kind].n == 0)
		return false;
	return !patients_mac_entry(l->mac, kind, p, n, &entry) || patients_index_has(l->index, kind, entry);
}

static bool has_one(const struct lookup *l, const struct patients_word *given, const struct patients_word *first,
		    const struct patients_word *last)
{
	char key[PATIENTS_KEY];
	size_t n = patients_name(given, first, last, key);

	if (n == 0 || !has(l, PATIENTS_NAME, key, n))
		return false;
	for (size_t i = 0; i < l->dates; i++) {
		key[n] = '/';
		patients_date_text(l->date[i], key + n + 1);
		if (has(l, PATIENTS_NAME_DOB, key, n + 9))
			return true;
	}
	return l->dates == 0;
}

/* Words that stand together: the given name in front of the family's, or behind it, or with a middle name between. */
static bool has_window(const struct lookup *l, const struct patients_word *w, size_t n)
{
	return has_one(l, w, w + 1, w + n) || (n > 2 && has_one(l, w + n - 1, w, w + n - 1)) ||
	       (n == 3 && has_one(l, w, w + 2, w + 3));
}

static bool has_name(const struct lookup *l, const char *p, size_t n)
{
	struct patients_words w;

	patients_words(p, n, &w);
	for (size_t i = 0; i + 1 < w.n; i++)
		for (size_t k = 2; k <= PATIENTS_FAMILY + 1 && i + k <= w.n; k++)
			if (has_window(l, w.v + i, k))
				return true;
	return false;
}

bool patients_has_name(const struct patients_index *index, struct patients_mac *mac, const char *p, size_t n)
{
	const struct lookup l = {.index = index, .mac = mac};

	return has_name(&l, p, n);
}

bool patients_has_name_dob(const struct patients_index *index, struct patients_mac *mac, const char *p, size_t n, unsigned year)
{
	struct lookup l = {.index = index, .mac = mac};

	l.dates = patients_dates(p, n, PATIENTS_ANY, year, l.date);
	return l.dates && has_name(&l, p, n);
}

bool patients_has_dob(const struct patients_index *index, struct patients_mac *mac, const char *p, size_t n, unsigned year)
{
	struct lookup l = {.index = index, .mac = mac};

	l.dates = patients_dates(p, n, PATIENTS_ANY, year, l.date);
	for (size_t i = 0; i < l.dates; i++) {
		char text[8];

		patients_date_text(l.date[i], text);
		if (has(&l, PATIENTS_DOB, text, sizeof(text)))
			return true;
	}
	return false;
}

bool patients_has_number(const struct patients_index *index, struct patients_mac *mac, enum patients_kind kind, const char *p,
			 size_t n)
{
	const struct lookup l = {.index = index, .mac = mac};
	char key[PATIENTS_NUMBER];
	size_t len = patients_number(p, n, key), at = n;

	if (len && has(&l, kind, key, len))
		return true;
	while (at && !strchr(" \t\n:#=", p[at - 1]))
		at--;
	len = at ? patients_number(p + at, n - at, key) : 0;
	return len && has(&l, kind, key, len);
}
