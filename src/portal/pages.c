/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/pages.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MOST ((size_t)64 << 20)
#define BLOCK 65536u

static const char *const header[][2] = {
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
				"base-uri 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy",
     "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), "
     "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), interest-cohort=(), "
     "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), "
     "sync-xhr=(), usb=(), xr-spatial-tracking=()"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"X-Permitted-Cross-Domain-Policies", "none"},
    {"X-Robots-Tag", "noindex, nofollow, noarchive"},
};

/* ---- answers --------------------------------------------------------------------------------------------------------------------- */

static void put_hsts(struct mw_request *r)
{
	char value[64];

	if (!r->site->conf->hsts)
		return;
	(void)snprintf(value, sizeof(value), "max-age=%" PRId64 "; includeSubDomains", r->site->conf->hsts);
	mw_page_header(r, "Strict-Transport-Security", value);
}

static void answer(struct mw_request *r, unsigned status, const char *type, struct MHD_Response *response)
{
	if (!response)
		return;
	r->response = response;
	r->status = status;
	for (size_t i = 0; i < sizeof(header) / sizeof(*header); i++)
		mw_page_header(r, header[i][0], header[i][1]);
	put_hsts(r);
	if (type)
		mw_page_header(r, "Content-Type", type);
}

void mw_page_header(struct mw_request *r, const char *name, const char *value)
{
	const char *was;

	if (!r->response)
		return;
	was = MHD_get_response_header(r->response, name);
	if (was)
		(void)MHD_del_response_header(r->response, name, was);
	/* An answer that lacks one of these is not given. */
	if (MHD_add_response_header(r->response, name, value) != MHD_YES) {
		mw_log(MW_ERROR, NULL, "page", "a header field \"%s\" cannot be made", name);
		MHD_destroy_response(r->response);
		r->response = NULL;
	}
}

void mw_page_drop(struct mw_request *r)
{
	if (r->kept)
		mw_kept_unref(&r->kept);
	else if (r->response)
		MHD_destroy_response(r->response);
	r->response = NULL;
}

void mw_page_octets(struct mw_request *r, unsigned status, const char *type, struct mw_str octets)
{
	if (r->response)
		return;
	/* MHD copies, in spite of its parameter's type. */
	answer(r, status, type,
	       MHD_create_response_from_buffer(octets.n, (void *)(uintptr_t)(octets.n ? octets.p : ""), MHD_RESPMEM_MUST_COPY));
}

static void wipe(void *text)
{
	struct mw_buf *b = text;

	mw_buf_free(b);
	free(b);
}

/* The text is MHD's until the answer has gone out, and is wiped then. */
static void answer_buf(struct mw_request *r, unsigned status, const char *type, struct mw_buf *text)
{
	struct MHD_Response *response;
	struct mw_buf *kept = malloc(sizeof(*kept));

	if (!kept) {
		mw_buf_free(text);
		return;
	}
	*kept = *text;
	r->octets = kept->n;
	response = MHD_create_response_from_buffer_with_free_callback_cls(kept->n, kept->p ? kept->p : (void *)kept, wipe, kept);
	if (!response)
		wipe(kept);
	answer(r, status, type, response);
}

