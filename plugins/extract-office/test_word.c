/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text documents and presentations: what is seen, and what is not.
 */
#include "test_package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define W "<w:document xmlns:w='w' xmlns:r='http://x/relationships' xmlns:mc='mc' xmlns:v='v' xmlns:wp='wp'><w:body>"
#define W_END "</w:body></w:document>"
#define DOC(body)                                                                                                                \
	MAIN("word/document.xml"),                                                                                               \
	{                                                                                                                        \
		"word/document.xml", W body W_END                                                                                \
	}
#define P(runs) "<w:p>" runs "</w:p>"
#define T(text) "<w:r><w:t>" text "</w:t></w:r>"
#define CELL(text) "<w:tc>" P(T(text)) "</w:tc>"
#define TR(cells) "<w:tr>" cells "</w:tr>"
#define TBL(rows) "<w:tbl>" rows "</w:tbl>"
#define DOC_RELS(rows)                                                                                                           \
	{                                                                                                                        \
		"word/_rels/document.xml.rels", RELS(rows)                                                                       \
	}
#define BESIDE(name, body)                                                                                                       \
	{                                                                                                                        \
		"word/" name, "<w:x xmlns:w='w'>" body "</w:x>"                                                                  \
	}
#define X16(s) s s s s s s s s s s s s s s s s
#define DEEP X16(X16("<b><b><b><b><b><b><b><b><b>"))
#define HIDDEN "\f\n\n== hidden\n"

