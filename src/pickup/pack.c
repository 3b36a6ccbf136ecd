/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack: a message becomes a crate: what the sender wrote, as plain text and as HTML, in UTF-8; images and files, decoded; and the message
 * as it came, so that nothing is lost of what a browser cannot show. Runs in a child that has the message and its secrets, nothing else.
 */
#include "pickup/portal.h"

#include "base/str.h"
#include "mail/mime.h"
#include "mail/walk.h"
#include "pickup/crate.h"
#include "pickup/expires.h"
#include "pickup/flowed.h"
#include "pickup/manifest.h"
#include "pickup/pieces.h"
#include "pickup/recall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_MOST ((size_t)256 << 20)
#define FILE_CHUNK ((size_t)1 << 20)
#define WORTH_IT ((size_t)256 << 10)

struct pack {
	struct mw_arena *arena;
	struct mw_str message;
	struct mw_header header;
	struct mw_str body;
	struct mw_pieces pieces;
	struct mw_crate_writer *crate;
	struct mw_manifest manifest;
	struct mw_manifest_part *part;
	struct mw_buf text, html; /* readings */
	uint64_t written;	  /* of the object in work */
	struct mw_err *err;
};

/* ---- the message in memory ------------------------------------------------------------------------------------------------------ */

/* Pages of a file that was read are let go: they would count as this process's. */
static void let_go(struct mw_str s)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = ((uintptr_t)s.p + page - 1) / page * page,
		  to = ((uintptr_t)s.p + s.n) / page * page;

	if (to > from && to - from >= WORTH_IT)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

static int map(int fd, struct mw_str *ret, struct mw_err *err)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return mw_fail(err, -errno, "%s", strerror(errno));
	if (st.st_size == 0)
		return mw_fail(err, -EINVAL, "the message is empty");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return mw_fail(err, -errno, "%s", strerror(errno));
	*ret = (struct mw_str){.p = p, .n = (size_t)st.st_size};
	return 0;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

/* Without control characters, and cut at a character. NULL: no memory. */
static const char *clean(struct mw_arena *a, const char *text, size_t most)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	char *ret = NULL;
	size_t n;

	if (text && mw_charset_to_utf8(mw_str(text), "utf-8", &utf8, &guessed) == 0 && mw_buf_ok(&utf8)) {
		n = utf8.n;
		if (n > most)
			for (n = most; n > 0 && ((unsigned char)utf8.p[n] & 0xc0) == 0x80;)
				n--;
		ret = mw_arena_dup(a, mw_buf_text(&utf8), n);
	}
	for (char *p = ret; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	mw_buf_free(&utf8);
	return ret;
}

static const char *field(struct pack *p, const char *name)
{
	const struct mw_field *f = mw_header_find(&p->header, name, NULL);

	return f ? clean(p->arena, mw_header_decode(p->arena, mw_str_trim(f->value)), MW_MANIFEST_FIELD) : "";
}

static int add_octets(void *ctx, const char *p, size_t n)
{
	struct mw_buf *b = ctx;

	mw_buf_add(b, p, n);
	return mw_buf_ok(b) ? 0 : -ENOMEM;
}

static int join(const struct mw_piece *piece, struct mw_buf *text)
{
	struct mw_buf joined = MW_BUF_INIT;

	if (mw_buf_ok(text))
		mw_flowed_join((struct mw_str){.p = mw_buf_text(text), .n = text->n}, piece->delsp, &joined);
	joined.failed |= text->failed;
	mw_buf_free(text);
	*text = joined;
	return mw_buf_ok(text) ? 0 : -ENOMEM;
}

/* A text in UTF-8, with LF; paragraphs that may be filled are lines. */
static int text_of(const struct mw_piece *piece, struct mw_buf *out)
{
	struct mw_buf raw = MW_BUF_INIT;
	bool guessed;
	int r = mw_piece_decode(piece, NULL, add_octets, &raw);

	r = r < 0 ? r : mw_charset_to_utf8((struct mw_str){.p = mw_buf_text(&raw), .n = raw.n}, piece->charset, out, &guessed);
	if (r == 0) {
		mw_plain_lines(out);
		r = piece->flowed ? join(piece, out) : mw_buf_ok(out) ? 0 : -ENOMEM;
	}
	mw_buf_free(&raw);
	return r;
}

