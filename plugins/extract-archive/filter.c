/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <archive.h>
#include <string.h>
#include <strings.h>

struct row {
	int code;
	const char *magic;
	size_t octets;
	uint16_t method;  /* of zip, 0 = none */
	const char *type; /* a format that has no magic is believed when it is named */
};

static const struct row rows[FILTERS] = {
    {ARCHIVE_FILTER_GZIP, "\x1f\x8b", 2, 8, NULL},
    {ARCHIVE_FILTER_BZIP2, "BZh", 3, 12, NULL},
    {ARCHIVE_FILTER_XZ, "\xfd\x37zXZ\0", 6, 95, NULL},
    {ARCHIVE_FILTER_ZSTD, "\x28\xb5\x2f\xfd", 4, 93, NULL},
    {ARCHIVE_FILTER_LZ4, "\x04\x22\x4d\x18", 4, 0, NULL},
    {ARCHIVE_FILTER_COMPRESS, "\x1f\x9d", 2, 0, NULL},
    {ARCHIVE_FILTER_LZIP, "LZIP", 4, 0, NULL},
    {ARCHIVE_FILTER_LZMA, "\x5d\0\0", 3, 0, "application/x-lzma"},
};

static const char *const suffixes[] = {".gz",	".bz2", ".bz",	".xz",	 ".zst", ".lz4", ".z",	".lz",
				       ".lzma", ".tgz", ".tbz", ".tbz2", ".txz", ".tlz", ".taz"};

void filter_probe(bool has[FILTERS])
{
	for (size_t i = 0; i < FILTERS; i++) {
		struct archive *a = archive_read_new();

		has[i] = a && archive_read_support_filter_by_code(a, rows[i].code) == ARCHIVE_OK;
		(void)archive_read_free(a);
	}
}

size_t filter_of(const struct mw_document *doc)
{
	size_t i;

	for (i = 0; i < FILTERS; i++)
		if (doc->data.n >= rows[i].octets && memcmp(doc->data.p, rows[i].magic, rows[i].octets) == 0 &&
		    (!rows[i].type || strcmp(rows[i].type, doc->type) == 0))
			break;
	return i;
}

bool filter_is_hungry(struct mw_str properties, uint64_t most)
{
	uint32_t octets = 0;

	for (size_t i = 5; i-- > 1 && properties.n >= 5;)
		octets = octets << 8 | (unsigned char)properties.p[i];
	return octets > most;
}

bool filter_wants_much(size_t filter, struct mw_str data, uint64_t most)
{
	return rows[filter].code == ARCHIVE_FILTER_LZMA && filter_is_hungry(data, most);
}

bool filter_is_empty(struct mw_str data)
{
	/* Where the octets differ that programs choose, they are left out: of gzip ten, of xz those up to the index. */
	static const struct {
		size_t octets, at, n;
		const char *end;
	} empty[] = {
	    {20, 10, 10, "\3\0\0\0\0\0\0\0\0\0"},
	    {14, 4, 10, "\x17\x72\x45\x38\x50\x90\0\0\0\0"},
	    {32, 12, 4, "\0\0\0\0"},
	    {13, 6, 7, "\1\0\0\x99\xe9\xd8\x51"},
	    {9, 6, 3, "\1\0\0"},
	};

	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		if (data.n == empty[i].octets && memcmp(data.p + empty[i].at, empty[i].end, empty[i].n) == 0)
			return true;
	return false;
}

bool filter_append(struct archive *a, size_t filter)
{
	int code = rows[filter].code;

	/* This one reads from what is not open yet when it is appended (libarchive up to 3.8). */
	if (code == ARCHIVE_FILTER_COMPRESS)
		return archive_read_support_filter_by_code(a, code) == ARCHIVE_OK;
	return archive_read_append_filter(a, code) == ARCHIVE_OK;
}

struct mw_str filter_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		size_t k = strlen(suffixes[i]);

		if (n > k && strcasecmp(name + n - k, suffixes[i]) == 0)
			return (struct mw_str){.p = name, .n = n - k};
	}
	return (struct mw_str){.p = name, .n = n};
}

/* ---- gzip ------------------------------------------------------------------------------------------------------------------------ */

enum { GZIP_CRC = 2, GZIP_EXTRA = 4, GZIP_NAME = 8, GZIP_COMMENT = 16 };

/* Takes a string with its NUL from the front of *rest. */
static struct mw_str take_string(struct mw_str *rest)
{
	const char *end = rest->n ? memchr(rest->p, 0, rest->n) : NULL;
	struct mw_str s = {.p = rest->p, .n = end ? (size_t)(end - rest->p) : rest->n};
	size_t n = end ? s.n + 1 : s.n;

	*rest = (struct mw_str){.p = rest->p + n, .n = rest->n - n};
	return s;
}

size_t filter_gzip_header(struct mw_str data, struct mw_str *name, struct mw_str *comment)
{
	const unsigned char *p = (const unsigned char *)data.p;
	struct mw_str rest;
	size_t at = 10;

	*name = *comment = (struct mw_str){.p = "", .n = 0};
	if (data.n < at || p[0] != 0x1f || p[1] != 0x8b)
		return data.n;
	if (p[3] & GZIP_EXTRA)
		at = data.n < 12 ? data.n : 12u + (size_t)(p[10] | p[11] << 8);
	if (at > data.n)
		return data.n;
	rest = (struct mw_str){.p = data.p + at, .n = data.n - at};
	if (p[3] & GZIP_NAME)
		*name = take_string(&rest);
	if (p[3] & GZIP_COMMENT)
		*comment = take_string(&rest);
	at = data.n - rest.n + (p[3] & GZIP_CRC ? 2 : 0);
	return at < data.n ? at : data.n;
}

bool filter_as_zipped(size_t filter, struct mw_str data, uint16_t *method, struct mw_str *packed)
{
	struct mw_str name, comment;
	size_t at = rows[filter].code == ARCHIVE_FILTER_GZIP ? filter_gzip_header(data, &name, &comment) : 0;

	*method = rows[filter].method;
	*packed = (struct mw_str){.p = data.p + at, .n = data.n - at};
	return *method != 0 && packed->n != 0;
}
