/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include "deflate64.h"
#include "filter.h"
#include "rar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

/* Packed octets are handed over in small pieces, so that we are asked between what they become. */
#define PIECE 16384u
/* Octets that may be unpacked in a row without one for the sink: padding, and what stands between archives. */
#define IDLE_OCTETS ((int64_t)64 * 1024 * 1024)
/* Headers or pieces in a row that libarchive cannot read, or that are empty, before it is taken for stuck. */
#define STUCK 1000u

static bool is_format(struct archive *a, int format)
{
	return (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) == format;
}

/* ---- reasons --------------------------------------------------------------------------------------------------------------------- */

/* Why libarchive has failed, as a word for the policy. */
static const char *unpack_reason(struct archive *a)
{
	const char *text = archive_error_string(a);

	if (archive_errno(a) == ENOMEM)
		return "limit";
	/* It has no codes for these. */
	if (text && (strstr(text, "ncrypt") || strstr(text, "Crypto")))
		return "encrypted";
	if (text && (strstr(text, "codec ID") || strstr(text, "nsupported") || strstr(text, "not supported") ||
		     strstr(text, "not implemented")))
		return "unknown-format";
	return "damaged";
}

static const char *header_reason(struct archive *a)
{
	return archive_read_has_encrypted_entries(a) == 1 ? "encrypted" : unpack_reason(a);
}

/* ---- data ------------------------------------------------------------------------------------------------------------------------ */

/* Of what cannot be read to its end, a block may have come all the same; of zips it is known to be whole. */
static bool has_block(struct archive *a, int r)
{
	return r >= ARCHIVE_WARN || (r == ARCHIVE_FAILED && is_format(a, ARCHIVE_FORMAT_ZIP));
}

/* The octets of the entry in work become those of the member, up to their end or the first that cannot be read: then *unread
 * says why. */
