/* SPDX-License-Identifier: Apache-2.0 */
#include "report_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

int mw_report_table_init(struct mw_report_table *t, size_t max)
{
	*t = (struct mw_report_table){.max = max, .room = ROOM_FIRST};
	t->slot = calloc(t->room, sizeof(*t->slot));
	return t->slot ? 0 : -ENOMEM;
}

void mw_report_table_free(struct mw_report_table *t)
{
	for (size_t i = 0; t->slot && i < t->room; i++)
		free(t->slot[i]);
	free(t->slot);
	*t = (struct mw_report_table){0};
}

/* FNV-1a; who chooses names to collide makes his own report slow, not wrong. */
static size_t hash(const char *name, size_t length)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* The slot of the name: its row, or free. */
static struct mw_report_row **slot_of(const struct mw_report_table *t, const char *name, size_t length)
{
	size_t at = hash(name, length) & (t->room - 1);

	while (t->slot[at] && (t->slot[at]->length != length || memcmp(t->slot[at]->name, name, length) != 0))
		at = (at + 1) & (t->room - 1);
	return &t->slot[at];
}

static int rebuild(struct mw_report_table *t, size_t room)
{
	struct mw_report_row **old = t->slot, **slot = calloc(room, sizeof(*slot));
	size_t before = t->room;

	if (!slot)
		return -ENOMEM;
	t->slot = slot;
	t->room = room;
	for (size_t i = 0; i < before; i++)
		if (old[i])
			*slot_of(t, old[i]->name, old[i]->length) = old[i];
	free(old);
	return 0;
}

static int less(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Drops the half of the rows that was counted least, and all that were counted as often as the last of them. */
static int prune(struct mw_report_table *t)
{
	uint64_t *n = malloc(t->rows * sizeof(*n)), limit;
	size_t rows = 0;

	if (!n)
		return -ENOMEM;
	for (size_t i = 0; i < t->room; i++)
		if (t->slot[i])
			n[rows++] = t->slot[i]->n[0];
	qsort(n, rows, sizeof(*n), less);
	limit = n[rows / 2];
	free(n);
	for (size_t i = 0; i < t->room; i++) {
		struct mw_report_row *row = t->slot[i];

		if (!row || row->n[0] > limit)
			continue;
		for (size_t c = 0; c < REPORT_COLUMNS; c++)
			t->others[c] += row->n[c];
		free(row);
		t->slot[i] = NULL;
		t->rows--;
		t->dropped++;
	}
	t->error += limit;
	return rebuild(t, t->room);
}

struct mw_report_row *mw_report_table_at(struct mw_report_table *t, const char *name, size_t length)
{
	struct mw_report_row **slot, *row;

	if (length > REPORT_NAME_MAX)
		length = REPORT_NAME_MAX;
	slot = slot_of(t, name, length);
	if (*slot)
		return *slot;
	if (t->rows >= t->max && prune(t) < 0)
		return NULL;
	if (t->rows >= t->room / 2 && rebuild(t, 2 * t->room) < 0)
		return NULL;
	row = calloc(1, sizeof(*row) + length + 1);
	if (!row)
		return NULL;
	row->length = length;
	memcpy(row->name, name, length);
	*slot_of(t, name, length) = row;
	t->rows++;
	return row;
}

int mw_report_table_put(struct mw_report_table *t, const char *name, size_t length, const char *text, size_t text_n)
{
	struct mw_report_row **slot, *row;

	if (t->rows >= t->max || length > REPORT_NAME_MAX)
		return -E2BIG;
	if (t->rows >= t->room / 2 && rebuild(t, 2 * t->room) < 0)
		return -ENOMEM;
	row = calloc(1, sizeof(*row) + length + 1 + text_n + 1);
	if (!row)
		return -ENOMEM;
	row->length = length;
	memcpy(row->name, name, length);
	memcpy(row->name + length + 1, text, text_n);
	slot = slot_of(t, name, length);
	t->rows += *slot == NULL;
	free(*slot);
	*slot = row;
	return 0;
}

const char *mw_report_row_text(const struct mw_report_row *row)
{
	return row->name + row->length + 1;
}

struct mw_report_row *mw_report_table_find(const struct mw_report_table *t, const char *name, size_t length)
{
	return *slot_of(t, name, length < REPORT_NAME_MAX ? length : REPORT_NAME_MAX);
}

static int order(const void *a, const void *b)
{
	const struct mw_report_row *x = *(struct mw_report_row *const *)a, *y = *(struct mw_report_row *const *)b;

	if (x->n[0] != y->n[0])
		return x->n[0] < y->n[0] ? 1 : -1;
	return strcmp(x->name, y->name);
}

struct mw_report_row **mw_report_table_sorted(const struct mw_report_table *t)
{
	struct mw_report_row **row = malloc((t->rows ? t->rows : 1) * sizeof(struct mw_report_row *));
	size_t n = 0;

	for (size_t i = 0; row && i < t->room; i++)
		if (t->slot[i])
			row[n++] = t->slot[i];
	if (n)
		qsort(row, n, sizeof(struct mw_report_row *), order);
	return row;
}
