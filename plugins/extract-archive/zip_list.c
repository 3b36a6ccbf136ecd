/* SPDX-License-Identifier: Apache-2.0 */
#include "zip_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Readers look for the end in as many octets as a comment may have, some in a few more. */
#define TAIL 70000u
/* Directories that are read. More than one or two are a game with the reader. */
#define DIRECTORIES 16u
/* Places that look like the end of one: mostly those of zips in this zip. */
#define ENDS 1000u
/* No policy lets so many files through. */
#define ENTRIES ((size_t)1 << 20)

/* Octets of a local header, at most. */
#define HEADER_MOST (2u * 65536u)

static int add(struct zip_list *l, const struct zip_entry *e)
{
	if (l->n == ENTRIES)
		return -EFBIG;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct zip_entry *more = cap <= SIZE_MAX / sizeof(*more) ? realloc(l->v, cap * sizeof(*more)) : NULL;

		if (!more)
			return -ENOMEM;
		l->v = more;
		l->cap = cap;
	}
	l->v[l->n++] = *e;
	return 0;
}

static int add_region(struct zip_list *l, size_t from, size_t to)
{
	const struct zip_entry e = {.header = from, .packed = to - from};

	return add(l, &e);
}

static int read_from(struct zip_list *l, struct mw_str data, const struct zip_end *end, int way)
{
	struct zip_entry e;
	size_t at = end->begin[way], next;
	uint64_t n = 0;
	int r = 0;

	for (; r == 0 && zip_central(data, at, end, end->shift[way], &e, &next); n++) {
		r = add(l, &e);
		at = next;
	}
	if ((n ^ end->entries) & 0xffff) /* some write no more of it */
		l->damaged = true;
	return r == 0 ? add_region(l, end->begin[way], at) : r;
}

static int read_directory(struct zip_list *l, struct mw_str data, const struct zip_end *end)
{
	int r = read_from(l, data, end, 0);

	if (r == 0 && end->begin[1] != end->begin[0])
		r = read_from(l, data, end, 1);
	if (end->encrypted)
		l->encrypted = true;
	l->directories++;
	return r;
}

/* Is this place within a file that is listed? Then what looks like a directory's end is that of a zip in this zip. */
static bool is_inside(const struct zip_list *l, struct mw_str data, size_t at)
{
	struct zip_entry e;
	size_t octets;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].name.p && l->v[i].header < at && at - l->v[i].header < l->v[i].packed + HEADER_MOST &&
		    zip_local(data, l->v[i].header, &e, &octets) && octets <= at && l->v[i].packed > at - octets)
			return true;
	return false;
}

static int by_place(const void *pa, const void *pb)
{
	const struct zip_entry *a = pa, *b = pb;

	if (a->header != b->header)
		return a->header < b->header ? -1 : 1;
	if (a->packed != b->packed)
		return a->packed < b->packed ? -1 : 1;
	if (a->method != b->method)
		return a->method < b->method ? -1 : 1;
	return a->name.p < b->name.p ? -1 : a->name.p > b->name.p;
}

/* The last place before `to` where a directory may end that some reader looks for; data.n = none. */
static size_t end_before(struct mw_str data, size_t to)
{
	size_t tail = data.n < TAIL ? 0 : data.n - TAIL;

	while (to > tail)
		if (zip_is_at(data, --to, ZIP_END))
			return to;
	return data.n;
}

/* The last; those that say that they are; and those that are of no file. */
static bool is_wanted(const struct zip_list *l, struct mw_str data, const struct zip_end *end)
{
	return l->directories == 0 || end->at + ZIP_END_OCTETS + end->comment.n == data.n || !is_inside(l, data, end->at);
}

int zip_list_read(struct zip_list *l, struct mw_str data)
{
	struct zip_end end;
	size_t ends = 0;
	int r = 0;

	for (size_t p = end_before(data, data.n); p < data.n && r == 0; p = end_before(data, p)) {
		if (ends++ < ENDS && (!zip_end(data, p, &end) || !is_wanted(l, data, &end)))
			continue;
		if (ends > ENDS || l->directories == DIRECTORIES) {
			l->damaged = true;
			break;
		}
		r = read_directory(l, data, &end);
	}
	if (r == 0 && l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_place);
	return r;
}

bool zip_list_ends(struct mw_str data)
{
	struct zip_end end;

	for (size_t p = end_before(data, data.n); p < data.n; p = end_before(data, p))
		if (zip_end(data, p, &end) && end.entries && zip_is_at(data, end.begin[0], ZIP_CENTRAL))
			return true;
	return false;
}

void zip_list_free(struct zip_list *l)
{
	free(l->v);
	l->v = NULL;
	l->n = l->cap = 0;
}
