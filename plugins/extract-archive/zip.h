/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip: the records of a zip file. Each is read from the octets as it stands and borrows from them; whether two records of one file
 * agree is for others to judge. Nothing is allocated.
 */
#ifndef EXTRACT_ARCHIVE_ZIP_H
#define EXTRACT_ARCHIVE_ZIP_H

#include <milward/plugin.h>

#define ZIP_LOCAL "PK\003\004"
#define ZIP_CENTRAL "PK\001\002"
#define ZIP_END "PK\005\006"
#define ZIP_END_OCTETS 22u
#define ZIP_DESCRIPTOR "PK\007\010"
#define ZIP_KEYS "PK\006\010" /* comes before a directory that is encrypted */

enum {
	ZIP_ENCRYPTED = 0x0001, /* flags of an entry */
	ZIP_SIZE_BEHIND = 0x0008,
	ZIP_UTF8 = 0x0800,
	ZIP_MASKED = 0x2000,
};
enum { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_DEFLATED64 = 9, ZIP_BZIP2 = 12, ZIP_LZMA = 14 };

/* A file, as its local header or the directory has it. */
struct zip_entry {
	uint64_t header; /* where its local header begins */
	uint64_t packed, size;
	uint32_t crc;
	uint16_t flags, method;
	bool elsewhere; /* in another volume */
	bool link;	/* symbolic: its octets are the target */
	bool dos;	/* made where names are in the code page of DOS */
	struct mw_str name, extra, comment;
};

/* The end of a directory. */
struct zip_end {
	size_t at;	   /* of its record */
	size_t begin[2];   /* where the directory may begin: readers differ; equal when there is one place */
	uint64_t shift[2]; /* what then stands before the archive's first octet */
	uint64_t size;	   /* octets of the directory */
	uint64_t entries;
	uint32_t disk;
	bool encrypted;
	struct mw_str comment;
};

/* The first place of these four octets at or after `from`; data.n = none. */
size_t zip_find(struct mw_str data, size_t from, const char sig[4]);
/* Do these four octets stand there? */
bool zip_is_at(struct mw_str data, uint64_t at, const char sig[4]);
/* The local header at `at`; *octets is where its data begin. false when none stands there in full. */
bool zip_local(struct mw_str data, uint64_t at, struct zip_entry *, size_t *octets);
/* The entry of a directory at `at`; *next is the octet behind it. */
bool zip_central(struct mw_str data, size_t at, const struct zip_end *, uint64_t shift, struct zip_entry *, size_t *next);
/* The end of a directory at `at`, with what ZIP64 adds. */
bool zip_end(struct mw_str data, size_t at, struct zip_end *);
/* Octets that a data descriptor takes at `at`, of a file with this many packed ones; 0 = none stands there. */
size_t zip_descriptor(struct mw_str data, size_t at, const struct zip_entry *);
/* Octets of a record at `at` that is no file; 0 = none stands there. *comment: its text. */
size_t zip_record(struct mw_str data, size_t at, struct mw_str *comment);
/* Sets the sizes and the CRC by the first data descriptor at or after `at`, and before `end`, that tells how far it is from there:
 * where a reader of streams ends. false when there is none. */
bool zip_measure(struct mw_str data, size_t at, size_t end, struct zip_entry *);
/* Does the file's name say that it is a folder, and has it no octets? */
bool zip_is_folder(const struct zip_entry *);
/* A name that the extra field 0x7075 gives in UTF-8, or a comment (0x6375); n = 0 when there is none for these octets. */
struct mw_str zip_unicode(struct mw_str extra, uint16_t id, struct mw_str plain);

#endif
