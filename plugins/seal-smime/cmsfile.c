/* SPDX-License-Identifier: Apache-2.0 */
#include "cmsfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_END UINT64_MAX /* the end of what has no length: a mark tells */
#define PIECE 4096u

enum { OID = 0x06, INTEGER = 0x02, OCTETS = 0x04, OCTETS_OF = 0x24, SEQUENCE = 0x30, SET = 0x31, FIRST = 0x80, FIRST_OF = 0xa0 };

struct head {
	unsigned char tag;
	bool open_end;
	uint64_t length;
	unsigned char raw[12];
	size_t raw_n;
};

/* Reads values in order; what it copies goes to rest, when that is wanted. */
struct cmsfile_reader {
	struct entity_reader in;
	uint64_t at;
	uint64_t end[CMSFILE_DEPTH];
	unsigned depth, base; /* base: depth below which the content is */
	uint64_t left;	      /* of the piece of content in work */
	bool copy;
	char *rest;
	size_t rest_n, room;
};

/* ---- octets ---------------------------------------------------------------------------------------------------------------------- */

static int read_octets(struct cmsfile_reader *c, unsigned char *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = entity_get(&c->in, (char *)p + got, n - got);

		if (r <= 0)
			return r < 0 ? (int)r : -EBADMSG;
		got += (size_t)r;
	}
	c->at += n;
	return 0;
}

static int emit(struct cmsfile_reader *c, const void *p, size_t n)
{
	if (!c->copy)
		return 0;
	if (n > CMSFILE_REST - c->rest_n)
		return -EFBIG;
	if (n > c->room - c->rest_n) {
		size_t room = c->room ? c->room : PIECE;
		char *more;

		while (room - c->rest_n < n)
			room *= 2;
		more = realloc(c->rest, room);
		if (!more)
			return -ENOMEM;
		c->rest = more;
		c->room = room;
	}
	memcpy(c->rest + c->rest_n, p, n);
	c->rest_n += n;
	return 0;
}

/* ---- values ---------------------------------------------------------------------------------------------------------------------- */

static int read_length(struct cmsfile_reader *c, struct head *h)
{
	unsigned char *first = &h->raw[h->raw_n];
	size_t n;
	int r = read_octets(c, first, 1);

	if (r < 0)
		return r;
	h->raw_n++;
	h->open_end = *first == 0x80;
	h->length = *first & 0x7f;
	if (*first <= 0x80)
		return 0;
	n = *first & 0x7f;
	if (n > 8)
		return -EBADMSG;
	r = read_octets(c, &h->raw[h->raw_n], n);
	h->length = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		h->length = h->length << 8 | h->raw[h->raw_n + i];
	h->raw_n += n;
	return r;
}

/* 1; negative. Multi-octet tags do not occur. */
static int read_head(struct cmsfile_reader *c, struct head *h)
{
	int r = read_octets(c, h->raw, 1);

	h->tag = h->raw[0];
	h->raw_n = 1;
	if (r == 0 && (h->tag & 0x1f) == 0x1f)
		r = -EBADMSG;
	if (r == 0)
		r = read_length(c, h);
	if (r == 0 && ((h->open_end && !(h->tag & 0x20)) || h->length > (uint64_t)INT64_MAX))
		r = -EBADMSG;
	return r < 0 ? r : 1;
}

/* The next value of the one in work: 1; 0: it is at its end; negative. */
static int next(struct cmsfile_reader *c, struct head *h)
{
	uint64_t end = c->depth ? c->end[c->depth - 1] : OPEN_END;
	int r;

	if (c->depth && c->at == end)
		return 0;
	r = read_head(c, h);
	if (r < 0)
		return r;
	if (h->tag == 0)
		return c->depth && end == OPEN_END && h->length == 0 && h->raw_n == 2 ? 0 : -EBADMSG;
	for (unsigned i = 0; i < c->depth; i++)
		if (c->end[i] != OPEN_END && (c->at > c->end[i] || (!h->open_end && h->length > c->end[i] - c->at)))
			return -EBADMSG;
	return 1;
}

/* Into a value. What it is copied as has no length, since it will be shorter. */
static int enter(struct cmsfile_reader *c, const struct head *h, bool copy)
{
	const unsigned char head[2] = {h->tag, 0x80};

	if (c->depth == CMSFILE_DEPTH || !(h->tag & 0x20))
		return -EBADMSG;
	c->end[c->depth++] = h->open_end ? OPEN_END : c->at + h->length;
	return copy ? emit(c, head, sizeof(head)) : 0;
}

