/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people: a file of addresses and domains, a line each, with a word behind it where one is asked for:
 *     # comment
 *     maria@example.org es
 *     example.net       es-MX
 * An address goes before its domain, a domain before those that it is below of. ASCII case does not count.
 */
#ifndef MW_PICKUP_PEOPLE_H
#define MW_PICKUP_PEOPLE_H

#include "base/arena.h"
#include "base/err.h"

struct mw_people {
	struct mw_arena *arena; /* NULL: there is no such file, nobody is in it */
	size_t n, cap;
	struct mw_people_row *row;
};

/* path: NULL gives an empty list. words: each line must have one; else none may. -EINVAL names file and line. */
int mw_people_read(const char *path, bool words, struct mw_people *ret, struct mw_err *);
/* The word of the line that is for this address, "" without words; NULL: it is in no line. */
const char *mw_people_find(const struct mw_people *, const char *address);
void mw_people_free(struct mw_people *);

#endif
