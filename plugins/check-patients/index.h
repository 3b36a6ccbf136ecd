/* SPDX-License-Identifier: Apache-2.0 */
/* index: reads an index. Pure over (pointer, length); nothing is copied, the octets must outlive it. */
#ifndef PATIENTS_INDEX_H
#define PATIENTS_INDEX_H

#include "key.h"

struct patients_index {
	struct patients_section {
		const unsigned char *entry;
		uint64_t n; /* 0: the index has no such section */
	} section[PATIENTS_KINDS];
	uint64_t made; /* seconds since 1970 */
};

/* Checks form, key and MAC of all of it. NULL, or what is wrong with it in words, after "the index X ". */
const char *patients_index_read(const void *p, size_t n, struct patients_mac *, struct patients_index *ret);
bool patients_index_has(const struct patients_index *, enum patients_kind, uint64_t entry);

#endif
