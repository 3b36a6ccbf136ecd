/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "plugins/ole/ole_write.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT 1024u /* where it begins in the stream */
#define PAGE 512u

/* A document of Word 97: its header, text, and pages of formats. */
struct word {
	struct bytes document, table;
	uint32_t length[8];		     /* characters of the document and what is behind it */
	struct bytes characters, paragraphs; /* lists of pages */
};

static void word_begin(struct word *w)
{
	*w = (struct word){0};
	testing_zeros(&w->document, TEXT);
	testing_set_u16(&w->document, 0, 0xa5ec);
	testing_set_u16(&w->document, 2, 0x00c1);
	testing_set_u16(&w->document, 10, 0x0200);
}

/* A page of formats for octets [from, to): one run. */
static void word_format(struct word *w, bool paragraph, uint32_t from, uint32_t to, const char *sprm, size_t n)
{
	struct bytes *list = paragraph ? &w->paragraphs : &w->characters;
	size_t page;

	testing_zeros(&w->document, (PAGE - w->document.n % PAGE) % PAGE);
	page = w->document.n;
	testing_zeros(&w->document, PAGE);
	testing_set_u32(&w->document, page, from);
	testing_set_u32(&w->document, page + 4, to);
	w->document.p[page + 8] = 100;
	if (paragraph) {
		w->document.p[page + 200] = 0;
		w->document.p[page + 201] = (char)((n + 3) / 2);
		memcpy(w->document.p + page + 204, sprm, n);
	} else {
		w->document.p[page + 200] = (char)n;
		memcpy(w->document.p + page + 201, sprm, n);
	}
	w->document.p[page + PAGE - 1] = 1;
	testing_u32(list, (uint32_t)(page / PAGE));
}

/* A list of pages: positions, which nobody looks at, and then the pages. */
static void word_list(struct word *w, size_t at, struct bytes *pages)
{
	size_t n = pages->n / 4;

	testing_set_u32(&w->document, at, (uint32_t)w->table.n);
	testing_set_u32(&w->document, at + 4, (uint32_t)(n * 8 + 4));
	testing_zeros(&w->table, (n + 1) * 4);
	assert_int_equal(bytes_add(&w->table, pages->p ? pages->p : "", pages->n), 0);
	bytes_free(pages);
}

static void word_tables(struct word *w, bool wide)
{
	uint32_t all = 0;

	for (size_t i = 0; i < 8; i++) {
		testing_set_u32(&w->document, 0x4c + i * 4, w->length[i]);
		all += w->length[i];
	}
	word_list(w, 0xfa, &w->characters);
	word_list(w, 0x102, &w->paragraphs);
	testing_set_u32(&w->document, 0x1a2, (uint32_t)w->table.n);
	testing_set_u32(&w->document, 0x1a6, 5 + 16);
	testing_u8(&w->table, 2);
	testing_u32(&w->table, 16);
	testing_u32(&w->table, 0);
	testing_u32(&w->table, all);
	testing_u16(&w->table, 0);
	testing_u32(&w->table, wide ? TEXT : TEXT * 2 | 0x40000000);
	testing_u16(&w->table, 0);
}

static struct bytes word_end(struct word *w, bool wide)
{
	word_tables(w, wide);
	return testing_compound("WordDocument", &w->document, "1Table", &w->table, "", NULL);
}

static void test_text(void **state)
{
	struct word w;
	struct bytes file;

	(void)state;
	word_begin(&w);
	testing_text(&w.document, "a \x93"
				  "b\x94\rc\x0b"
				  "d\x1e"
				  "e\x1f"
				  "f\r\x13 HYPERLINK \"http://x.example/\" \x14here\x15\rHead\rNote\rSaid\rBox\r");
	w.length[0] = 53;
	w.length[1] = 0;
	w.length[2] = 5;
	w.length[5] = 5;
	w.length[4] = 5;
	w.length[6] = 4;
	file = word_end(&w, false);
	testing_transcript(&file, 0,
			   "a \xe2\x80\x9c"
			   "b\xe2\x80\x9d\nc\nd-ef\nhere\n\f\n\n== hidden\n HYPERLINK \"http://x.example/\" \n"
			   "\n== !headers\nHead\n\n== !comments\nNote\n\n== !notes\nSaid\n\n== !text boxes\nBox\n");
}

