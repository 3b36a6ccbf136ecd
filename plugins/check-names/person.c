/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person: weighs the words of a match. A name that is also a word (Mark, Grace, Brown) says less than one that is not (Donna,
 * Nguyen): it needs a name beside it. A frequent name that is only a rare word (John) is a name. A word that is no name speaks
 * against all of it; a word that no list has speaks neither way.
 */
#include "check_names.h"

#include <string.h>

enum weight {
	AGAINST, /* no part of a name */
	WORD,	 /* a word of everyday English, and at most a rare name */
	UNKNOWN,
	BOTH, /* a name and a word */
	NAME,
};

/* BMP, CBC and the like are abbreviations; Ng is a name. Letters that are no ASCII ones count as vowels. */
static bool has_vowel(const char *word)
{
	return word[strcspn(word, "aeiouy~")] != '\0' || strlen(word) < 3;
}

static enum weight weigh(const struct name_word *w, char name)
{
	char ordinary;

	if (w->coined || name_never(w->p))
		return AGAINST;
	if (w->short_caps && !w->comma && name == 'c') /* Recent MI */
		return AGAINST;
	ordinary = name_ordinary(w->p);
	if (!name && (ordinary || name_formed(w->p)))
		return WORD;
	if (!name)
		return has_vowel(w->p) && !w->short_caps ? UNKNOWN : AGAINST;
	if (!ordinary || (name == 'a' && ordinary == 'b'))
		return NAME;
	return name == 'c' ? WORD : BOTH;
}

static enum weight weigh_first(const struct name_word *w)
{
	return weigh(w, name_first(w->p));
}

/* As a surname: people also bear first names as such. */
static enum weight weigh_last(const struct name_word *w)
{
	char name = name_last(w->p);

	return weigh(w, name ? name : name_first(w->p));
}

/* A name taken apart. */
struct person {
	const struct name_word *first, *last; /* first may be an initial */
	enum weight first_weight, last_weight;
};

/* The words that are neither initials nor particles in v; how many. */
static size_t full_words(const struct name_word *word, size_t n, const struct name_word *v[NAME_WORDS])
{
	size_t full = 0;

	for (size_t i = 0; i < n; i++)
		if (!word[i].initial && (!word[i].particle || word[i].comma || (i > 0 && i + 1 == n)))
			v[full++] = word + i; /* Von, Gavin and Linda Von: a surname after all */
	return full;
}

/* The only comma that a name has parts the surname from the first name: how many words stand before it; 0: there is none;
 * n: there are several. */
static size_t comma_of(const struct name_word *word, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i + 1 < n; i++)
		if (word[i].comma) {
			if (at)
				return n;
			at = i + 1;
		}
	return at;
}

/* false: these words are no name. */
static bool take_apart(const struct name_word *word, size_t n, struct person *ret)
{
	const struct name_word *v[NAME_WORDS];
	size_t full = full_words(word, n, v), comma = comma_of(word, n);

	if (n < 2 || full < 1 || full > 4 || comma == n)
		return false;
	for (size_t i = 0; i < full; i++)
		if (name_never(v[i]->p))
			return false;
	/* SMITH, JOHN A. */
	ret->last = comma ? v[0] : v[full - 1];
	ret->first = comma ? word + comma : word;
	if (ret->first == ret->last || ret->last->n < 2)
		return false;
	ret->first_weight = ret->first->initial ? UNKNOWN : weigh_first(ret->first);
	ret->last_weight = weigh_last(ret->last);
	/* Names between the two: what is only a word there makes a sentence of it. */
	for (size_t i = 0; i < full; i++)
		if (v[i] != ret->first && v[i] != ret->last && weigh_first(v[i]) == WORD && weigh_last(v[i]) == WORD)
			return false;
	return ret->first_weight != AGAINST && ret->last_weight != AGAINST;
}

