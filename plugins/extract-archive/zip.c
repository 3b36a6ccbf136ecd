/* SPDX-License-Identifier: Apache-2.0 */
#include "zip.h"

#include <string.h>

#define LOCAL_OCTETS 30u
#define CENTRAL_OCTETS 46u
#define END64_OCTETS 56u
#define LOCATOR_OCTETS 20u
#define NOT_HERE 0xffffffffu /* a field that stands in the ZIP64 record */
#define UNIX 3u		     /* who made it, as far as we care */

static uint16_t get2(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint16_t)(u[0] | u[1] << 8);
}

static uint32_t get4(const char *p)
{
	return get2(p) | (uint32_t)get2(p + 2) << 16;
}

static uint64_t get8(const char *p)
{
	return get4(p) | (uint64_t)get4(p + 4) << 32;
}

/* Are there n octets at `at`? */
static bool holds(struct mw_str data, uint64_t at, uint64_t n)
{
	return at <= data.n && n <= data.n - at;
}

bool zip_is_at(struct mw_str data, uint64_t at, const char sig[4])
{
	return holds(data, at, 4) && memcmp(data.p + at, sig, 4) == 0;
}

size_t zip_find(struct mw_str data, size_t from, const char sig[4])
{
	const char *found = from < data.n ? memmem(data.p + from, data.n - from, sig, 4) : NULL;

	return found ? (size_t)(found - data.p) : data.n;
}

/* ---- extra fields ---------------------------------------------------------------------------------------------------------------- */

static struct mw_str extra_field(struct mw_str extra, uint16_t id)
{
	while (extra.n >= 4) {
		size_t n = get2(extra.p + 2);

		if (n > extra.n - 4)
			n = extra.n - 4;
		if (get2(extra.p) == id)
			return (struct mw_str){.p = extra.p + 4, .n = n};
		extra = (struct mw_str){.p = extra.p + 4 + n, .n = extra.n - 4 - n};
	}
	return (struct mw_str){.p = "", .n = 0};
}

/* ZIP64: eight octets for each value that did not fit, in this order. */
static void extra_sizes(struct zip_entry *e, bool local)
{
	struct mw_str f = extra_field(e->extra, 1);
	uint64_t *const fields[] = {&e->size, &e->packed, &e->header};
	size_t count = local ? 2 : 3;

	for (size_t i = 0; i < count && f.n >= 8; i++)
		if (*fields[i] == NOT_HERE) {
			*fields[i] = get8(f.p);
			f = (struct mw_str){.p = f.p + 8, .n = f.n - 8};
		}
}

/* As Info-ZIP checks that the name was not changed by a program that does not know of the field. */
static uint32_t crc32_of(struct mw_str s)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= (unsigned char)s.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

struct mw_str zip_unicode(struct mw_str extra, uint16_t id, struct mw_str plain)
{
	struct mw_str f = extra_field(extra, id);

