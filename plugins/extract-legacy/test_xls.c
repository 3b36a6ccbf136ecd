/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"
#include "xls_number.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- records by hand --------------------------------------------------------------------------------------------------------------- */

static size_t record_begin(struct bytes *b, unsigned type)
{
	testing_u16(b, type);
	testing_u16(b, 0);
	return b->n;
}

static void record_end(struct bytes *b, size_t begin)
{
	testing_set_u16(b, begin - 2, (unsigned)(b->n - begin));
}

static void record_empty(struct bytes *b, unsigned type)
{
	record_end(b, record_begin(b, type));
}

static void bof(struct bytes *b, unsigned version, unsigned type)
{
	size_t r = record_begin(b, 0x809);

	testing_u16(b, version);
	testing_u16(b, type);
	testing_zeros(b, version == 0x600 ? 12 : 4);
	record_end(b, r);
}

static void string8(struct bytes *b, const char *s, unsigned width)
{
	if (width == 2)
		testing_u16(b, (unsigned)strlen(s));
	else
		testing_u8(b, (unsigned)strlen(s));
	testing_u8(b, 0);
	testing_text(b, s);
}

/* Returns where its offset is to be written. */
static size_t boundsheet(struct bytes *b, const char *name, bool hidden)
{
	size_t r = record_begin(b, 0x85);

	testing_u32(b, 0);
	testing_u16(b, hidden);
	string8(b, name, 1);
	record_end(b, r);
	return r;
}

static void xf(struct bytes *b, unsigned format)
{
	size_t r = record_begin(b, 0xe0);

	testing_u16(b, 0);
	testing_u16(b, format);
	testing_zeros(b, 16);
	record_end(b, r);
}

static void format(struct bytes *b, unsigned number, const char *code)
{
	size_t r = record_begin(b, 0x41e);

	testing_u16(b, number);
	string8(b, code, 2);
	record_end(b, r);
}

static size_t cell(struct bytes *b, unsigned type, unsigned row, unsigned column, unsigned style)
{
	size_t r = record_begin(b, type);

	testing_u16(b, row);
	testing_u16(b, column);
	testing_u16(b, style);
	return r;
}

static void cell_shared(struct bytes *b, unsigned row, unsigned column, uint32_t string)
{
	size_t r = cell(b, 0xfd, row, column, 0);

	testing_u32(b, string);
	record_end(b, r);
}

static void cell_rk(struct bytes *b, unsigned row, unsigned column, unsigned style, int32_t v)
{
	size_t r = cell(b, 0x27e, row, column, style);

	testing_u32(b, (uint32_t)v << 2 | 2);
	record_end(b, r);
}

static void cell_label(struct bytes *b, unsigned row, unsigned column, const char *s)
{
	size_t r = cell(b, 0x204, row, column, 0);

	string8(b, s, 2);
	record_end(b, r);
}

static void row_info(struct bytes *b, unsigned row, bool hidden)
{
	size_t r = record_begin(b, 0x208);

	testing_u16(b, row);
	testing_zeros(b, 10);
	testing_u32(b, hidden ? 0x20 : 0);
	record_end(b, r);
}

static void column_info(struct bytes *b, unsigned column)
{
	size_t r = record_begin(b, 0x7d);

	testing_u16(b, column);
	testing_u16(b, column);
	testing_u32(b, 0);
	testing_u16(b, 1);
	testing_u16(b, 0);
	record_end(b, r);
}

/* Three strings; the second goes on in a record of its own, where its characters become wide. */
static void shared_strings(struct bytes *b)
{
	size_t r = record_begin(b, 0xfc);

	testing_u32(b, 3);
	testing_u32(b, 3);
	string8(b, "Name", 2);
	testing_u16(b, 8);
	testing_u8(b, 0);
	testing_text(b, "Mary");
	record_end(b, r);
	r = record_begin(b, 0x3c);
	testing_u8(b, 1);
	testing_wide(b, " Ann");
	testing_u16(b, 3); /* rich, with one run of a font */
	testing_u8(b, 8);
	testing_u16(b, 1);
	testing_text(b, "SSN");
	testing_u32(b, 0);
	record_end(b, r);
}