static const struct sample word[] = {
    {.title = "a number over runs",
     {DOC(P(T("SSN 219-") T("09") "<w:r><w:rPr><w:b/></w:rPr><w:t>-9998</w:t></w:r>"))},
     {"SSN 219-09-9998\n"}},
    {.title = "paragraphs", {DOC(P(T("a")) P("") P("") P(T("b")))}, {"a\n\nb\n"}},
    {.title = "breaks, tabs and hyphens",
     {DOC(P("<w:pPr><w:tabs><w:tab w:pos='1'/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>1</w:t>"
	    "<w:noBreakHyphen/><w:t>2</w:t><w:sym w:font='Symbol' w:char='F033'/></w:r>"))},
     {"a\tb\n1-23\n"}},
    {.title = "a table",
     {DOC(TBL(TR(CELL("Name") CELL("SSN")) TR("<w:tc>" P(T("Ada")) P(T("Mayo")) "</w:tc>" CELL("219-09-9998"))))},
     {"Name\tSSN\nAda Mayo\t219-09-9998\n"}},
    {.title = "a table of one cell is none", {DOC(TBL(TR("<w:tc>" P(T("a")) P(T("b")) "</w:tc>")))}, {"a\nb\n"}},
    {.title = "a table in a cell comes behind its row",
     {DOC(TBL(TR(CELL("a") "<w:tc>" P(T("b")) TBL(TR(CELL("SSN") CELL("c"))) "</w:tc>" CELL("d"))))},
     {"a\tb\td\nSSN\tc\n"}},
    {.title = "cells that take several columns, but for one that takes all",
     {DOC(TBL(TR("<w:tc><w:tcPr><w:gridSpan w:val='3'/></w:tcPr>" P(T("head")) "</w:tc>")
		  TR("<w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>" P(T("a")) "</w:tc>" CELL("b"))))},
     {"head\na\t\tb\n"}},
    {.title = "a table is no part of the paragraph before",
     {DOC(P(T("a")) TBL(TR(CELL("b") CELL("c"))) P(T("d")))},
     {"a\nb\tc\nd\n"}},
    {.title = "deleted text is hidden, its words around it with it",
     {DOC(P(T("SSN: ") "<w:del><w:r><w:delText>219-09-9998</w:delText></w:r></w:del><w:ins>" T("none") "</w:ins>"))},
     {"SSN: none\n", HIDDEN "SSN: 219-09-9998none\n"}},
    {.title = "who has changed the text is told once, and is not seen",
     {DOC(P(T("a") "<w:ins w:author='Ada May'>" T("b") "</w:ins><w:del w:author='Bo'><w:r><w:delText>c</w:delText></w:r></w:del>")
	      P("<w:pPr><w:rPr><w:ins w:author='Ada'/></w:rPr><w:pPrChange w:author='Ada May'/></w:pPr>"
		"<w:r><w:rPr><w:rPrChange w:author='Bo'/></w:rPr><w:t>d</w:t></w:r>"))},
     {"ab\nd\n", HIDDEN "abc\nAda May\nBo\nAda\n"},
     {"Bo\nBo", "Ada May\nAda May", "May\nBo\nAda May"}},
    {.title = "moved text is seen once",
     {DOC(P("<w:moveFrom>" T("x1") "</w:moveFrom>") P("<w:moveTo>" T("y1") "</w:moveTo>"))},
     {"y1\n" HIDDEN "x1\n"}},
    {.title = "hidden text",
     {DOC(P(T(
	 "a") "<w:r><w:rPr><w:vanish/></w:rPr><w:t>b1</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>c</w:t></w:r>"))},
     {"ac\n", HIDDEN "ab1c\n"}},
    {.title = "the mark of a paragraph is hidden, its text is not",
     {DOC(P("<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>" T("a")))},
     {"a\n"},
     {"hidden"}},
    {.title = "a style that hides",
     {DOC(P(T("a ") "<w:r><w:rPr><w:rStyle w:val='H2'/></w:rPr><w:t>b1</w:t></w:r>")), DOC_RELS(REL("styles", "s", "styles.xml")),
      BESIDE("styles.xml", "<w:style w:styleId='H'><w:rPr><w:vanish/></w:rPr></w:style>"
			   "<w:style w:styleId='H2'><w:basedOn w:val='H'/></w:style>")},
     {"a \n", HIDDEN "a b1\n"}},
    {.title = "fields and links",
     {DOC(P("<w:r><w:instrText>HYPERLINK mailto:a1</w:instrText></w:r>" T("click"))
	      P("<w:fldSimple w:instr='MERGEFIELD mrn'>" T("7") "</w:fldSimple>")),
      DOC_RELS("<Relationship Id='x' Type='h/hyperlink' Target='https://x/?n=Ada%20May&amp;m=1' TargetMode='External'/>")},
     {"click\n7\n", HIDDEN "HYPERLINK mailto:a1click\nMERGEFIELD mrn\n", "https://x/?n=Ada May&m=1\n"}},
    {.title = "a box comes behind its paragraph",
     {DOC(P("<w:r><w:t>be</w:t><w:pict><v:textbox><w:txbxContent>" P(T("in")) P(T("side")) "</w:txbxContent></v:textbox></w:pict>"
											   "<w:t>fore</w:t></w:r>"))},
     {"before\nin\nside\n"}},
    {.title = "of alternatives one is read",
     {DOC(P("<w:r><mc:AlternateContent><mc:Choice><w:t>one</w:t></mc:Choice><mc:Fallback><w:t>o ne</w:t></mc:Fallback>"
	    "</mc:AlternateContent></w:r>"))},
     {"one\n"},
     {"o ne", "hidden"}},
    {.title = "of alternatives the other is hidden, when it differs",
     {DOC(P("<w:r><mc:AlternateContent><mc:Choice><w:t>one</w:t></mc:Choice><mc:Fallback><w:t>two</w:t></mc:Fallback>"
	    "</mc:AlternateContent></w:r>"))},
     {"one\n", HIDDEN "two\n"}},
    {.title = "what stands beside a picture, in a control, in a form",
     {DOC(P("<wp:docPr id='1' name='Picture 1' descr='x-ray of Ada'/>") "<w:sdt><w:sdtPr><w:alias w:val='Patient'/></w:sdtPr>"
									"<w:sdtContent>" P(T("Ada")) "</w:sdtContent></w:sdt>" P(
									    "<w:smartTag>" T("St. Anne") "</w:smartTag>"))},
     {"Ada\nSt. Anne\n", HIDDEN "x-ray of Ada\nPatient\n"},
     {"Picture 1"}},
    {.title = "headers, notes and comments",
     {DOC(P(T("a"))),
      DOC_RELS(REL("header", "1", "header1.xml") REL("footer", "2", "footer1.xml") REL("footnotes", "3", "footnotes.xml") REL(
	  "endnotes", "4", "endnotes.xml") REL("comments", "5", "comments.xml") REL("glossaryDocument", "6", "g/d.xml")),
      BESIDE("header1.xml", P(T("head"))), BESIDE("footer1.xml", P(T("foot"))), BESIDE("footnotes.xml", P(T("note"))),
      BESIDE("endnotes.xml", P(T("end"))), BESIDE("comments.xml", "<w:comment w:author='Bo'>" P(T("why?")) "</w:comment>"),
      BESIDE("g/d.xml", P(T("block")))},
     {"\n== !headers\nhead\n\f\nfoot\n", "\n== !notes\nnote\n\f\nend\n", "\n== !comments\nBo: why?\n",
      "\n== !glossary\n" HIDDEN "block\n"}},
    {.title = "a chart and a diagram",
     {DOC(P(T("a"))), DOC_RELS(REL("chart", "1", "charts/c.xml") REL("diagramData", "2", "d.xml")),
      BESIDE(
	  "charts/c.xml",
	  "<w:ser><w:f>Sheet1!$A$1</w:f><w:strCache><w:pt><w:v>Ada</w:v></w:pt><w:pt><w:v>Bo</w:v></w:pt></w:strCache></w:ser>"),
      BESIDE("d.xml", "<w:pt><w:t><w:p><w:r><w:t>box</w:t></w:r></w:p></w:t></w:pt>")},
     {"a\n\f\nAda\tBo\n\f\nbox"},
     {"Sheet1!"}},
    {.title = "properties",
     {{"word/document.xml", W P(T("a")) W_END},
      {"docProps/core.xml", "<c xmlns:d='d'><d:title>Ada Mayo</d:title><d:n>12</d:n></c>"},
      {"docProps/custom.xml", "<P><property name='MRN'><lpwstr>7001234</lpwstr></property></P>"},
      {"_rels/.rels", RELS(REL("officeDocument", "1", "/word/document.xml") REL("core-properties", "2", "docProps/core.xml")
			       REL("custom-properties", "3", "docProps/custom.xml"))}},
     {"\n== !properties\n" HIDDEN "title: Ada Mayo\nMRN: 7001234\n"}},
    {.title = "pictures and files are members, unknown texts hidden",
     {DOC(P(T("a"))),
      DOC_RELS(REL("aFChunk", "1", "chunk.html")),
      {"[Content_Types].xml", "<Types><Default Extension='html' ContentType='text/html'/></Types>"},
      {"word/chunk.html", "<b>c</b>"},
      {"word/media/image1.png", "PNG"},
      {"word/embeddings/oleObject1.bin", "OLE"},
      {"customXml/item1.xml", "<r><ssn>219-09-9998</ssn></r>"}},
     {"\n== /word/chunk.html text/html \n<b>c</b>\n== end\n", "\n== /word/media/image1.png  \nPNG\n== end\n",
      "\n== /word/embeddings/oleObject1.bin", "\n== !other\n" HIDDEN "219-09-9998\n"}},
    {.title = "a main part of another name, strict, and relations in capitals",
     {MAIN("WORD/document2.xml"),
      {"word/Document2.xml",
       "<document xmlns='http://purl.oclc.org/ooxml/wordprocessingml/main'><body><p><r><t>a</t></r></p></body></document>"}},
     {"a\n"},
     {"other"}},
    {.title = "no relations", {{"word/document.xml", W P(T("a")) W_END}}, {"a\n"}, {"other"}},
    {.title = "a document that ends too early",
     {MAIN("word/document.xml"), {"word/document.xml", W P(T("a")) P(T("b"))}},
     {"a\nb\n", "\n== unread damaged\n"},
     {0},
     "damaged"},
    {.title = "a limit: what was read by then stays",
     {MAIN("word/document.xml"), {"word/document.xml", W P(T("a")) P(DEEP)}},
     {"a\n"},
     {0},
     "limit"},
    {.title = "octets that are no UTF-8",
     {MAIN("word/document.xml"),
      {"word/document.xml", W P(T("a\xe9\xff"
				  "1")) W_END}},
     {"a??1\n"},
     {0},
     "damaged"},
    {.title = "entities are not expanded",
     {MAIN("word/document.xml"),
      {"word/document.xml", "<!DOCTYPE d [<!ENTITY a 'lol'><!ENTITY b '&a;&a;'>]>" W P(T("x&b;y")) W_END}},
     {"x"},
     {"lol"},
     "damaged"},
};

