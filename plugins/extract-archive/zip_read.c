/* SPDX-License-Identifier: Apache-2.0 */
#include "zip_read.h"

#include "unpack.h"
#include "zip_list.h"

#include <errno.h>
#include <string.h>

/* Octets that are looked at for one of the file, and for any file: files of a real zip do not overlap. */
#define WORK_RATIO 16u
#define WORK_FREE ((uint64_t)64 * 1024 * 1024)

struct reading {
	struct work *w;
	struct mw_str data;
	struct zip_list list;
	uint64_t budget;
	size_t at;	  /* what stands before is given */
	uint64_t doubted; /* the local header that was read last because it says something else than the directory */
};

static int spend(struct reading *rd, size_t n)
{
	if (n > rd->budget) {
		work_unread(rd->w, "limit");
		return -EFBIG;
	}
	rd->budget -= n;
	return 0;
}

/* ---- one file ---------------------------------------------------------------------------------------------------------------------- */

static bool is_utf8(struct mw_str s)
{
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i++];
		size_t more = c < 0x80		      ? 0
			      : c >= 0xc2 && c < 0xe0 ? 1
			      : c >= 0xe0 && c < 0xf0 ? 2
			      : c >= 0xf0 && c < 0xf5 ? 3
						      : 4;

		if (more == 4)
			return false;
		for (; more; more--, i++)
			if (i >= s.n || ((unsigned char)s.p[i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* Many write UTF-8 without saying so. */
static const char *charset_of(const struct zip_entry *e, struct mw_str s)
{
	if (e->flags & ZIP_UTF8 || is_utf8(s))
		return "utf-8";
	return e->dos ? "cp437" : "";
}

/* A name or comment: as the extra field has it, else as it stands. */
static struct mw_str text_of(const struct zip_entry *e, uint16_t id, struct mw_str plain, const char **charset)
{
	struct mw_str unicode = zip_unicode(e->extra, id, plain);

	*charset = unicode.n ? "utf-8" : charset_of(e, plain);
	return unicode.n ? unicode : plain;
}

static int give_comment(struct reading *rd, const struct zip_entry *e)
{
	const char *charset;
	struct mw_str comment = text_of(e, 0x6375, e->comment, &charset);

	return work_line(rd->w, comment, charset);
}

static int give_without(struct reading *rd, const struct zip_entry *e, const char *unread)
{
	const char *charset;
	struct mw_str name = text_of(e, 0x7075, e->name, &charset), nothing = {.p = "", .n = 0};

	return work_small(rd->w, name, charset, "", nothing, unread);
}

/* The file, out of its packed octets: as many as e says, or as there are. *used: how many of them it takes. */
static int give(struct reading *rd, const struct zip_entry *e, struct mw_str packed, bool size_known, size_t *used)
{
	const char *charset;
	struct mw_str name = text_of(e, 0x7075, e->name, &charset);
	int r = give_comment(rd, e);

	*used = size_known ? packed.n : 0;
	if (r < 0)
		return r;
	if (e->flags & ZIP_MASKED)
		work_unread(rd->w, "encrypted"); /* its name, too */
	if (e->flags & ZIP_ENCRYPTED)
		return give_without(rd, e, "encrypted");
	if (size_known && zip_is_folder(e))
		return work_line(rd->w, name, charset);
	r = work_member(rd->w, name, charset, e->link ? "text/plain" : "", size_known ? e->packed : 0);
	if (r == 0)
		r = unpack_zipped(rd->w, e, packed, size_known, used);
	return r == 0 ? spend(rd, *used) : r;
}

/* ---- two ways to see a file ------------------------------------------------------------------------------------------------------ */

static bool agree(const struct zip_entry *e, const struct zip_entry *local)
{
	if ((e->flags & local->flags & ZIP_ENCRYPTED) && e->method == local->method)
		return true;
	if (e->method != local->method || ((e->flags ^ local->flags) & ZIP_ENCRYPTED) || e->name.n != local->name.n ||
	    memcmp(e->name.p, local->name.p, e->name.n) != 0)
		return false;
	if (local->flags & ZIP_SIZE_BEHIND && local->packed == 0)
		return true;
	return e->packed == local->packed && e->size == local->size && e->crc == local->crc;
}

static struct mw_str slice(struct mw_str data, size_t from, uint64_t n)
{
	return (struct mw_str){.p = data.p + from, .n = n < data.n - from ? (size_t)n : data.n - from};
}

/* Can a reader of streams see where the octets end, by themselves? */
static bool tells_its_end(const struct zip_entry *e)
{
	return e->method == ZIP_DEFLATED || e->method == ZIP_BZIP2;
}

/* Whose size stands behind the octets, and these do not tell where they end. *known: is the size known then? */
static int measure(struct reading *rd, struct zip_entry *local, size_t octets, uint64_t most, bool *known)
{
	struct mw_str within = slice(rd->data, octets, most);

	*known = !(local->flags & ZIP_SIZE_BEHIND) || local->packed;
	if (*known || (tells_its_end(local) && !(local->flags & ZIP_ENCRYPTED)))
		return 0;
	*known = zip_measure(rd->data, octets, octets + within.n, local);
	return spend(rd, *known ? (size_t)local->packed : within.n);
}

/* A file as its own header has it. *end: the octet behind it. */
static int read_local(struct reading *rd, struct zip_entry *local, size_t octets, size_t *end)
{
	bool known;
	int r = measure(rd, local, octets, UINT64_MAX, &known);
	struct mw_str packed = slice(rd->data, octets, known ? local->packed : UINT64_MAX);
	size_t used;

	if (r == 0)
		r = give(rd, local, packed, known, &used);
	if (r < 0)
		return r;
	*end = octets + used;
	if (known && local->flags & ZIP_SIZE_BEHIND)
		*end += zip_descriptor(rd->data, *end, local);
	return 0;
}

/* A file as the directory has it. */
static int read_listed(struct reading *rd, const struct zip_entry *e)
{
	struct zip_entry local;
	size_t octets, used, end, other;
	bool known;
	int r;

	if (e->elsewhere || !zip_local(rd->data, e->header, &local, &octets)) {
		work_unread(rd->w, "damaged");
		return give_without(rd, e, "damaged");
	}
	local.dos = e->dos;
	local.link = e->link;
	r = measure(rd, &local, octets, e->packed, &known);
	if (r == 0)
		r = give(rd, e, slice(rd->data, octets, e->packed), true, &used);
	if (r < 0)
		return r;
	end = octets + used;
	if (local.flags & ZIP_SIZE_BEHIND)
		end += zip_descriptor(rd->data, end, e);
	if (!agree(e, &local) && rd->doubted != e->header) {
		rd->doubted = e->header;
		r = read_local(rd, &local, octets, &other);
		end = r == 0 && other < end ? other : end;
	}
	rd->at = end > rd->at ? end : rd->at;
	return r;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------------------- */

/* Octets of no file: the texts of records, then what is left. */
static int read_rest(struct reading *rd, size_t to)
{
	struct mw_str comment;
	size_t n = 1;
	int r = 0;

	while (r == 0 && rd->at < to && n) {
		n = zip_record(rd->data, rd->at, &comment);
		r = n ? work_line(rd->w, comment, "") : 0;
		rd->at += n;
	}
	if (r < 0 || rd->at >= to)
		return r;
	if (zip_is_at(rd->data, rd->at, ZIP_KEYS))
		work_unread(rd->w, "encrypted");
	r = work_rest(rd->w,
		      to == rd->data.n ? "behind-members"
		      : rd->w->members ? "between-members"
				       : "before-members",
		      (struct mw_str){.p = rd->data.p + rd->at, .n = to - rd->at});
	rd->at = to;
	return r;
}

/* Octets up to `to` that no directory knows: up to the end of the next file in them, or all. */
static int read_unlisted(struct reading *rd, size_t to)
{
	/* Headers that begin there; what is behind is looked at later. */
	const struct mw_str within = slice(rd->data, 0, (uint64_t)to + 3);
	struct zip_entry local;
	size_t octets, end, h = zip_find(within, rd->at, ZIP_LOCAL);
	int r;

	while (h < to && !zip_local(rd->data, h, &local, &octets))
		h = zip_find(within, h + 1, ZIP_LOCAL);
	if (h >= to)
		return read_rest(rd, to);
	r = read_rest(rd, h);
	if (r == 0)
		r = read_local(rd, &local, octets, &end);
	if (r == 0)
		rd->at = end;
	return r;
}

static int read_next(struct reading *rd, const struct zip_entry *e)
{
	if (e->name.p)
		return read_listed(rd, e);
	rd->at = e->header + e->packed > rd->at ? (size_t)(e->header + e->packed) : rd->at;
	return 0;
}

static int read_all(struct reading *rd)
{
	size_t i = 0;
	int r = 0;

	while (r == 0 && (i < rd->list.n || rd->at < rd->data.n)) {
		uint64_t next = i < rd->list.n ? rd->list.v[i].header : rd->data.n;

		if (next > rd->at && rd->at < rd->data.n)
			r = read_unlisted(rd, next < rd->data.n ? (size_t)next : rd->data.n);
		else
			r = read_next(rd, &rd->list.v[i++]);
	}
	return r;
}

int zip_read(struct work *w)
{
	struct reading rd = {.w = w, .data = w->doc->data, .doubted = UINT64_MAX};
	int r;

	rd.budget = rd.data.n > (UINT64_MAX - WORK_FREE) / WORK_RATIO ? UINT64_MAX : WORK_FREE + rd.data.n * WORK_RATIO;
	r = zip_list_read(&rd.list, rd.data);
	if (rd.list.encrypted)
		work_unread(w, "encrypted");
	if (rd.list.directories == 0 || rd.list.damaged)
		work_unread(w, "damaged");
	if (r == 0)
		r = read_all(&rd);
	zip_list_free(&rd.list);
	return r;
}

bool zip_begins(struct mw_str s)
{
	static const char *const begins[] = {ZIP_LOCAL, ZIP_CENTRAL, ZIP_END, ZIP_KEYS, "PK\006\006"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (zip_is_at(s, 0, begins[i]))
			return true;
	return (zip_is_at(s, 0, ZIP_DESCRIPTOR) || zip_is_at(s, 0, "PK00")) && zip_is_at(s, 4, ZIP_LOCAL);
}
