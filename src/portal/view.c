/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/view.h"

#include "portal/clean.h"
#include "portal/content.h"
#include "portal/glance.h"
#include "portal/html_text.h"
#include "portal/pages.h"
#include "portal/plain.h"
#include "portal/reply.h"
#include "portal/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLEAN_MOST ((size_t)24 << 20) /* octets of a cleaned HTML */

/* Of a message's HTML (ADR 44). */
#define SANDBOX "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
#define FRAME_POLICY                                                                                                             \
	"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "             \
	"frame-ancestors 'self'; " SANDBOX
#define PRINT_POLICY                                                                                                             \
	"default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; "      \
	"frame-ancestors 'none'; " SANDBOX

/* ---- its HTML ---------------------------------------------------------------------------------------------------------------------- */

struct pictures {
	const struct mw_content *letter;
	struct mw_str id;
};

static bool picture(void *ctx, struct mw_str cid, struct mw_buf *url)
{
	const struct pictures *p = ctx;
	const struct mw_manifest_part *part = mw_manifest_by_cid(&p->letter->manifest, cid);

	if (!part || part->kind != MW_PART_INLINE || !mw_content_is_picture(part->type))
		return false;
	mw_buf_puts(url, "/read/");
	mw_buf_add(url, p->id.p, p->id.n);
	mw_buf_printf(url, "/part/%" PRIu32, part->object);
	return true;
}

/* Cleaned, to out. False: an answer was made. */
static bool put_html(struct mw_request *r, const struct mw_content *l, struct mw_buf *out, struct mw_clean_found *found)
{
	struct pictures pictures = {.letter = l, .id = r->arg[0]};
	const struct mw_clean_site site = {.picture = picture, .ctx = &pictures, .max = CLEAN_MOST};
	struct mw_str html;

	html.p = mw_content_text(r, l, l->manifest.html, MW_CONTENT_HTML, &html.n);
	if (!html.p)
		return false;
	if (mw_clean_html(html, &site, out, found, NULL) == 0)
		return true;
	mw_page_later(r);
	return false;
}

/* Height of the frame: lines of text, wrapped at 80 characters, and pictures. In CSS pixels; too much is better than too little. */
static int64_t height_of(struct mw_str html)
{
	size_t column = 0, lines = 4, pictures = 0;

	for (size_t i = 0; i < html.n; i++) {
		if (html.p[i] != '<') {
			lines += ++column % 80 == 0;
			continue;
		}
		if (html.n - i > 4 && memcmp(html.p + i, "<img", 4) == 0)
			pictures++;
		else if (html.n - i > 3 && (memcmp(html.p + i, "<br", 3) == 0 || memcmp(html.p + i, "</p", 3) == 0 ||
					    memcmp(html.p + i, "</t", 3) == 0 || memcmp(html.p + i, "</d", 3) == 0 ||
					    memcmp(html.p + i, "</l", 3) == 0 || memcmp(html.p + i, "</h", 3) == 0)) {
			lines++;
			column = 0;
		}
		while (i < html.n && html.p[i] != '>')
			i++;
	}
	lines = lines * 24 + pictures * 120;
	return lines > 20000 ? 20000 : lines < 240 ? 240 : (int64_t)lines;
}

/* ---- values ------------------------------------------------------------------------------------------------------------------------- */

/* The text, as blocks of one depth of quoting each, of pieces that are links or words. It lives as long as the values. */
static void put_text(struct mw_values *v, struct mw_str text)
{
	struct mw_plain plain = {.s = text};
	struct mw_values *block = v;
	struct mw_str piece;
	enum mw_plain_kind kind;

	mw_values_puts(v, "text", text.n ? "1" : "");
	while (mw_values_ok(v) && (kind = mw_plain_next(&plain, &piece)) != MW_PLAIN_END) {
		struct mw_values *item;

		if (kind == MW_PLAIN_QUOTE) {
			block = mw_values_item(v, "blocks");
			if (plain.depth)
				mw_values_number(block, "quote", plain.depth);
			else
				mw_values_puts(block, "quote", "");
			continue;
		}
		item = mw_values_item(block, "pieces");
		mw_values_refer(item, "words", piece);
		mw_values_flag(item, "link", kind == MW_PLAIN_LINK);
	}
}

static void put_files(struct mw_values *v, const struct mw_content *l)
{
	char size[MW_CONTENT_SIZE];
	uint64_t all = 0;

	for (size_t i = 0; i < l->files; i++) {
		struct mw_values *item = mw_values_item(v, "parts");

		mw_content_size(l->file[i].size, size);
		mw_values_number(item, "n", l->file[i].object);
		mw_values_puts(item, "name", l->file[i].name);
		mw_values_puts(item, "size", size);
		all += l->file[i].size;
	}
	mw_content_size(all, size);
	mw_values_puts(v, "all", size);
	mw_values_flag(v, "files", l->files > 0);
	mw_values_flag(v, "several", l->files > 1);
}

/* The Date field, or when it came. */
static int64_t date_of(const struct mw_manifest *m)
{
	const char *p = strchr(m->date, ','), *end;
	struct tm tm = {0};
	long offset;
	time_t t;

	p = p ? p + 1 : m->date;
	p += strspn(p, " ");
	end = strptime(p, "%d %b %Y %H:%M:%S %z", &tm);
	offset = tm.tm_gmtoff;
	t = end ? timegm(&tm) : -1;
	return end && t > 0 ? (int64_t)t - offset : m->received;
}

static struct mw_values *values_of(struct mw_request *r, const struct mw_content *l)
{
	struct mw_values *v = mw_page_values(r);
	const struct mw_manifest *m = &l->manifest;
	char to[MW_PICKUP_ADDRESS];

