/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workbooks: cells as they are shown, and what is not shown.
 */
#include "numfmt.h"
#include "test_package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HIDDEN "\f\n\n== hidden\n"
#define BOOK(sheets)                                                                                                             \
	MAIN("xl/workbook.xml"), {"xl/workbook.xml", "<workbook xmlns:r='http://x/relationships'>" sheets "</workbook>"},        \
	{                                                                                                                        \
		"xl/_rels/workbook.xml.rels",                                                                                    \
		    RELS(REL("worksheet", "1", "worksheets/sheet1.xml") REL("worksheet", "2", "worksheets/sheet2.xml")           \
			     REL("sharedStrings", "3", "sharedStrings.xml") REL("styles", "4", "styles.xml")                     \
				 REL("pivotCacheDefinition", "5", "pivot.xml"))                                                  \
	}
#define ONE BOOK("<sheet name='Patients' sheetId='9' r:id='1'/>")
#define SHEET(body)                                                                                                              \
	{                                                                                                                        \
		"xl/worksheets/sheet1.xml", "<worksheet>" body "</worksheet>"                                                    \
	}
#define ROW(cells) "<row>" cells "</row>"
#define S(ref, text) "<c r='" ref "' t='inlineStr'><is><t>" text "</t></is></c>"
#define N(ref, style, value) "<c r='" ref "' s='" style "'><v>" value "</v></c>"
#define STYLES                                                                                                                   \
	{                                                                                                                        \
		"xl/styles.xml",                                                                                                 \
		    "<x><numFmts><numFmt numFmtId='164' formatCode='000\\-00\\-0000'/></numFmts><cellStyleXfs><xf "              \
		    "numFmtId='9'/>"                                                                                             \
		    "</cellStyleXfs><cellXfs><xf numFmtId='0'/><xf numFmtId='164'/><xf numFmtId='14'/></cellXfs></x>"            \
	}

