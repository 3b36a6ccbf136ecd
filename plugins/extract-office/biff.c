/* SPDX-License-Identifier: Apache-2.0 */
#include "biff.h"

#include <errno.h>

#define NO_TEXT UINT32_MAX
#define STRING_TOKEN 0x17u /* of a formula: a text follows */
#define STRING_MIN 3u	   /* units: less is found in any octets */
#define STRING_MAX 32767u

static int gather(void *ctx, const char *p, size_t n)
{
	return buf_add(ctx, p, n);
}

/* A number in pieces of seven bits, of `most` octets. */
static bool varied(const struct buf *b, size_t *at, unsigned most, size_t *v)
{
	*v = 0;
	for (unsigned i = 0; i < most; i++) {
		unsigned char c;

		if (*at == b->n)
			return false;
		c = (unsigned char)b->p[(*at)++];
		*v |= (size_t)(c & 0x7f) << 7 * i;
		if (!(c & 0x80))
			return true;
	}
	return true;
}

/* The type keeps the bit that says that it goes on. */
static bool type_of(const struct buf *b, size_t *at, size_t *type)
{
	unsigned char c;

	if (*at == b->n)
		return false;
	c = (unsigned char)b->p[(*at)++];
	*type = c & 0x7f;
	if (!(c & 0x80))
		return true;
	if (*at == b->n)
		return false;
	*type |= (size_t)(b->p[(*at)++] & 0x7f) << 7;
	return true;
}

static int records(const struct buf *b, int (*fn)(void *ctx, unsigned type, struct biff *), void *ctx)
{
	size_t at = 0, type, n;
	int r = 0;

	while (at < b->n && r == 0) {
		struct biff record;

		if (!type_of(b, &at, &type) || !varied(b, &at, 4, &n) || n > b->n - at)
			return -EBADMSG;
		record = (struct biff){.p = (const unsigned char *)b->p + at, .n = n};
		r = fn(ctx, (unsigned)type, &record);
		at += n;
	}
	return r;
}

int biff_read(struct office *o, size_t entry, int (*fn)(void *ctx, unsigned type, struct biff *), void *ctx)
{
	struct buf b = {0};
	int r = package_read(&o->package, entry, gather, &b), all = 0;

	/* Of a damaged part what is there. */
	if (r == 0 || r == -EBADMSG)
		all = records(&b, fn, ctx);
	buf_free(&b);
	return office_judge(o, all < 0 ? all : r);
}

uint32_t biff_number(struct biff *b, size_t n)
{
	uint32_t v = 0;

	if (n > b->n - b->at) {
		b->at = b->n;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v |= (uint32_t)b->p[b->at++] << 8 * i;
	return v;
}

static int units_put(const unsigned char *p, size_t n, struct buf *to)
{
	uint32_t high = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		uint32_t c = p[2 * i] | (uint32_t)p[2 * i + 1] << 8;

		if (c >= 0xd800 && c < 0xdc00) {
			high = c;
			continue;
		}
		if (c >= 0xdc00 && c < 0xe000)
			c = high ? 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
		high = 0;
		r = buf_code(to, c);
	}
	return r;
}

int biff_text(struct biff *b, struct buf *to)
{
	uint32_t n = biff_number(b, 4);
	size_t left = (b->n - b->at) / 2, units = n < left ? n : left;
	int r;

	to->n = 0;
	if (n == NO_TEXT)
		return 0;
	r = units_put(b->p + b->at, units, to);
	b->at += 2 * units;
	return r;
}

/* ---- texts in records that are not known -------------------------------------------------------------------------------------------- */

/* Where units of UTF-16 end that can be text, from an even and from an odd octet on: each unit is looked at once. */
struct units {
	const unsigned char *p;
	size_t n, end[2];
};

static bool is_text_unit(uint32_t c)
{
	return (c >= ' ' && c < 0xfffe) || c == '\t' || c == '\n' || c == '\r';
}

static size_t units_end(struct units *u, size_t at)
{
	size_t *end = &u->end[at % 2];

	for (*end = *end > at ? *end : at; *end + 2 <= u->n; *end += 2)
		if (!is_text_unit(u->p[*end] | (uint32_t)u->p[*end + 1] << 8))
			break;
	return *end;
}

/* The text that begins at an octet: its length in units, and how many octets stand in front of it. 0 = none does. */
static size_t string_at(struct units *u, size_t at, size_t *front)
{
	const unsigned char *p = u->p + at;
	size_t left = u->n - at, n = 0;

	if (left > 3 && p[0] == STRING_TOKEN) {
		n = p[1] | (size_t)p[2] << 8;
		*front = 3;
	} else if (left > 4 && p[2] == 0 && p[3] == 0) {
		n = p[0] | (size_t)p[1] << 8;
		*front = 4;
	}
	return n >= STRING_MIN && n <= STRING_MAX && (left - *front) / 2 >= n && units_end(u, at + *front) >= at + *front + 2 * n
		   ? n
		   : 0;
}

int biff_strings(struct office *o, struct biff *b)
{
	struct units u = {.p = b->p, .n = b->n};
	struct buf line = {0};
	int r = 0;

	while (b->at < b->n && r == 0) {
		size_t front = 0, n = string_at(&u, b->at, &front);

		if (n == 0) {
			b->at++;
			continue;
		}
		line.n = 0;
		r = units_put(b->p + b->at + front, n, &line);
		if (r == 0)
			r = buf_char(&line, '\n');
		if (r == 0)
			r = stream_put(&o->out, true, line.p, line.n);
		b->at += front + 2 * n;
	}
	buf_free(&line);
	return r;
}
