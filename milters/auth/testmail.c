/* SPDX-License-Identifier: Apache-2.0 */
#include "testmail.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	alignas(16) unsigned char data[];
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void *give(void *ctx, size_t n)
{
	struct tm_mail *m = ctx;
	struct block *b;

	if (m->fail_alloc && --m->fail_alloc == 0)
		return NULL;
	b = must(calloc(1, sizeof(*b) + n));
	b->next = m->blocks;
	m->blocks = b;
	return b->data;
}

static int read_body(void *ctx, int (*fn)(void *fn_ctx, const char *p, size_t n), void *fn_ctx)
{
	const struct tm_mail *m = ctx;
	size_t at = 0;

	while (m->fail_body == 0 && at < m->body.n) {
		size_t n = m->piece && m->piece < m->body.n - at ? m->piece : m->body.n - at;
		int r = fn(fn_ctx, m->body.p + at, n);

		if (r != 0)
			return r;
		at += n;
	}
	return m->fail_body;
}

/* Where the line at p ends: behind its LF. */
static const char *line_end(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? lf + 1 : end;
}

static void add_field(struct tm_mail *m, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));

	if (end > p && end[-1] == '\n')
		end--;
	if (end > p && end[-1] == '\r')
		end--;
	if (!colon || colon >= end)
		colon = end;
	m->field = must(realloc(m->field, (m->mail.fields + 1) * sizeof(*m->field)));
	m->field[m->mail.fields].name = (struct mw_str){.p = p, .n = (size_t)(colon - p)};
	m->field[m->mail.fields].value =
	    (struct mw_str){.p = colon < end ? colon + 1 : end, .n = colon < end ? (size_t)(end - colon - 1) : 0};
	m->mail.fields++;
}

void tm_open(struct tm_mail *m, const char *p, size_t n)
{
	const char *end = p + n;

	*m = (struct tm_mail){0};
	while (p < end && *p != '\n' && !(*p == '\r' && p + 1 < end && p[1] == '\n')) {
		const char *next = line_end(p, end);

		while (next < end && (*next == ' ' || *next == '\t'))
			next = line_end(next, end);
		add_field(m, p, next);
		p = next;
	}
	p = p < end ? line_end(p, end) : p;
	m->body = (struct mw_str){.p = p, .n = (size_t)(end - p)};
	m->mail.field = m->field;
	m->mail.body = read_body;
	m->mail.alloc = give;
	m->mail.body_ctx = m->mail.alloc_ctx = m;
	m->mail.receiver = "mx.example";
	m->mail.now = 1700000000;
}

void tm_close(struct tm_mail *m)
{
	for (struct block *b = m->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(m->field);
	*m = (struct tm_mail){0};
}

struct mw_str tm_read(const char *path)
{
	struct mw_str text = {0};
	FILE *f = fopen(path, "rb");
	long n;
	char *p;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
		exit(2);
	p = malloc((size_t)n + 1);
	if (!p || fread(p, 1, (size_t)n, f) != (size_t)n)
		exit(2);
	(void)fclose(f);
	text.p = p;
	text.n = (size_t)n;
	return text;
}
