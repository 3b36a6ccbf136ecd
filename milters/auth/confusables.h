/* SPDX-License-Identifier: Apache-2.0 */
/* confusables: what a label looks like to a person: all that looks alike is the same text (after UTS 39). */
#ifndef MW_AUTH_CONFUSABLES_H
#define MW_AUTH_CONFUSABLES_H

#include <stddef.h>
#include <stdint.h>

struct mw_confusable {
	uint32_t letter;
	char like[4]; /* ASCII */
};

/* In ascending order; made by make-confusables. */
extern const struct mw_confusable mw_confusables[];
extern const size_t mw_confusables_n;

/* name: UTF-8 in lower case. Writes the letters that it looks like, terminated and cut off at the end of the room, and returns how many
 * octets. */
size_t mw_confusables_letters(const char *name, size_t n, char *to, size_t room);
/* Of those, digits and pairs of letters that pass for a letter become one: 0 1 rn vv cl. s is terminated at its new length. */
size_t mw_confusables_fold(char *s, size_t n);

#endif
