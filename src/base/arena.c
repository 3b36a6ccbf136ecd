/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 16u
#define FIRST_BLOCK 4096u
#define LARGEST_BLOCK (1024u * 1024u)

struct block {
	struct block *next;
	size_t size, used; /* octets of data[] */
	_Alignas(16) unsigned char data[];
};

struct mw_arena {
	struct block *blocks; /* newest first */
	size_t limit, used, next_size;
};

struct mw_arena *mw_arena_new(size_t limit)
{
	struct mw_arena *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->limit = limit;
	a->next_size = FIRST_BLOCK;
	return a;
}

static struct block *block_new(struct mw_arena *a, size_t n)
{
	size_t size = a->next_size > n ? a->next_size : n;
	struct block *b;

	if (size > SIZE_MAX - sizeof(*b))
		return NULL;
	b = calloc(1, sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	if (a->next_size < LARGEST_BLOCK)
		a->next_size *= 2;
	return b;
}

void *mw_arena_alloc(struct mw_arena *a, size_t n)
{
	struct block *b = a->blocks;
	void *p;

	if (n == 0)
		n = 1;
	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (a->limit && (n > a->limit || a->used > a->limit - n))
		return NULL;
	if (!b || b->size - b->used < n)
		b = block_new(a, n);
	if (!b)
		return NULL;
	p = b->data + b->used;
	b->used += n;
	a->used += n;
	return p;
}

void *mw_arena_array(struct mw_arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return NULL;
	return mw_arena_alloc(a, n * size);
}

char *mw_arena_dup(struct mw_arena *a, const char *p, size_t n)
{
	char *s;

	if (n == SIZE_MAX)
		return NULL;
	s = mw_arena_alloc(a, n + 1);
	if (s && n)
		memcpy(s, p, n);
	return s;
}

char *mw_arena_str(struct mw_arena *a, const char *s)
{
	return mw_arena_dup(a, s, strlen(s));
}

char *mw_arena_printf(struct mw_arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		s = mw_arena_alloc(a, (size_t)n + 1);
	if (s)
		(void)vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return s;
}

void *mw_arena_grow(struct mw_arena *a, void *old, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap ? *cap : 8;
	void *p;

	if (n <= *cap)
		return old;
	while (want < n) {
		if (want > SIZE_MAX / 2)
			return NULL;
		want *= 2;
	}
	p = mw_arena_array(a, want, size);
	if (!p)
		return NULL;
	if (old)
		memcpy(p, old, *cap * size);
	*cap = want;
	return p;
}

size_t mw_arena_used(const struct mw_arena *a)
{
	return a->used;
}

void mw_arena_free(struct mw_arena **ap)
{
	struct block *b, *next;

	if (!ap || !*ap)
		return;
	for (b = (*ap)->blocks; b; b = next) {
		next = b->next;
		explicit_bzero(b->data, b->used);
		free(b);
	}
	free(*ap);
	*ap = NULL;
}
