/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not realloc(): the old place may hold message text and must be wiped. */
static bool reserve(struct mw_buf *b, size_t n)
{
	size_t want = b->cap ? b->cap : 256;
	char *p;

	if (b->failed || n > SIZE_MAX / 4 - b->n) {
		b->failed = true;
		return false;
	}
	if (b->n + n < b->cap)
		return true;
	while (want <= b->n + n)
		want *= 2;
	p = malloc(want);
	if (!p) {
		b->failed = true;
		return false;
	}
	if (b->p) {
		memcpy(p, b->p, b->n + 1);
		explicit_bzero(b->p, b->n);
		free(b->p);
	}
	b->p = p;
	b->cap = want;
	return true;
}

void mw_buf_reserve(struct mw_buf *b, size_t n)
{
	if (!reserve(b, n) || b->n)
		return;
	b->p[0] = '\0';
}

void mw_buf_add(struct mw_buf *b, const char *p, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void mw_buf_puts(struct mw_buf *b, const char *s)
{
	mw_buf_add(b, s, strlen(s));
}

void mw_buf_putc(struct mw_buf *b, char c)
{
	mw_buf_add(b, &c, 1);
}

void mw_buf_printf(struct mw_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->failed = true;
	else if (reserve(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void mw_buf_cut(struct mw_buf *b, size_t n)
{
	if (n >= b->n)
		return;
	explicit_bzero(b->p + n, b->n - n);
	b->n = n;
}

void mw_buf_clear(struct mw_buf *b)
{
	mw_buf_cut(b, 0);
	b->failed = false;
}

void mw_buf_free(struct mw_buf *b)
{
	mw_buf_clear(b);
	free(b->p);
	*b = (struct mw_buf)MW_BUF_INIT;
}