static void test_wide(void **state)
{
	struct word w;
	struct bytes file;

	(void)state;
	word_begin(&w);
	testing_wide(&w.document, "a");
	testing_u16(&w.document, 0x416);
	testing_u16(&w.document, 0xd835);
	testing_u16(&w.document, 0xdcee);
	testing_u16(&w.document, '\r');
	w.length[0] = 5;
	file = word_end(&w, true);
	testing_transcript(&file, 0, "a\xd0\x96\xf0\x9d\x93\xae\n");
}

static void test_formats(void **state)
{
	/* fc of "219", "123" hidden, "-09", "4" deleted; then a table of two rows */
	static const char text[] = "219123-094\rName\007SSN\007\007Ann\rB\007219-09-9998\007\007x\r";
	static const char vanish[] = "\x3c\x08\x01", deleted[] = "\x00\x08\x01", in_table[] = "\x16\x24\x01",
			  row_end[] = "\x16\x24\x01\x17\x24\x01";
	struct word w;
	struct bytes file;

	(void)state;
	word_begin(&w);
	assert_int_equal(bytes_add(&w.document, text, sizeof(text) - 1), 0);
	w.length[0] = sizeof(text) - 1;
	word_format(&w, false, TEXT + 3, TEXT + 6, vanish, 3);
	word_format(&w, false, TEXT + 9, TEXT + 10, deleted, 3);
	word_format(&w, true, TEXT + 11, TEXT + 20, in_table, 3);
	word_format(&w, true, TEXT + 20, TEXT + 21, row_end, 6);
	word_format(&w, true, TEXT + 21, TEXT + 39, in_table, 3);
	word_format(&w, true, TEXT + 39, TEXT + 40, row_end, 6);
	file = word_end(&w, false);
	testing_transcript(&file, 0, "219-09\nName\tSSN\nAnn B\t219-09-9998\nx\n\f\n\n== hidden\n123\n4\n");
}

/* Text that no piece has, in front of the piece and behind it. */
static void test_left_over(void **state)
{
	struct word w;
	struct bytes file;

	(void)state;
	word_begin(&w);
	testing_text(&w.document, "now\rolder\roldest");
	testing_set_u16(&w.document, 10, 0x0204);
	testing_set_u32(&w.document, 0x18, TEXT);
	testing_set_u32(&w.document, 0x1c, (uint32_t)w.document.n);
	w.length[0] = 4;
	file = word_end(&w, false);
	testing_transcript(&file, 0, "now\n\f\n\n== hidden\nolder\noldest\n");
	word_begin(&w);
	testing_wide(&w.document, "now\rolder");
	testing_set_u16(&w.document, 10, 0x0204);
	testing_set_u32(&w.document, 0x18, TEXT);
	testing_set_u32(&w.document, 0x1c, (uint32_t)w.document.n);
	w.length[0] = 4;
	file = word_end(&w, true);
	testing_transcript(&file, 0, "now\n\f\n\n== hidden\nolder\n");
}

static void test_refused(void **state)
{
	struct word w;
	struct bytes file;

	(void)state;
	word_begin(&w);
	testing_set_u16(&w.document, 10, 0x0300);
	file = word_end(&w, false);
	testing_transcript(&file, -EACCES, "\n== unread encrypted\n");
	word_begin(&w);
	testing_set_u16(&w.document, 0, 0xa5db); /* Word 2 */
	file = word_end(&w, false);
	testing_transcript(&file, 0, "\n== unread unknown-format\n");
	/* More characters than the stream has; and no table stream. */
	word_begin(&w);
	testing_text(&w.document, "ab\r");
	w.length[0] = 4000;
	file = word_end(&w, false);
	testing_transcript(&file, 0, "\n== unread damaged\nab\n");
	word_begin(&w);
	testing_text(&w.document, "ab\r");
	testing_set_u32(&w.document, 0x4c, 3);
	testing_set_u32(&w.document, 0x18, TEXT);
	file = testing_compound("WordDocument", &w.document, "", NULL, "", NULL);
	testing_transcript(&file, 0, "\n== unread damaged\nab\n");
}

/* Word 6: octets in the code page of its language, and no formats. */
static void test_word6(void **state)
{
	struct bytes b = {0}, file;

	(void)state;
	testing_zeros(&b, TEXT);
	testing_set_u16(&b, 0, 0xa5dc);
	testing_set_u16(&b, 2, 0x65);
	testing_set_u16(&b, 6, 0x419);
	testing_set_u32(&b, 0x18, TEXT);
	testing_set_u32(&b, 0x34, 12);
	testing_text(&b, "\xcc\xe0\rName\007SSN\007");
	testing_text(&b, "\007");
	testing_set_u32(&b, 0x34, 13);
	file = testing_compound("WordDocument", &b, "", NULL, "", NULL);
	testing_transcript(&file, 0, "\xd0\x9c\xd0\xb0\nName\tSSN\t\n");
}

