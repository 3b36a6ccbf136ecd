/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink: what an extractor gives of one document: text of sections, and files inside, which are read when the document is done. The
 * process that the extractor runs in may be in the hands of who wrote the document, so nothing that comes is believed: names, order,
 * UTF-8 and amounts are checked here.
 */
#include "engine/private.h"

#include "mail/label.h"
#include "mail/mime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_OCTETS 255u
/* Octets that a document may give whatever its size: a page of text has few octets when it is packed well. */
#define RATIO_FREE ((uint64_t)1024 * 1024)

struct member {
	struct member *next;
	struct mw_buf data;
	const char *name, *type, *charset; /* of the message's arena */
	const char *unread;
	uint32_t flags;
};

/* ---- limits and failures ---------------------------------------------------------------------------------------------------------- */

static int sink_failed(struct mw_sink *s, int code)
{
	if (s->failed == 0)
		s->failed = code;
	return s->failed;
}

int mw_sink_breach(struct mw_sink *s, enum mw_limit limit)
{
	s->limited = true;
	mw_msg_breach(s->msg, limit);
	(void)mw_part_unread(s->part, "limit");
	(void)mw_part_unread(s->now, "limit");
	return -EFBIG;
}

/* 0 when more may come. */
static int sink_state(const struct mw_sink *s)
{
	return s->failed ? s->failed : s->limited ? -EFBIG : 0;
}

/* Counts n octets out of the document. */
static int sink_out(struct mw_sink *s, size_t n)
{
	uint64_t ratio = mw_msg_limit(s->msg, MW_LIMIT_RATIO);
	uint64_t most = s->in > (UINT64_MAX - RATIO_FREE) / ratio ? UINT64_MAX : RATIO_FREE + s->in * ratio;

	if (n > most || s->out > most - n)
		return mw_sink_breach(s, MW_LIMIT_RATIO);
	s->out += n;
	return 0;
}

static int count_member(struct mw_sink *s)
{
	return mw_msg_count_member(s->msg) < 0 ? mw_sink_breach(s, MW_LIMIT_MEMBERS) : 0;
}

/* ---- names ------------------------------------------------------------------------------------------------------------------------ */

