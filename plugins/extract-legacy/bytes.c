/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int bytes_add(struct bytes *b, const char *p, size_t n)
{
	if (n > b->cap - b->n) {
		size_t cap = (b->n + n) * 2 + 64;
		char *more = cap > b->n && n <= SIZE_MAX / 4 ? malloc(cap) : NULL;

		if (!more)
			return -ENOMEM;
		if (b->p) {
			memcpy(more, b->p, b->n);
			explicit_bzero(b->p, b->n);
		}
		free(b->p);
		b->p = more;
		b->cap = cap;
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

size_t bytes_encode(uint32_t c, char to[4])
{
	if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
		return 0;
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

int bytes_char(struct bytes *b, uint32_t c)
{
	char utf8[4];

	return bytes_add(b, utf8, bytes_encode(c, utf8));
}

void bytes_clear(struct bytes *b)
{
	if (b->p)
		explicit_bzero(b->p, b->n);
	b->n = 0;
}

void bytes_free(struct bytes *b)
{
	bytes_clear(b);
	free(b->p);
	*b = (struct bytes){0};
}