/* Out of the value, at whose end next() has been. */
static int leave(struct cmsfile_reader *c, bool copy)
{
	static const unsigned char mark[2];

	c->depth--;
	return copy ? emit(c, mark, sizeof(mark)) : 0;
}

static int copy_octets(struct cmsfile_reader *c, uint64_t n)
{
	unsigned char p[PIECE];
	int r = 0;

	if (n > CMSFILE_REST)
		return -EFBIG;
	while (r == 0 && n) {
		size_t piece = n < sizeof(p) ? (size_t)n : sizeof(p);

		r = read_octets(c, p, piece);
		if (r == 0)
			r = emit(c, p, piece);
		n -= piece;
	}
	return r;
}

/* All of a value as it stands. */
static int copy_value(struct cmsfile_reader *c, const struct head *first)
{
	struct head h = *first;
	unsigned open = 0;
	uint64_t begin = c->at;
	int r = 1;

	for (;;) {
		r = emit(c, h.raw, h.raw_n);
		if (r == 0 && h.tag == 0)
			open--; /* its end */
		else if (r == 0 && h.open_end)
			open++;
		else if (r == 0)
			r = copy_octets(c, h.length);
		if (r < 0 || open == 0)
			return r;
		if (open > CMSFILE_DEPTH || c->at - begin > CMSFILE_REST)
			return open > CMSFILE_DEPTH ? -EBADMSG : -EFBIG;
		r = read_head(c, &h);
		if (r < 0 || (h.tag == 0 && h.raw_n + h.length != 2))
			return r < 0 ? r : -EBADMSG;
	}
}

static int expect(struct cmsfile_reader *c, unsigned tag, struct head *h)
{
	int r = next(c, h);

	return r < 0 ? r : r == 1 && h->tag == tag ? 0 : -EBADMSG;
}

static int expect_and_enter(struct cmsfile_reader *c, unsigned tag)
{
	struct head h;
	int r = expect(c, tag, &h);

	return r < 0 ? r : enter(c, &h, true);
}

static int expect_and_copy(struct cmsfile_reader *c, unsigned tag)
{
	struct head h;
	int r = expect(c, tag, &h);

	return r < 0 ? r : copy_value(c, &h);
}

/* ---- down to the content --------------------------------------------------------------------------------------------------------- */

