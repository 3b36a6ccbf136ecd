/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format: the octets of an index, milward-index(5). All numbers are big-endian.
 *
 *   0    8   "MWINDEX\n"
 *   8    4   version of the format, 1
 *   12   4   version of the normal forms (normal.h)
 *   16   8   seconds since 1970 when it was made
 *   24   4   sections
 *   28   4   zero
 *   32   16  MAC 'K' of nothing: is this the key?
 *   48   24  for each of eight sections: kind, zero (4 each); offset, entries (8 each); unused ones are zero
 *   240  16  zero
 *   256  32  MAC 'F' of all sections and then of octets 0 to 255
 *   288      sections: entries of eight octets, ascending, none twice
 */
#ifndef PATIENTS_FORMAT_H
#define PATIENTS_FORMAT_H

#include <stdint.h>

#define PATIENTS_MAGIC "MWINDEX\n"
#define PATIENTS_VERSION 1u
#define PATIENTS_MAC 32u
#define PATIENTS_CHECK 16u
#define PATIENTS_SIGNED 256u
#define PATIENTS_HEADER 288u
#define PATIENTS_SECTIONS 8u
#define PATIENTS_ENTRY 8u
#define PATIENTS_ENTRIES_MAX (UINT64_C(1) << 32)

/* What a section holds, and the first octet of what its MACs are made of. */
enum patients_kind { PATIENTS_NAME = 1, PATIENTS_NAME_DOB, PATIENTS_DOB, PATIENTS_MRN, PATIENTS_MEMBER, PATIENTS_KINDS };
enum { PATIENTS_FOR_KEY = 'K', PATIENTS_FOR_FILE = 'F' };

static inline uint32_t patients_get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t patients_get64(const unsigned char *p)
{
	return (uint64_t)patients_get32(p) << 32 | patients_get32(p + 4);
}

static inline void patients_put32(unsigned char *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static inline void patients_put64(unsigned char *p, uint64_t v)
{
	patients_put32(p, (uint32_t)(v >> 32));
	patients_put32(p + 4, (uint32_t)v);
}

#endif
