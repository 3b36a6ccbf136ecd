/* SPDX-License-Identifier: Apache-2.0 */
#include "canon.h"

#include "taglist.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- body ------------------------------------------------------------------------------------------------------------------- */

static void flush(struct mw_body *b)
{
	/* Of a digest that is in memory nothing can fail; a failure would show as a hash that fits nothing. */
	(void)EVP_DigestUpdate(b->md, b->buffer, b->n);
	b->n = 0;
}

static void put(struct mw_body *b, const char *p, size_t n)
{
	uint64_t left = b->has_length ? (b->octets < b->length ? b->length - b->octets : 0) : UINT64_MAX;

	b->octets += n;
	if (n > left)
		n = (size_t)left;
	if (n == 0)
		return;
	if (b->n + n > sizeof(b->buffer))
		flush(b);
	if (n >= sizeof(b->buffer)) {
		(void)EVP_DigestUpdate(b->md, p, n);
		return;
	}
	memcpy(b->buffer + b->n, p, n);
	b->n += n;
}

/* Octets of a line, with no line end among them. */
static void put_text(struct mw_body *b, const char *p, size_t n)
{
	for (; b->blanks; b->blanks--)
		put(b, "\r\n", 2);
	if (b->space)
		put(b, " ", 1);
	b->space = false;
	b->text = true;
	put(b, p, n);
}

static void end_line(struct mw_body *b)
{
	if (b->text)
		put(b, "\r\n", 2);
	else
		b->blanks++;
	b->text = b->space = false;
}

