/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package: the entries of a ZIP file in memory, by libarchive. Small texts are kept unpacked from the first look on; others are
 * unpacked again when they are read. Every entry that nobody has read is known at the end, so that nothing is passed over.
 *
 * Failures: -ENOMEM; -EBADMSG: damaged; -EACCES: encrypted; -EFBIG: more than the bounds here.
 */
#ifndef OFFICE_PACKAGE_H
#define OFFICE_PACKAGE_H

#include "buf.h"

struct archive;

struct entry {
	char *name;	 /* with "/", no "/" in front; UTF-8 or octets */
	struct buf kept; /* unpacked, when .whole */
	bool whole;
	bool encrypted;
	bool used; /* its text is read, or it is of no matter */
};

struct package {
	struct mw_str data;
	struct entry *entry;
	size_t entries, cap;
	size_t *sorted;		 /* indexes of entries by name */
	size_t kept;		 /* octets of what is kept */
	uint64_t unpacked, most; /* octets */
	struct archive *archive; /* open for reading, or NULL */
	size_t at;		 /* index of the entry that it gives next */
	size_t opens;
};

#define NO_ENTRY SIZE_MAX

bool package_is_zip(struct mw_str data);
/* The data is borrowed. most: octets that all entries may have. What could be listed is there also when this fails with -EBADMSG or -EFBIG. */
int package_open(struct package *, struct mw_str data, uint64_t most);
/* Names are compared without case, as readers of packages do. */
size_t package_find(const struct package *, struct mw_str name);
size_t package_find_word(const struct package *, const char *name);
/* Gives fn the octets of an entry, piece by piece; stops and returns what fn returns when that is not 0. The entry is used then. */
int package_read(struct package *, size_t entry, int (*fn)(void *ctx, const char *p, size_t n), void *ctx);
void package_close(struct package *);

/* Does the name end with this, whatever the case? */
bool name_ends(const char *name, const char *end);
/* Folds ASCII letters; as strcasecmp, whatever the locale. */
int name_compare(struct mw_str a, struct mw_str b);

#endif