	if (!v)
		return NULL;
	mw_values_set(v, "id", r->arg[0]);
	mw_values_puts(v, "csrf", r->session.csrf);
	mw_values_puts(v, "from", m->from);
	mw_values_puts(v, "to", m->to);
	mw_values_puts(v, "cc", m->cc);
	mw_values_puts(v, "subject", m->subject);
	mw_values_date(v, "date", date_of(m));
	mw_values_date(v, "expires", r->row.expires);
	mw_values_number(v, "idle", (r->site->conf->idle + 59) / 60);
	mw_values_flag(v, "html", l->html);
	mw_values_flag(v, "replies", mw_reply_address(r, m, to));
	put_files(v, l);
	return v;
}

/* What it says, when that is plain text. False: an answer was made. */
static bool put_plain(struct mw_request *r, const struct mw_content *l, struct mw_values *v)
{
	struct mw_str text = {.p = "", .n = 0};

	if (!l->html && l->manifest.text) {
		text.p = mw_content_text(r, l, l->manifest.text, MW_CONTENT_TEXT, &text.n);
		if (!text.p)
			return false;
	}
	put_text(v, text);
	mw_values_flag(v, "cut", l->cut);
	return true;
}

/* ---- pages -------------------------------------------------------------------------------------------------------------------------- */

/* A person has it before his eyes when that is written down. */
static void note_reading(struct mw_request *r)
{
	r->reads = !r->head && !mw_request_again(r->row.last_read, r->now);
}

/* Larger than what is kept. */
static bool is_large(const struct mw_content *l)
{
	uint32_t object = l->html ? l->manifest.html : l->manifest.text;

	return object && mw_crate_length(l->crate, object) > MW_KEPT_MOST;
}

/* The language is that of the pages around it: nobody knows the message's. */
static void put_head(const struct mw_request *r, struct mw_buf *out)
{
	static const char style[] =
	    "body{margin:0;color:#000;background:#fff;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
	    "img{max-width:100%}pre{white-space:pre-wrap}";

	mw_buf_printf(out, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
		      *r->language ? r->language : "en");
	mw_html_escape(out, mw_str(r->site->conf->site));
	mw_buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
}

/* A head, and the cleaned HTML. */
static void answer_document(struct mw_request *r, struct mw_buf *document)
{
	mw_buf_puts(document, "\n</body>\n</html>\n");
	mw_page_text(r, 200, "text/html; charset=utf-8", document);
	mw_page_header(r, "Content-Security-Policy", FRAME_POLICY);
	mw_page_header(r, "X-Frame-Options", "SAMEORIGIN");
}

/* The document was made to know its height, and is what the browser asks for next. */
static void keep_document(const struct mw_request *r, struct mw_buf *document)
{
	struct mw_request next = *r;

	next.response = NULL;
	next.kept = NULL;
	answer_document(&next, document);
	mw_glance_keep(&next, MW_ROUTE_PAGE_FRAME);
	mw_page_drop(&next);
	mw_work_wipe(&next);
}

void mw_view_message(struct mw_request *r)
{
	struct mw_clean_found found = {0};
	struct mw_buf document = MW_BUF_INIT;
	struct mw_values *v;
	struct mw_content l;
	size_t head;

	if (!mw_content_open(r, &l))
		return;
	if (r->ahead && is_large(&l)) {
		mw_content_close(&l);
		return;
	}
	v = values_of(r, &l);
	put_head(r, &document);
	head = document.n;
	if (v && (!l.html || put_html(r, &l, &document, &found)) && put_plain(r, &l, v)) {
		note_reading(r);
		const struct mw_str all = {.p = mw_buf_text(&document), .n = document.n};

		mw_values_number(v, "height", height_of(mw_str_behind(all, head)));
		mw_values_puts(v, "pictures", "");
		if (found.pictures)
			mw_values_number(v, "pictures", (int64_t)found.pictures);
		mw_values_flag(v, "cut", l.cut || found.cut);
		mw_page(r, 200, "message.html", mw_values_ok(v) ? v : NULL);
		if (l.html && !r->head)
			keep_document(r, &document);
	}
	mw_buf_free(&document);
	mw_content_close(&l);
}

void mw_view_html(struct mw_request *r)
{
	struct mw_clean_found found;
	struct mw_buf out = MW_BUF_INIT;
	struct mw_content l;

	if (!mw_content_open(r, &l))
		return;
	put_head(r, &out);
	if (!l.html)
		mw_page_not_found(r);
	else if (put_html(r, &l, &out, &found)) {
		note_reading(r);
		answer_document(r, &out);
	}
	mw_buf_free(&out);
	mw_content_close(&l);
}

void mw_view_print(struct mw_request *r)
{
	struct mw_clean_found found;
	struct mw_buf out = MW_BUF_INIT;
	struct mw_values *v;
	struct mw_content l;

	if (!mw_content_open(r, &l))
		return;
	v = values_of(r, &l);
	if (v && put_plain(r, &l, v) && mw_page_fill(r, "print.html", v, &out)) {
		bool good = true;

		note_reading(r);

		if (l.html) {
			mw_buf_puts(&out, "<div class=\"body html\">\n");
			good = put_html(r, &l, &out, &found);
			mw_buf_puts(&out, "\n</div>\n");
		}
		if (good && mw_page_fill(r, "print-end.html", v, &out)) {
			mw_page_text(r, 200, "text/html; charset=utf-8", &out);
			mw_page_header(r, "Content-Security-Policy", PRINT_POLICY);
		}
	}
	mw_buf_free(&out);
	mw_content_close(&l);
}
