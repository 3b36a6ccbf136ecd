/* SPDX-License-Identifier: Apache-2.0 */
#include "biff.h"

#include <errno.h>

#define NO_TEXT UINT32_MAX

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

int biff_text(struct biff *b, struct buf *to)
{
	uint32_t n = biff_number(b, 4), high = 0;
	int r = 0;

	to->n = 0;
	if (n == NO_TEXT)
		return 0;
	for (; n && b->n - b->at >= 2 && r == 0; n--) {
		uint32_t c = biff_number(b, 2);

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