static const struct sample books[] = {
    {.title = "cells keep their columns",
     {ONE, SHEET(ROW(S("A1", "Name") S("B1", "Room") S("D1", "SSN")) ROW(S("A2", "Ada") S("D2", "219-09-9998"))
		     ROW("<c><v>1</v></c><c><v>2</v></c>"))},
     {"\n== !Patients\nName\tRoom\t\tSSN\nAda\t\t\t219-09-9998\n1\t2\t\t\n"}},
    {.title = "rows of a table have as many cells, its title has one; names below an empty row begin another table",
     {ONE, SHEET(ROW(S("A1", "List")) ROW(S("A2", "Name") S("B2", "SSN") S("C2", "Note")) ROW(S("A3", "Ada") S("B3", "1"))
		     ROW(S("A4", "Bo")) "<row r='9'>" S("A9", "Drug") S("B9", "Dose") "</row>" ROW(S("A10", "x") S("B10", "2")))},
     {"\n== !Patients\nList\nName\tSSN\tNote\nAda\t1\t\nBo\t\t\n\nDrug\tDose\nx\t2\n"}},
    {.title = "a row may be wider than the head",
     {ONE, SHEET(ROW(S("A1", "Name") S("B1", "SSN")) ROW(S("A2", "Ada") S("B2", "1") S("C2", "x")))},
     {"Name\tSSN\t\nAda\t1\tx\n"}},
    {.title = "a gap has an end", {ONE, SHEET(ROW(S("A1", "a") S("XFD1", "b")))}, {"\tb\n"}},
    {.title = "numbers as they are shown: identifiers and days of birth",
     {ONE, STYLES, SHEET(ROW(S("A1", "SSN") S("B1", "DOB")) ROW(N("A2", "1", "219099998") N("B2", "2", "30000")))},
     {"SSN\tDOB\n219-09-9998\t1982-02-18\n"}},
    {.title = "days from 1904 on",
     {BOOK("<workbookPr date1904='1'/><sheet name='Patients' r:id='1'/>"), STYLES, SHEET(ROW(N("A1", "2", "28538")))},
     {"1982-02-18\n"}},
    {.title = "shared texts, in runs; spoken and unused ones are hidden",
     {ONE,
      {"xl/sharedStrings.xml",
       "<sst><si><r><t>219-</t></r><r><t>09-9998</t></r><rPh><t>two</t></rPh></si><si><t>gone</t></si></sst>"},
      SHEET(ROW("<c r='A1' t='s'><v>0</v></c>"))},
     {"219-09-9998\n", "\n== !other\n" HIDDEN "two\ngone\n"}},
    {.title = "a shared text that is missing",
     {ONE, SHEET(ROW("<c r='A1' t='s'><v>7</v></c>" S("B1", "Ada")))},
     {"Ada\n"},
     .reason = "damaged"},
    {.title = "booleans, errors and what formulas gave",
     {ONE,
      SHEET(ROW("<c t='b'><v>1</v></c><c t='e'><v>#N/A</v></c><c t='str'><f>\"Ada\"&amp;\" Mayo 7\"</f><v>Ada Mayo 7</v></c>"))},
     {"TRUE\t#N/A\tAda Mayo 7\n", HIDDEN " Mayo 7\n"}},
    {.title = "hidden rows below the head of the table",
     {ONE, SHEET(ROW(S("A1", "List 2024")) ROW(S("A2", "Name") S("B2", "SSN"))
		     ROW(S("A3", "Bo")) "<row hidden='1'>" S("A4", "Ada") S("B4", "219-09-9998") "</row>")},
     {"List 2024\nName\tSSN\nBo\t\n" HIDDEN "Name\tSSN\nAda\t219-09-9998\n"}},
    {.title = "hidden columns",
     {ONE, SHEET("<cols><col min='2' max='2' hidden='1'/></cols>" ROW(S("A1", "Name") S("B1", "SSN") S("C1", "Room"))
		     ROW(S("A2", "Ada") S("B2", "219-09-9998") S("C2", "12")))},
     {"Name\t\tRoom\nAda\t\t12\n" HIDDEN "Name\tSSN\tRoom\n\t219-09-9998\t\n"}},
    {.title = "a hidden sheet",
     {BOOK("<sheet name='Seen' r:id='1'/><sheet name='Keys' state='veryHidden' r:id='2'/>"),
      SHEET(ROW(S("A1", "a"))),
      {"xl/worksheets/sheet2.xml", "<worksheet>" ROW(S("A1", "b")) "</worksheet>"}},
     {"\n== !Seen\na\n", "\n== !Keys\n\n== hidden\nb\n"}},
    {.title = "comments, drawings, headers of pages, links",
     {ONE,
      SHEET(ROW(S("A1", "a")) "<headerFooter><oddHeader>&amp;LAda</oddHeader></headerFooter><hyperlink ref='A1' tooltip='tip'/>"),
      {"xl/worksheets/_rels/sheet1.xml.rels",
       RELS(REL("comments", "1", "../c.xml") REL("threadedComment", "2", "../t.xml") REL("drawing", "3", "../d.xml"))},
      {"xl/c.xml", "<comments><comment><text><r><t>why</t></r><r><t>?</t></r></text></comment></comments>"},
      {"xl/t.xml", "<x><threadedComment><text>because</text></threadedComment></x>"},
      {"xl/d.xml", "<x xmlns:a='a'><a:p><a:r><a:t>box</a:t></a:r></a:p></x>"}},
     {"a\n\f\n&LAda\n\f\nwhy?\n\f\nbecause\n\f\nbox\n" HIDDEN "tip\n"}},
    {.title = "rows that a pivot table was made of",
     {ONE,
      SHEET(""),
      {"xl/pivot.xml",
       "<p><cacheField name='Name'><sharedItems><s v='Ada'/><s v='Bo'/></sharedItems></cacheField><cacheField name='SSN'/></p>"},
      {"xl/_rels/pivot.xml.rels", RELS(REL("pivotCacheRecords", "1", "records.xml"))},
      {"xl/records.xml", "<x><r><x v='0'/><s v='219-09-9998'/></r></x>"}},
     {"\n== !pivot\n" HIDDEN "Name\tSSN\nAda\t219-09-9998\nBo\t\n"}},
    {.title = "names that are values, and what other workbooks held",
     {BOOK("<sheet name='Patients' r:id='1'/><definedName>\"secret\"</definedName><definedName>Patients!$A$1</definedName>"),
      SHEET(ROW(S("A1", "a"))),
      {"xl/externalLinks/e.xml", "<x><row><cell><v>kept</v></cell></row></x>"}},
     {"\n== !other\n" HIDDEN "kept\n\"secret\"\n"},
     {"$A$1"}},
    {.title = "a format that shows nothing",
     {ONE,
      {"xl/styles.xml", "<x><numFmt numFmtId='170' formatCode=';;;'/><cellXfs><xf numFmtId='170'/></cellXfs></x>"},
      SHEET(ROW(N("A1", "0", "219099998")))},
     {HIDDEN "219099998\n"}},
};