int mw_body_begin(struct mw_body *b)
{
	b->md = EVP_MD_CTX_new();
	return b->md && EVP_DigestInit_ex(b->md, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static bool is_special(const struct mw_body *b, char c)
{
	return c == '\r' || c == '\n' || (!b->simple && (c == ' ' || c == '\t'));
}

void mw_body_add(struct mw_body *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t run = i;

		if (b->cr && p[i] != '\n')
			put_text(b, "\r", 1);
		b->cr = false;
		while (run < n && !is_special(b, p[run]))
			run++;
		if (run > i) {
			put_text(b, p + i, run - i);
			i = run;
			continue;
		}
		if (p[i] == '\n')
			end_line(b);
		else if (p[i] == '\r')
			b->cr = true;
		else
			b->space = true;
		i++;
	}
}

int mw_body_finish(struct mw_body *b)
{
	unsigned n = sizeof(b->hash);

	if (b->text || b->cr)
		end_line(b); /* as an MTA will */
	if (b->simple && b->octets == 0)
		put(b, "\r\n", 2);
	flush(b);
	return EVP_DigestFinal_ex(b->md, b->hash, &n) == 1 ? 0 : -ENOMEM;
}

int mw_bodies_add(struct mw_bodies *all, const struct mw_auth_mail *mail, const struct mw_sigfield *f)
{
	struct mw_body *b;
	int r;

	for (size_t i = 0; i < all->n; i++)
		if (all->body[i]->simple == f->simple_body && all->body[i]->has_length == f->has_length &&
		    all->body[i]->length == f->length)
			return (int)i;
	if (all->n >= MW_BODIES_MAX)
		return -E2BIG;
	b = mail->alloc(mail->alloc_ctx, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->simple = f->simple_body;
	b->has_length = f->has_length;
	b->length = f->length;
	r = mw_body_begin(b);
	all->body[all->n++] = b;
	return r < 0 ? r : (int)all->n - 1;
}

static int add_piece(void *ctx, const char *p, size_t n)
{
	struct mw_bodies *all = ctx;

	for (size_t i = 0; i < all->n; i++)
		mw_body_add(all->body[i], p, n);
	return 0;
}

int mw_bodies_run(struct mw_bodies *all, const struct mw_auth_mail *mail)
{
	int r = all->n ? mail->body(mail->body_ctx, add_piece, all) : 0;

	for (size_t i = 0; r == 0 && i < all->n; i++)
		r = mw_body_finish(all->body[i]);
	return r;
}

void mw_bodies_end(struct mw_bodies *all)
{
	for (size_t i = 0; i < all->n; i++) {
		EVP_MD_CTX_free(all->body[i]->md);
		all->body[i]->md = NULL;
	}
}

/* ---- header ----------------------------------------------------------------------------------------------------------------- */

struct out {
	EVP_MD_CTX *md;
	size_t n;
	bool failed;
	char buffer[512];
};

static void out_flush(struct out *o)
{
	if (EVP_DigestUpdate(o->md, o->buffer, o->n) != 1)
		o->failed = true;
	o->n = 0;
}

static void out_put(struct out *o, char c)
{
	if (o->n == sizeof(o->buffer))
		out_flush(o);
	o->buffer[o->n++] = c;
}

static bool left_out(struct mw_str without, const char *at)
{
	return without.p && at >= without.p && at < without.p + without.n;
}

static void put_simple(struct out *o, const struct mw_field *f, struct mw_str without)
{
	for (size_t i = 0; i < f->name.n; i++)
		out_put(o, f->name.p[i]);
	out_put(o, ':');
	for (size_t i = 0; i < f->value.n; i++) {
		if (left_out(without, f->value.p + i))
			continue;
		if (f->value.p[i] == '\n' && (i == 0 || f->value.p[i - 1] != '\r'))
			out_put(o, '\r');
		out_put(o, f->value.p[i]);
	}
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void put_relaxed(struct out *o, const struct mw_field *f, struct mw_str without)
{
	struct mw_str name = mw_field_name(f);
	bool space = false, text = false;

	for (size_t i = 0; i < name.n; i++)
		out_put(o, lower(name.p[i]));
	out_put(o, ':');
	for (size_t i = 0; i < f->value.n; i++) {
		char c = f->value.p[i];

		if (left_out(without, f->value.p + i))
			continue;
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			space = true;
			continue;
		}
		if (space && text)
			out_put(o, ' ');
		out_put(o, c);
		space = false;
		text = true;
	}
}

int mw_canon_field(EVP_MD_CTX *md, bool simple, const struct mw_field *f, struct mw_str without, bool last)
{
	struct out o = {.md = md};

	if (simple)
		put_simple(&o, f, without);
	else
		put_relaxed(&o, f, without);
	if (!last) {
		out_put(&o, '\r');
		out_put(&o, '\n');
	}
	out_flush(&o);
	return o.failed ? -ENOMEM : 0;
}

struct mw_str mw_field_name(const struct mw_field *f)
{
	struct mw_str name = f->name;

	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	return name;
}

bool mw_field_clean(const struct mw_field *f)
{
	for (size_t i = 0; i < f->value.n; i++) {
		char c = f->value.p[i], next = i + 1 < f->value.n ? f->value.p[i + 1] : '\0';

		if (c == '\0' || c == '\v' || c == '\f' || (c == '\r' && next != '\n') ||
		    (c == '\n' && next != ' ' && next != '\t'))
			return false;
	}
	return true;
}

static bool same_name(struct mw_str a, struct mw_str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* The field that is meant when a name stands in h= with `before` of the same in front of it: they are counted from the last. */
static const struct mw_field *pick(const struct mw_auth_mail *mail, struct mw_str name, size_t before)
{
	for (size_t i = mail->fields; i-- > 0;)
		if (same_name(mw_field_name(&mail->field[i]), name) && before-- == 0)
			return &mail->field[i];
	return NULL;
}

static size_t count_before(const struct mw_sigfield *f, struct mw_str name)
{
	struct mw_str rest = f->names, member;
	size_t n = 0;

	while (mw_tag_member(&rest, &member) && member.p != name.p)
		n += same_name(member, name);
	return n;
}

int mw_canon_header(const struct mw_sigfield *f, const struct mw_auth_mail *mail, const struct mw_field *own,
		    unsigned char hash[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct mw_str rest = f->names, name, none = {0};
	unsigned n = 32;
	int r = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;

	while (r == 0 && mw_tag_member(&rest, &name)) {
		const struct mw_field *covered = name.n ? pick(mail, name, count_before(f, name)) : NULL;

		if (covered)
			r = mw_field_clean(covered) ? mw_canon_field(md, f->simple_header, covered, none, false) : -EBADMSG;
	}
	if (r == 0)
		r = mw_canon_field(md, f->simple_header, own, f->b_value, true);
	if (r == 0 && EVP_DigestFinal_ex(md, hash, &n) != 1)
		r = -ENOMEM;
	EVP_MD_CTX_free(md);
	return r;
}
