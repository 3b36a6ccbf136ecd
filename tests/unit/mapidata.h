/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapidata: makes TNEF streams and blocks of MAPI properties for tests. Out of memory ends the program.
 */
#ifndef MW_TESTS_MAPIDATA_H
#define MW_TESTS_MAPIDATA_H

#include <stddef.h>
#include <stdint.h>

/* Octets that grow: {0} at first, md_free() at last. */
struct md {
	char *p;
	size_t n;
};

void md_add(struct md *, const void *p, size_t n);
void md_u16(struct md *, unsigned v);
void md_u32(struct md *, uint32_t v);
void md_u64(struct md *, uint64_t v);
/* ASCII as UTF-16LE. */
void md_wide(struct md *, const char *text);
void md_free(struct md *);

/* Properties of TNEF; a block of them begins with md_u32(count). */
void md_string8(struct md *, unsigned id, const char *text);
void md_unicode(struct md *, unsigned id, const char *text);
void md_binary(struct md *, unsigned type, unsigned id, const void *p, size_t n);
void md_i4(struct md *, unsigned id, uint32_t v);
void md_time(struct md *, unsigned id, uint64_t filetime);
/* A string with a name: of the set {set-0000-0000-C000-000000000046} a number, or a string when name is not NULL. */
void md_named(struct md *, uint32_t set, uint32_t lid, const char *name, const char *text);

/* A stream: its signature, then attributes with their checksums. */
void md_tnef(struct md *);
void md_attribute(struct md *, unsigned level, uint32_t id, const void *p, size_t n);

#endif