#define A(body) "<p:sld xmlns:p='p' xmlns:a='a'>" body "</p:sld>"
#define AT(text) "<a:p><a:r><a:t>" text "</a:t></a:r></a:p>"
#define SHOW                                                                                                                     \
	MAIN("ppt/presentation.xml"),                                                                                            \
	    {"ppt/presentation.xml", "<p:x xmlns:p='p' xmlns:r='http://x/relationships'><p:sldId id='256' r:id='two'/><p:sldId " \
				     "id='257' r:id='one'/></p:x>"},                                                             \
	{                                                                                                                        \
		"ppt/_rels/presentation.xml.rels",                                                                               \
		    RELS(REL("slide", "one", "slides/slide1.xml") REL("slide", "two", "slides/slide2.xml"))                      \
	}

static const struct sample slides[] = {
    {.title = "slides in order, one of them hidden",
     {SHOW,
      {"ppt/slides/slide1.xml",
       A(AT("first") "<a:tbl><a:tr><a:tc>" AT("Name") "</a:tc><a:tc>" AT("SSN") "</a:tc></a:tr></a:tbl>")},
      {"ppt/slides/slide2.xml", "<p:sld show='0' xmlns:p='p' xmlns:a='a'>" AT("unseen") "</p:sld>"}},
     {"first\nName\tSSN\n", HIDDEN "unseen\n"}},
    {.title = "a page between slides",
     {SHOW, {"ppt/slides/slide1.xml", A(AT("a"))}, {"ppt/slides/slide2.xml", A(AT("b"))}},
     {"b\n\f\na\n"}},
    {.title = "notes, comments, master and diagram",
     {SHOW,
      {"ppt/slides/slide1.xml", A(AT("a"))},
      {"ppt/slides/slide2.xml", A(AT("b"))},
      {"ppt/slides/_rels/slide1.xml.rels", RELS(REL("notesSlide", "1", "../n.xml") REL("comments", "2", "../c.xml")
						    REL("slideLayout", "3", "../l.xml") REL("diagramData", "4", "../d.xml"))},
      {"ppt/_rels/l.xml.rels", RELS(REL("slideMaster", "1", "m.xml"))},
      {"ppt/n.xml", A(AT("note"))},
      {"ppt/c.xml", A("<p:cm><p:text>remark</p:text></p:cm>")},
      {"ppt/l.xml", A(AT("layout"))},
      {"ppt/m.xml", A(AT("master"))},
      {"ppt/d.xml", A(AT("art"))}},
     {"b\n\f\na\n\f\nart\n", "\n== !notes\nnote\n", "\n== !comments\nremark\n", "\n== !masters\nlayout\n\f\nmaster\n"}},
};

