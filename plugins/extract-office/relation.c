/* SPDX-License-Identifier: Apache-2.0 */
#include "relation.h"

#include "office.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RELATIONS_MAX 65536u

/* ---- paths ------------------------------------------------------------------------------------------------------------------------ */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int buf_url(struct buf *b, struct mw_str url)
{
	int r = 0;

	for (size_t i = 0; i < url.n && r == 0; i++) {
		char c = url.p[i];

		/* ASCII alone, so that UTF-8 stays what it is. */
		if (c == '%' && i + 2 < url.n && hex(url.p[i + 1]) >= 0 && hex(url.p[i + 1]) < 8 && hex(url.p[i + 2]) >= 0) {
			c = (char)(hex(url.p[i + 1]) * 16 + hex(url.p[i + 2]));
			i += 2;
		}
		r = buf_flat(b, &c, 1);
	}
	return r;
}

char *path_join(const char *base, struct mw_str name)
{
	size_t folder = strrchr(base, '/') ? (size_t)(strrchr(base, '/') - base) + 1 : 0, n = 0, at = 0;
	char *path = malloc(folder + name.n + 2);

	if (!path)
		return NULL;
	if (name.n == 0 || name.p[0] != '/') {
		memcpy(path, base, folder);
		n = folder;
	}
	while (at < name.n) {
		const char *slash = memchr(name.p + at, '/', name.n - at);
		size_t end = slash ? (size_t)(slash - name.p) : name.n, len = end - at;

		if (len == 2 && memcmp(name.p + at, "..", 2) == 0) {
			n -= n > 0;
			while (n && path[n - 1] != '/')
				n--;
		} else if (len && !(len == 1 && name.p[at] == '.')) {
			memcpy(path + n, name.p + at, len);
			n += len;
			if (slash)
				path[n++] = '/';
		}
		at = end + 1;
	}
	path[n] = '\0';
	return path;
}

/* The name of the part that holds the relations of PART. NULL = no memory. */
static char *rels_name(const char *part)
{
	const char *slash = strrchr(part, '/'), *base = slash ? slash + 1 : part;
	struct buf b = {0};

	if (buf_add(&b, part, (size_t)(base - part)) < 0 || buf_word(&b, "_rels/") < 0 || buf_word(&b, base) < 0 ||
	    buf_word(&b, ".rels") < 0 || buf_terminate(&b) < 0) {
		buf_free(&b);
		return NULL;
	}
	return b.p;
}

/* ---- relations -------------------------------------------------------------------------------------------------------------------- */

struct work {
	struct package *package;
	const char *part;
	struct relations *to;
	struct types *types;
	struct buf *links;
};

enum { RELATIONSHIP = 1, DEFAULT, OVERRIDE };

static const struct xml_name names[] = {{"Relationship", RELATIONSHIP}, {"Default", DEFAULT}, {"Override", OVERRIDE}, {NULL, 0}};

static char *copied(struct mw_str s)
{
	return strndup(s.p, s.n);
}

/* The last word of a type, which is an URL. */
static char *kind_of(struct mw_str type)
{
	size_t at = type.n;

	while (at && type.p[at - 1] != '/')
		at--;
	return strndup(type.p + at, type.n - at);
}

static int link_add(struct work *w, struct mw_str target)
{
	int r = buf_url(w->links, target);

	return r == 0 ? buf_char(w->links, '\n') : r;
}

/* The entry that a target names, which may be written with %XX. */
static int target_find(struct work *w, struct mw_str target, size_t *entry)
{
	char *path = path_join(w->part, target);
	struct buf plain = {0};
	int r = path ? 0 : -ENOMEM;

	if (r == 0) {
		*entry = package_find_word(w->package, path);
		if (*entry == NO_ENTRY && strchr(path, '%')) {
			r = buf_url(&plain, (struct mw_str){.p = path, .n = strlen(path)});
			*entry = package_find(w->package, buf_str(&plain));
		}
	}
	buf_free(&plain);
	free(path);
	return r;
}

static int relation_add(struct work *w, struct xml *x)
{
	struct relations *to = w->to;
	struct relation *new;
	struct mw_str target;
	int r;

	if (xml_is(xml_attribute(x, "TargetMode"), "External"))
		return link_add(w, xml_attribute(x, "Target"));
	if (to->n == RELATIONS_MAX)
		return -EFBIG;
	if (to->n == to->cap) {
		size_t cap = to->cap ? to->cap * 2 : 16;

		new = reallocarray(to->v, cap, sizeof(*new));
		if (!new)
			return -ENOMEM;
		to->v = new;
		to->cap = cap;
	}
	new = &to->v[to->n++];
	*new =
	    (struct relation){.id = copied(xml_attribute(x, "Id")), .kind = kind_of(xml_attribute(x, "Type")), .entry = NO_ENTRY};
	if (!new->id || !new->kind)
		return -ENOMEM;
	target = xml_attribute(x, "Target");
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] == '#') /* a place in the part */
			target.n = i;
	r = target.n ? target_find(w, target, &new->entry) : 0;
	return r;
}

