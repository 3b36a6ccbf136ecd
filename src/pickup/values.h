/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values: what a template says by name: texts, flags, and lists whose items have values of their own. A name that an item has not is
 * looked for in what is around it. All of it lives in the arena that it was made of, which wipes it.
 */
#ifndef MW_PICKUP_VALUES_H
#define MW_PICKUP_VALUES_H

#include "base/arena.h"
#include "base/str.h"

struct mw_values;

/* NULL: no memory. */
struct mw_values *mw_values_new(struct mw_arena *);
/* Each copies; name: of the caller, static. A second one of a name stands for the first. That there was no memory is remembered
 * (mw_values_ok), so that who makes many checks once at the end. */
void mw_values_set(struct mw_values *, const char *name, struct mw_str text);
/* The same without a copy: the text stays as it is for as long as the values are used. */
void mw_values_refer(struct mw_values *, const char *name, struct mw_str text);
void mw_values_puts(struct mw_values *, const char *name, const char *text); /* NULL: "" */
void mw_values_number(struct mw_values *, const char *name, int64_t);
void mw_values_flag(struct mw_values *, const char *name, bool);
/* One more item at the end of the list that is called so. Without memory: the values themselves, which are not right any more. */
struct mw_values *mw_values_item(struct mw_values *, const char *name);
/* A date, in this machine's time zone: a list of one item with day, month, year, hour, minute and one flag of m1 to m12, so that each
 * language has its own way to say it. Of a time that is none (0): nothing. */
void mw_values_date(struct mw_values *, const char *name, int64_t seconds);
bool mw_values_ok(const struct mw_values *);

/* For template.c. */
struct mw_value {
	enum { MW_VALUE_TEXT, MW_VALUE_FLAG, MW_VALUE_LIST } kind;
	bool flag;
	struct mw_str text;
	const struct mw_values *first; /* item */
};
/* Octets of all texts that belong together: about what they fill, when each is named once. */
size_t mw_values_octets(const struct mw_values *);
/* In these values, then in those around them. NULL: nobody has it. */
const struct mw_value *mw_values_find(const struct mw_values *, struct mw_str name);
const struct mw_values *mw_values_next(const struct mw_values *);

#endif
