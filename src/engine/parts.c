/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts: what a scanner reads, made once when something first asks: "subject", "header", then the leaves of the MIME tree.
 * What cannot be read is a part with a reason, never left out.
 */
#include "engine/media.h"
#include "engine/private.h"

#include "base/clock.h"
#include "mail/mime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Octets of a leaf for which it is worth a system call to let go of where they came from. */
#define LARGE (1u << 20)

static const char *const unread_words[] = {MW_UNREADABLE_WORDS};

bool mw_part_unread(struct part *p, const char *reason)
{
	for (size_t i = 0; reason && i < sizeof(unread_words) / sizeof(unread_words[0]); i++)
		if (strcmp(unread_words[i], reason) == 0) {
			p->pub.unread = unread_words[i];
			return true;
		}
	return false;
}

int mw_msg_count_member(struct mw_msg *m)
{
	if (m->members >= mw_msg_limit(m, MW_LIMIT_MEMBERS)) {
		mw_msg_breach(m, MW_LIMIT_MEMBERS);
		return -EFBIG;
	}
	m->members++;
	return 0;
}

int mw_msg_count_unpacked(struct mw_msg *m, uint64_t n)
{
	uint64_t max = mw_msg_limit(m, MW_LIMIT_UNPACKED);

	if (n > max || m->unpacked > max - n) {
		mw_msg_breach(m, MW_LIMIT_UNPACKED);
		return -EFBIG;
	}
	m->unpacked += n;
	return 0;
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
		(void)mw_part_unread(p, "limit");
		mw_msg_breach(m, MW_LIMIT_TEXT);
	}
	return fits;
}

int mw_part_add(struct mw_msg *m, struct part *p, const char *text, size_t n)
{
	size_t fits = text_fit(m, p, text, n);

	mw_buf_add(&p->text, text, fits);
	if (!mw_buf_ok(&p->text))
		return -ENOMEM;
	return fits == n ? 0 : -EFBIG;
}

void mw_part_take(struct mw_msg *m, struct part *p, struct mw_buf *b)
{
	mw_buf_cut(b, text_fit(m, p, mw_buf_text(b), b->n));
	p->text = *b;
	*b = (struct mw_buf)MW_BUF_INIT;
}

struct part *mw_part_new(struct mw_msg *m, const char *path, const char *type, const char *name, uint32_t zone)
{
	struct part **grown = mw_arena_grow(m->arena, m->part, &m->part_cap, m->parts + 1, sizeof(struct part *));
	struct part *p = mw_arena_alloc(m->arena, sizeof(*p));

	if (!grown || !p)
		return NULL;
	m->part = grown;
	p->pub = (struct mw_part){
	    .path = mw_arena_str(m->arena, path),
	    .type = mw_arena_str(m->arena, type),
	    .name = mw_arena_str(m->arena, name),
	    .zone = zone,
	    .text = {.p = "", .n = 0},
	};
	if (!p->pub.path || !p->pub.type || !p->pub.name)
		return NULL;
	p->hidden = SIZE_MAX;
	m->part[m->parts++] = p;
	return p;
}

const char *mw_part_within(struct mw_msg *m, struct part *p)
{
	if (p->named)
		return p->pub.path;
	return p->pub.name[0] ? mw_arena_printf(m->arena, "%s/%s", p->pub.path, p->pub.name) : p->pub.path;
}

/* What is written backwards to be shown forwards follows as it is shown. */
int mw_part_done(struct mw_msg *m, struct part *p)
{
	struct mw_buf shown = MW_BUF_INIT;
	int r = mw_unreverse((struct mw_str){.p = mw_buf_text(&p->text), .n = p->text.n}, &shown);

	if (r == 0 && shown.n)
		r = mw_part_add(m, p, "\n", 1);
	if (r == 0 && shown.n)
		r = mw_part_add(m, p, shown.p, shown.n);
	mw_buf_free(&shown);
	p->pub.text = (struct mw_str){.p = mw_buf_text(&p->text), .n = p->text.n};
	p->pub.hidden = p->hidden < p->text.n ? p->hidden : p->text.n;
	return r == -EFBIG ? 0 : r;
}

/* ---- leaves ------------------------------------------------------------------------------------------------------ */
/* The octets of a leaf. 0 with what could be had; its reason is set when that is not all. */
static int leaf_decode(struct mw_msg *m, struct mw_mime *mime, size_t i, struct part *p, struct mw_buf *data)
{
	int r = mw_mime_decode(mime, i, mw_msg_limit(m, MW_LIMIT_SIZE), data);

	if (data->n > LARGE && !p->nesting)
		mw_store_forget(m->store); /* what was decoded is not read again */
	if (r == -EFBIG) {
		mw_msg_breach(m, MW_LIMIT_SIZE);
		(void)mw_part_unread(p, "limit");
	}
	return r == -EFBIG ? 0 : r;
}

