/* SPDX-License-Identifier: Apache-2.0 */
#include "package.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 65536u
#define END_MAX ((size_t)65557)		    /* octets in which the end of the directory stands */
#define OPENS_MAX 128u			    /* how often the package is gone through from its beginning */
#define KEEP_EACH ((size_t)4 * 1024 * 1024) /* texts up to here are kept unpacked … */
#define KEEP_ALL ((size_t)32 * 1024 * 1024) /* … while all of them take no more than this */

/* ---- names ------------------------------------------------------------------------------------------------------------------------ */

static unsigned char folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int name_compare(struct mw_str a, struct mw_str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (folded(a.p[i]) != folded(b.p[i]))
			return folded(a.p[i]) < folded(b.p[i]) ? -1 : 1;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

bool name_ends(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);

	return n >= e && name_compare((struct mw_str){.p = name + n - e, .n = e}, (struct mw_str){.p = end, .n = e}) == 0;
}

static int by_name(const void *a, const void *b, void *package)
{
	const struct package *k = package;
	const size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const char *one = k->entry[i].name, *two = k->entry[j].name;
	int r = name_compare((struct mw_str){.p = one, .n = strlen(one)}, (struct mw_str){.p = two, .n = strlen(two)});

	return r ? r : i < j ? -1 : i > j;
}

