/* SPDX-License-Identifier: Apache-2.0 */
#include "ole_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u
#define MINI 64u
#define CUTOFF 4096u
#define ENTRY 128u
#define NONE 0xffffffffu
#define END 0xfffffffeu
#define OF_FAT 0xfffffffdu
#define OF_DIFAT 0xfffffffcu
#define EACH (SECTOR / 4)
#define DIFAT_HEADER 109u
#define LARGEST ((size_t)1 << 30)

static void put16(char *p, uint32_t v)
{
	p[0] = (char)(unsigned char)v;
	p[1] = (char)(unsigned char)(v >> 8);
}

static void put32(char *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

static size_t in_sectors(size_t n)
{
	return (n + SECTOR - 1) / SECTOR;
}

/* ---- what stands in it ----------------------------------------------------------------------------------------------------------- */

static void set_name(struct ole_item *it, const char *name)
{
	const unsigned char *p = (const unsigned char *)name;

	while (*p && it->name_n < 62) {
		uint32_t c = *p++;

		if (c >= 0x80 && *p) /* two octets of UTF-8; of more, each two stand for something */
			c = (c & 0x1f) << 6 | (*p++ & 0x3f);
		put16(it->name + it->name_n, c);
		it->name_n += 2;
	}
}

static struct ole_item *item_new(struct ole_writer *w, uint32_t parent, const char *name)
{
	struct ole_item *it;

	if (!w->failed && w->items == w->room) {
		size_t room = w->room * 2 + 16;
		struct ole_item *more = realloc(w->item, room * sizeof(*more));

		if (more) {
			w->item = more;
			w->room = room;
		}
		w->failed = !more;
	}
	w->failed = w->failed || w->items >= NONE / ENTRY;
	if (w->failed)
		return NULL;
	it = &w->item[w->items];
	*it = (struct ole_item){.parent = parent, .child = NONE, .last = NONE, .next = NONE};
	set_name(it, name);
	if (w->items && parent < w->items) {
		struct ole_item *up = &w->item[parent];

		if (up->last == NONE)
			up->child = (uint32_t)w->items;
		else
			w->item[up->last].next = (uint32_t)w->items;
		up->last = (uint32_t)w->items;
	}
	w->items++;
	return it;
}

void ole_write_begin(struct ole_writer *w)
{
	*w = (struct ole_writer){0};
	(void)item_new(w, NONE, "Root Entry");
}

uint32_t ole_write_folder(struct ole_writer *w, uint32_t parent, const char *name)
{
	struct ole_item *it = item_new(w, parent, name);

	return it ? (uint32_t)(w->items - 1) : OLE_WRITE_ROOT;
}

void ole_write_stream(struct ole_writer *w, uint32_t parent, const char *name, const char *p, size_t n)
{
	struct ole_item *it = item_new(w, parent, name);

	if (!it)
		return;
	it->p = malloc(n ? n : 1);
	if (!it->p)
		w->failed = true;
	else if (n)
		memcpy(it->p, p, n);
	it->n = n;
}

/* ---- where it stands ------------------------------------------------------------------------------------------------------------- */

struct plan {
	uint32_t mini, mini_n;	       /* first sector and octets of what small streams are in */
	uint32_t mini_fat, mini_fat_n; /* sectors */
	uint32_t folder, folder_n;
	uint32_t fat, fat_n, difat, difat_n;
	uint32_t sectors; /* all */
};

static bool is_small(const struct ole_item *it)
{
	return it->p && it->n && it->n < CUTOFF;
}

/* False: it is too large. */
static bool make_plan(struct ole_writer *w, struct plan *pl)
{
	size_t at = 0, mini = 0;

	*pl = (struct plan){0};
	for (size_t i = 0; i < w->items; i++) {
		struct ole_item *it = &w->item[i];

		if (it->n > LARGEST || at > LARGEST / SECTOR || mini > LARGEST)
			return false;
		it->start = !it->n ? END : (uint32_t)(is_small(it) ? mini / MINI : at);
		if (is_small(it))
			mini += (it->n + MINI - 1) / MINI * MINI;
		else
			at += in_sectors(it->n);
	}
	pl->mini = (uint32_t)at;
	pl->mini_n = (uint32_t)mini;
	pl->mini_fat = (uint32_t)(at += in_sectors(mini));
	pl->mini_fat_n = (uint32_t)in_sectors(mini / MINI * 4);
	pl->folder = (uint32_t)(at += pl->mini_fat_n);
	pl->folder_n = (uint32_t)in_sectors(w->items * ENTRY);
	pl->fat = (uint32_t)(at += pl->folder_n);
	do {
		pl->fat_n = (uint32_t)((at + pl->fat_n + pl->difat_n + EACH - 1) / EACH);
		pl->difat_n = pl->fat_n > DIFAT_HEADER ? (pl->fat_n - DIFAT_HEADER + EACH - 2) / (EACH - 1) : 0;
	} while ((size_t)pl->fat_n * EACH < at + pl->fat_n + pl->difat_n);
	pl->difat = pl->fat + pl->fat_n;
	pl->sectors = pl->difat + pl->difat_n;
	return true;
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------- */

/* Where a sector begins. */
static char *sector(char *file, uint32_t id)
{
	return file + ((size_t)id + 1) * SECTOR;
}

static void fill(char *table, uint32_t from, uint32_t n, uint32_t mark)
{
	for (uint32_t i = 0; i < n; i++)
		put32(table + (size_t)(from + i) * 4, mark ? mark : i + 1 == n ? END : from + i + 1);
}

static void write_header(char *file, const struct plan *pl)
{
	static const char magic[8] = {'\xd0', '\xcf', '\x11', '\xe0', '\xa1', '\xb1', '\x1a', '\xe1'};

	memcpy(file, magic, sizeof(magic));
	put16(file + 0x18, 0x3e);
	put16(file + 0x1a, 3);
	put16(file + 0x1c, 0xfffe);
	put16(file + 0x1e, 9);
	put16(file + 0x20, 6);
	put32(file + 0x2c, pl->fat_n);
	put32(file + 0x30, pl->folder);
	put32(file + 0x38, CUTOFF);
	put32(file + 0x3c, pl->mini_fat_n ? pl->mini_fat : END);
	put32(file + 0x40, pl->mini_fat_n);
	put32(file + 0x44, pl->difat_n ? pl->difat : END);
	put32(file + 0x48, pl->difat_n);
	for (uint32_t i = 0; i < DIFAT_HEADER; i++)
		put32(file + 0x4c + (size_t)i * 4, i < pl->fat_n ? pl->fat + i : NONE);
	for (uint32_t i = DIFAT_HEADER, k = 0; k < pl->difat_n; k++) {
		char *p = sector(file, pl->difat + k);

		for (uint32_t j = 0; j + 1 < EACH; j++, i++)
			put32(p + (size_t)j * 4, i < pl->fat_n ? pl->fat + i : NONE);
		put32(p + (size_t)(EACH - 1) * 4, k + 1 < pl->difat_n ? pl->difat + k + 1 : END);
	}
}

static void write_entry(char *p, const struct ole_item *it, const struct plan *pl, bool root)
{
	memcpy(p, it->name, it->name_n);
	put16(p + 0x40, (uint32_t)it->name_n + 2);
	p[0x42] = root ? 5 : it->p ? 2 : 1;
	p[0x43] = 1;
	put32(p + 0x44, NONE);
	put32(p + 0x48, it->next);
	put32(p + 0x4c, it->child);
	put32(p + 0x74, root ? (pl->mini_n ? pl->mini : END) : it->p ? it->start : 0);
	put32(p + 0x78, root ? pl->mini_n : (uint32_t)it->n);
}

static void write_all(char *file, const struct ole_writer *w, const struct plan *pl)
{
	char *fat = sector(file, pl->fat), *mini_fat = sector(file, pl->mini_fat);

	memset(mini_fat, 0xff, (size_t)pl->mini_fat_n * SECTOR);
	memset(fat, 0xff, (size_t)pl->fat_n * SECTOR);
	write_header(file, pl);
	for (size_t i = 0; i < w->items; i++) {
		const struct ole_item *it = &w->item[i];

		write_entry(sector(file, pl->folder) + i * ENTRY, it, pl, i == OLE_WRITE_ROOT);
		if (!it->n)
			continue;
		memcpy(is_small(it) ? sector(file, pl->mini) + (size_t)it->start * MINI : sector(file, it->start), it->p, it->n);
		if (is_small(it))
			fill(mini_fat, it->start, (uint32_t)((it->n + MINI - 1) / MINI), 0);
		else
			fill(fat, it->start, (uint32_t)in_sectors(it->n), 0);
	}
	fill(fat, pl->mini, (uint32_t)in_sectors(pl->mini_n), 0);
	fill(fat, pl->mini_fat, pl->mini_fat_n, 0);
	fill(fat, pl->folder, pl->folder_n, 0);
	fill(fat, pl->fat, pl->fat_n, OF_FAT);
	fill(fat, pl->difat, pl->difat_n, OF_DIFAT);
}

int ole_write_end(struct ole_writer *w, char **p, size_t *n)
{
	struct plan pl;
	char *file = NULL;
	int r = w->failed ? -ENOMEM : make_plan(w, &pl) ? 0 : -EFBIG;

	if (r == 0)
		file = calloc((size_t)pl.sectors + 1, SECTOR);
	if (file) {
		write_all(file, w, &pl);
		*p = file;
		*n = ((size_t)pl.sectors + 1) * SECTOR;
	} else if (r == 0) {
		r = -ENOMEM;
	}
	for (size_t i = 0; i < w->items; i++) {
		if (w->item[i].p)
			explicit_bzero(w->item[i].p, w->item[i].n);
		free(w->item[i].p);
	}
	free(w->item);
	*w = (struct ole_writer){0};
	return r;
}
