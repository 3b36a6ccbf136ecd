/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

static size_t record_begin(struct bytes *b, unsigned type, unsigned instance, bool container)
{
	testing_u16(b, instance << 4 | (container ? 0xf : 0));
	testing_u16(b, type);
	testing_u32(b, 0);
	return b->n;
}

static void record_end(struct bytes *b, size_t begin)
{
	testing_set_u32(b, begin - 4, (uint32_t)(b->n - begin));
}

static void narrow(struct bytes *b, const char *s)
{
	size_t r = record_begin(b, 4008, 0, false);

	testing_text(b, s);
	record_end(b, r);
}

static void wide(struct bytes *b, unsigned type, const char *s)
{
	size_t r = record_begin(b, type, 0, false);

	testing_wide(b, s);
	record_end(b, r);
}

static void shape(struct bytes *b, uint32_t top, unsigned kind, const char *text)
{
	size_t sp = record_begin(b, 0xf004, 0, true), r = record_begin(b, 0xf00a, kind, false);

	testing_zeros(b, 8);
	record_end(b, r);
	r = record_begin(b, 0xf00f, 0, false);
	testing_u32(b, 0);
	testing_u32(b, top);
	testing_zeros(b, 8);
	record_end(b, r);
	if (*text)
		narrow(b, text);
	record_end(b, sp);
}

static void table(struct bytes *b)
{
	size_t group = record_begin(b, 0xf003, 0, true), r = record_begin(b, 0xf122, 1, false);

	testing_u16(b, 0x039f);
	testing_u32(b, 1);
	record_end(b, r);
	shape(b, 10, 1, "Name");
	shape(b, 10, 1, "SSN");
	shape(b, 20, 1, "Mary\rAnn");
	shape(b, 20, 1, "219-09-9998");
	shape(b, 20, 20, "");
	record_end(b, group);
}

static void test_slides(void **state)
{
	struct bytes b = {0}, file;
	size_t r, s;

	(void)state;
	r = record_begin(&b, 1000, 0, true);
	s = record_begin(&b, 4080, 0, true);
	record_end(&b, record_begin(&b, 1011, 0, false));
	narrow(&b, "Title\rline\x0b"
		   "two");
	record_end(&b, s);
	s = record_begin(&b, 4057, 0, true);
	wide(&b, 4026, "Foot");
	record_end(&b, s);
	wide(&b, 4026, "http://x.example/");
	wide(&b, 4026, "___PPT10");
	record_end(&b, r);
	r = record_begin(&b, 1006, 0, true);
	wide(&b, 4000, "Box");
	table(&b);
	narrow(&b, "after");
	s = record_begin(&b, 12000, 0, true);
	wide(&b, 4026, "Said");
	record_end(&b, s);
	record_end(&b, r);
	r = record_begin(&b, 1008, 0, true);
	narrow(&b, "Note");
	record_end(&b, r);
	file = testing_compound("PowerPoint Document", &b, "", NULL, "", NULL);
	testing_transcript(
	    &file, 0,
	    "\f\nTitle\nline\ntwo\n\f\nBox\nName\tSSN\nMary Ann\t219-09-9998\nafter\n\f\n\n== hidden\nhttp://x.example/\n"
	    "\n== !headers\nFoot\n\n== !comments\nSaid\n\n== !notes\n\f\nNote\n");
}

/* A slide that is not shown, and an old version of one. */
static void test_hidden(void **state)
{
	struct bytes b = {0}, user = {0}, file;
	size_t slide[2], r, directory, edit;

	(void)state;
	testing_zeros(&b, 0);
	r = record_begin(&b, 1006, 0, true);
	narrow(&b, "old");
	record_end(&b, r);
	slide[0] = b.n;
	r = record_begin(&b, 1006, 0, true);
	narrow(&b, "new");
	record_end(&b, r);
	slide[1] = b.n;
	r = record_begin(&b, 1006, 0, true);
	{
		size_t s = record_begin(&b, 1017, 0, false);

		testing_zeros(&b, 10);
		testing_u16(&b, 4);
		testing_zeros(&b, 4);
		record_end(&b, s);
	}
	narrow(&b, "not shown");
	record_end(&b, r);
	directory = b.n;
	r = record_begin(&b, 6002, 0, false);
	testing_u32(&b, 1 | 2u << 20);
	testing_u32(&b, (uint32_t)slide[0]);
	testing_u32(&b, (uint32_t)slide[1]);
	record_end(&b, r);
	edit = b.n;
	r = record_begin(&b, 0xff5, 0, false);
	testing_zeros(&b, 12);
	testing_u32(&b, (uint32_t)directory);
	testing_zeros(&b, 12);
	record_end(&b, r);
	testing_zeros(&user, 12);
	testing_u32(&user, 0xe391c05f);
	testing_u32(&user, (uint32_t)edit);
	file = testing_compound("PowerPoint Document", &b, "Current User", &user, "", NULL);
	testing_transcript(&file, 0, "\f\nnew\n\f\n\f\n\n== hidden\n\f\nold\nnot shown\n");
}

static void test_encrypted(void **state)
{
	struct bytes b = {0}, user = {0}, file;

	(void)state;
	narrow(&b, "x");
	testing_zeros(&user, 12);
	testing_u32(&user, 0xf3d1c4df);
	file = testing_compound("PowerPoint Document", &b, "Current User", &user, "", NULL);
	testing_transcript(&file, -EACCES, "\n== unread encrypted\n");
}

/* A packed object, whole and cut off; a picture. */
static void test_files(void **state)
{
	static const char plain[] = "hello hello hello hello";
	struct bytes b = {0}, pictures = {0}, file;
	unsigned char packed[128];
	uLongf n = sizeof(packed);
	size_t r;

	(void)state;
	assert_int_equal(compress(packed, &n, (const Bytef *)plain, sizeof(plain) - 1), Z_OK);
	for (uLongf cut = 0; cut <= 8; cut += 8) {
		r = record_begin(&b, 4113, 1, false);
		testing_u32(&b, sizeof(plain) - 1);
		assert_int_equal(bytes_add(&b, (const char *)packed, n - cut), 0);
		record_end(&b, r);
	}
	r = record_begin(&pictures, 0xf01e, 0x6e0, false);
	testing_zeros(&pictures, 17);
	testing_text(&pictures, "\x89PNGdata");
	record_end(&pictures, r);
	file = testing_compound("PowerPoint Document", &b, "Pictures", &pictures, "", NULL);
	{
		struct mw_sink sink = {0};
		const char *reason;

		assert_int_equal(testing_extract("", file.p, file.n, &sink, &reason), 0);
		assert_non_null(strstr(sink.p, "== /object-1  \nhello hello hello hello\n== end\n"));
		assert_non_null(strstr(sink.p, "\n== end damaged\n"));
		assert_non_null(strstr(sink.p, "\n== /image-1.png image/png \n\x89PNGdata\n== end\n"));
		fs_reset(&sink);
	}
	bytes_free(&file);
}

static void test_damaged(void **state)
{
	struct bytes b = {0}, file;

	(void)state;
	narrow(&b, "whole");
	testing_u16(&b, 0);
	testing_u16(&b, 4008);
	testing_u32(&b, 0x7fffffff);
	testing_text(&b, "cut");
	file = testing_compound("PowerPoint Document", &b, "", NULL, "", NULL);
	testing_transcript(&file, 0, "\n== unread damaged\nwhole\ncut\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_slides), cmocka_unit_test(test_hidden),  cmocka_unit_test(test_encrypted),
	    cmocka_unit_test(test_files),  cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("ppt", tests, NULL, NULL);
}
