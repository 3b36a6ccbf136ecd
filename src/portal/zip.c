/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/zip.h"

#include "base/log.h"
#include "portal/content.h"
#include "portal/pages.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 32768u

struct file {
	uint32_t object;
	uint64_t size;
	char *name;
};

/* Lives as long as it is sent: longer than the request. */
struct packing {
	struct mw_crate *crate;
	struct mw_crate_object *object; /* of the file that is packed; NULL = none */
	uint64_t at;			/* in it */
	struct archive *archive;
	locale_t utf8; /* libarchive asks the locale of the thread what names are */
	struct mw_buf out;
	size_t sent; /* of out */
	bool closed;
	time_t when;
	size_t files, next;
	struct file *file;
	char piece[PIECE];
};

static void packing_free(void *ctx)
{
	struct packing *p = ctx;

	if (p->archive)
		(void)archive_write_free(p->archive);
	if (p->utf8)
		freelocale(p->utf8);
	if (p->object)
		mw_crate_put(&p->object);
	if (p->crate)
		mw_crate_close(&p->crate);
	for (size_t i = 0; p->file && i < p->files; i++)
		free(p->file[i].name);
	free(p->file);
	mw_buf_free(&p->out);
	explicit_bzero(p->piece, sizeof(p->piece));
	free(p);
}

static la_ssize_t take(struct archive *a, void *ctx, const void *octets, size_t n)
{
	struct packing *p = ctx;

	mw_buf_add(&p->out, octets, n);
	if (mw_buf_ok(&p->out))
		return (la_ssize_t)n;
	archive_set_error(a, ENOMEM, "no memory");
	return -1;
}

/* ---- a step of packing: each adds to out, or goes on ---------------------------------------------------------------------------------- */

static int begin_file(struct packing *p)
{
	const struct file *f = &p->file[p->next];
	struct archive_entry *entry = archive_entry_new2(p->archive);
	struct mw_err err;
	int r = entry ? mw_crate_get(p->crate, f->object, &p->object, &err) : -ENOMEM;

	if (r == 0) {
		archive_entry_set_pathname_utf8(entry, f->name);
		archive_entry_set_size(entry, (la_int64_t)f->size);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0600);
		archive_entry_set_mtime(entry, p->when, 0);
		r = archive_write_header(p->archive, entry) == ARCHIVE_OK ? 0 : -EIO;
	}
	archive_entry_free(entry);
	p->at = 0;
	return r;
}

static int pack_piece(struct packing *p)
{
	struct mw_err err;
	ssize_t n = mw_crate_read(p->object, p->at, p->piece, sizeof(p->piece), &err);

	if (n < 0)
		return (int)n;
	if (n > 0) {
		p->at += (uint64_t)n;
		return archive_write_data(p->archive, p->piece, (size_t)n) == n ? 0 : -EIO;
	}
	mw_crate_put(&p->object);
	p->next++;
	return archive_write_finish_entry(p->archive) == ARCHIVE_OK ? 0 : -EIO;
}

static int step(struct packing *p)
{
	if (p->object)
		return pack_piece(p);
	if (p->next < p->files)
		return begin_file(p);
	p->closed = true;
	return archive_write_close(p->archive) == ARCHIVE_OK ? 0 : -EIO;
}

static ssize_t read_zip(void *ctx, uint64_t at, char *to, size_t n)
{
	struct packing *p = ctx;
	locale_t before = uselocale(p->utf8);
	int r = 0;

	(void)at;
	while (r == 0 && p->sent == p->out.n && !p->closed) {
		mw_buf_clear(&p->out);
		p->sent = 0;
		r = step(p);
	}
	(void)uselocale(before);
	if (r < 0 || !mw_buf_ok(&p->out))
		return -1;
	if (n > p->out.n - p->sent)
		n = p->out.n - p->sent;
	if (n)
		memcpy(to, p->out.p + p->sent, n);
	p->sent += n;
	return (ssize_t)n;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------------------ */

static int open_archive(struct packing *p)
{
	p->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	p->archive = archive_write_new();
	if (!p->utf8 || !p->archive || archive_write_set_format_zip(p->archive) != ARCHIVE_OK ||
	    archive_write_set_options(p->archive, "zip:compression=deflate,zip:compression-level=1,zip:hdrcharset=UTF-8") !=
		ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(p->archive, 0) != ARCHIVE_OK ||
	    archive_write_open(p->archive, p, NULL, take, NULL) != ARCHIVE_OK)
		return -ENOMEM;
	return 0;
}

/* NULL: no memory. Takes the crate from l. */
static struct packing *packing_new(struct mw_content *l, int64_t when)
{
	struct packing *p = calloc(1, sizeof(*p));
	bool good;

	if (!p)
		return NULL;
	p->when = (time_t)when;
	p->file = calloc(l->files + 1, sizeof(*p->file));
	good = p->file != NULL;
	for (size_t i = 0; i < l->files && good; i++) {
		p->file[i] = (struct file){.object = l->file[i].object, .size = l->file[i].size, .name = strdup(l->file[i].name)};
		p->files++;
		good = p->file[i].name != NULL;
	}
	if (!good || open_archive(p) < 0) {
		packing_free(p);
		return NULL;
	}
	p->crate = l->crate;
	l->crate = NULL;
	return p;
}

static void answer(struct mw_request *r, struct mw_content *l)
{
	struct mw_stream_out out = {.size = UINT64_MAX, .read = read_zip, .done = packing_free};

	out.ctx = packing_new(l, l->manifest.received);
	if (!out.ctx) {
		mw_log(MW_ERROR, NULL, "zip", "no memory");
		mw_page_later(r);
		return;
	}
	mw_page_stream(r, 200, "application/zip", &out);
	mw_page_header(r, "Content-Disposition", "attachment; filename=\"message.zip\"");
	mw_page_header(r, "Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
}

void mw_zip_get(struct mw_request *r)
{
	struct mw_content l;

	if (!mw_content_open(r, &l))
		return;
	if (!l.files)
		mw_page_not_found(r);
	else if (r->head || mw_content_fetched(r, "all parts"))
		answer(r, &l);
	mw_content_close(&l);
}
