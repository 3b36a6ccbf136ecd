/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people: how many persons a message is about, and of how many of them it says something about their health. Pure: works on what
 * the rules found, in the order of the text; linear, but for sorting. No natural language is understood: who and what belong
 * together when they stand in one record, close to each other, or in a message that is about one person only.
 */
#ifndef MW_PHI_PEOPLE_H
#define MW_PHI_PEOPLE_H

#include <milward/plugin.h>

/* A finding that counts. */
struct mark {
	uint64_t value; /* digest: equal values are equal matches */
	uint64_t offset, end;
	uint32_t part, record, rule, kind, zone;
	bool row;	    /* the record is one of data: a row of a table, a message of HL7 … */
	struct mw_str text; /* (octets) the match, to see whether two names can be of one person */
	uint32_t person;    /* private */
	bool used;	    /* private: who and what of its record belong together */
	bool several;	    /* private: one person may have several such numbers */
	uint32_t name;	    /* private: which name of the message, + 1 */
};

struct people {
	int64_t people;	  /* persons who can be told apart */
	int64_t patients; /* of them, those with a finding about health */
};

/* Sorts the marks by part and offset. */
void people_sort(struct mark *, size_t n);
/* Octets of the room that people_count needs, zeroed; 0: too many marks. */
size_t people_room(size_t n);
/* Sorted marks. distance: octets between who and what, beyond which they do not belong together in a message about several
 * persons. */
void people_count(struct mark *, size_t n, uint64_t distance, void *room, struct people *);

#endif
