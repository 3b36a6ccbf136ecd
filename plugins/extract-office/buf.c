/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MAX ((size_t)64 * 1024 * 1024)

static int buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 64;
	char *more;

	if (n > BUF_MAX - b->n)
		return -EFBIG;
	while (cap < b->n + n)
		cap *= 2;
	more = malloc(cap);
	if (!more)
		return -ENOMEM;
	if (b->p) {
		memcpy(more, b->p, b->n);
		explicit_bzero(b->p, b->n);
		free(b->p);
	}
	b->p = more;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const char *p, size_t n)
{
	int r = n > b->cap - b->n ? buf_grow(b, n) : 0;

	if (r < 0 || n == 0)
		return r;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

int buf_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_word(struct buf *b, const char *word)
{
	return buf_add(b, word, strlen(word));
}

int buf_code(struct buf *b, uint32_t c)
{
	char utf8[4];

	if (c < 0x80) {
		utf8[0] = (char)c;
		return c >= ' ' || c == '\t' || c == '\n' ? buf_add(b, utf8, 1) : 0;
	}
	if (c < 0x800) {
		utf8[0] = (char)(0xc0 | c >> 6);
		utf8[1] = (char)(0x80 | (c & 0x3f));
		return buf_add(b, utf8, 2);
	}
	if (c < 0x10000) {
		utf8[0] = (char)(0xe0 | c >> 12);
		utf8[1] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (c & 0x3f));
		return c >= 0xd800 && c < 0xe000 ? 0 : buf_add(b, utf8, 3);
	}
	utf8[0] = (char)(0xf0 | c >> 18);
	utf8[1] = (char)(0x80 | (c >> 12 & 0x3f));
	utf8[2] = (char)(0x80 | (c >> 6 & 0x3f));
	utf8[3] = (char)(0x80 | (c & 0x3f));
	return c > 0x10ffff ? 0 : buf_add(b, utf8, 4);
}

int buf_flat(struct buf *b, const char *p, size_t n)
{
	size_t at = b->n;
	int r = buf_add(b, p, n);

	for (; r == 0 && at < b->n; at++)
		if ((unsigned char)b->p[at] < ' ')
			b->p[at] = ' ';
	return r;
}

int buf_terminate(struct buf *b)
{
	int r = buf_char(b, '\0');

	if (r == 0)
		b->n--;
	return r;
}

void buf_free(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->n);
	free(b->p);
	*b = (struct buf){0};
}