/* ---- readings -------------------------------------------------------------------------------------------------------------------- */

static bool has_text(const struct pack *p, uint32_t slot, enum mw_piece_role role)
{
	for (size_t i = 0; i < p->pieces.n; i++)
		if (p->pieces.v[i].slot == slot && p->pieces.v[i].role == role)
			return true;
	return false;
}

static void begin_next(struct mw_buf *b, const char *between)
{
	if (b->n && b->p[b->n - 1] != '\n')
		mw_buf_putc(b, '\n');
	if (b->n)
		mw_buf_puts(b, between);
}

/* Plain text within an HTML reading. */
static void add_as_html(struct mw_buf *html, const struct mw_buf *text)
{
	mw_buf_puts(html, "<pre>");
	mw_template_escape(html, (struct mw_str){.p = mw_buf_text(text), .n = text->n});
	mw_buf_puts(html, "</pre>\n");
}

static int read_piece(struct pack *p, const struct mw_piece *piece, bool want_text, bool want_html)
{
	struct mw_buf text = MW_BUF_INIT;
	bool plain = strcmp(piece->type, "text/plain") == 0;
	int r = text_of(piece, &text);

	if (r == 0 && want_text && piece->role == MW_PIECE_TEXT) {
		begin_next(&p->text, "\n");
		mw_buf_add(&p->text, mw_buf_text(&text), text.n);
	}
	if (r == 0 && want_html && (piece->role == MW_PIECE_HTML || !has_text(p, piece->slot, MW_PIECE_HTML))) {
		begin_next(&p->html, "<hr>\n");
		if (plain)
			add_as_html(&p->html, &text);
		else
			mw_buf_add(&p->html, mw_buf_text(&text), text.n);
	}
	mw_buf_free(&text);
	return r < 0 ? r : mw_buf_ok(&p->text) && mw_buf_ok(&p->html) ? 0 : -ENOMEM;
}

/* HTML where any of it is; text where all of it is. */
static int make_readings(struct pack *p)
{
	bool text = p->pieces.slots > 0, html = false;
	size_t octets = 0;
	int r = 0;

	for (size_t i = 0; i < p->pieces.n; i++) { /* what is too much in all is a file, as what is too much alone */
		struct mw_piece *v = &p->pieces.v[i];

		if (v->role >= MW_PIECE_TEXT && (octets += v->data.n) > MW_PIECES_TEXT)
			v->role = MW_PIECE_FILE;
		html = html || v->role == MW_PIECE_HTML;
	}
	for (uint32_t slot = 1; slot <= p->pieces.slots && text; slot++)
		text = has_text(p, slot, MW_PIECE_TEXT) || !has_text(p, slot, MW_PIECE_HTML);
	for (size_t i = 0; i < p->pieces.n && r == 0; i++)
		if (p->pieces.v[i].role >= MW_PIECE_TEXT)
			r = read_piece(p, &p->pieces.v[i], text, html);
	return r;
}

/* ---- objects --------------------------------------------------------------------------------------------------------------------- */

static int write_octets(void *ctx, const char *octets, size_t n)
{
	struct pack *p = ctx;

	p->written += n;
	return mw_crate_write(p->crate, octets, n, p->err);
}

static int write_reading(struct pack *p, const struct mw_buf *b, uint32_t *number)
{
	int r = b->n ? mw_crate_object(p->crate, number, p->err) : 0;

	return b->n && r == 0 ? write_octets(p, b->p, b->n) : r;
}