	if (f.n <= 5 || *f.p != 1 || get4(f.p + 1) != crc32_of(plain))
		return (struct mw_str){.p = "", .n = 0};
	return (struct mw_str){.p = f.p + 5, .n = f.n - 5};
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

bool zip_local(struct mw_str data, uint64_t at, struct zip_entry *e, size_t *octets)
{
	const char *p;
	size_t name, extra;

	if (!zip_is_at(data, at, ZIP_LOCAL) || !holds(data, at, LOCAL_OCTETS))
		return false;
	p = data.p + at;
	name = get2(p + 26);
	extra = get2(p + 28);
	if (!holds(data, at, LOCAL_OCTETS + name + extra))
		return false;
	*e = (struct zip_entry){
	    .header = at,
	    .flags = get2(p + 6),
	    .method = get2(p + 8),
	    .crc = get4(p + 14),
	    .packed = get4(p + 18),
	    .size = get4(p + 22),
	    .dos = true,
	    .name = {.p = p + LOCAL_OCTETS, .n = name},
	    .extra = {.p = p + LOCAL_OCTETS + name, .n = extra},
	    .comment = {.p = "", .n = 0},
	};
	extra_sizes(e, true);
	*octets = at + LOCAL_OCTETS + name + extra;
	return true;
}

bool zip_central(struct mw_str data, size_t at, const struct zip_end *end, uint64_t shift, struct zip_entry *e, size_t *next)
{
	const char *p;
	size_t name, extra, comment;

	if (!zip_is_at(data, at, ZIP_CENTRAL) || !holds(data, at, CENTRAL_OCTETS))
		return false;
	p = data.p + at;
	name = get2(p + 28);
	extra = get2(p + 30);
	comment = get2(p + 32);
	if (!holds(data, at, CENTRAL_OCTETS + name + extra + comment))
		return false;
	*e = (struct zip_entry){
	    .header = get4(p + 42),
	    .flags = get2(p + 8),
	    .method = get2(p + 10),
	    .crc = get4(p + 16),
	    .packed = get4(p + 20),
	    .size = get4(p + 24),
	    .link = (unsigned char)p[5] == UNIX && (get4(p + 38) >> 16 & 0xf000) == 0xa000,
	    .dos = (unsigned char)p[5] != UNIX,
	    .name = {.p = p + CENTRAL_OCTETS, .n = name},
	    .extra = {.p = p + CENTRAL_OCTETS + name, .n = extra},
	    .comment = {.p = p + CENTRAL_OCTETS + name + extra, .n = comment},
	};
	extra_sizes(e, false);
	/* Where something was put between the files, those before it stand where they stood. */
	if (zip_is_at(data, e->header + shift, ZIP_LOCAL) || !zip_is_at(data, e->header, ZIP_LOCAL))
		e->header += shift;
	e->elsewhere = get2(p + 34) != end->disk && get2(p + 34) != 0xffff;
	*next = at + CENTRAL_OCTETS + name + extra + comment;
	return true;
}

bool zip_is_folder(const struct zip_entry *e)
{
	char last = e->name.n ? e->name.p[e->name.n - 1] : '\0';

	return (last == '/' || last == '\\') && e->packed <= 2 && e->size == 0; /* deflate makes two octets of nothing */
}

static size_t descriptor_of(struct mw_str data, size_t at, size_t before, uint64_t packed)
{
	if (holds(data, at, before + 8) && get4(data.p + at + before) == packed)
		return before + 8;
	if (holds(data, at, before + 16) && get8(data.p + at + before) == packed)
		return before + 16;
	return 0;
}

size_t zip_descriptor(struct mw_str data, size_t at, const struct zip_entry *e)
{
	if (zip_is_at(data, at, ZIP_DESCRIPTOR))
		return descriptor_of(data, at, 8, e->packed);
	return holds(data, at, 4) && get4(data.p + at) == e->crc ? descriptor_of(data, at, 4, e->packed) : 0;
}

bool zip_measure(struct mw_str data, size_t at, size_t end, struct zip_entry *e)
{
	const struct mw_str within = {.p = data.p, .n = end < data.n ? end : data.n};

	for (size_t d = zip_find(within, at, ZIP_DESCRIPTOR); d < within.n; d = zip_find(within, d + 1, ZIP_DESCRIPTOR)) {
		size_t n = descriptor_of(data, d, 8, d - at);

		if (n) {
			e->crc = get4(data.p + d + 4);
			e->packed = d - at;
			e->size = n == 16 ? get4(data.p + d + 12) : get8(data.p + d + 16);
			return true;
		}
	}
	return false;
}

/* ---- the directory --------------------------------------------------------------------------------------------------------------- */

static bool end64(struct mw_str data, size_t at, size_t *record)
{
	uint64_t told;

	if (at < LOCATOR_OCTETS || !zip_is_at(data, at - LOCATOR_OCTETS, "PK\006\007"))
		return false;
	told = get8(data.p + at - LOCATOR_OCTETS + 8);
	*record = at - LOCATOR_OCTETS < END64_OCTETS ? 0 : at - LOCATOR_OCTETS - END64_OCTETS;
	if (zip_is_at(data, told, "PK\006\006") && holds(data, told, END64_OCTETS))
		*record = told;
	return zip_is_at(data, *record, "PK\006\006") && holds(data, *record, END64_OCTETS);
}

/* Where it begins by its size, and where by its offset: the same place, unless something was put before the archive. */
static void end_begins(struct mw_str data, struct zip_end *e, size_t behind, uint64_t offset)
{
	bool sized = e->size <= behind && zip_is_at(data, behind - e->size, ZIP_CENTRAL);
	bool placed = offset < behind && zip_is_at(data, offset, ZIP_CENTRAL);

	e->begin[0] = sized ? behind - e->size : placed ? (size_t)offset : behind;
	e->begin[1] = placed ? (size_t)offset : e->begin[0];
	for (int i = 0; i < 2; i++)
		e->shift[i] = sized || placed ? e->begin[i] - offset : 0; /* modulo 2^64: the start may be missing, too */
}

bool zip_end(struct mw_str data, size_t at, struct zip_end *e)
{
	const char *p = data.p + at;
	size_t comment, behind = at, record;
	uint64_t offset;

	if (!zip_is_at(data, at, ZIP_END) || !holds(data, at, ZIP_END_OCTETS))
		return false;
	comment = get2(p + 20);
	if (!holds(data, at, ZIP_END_OCTETS + comment))
		comment = data.n - at - ZIP_END_OCTETS;
	*e = (struct zip_end){
	    .at = at,
	    .disk = get2(p + 4),
	    .entries = get2(p + 10),
	    .size = get4(p + 12),
	    .comment = {.p = p + ZIP_END_OCTETS, .n = comment},
	};
	offset = get4(p + 16);
	if (end64(data, at, &record)) {
		const char *q = data.p + record;

		behind = record;
		e->disk = e->disk == 0xffff ? get4(q + 16) : e->disk;
		e->entries = e->entries == 0xffff ? get8(q + 32) : e->entries;
		e->size = e->size == NOT_HERE ? get8(q + 40) : e->size;
		offset = offset == NOT_HERE ? get8(q + 48) : offset;
		/* Version 2 of the record tells how the directory is encrypted. */
		e->encrypted = get2(q + 14) >= 62 && holds(data, record, END64_OCTETS + 4) && get8(q + 4) > END64_OCTETS - 12;
	}
	end_begins(data, e, behind, offset);
	return true;
}

static size_t record_octets(struct mw_str data, size_t at, struct mw_str *comment)
{
	const char *p = data.p + at;
	struct zip_end end = {0};
	struct zip_entry e;
	size_t next;

	if (zip_central(data, at, &end, 0, &e, &next)) {
		*comment = e.comment;
		return next - at;
	}
	if (zip_end(data, at, &end)) {
		*comment = end.comment;
		return ZIP_END_OCTETS + end.comment.n;
	}
	if (zip_is_at(data, at, "PK\006\006") && holds(data, at, END64_OCTETS))
		return get8(p + 4) < data.n - at - 12 ? 12 + (size_t)get8(p + 4) : 0;
	if (zip_is_at(data, at, "PK\006\007"))
		return holds(data, at, LOCATOR_OCTETS) ? LOCATOR_OCTETS : 0;
	/* A signature of the directory; what the first volume begins with. */
	if (zip_is_at(data, at, "PK\005\005"))
		return holds(data, at, 6) && holds(data, at + 6, get2(p + 4)) ? 6u + get2(p + 4) : 0;
	return at == 0 && (zip_is_at(data, 0, ZIP_DESCRIPTOR) || zip_is_at(data, 0, "PK00")) ? 4 : 0;
}

size_t zip_record(struct mw_str data, size_t at, struct mw_str *comment)
{
	*comment = (struct mw_str){.p = "", .n = 0};
	return record_octets(data, at, comment);
}
