/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ole: a compound file (OLE2, [MS-CFB]): the folders and streams inside a .doc, .xls, .ppt or .msg. Shared by the extractors that
 * read such files: each compiles it in.
 *
 * Pure over (pointer, length): the octets are borrowed until ole_close(). Every chain of sectors is followed at most as far as the
 * file has sectors, the tree of names is walked without recursion, each entry once, and what all reads give together is bounded by
 * a few times the file, so that streams that share their sectors are no bomb.
 * Failures: -EBADMSG (no compound file, or none of it can be had), -ENOMEM, -ENOENT, -EFBIG (more was read than a file can have).
 */
#ifndef PLUGINS_OLE_H
#define PLUGINS_OLE_H

#include <milward/plugin.h>

#define OLE_NONE UINT32_MAX
#define OLE_ROOT 0u	 /* index of the root folder */
#define OLE_NAME_MAX 94u /* 31 characters in UTF-8, and NUL */

enum ole_kind { OLE_FOLDER = 1, OLE_STREAM = 2 };

struct ole_entry {
	char name[OLE_NAME_MAX]; /* UTF-8; may begin with a control character, as "\001Ole10Native" does */
	uint8_t kind;		 /* enum ole_kind; 0 = unused, or in no folder */
	uint32_t parent;	 /* index of its folder; OLE_NONE for the root */
	uint32_t child, left, right;
	uint32_t start;
	uint64_t size; /* octets of a stream, as it says */
};

struct ole {
	struct mw_str data;
	unsigned shift, mini_shift; /* sectors have 1 << shift octets */
	uint32_t cutoff;	    /* streams below this size are in small sectors */
	uint32_t *fat, *mini_fat;
	size_t fats, mini_fats;
	char *mini; /* what the small sectors are in */
	size_t mini_n;
	struct ole_entry *entry;
	size_t entries;
	uint64_t budget; /* octets that reads may still give */
};

bool ole_is(struct mw_str);
/* Out-parameters are set only on success; ole_close() then. */
int ole_open(struct ole *, struct mw_str);
void ole_close(struct ole *);

/* The entry with this name in a folder, without regard to the case of ASCII letters; OLE_NONE = there is none. */
uint32_t ole_find(const struct ole *, uint32_t folder, const char *name);
/* The octets of a stream, which the caller frees; *whole: all that it says it has are there. An empty stream gives a block, too. */
int ole_read(struct ole *, uint32_t entry, char **p, size_t *n, bool *whole);

/* Little-endian numbers at p. */
static inline uint16_t ole_u16(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint16_t)(u[0] | u[1] << 8);
}

static inline uint32_t ole_u32(const char *p)
{
	return ole_u16(p) | (uint32_t)ole_u16(p + 2) << 16;
}

#endif
