/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ole_write: makes a compound file ([MS-CFB], version 3), so that an object that stands as a folder in one can be read as a file.
 */
#ifndef PLUGINS_OLE_WRITE_H
#define PLUGINS_OLE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ole_writer {
	struct ole_item {
		char name[64]; /* UTF-16LE */
		size_t name_n; /* octets */
		uint32_t parent, child, last, next, start;
		char *p; /* NULL = a folder */
		size_t n;
	} * item;
	size_t items, room;
	bool failed; /* no memory, or too much for such a file */
};

#define OLE_WRITE_ROOT 0u

/* All of these may fail, which ole_write_end() tells. name: ASCII, or Latin-1 in UTF-8; at most 31 characters of it are taken. */
void ole_write_begin(struct ole_writer *);
uint32_t ole_write_folder(struct ole_writer *, uint32_t parent, const char *name);
/* The octets are copied. */
void ole_write_stream(struct ole_writer *, uint32_t parent, const char *name, const char *p, size_t n);
/* The file is the caller's. -ENOMEM, -EFBIG. Frees what the writer holds, also when it fails. */
int ole_write_end(struct ole_writer *, char **p, size_t *n);

#endif
