/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/draft.h"

#include "base/log.h"
#include "portal/filename.h"
#include "portal/html_text.h"
#include "portal/multipart.h"
#include "portal/portal.h"
#include "portal/work.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OVERHEAD (MW_DRAFT_TEXT + 256u * 1024u) /* octets of a form beside its files */

enum field { OTHER, CSRF, ONCE, TEXT, FILES };

struct mw_draft {
	struct mw_multipart *form;
	enum field field; /* that comes */
	struct mw_buf csrf, once, typed, text;
	bool known; /* has a session */
	bool large;
	bool damaged;		/* it is no form */
	bool failed;		/* its files could not be kept */
	uint64_t limit, octets; /* of files */
	int dir;		/* where a file without a name is made: the portal's */
	int fd;
	unsigned char id[MW_PICKUP_ID], key[MW_PICKUP_KEY];
	struct mw_crate_writer *writer;
	size_t files;
	struct mw_draft_file file[MW_DRAFT_FILES];
};

/* ---- files ----------------------------------------------------------------------------------------------------------------------------- */

static int begin_crate(struct mw_draft *d)
{
	struct mw_err err;

	if (RAND_bytes(d->id, sizeof(d->id)) != 1 || RAND_bytes(d->key, sizeof(d->key)) != 1)
		return -EIO;
	d->fd = openat(d->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return d->fd < 0 ? -errno : mw_crate_begin(d->fd, d->id, d->key, &d->writer, &err);
}

static void put(char to[MW_DRAFT_NAME], const struct mw_buf *from)
{
	(void)snprintf(to, MW_DRAFT_NAME, "%s", mw_buf_text(from));
}

static bool is_token(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((mw_lower(s.p[i]) >= 'a' && mw_lower(s.p[i]) <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
		      (s.p[i] && strchr("!#$&-^_.+", s.p[i]))))
			return false;
	return s.n > 0 && s.n < 100;
}

/* Without parameters. What is none, or would be read as more than a file, is octets. */
static void put_type(struct mw_str type, char to[MW_DRAFT_NAME])
{
	const char *end = memchr(type.p, ';', type.n), *slash;
	struct mw_str s = mw_str_trim((struct mw_str){.p = type.p, .n = end ? (size_t)(end - type.p) : type.n});
	struct mw_str first, second;

	slash = memchr(s.p, '/', s.n);
	first = (struct mw_str){.p = s.p, .n = slash ? (size_t)(slash - s.p) : 0};
	second = mw_str_behind(s, slash ? first.n + 1 : s.n);
	if (!is_token(first) || !is_token(second) || mw_str_caseeq(first, "multipart") || mw_str_caseeq(first, "message"))
		(void)snprintf(to, MW_DRAFT_NAME, "application/octet-stream");
	else
		(void)snprintf(to, MW_DRAFT_NAME, "%.*s", (int)s.n, s.p);
}

/* Browsers write '"' and line ends in a name as "%22", "%0D" and "%0A", and nothing else so. */
static void put_filename(struct mw_str s, struct mw_buf *out)
{
	struct mw_buf plain = MW_BUF_INIT;

	for (size_t i = 0; i < s.n; i++) {
		bool escaped = s.n - i >= 3 && (memcmp(s.p + i, "%22", 3) == 0 || memcmp(s.p + i, "%0D", 3) == 0 ||
						memcmp(s.p + i, "%0A", 3) == 0);

		mw_buf_putc(&plain, !escaped ? s.p[i] : s.p[i + 1] == '2' ? '"' : s.p[i + 2] == 'D' ? '\r' : '\n');
		i += escaped ? 2 : 0;
	}
	mw_filename_safe((struct mw_str){.p = mw_buf_text(&plain), .n = plain.n}, out);
	out->failed = out->failed || !mw_buf_ok(&plain);
	mw_buf_free(&plain);
}

/* A field of files without a file is sent with an empty name. */
static int begin_file(struct mw_draft *d, const struct mw_multipart_part *part)
{
	struct mw_draft_file *f = &d->file[d->files];
	struct mw_buf name = MW_BUF_INIT;
	struct mw_err err;
	int r = 0;

	if (!d->known || d->large || d->failed || !part->filename.n)
		return 0;
	d->large = d->files == MW_DRAFT_FILES;
	if (d->large)
		return 0;
	if (!d->writer)
		r = begin_crate(d);
	r = r < 0 ? r : mw_crate_object(d->writer, &f->object, &err);
	put_filename(part->filename, &name);
	if (r == 0 && mw_buf_ok(&name)) {
		put(f->name, &name);
		put_type(part->type, f->type);
		d->files++;
		d->field = FILES;
	} else if (r == 0) {
		r = -ENOMEM;
	}
	mw_buf_free(&name);
	return r;
}

static int more_file(struct mw_draft *d, const char *p, size_t n)
{
	struct mw_err err;

	d->large = d->large || n > d->limit - d->octets;
	if (d->large || d->failed)
		return 0;
	d->octets += n;
	d->file[d->files - 1].size += n;
	return mw_crate_write(d->writer, p, n, &err);
}

/* The disk may be full: what was typed comes all the same, so that it can be given back. */
static void kept(struct mw_draft *d, int r)
{
	if (r == 0 || d->failed)
		return;
	mw_log(MW_ERROR, NULL, "reply", "a file cannot be kept: %s", strerror(-r));
	d->failed = true;
}

/* ---- the form -------------------------------------------------------------------------------------------------------------------------- */

static int on_part(void *ctx, const struct mw_multipart_part *part)
{
	struct mw_draft *d = ctx;

	d->field = OTHER;
	if (part->is_file) {
		kept(d, mw_str_eq(part->name, "files") ? begin_file(d, part) : 0);
		return 0;
	}
	if (mw_str_eq(part->name, "csrf") && !d->csrf.n)
		d->field = CSRF;
	else if (mw_str_eq(part->name, "once") && !d->once.n)
		d->field = ONCE;
	else if (mw_str_eq(part->name, "text") && !d->typed.n)
		d->field = TEXT;
	return 0;
}

static int on_data(void *ctx, const char *p, size_t n)
{
	struct mw_draft *d = ctx;
	struct mw_buf *to = d->field == CSRF ? &d->csrf : d->field == ONCE ? &d->once : &d->typed;
	size_t most = d->field == CSRF ? MW_SESSION_CSRF : d->field == ONCE ? MW_SESSION_ONCE : MW_DRAFT_TEXT;

	if (d->field == OTHER)
		return 0;
	if (d->field == FILES) {
		kept(d, more_file(d, p, n));
		return 0;
	}
	if (n > most - to->n)
		return -EFBIG;
	mw_buf_add(to, p, n);
	return mw_buf_ok(to) ? 0 : -ENOMEM;
}

/* ---- as an upload ------------------------------------------------------------------------------------------------------------------------ */

static void drop(void *upload)
{
	struct mw_draft *d = upload;

	mw_multipart_free(&d->form);
	if (d->writer)
		mw_crate_writer_free(&d->writer);
	if (d->fd >= 0)
		(void)close(d->fd);
	mw_buf_free(&d->csrf);
	mw_buf_free(&d->once);
	mw_buf_free(&d->typed);
	mw_buf_free(&d->text);
	OPENSSL_cleanse(d, sizeof(*d));
	free(d);
}

static uint64_t most(const struct mw_request *r)
{
	return r->site->conf->reply_size + OVERHEAD;
}

static int begin(struct mw_request *r, void **upload)
{
	struct mw_draft *d = calloc(1, sizeof(*d));
	const struct mw_multipart_events events = {.part = on_part, .data = on_data, .ctx = d};
	int e;

	if (!d)
		return -ENOMEM;
	d->fd = -1;
	d->known = mw_request_knows(r);
	d->limit = r->site->conf->reply_size;
	d->dir = r->portal->store;
	e = mw_multipart_new(r->type, &events, &d->form);
	d->damaged = e == -EBADMSG; /* that is said when all has come: who still sends does not listen */
	if (e < 0 && !d->damaged) {
		drop(d);
		return e;
	}
	*upload = d;
	return 0;
}

static int more(void *upload, const char *p, size_t n)
{
	struct mw_draft *d = upload;
	int r = d->damaged ? 0 : mw_multipart_more(d->form, p, n);

	d->damaged = d->damaged || r == -EBADMSG;
	return d->damaged ? 0 : r;
}

static struct mw_str typed(void *upload)
{
	return mw_draft_text(upload);
}

const struct mw_upload mw_draft_upload = {.most = most, .begin = begin, .more = more, .drop = drop, .typed = typed};

/* ---- what came --------------------------------------------------------------------------------------------------------------------------- */

struct mw_str mw_draft_text(struct mw_draft *d)
{
	if (!d->text.n)
		mw_html_valid(&d->text, (struct mw_str){.p = mw_buf_text(&d->typed), .n = d->typed.n});
	return (struct mw_str){.p = mw_buf_text(&d->text), .n = mw_buf_ok(&d->text) ? d->text.n : 0};
}

struct mw_str mw_draft_csrf(const struct mw_draft *d)
{
	return (struct mw_str){.p = mw_buf_text(&d->csrf), .n = d->csrf.n};
}

struct mw_str mw_draft_once(const struct mw_draft *d)
{
	return (struct mw_str){.p = mw_buf_text(&d->once), .n = d->once.n};
}

bool mw_draft_complete(const struct mw_draft *d)
{
	return !d->damaged && mw_multipart_complete(d->form);
}

bool mw_draft_failed(const struct mw_draft *d)
{
	return d->failed;
}

bool mw_draft_large(const struct mw_draft *d)
{
	return d->large;
}

size_t mw_draft_files(const struct mw_draft *d)
{
	return d->files;
}

const struct mw_draft_file *mw_draft_file(const struct mw_draft *d, size_t i)
{
	return &d->file[i];
}

int mw_draft_open(struct mw_draft *d, struct mw_crate **ret, struct mw_err *err)
{
	uint64_t size;
	uint32_t objects;
	int r = mw_crate_end(d->writer, "{}", 2, &size, &objects, err), fd;

	if (r < 0)
		return r;
	fd = d->fd;
	d->fd = -1; /* the crate's, also when that fails */
	return mw_crate_open(fd, d->id, d->key, ret, err);
}
