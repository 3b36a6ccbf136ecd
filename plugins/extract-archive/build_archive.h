/* SPDX-License-Identifier: Apache-2.0 */
/* build_archive: archives for the unit test. Each is added to the octets that are there. A failure ends the program. */
#ifndef EXTRACT_ARCHIVE_BUILD_ARCHIVE_H
#define EXTRACT_ARCHIVE_BUILD_ARCHIVE_H

#include <stdint.h>

#include "base/buf.h"

/* ---- by libarchive's writers ------------------------------------------------------------------------------------------------------- */

/* a.txt with "one\n" and b.txt with "two\n". */
void build_two(struct mw_buf *, int format, int filter);
/* One packed file. */
void build_raw(struct mw_buf *, int filter, const char *text);
/* A tar with a folder, links, and names in UTF-8 and ISO 8859-1. */
void build_kinds(struct mw_buf *);
/* A packed tar of zeros. */
void build_zeros(struct mw_buf *, int filter, uint64_t n);

/* ---- zips, record by record ----------------------------------------------------------------------------------------------------------- */

/* What a record says of a file; what is not set is as the octets are. */
struct build_file {
	const char *name;
	const char *data; /* stored, unless .method is set: then they are packed already */
	size_t n;	  /* of data, 0 = up to its NUL */
	uint16_t flags, method;
	uint32_t packed, size, crc; /* what the header says of the sizes instead of the truth, when .lies is set */
	int lies;
	const char *extra, *comment;
	size_t extra_n;
	uint16_t made_by, disk;
	uint32_t attributes;
};

/* Returns where the header stands. */
size_t build_local(struct mw_buf *, const struct build_file *);
/* An entry of the directory for a file whose header stands there. */
void build_central(struct mw_buf *, const struct build_file *, size_t header);
/* The end of a directory that begins there. */
void build_end(struct mw_buf *, size_t directory, unsigned int entries, const char *comment);
/* Local headers, directory and end of n files. */
void build_zip(struct mw_buf *, const struct build_file *, size_t n);
void build_descriptor(struct mw_buf *, const struct build_file *);

/* ---- RAR 5, header by header ------------------------------------------------------------------------------------------------------------ */

void build_rar5(struct mw_buf *, uint8_t archive_flags);
/* type 2 = file, 3 = service; stored. extra: octets of the extra area, "" = none. */
void build_rar5_file(struct mw_buf *, uint8_t type, const char *name, const char *data, const char *extra, size_t extra_n);
void build_rar5_end(struct mw_buf *);

#endif
