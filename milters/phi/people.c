/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include <stdlib.h>
#include <string.h>

#define MARKS_MAX (1u << 26)
#define ROW_LOOKS 8 /* values of a record that are asked whose they are: bounds the work for a record of thousands */

/* Which person bears a value: open addressing, a power of two of slots, at least twice the marks. */
struct slot {
	uint64_t value;
	uint32_t person; /* + 1; 0 = free */
};

struct work {
	struct mark *mark;
	size_t n;
	uint64_t distance;
	struct person *person;
	size_t persons;
	struct slot *slot;
	size_t mask;
	bool orphan; /* a part speaks of health and of nobody */
};

static int mark_order(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->rule == y->rule ? 0 : x->rule < y->rule ? -1 : 1;
}

void people_sort(struct mark *mark, size_t n)
{
	if (n > 1)
		qsort(mark, n, sizeof(*mark), mark_order);
}

static size_t slots_for(size_t n)
{
	size_t slots = 8;

	while (slots < n * 2)
		slots *= 2;
	return slots;
}

size_t people_room(size_t n)
{
	return n > MARKS_MAX ? 0 : n * sizeof(struct person) + slots_for(n) * sizeof(struct slot);
}

static struct slot *slot_of(const struct work *w, uint64_t value)
{
	size_t at = (size_t)value & w->mask;

	while (w->slot[at].person && w->slot[at].value != value)
		at = (at + 1) & w->mask;
	return w->slot + at;
}

static uint32_t person_new(struct work *w)
{
	return (uint32_t)w->persons++;
}

static void join(struct work *w, uint32_t person, struct mark *m)
{
	struct slot *s = slot_of(w, m->value);

	m->person = person;
	person_add(w->person + person, m);
	*s = (struct slot){.value = m->value, .person = person + 1};
}

static bool is_health(const struct mark *m)
{
	return m->kind == MW_CLINICAL;
}

/* What stands there says nothing of those whom the rest of the message is about. */
static bool is_apart(const struct mark *m)
{
	return m->zone == MW_ZONE_SIGNATURE || m->zone == MW_ZONE_DISCLAIMER;
}

/* ---- who --------------------------------------------------------------------------------------------------------------------
 */

/* Running text: the person that the value is known of, or whom the text is speaking of, or a new one. */
static uint32_t person_of(struct work *w, const struct mark *m, uint32_t current)
{
	uint32_t known = slot_of(w, m->value)->person;

	if (known && !person_differs(w->person + known - 1, m))
		return known - 1;
	if (current != NO_PERSON && !person_differs(w->person + current, m))
		return current;
	return person_new(w);
}

static bool group_differs(const struct person *p, const struct mark *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].kind == MW_IDENTIFIER && person_differs(p, m + i))
			return true;
	return false;
}

static bool group_has_kind(const struct person *p, const struct mark *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].kind == MW_IDENTIFIER && person_has_kind(p, m + i))
			return true;
	return false;
}

/* A record of data is one person: one who is known already, or a new one. A field in each row is a table that stands upright: the
 * rows have nothing in common, and are one person. */
static uint32_t row_person(struct work *w, const struct mark *m, size_t n, uint32_t before)
{
	for (size_t i = 0; i < n && i < ROW_LOOKS; i++) {
		uint32_t known = m[i].kind == MW_IDENTIFIER ? slot_of(w, m[i].value)->person : 0;

		if (known && !group_differs(w->person + known - 1, m, n))
			return known - 1;
	}
	if (before != NO_PERSON && !group_has_kind(w->person + before, m, n))
		return before;
	return person_new(w);
}

/* Marks of one record of data that begins at m. */
static size_t row_size(const struct mark *m, size_t n)
{
	size_t size = 1;

	while (size < n && m[size].row && m[size].part == m->part && m[size].record == m->record)
		size++;
	return size;
}

static bool has_kind(const struct mark *m, size_t n, uint32_t kind)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].kind == kind)
			return true;
	return false;
}

