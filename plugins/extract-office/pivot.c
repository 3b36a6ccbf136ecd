/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pivot: the rows that a pivot table was made of, which stay in the file when the sheet they came from is gone. Nobody sees them.
 */
#include "book.h"
#include "grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The values of a column that rows refer to by number: those of items[begin, begin + n). */
struct field {
	size_t begin, n;
};

struct pivot {
	struct office *office;
	struct grid grid;
	struct shared items;
	struct field *field;
	size_t fields, cap, column;
	bool record;
};

enum { FIELD = 1, ITEMS, RECORD, VALUE, INDEX };

static const struct xml_name names[] = {{"cacheField", FIELD}, {"sharedItems", ITEMS}, {"r", RECORD}, {"s", VALUE},
					{"n", VALUE},	       {"d", VALUE},	       {"b", VALUE},  {"e", VALUE},
					{"m", VALUE},	       {"x", INDEX},	       {NULL, 0}};

static int field_add(struct pivot *p, struct mw_str name)
{
	if (p->fields == GRID_COLUMNS)
		return -EFBIG;
	if (p->fields == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;
		struct field *more = reallocarray(p->field, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->field = more;
		p->cap = cap;
	}
	p->field[p->fields] = (struct field){.begin = p->items.n};
	return grid_cell(&p->grid, p->fields++, true, name);
}

static int item_add(struct pivot *p, struct mw_str v)
{
	int r = shared_add(&p->items, v.p, v.n);

	if (r == 0)
		r = shared_end(&p->items);
	if (p->fields)
		p->field[p->fields - 1].n++;
	return r;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct pivot *p = ctx;
	const struct field *f;
	size_t i;

	switch (id) {
	case FIELD:
		return field_add(p, xml_attribute(x, "name"));
	case RECORD:
		p->record = true;
		p->column = 0;
		return 0;
	case VALUE:
		if (p->record)
			return grid_cell(&p->grid, p->column++, true, xml_attribute(x, "v"));
		return item_add(p, xml_attribute(x, "v"));
	case INDEX:
		f = p->column < p->fields ? &p->field[p->column] : NULL;
		i = number_of(xml_attribute(x, "v"), SIZE_MAX);
		if (f && i < f->n)
			return grid_cell(&p->grid, p->column++, true, shared_get(&p->items, f->begin + i));
		p->column++;
		return 0;
	default:
		return 0;
	}
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct pivot *p = ctx;

	(void)x;
	p->record &= id != RECORD;
	return id == RECORD ? grid_row_end(&p->grid) : 0;
}

/* The columns of what the records do not refer to, a line each. */
static int items_left(struct pivot *p)
{
	int r = 0;

	for (size_t i = 0; i < p->items.n && r == 0; i++)
		if (!p->items.used[i]) {
			r = grid_cell(&p->grid, 0, true, shared_get(&p->items, i));
			r = r == 0 ? grid_row_end(&p->grid) : r;
		}
	return r;
}

static int records_read(struct pivot *p, size_t definition, const struct xml_events *events)
{
	struct relations all;
	int r = office_relations(p->office, definition, &all);

	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.v[i].entry != NO_ENTRY && strcmp(all.v[i].kind, "pivotCacheRecords") == 0)
			r = office_parse(p->office, all.v[i].entry, events, p);
	relations_free(&all);
	return r;
}

int pivot_read(struct office *o, size_t definition)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = xml_no_text};
	struct pivot p = {.office = o};
	int r;

	grid_init(&p.grid, &o->out);
	r = office_parse(o, definition, &events, &p);
	if (r == 0)
		r = grid_row_end(&p.grid);
	if (r == 0)
		r = records_read(&p, definition, &events);
	if (r == 0)
		r = items_left(&p);
	if (r == 0)
		r = grid_end(&p.grid);
	grid_free(&p.grid);
	free(p.field);
	free(p.items.end);
	free(p.items.used);
	buf_free(&p.items.text);
	return r;
}