static int unpack_data(struct work *w, struct archive *a, struct archive_entry *e, const char **unread)
{
	unsigned int stuck = 0;
	la_int64_t offset;
	int r = ARCHIVE_OK, s = 0;

	*unread = NULL;
	while (s == 0 && stuck < STUCK && r != ARCHIVE_FAILED && r != ARCHIVE_FATAL) {
		const void *p = NULL;
		size_t n = 0;

		r = archive_read_data_block(a, &p, &n, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		stuck = r != ARCHIVE_OK || n == 0 ? stuck + 1 : 0;
		if (r != ARCHIVE_OK)
			*unread = archive_entry_is_data_encrypted(e) ? "encrypted" : unpack_reason(a);
		if (p && n && has_block(a, r))
			s = work_data(w, p, n);
	}
	if (s == 0 && !*unread)
		*unread = "damaged";
	return s;
}

/* Octets that an entry says it has, and that did not come: of a volume that is not here. */
static bool is_short(struct archive_entry *e, uint64_t octets)
{
	return archive_entry_size_is_set(e) && archive_entry_sparse_count(e) == 0 && (uint64_t)archive_entry_size(e) > octets;
}

/* ---- a file of a zip ------------------------------------------------------------------------------------------------------------- */

struct pieces {
	struct mw_str piece[2];
	size_t next;
};

static la_ssize_t pieces_read(struct archive *a, void *ctx, const void **p)
{
	struct pieces *s = ctx;

	(void)a;
	while (s->next < 2 && s->piece[s->next].n == 0)
		s->next++;
	if (s->next == 2)
		return 0;
	*p = s->piece[s->next].p;
	return (la_ssize_t)s->piece[s->next++].n;
}

static void put(char *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(value >> 8 * i & 0xff);
}

#define HEADER 51u /* a local header with a name of one octet and a ZIP64 field */

/* A header that says what this entry says, whatever stands in the file. */
static void make_header(char p[HEADER], const struct zip_entry *e, bool size_known)
{
	memset(p, 0, HEADER);
	memcpy(p, ZIP_LOCAL, 4);
	put(p + 4, 45, 2);
	put(p + 6, (e->flags & 0x0006u) | (size_known ? 0 : ZIP_SIZE_BEHIND), 2); /* 6: how it is packed */
	put(p + 8, e->method, 2);
	put(p + 26, 1, 2);
	p[30] = 'x';
	if (!size_known)
		return;
	put(p + 14, e->crc, 4);
	put(p + 18, UINT32_MAX, 4);
	put(p + 22, UINT32_MAX, 4);
	put(p + 28, 20, 2);
	put(p + 31, 1, 2);
	put(p + 33, 16, 2);
	put(p + 35, e->size, 8);
	put(p + 43, e->packed, 8);
}

static int zipped_data(struct work *w, struct archive *a, struct pieces *s, const char **unread)
{
	struct archive_entry *e;
	int r = ARCHIVE_FATAL;

	*unread = NULL;
	if (archive_read_support_format_zip_streamable(a) == ARCHIVE_OK)
		r = archive_read_open(a, s, NULL, pieces_read, NULL);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(a, &e);
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		return unpack_data(w, a, e, unread);
	*unread = unpack_reason(a);
	return 0;
}

static int zipped(struct work *w, const struct zip_entry *e, struct mw_str packed, bool size_known, size_t *used)
{
	char header[HEADER];
	size_t octets = size_known ? HEADER : 31;
	struct pieces s = {.piece = {{.p = header, .n = octets}, packed}};
	struct archive *a = archive_read_new();
	const char *unread = "limit";
	int64_t read;
	int r = 0;

	if (!a)
		return -ENOMEM;
	make_header(header, e, size_known);
	/* Behind a version and a length of two octets each. */
	if (e->method != ZIP_LZMA || packed.n < 4 ||
	    !filter_is_hungry((struct mw_str){.p = packed.p + 4, .n = packed.n - 4}, w->dictionary))
		r = zipped_data(w, a, &s, &unread);
	read = archive_filter_bytes(a, 0) - (int64_t)octets;
	/* Of a method that nobody knows all octets are its own, as far as it is known which. Else those behind its end are not, nor
	 * those behind damage: somebody may have hidden another file there. */
	if (read <= 0)
		*used = size_known ? packed.n : 0;
	else
		*used = (uint64_t)read > packed.n ? packed.n : (size_t)read;
	(void)archive_read_free(a);
	return r == 0 ? w->host->member_end(w->sink, unread) : r;
}

struct checked {
	struct work *w;
	uint64_t n;
	uLong crc;
};

static int take_checked(void *ctx, const char *p, size_t n)
{
	struct checked *c = ctx;

	c->n += n;
	c->crc = crc32_z(c->crc, (const Bytef *)p, n);
	return work_data(c->w, p, n);
}

static int deflated64_data(struct work *w, const struct zip_entry *e, struct mw_str packed, bool size_known, size_t *used)
{
	struct checked c = {.w = w, .crc = crc32_z(0, NULL, 0)};
	int r = deflate64_unpack(packed, take_checked, &c, used);
	bool good = r == 0 && (!size_known || (c.n == e->size && c.crc == e->crc));

	if (r == 0 || r == -EBADMSG)
		r = w->host->member_end(w->sink, good ? NULL : "damaged");
	return r;
}

int unpack_zipped(struct work *w, const struct zip_entry *e, struct mw_str packed, bool size_known, size_t *used)
{
	return e->method == ZIP_DEFLATED64 ? deflated64_data(w, e, packed, size_known, used)
					   : zipped(w, e, packed, size_known, used);
}

/* ---- everything else -------------------------------------------------------------------------------------------------------------- */

struct document {
	struct work *w;
	size_t at;	  /* packed octets that were handed over */
	uint64_t given;	  /* octets and members that the sink had when we last looked, */
	int64_t unpacked; /* and what had been unpacked by then */
	bool limited;
	bool packed; /* by a filter, */
	bool raw;    /* and one file, no archive */
	struct rar rar;
};

/* Is so much unpacked for nothing that it must be a trap? */
static bool is_idle(struct document *d, struct archive *a)
{
	int64_t unpacked = archive_filter_bytes(a, 0);
	uint64_t given = d->w->octets + d->w->members;

	if (given == d->given)
		return unpacked - d->unpacked > IDLE_OCTETS;
	d->given = given;
	d->unpacked = unpacked;
	return false;
}

static la_ssize_t document_read(struct archive *a, void *ctx, const void **p)
{
	struct document *d = ctx;
	struct mw_str data = d->w->doc->data;
	size_t n = data.n - d->at < PIECE ? data.n - d->at : PIECE;

	if (is_idle(d, a)) {
		d->limited = true;
		archive_set_error(a, ENOMEM, "too much padding");
		return ARCHIVE_FATAL;
	}
	*p = data.p + d->at;
	d->at += n;
	return (la_ssize_t)n;
}

/* The name as the archive has it: octets, or UTF-8 where its format knows of charsets. */
static struct mw_str text_of(const char *s)
{
	return (struct mw_str){.p = s ? s : "", .n = s ? strlen(s) : 0};
}

/* Of a single packed file. */
static struct mw_str raw_name(const struct mw_document *doc)
{
	struct mw_str name, comment;

	filter_gzip_header(doc->data, &name, &comment);
	return name.n ? name : filter_name(doc->name);
}

/* What libarchive knows of it, and what it does not. */
static bool is_encrypted(struct document *d, struct archive *a, struct archive_entry *e)
{
	if (archive_entry_is_encrypted(e))
		return true;
	if (!is_format(a, ARCHIVE_FORMAT_RAR) && !is_format(a, ARCHIVE_FORMAT_RAR_V5))
		return false;
	rar_look(&d->rar, (uint64_t)archive_filter_bytes(a, 0));
	return d->rar.encrypted;
}

static int read_entry(struct document *d, struct archive *a, struct archive_entry *e)
{
	struct work *w = d->w;
	struct mw_str name = d->raw ? raw_name(w->doc) : text_of(archive_entry_pathname(e));
	const char *link = archive_entry_symlink(e), *unread = NULL;
	bool empty = !archive_entry_size_is_set(e) || archive_entry_size(e) == 0;
	uint64_t before = w->octets;
	int r;

	if (is_encrypted(d, a, e))
		return work_small(w, name, "", "", text_of(""), "encrypted");
	if (!link && empty)
		link = archive_entry_hardlink(e);
	if (link)
		return work_small(w, name, "", "text/plain", text_of(link), NULL);
	/* Those of an ISO have octets: the list of what is in them. */
	if (archive_entry_filetype(e) == AE_IFDIR && (empty || is_format(a, ARCHIVE_FORMAT_ISO9660)))
		return strcmp(name.p, ".") == 0 ? 0 : work_line(w, name, "");
	r = work_member(w, name, "", "", 0);
	if (r == 0)
		r = unpack_data(w, a, e, &unread);
	if (!unread && is_short(e, w->octets - before))
		unread = "damaged";
	return r == 0 ? w->host->member_end(w->sink, unread) : r;
}

static int read_entries(struct document *d, struct archive *a)
{
	unsigned int stuck = 0;
	struct archive_entry *e;
	int r, s = 0;

	while (s == 0 && stuck < STUCK) {
		r = archive_read_next_header(a, &e);
		if (r == ARCHIVE_EOF)
			return 0;
		if (d->packed && archive_filter_count(a) < 2)
			r = ARCHIVE_FATAL;
		if (r == ARCHIVE_OK || r == ARCHIVE_WARN) {
			stuck = 0;
			d->raw = is_format(a, ARCHIVE_FORMAT_RAW);
			s = read_entry(d, a, e);
			continue;
		}
		work_unread(d->w, d->limited ? "limit" : header_reason(a));
		if (r == ARCHIVE_FATAL)
			return 0;
		stuck++;
	}
	return s;
}

static bool support(struct archive *a, const int *formats, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++)
		all &= archive_read_support_format_by_code(a, formats[i]) == ARCHIVE_OK;
	/* Archives may stand one behind the other, and a reader of such sees them all. */
	return all && archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1") == ARCHIVE_OK;
}

