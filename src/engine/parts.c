/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts: what a scanner reads, made once when something first asks: "subject", "header", then the leaves of the MIME tree.
 * What cannot be read is a part with a reason, never left out.
 */
#include "engine/media.h"
#include "engine/private.h"

#include "mail/mime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Octets of a leaf for which it is worth a system call to let go of where they came from. */
#define LARGE (1u << 20)

/* What an extractor adds to. */
struct mw_sink {
	struct mw_msg *msg;
	struct part *part;
	bool limited;
};

static const char *const unread_words[] = {MW_UNREADABLE_WORDS};

/* Our own copy of a reason; NULL when it is none of the list. */
static const char *unread_word(const char *word)
{
	for (size_t i = 0; word && i < sizeof(unread_words) / sizeof(unread_words[0]); i++)
		if (strcmp(unread_words[i], word) == 0)
			return unread_words[i];
	return NULL;
}

static uint64_t text_left(const struct mw_msg *m)
{
	uint64_t max = m->gen->plan->limits.max[MW_LIMIT_TEXT];

	return m->text_octets < max ? max - m->text_octets : 0;
}

/* n, or less when that would end inside of a UTF-8 character. */
static size_t whole_characters(const char *p, size_t n)
{
	size_t back = 0;

	while (back < 4 && back < n && ((unsigned char)p[n - back] & 0xc0) == 0x80)
		back++;
	return n - back;
}

/* How much of a text the limit allows; what is more is a breach. */
static size_t text_fit(struct mw_msg *m, struct part *p, const char *text, size_t n)
{
	uint64_t left = text_left(m);
	size_t fits = n <= left ? n : whole_characters(text, (size_t)left);

	m->text_octets += fits;
	if (fits < n) {
		p->pub.unread = unread_word("limit");
		mw_msg_breach(m, MW_LIMIT_TEXT);
	}
	return fits;
}

/* Adds text to a part as far as the limit of text allows. 0, -EFBIG, -ENOMEM. */
static int text_add(struct mw_msg *m, struct part *p, const char *text, size_t n)
{
	size_t fits = text_fit(m, p, text, n);

	mw_buf_add(&p->text, text, fits);
	if (!mw_buf_ok(&p->text))
		return -ENOMEM;
	return fits == n ? 0 : -EFBIG;
}

/* Makes b, and no copy of it, the text of a part that has none. */
static void text_take(struct mw_msg *m, struct part *p, struct mw_buf *b)
{
	mw_buf_cut(b, text_fit(m, p, mw_buf_text(b), b->n));
	p->text = *b;
	*b = (struct mw_buf)MW_BUF_INIT;
}

/* Room for a part; its strings are copied. NULL = no memory. */
static struct part *part_new(struct mw_msg *m, const char *path, const char *type, const char *name, uint32_t zone)
{
	struct part *p = &m->part[m->parts];

	p->pub = (struct mw_part){
	    .path = mw_arena_str(m->arena, path),
	    .type = mw_arena_str(m->arena, type),
	    .name = mw_arena_str(m->arena, name),
	    .zone = zone,
	    .text = {.p = "", .n = 0},
	};
	if (!p->pub.path || !p->pub.type || !p->pub.name)
		return NULL;
	m->parts++;
	return p;
}

/* What is written backwards to be shown forwards follows as it is shown. */
static int part_done(struct mw_msg *m, struct part *p)
{
	struct mw_buf shown = MW_BUF_INIT;
	int r = mw_unreverse((struct mw_str){.p = mw_buf_text(&p->text), .n = p->text.n}, &shown);

	if (r == 0 && shown.n)
		r = text_add(m, p, "\n", 1);
	if (r == 0 && shown.n)
		r = text_add(m, p, shown.p, shown.n);
	mw_buf_free(&shown);
	p->pub.text = (struct mw_str){.p = mw_buf_text(&p->text), .n = p->text.n};
	return r == -EFBIG ? 0 : r;
}

int mw_sink_add(struct mw_sink *s, const char *utf8, size_t n)
{
	int r;

	if (s->limited)
		return -EFBIG;
	r = text_add(s->msg, s->part, utf8, n);
	s->limited = r < 0;
	return r;
}

/* ---- leaves ------------------------------------------------------------------------------------------------------ */
/* The extractor that was loaded first for this type; NULL = none. */
static struct mw_self *find_extractor(const struct mw_msg *m, const char *type)
{
	for (size_t i = 0; i < m->gen->plan->modules; i++) {
		struct mw_self *s = &m->gen->self[i];

		if (s->plugin->kind != MW_KIND_EXTRACTOR || !s->opened)
			continue;
		for (const char *const *t = s->plugin->types; *t; t++)
			if (mw_media_matches(*t, type))
				return s;
	}
	return NULL;
}