static void test_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		judge_sample(&word[i]);
}

static void test_slides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(slides) / sizeof(*slides); i++)
		judge_sample(&slides[i]);
}

/* A file that was cut off gives what is there. */
static void test_cut(void **state)
{
	char zip[8192];
	struct mw_sink sink = {0};
	const char *reason;
	size_t n = pack(word[0].file, zip, sizeof(zip));

	(void)state;
	read_document(zip, n - 40, &sink, &reason);
	assert_string_equal(reason, "damaged");
	assert_non_null(strstr(sink.p, "219-09-9998"));
	fs_reset(&sink);
	read_document("", 0, &sink, &reason);
	assert_string_equal(reason, "damaged");
	fs_reset(&sink);
}

/* An entry that is damaged takes no other with it. */
static void test_damaged_entry(void **state)
{
	static const struct file files[FILES_MAX] = {
	    {"word/styles.xml", "<styles>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</styles>"},
	    {"word/media/a.png", "PNG and PNG and PNG and PNG and PNG and PNG"},
	    {"word/document.xml", W P(T("all of it")) W_END},
	    {"word/media/b.png", "other"},
	};
	char zip[8192], *at;
	struct mw_sink sink = {0};
	const char *reason;
	size_t n = pack(files, zip, sizeof(zip));

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		at = memmem(zip, n, files[i].name, strlen(files[i].name));
		assert_non_null(at);
		memset(at + strlen(files[i].name) + 30, 0xff, 6);
	}
	read_document(zip, n, &sink, &reason);
	assert_string_equal(reason, "damaged");
	assert_non_null(strstr(sink.p, "all of it\n"));
	assert_non_null(strstr(sink.p, "/word/media/b.png  \nother\n== end\n"));
	assert_non_null(strstr(sink.p, "\n== end damaged\n"));
	fs_reset(&sink);
}

/* What is no package: the host judges it anew, but what Office encrypts is in an OLE file. */
static void test_other_formats(void **state)
{
	static const char ole[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
	struct mw_sink sink = {0};
	const char *reason;

	(void)state;
	read_document(ole, sizeof(ole) - 1, &sink, &reason);
	assert_string_equal(reason, "encrypted");
	fs_reset(&sink);
	read_document(ole, 12, &sink, &reason);
	assert_null(reason);
	assert_non_null(strstr(sink.p, "\n== /content application/x-ole-storage \n"));
	fs_reset(&sink);
	read_document("{\\rtf1 a}", 9, &sink, &reason);
	assert_null(reason);
	assert_non_null(strstr(sink.p, "\n== /content  \n{\\rtf1 a}\n== end\n"));
	fs_reset(&sink);
}

static void test_limits(void **state)
{
	static const struct file files[FILES_MAX] = {{"word/media/a.png", "a"}, {"word/media/b.png", "b"}};
	char zip[8192];
	struct mw_sink sink = {.max = 8};
	const char *reason;
	size_t n = pack(word[0].file, zip, sizeof(zip));

	(void)state;
	read_document(zip, n, &sink, &reason);
	assert_string_equal(reason, "limit");
	fs_reset(&sink);
	sink.max = 0;
	sink.max_members = 1;
	n = pack(files, zip, sizeof(zip));
	read_document(zip, n, &sink, &reason);
	assert_string_equal(reason, "limit");
	fs_reset(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_word),	  cmocka_unit_test(test_slides),	cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_damaged_entry), cmocka_unit_test(test_other_formats), cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("extract-office: texts", tests, NULL, NULL);
}