size_t package_find(const struct package *k, struct mw_str name)
{
	size_t low = 0, high = k->entries;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *is = k->entry[k->sorted[mid]].name;

		if (name_compare((struct mw_str){.p = is, .n = strlen(is)}, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < k->entries) {
		const char *is = k->entry[k->sorted[low]].name;

		if (name_compare((struct mw_str){.p = is, .n = strlen(is)}, name) == 0)
			return k->sorted[low];
	}
	return NO_ENTRY;
}

size_t package_find_word(const struct package *k, const char *name)
{
	return package_find(k, (struct mw_str){.p = name, .n = strlen(name)});
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------------- */

bool package_is_zip(struct mw_str data)
{
	return data.n >= 4 && (memcmp(data.p, "PK\003\004", 4) == 0 || memcmp(data.p, "PK\005\006", 4) == 0);
}

/* After a damage nothing can be read from where it is. */
static void package_drop(struct package *k)
{
	if (k->archive)
		archive_read_free(k->archive);
	k->archive = NULL;
	k->at = 0;
}

/* From the beginning. */
static int package_rewind(struct package *k)
{
	int r;

	package_drop(k);
	k->archive = k->opens++ < OPENS_MAX ? archive_read_new() : NULL;
	if (!k->archive)
		return k->opens > OPENS_MAX ? -EFBIG : -ENOMEM;
	r = archive_read_support_format_zip_seekable(k->archive);
	/* Without a directory at its end: a file that was cut off. */
	if (r == ARCHIVE_OK)
		r = archive_read_support_format_zip_streamable(k->archive);
	if (r == ARCHIVE_OK)
		r = archive_read_open_memory(k->archive, k->data.p, k->data.n);
	return r == ARCHIVE_OK ? 0 : -EBADMSG;
}

/* The next header: 1, 0 at the end, or negative. */
static int package_next(struct package *k, struct archive_entry **e)
{
	int r = archive_read_next_header(k->archive, e);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return -EBADMSG;
	k->at++;
	return 1;
}

/* What stands in the entry that was come to last. */
static int read_now(struct package *k, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	const void *p;
	size_t n;
	la_int64_t offset;
	int r;

	while ((r = archive_read_data_block(k->archive, &p, &n, &offset)) == ARCHIVE_OK) {
		k->unpacked += n;
		if (k->unpacked > k->most)
			return -EFBIG;
		r = n ? fn(ctx, p, n) : 0;
		if (r != 0)
			return r;
	}
	return r == ARCHIVE_EOF ? 0 : -EBADMSG;
}

int package_read(struct package *k, size_t i, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	struct entry *e = &k->entry[i];
	struct archive_entry *header;
	int r = 0;

	e->used = true;
	if (e->encrypted)
		return -EACCES;
	if (e->whole)
		return e->kept.n ? fn(ctx, e->kept.p, e->kept.n) : 0;
	if (!k->archive || i < k->at)
		r = package_rewind(k);
	while (r == 0 && k->at <= i) {
		r = package_next(k, &header);
		r = r == 0 ? -EBADMSG : r > 0 ? 0 : r;
	}
	r = r == 0 ? read_now(k, fn, ctx) : r;
	if (r == -EBADMSG)
		package_drop(k);
	return r;
}

/* ---- the list --------------------------------------------------------------------------------------------------------------------- */

static char *name_of(struct archive_entry *header)
{
	const char *name = archive_entry_pathname_utf8(header);
	char *copy;

	if (!name)
		name = archive_entry_pathname(header);
	name = name ? name : "";
	while (*name == '/' || *name == '\\')
		name++;
	copy = strdup(name);
	for (char *c = copy; c && *c; c++)
		if (*c == '\\')
			*c = '/';
	return copy;
}

static int keep(void *ctx, const char *p, size_t n)
{
	struct buf *b = ctx;

	return n > KEEP_EACH - b->n ? 1 : buf_add(b, p, n);
}

static bool is_kept(const char *name)
{
	static const char *const ends[] = {".xml", ".rels", ".opf", "mimetype", ".vml", ".fdseq", ".fdoc"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (name_ends(name, ends[i]))
			return true;
	return false;
}

/* From the beginning to the entry behind those that are listed. */
static int package_skip(struct package *k)
{
	struct archive_entry *header;
	int r = package_rewind(k);

	while (r == 0 && k->at < k->entries) {
		r = package_next(k, &header);
		r = r == 0 ? -EBADMSG : r > 0 ? 0 : r;
	}
	return r;
}

static int add_entry(struct package *k, struct archive_entry *header)
{
	struct entry *e;
	int r;

	if (k->entries == ENTRIES_MAX)
		return -EFBIG;
	if (k->entries == k->cap) {
		size_t cap = k->cap ? k->cap * 2 : 64;
		struct entry *more = reallocarray(k->entry, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		k->entry = more;
		k->cap = cap;
	}
	e = &k->entry[k->entries];
	*e = (struct entry){.name = name_of(header), .encrypted = archive_entry_is_encrypted(header)};
	if (!e->name)
		return -ENOMEM;
	k->entries++;
	e->used = name_ends(e->name, "/") || archive_entry_filetype(header) == AE_IFDIR;
	if (e->encrypted || !is_kept(e->name) || k->kept > KEEP_ALL ||
	    (archive_entry_size_is_set(header) && archive_entry_size(header) > (la_int64_t)KEEP_EACH))
		return 0;
	r = read_now(k, keep, &e->kept);
	e->whole = r == 0;
	if (!e->whole)
		buf_free(&e->kept); /* it is read again, and the failure told, when it is its turn */
	k->kept += e->kept.n;
	return r == -ENOMEM ? r : r == -EBADMSG ? package_skip(k) : 0;
}

/* Without the end of its directory a file was cut off, and nobody knows what was in the rest. */
static bool has_end(struct mw_str data)
{
	size_t n = data.n < END_MAX ? data.n : END_MAX;

	return memmem(data.p + data.n - n, n, "PK\005\006", 4) != NULL;
}

int package_open(struct package *k, struct mw_str data, uint64_t most)
{
	struct archive_entry *header;
	int r;

	*k = (struct package){.data = data, .most = most};
	r = package_rewind(k);
	if (r == 0)
		while ((r = package_next(k, &header)) > 0) {
			r = add_entry(k, header);
			if (r < 0)
				break;
		}
	if (r == -ENOMEM)
		return r;
	if (r == 0 && !has_end(data))
		r = -EBADMSG;
	k->sorted = calloc(k->entries + 1, sizeof(*k->sorted));
	if (!k->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < k->entries; i++)
		k->sorted[i] = i;
	qsort_r(k->sorted, k->entries, sizeof(*k->sorted), by_name, k);
	return r;
}

void package_close(struct package *k)
{
	for (size_t i = 0; i < k->entries; i++) {
		buf_free(&k->entry[i].kept);
		free(k->entry[i].name);
	}
	free(k->entry);
	free(k->sorted);
	package_drop(k);
	*k = (struct package){0};
}