static int extract(struct mw_msg *m, const struct mw_self *s, struct part *p, struct mw_str data, const char *charset)
{
	struct mw_sink sink = {.msg = m, .part = p};
	const char *reason = NULL;
	struct mw_err err = {0};
	char why[sizeof(err.text) + 80];
	struct mw_busy_mark mark = mw_busy_enter(m->busy, s->plugin->name, "extract");
	int r = s->plugin->hooks.extract(s->inst, data, p->pub.type, charset, &sink, &reason, &err);

	mw_busy_leave(m->busy, mark);
	if (sink.limited || r >= 0)
		return p->text.failed ? -ENOMEM : 0;
	p->pub.unread = unread_word(reason);
	if (p->pub.unread)
		return 0;
	p->pub.unread = unread_word("crashed");
	(void)snprintf(why, sizeof(why), "module \"%s\": %s", s->plugin->name, err.text[0] ? err.text : strerror(-r));
	mw_msg_cause(m, MW_CAUSE_ERROR, why);
	return 0;
}

/* Lines of text end with LF, however they were sent: a rule's $ means the end of a line, and offsets of one text are the same
 * whether it came as 8bit by SMTP, as base64, or from a file. */
static void unify_line_ends(struct mw_buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\r' || i + 1 == b->n || b->p[i + 1] != '\n')
			b->p[n++] = b->p[i];
	mw_buf_cut(b, n);
}

/* Mostly the octets are the text: then it takes the place of the data. */
static int read_text(struct mw_msg *m, struct part *p, struct mw_buf *data, const char *charset)
{
	struct mw_str octets = {.p = mw_buf_text(data), .n = data->n};
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r = 0;

	if (!mw_charset_is_utf8(octets, charset)) {
		r = mw_charset_to_utf8(octets, charset, &utf8, &guessed);
		mw_buf_free(data);
		*data = utf8;
	}
	if (r < 0)
		return r;
	unify_line_ends(data);
	text_take(m, p, data);
	return 0;
}

/* Where lines were broken by a rule that some programs know and others do not, the text follows once more with its lines joined. */
static int read_wrapped(struct mw_msg *m, struct part *p, struct mw_buf *data, const char *charset, enum mw_wrap wrap)
{
	int r = read_text(m, p, data, charset);
	struct mw_str text = {.p = mw_buf_text(&p->text), .n = p->text.n};
	struct mw_buf joined = MW_BUF_INIT;

	if (r < 0 || wrap == MW_WRAP_NONE)
		return r;
	mw_buf_putc(&joined, '\n');
	r = mw_unwrap(wrap, text, &joined);
	if (r == 0 && !mw_str_same(mw_str_trim(text), mw_str_trim((struct mw_str){.p = joined.p, .n = joined.n})))
		r = text_add(m, p, joined.p, joined.n);
	mw_buf_free(&joined);
	return r == -EFBIG ? 0 : r;
}

/* Another message's header: read like our own, with its Subject. */
static int read_header(struct mw_msg *m, struct part *p, struct mw_str data)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf text = MW_BUF_INIT;
	struct mw_header h = {0};
	struct mw_str rest;
	bool guessed;
	int r = a ? mw_header_parse(a, data, &h, &rest) : -ENOMEM;

	if (r == 0)
		r = mw_header_text(a, &h, true, &text);
	if (r == 0 && rest.n) /* a part that says it is a header alone, and holds more */
		r = mw_charset_to_utf8(rest, "", &text, &guessed);
	unify_line_ends(&text);
	if (r == 0)
		r = text_add(m, p, mw_buf_text(&text), text.n);
	mw_buf_free(&text);
	mw_arena_free(&a);
	return r == -EFBIG ? 0 : r;
}

/* What nobody can read by its label stays so for the policy; is it a text all the same, its words are scanned. */
static int read_unlabelled(struct mw_msg *m, struct part *p, struct mw_buf *content, const char *charset, const char *reason)
{
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	int r = mw_media_is_text(data) ? read_text(m, p, content, charset) : 0;

	p->pub.unread = unread_word(reason);
	return r;
}

/* Text in a charset that we do not know is for a reader who does, and noise to whoever scans it. */
static bool is_noise(const char *type, const char *charset, struct mw_str data)
{
	return (mw_media_kind(type) == MW_MEDIA_TEXT || strncmp(type, "text/", 5) == 0) && !mw_charset_knows(charset) &&
	       !mw_media_is_text(data);
}

static int read_typed(struct mw_msg *m, struct part *p, struct mw_buf *content, const struct mw_leaf *leaf, const char *type)
{
	const char *charset = leaf->charset;
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	const struct mw_self *s = find_extractor(m, type);

	if (s)
		return extract(m, s, p, data, charset);
	switch (mw_media_kind(type)) {
	case MW_MEDIA_TEXT:
		return read_wrapped(m, p, content, charset, leaf->delsp ? MW_WRAP_FLOWED : mw_media_wrap(type));
	case MW_MEDIA_HEADER:
		return read_header(m, p, data);
	case MW_MEDIA_SIGNATURE:
		if (mw_media_is_signature(data))
			return 0;
		break;
	case MW_MEDIA_IMAGE:
		return read_unlabelled(m, p, content, charset, "image");
	case MW_MEDIA_OTHER:
		break;
	}
	return read_unlabelled(m, p, content, charset, "unknown-format");
}