static void find_persons(struct work *w)
{
	uint32_t current = NO_PERSON, row = NO_PERSON, row_part = 0;

	for (size_t i = 0, size; i < w->n; i += size) {
		struct mark *m = w->mark + i;

		size = m->row ? row_size(m, w->n - i) : 1;
		m->person = NO_PERSON;
		if (!m->row) {
			if (m->kind != MW_IDENTIFIER)
				continue;
			current = person_of(w, m, current);
			join(w, current, m);
			continue;
		}
		for (size_t k = 0; k < size; k++)
			m[k].person = NO_PERSON;
		if (!has_kind(m, size, MW_IDENTIFIER))
			continue;
		row = row_person(w, m, size, row_part == m->part ? row : NO_PERSON);
		row_part = m->part;
		current = NO_PERSON;
		for (size_t k = 0; k < size; k++)
			if (m[k].kind == MW_IDENTIFIER)
				join(w, row, m + k);
	}
}

/* ---- what -------------------------------------------------------------------------------------------------------------------
 */

static void link_person(struct work *w, const struct mark *who)
{
	w->person[who->person].linked = true;
}

/* Who and what in one record of data. What is in it is then nobody else's. */
static bool link_row(struct work *w, struct mark *m, size_t n)
{
	bool linked = has_kind(m, n, MW_CLINICAL) && has_kind(m, n, MW_IDENTIFIER);

	for (size_t i = 0; i < n; i++) {
		m[i].used = linked;
		if (linked && m[i].kind == MW_IDENTIFIER)
			link_person(w, m + i);
	}
	return linked;
}

static bool is_near(const struct work *w, const struct mark *a, const struct mark *b)
{
	uint64_t gap = a->end < b->offset ? b->offset - a->end : b->end < a->offset ? a->offset - b->end : 0;

	return gap <= w->distance && (!is_apart(a) || a->zone == b->zone);
}

/* Health, and the person who was spoken of last. */
static void link_last(struct work *w, const struct mark *m, const struct mark **who)
{
	if (m->used)
		return;
	if (m->person != NO_PERSON)
		*who = m;
	else if (is_health(m) && *who && is_near(w, m, *who))
		link_person(w, *who);
}

/* Health and the person before it, and the person behind it. m: marks of one part. */
static void link_near(struct work *w, const struct mark *m, size_t n)
{
	const struct mark *who = NULL;

	for (size_t i = 0; i < n; i++)
		link_last(w, m + i, &who);
	who = NULL;
	for (size_t i = n; i-- > 0;)
		link_last(w, m + i, &who);
}

/* One part. A table of persons without a column about health belongs to what the text around it says. */
static void link_part(struct work *w, struct mark *m, size_t n)
{
	bool health = false, persons = false, rows = false, row_health = false;

	for (size_t i = 0, size; i < n; i += size) {
		size = m[i].row ? row_size(m + i, n - i) : 1;
		if (m[i].row)
			row_health |= link_row(w, m + i, size);
	}
	for (size_t i = 0; i < n; i++) {
		health |= is_health(m + i) && !is_apart(m + i);
		persons |= m[i].person != NO_PERSON;
		rows |= m[i].person != NO_PERSON && m[i].row;
	}
	link_near(w, m, n);
	for (size_t i = 0; i < n; i++) {
		if (m[i].person == NO_PERSON)
			continue;
		if (!health)
			w->person[m[i].person].bare = true;
		else if (rows && !row_health && m[i].row)
			link_person(w, m + i);
	}
	w->orphan |= health && !persons;
}

static void find_patients(struct work *w, struct people *ret)
{
	bool health = false;

	for (size_t i = 0, size; i < w->n; i += size) {
		for (size = 1; i + size < w->n && w->mark[i + size].part == w->mark[i].part;)
			size++;
		link_part(w, w->mark + i, size);
	}
	for (size_t i = 0; i < w->n && !health; i++)
		health = is_health(w->mark + i) && !is_apart(w->mark + i);
	for (size_t i = 0; i < w->persons; i++) {
		const struct person *p = w->person + i;

		ret->patients += p->linked || (health && (w->persons == 1 || p->everywhere)) || (w->orphan && p->bare);
	}
}

void people_count(struct mark *mark, size_t n, uint64_t distance, void *room, struct people *ret)
{
	struct work w = {.mark = mark, .n = n, .distance = distance, .person = room, .mask = slots_for(n) - 1};

	*ret = (struct people){0};
	w.slot = (struct slot *)(void *)(w.person + n);
	find_persons(&w);
	find_patients(&w, ret);
	ret->people = (int64_t)w.persons;
}