/* A file that was dropped into the document; what Word says of itself; no document at all. */
static void test_compound(void **state)
{
	struct bytes native = {0}, about = {0}, none = {0}, file;

	(void)state;
	testing_u32(&native, 0);
	testing_u16(&native, 2);
	testing_text(&native, "a.txt");
	testing_u8(&native, 0);
	testing_text(&native, "C:\\a.txt");
	testing_u8(&native, 0);
	testing_u32(&native, 0x30000);
	testing_u32(&native, 0);
	testing_u32(&native, 5);
	testing_text(&native, "hello");
	testing_u16(&about, 0xfffe);
	testing_zeros(&about, 22);
	testing_u32(&about, 1);
	testing_zeros(&about, 16);
	testing_u32(&about, 48);
	testing_u32(&about, 0);
	testing_u32(&about, 1);
	testing_u32(&about, 2);
	testing_u32(&about, 16);
	testing_u32(&about, 0x1e);
	testing_u32(&about, 6);
	testing_text(&about, "Title");
	testing_u8(&about, 0);
	file = testing_compound("\001Ole10Native", &native, "\005SummaryInformation", &about, "", NULL);
	testing_transcript(&file, 0, "\n== /a.txt  \nhello\n== end\n\f\n\n== hidden\nTitle\n");
	testing_text(&none, "x");
	file = testing_compound("Other", &none, "", NULL, "", NULL);
	testing_transcript(&file, -ENOTSUP, "");
	testing_text(&none, "x");
	file = testing_compound("EncryptedPackage", &none, "", NULL, "", NULL);
	testing_transcript(&file, -EACCES, "\n== unread encrypted\n");
}

/* A document inside another is a section; an object of a program that nobody knows makes it unreadable, a formula does not. */
static void test_objects(void **state)
{
	static const char *const streams[] = {"VisioDocument", "Equation Native"};
	static const char *const texts[] = {"\n== unread unknown-format\n\n== !object-1\na\n", "\n== !object-1\na\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct word inner;
		struct bytes file = {0};
		struct ole_writer w;
		uint32_t pool, one, other;
		char *p;
		size_t n;

		word_begin(&inner);
		testing_text(&inner.document, "a\r");
		inner.length[0] = 2;
		word_tables(&inner, false);
		ole_write_begin(&w);
		pool = ole_write_folder(&w, OLE_WRITE_ROOT, "ObjectPool");
		one = ole_write_folder(&w, pool, "_1");
		other = ole_write_folder(&w, pool, "_2");
		ole_write_stream(&w, one, "WordDocument", inner.document.p, inner.document.n);
		ole_write_stream(&w, one, "1Table", inner.table.p, inner.table.n);
		ole_write_stream(&w, other, streams[i], "x", 1);
		assert_int_equal(ole_write_end(&w, &p, &n), 0);
		assert_int_equal(bytes_add(&file, p, n), 0);
		free(p);
		bytes_free(&inner.document);
		bytes_free(&inner.table);
		testing_transcript(&file, 0, texts[i]);
	}
}

/* Any octet of a document may be any other: none of that is more than damaged. */
static void test_changed(void **state)
{
	static const char in_table[] = "\x16\x24\x01";
	struct word w;
	struct bytes file;
	struct mw_sink sink = {.max = 1000000, .max_members = 100};
	const char *reason;

	(void)state;
	word_begin(&w);
	testing_text(&w.document, "Name\007SSN\007\007\x13 A \x14 b\x15\r");
	w.length[0] = 20;
	word_format(&w, true, TEXT, TEXT + 9, in_table, 3);
	file = word_end(&w, false);
	for (size_t i = 0; i < file.n; i++) {
		char was = file.p[i];

		file.p[i] = (char)(was ^ (i % 3 ? 0xff : 0x01));
		(void)testing_extract("", file.p, file.n, &sink, &reason);
		fs_reset(&sink);
		file.p[i] = was;
	}
	for (size_t n = 0; n < file.n; n += 7) {
		(void)testing_extract("", file.p, n, &sink, &reason);
		fs_reset(&sink);
	}
	bytes_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),      cmocka_unit_test(test_wide),    cmocka_unit_test(test_formats),
	    cmocka_unit_test(test_left_over), cmocka_unit_test(test_refused), cmocka_unit_test(test_word6),
	    cmocka_unit_test(test_compound),  cmocka_unit_test(test_objects), cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests_name("doc", tests, NULL, NULL);
}
