/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sort: any number of 64-bit values in ascending order, each once, in bounded memory: what does not fit is sorted in runs into an
 * unlinked file, and the runs are merged. Values should be random, as MACs are: the sort in memory goes by their first octets.
 */
#ifndef PATIENTS_SORT_H
#define PATIENTS_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patients_sort;
/* room: values held in memory (at least 1). folder: where the file of runs is made, when one is needed; borrowed. */
struct patients_sort *patients_sort_new(size_t room, const char *folder);
void patients_sort_free(struct patients_sort **); /* accepts NULL */
int patients_sort_add(struct patients_sort *, uint64_t);
/* Values in order to fn, which may be NULL; stops and returns what fn returns when that is not 0. *distinct: how many there are.
 * May be called again, and after more values were added. 0 or negative errno. */
int patients_sort_merge(struct patients_sort *, int (*fn)(void *ctx, uint64_t), void *ctx, uint64_t *distinct);

#endif
