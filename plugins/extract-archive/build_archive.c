/* SPDX-License-Identifier: Apache-2.0 */
#include "build_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "build_archive: %s\n", what);
	abort();
}

/* ---- by libarchive's writers ------------------------------------------------------------------------------------------------------- */

static la_ssize_t write_buf(struct archive *a, void *ctx, const void *p, size_t n)
{
	struct mw_buf *b = ctx;

	(void)a;
	mw_buf_add(b, p, n);
	must(mw_buf_ok(b), "no memory");
	return (la_ssize_t)n;
}

static struct archive *writer(struct mw_buf *b, int format, int filter)
{
	struct archive *a = archive_write_new();

	must(a != NULL, "no memory");
	must(archive_write_set_format(a, format) == ARCHIVE_OK, "no such format");
	must(archive_write_add_filter(a, filter) == ARCHIVE_OK, "no such filter");
	must(archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK, "cannot write without padding");
	must(archive_write_open(a, b, NULL, write_buf, NULL) == ARCHIVE_OK, "cannot write");
	return a;
}

static void put_entry(struct archive *a, struct archive_entry *e, const char *data)
{
	size_t n = strlen(data);

	if (archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e))
		archive_entry_set_size(e, (la_int64_t)n);
	must(archive_write_header(a, e) >= ARCHIVE_WARN, "cannot write a header");
	must(n == 0 || archive_write_data(a, data, n) == (la_ssize_t)n, "cannot write data");
	archive_entry_free(e);
}

static struct archive_entry *entry(const char *name, unsigned int type)
{
	struct archive_entry *e = archive_entry_new();

	must(e != NULL, "no memory");
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, 0, 0);
	return e;
}

static void end_writer(struct archive *a)
{
	must(archive_write_close(a) == ARCHIVE_OK, "cannot end it");
	must(archive_write_free(a) == ARCHIVE_OK, "cannot free it");
}

void build_two(struct mw_buf *b, int format, int filter)
{
	struct archive *a = writer(b, format, filter);

	put_entry(a, entry("a.txt", AE_IFREG), "one\n");
	put_entry(a, entry("b.txt", AE_IFREG), "two\n");
	end_writer(a);
}

void build_raw(struct mw_buf *b, int filter, const char *text)
{
	struct archive *a = writer(b, ARCHIVE_FORMAT_RAW, filter);

	put_entry(a, entry("data", AE_IFREG), text);
	end_writer(a);
}

void build_kinds(struct mw_buf *b)
{
	struct archive *a = writer(b, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE);
	struct archive_entry *e;

	put_entry(a, entry("f\xc3\xbcr/", AE_IFDIR), "");
	put_entry(a, entry("f\xc3\xbcr/a.txt", AE_IFREG), "one\n");
	e = entry("soft", AE_IFLNK);
	archive_entry_set_symlink(e, "target of it");
	put_entry(a, e, "");
	e = entry("hard", AE_IFREG);
	archive_entry_set_hardlink(e, "f\xc3\xbcr/a.txt");
	put_entry(a, e, "");
	put_entry(a, entry("caf\xe9", AE_IFREG), "x");
	end_writer(a);
}

void build_zeros(struct mw_buf *b, int filter, uint64_t n)
{
	static const char zeros[65536];
	struct archive *a = writer(b, ARCHIVE_FORMAT_RAW, filter);
	struct archive_entry *e = entry("data", AE_IFREG);

	must(archive_write_header(a, e) >= ARCHIVE_WARN, "cannot write a header");
	archive_entry_free(e);
	for (uint64_t i = 0; i < n; i += sizeof(zeros))
		must(archive_write_data(a, zeros, sizeof(zeros)) > 0, "cannot write data");
	end_writer(a);
}

/* ---- octets ------------------------------------------------------------------------------------------------------------------------ */

static void number(struct mw_buf *b, uint64_t value, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		mw_buf_putc(b, (char)(value >> 8 * i & 0xff));
}