static int make_leaf(struct mw_msg *m, struct mw_mime *mime, size_t i, const char *within, unsigned nesting)
{
	const struct mw_leaf *leaf = mw_mime_leaf(mime, i);
	const char *path = within ? mw_arena_printf(m->arena, "%s/%s", within, leaf->path) : leaf->path;
	struct part *p = path ? mw_part_new(m, path, leaf->type, leaf->name, leaf->zone) : NULL;
	struct mw_buf data = MW_BUF_INIT;
	const char *limited;
	int r;

	if (!p)
		return -ENOMEM;
	p->nesting = nesting;
	if (leaf->unread)
		return mw_part_unread(p, leaf->unread) ? 0 : -EINVAL;
	if (mw_msg_late(m)) {
		(void)mw_part_unread(p, "limit");
		return 0;
	}
	r = leaf_decode(m, mime, i, p, &data);
	limited = p->pub.unread;
	if (r == 0 && data.n)
		r = mw_part_read(m, p, &data, leaf->charset, leaf->delsp);
	if (!p->pub.unread)
		p->pub.unread = limited;
	mw_buf_free(&data);
	return r < 0 ? r : mw_part_done(m, p);
}

static int make_leaves(struct mw_msg *m, struct mw_mime *mime)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mw_mime_leaves(mime); i++)
		r = make_leaf(m, mime, i, NULL, 0);
	return r;
}

/* The same of a mail in a file, which are as many as there are files. */
static int make_inner_leaves(struct mw_msg *m, struct mw_mime *mime, struct part *mail)
{
	const char *within = mw_part_within(m, mail);
	int r = within ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < mw_mime_leaves(mime); i++) {
		if (mw_msg_count_member(m) < 0) {
			(void)mw_part_unread(mail, "limit");
			break;
		}
		r = make_leaf(m, mime, i, within, mail->nesting + 1);
	}
	return r;
}

static void breaches(struct mw_msg *m, const bool breach[MW_LIMITS])
{
	for (int i = 0; i < MW_LIMITS; i++)
		if (breach[i])
			mw_msg_breach(m, (enum mw_limit)i);
}

/* A mail in a container is read as one that is forwarded. What is known of its structure goes with it. */
int mw_msg_read_mail(struct mw_msg *m, struct part *p, struct mw_str mail)
{
	static const char head[] = "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n";
	const struct mw_limits *limits = &m->gen->plan->limits;
	struct mw_arena *a;
	struct mw_buf all = MW_BUF_INIT;
	bool breach[MW_LIMITS] = {false};
	struct mw_mime *mime = NULL;
	int r;

	if (p->nesting >= mw_msg_limit(m, MW_LIMIT_NESTING)) {
		mw_msg_breach(m, MW_LIMIT_NESTING);
		(void)mw_part_unread(p, "limit");
		return 0;
	}
	if (mw_msg_count_unpacked(m, mail.n) < 0) {
		(void)mw_part_unread(p, "limit");
		return 0;
	}
	if (mw_msg_more(m, 2 * (uint64_t)mail.n) < 0)
		return -ENOMEM;
	a = mw_arena_new(mw_msg_arena_limit(limits));
	mw_buf_add(&all, head, sizeof(head) - 1);
	mw_buf_add(&all, mail.p, mail.n);
	r = a && mw_buf_ok(&all) ? mw_mime_parse(a, (struct mw_str){.p = all.p, .n = all.n}, limits, breach, &mime, NULL)
				 : -ENOMEM;
	if (r == 0)
		r = make_inner_leaves(m, mime, p);
	mw_mime_free(&mime);
	mw_arena_free(&a);
	mw_buf_free(&all);
	breaches(m, breach);
	return r;
}

/* ---- header ------------------------------------------------------------------------------------------------------ */
static int make_text_part(struct mw_msg *m, const char *path, uint32_t zone, const char *text, size_t n)
{
	struct part *p = mw_part_new(m, path, "text/plain", "", zone);
	int r = p ? mw_part_add(m, p, text, n) : -ENOMEM;

	if (p && (r == 0 || r == -EFBIG))
		r = mw_part_done(m, p);
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
		r = make_subject(m);
	if (r == 0)
		r = make_header(m);
	if (r == 0)
		r = make_leaves(m, mime);
	mw_mime_free(&mime);
	mw_store_unview(m->store);
	breaches(m, breach);
	return r;
}

int mw_msg_make_parts(struct mw_msg *m)
{
	struct mw_err err = {0};
	int64_t begun = mw_clock_ns();
	int r;

	if (m->parts_made)
		return 0;
	m->parts_made = true;
	if (m->bare) {
		r = make_text_part(m, "0", MW_ZONE_BODY, m->bare_text.p, m->bare_text.n);
	} else {
		r = make_message(m, &err);
	}
	m->read.reading = mw_clock_ns() - begun;
	return r < 0 ? mw_msg_fail(m, r, err.text[0] ? err.text : NULL) : 0;
}
