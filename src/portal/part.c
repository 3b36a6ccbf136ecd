/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/part.h"

#include "portal/content.h"
#include "portal/filename.h"
#include "portal/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing of a file may be run, even when it is opened by itself. */
#define POLICY "default-src 'none'; sandbox; frame-ancestors 'none'"

/* ---- the octets: of a crate that lives as long as they are sent ---------------------------------------------------------------------- */

struct sending {
	struct mw_crate *crate;
	struct mw_crate_object *object;
	uint64_t from, size;
};

static ssize_t read_part(void *ctx, uint64_t at, char *p, size_t n)
{
	struct sending *s = ctx;
	struct mw_err err;

	if (at >= s->size)
		return 0;
	if (n > s->size - at)
		n = (size_t)(s->size - at);
	return mw_crate_read(s->object, s->from + at, p, n, &err);
}

static void part_done(void *ctx)
{
	struct sending *s = ctx;

	if (s->object)
		mw_crate_put(&s->object);
	mw_crate_close(&s->crate);
	free(s);
}

/* ---- which octets -------------------------------------------------------------------------------------------------------------------- */

/* "bytes=FROM-TO" or "bytes=FROM-" (RFC 9110, 14.1.2) that can be served; all other ranges are as if they were not there. */
static bool read_range(struct mw_str field, uint64_t size, uint64_t *from, uint64_t *to)
{
	char text[64], *end;
	uint64_t first, behind = size;

	if (field.n < 8 || field.n >= sizeof(text) || memcmp(field.p, "bytes=", 6) != 0)
		return false;
	memcpy(text, field.p + 6, field.n - 6);
	text[field.n - 6] = '\0';
	if (strspn(text, "0123456789") == 0 || strspn(text, "0123456789-") != strlen(text))
		return false;
	first = strtoull(text, &end, 10);
	if (*end != '-' || first >= size)
		return false;
	if (end[1] != '\0') {
		uint64_t last = strtoull(end + 1, &end, 10);

		if (*end != '\0' || last < first)
			return false;
		if (last < size)
			behind = last + 1;
	}
	*from = first;
	*to = behind;
	return true;
}

/* Types that no browser makes a document of. */
static const char *safe_type(const char *type)
{
	static const char *const types[] = {"application/pdf",
					    "application/zip",
					    "application/msword",
					    "application/vnd.ms-excel",
					    "application/vnd.ms-powerpoint",
					    "application/rtf",
					    "text/csv",
					    "text/plain",
					    "audio/mpeg",
					    "video/mp4"};
	static const char office[] = "application/vnd.openxmlformats-officedocument.",
			  open[] = "application/vnd.oasis.opendocument.";

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(type, types[i]) == 0)
			return types[i];
	if (mw_content_is_picture(type))
		return type;
	if ((strncmp(type, office, strlen(office)) == 0 || strncmp(type, open, strlen(open)) == 0) &&
	    type[strspn(type, "abcdefghijklmnopqrstuvwxyz.-0123456789/")] == '\0')
		return type;
	return "application/octet-stream";
}

static void say_range(struct mw_request *r, uint64_t from, uint64_t to, uint64_t size)
{
	char value[80];

	(void)snprintf(value, sizeof(value), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, to - 1, size);
	mw_page_header(r, "Content-Range", value);
}

static void send(struct mw_request *r, struct mw_content *l, const struct mw_content_file *f, bool is_inline)
{
	struct sending *s = calloc(1, sizeof(*s));
	struct mw_buf disposition = MW_BUF_INIT;
	struct mw_stream_out out = {.read = read_part, .done = part_done, .ctx = s};
	uint64_t from = 0, to = f->size;
	bool ranged = read_range(r->range, f->size, &from, &to);
	struct mw_err err;

	mw_filename_disposition(is_inline, mw_str(f->name), &disposition);
	if (!s || !mw_buf_ok(&disposition) || mw_crate_get(l->crate, f->object, &s->object, &err) < 0) {
		free(s);
		mw_buf_free(&disposition);
		mw_page_later(r);
		return;
	}
	s->crate = l->crate;
	l->crate = NULL;
	s->from = from;
	s->size = out.size = to - from;
	mw_page_stream(r, ranged ? 206 : 200, safe_type(f->type), &out);
	mw_page_header(r, "Content-Disposition", mw_buf_text(&disposition));
	mw_page_header(r, "Content-Security-Policy", POLICY);
	mw_page_header(r, "Accept-Ranges", "bytes");
	if (ranged)
		say_range(r, from, to, f->size);
	mw_buf_free(&disposition);
}

/* ---- which part ---------------------------------------------------------------------------------------------------------------------- */

/* The one way to write a number from 1 on; 0 = it is none. */
static uint32_t number_of(struct mw_str s)
{
	uint32_t n = 0;

	if (s.n == 0 || s.n > 5 || s.p[0] == '0')
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (uint32_t)(s.p[i] - '0');
	}
	return n;
}

/* A picture that the HTML shows. */
static bool find_picture(const struct mw_content *l, uint32_t number, struct mw_content_file *ret)
{
	for (size_t i = 0; i < l->manifest.parts; i++) {
		const struct mw_manifest_part *part = &l->manifest.part[i];

		if (part->object != number || part->kind != MW_PART_INLINE || !mw_content_is_picture(part->type))
			continue;
		*ret = (struct mw_content_file){
		    .object = number, .name = "picture", .type = part->type, .size = mw_crate_length(l->crate, number)};
		return true;
	}
	return false;
}

static bool find_file(const struct mw_content *l, uint32_t number, struct mw_content_file *ret)
{
	for (size_t i = 0; i < l->files; i++)
		if (l->file[i].object == number) {
			*ret = l->file[i];
			return true;
		}
	return false;
}

void mw_part_get(struct mw_request *r)
{
	uint32_t number = number_of(r->arg[1]);
	struct mw_content_file f = {0};
	struct mw_content l;
	bool is_inline;
	char detail[32];

	if (!mw_content_open(r, &l))
		return;
	is_inline = find_picture(&l, number, &f);
	(void)snprintf(detail, sizeof(detail), "part %" PRIu32, number);
	if (!is_inline && (!number || !find_file(&l, number, &f)))
		mw_page_not_found(r);
	else if (r->head || mw_content_fetched(r, is_inline ? NULL : detail))
		send(r, &l, &f, is_inline);
	mw_content_close(&l);
}