static int read_kind(struct cmsfile_reader *c, enum cmsfile_kind *kind)
{
	static const struct {
		const char *oid;
		size_t n;
		enum cmsfile_kind kind;
	} row[] = {
	    {"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 9, CMSFILE_SIGNED},
	    {"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", 9, CMSFILE_ENVELOPED},
	    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17", 11, CMSFILE_AUTHENVELOPED},
	    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09", 11, CMSFILE_COMPRESSED},
	};
	unsigned char oid[16];
	struct head h;
	int r = expect(c, OID, &h);

	if (r == 0 && h.length > sizeof(oid))
		r = -EBADMSG;
	if (r == 0)
		r = read_octets(c, oid, (size_t)h.length);
	if (r == 0)
		r = emit(c, h.raw, h.raw_n);
	if (r == 0)
		r = emit(c, oid, (size_t)h.length);
	for (size_t i = 0; r == 0 && i < sizeof(row) / sizeof(*row); i++)
		if (row[i].n == h.length && memcmp(row[i].oid, oid, row[i].n) == 0) {
			*kind = row[i].kind;
			return 0;
		}
	return r < 0 ? r : -EBADMSG;
}

/* What stands in front of the value that the content is in. */
static int pass_front(struct cmsfile_reader *c, enum cmsfile_kind kind)
{
	bool sealed = kind == CMSFILE_ENVELOPED || kind == CMSFILE_AUTHENVELOPED;
	struct head h;
	int r = expect_and_copy(c, INTEGER);

	if (r == 0 && kind == CMSFILE_COMPRESSED)
		r = expect_and_copy(c, SEQUENCE);
	while (r == 0) {
		r = next(c, &h);
		if (r <= 0)
			return r < 0 ? r : -EBADMSG;
		if (h.tag == SEQUENCE)
			return enter(c, &h, true);
		r = h.tag == SET || (sealed && h.tag == FIRST_OF) ? copy_value(c, &h) : -EBADMSG;
	}
	return r;
}

/* At the first octet of the content; *has: there is one. c->base is set. */
static int pass_to_content(struct cmsfile_reader *c, enum cmsfile_kind *kind, bool *has)
{
	bool sealed;
	struct head h;
	int r = expect_and_enter(c, SEQUENCE);

	if (r == 0)
		r = read_kind(c, kind);
	if (r == 0)
		r = expect_and_enter(c, FIRST_OF);
	if (r == 0)
		r = expect_and_enter(c, SEQUENCE);
	if (r == 0)
		r = pass_front(c, *kind);
	if (r == 0)
		r = expect_and_copy(c, OID);
	sealed = r == 0 && (*kind == CMSFILE_ENVELOPED || *kind == CMSFILE_AUTHENVELOPED);
	if (sealed)
		r = expect_and_copy(c, SEQUENCE);
	c->base = c->depth;
	if (r == 0)
		r = next(c, &h);
	*has = r == 1;
	if (r <= 0)
		return r;
	if (sealed && h.tag == FIRST) {
		c->left = h.length;
		return 0;
	}
	if (h.tag != FIRST_OF)
		return -EBADMSG;
	return enter(c, &h, false); /* of a signed one there is one string in it; of a sealed one its pieces */
}

ssize_t cmsfile_get(void *ctx, char *p, size_t n)
{
	struct cmsfile_reader *c = ctx;
	struct head h;
	ssize_t got;
	int r;

	while (c->left == 0) {
		if (c->depth == c->base)
			return 0;
		r = next(c, &h);
		if (r == 0)
			r = leave(c, false);
		else if (r == 1 && h.tag == OCTETS_OF)
			r = enter(c, &h, false);
		else if (r == 1 && h.tag == OCTETS)
			c->left = h.length;
		else
			r = r < 0 ? r : -EBADMSG;
		if (r < 0)
			return r;
	}
	got = entity_get(&c->in, p, c->left < n ? (size_t)c->left : n);
	if (got <= 0)
		return got < 0 ? got : -EBADMSG;
	c->at += (size_t)got;
	c->left -= (size_t)got;
	return got;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

static int pass_content(struct cmsfile_reader *c, uint64_t *n)
{
	char p[PIECE];
	ssize_t r;

	while ((r = cmsfile_get(c, p, sizeof(p))) > 0)
		*n += (size_t)r;
	return (int)r;
}

/* The rest of each value that is open, and its end. */
static int pass_behind(struct cmsfile_reader *c, uint64_t *mac)
{
	struct head h;
	int r = 0;

	while (r == 0 && c->depth) {
		r = next(c, &h);
		if (r == 0) {
			r = leave(c, true);
		} else if (r == 1) {
			if (c->depth == 3 && h.tag == OCTETS)
				*mac = h.length;
			r = c->depth == 3 ? copy_value(c, &h) : -EBADMSG;
		}
	}
	return r;
}

/* White space is what transfer leaves. */
static int pass_blanks(struct cmsfile_reader *c)
{
	char p[PIECE];
	ssize_t r;

	while ((r = entity_get(&c->in, p, sizeof(p))) > 0)
		for (ssize_t i = 0; i < r; i++)
			if (p[i] != '\r' && p[i] != '\n' && p[i] != ' ' && p[i] != '\t')
				return -EBADMSG;
	return (int)r;
}

static struct cmsfile_reader *reader_new(const struct cmsfile *f, bool copy)
{
	struct cmsfile_reader *c = calloc(1, sizeof(*c));

	if (c) {
		entity_reader(&c->in, f->fd, f->body, f->coding);
		c->copy = copy;
	}
	return c;
}

int cmsfile_open(int fd, struct entity_range body, enum entity_coding coding, struct cmsfile *ret)
{
	struct cmsfile f = {.fd = fd, .body = body, .coding = coding};
	struct cmsfile_reader *c = reader_new(&f, true);
	int r = c ? pass_to_content(c, &f.kind, &f.has_content) : -ENOMEM;

	if (r == 0 && f.has_content)
		r = pass_content(c, &f.content);
	else if (r == 0)
		r = leave(c, true); /* next() has been at its end */
	if (r == 0)
		r = pass_behind(c, &f.mac);
	if (r == 0)
		r = pass_blanks(c);
	if (r == 0) {
		f.rest = c->rest;
		f.rest_n = c->rest_n;
		c->rest = NULL;
		*ret = f;
	}
	cmsfile_reader_free(c);
	return r;
}

void cmsfile_free(struct cmsfile *f)
{
	free(f->rest);
	*f = (struct cmsfile){.rest = NULL};
}

int cmsfile_reader(const struct cmsfile *f, struct cmsfile_reader **ret)
{
	struct cmsfile_reader *c = reader_new(f, false);
	enum cmsfile_kind kind;
	bool has;
	int r = c ? pass_to_content(c, &kind, &has) : -ENOMEM;

	if (r < 0) {
		cmsfile_reader_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void cmsfile_reader_free(struct cmsfile_reader *c)
{
	if (c)
		free(c->rest);
	free(c);
}
