/* SPDX-License-Identifier: Apache-2.0 */
#include "element.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 12u

struct element {
	char name[NAME_MAX_LEN];
	enum effect effect;
};

/* Sorted. Blocks are what the rendering section of the standard starts on a line of its own. */
static const struct element elements[] = {
    {"address", BLOCK}, {"article", BLOCK}, {"aside", BLOCK}, {"blockquote", BLOCK}, {"body", BLOCK},	    {"br", LINE},
    {"caption", BLOCK}, {"center", BLOCK},  {"dd", BLOCK},    {"details", BLOCK},    {"dialog", BLOCK},	    {"dir", BLOCK},
    {"div", BLOCK},	{"dl", BLOCK},	    {"dt", BLOCK},    {"fieldset", BLOCK},   {"figcaption", BLOCK}, {"figure", BLOCK},
    {"footer", BLOCK},	{"form", BLOCK},    {"frame", BLOCK}, {"frameset", BLOCK},   {"h1", BLOCK},	    {"h2", BLOCK},
    {"h3", BLOCK},	{"h4", BLOCK},	    {"h5", BLOCK},    {"h6", BLOCK},	     {"head", BLOCK},	    {"header", BLOCK},
    {"hgroup", BLOCK},	{"hr", BLOCK},	    {"html", BLOCK},  {"legend", BLOCK},     {"li", BLOCK},	    {"listing", PRE},
    {"main", BLOCK},	{"menu", BLOCK},    {"nav", BLOCK},   {"ol", BLOCK},	     {"optgroup", BLOCK},   {"option", BLOCK},
    {"p", BLOCK},	{"plaintext", PRE}, {"pre", PRE},     {"script", RAW},	     {"section", BLOCK},    {"select", BLOCK},
    {"style", RAW},	{"summary", BLOCK}, {"table", ROW},   {"tbody", ROW},	     {"td", CELL},	    {"textarea", PRE},
    {"tfoot", ROW},	{"th", CELL},	    {"thead", ROW},   {"title", TITLE},	     {"tr", ROW},	    {"ul", BLOCK},
    {"xmp", PRE},
};
#define ELEMENTS (sizeof(elements) / sizeof(elements[0]))
_Static_assert(ELEMENTS <= ELEMENTS_MAX, "a count for each");

static int compare_element(const void *key, const void *row)
{
	return strcmp(key, ((const struct element *)row)->name);
}

/* In small letters; false: none of ours is as long. */
static bool copy_name(struct mw_str name, char low[NAME_MAX_LEN])
{
	if (name.n >= NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.n; i++)
		low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
	low[name.n] = '\0';
	return true;
}

static bool in_list(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

/* Is the tag one that counts only where it is not? */
static bool is_stray(const struct open_elements *o, const struct element *e, bool end)
{
	static const char *const outer[] = {"html", "head", "body", "frame", "frameset", NULL};
	static const char *const of_table[] = {"caption", "tbody", "td", "tfoot", "th", "thead", "tr", NULL};

	if (!end && strcmp(e->name, "table") == 0)
		return true; /* text in it, but in no cell, is shown before it */
	if (in_list(e->name, outer) || (o->tables == 0 && in_list(e->name, of_table)))
		return true;
	return end && o->n[e - elements] == 0 && strcmp(e->name, "p") != 0 && strcmp(e->name, "br") != 0;
}

static void count(size_t *n, bool end)
{
	if (!end)
		(*n)++;
	else if (*n)
		(*n)--;
}

enum effect element_tag(struct open_elements *o, struct mw_str name, bool end, bool *stray)
{
	const struct element *e = NULL;
	char low[NAME_MAX_LEN];

	*stray = false;
	if (copy_name(name, low))
		e = bsearch(low, elements, ELEMENTS, sizeof(elements[0]), compare_element);
	if (!e)
		return PLAIN;
	*stray = is_stray(o, e, end);
	count(&o->n[e - elements], end);
	if (strcmp(low, "table") == 0)
		count(&o->tables, end);
	return e->effect;
}
