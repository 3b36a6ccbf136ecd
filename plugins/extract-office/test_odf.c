/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenDocument: texts, sheets, slides; in a package and in one file.
 */
#include "test_package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HIDDEN "\f\n\n== hidden\n"
#define SPACES                                                                                                                   \
	" xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' xmlns:text='t' xmlns:table='b' xmlns:draw='d' "        \
	"xmlns:style='s' xmlns:dc='c' xmlns:xlink='l' xmlns:number='n' xmlns:form='f' xmlns:svg='v'"
#define CONTENT(body)                                                                                                            \
	{                                                                                                                        \
		"content.xml", "<office:document-content" SPACES ">" body "</office:document-content>"                           \
	}
#define TEXT(body) CONTENT("<office:body><office:text>" body "</office:text></office:body>")
#define BOOK(body) CONTENT("<office:body><office:spreadsheet>" body "</office:spreadsheet></office:body>")
#define P(text) "<text:p>" text "</text:p>"
#define ROW(cells) "<table:table-row>" cells "</table:table-row>"
#define CELL(text) "<table:table-cell>" P(text) "</table:table-cell>"

static const struct sample samples[] = {
    {.title = "paragraphs, spans, spaces",
     {TEXT("<text:h>Head</text:h>" P(
	 "SSN 219-<text:span>09</text:span>-9998<text:s text:c='2'/>a<text:tab/>b<text:line-break/>c"))},
     {"Head\nSSN 219-09-9998  a\tb\nc\n"}},
    {.title = "a table",
     {TEXT("<table:table>" ROW(CELL("Name") CELL("SSN"))
	       ROW("<table:table-cell>" P("Ada") P("Mayo") "</table:table-cell>" CELL("219-09-9998")) "</table:table>")},
     {"Name\tSSN\nAda Mayo\t219-09-9998\n"}},
    {.title = "notes, remarks and boxes come behind their paragraph",
     {TEXT(P("a<text:note><text:note-citation>1</text:note-citation><text:note-body>" P(
	 "note") "</text:note-body></text:note>b"
		 "<draw:frame><svg:desc>alt</svg:desc><draw:text-box>" P(
		     "box") "</draw:text-box></draw:frame>c"
			    "<office:annotation><dc:creator>Bo</dc:creator>" P("why") "</office:annotation>"))},
     {"abc\nnote\nbox\nwhy\n", HIDDEN "alt\nBo\n"}},
    {.title = "deleted text, hidden sections, styles and controls",
     {CONTENT("<style:style style:name='T1'><style:text-properties text:display='none'/></style:style><office:body><office:text>"
	      "<text:tracked-changes><text:changed-region><text:deletion><office:change-info><dc:creator>Ada May</dc:creator>"
	      "</office:change-info>" P(
		  "gone 1") "</text:deletion></text:changed-region></text:tracked-changes>"
			    "<text:section text:display='none'>" P("sect 2") "</text:section>" P(
				"seen <text:span text:style-name='T1'>style 3</text:span>") "<form:button "
											    "form:label='press'/></office:text></"
											    "office:body>")},
     {"seen \n", "gone 1\n", "sect 2\n", "seen style 3\n", "press\n", HIDDEN "Ada May\ngone 1\n"}},
    {.title = "headers, properties, links, pictures",
     {TEXT(P("<text:a xlink:href='https://x/?a%20b'>go</text:a>")),
      {"styles.xml", "<s" SPACES "><style:header>" P("head") "</style:header><number:text>, </number:text></s>"},
      {"meta.xml", "<m xmlns:dc='c' xmlns:meta='m'><dc:title>Ada</dc:title><meta:user-defined "
		   "meta:name='MRN'>7001234</meta:user-defined></m>"},
      {"settings.xml", "<s xmlns:c='c'><c:config-item c:name='PrinterSetup' c:type='base64Binary'>QUJD</c:config-item>"
		       "<c:config-item c:name='Db' c:type='string'>patients</c:config-item></s>"},
      {"Pictures/1.png", "PNG"},
      {"mimetype", "application/vnd.oasis.opendocument.text"},
      {"layout-cache", "x"}},
     {"go\n", "\n== !headers\nhead\n", "\n== !properties\n" HIDDEN "title: Ada\nMRN: 7001234\n", "\n== /Pictures/1.png",
      "\n== !other\n" HIDDEN "patients\nhttps://x/?a b\n"},
     {"QUJD", ", ", "layout"}},
    {.title = "sheets: columns kept, repeated cells, dates in full, remarks",
     {BOOK(
	 "<table:table table:name='Patients'>" ROW(
	     CELL("Name") "<table:table-cell table:number-columns-repeated='2'/>" CELL("DOB") CELL("SSN"))
	     ROW(CELL("Ada") "<table:table-cell table:number-columns-repeated='2' office:value='7'>" P(
		 "7") "</table:table-cell>"
		      "<table:table-cell office:value-type='date' office:date-value='1982-02-18'>" P(
			  "02/18/82") "</table:table-cell>"
				      "<table:table-cell office:value='219099998'><office:annotation>" P(
					  "check") "</office:annotation>" P("219-09-9998") "</table:table-cell>") "<table:table-"
														  "row "
														  "table:number-"
														  "rows-repeated="
														  "'1048576'><"
														  "table:table-"
														  "cell "
														  "table:number-"
														  "columns-"
														  "repeated='"
														  "16384'/></"
														  "table:table-"
														  "row></"
														  "table:"
														  "table>")},
     {"\n== !Patients\nName\t\t\tDOB\tSSN\nAda\t7\t7\t1982-02-18\t219-09-9998\n\f\ncheck\n"}},
    {.title = "hidden rows, columns and sheets",
     {CONTENT("<style:style style:name='ta2'><style:table-properties "
	      "table:display='false'/></style:style><office:body><office:spreadsheet>"
	      "<table:table table:name='A'><table:table-column/><table:table-column table:visibility='collapse'/>" ROW(
		  CELL("Name") CELL("SSN")) ROW(CELL("Ada") CELL("1")) "<table:table-row table:visibility='filter'>" CELL("Bo")
		  CELL("2") "</table:table-row></table:table>"
			    "<table:table table:name='B' table:style-name='ta2'>" ROW(
				CELL("key")) "</table:table></office:spreadsheet></office:body>")},
     {"\n== !A\nName\nAda\n" HIDDEN "Name\tSSN\n\t1\nBo\t2\n", "\n== !B\n\n== hidden\nkey\n"}},
    {.title = "slides",
     {CONTENT(
	 "<style:style style:name='dp2'><style:drawing-page-properties presentation:visibility='hidden' "
	 "xmlns:presentation='p'/></style:style><office:body>"
	 "<draw:page><draw:frame><draw:text-box>" P("one") "</draw:text-box></draw:frame></"
							   "draw:page><draw:page><draw:custom-shape>" P(
							       "two") "</draw:custom-shape></draw:page>"
								      "<draw:page draw:style-name='dp2'><draw:frame>" P(
									  "three") "</draw:frame></draw:page></office:body>")},
     {"one\n\f\ntwo\n", HIDDEN "three\n"}},
    {.title = "objects inside",
     {TEXT(P("a")),
      {"Object 1/content.xml", "<math xmlns='m'><mi>x</mi><mo>=</mo><mn>5</mn></math>"},
      {"ObjectReplacements/Object 1", "PICTURE"}},
     {"a\n", "\n== !objects\nx = 5"},
     {"PICTURE"}},
    {.title = "encrypted",
     {{"content.xml", "\001\002"},
      {"META-INF/manifest.xml",
       "<m xmlns:m='m'><m:file-entry m:full-path='content.xml'><m:encryption-data/></m:file-entry></m>"}},
     {"\n== unread encrypted\n"},
     {0},
     "encrypted"},
    {.title = "StarOffice",
     {{"content.xml", "<o xmlns:text='http://openoffice.org/2000/text'><text:p>a<text:tab-stop/>b</text:p></o>"}},
     {"a\tb\n"}},
};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		judge_sample(&samples[i]);
}

/* One file, with its pictures in it. */
static void test_flat(void **state)
{
	static const char flat[] =
	    "<?xml version='1.0'?><office:document" SPACES
	    "><office:body><office:text>" P("a 1") "<draw:image><office:binary-data>UE5H\n</office:binary-data></draw:image></"
						   "office:text></office:body></office:document>";
	struct mw_sink sink = {0};
	const char *reason;

	(void)state;
	read_document(flat, sizeof(flat) - 1, &sink, &reason);
	assert_null(reason);
	assert_non_null(strstr(sink.p, "\n== /object  \nPNG\n== end\n"));
	assert_non_null(strstr(sink.p, "a 1\n"));
	fs_reset(&sink);
	read_document(flat, sizeof(flat) - 20, &sink, &reason);
	assert_string_equal(reason, "damaged");
	assert_non_null(strstr(sink.p, "a 1\n"));
	fs_reset(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples), cmocka_unit_test(test_flat)};

	return cmocka_run_group_tests_name("extract-office: OpenDocument", tests, NULL, NULL);
}
