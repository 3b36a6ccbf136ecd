/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "plugins/ole/ole_write.h"
#include "tests/unit/extracting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_extract_legacy;

int testing_extract(const char *name, const char *p, size_t n, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {.data = {.p = p, .n = n}, .type = "application/x-test", .charset = "", .name = name};

	return ex_once(&mw_plugin_extract_legacy, &doc, sink, reason);
}

void testing_transcript(struct bytes *b, int result, const char *text)
{
	struct mw_sink sink = {0};
	const char *reason;
	int r = testing_extract("", b->p, b->n, &sink, &reason);

	assert_string_equal(sink.p ? sink.p : "", text);
	assert_int_equal(r, result);
	assert_true((r < 0) == (reason != NULL));
	fs_reset(&sink);
	bytes_free(b);
}

static void add(struct bytes *b, const void *p, size_t n)
{
	assert_int_equal(bytes_add(b, p, n), 0);
}

void testing_u8(struct bytes *b, unsigned v)
{
	const char c = (char)v;

	add(b, &c, 1);
}

void testing_u16(struct bytes *b, unsigned v)
{
	testing_u8(b, v & 0xff);
	testing_u8(b, v >> 8 & 0xff);
}

void testing_u32(struct bytes *b, uint32_t v)
{
	testing_u16(b, v & 0xffff);
	testing_u16(b, v >> 16);
}

void testing_text(struct bytes *b, const char *s)
{
	add(b, s, strlen(s));
}

void testing_wide(struct bytes *b, const char *s)
{
	for (; *s; s++)
		testing_u16(b, (unsigned char)*s);
}

void testing_zeros(struct bytes *b, size_t n)
{
	while (n--)
		testing_u8(b, 0);
}

void testing_set_u16(struct bytes *b, size_t at, unsigned v)
{
	assert_true(at + 2 <= b->n);
	b->p[at] = (char)(v & 0xff);
	b->p[at + 1] = (char)(v >> 8 & 0xff);
}

void testing_set_u32(struct bytes *b, size_t at, uint32_t v)
{
	testing_set_u16(b, at, v & 0xffff);
	testing_set_u16(b, at + 2, v >> 16);
}

static void stream(struct ole_writer *w, const char *name, struct bytes *b)
{
	if (*name)
		ole_write_stream(w, OLE_WRITE_ROOT, name, b->p ? b->p : "", b->n);
	if (*name)
		bytes_free(b);
}

struct bytes testing_compound(const char *a, struct bytes *pa, const char *b, struct bytes *pb, const char *c, struct bytes *pc)
{
	struct bytes file = {0};
	struct ole_writer w;
	char *p;
	size_t n;

	ole_write_begin(&w);
	stream(&w, a, pa);
	stream(&w, b, pb);
	stream(&w, c, pc);
	assert_int_equal(ole_write_end(&w, &p, &n), 0);
	add(&file, p, n);
	free(p);
	return file;
}