static int open_document(struct document *d, struct archive *a, size_t filter)
{
	static const int packed[] = {ARCHIVE_FORMAT_TAR, ARCHIVE_FORMAT_CPIO, ARCHIVE_FORMAT_RAW};
	static const int plain[] = {ARCHIVE_FORMAT_TAR,	 ARCHIVE_FORMAT_CPIO,	 ARCHIVE_FORMAT_AR,
				    ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_RAR,	 ARCHIVE_FORMAT_RAR_V5,
				    ARCHIVE_FORMAT_CAB,	 ARCHIVE_FORMAT_ISO9660, ARCHIVE_FORMAT_LHA};
	struct mw_str data = d->w->doc->data;

	if (filter == FILTERS)
		return support(a, plain, sizeof(plain) / sizeof(*plain)) ? archive_read_open_memory(a, data.p, data.n)
									 : ARCHIVE_FATAL;
	if (!support(a, packed, sizeof(packed) / sizeof(*packed)) || !filter_append(a, filter))
		return ARCHIVE_FATAL;
	return archive_read_open(a, d, NULL, document_read, NULL);
}

static uint64_t end_of_7z(struct mw_str data)
{
	uint64_t end = 32;

	if (data.n < end || memcmp(data.p, "7z\xbc\xaf\x27\x1c", 6) != 0)
		return 0;
	for (unsigned int i = 0; i < 8; i++) /* offset and size of its directory */
		end += ((uint64_t)(unsigned char)data.p[12 + i] + (unsigned char)data.p[20 + i]) << 8 * i;
	return end;
}