/* A name of ours, for what has none. */
static const char *make_name(struct mw_arena *a, const char *type, size_t number)
{
	static const struct {
		const char *type, *word, *ending;
	} known[] = {
	    {"message/rfc822", "message", "eml"},
	    {"message/global", "message", "eml"},
	    {"message/delivery-status", "status", "txt"},
	    {"text/plain", "text", "txt"},
	    {"text/html", "text", "html"},
	    {"text/calendar", "invitation", "ics"},
	    {"text/vcard", "contact", "vcf"},
	    {"image/jpeg", "image", "jpg"},
	    {"image/png", "image", "png"},
	    {"image/gif", "image", "gif"},
	    {"application/pdf", "document", "pdf"},
	    {"application/pkcs7-mime", "smime", "p7m"},
	    {"application/pkcs7-signature", "smime", "p7s"},
	    {"application/pgp-signature", "signature", "asc"},
	    {"application/ms-tnef", "winmail", "dat"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(type, known[i].type) == 0)
			return mw_arena_printf(a, "%s-%zu.%s", known[i].word, number, known[i].ending);
	return mw_arena_printf(a, "attachment-%zu.bin", number);
}

/* An image that no HTML asks for is a file, or nobody would see it. */
static bool is_shown(const struct pack *p, const struct mw_piece *piece)
{
	char url[sizeof("cid:") + MW_MANIFEST_NAME];
	int n = snprintf(url, sizeof(url), "cid:%s", piece->cid);

	return piece->role == MW_PIECE_IMAGE && p->html.n && n > 0 && (size_t)n < sizeof(url) &&
	       memmem(p->html.p, p->html.n, url, (size_t)n);
}

static int write_file(struct pack *p, const struct mw_piece *piece)
{
	struct mw_manifest_part *part = &p->part[p->manifest.parts];
	const char *name = clean(p->arena, piece->name, MW_MANIFEST_NAME);
	int r = mw_crate_object(p->crate, &part->object, p->err);

	p->written = 0;
	if (r == 0)
		r = mw_piece_decode(piece, let_go, write_octets, p);
	let_go(piece->data);
	part->kind = is_shown(p, piece) ? MW_PART_INLINE : MW_PART_ATTACHMENT;
	part->type = clean(p->arena, piece->type, MW_MANIFEST_NAME);
	part->cid = piece->cid;
	part->name = name && *name ? name : make_name(p->arena, piece->type, p->manifest.parts + 1);
	part->size = p->written;
	if (r == 0 && (!name || !part->type || !part->name))
		r = -ENOMEM;
	p->manifest.parts++;
	return r;
}

static bool is_ours(struct mw_str name)
{
	static const char *const gone[] = {"Bcc", "Resent-Bcc", "Return-Path"};

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (mw_str_caseeq(name, gone[i]))
			return true;
	return name.n > 10 && mw_str_caseeq((struct mw_str){.p = name.p, .n = 10}, "X-Milward-");
}

/* As it came, but for what is between MTAs and milward. */
static int write_original(struct pack *p)
{
	struct mw_buf head = MW_BUF_INIT;
	struct mw_str rest = p->body;
	int r;

	for (size_t i = 0; i < p->header.n; i++) {
		const struct mw_field *f = &p->header.v[i];

		if (is_ours(f->name))
			continue;
		mw_buf_add(&head, f->name.p, f->name.n);
		mw_buf_putc(&head, ':');
		mw_buf_add(&head, f->value.p, f->value.n);
		mw_buf_puts(&head, "\r\n");
	}
	mw_buf_puts(&head, "\r\n");
	r = mw_buf_ok(&head) ? mw_crate_object(p->crate, &p->manifest.original, p->err) : -ENOMEM;
	r = r < 0 ? r : write_octets(p, head.p, head.n);
	mw_buf_free(&head);
	while (r == 0 && rest.n) {
		struct mw_str piece = {.p = rest.p, .n = rest.n < FILE_CHUNK ? rest.n : FILE_CHUNK};

		r = write_octets(p, piece.p, piece.n);
		rest = mw_str_behind(rest, piece.n);
		let_go((struct mw_str){.p = p->body.p, .n = (size_t)(rest.p - p->body.p)});
	}
	return r;
}

static int write_objects(struct pack *p)
{
	int r = write_reading(p, &p->text, &p->manifest.text);

	r = r < 0 ? r : write_reading(p, &p->html, &p->manifest.html);
	for (size_t i = 0; i < p->pieces.n && r == 0; i++)
		if (p->pieces.v[i].role < MW_PIECE_TEXT)
			r = write_file(p, &p->pieces.v[i]);
	return r < 0 ? r : write_original(p);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

static int make_manifest(struct pack *p, const struct mw_custody_work *work)
{
	struct mw_manifest *m = &p->manifest;

	m->from = field(p, "From");
	m->to = field(p, "To");
	m->cc = field(p, "Cc");
	m->reply_to = field(p, "Reply-To");
	m->date = field(p, "Date");
	m->subject = field(p, "Subject");
	m->message_id = field(p, "Message-ID");
	m->sender = clean(p->arena, work->sender, MW_MANIFEST_FIELD);
	m->recipient = clean(p->arena, work->recipient, MW_MANIFEST_FIELD);
	m->received = work->now;
	m->more = p->pieces.more;
	m->part = p->part;
	return m->from && m->to && m->cc && m->reply_to && m->date && m->subject && m->message_id && m->sender && m->recipient
		   ? 0
		   : -ENOMEM;
}

static int take_apart(struct pack *p)
{
	int r = mw_header_parse(p->arena, p->message, &p->header, &p->body);

	r = r < 0 ? r : mw_pieces_find(p->arena, p->message, MW_MANIFEST_PARTS, let_go, &p->pieces);
	if (r == 0) {
		p->part = mw_arena_array(p->arena, p->pieces.n, sizeof(*p->part));
		r = p->part ? make_readings(p) : -ENOMEM;
	}
	return r < 0 ? mw_fail(p->err, r, "the message cannot be taken apart: %s", strerror(-r)) : 0;
}

static int fill_crate(struct pack *p, const struct mw_custody_work *work, struct portal_ticket *t)
{
	struct mw_buf json = MW_BUF_INIT;
	int r = mw_crate_begin(work->out, t->t.lock.id, t->key, &p->crate, p->err);

	r = r < 0 ? r : write_objects(p);
	if (r == 0 && make_manifest(p, work) < 0)
		r = mw_fail_memory(p->err);
	r = r < 0 ? r : mw_manifest_write(&p->manifest, &json, p->err);
	r = r < 0 ? r : mw_crate_end(p->crate, json.p, json.n, &t->t.size, &t->t.objects, p->err);
	mw_crate_writer_free(&p->crate);
	mw_buf_free(&json);
	return r;
}

/* By which the sender knows again what he sent: one word in brackets, or nothing. */
static void take_origin(const struct pack *p, const struct mw_custody_work *work, struct mw_pickup_ticket *t)
{
	const struct mw_field *f = mw_header_find(&p->header, "Message-ID", NULL);
	struct mw_str id = f ? mw_str_trim(f->value) : (struct mw_str){0};
	bool fits = id.n > 2 && id.n < sizeof(t->origin_message_id) && id.p[0] == '<' && id.p[id.n - 1] == '>';

	for (size_t i = 0; i < id.n && fits; i++)
		fits = id.p[i] > ' ' && id.p[i] <= '~';
	if (fits)
		memcpy(t->origin_message_id, id.p, id.n); /* zeroed before */
	(void)snprintf(t->origin_queue_id, sizeof(t->origin_queue_id), "%s", work->queue_id);
}

int portal_pack(void *inst, const struct mw_custody_work *work, char *ticket, size_t *n, struct mw_err *err)
{
	const struct portal *portal = inst;
	struct pack p = {.arena = mw_arena_new(ARENA_MOST), .text = MW_BUF_INIT, .html = MW_BUF_INIT, .err = err};
	struct portal_ticket t;
	const char *language = mw_people_find(&portal->languages, work->recipient);
	int r = p.arena ? portal_ticket_take((struct mw_str){.p = ticket, .n = *n}, &t, err) : mw_fail_memory(err);

	r = r < 0 ? r : map(work->in, &p.message, err);
	if (r == 0 && p.message.n > portal->conf->size) {
		(void)mw_fail(err, -EFBIG, "the message is larger than the portal takes");
	} else if (r == 0) {
		r = take_apart(&p);
		t.t.created = work->now;
		t.t.expires = mw_expires_at(portal->conf, &p.header, work->now);
		t.t.proof = portal_proof(portal, work->recipient);
		take_origin(&p, work, &t.t);
		mw_recall_find(p.arena, &p.header, t.recalls);
		(void)snprintf(t.t.language, sizeof(t.t.language), "%s", language ? language : portal->conf->language);
		r = r < 0 ? r : fill_crate(&p, work, &t);
		explicit_bzero(t.key, sizeof(t.key)); /* nobody needs it again but by the link */
		memcpy(ticket, &t, sizeof(t));
		r = r < 0 ? r : 1;
	}
	explicit_bzero(&t, sizeof(t));
	if (p.message.p)
		(void)munmap((void *)(uintptr_t)p.message.p, p.message.n);
	mw_buf_free(&p.text);
	mw_buf_free(&p.html);
	mw_arena_free(&p.arena);
	return r;
}