static ssize_t stream_read(void *ctx, uint64_t at, char *p, size_t n)
{
	const struct mw_stream_out *s = ctx;
	ssize_t got = s->read(s->ctx, at, p, n);

	return got > 0 ? got : got == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void stream_done(void *ctx)
{
	struct mw_stream_out *s = ctx;

	s->done(s->ctx);
	free(s);
}

void mw_page_stream(struct mw_request *r, unsigned status, const char *type, const struct mw_stream_out *out)
{
	struct mw_stream_out *s = r->response ? NULL : malloc(sizeof(*s));
	struct MHD_Response *response = NULL;

	if (s) {
		*s = *out;
		response = MHD_create_response_from_callback(out->size == UINT64_MAX ? MHD_SIZE_UNKNOWN : out->size, BLOCK,
							     stream_read, s, stream_done);
		/* The library ends a body of unknown size by a last chunk even where HEAD has no body: it would be the beginning of the
		 * next answer. HTTP/1.0 has no chunks. */
		if (response && r->head && out->size == UINT64_MAX)
			(void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	}
	if (!response) {
		out->done(out->ctx);
		free(s);
	}
	answer(r, status, type, response);
}

void mw_page_see(struct mw_request *r, const char *path)
{
	if (r->response)
		return;
	mw_page_octets(r, MHD_HTTP_SEE_OTHER, NULL, mw_str(""));
	mw_page_header(r, "Location", path);
}

/* ---- templates ------------------------------------------------------------------------------------------------------------------- */

struct mw_values *mw_page_values(struct mw_request *r)
{
	struct mw_values *v = mw_values_new(r->arena);

	if (v)
		mw_values_puts(v, "site", r->site->conf->site);
	return v;
}

void mw_page_language(struct mw_request *r, const char *language)
{
	r->language = mw_templates_language(r->site->templates, mw_str(language));
}

/* What is there when a template is not. */
static void plain(struct mw_request *r)
{
	mw_page_octets(
	    r, MHD_HTTP_SERVICE_UNAVAILABLE, "text/html; charset=utf-8",
	    MW_STR_LIT("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Please try again later</title>\n"
		       "<h1>Please try again later</h1>\n<p>This page cannot be shown now. Your message is not lost.</p>\n"));
}

/* NULL: it cannot be filled, and out is empty again; that was logged. */
static const char *fill(struct mw_request *r, const char *name, const struct mw_values *v, struct mw_buf *out)
{
	const char *language = NULL;
	const struct mw_template *t = mw_templates_find(r->site->templates, mw_str(r->language), name, &language);
	struct mw_err err = {0};
	int done = !t	? mw_fail(&err, -ENOENT, "there is no template %s", name)
		   : !v ? mw_fail_memory(&err)
			: mw_template_fill(t, v, PAGE_MOST, out, &err);

	if (done == 0)
		return language;
	mw_log(MW_ERROR, NULL, "page", "%s", err.text);
	mw_buf_free(out);
	return NULL;
}

bool mw_page_fill(struct mw_request *r, const char *name, const struct mw_values *v, struct mw_buf *out)
{
	if (fill(r, name, v, out))
		return true;
	plain(r);
	return false;
}

void mw_page_text(struct mw_request *r, unsigned status, const char *type, struct mw_buf *text)
{
	if (!r->response && mw_buf_ok(text)) {
		answer_buf(r, status, type, text);
		*text = (struct mw_buf)MW_BUF_INIT;
	}
}

void mw_page(struct mw_request *r, unsigned status, const char *name, struct mw_values *v)
{
	struct mw_buf text = MW_BUF_INIT;
	const char *language;

	if (r->response) /* the first one stands */
		return;
	language = fill(r, name, v, &text);
	if (!language) {
		plain(r);
		return;
	}
	answer_buf(r, status, "text/html; charset=utf-8", &text);
	mw_page_header(r, "Content-Language", language);
}

static void simple(struct mw_request *r, unsigned status, const char *name)
{
	mw_page(r, status, name, mw_page_values(r));
}

void mw_page_gone(struct mw_request *r)
{
	simple(r, MHD_HTTP_NOT_FOUND, "gone.html");
}

void mw_page_later(struct mw_request *r)
{
	if (r->response)
		return;
	simple(r, MHD_HTTP_SERVICE_UNAVAILABLE, "later.html");
	mw_page_header(r, "Retry-After", "60");
}

void mw_page_not_found(struct mw_request *r)
{
	simple(r, MHD_HTTP_NOT_FOUND, "notfound.html");
}

void mw_page_stale(struct mw_request *r)
{
	simple(r, MHD_HTTP_FORBIDDEN, "stale.html");
}

void mw_page_left(struct mw_request *r)
{
	const struct mw_upload *upload = r->route ? r->route->upload : NULL;
	struct mw_values *v = mw_page_values(r);

	/* Text that another site made the browser send is not shown on our page. */
	if (v && upload && upload->typed && r->upload && mw_request_from_us(r))
		mw_values_set(v, "text", upload->typed(r->upload));
	mw_page(r, MHD_HTTP_FORBIDDEN, "left.html", v);
}

void mw_page_large(struct mw_request *r, uint64_t limit)
{
	struct mw_values *v = mw_page_values(r);
	char text[32];

	if (v && limit) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 " %s", limit >= 1u << 20 ? limit >> 20 : limit >> 10,
			       limit >= 1u << 20 ? "MB" : "KB");
		mw_values_puts(v, "limit", text);
	}
	mw_page(r, MHD_HTTP_CONTENT_TOO_LARGE, "large.html", v);
}
