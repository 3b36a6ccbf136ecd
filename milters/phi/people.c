/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include <stdlib.h>
#include <string.h>

#define MARKS_MAX (1u << 26)
#define RULES_MAX 32 /* whose numbers are told apart: of further rules each number is of another person */
#define FEW 2	     /* numbers of one kind that one person may well have */
#define ROW_LOOKS 8  /* values of a record that are asked whose they are: bounds the work for a record of thousands */

/* Which person bears a value: open addressing, a power of two of slots, at least twice the marks. */
struct slot {
	uint64_t value;
	uint32_t person; /* + 1; 0 = free */
};

/* A name of running text, with all that is written of it anywhere. */
struct name {
	uint64_t word[PERSON_WORDS];
	size_t words;
	uint32_t person; /* who bears it, as far as the text has been read */
};

struct work {
	struct mark *mark;
	size_t n;
	uint64_t distance;
	struct person *person;
	size_t persons;
	struct slot *slot; /* by value; before that by word: the name that has it */
	size_t mask;
	struct name *name;
	size_t names;
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
	return n > MARKS_MAX ? 0 : n * (sizeof(struct person) + sizeof(struct name)) + slots_for(n) * sizeof(struct slot);
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

/* ---- who, by name -------------------------------------------------------------------------------------------------------------
 */

static bool is_named(const struct mark *m)
{
	return !m->row && m->kind == MW_IDENTIFIER && mark_is_name(m);
}

/* The name that holds these words, or that they hold. A word leads to the last name that has it. */
static struct name *name_of(const struct work *w, const uint64_t *word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t of = slot_of(w, word[i])->person;

		if (of && !words_differ(w->name[of - 1].word, w->name[of - 1].words, word, n))
			return w->name + of - 1;
	}
	return NULL;
}

/* More words than there are marks are not kept: they lead nowhere. */
static void name_add(struct work *w, struct name *name, const uint64_t *word, size_t n, size_t *kept)
{
	if (n > name->words) {
		memcpy(name->word, word, n * sizeof(*word));
		name->words = n;
	}
	for (size_t i = 0; i < n; i++) {
		struct slot *s = slot_of(w, word[i]);

		if (!s->person && *kept > w->mask / 2)
			return;
		*kept += !s->person;
		*s = (struct slot){.value = word[i], .person = (uint32_t)(name - w->name) + 1};
	}
}

static void find_names_of(struct work *w, size_t least, size_t most, size_t *kept)
{
	for (size_t i = 0; i < w->n; i++) {
		struct mark *m = w->mark + i;
		uint64_t word[PERSON_WORDS];
		size_t n = is_named(m) ? mark_words(m, word) : 0;
		struct name *name;

		if (n < least || n > most)
			continue;
		name = name_of(w, word, n);
		if (!name) {
			name = w->name + w->names++;
			name->person = NO_PERSON;
		}
		name_add(w, name, word, n, kept);
		m->name = (uint32_t)(name - w->name) + 1;
	}
}

/* Whole names first, so that a first name and a surname are one person's also where they stand apart and before it. Returns how
 * many persons are named at least. */
static size_t find_names(struct work *w)
{
	size_t kept = 0, whole;

	for (size_t i = 0; i < w->n; i++)
		w->mark[i].name = 0;
	find_names_of(w, 2, PERSON_WORDS, &kept);
	whole = w->names;
	find_names_of(w, 1, 1, &kept);
	memset(w->slot, 0, (w->mask + 1) * sizeof(*w->slot));
	for (size_t i = 0; i < w->n && whole == 0; i++)
		whole = is_named(w->mark + i);
	return whole;
}

/* Running text: the person that the value or the name is known of, or whom the text is speaking of, or a new one. */
static uint32_t person_of(struct work *w, const struct mark *m, uint32_t current)
{
	uint32_t known = slot_of(w, m->value)->person, named = m->name ? w->name[m->name - 1].person : NO_PERSON;

	if (known && !person_differs(w->person + known - 1, m))
		return known - 1;
	if (named != NO_PERSON && person_differs(w->person + named, m))
		named = NO_PERSON;
	if (named != NO_PERSON && (current == NO_PERSON || w->person[current].words == 0))
		return named;
	if (current != NO_PERSON && !person_differs(w->person + current, m))
		return current;
	return named != NO_PERSON ? named : person_new(w);
}

