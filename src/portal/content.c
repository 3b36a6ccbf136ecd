/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/content.h"

#include "base/log.h"
#include "portal/filename.h"
#include "portal/pages.h"
#include "portal/portal.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(struct mw_request *r, const struct mw_err *err)
{
	char id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(r->session.id, id);
	mw_log(MW_ERROR, id, "crate", "%s", err->text);
	mw_page_later(r);
	return false;
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------------- */

static int read_manifest(struct mw_request *r, struct mw_content *l, struct mw_err *err)
{
	char *json = NULL;
	size_t n = 0;
	int e = mw_crate_read_all(l->crate, 0, MW_CRATE_MANIFEST, &json, &n, err);

	if (e == 0)
		e = mw_manifest_read(r->arena, (struct mw_str){.p = json, .n = n}, mw_crate_count(l->crate), &l->manifest, err);
	if (json)
		OPENSSL_cleanse(json, n);
	free(json);
	return e;
}

static bool is_file(const struct mw_content *l, const struct mw_manifest_part *part)
{
	return part->kind == MW_PART_ATTACHMENT || !l->html;
}

/* Not all of an HTML as long as that may be shown. */
static bool is_long(const struct mw_content *l)
{
	return l->html && mw_crate_length(l->crate, l->manifest.html) > MW_CONTENT_TEXT;
}

/* -ENOMEM */
static int list_files(struct mw_request *r, struct mw_content *l)
{
	const struct mw_manifest *m = &l->manifest;
	struct mw_filenames *names = mw_filenames_new(r->arena, m->parts + 1);

	l->file = mw_arena_array(r->arena, m->parts + 1, sizeof(*l->file));
	if (!names || !l->file)
		return -ENOMEM;
	for (size_t i = 0; i < m->parts; i++) {
		const struct mw_manifest_part *part = &m->part[i];

		if (is_file(l, part))
			l->file[l->files++] = (struct mw_content_file){.object = part->object,
								       .name = mw_filenames_add(names, mw_str(part->name)),
								       .type = part->type,
								       .size = mw_crate_length(l->crate, part->object)};
	}
	if (m->original && (m->more || l->cut || is_long(l)))
		l->file[l->files++] = (struct mw_content_file){.object = m->original,
							       .name = mw_filenames_add(names, MW_STR_LIT("message.eml")),
							       .type = "message/rfc822",
							       .size = mw_crate_length(l->crate, m->original)};
	for (size_t i = 0; i < l->files; i++)
		if (!l->file[i].name)
			return -ENOMEM;
	return 0;
}

static void choose_text(struct mw_content *l)
{
	const struct mw_manifest *m = &l->manifest;

	l->html = m->html && mw_crate_length(l->crate, m->html) <= MW_CONTENT_HTML;
	l->cut = !l->html && (m->html || (m->text && mw_crate_length(l->crate, m->text) > MW_CONTENT_TEXT));
}

bool mw_content_open(struct mw_request *r, struct mw_content *l)
{
	struct mw_err err = {0};
	int fd = -1, e;

	*l = (struct mw_content){0};
	e = mw_pickup_crate(r->store, r->session.id, &fd, &err);
	e = e < 0 ? e : mw_crate_open(fd, r->session.id, r->session.key, &l->crate, &err);
	e = e < 0 ? e : read_manifest(r, l, &err);
	if (e == 0) {
		choose_text(l);
		e = list_files(r, l);
		if (e < 0)
			(void)mw_fail_memory(&err);
	}
	if (e == 0)
		return true;
	mw_content_close(l);
	return fail(r, &err);
}

void mw_content_close(struct mw_content *l)
{
	if (l->crate)
		mw_crate_close(&l->crate);
}

/* ---- what is in it ----------------------------------------------------------------------------------------------------------------- */

static ssize_t read_up_to(const struct mw_crate *crate, uint32_t number, char *p, size_t n, struct mw_err *err)
{
	struct mw_crate_object *object = NULL;
	size_t at = 0;
	ssize_t got = mw_crate_get(crate, number, &object, err);

	while (got == 0 && at < n) {
		ssize_t more = mw_crate_read(object, at, p + at, n - at, err);

		if (more <= 0) {
			got = more;
			break;
		}
		at += (size_t)more;
	}
	if (object)
		mw_crate_put(&object);
	return got < 0 ? got : (ssize_t)at;
}

const char *mw_content_text(struct mw_request *r, const struct mw_content *l, uint32_t object, size_t max, size_t *n)
{
	uint64_t length = mw_crate_length(l->crate, object);
	size_t want = length > max ? max : (size_t)length;
	char *p = mw_arena_alloc(r->arena, want + 1);
	struct mw_err err = {0};
	ssize_t got = p ? read_up_to(l->crate, object, p, want, &err) : mw_fail_memory(&err);

	if (got < 0) {
		(void)fail(r, &err);
		return NULL;
	}
	*n = (size_t)got;
	return p;
}

void mw_content_size(uint64_t octets, char ret[MW_CONTENT_SIZE])
{
	if (octets >= 10u << 20)
		(void)snprintf(ret, MW_CONTENT_SIZE, "%" PRIu64 " MB", (octets + (1u << 19)) >> 20);
	else if (octets >= 1u << 20)
		(void)snprintf(ret, MW_CONTENT_SIZE, "%.1f MB", (double)octets / 1048576.0);
	else
		(void)snprintf(ret, MW_CONTENT_SIZE, "%" PRIu64 " KB", (octets + 1023) >> 10);
}

bool mw_content_is_picture(const char *type)
{
	static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

void mw_content_refuse(struct mw_request *r, const unsigned char id[MW_PICKUP_ID], int why, const struct mw_err *err)
{
	mw_page_drop(r);
	if (why == -ESTALE || why == -ENOENT) { /* it was taken back since the request came */
		mw_sessions_end_all(r->portal->sessions, id);
		mw_page_gone(r);
	} else {
		mw_log(MW_ERROR, NULL, "store", "%s", err->text);
		mw_page_later(r);
	}
}

static bool note(struct mw_request *r, enum mw_pickup_event event, const char *detail, enum mw_pickup_mail mail)
{
	struct mw_err err = {0};
	int e = mw_pickup_note(r->store, r->session.id, event, detail, mail, r->now, &err);

	if (e < 0)
		mw_content_refuse(r, r->session.id, e, &err);
	return e == 0;
}

enum mw_pickup_mail mw_content_receipt(const struct mw_request *r)
{
	return r->site->conf->receipts ? MW_MAIL_PICKED_UP : MW_MAIL_NONE;
}

bool mw_content_fetched(struct mw_request *r, const char *detail)
{
	if (!r->row.first_read && !note(r, MW_EVENT_READ, "", mw_content_receipt(r)))
		return false;
	return !detail || note(r, MW_EVENT_FETCHED, detail, MW_MAIL_NONE);
}
