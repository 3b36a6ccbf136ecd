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
/* Can the mark not be of this person? In a record of data each column has one value; in running text only names and the first
 * number tell persons apart: one may have two telephones. */
bool person_differs(const struct person *, const struct mark *);
/* Has the person an identifier of the same kind? */
bool person_has_kind(const struct person *, const struct mark *);
void person_add(struct person *, const struct mark *);

#endif
