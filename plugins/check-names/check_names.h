/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-names: can a match be the name of a person? Names are looked up in lists of the US (first names, surnames, words of
 * everyday English, all compiled in), and what speaks against a person is weighed: words, parts of firms, streets and fields,
 * titles of those who treat. Every function is pure and takes folded text (octets, not terminated).
 */
#ifndef MW_CHECK_NAMES_H
#define MW_CHECK_NAMES_H

#include <milward/plugin.h>

/* One word of a name in lower case, without marks (José = jose) and apostrophes. */
struct name_word {
	char p[32]; /* terminated */
	size_t n;
	bool initial;	 /* one letter, with or without a dot */
	bool particle;	 /* van, de la … */
	bool comma;	 /* a comma follows */
	bool coined;	 /* a capital far inside, as firms and goods write themselves: UnitedShield; not McDonald, DeShawn */
	bool capitals;	 /* no small letter in it */
	bool short_caps; /* IOP: up to four letters, capitals alone, and the other words are written otherwise, or as short */
};

#define NAME_WORDS 6

/* word.c: the words of a match, titles before it (Mr, Ms), Jr, III behind it and labels behind that (Ann Jones DOB) left out. How
 * many; 0: it is no row of words that a name could be. */
size_t name_words(const char *p, size_t n, struct name_word word[NAME_WORDS]);

/* list.c: how frequent, 'a' to 'c'; 0 = not in the list. */
char name_first(const char *word);
char name_last(const char *word);
/* How common a word of everyday English, 'a' or 'b'; 0 = none. */
char name_ordinary(const char *word);
/* Is it formed as words of science are, and no name: nephropathy, ambulated, petechial. For words that no list of names has. */
bool name_formed(const char *word);
/* Is a word never a part of a person's name? 'x': part of a firm, a street, a title; 'l': a label or the like, which may follow a
 * name; 0 = it may be a part. */
char name_never(const char *word);

/* person.c */
bool check_names_person(const char *p, size_t n);
bool check_names_labelled(const char *p, size_t n);
bool check_names_known(const char *p, size_t n);
bool check_names_surname(const char *p, size_t n);
bool check_names_listed(const char *p, size_t n);
bool check_names_given(const char *p, size_t n);

#endif