struct number {
	const char *code, *raw, *shown;
};

static const struct number numbers[] = {
    {"General", "219099998", "219099998"},
    {"General", "0.30000000000000004", "0.3"},
    {"General", "1.2345678901234567E+17", "123456789012345664"},
    {"000-00-0000", "19099998", "019-09-9998"},
    {"00000", "1234", "01234"},
    {"00000\\-0000", "12340001", "01234-0001"},
    {"[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "2125551234", "(212) 555-1234"},
    {"[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "5551234", "555-1234"},
    {"\"MRN\" 0000000", "12345", "MRN 0012345"},
    {"#,##0.00", "1234567.891", "1,234,567.89"},
    {"#,##0_);(#,##0)", "-1234", "(1,234)"},
    {"0", "-5", "-5"},
    {"0.0#", "1.5", "1.5"},
    {".00", "0.5", ".50"},
    {"0%", "0.25", "25%"},
    {"[$$-409]#,##0", "12", "$12"},
    {"0.00E+00", "12345", "12345"},
    {"General\" kg\"", "70", "70 kg"},
    {"@", "0012", "0012"},
    {";;;", "5", ""},
    {"m/d/yyyy", "30000", "1982-02-18"},
    {"[$-409]mmmm d, yyyy;@", "30000", "1982-02-18"},
    {"yyyy-mm-dd", "1", "1900-01-01"},
    {"yyyy-mm-dd", "59", "1900-02-28"},
    {"yyyy-mm-dd", "61", "1900-03-01"},
    {"m/d/yy h:mm", "45000.3125", "2023-03-15 07:30"},
    {"h:mm:ss AM/PM", "0.5", "12:00:00"},
    {"[h]:mm", "1.5", "36:00"},
    {"m/d/yyyy", "-1", "-1"},
    {"0", "a", "a"},
};

static void test_books(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(books) / sizeof(*books); i++)
		judge_sample(&books[i]);
}

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const struct number *n = &numbers[i];
		struct numfmt f;
		struct buf b = {0};

		assert_int_equal(numfmt_init(&f, (struct mw_str){.p = n->code, .n = strlen(n->code)}), 0);
		assert_int_equal(numfmt_put(&f, (struct mw_str){.p = n->raw, .n = strlen(n->raw)}, false, &b), 0);
		assert_int_equal(buf_terminate(&b), 0);
		if (strcmp(b.p, n->shown) != 0)
			fail_msg("%s as %s: %s", n->raw, n->code, b.p);
		buf_free(&b);
		numfmt_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_books), cmocka_unit_test(test_numbers)};

	return cmocka_run_group_tests_name("extract-office: workbooks", tests, NULL, NULL);
}