/* From here on this person bears the name, and all words of it. */
static void name_is_of(struct work *w, const struct mark *m, uint32_t person)
{
	struct name *name = m->name ? w->name + m->name - 1 : NULL;

	if (!name || name->person != NO_PERSON)
		return;
	name->person = person;
	person_add_words(w->person + person, name->word, name->words);
}

/* ---- who, by numbers ----------------------------------------------------------------------------------------------------------
 */

/* Different numbers of one rule in running text. */
struct numbers {
	uint32_t rule;
	size_t n;
	bool one; /* nobody has two of them */
};

static struct numbers *numbers_of(struct numbers *v, size_t *n, uint32_t rule)
{
	for (size_t i = 0; i < *n; i++)
		if (v[i].rule == rule)
			return v + i;
	if (*n == RULES_MAX)
		return NULL;
	v[*n] = (struct numbers){.rule = rule};
	return v + (*n)++;
}

static bool is_number(const struct mark *m)
{
	return !m->row && m->kind == MW_IDENTIFIER && !mark_is_name(m);
}

/* Some more numbers of a kind than there are named persons are further accounts and telephones of these. Many more are a list: each
 * is of another person, and so is each where nobody is named. */
static void find_several(struct work *w, size_t named)
{
	struct numbers numbers[RULES_MAX], *v;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct mark *m = w->mark + i;
		struct slot *s = slot_of(w, m->value);

		m->several = false;
		if (!named || !is_number(m) || s->person)
			continue;
		*s = (struct slot){.value = m->value, .person = 1};
		v = numbers_of(numbers, &n, m->rule);
		if (v) {
			v->n++;
			v->one |= mark_is_one(m);
		}
	}
	memset(w->slot, 0, (w->mask + 1) * sizeof(*w->slot));
	for (size_t i = 0; i < w->n && n; i++) {
		v = is_number(w->mark + i) ? numbers_of(numbers, &n, w->mark[i].rule) : NULL;
		w->mark[i].several = v && !v->one && v->n > named && v->n <= named * FEW;
	}
}

/* ---- who, in records ----------------------------------------------------------------------------------------------------------
 */

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

	find_several(w, find_names(w));
	for (size_t i = 0, size; i < w->n; i += size) {
		struct mark *m = w->mark + i;

		size = m->row ? row_size(m, w->n - i) : 1;
		m->person = NO_PERSON;
		if (!m->row) {
			if (m->kind != MW_IDENTIFIER)
				continue;
			current = person_of(w, m, current);
			join(w, current, m);
			name_is_of(w, m, current);
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

/* Rows of data in a row. Where most of the persons have something about their health beside them, it is a table of patients: what
 * is said of the others is a word that no rule knows. Did any? */
static bool link_rows(struct work *w, struct mark *m, size_t n)
{
	size_t persons = 0, linked = 0;

	for (size_t i = 0, size; i < n; i += size) {
		size = row_size(m + i, n - i);
		persons += has_kind(m + i, size, MW_IDENTIFIER);
		linked += link_row(w, m + i, size);
	}
	for (size_t i = 0; i < n && linked * 2 > persons; i++)
		if (m[i].kind == MW_IDENTIFIER)
			link_person(w, m + i);
	return linked > 0;
}

/* One part. A table of persons without a column about health belongs to what the text around it says. */
static void link_part(struct work *w, struct mark *m, size_t n)
{
	bool health = false, persons = false, rows = false, row_health = false;

	for (size_t i = 0, size; i < n; i += size) {
		for (size = 1; m[i].row && i + size < n && m[i + size].row;)
			size++;
		if (m[i].row)
			row_health |= link_rows(w, m + i, size);
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
	w.name = (struct name *)(void *)(w.person + n);
	w.slot = (struct slot *)(void *)(w.name + n);
	find_persons(&w);
	find_patients(&w, ret);
	ret->people = (int64_t)w.persons;
}
