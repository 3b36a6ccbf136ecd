/* SPDX-License-Identifier: Apache-2.0 */
#include "ole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 512u
#define ENTRY 128u
#define DIFAT_HEADER 109u	/* sectors of the FAT that the header names */
#define SECTOR_LAST 0xfffffffau /* from here on numbers are marks: end of a chain, free */
#define BUDGET_FREE 65536u

static const char magic[8] = {'\xd0', '\xcf', '\x11', '\xe0', '\xa1', '\xb1', '\x1a', '\xe1'};

bool ole_is(struct mw_str s)
{
	return s.n >= HEADER && memcmp(s.p, magic, sizeof(magic)) == 0;
}

/* ---- sectors ------------------------------------------------------------------------------------------------------------------- */

/* The octets of a sector that are there: fewer at a file that was cut, none past its end. */
static struct mw_str sector_at(const struct ole *o, uint32_t id)
{
	uint64_t at = ((uint64_t)id + 1) << o->shift;
	size_t size = (size_t)1 << o->shift;

	if (id >= SECTOR_LAST || at >= o->data.n)
		return (struct mw_str){.p = o->data.p, .n = 0};
	return (struct mw_str){.p = o->data.p + at, .n = o->data.n - at < size ? (size_t)(o->data.n - at) : size};
}

static size_t sectors(const struct ole *o)
{
	return (o->data.n >> o->shift) + 1;
}

/* One sector of the FAT into its table; what is cut off is free. */
static void fat_add(struct ole *o, uint32_t id)
{
	struct mw_str s = sector_at(o, id);
	size_t each = (size_t)1 << (o->shift - 2);

	for (size_t i = 0; i < each; i++)
		o->fat[o->fats++] = i * 4 + 4 <= s.n ? ole_u32(s.p + i * 4) : UINT32_MAX;
}

/* The sectors of the FAT are named by the header, and by a chain of sectors whose last word is the next. */
static int fat_read(struct ole *o)
{
	size_t each = (size_t)1 << (o->shift - 2), room = sectors(o) / each + 1, used = 0;
	uint32_t next = ole_u32(o->data.p + 0x44);

	o->fat = calloc(room * each, sizeof(*o->fat));
	if (!o->fat)
		return -ENOMEM;
	for (size_t i = 0; i < DIFAT_HEADER && used < room; i++) {
		uint32_t id = ole_u32(o->data.p + 0x4c + i * 4);

		if (id < SECTOR_LAST) {
			fat_add(o, id);
			used++;
		}
	}
	for (size_t steps = 0; steps < sectors(o) && used < room; steps++) {
		struct mw_str s = sector_at(o, next);

		if (s.n < (size_t)1 << o->shift)
			break;
		for (size_t i = 0; i + 1 < each && used < room; i++) {
			uint32_t id = ole_u32(s.p + i * 4);

			if (id < SECTOR_LAST) {
				fat_add(o, id);
				used++;
			}
		}
		next = ole_u32(s.p + (each - 1) * 4);
	}
	return 0;
}

/* Follows a chain from `start` in whole sectors, at most `most` octets. The result is the caller's. */
static int chain_read(struct ole *o, uint32_t start, uint64_t most, char **ret, size_t *n)
{
	size_t size = (size_t)1 << o->shift, have = 0, count = 0, limit = sectors(o);
	uint32_t id = start;
	char *p;

	for (; count < limit && id < o->fats && sector_at(o, id).n && (uint64_t)count << o->shift < most; count++)
		id = o->fat[id];
	if ((uint64_t)count * size > o->budget)
		return -EFBIG;
	o->budget -= (uint64_t)count * size;
	p = malloc(count * size + 1);
	if (!p)
		return -ENOMEM;
	id = start;
	for (size_t i = 0; i < count; i++, id = o->fat[id]) {
		struct mw_str s = sector_at(o, id);

		memcpy(p + have, s.p, s.n);
		have += s.n;
	}
	*ret = p;
	*n = have < most ? have : (size_t)most;
	return 0;
}

/* The same in the small sectors. */
static int mini_read(struct ole *o, uint32_t start, uint64_t most, char **ret, size_t *n)
{
	size_t size = (size_t)1 << o->mini_shift, have = 0;
	uint32_t id = start;
	char *p;

	most = most < o->mini_n ? most : o->mini_n;
	if (most > o->budget)
		return -EFBIG;
	o->budget -= most;
	p = malloc((size_t)most + 1);
	if (!p)
		return -ENOMEM;
	while (have < most && id < o->mini_fats) {
		uint64_t at = (uint64_t)id << o->mini_shift;
		size_t k = most - have < size ? (size_t)most - have : size;

		if (at >= o->mini_n)
			break;
		k = o->mini_n - at < k ? (size_t)(o->mini_n - at) : k;
		memcpy(p + have, o->mini + at, k);
		have += k;
		id = o->mini_fat[id];
	}
	*ret = p;
	*n = have;
	return 0;
}

/* ---- names --------------------------------------------------------------------------------------------------------------------- */

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

