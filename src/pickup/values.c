/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct entry {
	struct entry *next;
	const char *name;
	struct mw_value value;
	struct mw_values *last; /* item */
};

/* Of all values that belong together. */
struct all {
	bool failed;
	size_t octets; /* of texts */
};

struct mw_values {
	struct mw_arena *arena;
	struct all *all;
	struct mw_values *outer; /* whose item it is */
	struct mw_values *next;	 /* item */
	struct entry *entries;	 /* newest first */
};

struct mw_values *mw_values_new(struct mw_arena *a)
{
	struct mw_values *v = mw_arena_alloc(a, sizeof(*v));

	if (!v)
		return NULL;
	v->arena = a;
	v->all = mw_arena_alloc(a, sizeof(*v->all));
	return v->all ? v : NULL;
}

static struct entry *add(struct mw_values *v, const char *name)
{
	struct entry *e = mw_arena_alloc(v->arena, sizeof(*e));

	if (!e) {
		v->all->failed = true;
		return NULL;
	}
	e->name = name;
	e->next = v->entries;
	v->entries = e;
	return e;
}

void mw_values_set(struct mw_values *v, const char *name, struct mw_str text)
{
	char *copy = mw_arena_dup(v->arena, text.n ? text.p : "", text.n);

	if (copy)
		mw_values_refer(v, name, (struct mw_str){.p = copy, .n = text.n});
	else
		v->all->failed = true;
}

void mw_values_refer(struct mw_values *v, const char *name, struct mw_str text)
{
	struct entry *e = add(v, name);

	if (!e)
		return;
	e->value = (struct mw_value){.kind = MW_VALUE_TEXT, .text = text};
	v->all->octets += text.n;
}

void mw_values_puts(struct mw_values *v, const char *name, const char *text)
{
	mw_values_set(v, name, mw_str(text));
}

void mw_values_number(struct mw_values *v, const char *name, int64_t number)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRId64, number);
	mw_values_puts(v, name, digits);
}

void mw_values_flag(struct mw_values *v, const char *name, bool flag)
{
	struct entry *e = add(v, name);

	if (e)
		e->value = (struct mw_value){.kind = MW_VALUE_FLAG, .flag = flag};
}

static struct entry *list_of(struct mw_values *v, const char *name)
{
	struct entry *e;

	for (e = v->entries; e && strcmp(e->name, name) != 0; e = e->next)
		;
	if (e && e->value.kind == MW_VALUE_LIST)
		return e;
	e = add(v, name);
	if (e)
		e->value = (struct mw_value){.kind = MW_VALUE_LIST};
	return e;
}

struct mw_values *mw_values_item(struct mw_values *v, const char *name)
{
	struct entry *e = list_of(v, name);
	struct mw_values *item = e ? mw_arena_alloc(v->arena, sizeof(*item)) : NULL;

	if (!item) {
		v->all->failed = true;
		return v;
	}
	*item = (struct mw_values){.arena = v->arena, .all = v->all, .outer = v};
	if (e->last)
		e->last->next = item;
	else
		e->value.first = item;
	e->last = item;
	return item;
}

void mw_values_date(struct mw_values *v, const char *name, int64_t seconds)
{
	static const char *const months[] = {"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12"};
	time_t when = (time_t)seconds;
	struct mw_values *date;
	char two[3];
	struct tm tm;

	if (!seconds || !localtime_r(&when, &tm))
		return;
	date = mw_values_item(v, name);
	mw_values_number(date, "day", tm.tm_mday);
	mw_values_number(date, "month", tm.tm_mon + 1);
	mw_values_number(date, "year", (int64_t)tm.tm_year + 1900);
	(void)strftime(two, sizeof(two), "%H", &tm);
	mw_values_puts(date, "hour", two);
	(void)strftime(two, sizeof(two), "%M", &tm);
	mw_values_puts(date, "minute", two);
	mw_values_flag(date, months[tm.tm_mon], true);
}

bool mw_values_ok(const struct mw_values *v)
{
	return !v->all->failed;
}

size_t mw_values_octets(const struct mw_values *v)
{
	return v->all->octets;
}

const struct mw_value *mw_values_find(const struct mw_values *v, struct mw_str name)
{
	for (; v; v = v->outer)
		for (const struct entry *e = v->entries; e; e = e->next)
			if (mw_str_eq(name, e->name))
				return &e->value;
	return NULL;
}

const struct mw_values *mw_values_next(const struct mw_values *v)
{
	return v->next;
}