static struct bytes compound(struct bytes *book)
{
	return testing_compound("Workbook", book, "", NULL, "", NULL);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------------------- */

static void test_cells(void **state)
{
	struct bytes b = {0}, file;
	size_t sheet, r;

	(void)state;
	bof(&b, 0x600, 5);
	format(&b, 164, "000\\-00\\-0000");
	xf(&b, 0);
	xf(&b, 164);
	xf(&b, 14);
	sheet = boundsheet(&b, "March", false);
	shared_strings(&b);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, sheet, (uint32_t)b.n);
	bof(&b, 0x600, 0x10);
	cell_shared(&b, 0, 0, 0);
	cell_shared(&b, 0, 1, 2);
	cell_shared(&b, 1, 0, 1);
	cell_rk(&b, 1, 1, 1, 219099998);
	cell_rk(&b, 1, 3, 2, 36526);
	r = cell(&b, 0x06, 2, 0, 0); /* a formula whose result is text */
	testing_zeros(&b, 6);
	testing_u16(&b, 0xffff);
	testing_zeros(&b, 6);
	record_end(&b, r);
	r = record_begin(&b, 0x207);
	string8(&b, "a\tb\nc", 2);
	record_end(&b, r);
	r = record_begin(&b, 0xbd);
	testing_u16(&b, 9);
	testing_u16(&b, 0);
	testing_u16(&b, 0);
	testing_u32(&b, 7u << 2 | 2);
	testing_u16(&b, 0);
	testing_u32(&b, 100u << 2 | 3);
	testing_u16(&b, 1);
	record_end(&b, r);
	r = cell(&b, 0x205, 9, 2, 0);
	testing_u16(&b, 1);
	record_end(&b, r);
	record_empty(&b, 0x0a);
	file = compound(&b);
	testing_transcript(&file, 0, "\n== !March\nName\tSSN\nMary Ann\t219-09-9998\t\t1/1/2000\na b c\n\n7\t1\tTRUE");
}

static void test_hidden(void **state)
{
	struct bytes b = {0}, file;
	size_t seen, hidden;

	(void)state;
	bof(&b, 0x600, 5);
	format(&b, 164, ";;;");
	xf(&b, 0);
	xf(&b, 164);
	seen = boundsheet(&b, "A", false);
	hidden = boundsheet(&b, "B", true);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, seen, (uint32_t)b.n);
	bof(&b, 0x600, 0x10);
	column_info(&b, 1);
	row_info(&b, 1, true);
	row_info(&b, 2, false);
	cell_label(&b, 0, 0, "a");
	cell_label(&b, 0, 1, "column");
	cell_label(&b, 0, 2, "b");
	cell_label(&b, 1, 0, "row");
	cell_label(&b, 2, 0, "c");
	cell_rk(&b, 2, 2, 1, 42);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, hidden, (uint32_t)b.n);
	bof(&b, 0x600, 0x10);
	cell_label(&b, 0, 0, "sheet");
	record_empty(&b, 0x0a);
	file = compound(&b);
	testing_transcript(&file, 0,
			   "\n== !A\na\t\tb\nc\n\f\n\n== hidden\n\tcolumn\nrow\n\t\t42\n"
			   "\n== !B\n\f\n\n== hidden\nsheet\n");
}

static void test_beside(void **state)
{
	struct bytes b = {0}, file;
	size_t sheet, r;

	(void)state;
	bof(&b, 0x600, 5);
	sheet = boundsheet(&b, "A", false);
	r = record_begin(&b, 0x5a); /* cells of another workbook */
	testing_u32(&b, 1);
	testing_u8(&b, 2);
	string8(&b, "cached", 2);
	testing_u8(&b, 1);
	testing_u32(&b, 0);
	testing_u32(&b, 0x40450000);
	record_end(&b, r);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, sheet, (uint32_t)b.n);
	bof(&b, 0x600, 0x10);
	r = record_begin(&b, 0x14);
	string8(&b, "&L&\"Arial,Bold\"St. Mary&&Co&RPage", 2);
	record_end(&b, r);
	r = record_begin(&b, 0x1b6);
	testing_zeros(&b, 10);
	testing_u16(&b, 7);
	testing_zeros(&b, 6);
	record_end(&b, r);
	r = record_begin(&b, 0x3c);
	testing_u8(&b, 0);
	testing_text(&b, "comment");
	record_end(&b, r);
	r = record_begin(&b, 0x1c);
	testing_zeros(&b, 8);
	string8(&b, "Author", 2);
	record_end(&b, r);
	r = record_begin(&b, 0x1b8);
	testing_zeros(&b, 32);
	testing_wide(&b, "mailto:a@x.example");
	testing_zeros(&b, 2);
	record_end(&b, r);
	record_empty(&b, 0x0a);
	file = compound(&b);
	testing_transcript(&file, 0,
			   "\f\n\n== hidden\ncached\n42\n\n== !A\n\f\n\n== hidden\nmailto:a@x.example\n"
			   "\n== !headers\nSt. Mary&Co Page\n== !comments\ncomment\nAuthor");
}

static void test_encrypted(void **state)
{
	struct bytes b = {0}, file;

	(void)state;
	bof(&b, 0x600, 5);
	record_empty(&b, 0x2f);
	file = compound(&b);
	testing_transcript(&file, -EACCES, "\n== unread encrypted\n");
}

