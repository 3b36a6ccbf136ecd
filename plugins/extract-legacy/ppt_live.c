/* SPDX-License-Identifier: Apache-2.0 */
#include "ppt_live.h"

#include "../ole/ole.h"

#include <errno.h>
#include <stdlib.h>

#define HEAD 8u
#define USER_EDIT 0x0ff5u
#define DIRECTORY 0x1772u
#define IDS 1048576u /* an id has 20 bits */
#define EDITS_MAX 4096u

static uint32_t u32(struct mw_str s, uint64_t at)
{
	return at + 4 <= s.n ? ole_u32(s.p + at) : 0;
}

static bool is_record(struct mw_str s, uint64_t at, uint16_t type)
{
	return at + HEAD <= s.n && ole_u16(s.p + at + 2) == type;
}

/* Where the records of one saving are. Later savings were read before: theirs stay. Returns how many octets it has. */
static size_t directory_read(struct mw_str s, uint32_t at, uint32_t *where)
{
	uint64_t end, next = (uint64_t)at + HEAD;

	if (!is_record(s, at, DIRECTORY))
		return 0;
	end = next + u32(s, (uint64_t)at + 4);
	end = end < s.n ? end : s.n;
	while (next + 4 <= end) {
		uint32_t head = u32(s, next), id = head & 0xfffff, n = head >> 20;

		next += 4;
		for (uint32_t i = 0; i < n && next + 4 <= end; i++, next += 4)
			if (id + i < IDS && where[id + i] == 0)
				where[id + i] = u32(s, next);
	}
	return (size_t)(end - at);
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int ppt_live_read(struct mw_str s, struct mw_str user, struct ppt_live *live)
{
	uint32_t edit = u32(user, 16), *where;
	size_t edits = 0, read = 0;

	*live = (struct ppt_live){0};
	if (!is_record(s, edit, USER_EDIT))
		return 0;
	where = calloc(IDS, sizeof(*where));
	if (!where)
		return -ENOMEM;
	/* No directory is needed twice, so all of them have no more octets than the stream. */
	while (edits++ < EDITS_MAX && is_record(s, edit, USER_EDIT) && read <= s.n) {
		uint32_t before = u32(s, (uint64_t)edit + 16);

		read += directory_read(s, u32(s, (uint64_t)edit + 20), where);
		if (before >= edit)
			break;
		edit = before;
	}
	for (size_t i = 0; i < IDS; i++)
		if (where[i])
			where[live->n++] = where[i];
	/* The document itself is the first record, at 0, unless another is named. */
	qsort(where, live->n, sizeof(*where), by_value);
	live->at = where;
	return 0;
}

bool ppt_live_has(const struct ppt_live *l, uint32_t at)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->at[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return l->n == 0 || (low < l->n && l->at[low] == at);
}

void ppt_live_free(struct ppt_live *l)
{
	free(l->at);
	*l = (struct ppt_live){0};
}