static int on_relation(void *ctx, struct xml *x, int id)
{
	return id == RELATIONSHIP ? relation_add(ctx, x) : 0;
}

static int parse(struct package *k, size_t entry, const struct xml_events *events, struct work *w)
{
	struct xml x;
	int r = xml_open(&x, events, w), closed;

	if (r < 0)
		return r;
	r = package_read(k, entry, xml_piece, &x);
	closed = xml_close(&x);
	return r < 0 ? r : closed;
}

static int by_id(const void *a, const void *b, void *relations)
{
	const struct relation *v = ((const struct relations *)relations)->v, *one = &v[*(const size_t *)a],
			      *two = &v[*(const size_t *)b];

	return name_compare((struct mw_str){.p = one->id, .n = strlen(one->id)},
			    (struct mw_str){.p = two->id, .n = strlen(two->id)});
}

/* A relation without an id is there only when memory gave out. */
static int relations_sort(struct relations *all)
{
	all->sorted = calloc(all->n + 1, sizeof(*all->sorted));
	if (!all->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < all->n; i++)
		all->sorted[i] = i;
	qsort_r(all->sorted, all->n, sizeof(*all->sorted), by_id, all);
	return 0;
}

int relations_read(struct package *k, const char *part, struct relations *to, struct buf *links)
{
	static const struct xml_events events = {.names = names, .start = on_relation, .end = xml_no_end, .text = xml_no_text};
	struct work w = {.package = k, .part = part, .to = to, .links = links};
	char *name = rels_name(part);
	size_t entry;
	int r, sorted;

	*to = (struct relations){0};
	if (!name)
		return -ENOMEM;
	entry = package_find_word(k, name);
	free(name);
	if (entry == NO_ENTRY)
		return 0;
	r = parse(k, entry, &events, &w);
	sorted = r == -ENOMEM ? r : relations_sort(to);
	return sorted < 0 ? sorted : r;
}

void relations_free(struct relations *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].id);
		free(all->v[i].kind);
	}
	free(all->v);
	free(all->sorted);
	*all = (struct relations){0};
}

size_t relation_target(const struct relations *all, struct mw_str id)
{
	size_t low = 0, high = all->sorted && id.n ? all->n : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct relation *to = &all->v[all->sorted[mid]];
		int r = name_compare((struct mw_str){.p = to->id, .n = strlen(to->id)}, id);

		if (r == 0) {
			to->done = true;
			return to->entry;
		}
		if (r < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NO_ENTRY;
}

/* ---- content types ---------------------------------------------------------------------------------------------------------------- */

static int type_add(struct types *t, const char *dot, struct mw_str name, struct xml *x)
{
	struct type_row *row;
	struct buf b = {0};

	if (t->n == RELATIONS_MAX)
		return -EFBIG;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 32;

		row = reallocarray(t->v, cap, sizeof(*row));
		if (!row)
			return -ENOMEM;
		t->v = row;
		t->cap = cap;
	}
	if (buf_word(&b, dot) < 0 || buf_add(&b, name.p, name.n) < 0 || buf_terminate(&b) < 0) {
		buf_free(&b);
		return -ENOMEM;
	}
	row = &t->v[t->n++];
	row->name = b.p;
	row->type = copied(xml_attribute(x, "ContentType"));
	for (char *c = row->type; c && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	return row->type ? 0 : -ENOMEM;
}

static int on_type(void *ctx, struct xml *x, int id)
{
	struct work *w = ctx;
	struct mw_str name;

	if (id == DEFAULT)
		return type_add(w->types, ".", xml_attribute(x, "Extension"), x);
	if (id != OVERRIDE)
		return 0;
	name = xml_attribute(x, "PartName");
	while (name.n && name.p[0] == '/')
		name = (struct mw_str){.p = name.p + 1, .n = name.n - 1};
	return type_add(w->types, "", name, x);
}

static int by_name(const void *a, const void *b)
{
	const char *one = ((const struct type_row *)a)->name, *two = ((const struct type_row *)b)->name;

	return name_compare((struct mw_str){.p = one, .n = strlen(one)}, (struct mw_str){.p = two, .n = strlen(two)});
}

int types_read(struct package *k, struct types *t)
{
	static const struct xml_events events = {.names = names, .start = on_type, .end = xml_no_end, .text = xml_no_text};
	struct work w = {.package = k, .types = t};
	size_t entry = package_find_word(k, "[Content_Types].xml");
	int r = entry == NO_ENTRY ? 0 : parse(k, entry, &events, &w);

	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_name);
	return r;
}

static const char *type_find(const struct types *t, const char *name)
{
	struct type_row key = {.name = (char *)(uintptr_t)name};
	const struct type_row *row = t->n ? bsearch(&key, t->v, t->n, sizeof(*t->v), by_name) : NULL;

	return row ? row->type : NULL;
}

const char *types_of(const struct types *t, const char *name)
{
	const char *type = type_find(t, name), *dot = strrchr(name, '.');

	if (!type && dot && !strchr(dot, '/'))
		type = type_find(t, dot);
	return type ? type : "";
}

void types_free(struct types *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].name);
		free(t->v[i].type);
	}
	free(t->v);
	*t = (struct types){0};
}
