/* SPDX-License-Identifier: Apache-2.0 */
/* write: sorted values become an index file, all of it or nothing. */
#ifndef PATIENTS_WRITE_H
#define PATIENTS_WRITE_H

#include "key.h"
#include "sort.h"

/* How many entries a section of n values gets: padded with random ones to a number that says little about n (at most an eighth
 * more than n, and at least 1024). */
uint64_t patients_padded(uint64_t n);

/* Where the index goes: to nothing yet, or in the place of another. */
struct patients_target {
	const char *path;
	const unsigned char *key; /* PATIENTS_KEY_OCTETS */
	bool smaller; /* also when it has less than half of the other's size: a table that is cut off is told by that */
};

/* sorter: one a kind, NULL or empty = no section. Pads, writes into a file without a name, and puts it there by rename: whenever it
 * is stopped, the old index is there, or the new one. values: how many distinct ones each kind had; *octets: size of the file. */
int patients_write(const struct mw_host *, const struct patients_target *, struct patients_sort *const *sorter, uint64_t *values,
		   uint64_t *octets, struct mw_err *);

/* What was done in the folder of a file (made, renamed) is on disk then. 0, or negative errno. */
int patients_sync_folder(const char *path);

#endif