/* Excel 5: octets of a code page; and Excel 2 to 4, a sheet without a workbook. */
static void test_old(void **state)
{
	struct bytes b = {0}, file;
	size_t sheet, r;

	(void)state;
	bof(&b, 0x500, 5);
	r = record_begin(&b, 0x42);
	testing_u16(&b, 1251);
	record_end(&b, r);
	sheet = record_begin(&b, 0x85);
	testing_zeros(&b, 6);
	testing_u8(&b, 1);
	testing_text(&b, "\xcc");
	record_end(&b, sheet);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, sheet, (uint32_t)b.n);
	bof(&b, 0x500, 0x10);
	r = cell(&b, 0x204, 0, 0, 0);
	testing_u16(&b, 2);
	testing_text(&b, "\xcc\xe0");
	record_end(&b, r);
	record_empty(&b, 0x0a);
	file = testing_compound("Book", &b, "", NULL, "", NULL);
	testing_transcript(&file, 0, "\n== !\xd0\x9c\n\xd0\x9c\xd0\xb0");

	r = record_begin(&b, 0x409);
	testing_u16(&b, 0);
	testing_u16(&b, 0x10);
	record_end(&b, r);
	r = cell(&b, 0x204, 0, 1, 0);
	testing_u16(&b, 3);
	testing_text(&b, "old");
	record_end(&b, r);
	record_empty(&b, 0x0a);
	testing_transcript(&b, 0, "\told");

	r = record_begin(&b, 0x09);
	testing_u16(&b, 2);
	testing_u16(&b, 0x10);
	record_end(&b, r);
	r = record_begin(&b, 0x04);
	testing_zeros(&b, 7);
	testing_u8(&b, 5);
	testing_text(&b, "older");
	record_end(&b, r);
	record_empty(&b, 0x0a);
	testing_transcript(&b, 0, "older");
}

/* What is cut off gives what there is. */
static void test_damaged(void **state)
{
	struct bytes b = {0}, file;
	size_t sheet;

	(void)state;
	bof(&b, 0x600, 5);
	sheet = boundsheet(&b, "A", false);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, sheet, (uint32_t)b.n);
	bof(&b, 0x600, 0x10);
	cell_label(&b, 0, 0, "a");
	cell_shared(&b, 0, 1, 77);
	testing_u16(&b, 0x204);
	testing_u16(&b, 99);
	file = compound(&b);
	testing_transcript(&file, 0, "\n== unread damaged\n\n== !A\na");

	bof(&b, 0x600, 5);
	sheet = boundsheet(&b, "A", false);
	record_empty(&b, 0x0a);
	testing_set_u32(&b, sheet, 999999);
	file = compound(&b);
	testing_transcript(&file, 0, "\n== unread damaged\n");
}

struct number {
	double v;
	const char *format, *text;
};

static void test_numbers(void **state)
{
	static const struct number rows[] = {
	    {219099998, "000-00-0000", "219-09-9998"},
	    {19099998, "000\\-00\\-0000", "019-09-9998"},
	    {5551234567, "[<=9999999]###-####;(###) ###-####", "(555) 123-4567"},
	    {1234567, "[<=9999999]###-####;(###) ###-####", "123-4567"},
	    {12, "\"MRN \"00000", "MRN 00012"},
	    {1234.5, "#,##0.00", "1,234.50"},
	    {-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"},
	    {-2, "0", "-2"},
	    {0, "0;-0;\"none\"", "none"},
	    {0.256, "0.0%", "25.6%"},
	    {1234567, "#,##0,", "1,235"},
	    {0.5, "#.##", ".5"},
	    {9, "(General)", "(9)"},
	    {1e20, "0", "100000000000000000000"},
	    {123456789012, "", "123456789012"},
	    {0.1, "0.00E+00", "0.1"},
	    {36526, "m/d/yyyy", "1/1/2000"},
	    {36526, "[$-409]d\\-mmm\\-yy;@", "1-Jan-00"},
	    {36526, "dddd, mmmm dd, yyyy", "Saturday, January 01, 2000"},
	    {36526.75, "yyyy-mm-dd hh:mm:ss", "2000-01-01 18:00:00"},
	    {0.5, "h:mm AM/PM", "12:00 PM"},
	    {1.5, "[h]:mm:ss", "36:00:00"},
	    {0.000011574, "ss.0", "01.0"},
	    {59, "m/d/yyyy", "2/28/1900"},
	    {61, "m/d/yyyy", "3/1/1900"},
	    {-1, "m/d/yyyy", "-1"},
	    {1e300, "m/d/yyyy", "1e+300"},
	    {1, ";;;", ""},
	    {1, "\"open", "open"},
	    {1, "\\", "\\"},
	    {1, "[", "["},
	};
	char text[XLS_NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(xls_number(rows[i].v, rows[i].format, false, text), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
	}
	assert_int_equal(xls_number(0, "yyyy", true, text), 4);
	assert_string_equal(text, "1904");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cells),     cmocka_unit_test(test_hidden), cmocka_unit_test(test_beside),
	    cmocka_unit_test(test_encrypted), cmocka_unit_test(test_old),    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("xls", tests, NULL, NULL);
}