static uint32_t crc32_of(const char *p, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

/* ---- zips --------------------------------------------------------------------------------------------------------------------------- */

static size_t octets_of(const struct build_file *f)
{
	return f->n ? f->n : strlen(f->data);
}

/* Method, CRC and sizes, as both headers have them. */
static void about(struct mw_buf *b, const struct build_file *f)
{
	size_t n = octets_of(f);

	number(b, f->flags, 2);
	number(b, f->method, 2);
	number(b, 0x58210000, 4); /* a date */
	number(b, f->lies ? f->crc : crc32_of(f->data, n), 4);
	number(b, f->lies ? f->packed : n, 4);
	number(b, f->lies ? f->size : n, 4);
	number(b, strlen(f->name), 2);
	number(b, f->extra_n, 2);
}

size_t build_local(struct mw_buf *b, const struct build_file *f)
{
	size_t at = b->n;

	mw_buf_add(b, "PK\003\004", 4);
	number(b, 20, 2);
	about(b, f);
	mw_buf_puts(b, f->name);
	mw_buf_add(b, f->extra, f->extra_n);
	mw_buf_add(b, f->data, octets_of(f));
	return at;
}

void build_central(struct mw_buf *b, const struct build_file *f, size_t header)
{
	const char *comment = f->comment ? f->comment : "";

	mw_buf_add(b, "PK\001\002", 4);
	number(b, f->made_by, 2);
	number(b, 20, 2);
	about(b, f);
	number(b, strlen(comment), 2);
	number(b, f->disk, 2);
	number(b, 0, 2);
	number(b, f->attributes, 4);
	number(b, header, 4);
	mw_buf_puts(b, f->name);
	mw_buf_add(b, f->extra, f->extra_n);
	mw_buf_puts(b, comment);
}

void build_end(struct mw_buf *b, size_t directory, unsigned int entries, const char *comment)
{
	size_t size = b->n - directory;

	mw_buf_add(b, "PK\005\006\0\0\0\0", 8);
	number(b, entries, 2);
	number(b, entries, 2);
	number(b, size, 4);
	number(b, directory, 4);
	number(b, strlen(comment), 2);
	mw_buf_puts(b, comment);
}

void build_zip(struct mw_buf *b, const struct build_file *f, size_t n)
{
	size_t header[16], directory;

	must(n <= 16, "too many files");
	for (size_t i = 0; i < n; i++)
		header[i] = build_local(b, &f[i]);
	directory = b->n;
	for (size_t i = 0; i < n; i++)
		build_central(b, &f[i], header[i]);
	build_end(b, directory, (unsigned int)n, "");
}

void build_descriptor(struct mw_buf *b, const struct build_file *f)
{
	mw_buf_add(b, "PK\007\010", 4);
	number(b, crc32_of(f->data, octets_of(f)), 4);
	number(b, octets_of(f), 4);
	number(b, octets_of(f), 4);
}

/* ---- RAR 5 -------------------------------------------------------------------------------------------------------------------------- */

/* A header of less than 128 octets. */
static void rar5_header(struct mw_buf *b, const struct mw_buf *fields)
{
	struct mw_buf all = MW_BUF_INIT;

	must(fields->n < 128, "a header too long");
	mw_buf_putc(&all, (char)fields->n);
	mw_buf_add(&all, fields->p, fields->n);
	number(b, crc32_of(all.p, all.n), 4);
	mw_buf_add(b, all.p, all.n);
	mw_buf_free(&all);
}

void build_rar5(struct mw_buf *b, uint8_t archive_flags)
{
	struct mw_buf fields = MW_BUF_INIT;

	mw_buf_add(b, "Rar!\x1a\x07\x01", 8);
	mw_buf_add(&fields, "\001\0", 2);
	mw_buf_putc(&fields, (char)archive_flags);
	rar5_header(b, &fields);
	mw_buf_free(&fields);
}

void build_rar5_file(struct mw_buf *b, uint8_t type, const char *name, const char *data, const char *extra, size_t extra_n)
{
	struct mw_buf fields = MW_BUF_INIT;
	size_t n = strlen(data);

	must(n < 128 && strlen(name) < 64, "a file too long");
	mw_buf_putc(&fields, (char)type);
	mw_buf_putc(&fields, extra_n ? 3 : 2);
	if (extra_n)
		mw_buf_putc(&fields, (char)extra_n);
	mw_buf_putc(&fields, (char)n);
	mw_buf_putc(&fields, 4); /* with a CRC */
	mw_buf_putc(&fields, (char)n);
	mw_buf_putc(&fields, 0); /* attributes */
	number(&fields, crc32_of(data, n), 4);
	mw_buf_putc(&fields, 0); /* stored */
	mw_buf_putc(&fields, 1); /* on Unix */
	mw_buf_putc(&fields, (char)strlen(name));
	mw_buf_puts(&fields, name);
	mw_buf_add(&fields, extra, extra_n);
	rar5_header(b, &fields);
	mw_buf_add(b, data, n);
	mw_buf_free(&fields);
}

void build_rar5_end(struct mw_buf *b)
{
	const struct mw_buf fields = {.p = "\005\0\0", .n = 3};

	rar5_header(b, &fields);
}