static int read_content(struct mw_msg *m, struct part *p, struct mw_buf *content, const struct mw_leaf *leaf)
{
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	const char *type = mw_media_type(p->pub.type, p->pub.name, data);
	bool noise = is_noise(type, leaf->charset, data);
	int r;

	p->pub.type = type; /* static, or what it was */
	r = read_typed(m, p, content, leaf, type);
	if (noise && !p->pub.unread)
		p->pub.unread = unread_word("unknown-format");
	return r;
}

static int make_leaf(struct mw_msg *m, struct mw_mime *mime, size_t i)
{
	const struct mw_leaf *leaf = mw_mime_leaf(mime, i);
	struct part *p = part_new(m, leaf->path, leaf->type, leaf->name, leaf->zone);
	struct mw_buf data = MW_BUF_INIT;
	int r;

	if (!p)
		return -ENOMEM;
	if (leaf->unread) {
		p->pub.unread = unread_word(leaf->unread);
		return p->pub.unread ? 0 : -EINVAL;
	}
	if (mw_msg_late(m)) {
		p->pub.unread = unread_word("limit");
		return 0;
	}
	r = mw_mime_decode(mime, i, m->gen->plan->limits.max[MW_LIMIT_SIZE], &data);
	if (data.n > LARGE)
		mw_store_forget(m->store); /* what was decoded is not read again */
	if (r == -EFBIG) {
		mw_msg_breach(m, MW_LIMIT_SIZE);
		p->pub.unread = unread_word("limit");
		r = 0;
	}
	if (r == 0 && data.n) {
		const char *limited = p->pub.unread;

		r = read_content(m, p, &data, leaf);
		if (!p->pub.unread)
			p->pub.unread = limited;
	}
	mw_buf_free(&data);
	return r < 0 ? r : part_done(m, p);
}

static int make_leaves(struct mw_msg *m, struct mw_mime *mime)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mw_mime_leaves(mime); i++)
		r = make_leaf(m, mime, i);
	return r;
}

/* ---- header ------------------------------------------------------------------------------------------------------ */
static int make_text_part(struct mw_msg *m, const char *path, uint32_t zone, const char *text, size_t n)
{
	struct part *p = part_new(m, path, "text/plain", "", zone);
	int r = p ? text_add(m, p, text, n) : -ENOMEM;

	if (p && (r == 0 || r == -EFBIG))
		r = part_done(m, p);
	return r;
}

static int make_subject(struct mw_msg *m)
{
	struct mw_buf text = MW_BUF_INIT;
	const struct mw_field *f;
	size_t from = 0;
	int r = 0;

	while (r == 0 && (f = mw_header_find(&m->header, "Subject", &from)) != NULL) {
		const char *value = mw_header_decode(m->arena, f->value);

		if (text.n)
			mw_buf_putc(&text, '\n'); /* a message should have one, but readers show any of several */
		if (value)
			mw_buf_puts(&text, value);
		r = value && mw_buf_ok(&text) ? 0 : -ENOMEM;
	}
	if (r == 0 && text.n)
		r = make_text_part(m, "subject", MW_ZONE_SUBJECT, mw_buf_text(&text), text.n);
	mw_buf_free(&text);
	return r;
}

static int make_header(struct mw_msg *m)
{
	struct mw_buf text = MW_BUF_INIT;
	int r = mw_header_text(m->arena, &m->header, false, &text);

	if (r == 0 && text.n)
		r = make_text_part(m, "header", MW_ZONE_HEADER, mw_buf_text(&text), text.n);
	mw_buf_free(&text);
	return r;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */
static int parts_reserve(struct mw_msg *m, size_t n)
{
	m->part = mw_arena_array(m->arena, n, sizeof(*m->part));
	return m->part ? 0 : -ENOMEM;
}

static int make_message(struct mw_msg *m, struct mw_err *err)
{
	const struct mw_limits *limits = &m->gen->plan->limits;
	bool breach[MW_LIMITS] = {false};
	struct mw_mime *mime = NULL;
	struct mw_str all;
	int r = mw_store_view(m->store, &all, err);

	if (r == 0)
		r = mw_mime_parse(m->arena, all, limits, breach, &mime, err);
	if (r == 0)
		r = parts_reserve(m, 2 + mw_mime_leaves(mime));
	if (r == 0)
		r = make_subject(m);
	if (r == 0)
		r = make_header(m);
	if (r == 0)
		r = make_leaves(m, mime);
	mw_mime_free(&mime);
	mw_store_unview(m->store);
	for (int i = 0; i < MW_LIMITS; i++)
		if (breach[i])
			mw_msg_breach(m, (enum mw_limit)i);
	return r;
}

int mw_msg_make_parts(struct mw_msg *m)
{
	struct mw_err err = {0};
	int r;

	if (m->parts_made)
		return 0;
	m->parts_made = true;
	if (m->bare) {
		r = parts_reserve(m, 1);
		if (r == 0)
			r = make_text_part(m, "0", MW_ZONE_BODY, m->bare_text.p, m->bare_text.n);
	} else {
		r = make_message(m, &err);
	}
	return r < 0 ? mw_msg_fail(m, r, err.text[0] ? err.text : NULL) : 0;
}
