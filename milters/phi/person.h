/* SPDX-License-Identifier: Apache-2.0 */
/* person: what is known of one person of a message, and whether a further identifier can be of the same. */
#ifndef MW_PHI_PERSON_H
#define MW_PHI_PERSON_H

#include "people.h"

#define PERSON_IDS 6
#define PERSON_WORDS 4
#define NO_PERSON UINT32_MAX

struct person {
	struct {
		uint32_t rule;
		uint64_t value;
	} id[PERSON_IDS];	     /* the first identifiers that are no names, one of a rule */
	uint64_t word[PERSON_WORDS]; /* of the names, hashed */
	uint8_t ids, words;
	bool linked;	 /* something about this person's health was found */
	bool everywhere; /* the Subject names this person */
	bool bare;	 /* stands in a part that says nothing about health */
};

/* Is the match a name (letters only) and no number? */
bool mark_is_name(const struct mark *);
/* A number that nobody has two of, by its form. */
bool mark_is_one(const struct mark *);
/* Hashes of the words of a name, initials and what is nobody's left out; how many. */
size_t mark_words(const struct mark *, uint64_t word[PERSON_WORDS]);
/* Can the mark not be of this person? Another name, or another number of the same rule where those tell persons apart. */
bool person_differs(const struct person *, const struct mark *);
/* Has the person an identifier of the same kind? */
bool person_has_kind(const struct person *, const struct mark *);
/* Two names of one person: one of them holds all words of the other. */
bool words_differ(const uint64_t *a, size_t an, const uint64_t *b, size_t bn);
void person_add_words(struct person *, const uint64_t *word, size_t n);
void person_add(struct person *, const struct mark *);

#endif
