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

/* Octets of the character at p, which has n behind it; 0 = it is none. */
static size_t character(const unsigned char *p, size_t n)
{
	size_t k = p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (k == 0 || k > n)
		return 0;
	for (size_t i = 1; i < k; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, halves of pairs, beyond the end. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return k;
}

void buf_mend(struct buf *b)
{
	unsigned char *p = (unsigned char *)b->p;
	size_t k;

	for (size_t i = 0; i < b->n; i += k) {
		k = p[i] < 0x80 && p[i] ? 1 : character(p + i, b->n - i);
		if (k == 0) {
			p[i] = '?';
			k = 1;
		}
	}
}

void buf_free(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->n);
	free(b->p);
	*b = (struct buf){0};
}