static void entry_read(const struct ole *o, const char *p, struct ole_entry *e)
{
	size_t units = ole_u16(p + 0x40) / 2, n = 0;

	for (size_t i = 0; i < units && i < 31 && ole_u16(p + i * 2); i++) {
		uint32_t c = ole_u16(p + i * 2);

		n += put_utf8(e->name + n, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	}
	e->name[n] = '\0';
	e->kind = (uint8_t)p[0x42] == 2 ? OLE_STREAM : (uint8_t)p[0x42] == 1 || (uint8_t)p[0x42] == 5 ? OLE_FOLDER : 0;
	e->left = ole_u32(p + 0x44);
	e->right = ole_u32(p + 0x48);
	e->child = ole_u32(p + 0x4c);
	e->start = ole_u32(p + 0x74);
	e->size = ole_u32(p + 0x78);
	if (o->shift > 9)
		e->size |= (uint64_t)ole_u32(p + 0x7c) << 32;
	e->parent = OLE_NONE;
}

struct walk {
	uint32_t *todo; /* room for each entry once */
	size_t n;
	bool *seen;
};

static void walk_push(const struct ole *o, struct walk *w, uint32_t id, uint32_t parent)
{
	if (id >= o->entries || w->seen[id])
		return;
	w->seen[id] = true;
	o->entry[id].parent = parent;
	w->todo[w->n++] = id;
}

/* Tells every entry its folder; what the root does not lead to is nothing. */
static int tree_walk(struct ole *o)
{
	struct walk w = {.todo = calloc(o->entries, sizeof(*w.todo)), .seen = calloc(o->entries, sizeof(*w.seen))};

	if (!w.todo || !w.seen) {
		free(w.todo);
		free(w.seen);
		return -ENOMEM;
	}
	w.seen[OLE_ROOT] = true;
	walk_push(o, &w, o->entry[OLE_ROOT].child, OLE_ROOT);
	while (w.n) {
		uint32_t id = w.todo[--w.n];
		const struct ole_entry *e = &o->entry[id];

		walk_push(o, &w, e->left, e->parent);
		walk_push(o, &w, e->right, e->parent);
		if (e->kind == OLE_FOLDER)
			walk_push(o, &w, e->child, id);
	}
	for (size_t i = 0; i < o->entries; i++)
		if (!w.seen[i])
			o->entry[i].kind = 0;
	free(w.todo);
	free(w.seen);
	return 0;
}

static int directory_read(struct ole *o)
{
	char *p;
	size_t n;
	int r = chain_read(o, ole_u32(o->data.p + 0x30), UINT64_MAX, &p, &n);

	if (r < 0)
		return r;
	o->entries = n / ENTRY;
	o->entry = o->entries ? calloc(o->entries, sizeof(*o->entry)) : NULL;
	for (size_t i = 0; o->entry && i < o->entries; i++)
		entry_read(o, p + i * ENTRY, &o->entry[i]);
	free(p);
	if (!o->entry)
		return o->entries ? -ENOMEM : -EBADMSG;
	o->entry[OLE_ROOT].kind = OLE_FOLDER;
	return tree_walk(o);
}

static int mini_open(struct ole *o)
{
	char *p;
	size_t n;
	int r = chain_read(o, ole_u32(o->data.p + 0x3c), UINT64_MAX, &p, &n);

	if (r < 0)
		return r;
	o->mini_fats = n / 4;
	o->mini_fat = calloc(o->mini_fats + 1, sizeof(*o->mini_fat));
	for (size_t i = 0; o->mini_fat && i < o->mini_fats; i++)
		o->mini_fat[i] = ole_u32(p + i * 4);
	free(p);
	if (!o->mini_fat)
		return -ENOMEM;
	return chain_read(o, o->entry[OLE_ROOT].start, o->entry[OLE_ROOT].size, &o->mini, &o->mini_n);
}

/* ---- the file ------------------------------------------------------------------------------------------------------------------ */

int ole_open(struct ole *to, struct mw_str data)
{
	struct ole o = {.data = data};
	int r;

	if (!ole_is(data))
		return -EBADMSG;
	o.shift = ole_u16(data.p + 0x1e);
	o.mini_shift = ole_u16(data.p + 0x20);
	o.cutoff = ole_u32(data.p + 0x38);
	if (o.shift < 7 || o.shift > 16 || o.mini_shift < 4 || o.mini_shift >= o.shift)
		return -EBADMSG;
	o.budget = (uint64_t)data.n * 4 + BUDGET_FREE;
	r = fat_read(&o);
	if (r == 0)
		r = directory_read(&o);
	if (r == 0)
		r = mini_open(&o);
	if (r < 0) {
		ole_close(&o);
		return r;
	}
	*to = o;
	return 0;
}

void ole_close(struct ole *o)
{
	if (o->mini)
		explicit_bzero(o->mini, o->mini_n);
	free(o->fat);
	free(o->mini_fat);
	free(o->mini);
	free(o->entry);
	*o = (struct ole){0};
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
	for (; *a && lower(*a) == lower(*b); a++, b++)
		;
	return *a == *b;
}

uint32_t ole_find(const struct ole *o, uint32_t folder, const char *name)
{
	for (size_t i = 1; i < o->entries; i++)
		if (o->entry[i].kind && o->entry[i].parent == folder && same_name(o->entry[i].name, name))
			return (uint32_t)i;
	return OLE_NONE;
}

int ole_read(struct ole *o, uint32_t entry, char **p, size_t *n, bool *whole)
{
	const struct ole_entry *e = entry < o->entries ? &o->entry[entry] : NULL;
	int r;

	if (!e || e->kind != OLE_STREAM)
		return -ENOENT;
	r = e->size < o->cutoff ? mini_read(o, e->start, e->size, p, n) : chain_read(o, e->start, e->size, p, n);
	if (r == 0)
		*whole = *n == e->size;
	return r;
}
