/* SPDX-License-Identifier: Apache-2.0 */
/*
 * biff: records of Excel's binary files ([MS-XLS], and the versions before it), and the strings in them, which may go on in the
 * records that continue them. Pure over (pointer, length).
 */
#ifndef PLUGINS_EXTRACT_LEGACY_BIFF_H
#define PLUGINS_EXTRACT_LEGACY_BIFF_H

#include <milward/plugin.h>

#include "codepage.h"

#define BIFF_CONTINUE 0x3cu

enum biff_version { BIFF2 = 2, BIFF3 = 3, BIFF4 = 4, BIFF5 = 5, BIFF8 = 8 };

struct biff_record {
	uint16_t type;
	struct mw_str data;
	size_t next; /* offset of the record behind it */
};

/* What strings are written in. */
struct biff_text {
	enum biff_version version;
	unsigned page; /* of octets, before BIFF8 */
	struct codepages *pages;
};

/* Reads on through a record and those that continue it. */
struct biff_reader {
	struct mw_str stream, left; /* left: of the record in work */
	size_t next;
};

/* The record at `at`; false at the end, or when it is cut off. */
bool biff_record(struct mw_str stream, size_t at, struct biff_record *);

struct biff_reader biff_reader(struct mw_str stream, const struct biff_record *);
bool biff_take(struct biff_reader *, size_t n, char *to); /* at most 8 octets */
bool biff_skip(struct biff_reader *, uint64_t n);
/* `count` characters as UTF-8 behind what is in `to`: of a Unicode string whose flags say that they are wide. 1; 0 when it is cut
 * off, with what there was; negative: no memory. */
int biff_chars(struct biff_reader *, size_t count, bool wide, struct bytes *to);
/* A string of BIFF8 behind its length, with all that belongs to it. As above. */
int biff_rich(struct biff_reader *, size_t count, struct bytes *to);
/* A string in one record: its length has `width` octets (1, 2); cut off = as much as there is. 0 or negative. */
int biff_string(const struct biff_text *, struct mw_str data, size_t width, struct bytes *to);

uint16_t biff_u16(struct mw_str, size_t at); /* 0 behind the end */
uint32_t biff_u32(struct mw_str, size_t at);
double biff_double(struct mw_str, size_t at);

#endif
