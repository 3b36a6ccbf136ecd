/* SPDX-License-Identifier: Apache-2.0 */
/* write: sorted values become an index file, all of it or nothing. */
#ifndef PATIENTS_WRITE_H
#define PATIENTS_WRITE_H

#include "key.h"
#include "sort.h"

/* How many entries a section of n values gets: padded with random ones to a number that says little about n (at most an eighth
 * more than n, and at least 1024). */
uint64_t patients_padded(uint64_t n);

/* sorter: one a kind, NULL or empty = no section. Pads, writes beside path, and puts it there by rename. values: how many
 * distinct ones each kind had; *octets: size of the file. */
int patients_write(const struct mw_host *, const char *path, const unsigned char key[PATIENTS_KEY_OCTETS],
		   struct patients_sort *const *sorter, uint64_t *values, uint64_t *octets, struct mw_err *);

#endif