/* What stands behind the end of the archive. */
static int read_rest(struct work *w, uint64_t end)
{
	struct mw_str data = w->doc->data;

	if (end == 0 || end >= data.n)
		return 0;
	return work_rest(w, "behind-members", (struct mw_str){.p = data.p + end, .n = data.n - (size_t)end});
}

static uint64_t end_of_iso(struct mw_str data)
{
	const unsigned char *p = (const unsigned char *)data.p + 32768; /* its descriptor */

	if (data.n < 32768 + 2048)
		return 0;
	return ((uint64_t)p[80] | (uint64_t)p[81] << 8 | (uint64_t)p[82] << 16 | (uint64_t)p[83] << 24) *
	       (p[128] | (unsigned int)p[129] << 8);
}

static int finish_rar(struct work *w, struct rar *rar)
{
	int r;

	rar_look(rar, UINT64_MAX);
	if (rar->volume)
		work_unread(w, "damaged");
	if (rar->unread)
		work_unread(w, "unknown-format");
	r = work_line(w, rar->comment, "");
	return r == 0 ? read_rest(w, rar->end) : r;
}

static int finish_packed(struct work *w, uint64_t end)
{
	struct mw_str name, comment;
	int r;

	filter_gzip_header(w->doc->data, &name, &comment);
	r = work_line(w, comment, "");
	return r == 0 ? read_rest(w, end) : r;
}

/* What an archive has besides files. */
static int finish(struct document *d, struct archive *a)
{
	struct work *w = d->w;
	/* What is read from front to back was read up to here, if all went well. */
	uint64_t end = w->reason ? 0 : (uint64_t)archive_filter_bytes(a, -1);

	if (d->packed)
		return finish_packed(w, d->raw ? end : 0);
	switch (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) {
	case ARCHIVE_FORMAT_RAR:
	case ARCHIVE_FORMAT_RAR_V5:
		return finish_rar(w, &d->rar);
	case ARCHIVE_FORMAT_7ZIP:
		return read_rest(w, end_of_7z(w->doc->data));
	case ARCHIVE_FORMAT_ISO9660:
		return read_rest(w, end_of_iso(w->doc->data));
	case ARCHIVE_FORMAT_CPIO:
	case ARCHIVE_FORMAT_AR:
	case ARCHIVE_FORMAT_CAB:
		return read_rest(w, end);
	default:
		return 0;
	}
}

/* The beginning of a damaged file, of which nothing has come so far. */
static int read_beginning(struct work *w, size_t filter)
{
	struct zip_entry e = {.name = {.p = "", .n = 0}};
	struct mw_str packed;
	size_t used;
	int r;

	if (!filter_as_zipped(filter, w->doc->data, &e.method, &packed))
		return 0;
	e.packed = packed.n;
	r = work_member(w, raw_name(w->doc), "", "", 0);
	return r == 0 ? unpack_zipped(w, &e, packed, true, &used) : r;
}

int unpack_document(struct work *w, bool *known)
{
	size_t filter = filter_of(w->doc);
	struct document d = {.w = w, .packed = filter != FILTERS};
	struct archive *a;
	int r = 0;

	*known = d.packed;
	if (d.packed && filter_is_empty(w->doc->data))
		return 0; /* libarchive does not tell it from what it cannot unpack */
	if (d.packed && (!w->has_filter[filter] || filter_wants_much(filter, w->doc->data, w->dictionary))) {
		work_unread(w, w->has_filter[filter] ? "limit" : "unknown-format");
		return 0;
	}
	a = archive_read_new();
	if (!a)
		return -ENOMEM;
	rar_begin(&d.rar, w->doc->data);
	if (open_document(&d, a, filter) != ARCHIVE_OK)
		work_unread(w, unpack_reason(a));
	else
		r = read_entries(&d, a);
	*known |= archive_format(a) != 0;
	if (r == 0 && d.packed && w->reason && w->octets == 0 && !d.limited)
		r = read_beginning(w, filter);
	if (r == 0)
		r = finish(&d, a);
	(void)archive_read_free(a);
	return r;
}