/* Nothing speaks against a person: for places where the words around it say that one is meant. */
bool check_names_person(const char *p, size_t n)
{
	struct name_word word[NAME_WORDS];
	struct person who;

	if (!take_apart(word, name_words(p, n, word), &who))
		return false;
	if (who.first->initial)
		return who.last_weight == NAME || (who.last_weight == BOTH && name_last(who.last->p) == 'a');
	if (who.first_weight == NAME)
		/* Amy Butcher and Amy Beers, not Amy Please */
		return who.last_weight != WORD || name_ordinary(who.last->p) == 'b' || name_last(who.last->p);
	if (who.first_weight == BOTH)
		return who.last_weight != WORD;
	/* Sage Nguyen has a rare first name that is a word, and Hyacinth Obuya one that is a rare word. */
	if (who.first_weight == WORD)
		return who.last_weight == NAME ||
		       (who.last_weight == UNKNOWN && name_first(who.first->p) && name_ordinary(who.first->p) == 'b');
	return who.last_weight != WORD;
}

/* Behind a label that a patient's name follows: one of both names is a name, and nothing but being a word speaks against the
 * other; behind an initial nothing speaks against the surname. */
bool check_names_labelled(const char *p, size_t n)
{
	struct name_word word[NAME_WORDS];
	struct person who;

	if (check_names_person(p, n))
		return true;
	if (!take_apart(word, name_words(p, n, word), &who))
		return false;
	if (who.first->initial)
		return who.last_weight >= UNKNOWN;
	if (who.first_weight == WORD && who.last_weight == UNKNOWN) /* Saffron Delacourt, not Patient Obuya */
		return name_ordinary(who.first->p) == 'b';
	return who.first_weight >= UNKNOWN || who.last_weight >= BOTH;
}

/* The lists know the first name, and it is not one that a sentence may begin with: for places that say little. */
bool check_names_known(const char *p, size_t n)
{
	struct name_word word[NAME_WORDS];
	struct person who;

	if (!take_apart(word, name_words(p, n, word), &who) || who.first->initial)
		return false;
	if (who.first_weight == NAME)
		return who.last_weight != WORD || (name_ordinary(who.last->p) == 'b' && name_first(who.first->p) == 'a');
	return who.first_weight == BOTH && name_first(who.first->p) == 'a' &&
	       (who.last_weight == NAME || who.last_weight == UNKNOWN);
}

/* What stands behind Mr or Mrs: one word or a whole name, of which the surname is no word. */
bool check_names_surname(const char *p, size_t n)
{
	struct name_word word[NAME_WORDS];
	size_t words = name_words(p, n, word);
	const struct name_word *v[NAME_WORDS];
	size_t full = full_words(word, words, v);
	struct person who;

	if (full == 0)
		return false;
	if (full > 1)
		return check_names_labelled(p, n) || (take_apart(word, words, &who) && who.last_weight >= UNKNOWN);
	return v[0]->n > 1 && weigh_last(v[0]) >= UNKNOWN;
}

/* One word that the list of surnames has, or that no list has and that no word of ours is: for places that say little. */
bool check_names_listed(const char *p, size_t n)
{
	struct name_word word[NAME_WORDS];
	size_t words = name_words(p, n, word);

	return words == 1 && word[0].n > 1 && weigh_last(word) >= BOTH;
}

/* One word that is a first name, a most frequent one where it is a word as well, perhaps with the initial of the surname behind
 * it; or a whole name that the lists know. */
bool check_names_given(const char *p, size_t n)
{
	struct name_word word[NAME_WORDS];
	size_t words = name_words(p, n, word);
	enum weight weight;

	if (words == 2 && word[1].initial && !word[0].comma)
		words = 1;
	if (words != 1)
		return check_names_known(p, n);
	weight = word[0].n < 2 ? AGAINST : weigh_first(word);
	return weight == NAME || (weight == BOTH && name_first(word[0].p) == 'a');
}