/* How many octets of s end with a whole character and are not too many. */
static size_t name_fits(struct mw_str s)
{
	size_t n = s.n < NAME_MAX_OCTETS ? s.n : NAME_MAX_OCTETS;

	while (n && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Appends a name as a part may have it: UTF-8, one line, no slash in front. 0 or -ENOMEM. */
static int name_add(struct mw_str name, struct mw_buf *out)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	size_t before = out->n;
	bool guessed;
	int r = mw_charset_to_utf8(name.p ? name : mw_str(""), "utf-8", &utf8, &guessed);
	struct mw_str s = {.p = mw_buf_text(&utf8), .n = utf8.n};

	while (s.n && (*s.p == '/' || *s.p == '\\'))
		s = mw_str_behind(s, 1);
	mw_buf_add(out, s.p, name_fits(s));
	for (size_t i = before; i < out->n; i++)
		if ((unsigned char)out->p[i] < ' ' || out->p[i] == 0x7f)
			out->p[i] = '?';
	mw_buf_free(&utf8);
	return r < 0 || !mw_buf_ok(out) ? -ENOMEM : 0;
}

/* The name of a member; without one, its number. NULL = no memory. */
static char *member_name(struct mw_sink *s, struct mw_str name)
{
	struct mw_buf clean = MW_BUF_INIT;
	char *copy = NULL;
	int r = name_add(name, &clean);

	if (r == 0 && clean.n)
		copy = mw_arena_dup(s->msg->arena, clean.p, clean.n);
	else if (r == 0)
		copy = mw_arena_printf(s->msg->arena, "%zu", s->members);
	mw_buf_free(&clean);
	return copy;
}

/* A label: ASCII that is seen, in lower case. What else stands in it makes it empty. NULL = no memory. */
static char *label_clean(struct mw_msg *m, const char *label)
{
	char *copy = label ? mw_arena_dup(m->arena, label, strnlen(label, NAME_MAX_OCTETS)) : mw_arena_str(m->arena, "");

	for (char *c = copy; c && *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (*c <= ' ' || *c > '~')
			*copy = '\0';
	}
	return copy;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------- */

void mw_sink_begin(struct mw_sink *s, struct mw_msg *m, struct part *p, size_t octets)
{
	*s = (struct mw_sink){.msg = m, .part = p, .now = p, .first = m->parts, .in = octets, .within = mw_part_within(m, p)};
	if (!s->within) {
		s->within = "";
		s->failed = -ENOMEM;
	}
}

int mw_sink_text(struct mw_sink *s, const char *utf8, size_t n)
{
	int r = sink_state(s);

	if (r == 0 && s->open)
		return sink_failed(s, -EIO);
	if (r == 0)
		r = sink_out(s, n);
	if (r == 0 && mw_msg_more(s->msg, n) < 0)
		return sink_failed(s, -ENOMEM);
	if (r < 0)
		return r;
	r = mw_part_add(s->msg, s->now, utf8, n);
	s->limited = r == -EFBIG;
	if (s->limited)
		(void)mw_part_unread(s->part, "limit");
	return r == -ENOMEM ? sink_failed(s, r) : r;
}

/* A section of this document by its path; NULL = there is none. */
static struct part *section_find(const struct mw_sink *s, const char *path)
{
	for (size_t i = s->msg->parts; i-- > s->first;)
		if (strcmp(s->msg->part[i]->pub.path, path) == 0)
			return s->msg->part[i];
	return NULL;
}

static int section_take(struct mw_sink *s, const char *path)
{
	struct part *p = section_find(s, path);
	int r = p ? 0 : count_member(s);

	if (r < 0)
		return r;
	if (!p) {
		p = mw_part_new(s->msg, path, s->part->pub.type, s->part->pub.name, s->part->pub.zone);
		if (!p)
			return -ENOMEM;
		p->nesting = s->part->nesting;
	}
	s->now = p;
	return 0;
}

int mw_sink_section(struct mw_sink *s, const char *name)
{
	struct mw_buf path = MW_BUF_INIT;
	int r = sink_state(s);

	if (r == 0 && s->open)
		return sink_failed(s, -EIO);
	if (r < 0 || !name) {
		s->now = s->part;
		return r;
	}
	mw_buf_puts(&path, s->within);
	mw_buf_putc(&path, '!');
	r = name_add(mw_str(name), &path);
	if (r == 0)
		r = section_take(s, path.p);
	mw_buf_free(&path);
	return r == -ENOMEM ? sink_failed(s, r) : r;
}

int mw_sink_hidden(struct mw_sink *s)
{
	if (s->now->hidden > s->now->text.n)
		s->now->hidden = s->now->text.n;
	return sink_state(s);
}

int mw_sink_page(struct mw_sink *s)
{
	int r = sink_state(s);

	if (r < 0)
		return r;
	return ++s->pages > mw_msg_limit(s->msg, MW_LIMIT_PAGES) ? mw_sink_breach(s, MW_LIMIT_PAGES) : 0;
}

int mw_sink_unread(struct mw_sink *s, const char *reason)
{
	int r = sink_state(s);

	if (r == 0 && !mw_part_unread(s->now, reason))
		return sink_failed(s, -EIO);
	return r;
}

/* ---- members ---------------------------------------------------------------------------------------------------------------------- */

int mw_sink_member(struct mw_sink *s, const struct mw_member *given)
{
	struct mw_msg *m = s->msg;
	struct member *new;
	int r = sink_state(s);

	if (r == 0 && s->open)
		return sink_failed(s, -EIO);
	if (r == 0)
		r = count_member(s);
	if (r < 0)
		return r;
	new = calloc(1, sizeof(*new));
	if (!new)
		return sink_failed(s, -ENOMEM);
	if (s->last)
		s->last->next = new;
	else
		s->member = new;
	s->last = new;
	s->open = true;
	s->members++;
	new->name = member_name(s, given->name);
	new->type = label_clean(m, given->type);
	new->charset = label_clean(m, given->charset);
	new->flags = given->flags;
	return new->name &&new->type &&new->charset ? 0 : sink_failed(s, -ENOMEM);
}

int mw_sink_data(struct mw_sink *s, const char *p, size_t n)
{
	uint64_t max = mw_msg_limit(s->msg, MW_LIMIT_UNPACKED), left = s->msg->unpacked < max ? max - s->msg->unpacked : 0;
	int r = sink_state(s);

	if (r == 0 && !s->open)
		return sink_failed(s, -EIO);
	if (r == 0)
		r = sink_out(s, n);
	/* Its octets, and what they become when it is read. */
	if (r == 0 && mw_msg_more(s->msg, 2 * (uint64_t)n) < 0)
		return sink_failed(s, -ENOMEM);
	if (r < 0)
		return r;
	mw_buf_add(&s->last->data, p, n < left ? n : (size_t)left);
	if (!mw_buf_ok(&s->last->data))
		return sink_failed(s, -ENOMEM);
	s->msg->unpacked += n < left ? n : left;
	return n > left ? mw_sink_breach(s, MW_LIMIT_UNPACKED) : 0;
}

int mw_sink_member_end(struct mw_sink *s, const char *unread)
{
	int r = sink_state(s);
	struct part probe = {0};

	if (r < 0)
		return r;
	if (!s->open || (unread && !mw_part_unread(&probe, unread)))
		return sink_failed(s, -EIO);
	s->open = false;
	s->last->unread = probe.pub.unread;
	return 0;
}

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* A mail that came packed: its body is the sender's text. */
static uint32_t member_zone(const struct member *f)
{
	return f->flags & MW_MEMBER_BODY ? MW_ZONE_BODY : MW_ZONE_ATTACHMENT;
}

static int member_read(struct mw_sink *s, struct member *f)
{
	struct mw_msg *m = s->msg;
	const char *path = mw_arena_printf(m->arena, "%s/%s", s->within, f->name);
	struct part *p =
	    path ? mw_part_new(m, path, f->type[0] ? f->type : "application/octet-stream", base_name(f->name), member_zone(f))
		 : NULL;
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->named = true;
	p->nesting = s->part->nesting + 1;
	if (p->nesting > mw_msg_limit(m, MW_LIMIT_NESTING)) {
		mw_msg_breach(m, MW_LIMIT_NESTING);
		(void)mw_part_unread(p, "limit");
	} else if (mw_msg_late(m)) {
		(void)mw_part_unread(p, "limit");
	} else if (f->data.n) {
		r = mw_part_read(m, p, &f->data, f->charset, false);
	}
	if (f->unread)
		p->pub.unread = f->unread; /* what is there may look damaged for that alone */
	return r < 0 ? r : mw_part_done(m, p);
}

/* A name as it stands, and in words when it is written in one. */
static int name_read(struct mw_msg *m, struct part *p, const char *name)
{
	const char *first, *lines = mw_label_name(m->arena, mw_str(name), &first);

	return lines ? mw_part_add(m, p, lines, strlen(lines)) : -ENOMEM;
}

/* The names of sheets and files are text that leaves, too. */
static int names_read(struct mw_sink *s, size_t sections_end)
{
	struct mw_msg *m = s->msg;
	const char *path = mw_arena_printf(m->arena, "%s/", s->within);
	struct part *p = path ? mw_part_new(m, path, "text/plain", "", MW_ZONE_FILENAME) : NULL;
	int r = p ? 0 : -ENOMEM;

	for (size_t i = s->first; i < sections_end && r == 0; i++)
		r = name_read(m, p, m->part[i]->pub.path + strlen(s->within) + 1);
	for (const struct member *f = s->member; f && r == 0; f = f->next)
		r = name_read(m, p, f->name);
	if (r == -EFBIG)
		r = 0;
	return r < 0 ? r : mw_part_done(m, p);
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------------- */

/* Adds what is valid of a text, with the line ends that all text has. */
static int add_valid(struct mw_str text, struct mw_buf *out)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r = text.n ? mw_charset_to_utf8(text, "utf-8", &utf8, &guessed) : 0;

	mw_unify_lines(&utf8);
	mw_buf_add(out, mw_buf_text(&utf8), utf8.n);
	mw_buf_free(&utf8);
	return r < 0 || !mw_buf_ok(out) ? -ENOMEM : 0;
}

/* Text of another process is valid UTF-8 when we have seen that it is. What is hidden stays so. */
static int text_valid(struct part *p)
{
	struct mw_str text = {.p = mw_buf_text(&p->text), .n = p->text.n};
	size_t seen = p->hidden < text.n ? p->hidden : text.n;
	struct mw_buf valid = MW_BUF_INIT;
	int r = p->text.failed ? -ENOMEM : 0;

	if (r < 0 || text.n == 0 || (mw_charset_is_utf8(text, "utf-8") && !memchr(text.p, '\r', text.n)))
		return r;
	r = add_valid((struct mw_str){.p = text.p, .n = seen}, &valid);
	if (r == 0 && p->hidden != SIZE_MAX)
		p->hidden = valid.n;
	if (r == 0)
		r = add_valid(mw_str_behind(text, seen), &valid);
	mw_buf_free(&p->text);
	p->text = valid;
	return r;
}

/* The document's own part is ended by who began it. */
static int sections_end(struct mw_sink *s)
{
	size_t end = s->msg->parts;
	int r = text_valid(s->part);

	for (size_t i = s->first; i < end && r == 0; i++) {
		r = text_valid(s->msg->part[i]);
		if (r == 0)
			r = mw_part_done(s->msg, s->msg->part[i]);
	}
	return r;
}

static bool is_limit(const char *unread)
{
	return unread && strcmp(unread, "limit") == 0;
}

/* A module has bounds of its own, such as the memory of a dictionary. They are limits to the policy as those are that it sets. */
static void note_own_limit(struct mw_sink *s)
{
	const uint64_t limits = ((UINT64_C(1) << MW_LIMITS) - 1) << MW_CAUSE_LIMIT_FIRST;
	bool any = is_limit(s->part->pub.unread);

	for (size_t i = s->first; i < s->msg->parts; i++)
		any |= is_limit(s->msg->part[i]->pub.unread);
	for (const struct member *f = s->member; f; f = f->next)
		any |= is_limit(f->unread);
	if (any && !(s->msg->causes & limits))
		mw_msg_cause(s->msg, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_READING, "a document is more than its module reads");
}

int mw_sink_end(struct mw_sink *s)
{
	size_t end = s->msg->parts;
	struct member *next;
	int r = sections_end(s);

	if (s->failed == -EIO || (s->open && !s->failed && !s->part->pub.unread)) {
		(void)mw_part_unread(s->part, "crashed");
		s->failed = 0;
	}
	r = s->failed ? s->failed : r;
	if (s->open)
		s->last->unread = s->part->pub.unread; /* its end did not come */
	note_own_limit(s);
	if (r == 0 && (s->member || end > s->first))
		r = names_read(s, end);
	for (struct member *f = s->member; f; f = next) {
		next = f->next;
		if (r == 0)
			r = member_read(s, f);
		mw_buf_free(&f->data);
		free(f);
	}
	*s = (struct mw_sink){0};
	return r;
}
