/* SPDX-License-Identifier: Apache-2.0 */
/*
 * normal: the forms under which names, dates and numbers of patients are compared, so that what a register says and what a mail
 * says are one string. Pure over (pointer, length); any octets may come in: strays of
 * UTF-8 are taken for Latin-1, where they are letters of it. No memory is taken.
 *
 *   name      words of letters, folded (case, marks, ligatures), apostrophes dropped; initials, titles and suffixes left out.
 *             A given name and the words of a family name, in the order of their octets: "Smith, John Q." is "John Smith".
 *   date      YYYYMMDD
 *   number    letters and digits, upper case; leading zeros of what is all digits left out
 */
#ifndef PATIENTS_NORMAL_H
#define PATIENTS_NORMAL_H

#include <milward/plugin.h>

#define PATIENTS_NORMAL 1u /* grows when a form changes: an index made for another one is refused */

#define PATIENTS_WORDS 24 /* of a text; what is behind them is not looked at */
#define PATIENTS_WORD 48  /* octets of a word; longer ones are cut */
#define PATIENTS_FAMILY 4 /* words of a family name */
#define PATIENTS_KEY (PATIENTS_WORD * (PATIENTS_FAMILY + 1) + 16)

struct patients_words {
	size_t n;
	size_t comma; /* words before the first comma, SIZE_MAX when there is none */
	struct patients_word {
		size_t n;
		char p[PATIENTS_WORD];
	} v[PATIENTS_WORDS];
};
void patients_words(const char *p, size_t n, struct patients_words *ret);

/* A name's normal form in key: one given name, and words [first, last) of the family name. Its length, or 0: that is no name. */
size_t patients_name(const struct patients_word *given, const struct patients_word *first, const struct patients_word *last,
		     char key[PATIENTS_KEY]);

enum patients_order { PATIENTS_ANY = 0, PATIENTS_MDY, PATIENTS_DMY };
#define PATIENTS_DATES 16 /* four readings of each of four dates */
/* Dates in a text as YYYYMMDD, at most PATIENTS_DATES. ANY gives every reading of 3/4/61; an order gives one: its own when the
 * calendar has it. year: the present one, for years of two digits: no date lies behind it. */
size_t patients_dates(const char *p, size_t n, enum patients_order, unsigned year, uint32_t ret[PATIENTS_DATES]);
void patients_date_text(uint32_t date, char text[8]); /* not terminated */

#define PATIENTS_NUMBER 40
#define PATIENTS_NUMBER_MIN 4
/* A number's normal form; its length, 0: too short, too long, no digit, or octets that no number has. */
size_t patients_number(const char *p, size_t n, char key[PATIENTS_NUMBER]);

#endif
