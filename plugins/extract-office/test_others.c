/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary workbooks, drawings of Visio, books and printed pages.
 */
#include "test_package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HIDDEN "\f\n\n== hidden\n"

/* Records of [MS-XLSB], written by hand: two sheets, the second hidden. */
#define BUNDLE                                                                                                                   \
	"hex:99010800000000000000009c0122000000000100000001000000310008000000500061007400690065006e00740073009c011a01000000"     \
	"02000000010000003200040000004b00650079007300"
/* "SSN", "Ada" with a smile, "gone" */
#define SHARED "hex:130b0003000000530053004e001311000600000041006400610020003dd800de130d000400000067006f006e006500"
/* General, 000\-00\-0000, 14 */
#define STYLES                                                                                                                   \
	"hex:2c20a4000d0000003000300030005c002d00300030005c002d003000300030003000f204002f04ffff0900e90404030000002f04000000"     \
	"002f040000a4002f0400000e00ea0400"
/* SSN, DOB, Name, Key (a hidden column); 219099998, 30000, 1, true; a hidden row: 1.5, -, Bo */
#define SHEET                                                                                                                    \
	"hex:3c12030000000300000064000000000000000100000c00000000000000002c010000070c00000000000000000000000006120100000000"     \
	"0000000300000044004f00420006140200000000000000040000004e0061006d00650006120300000000000000030000004b0065007900"         \
	"000c01000000000000002c010000020c00000000010000007acd3c340510010000000200000000000000004cdd40070c02000000000000"         \
	"00010000000409030000000000000001000c02000000000000002c01001009100000000000000000000000000000f83f08100200000000"         \
	"0000000200000042006f00920100"
#define KEYS "hex:000c00000000000000002c0100003e0f000000000000000000010000006200920100"
#define REMARK "hex:fd040b0003000000770068007900"

#define XHTML(text) "<html><body>" text "</body></html>"

static const struct sample samples[] = {
    {.title = "a binary workbook",
     {MAIN("xl/workbook.bin"),
      {"xl/workbook.bin", BUNDLE},
      {"xl/_rels/workbook.bin.rels", RELS(REL("worksheet", "1", "sheet1.bin") REL("worksheet", "2", "sheet2.bin")
					      REL("sharedStrings", "3", "sharedStrings.bin") REL("styles", "4", "styles.bin"))},
      {"xl/sharedStrings.bin", SHARED},
      {"xl/styles.bin", STYLES},
      {"xl/sheet1.bin", SHEET},
      {"xl/sheet2.bin", KEYS},
      {"xl/_rels/sheet1.bin.rels", RELS(REL("comments", "1", "comments1.bin"))},
      {"xl/comments1.bin", REMARK}},
     {"\n== !Patients\nSSN\tDOB\tName\n219-09-9998\t1982-02-18\tAda \xf0\x9f\x98\x80\n\f\nwhy\n" HIDDEN
      "SSN\tDOB\tName\tKey\n\t\t\tTRUE\n1.5\t\tBo\t\n",
      "\n== !Keys\n\n== hidden\nb\n", "\n== !other\n" HIDDEN "gone\n"}},
    {.title = "a binary sheet that ends too early",
     {MAIN("xl/workbook.bin"),
      {"xl/workbook.bin", BUNDLE},
      {"xl/_rels/workbook.bin.rels", RELS(REL("worksheet", "2", "sheet2.bin") REL("worksheet", "1", "sheet1.bin"))},
      {"xl/sheet1.bin", KEYS},
      {"xl/sheet2.bin", "hex:000c00000000000000002c0100003e0f0000"}},
     {"\n== !Patients\nb\n", "\n== !Keys\n\n== hidden\n\n== unread damaged\n"},
     {0},
     "damaged"},
    {.title = "a drawing of Visio",
     {MAIN("visio/document.xml"),
      {"visio/document.xml", "<VisioDocument/>"},
      {"visio/_rels/document.xml.rels",
       RELS(REL("pages", "1", "pages/pages.xml") REL("masters", "2", "masters.xml") REL("comments", "3", "c.xml"))},
      {"visio/c.xml", "<C><AuthorEntry Name='Bo' Initials='B'/><CommentEntry>why</CommentEntry></C>"},
      {"visio/pages/pages.xml", "<Pages><Page Name='Ward 7'/></Pages>"},
      {"visio/pages/_rels/pages.xml.rels", RELS(REL("page", "1", "page1.xml"))},
      {"visio/pages/page1.xml",
       "<P><Shape><Cell N='Width' V='3.14'/><Section N='Property'><Row><Cell N='Value' V='7001234'/></Row></Section>"
       "<Text><cp IX='0'/>Ada\nMayo</Text></Shape></P>"},
      {"visio/masters.xml", "<M><Text>shape</Text></M>"}},
     {"Ada\nMayo\n", HIDDEN "Ward 7\n7001234\n", "\n== !masters\n" HIDDEN "shape\n",
      "\n== !comments\nwhy\n\f\n\n== hidden\nBo\n"},
     {"3.14"}},
    {.title = "a book",
     {{"mimetype", "application/epub+zip"},
      {"META-INF/container.xml", "<c><rootfile full-path='OPS/book.opf'/></c>"},
      {"OPS/book.opf",
       "<package xmlns:dc='d'><metadata><dc:title>On Ada</dc:title></metadata><item id='b' href='b.xhtml' "
       "media-type='application/xhtml+xml'/>"
       "<item id='a' href='a.xhtml' media-type='application/xhtml+xml'/><itemref idref='a'/><itemref idref='b'/></package>"},
      {"OPS/b.xhtml", XHTML("two")},
      {"OPS/a.xhtml", XHTML("one")},
      {"OPS/x.otf", "wOFF FONT"},
      {"OPS/cover.png", "PNG"}},
     {"\n== /OPS/a.xhtml application/xhtml+xml \n" XHTML("one") "\n== end\n\n== /OPS/b.xhtml", "title: On Ada\n",
      "\n== /OPS/cover.png"},
     {"FONT"}},
    {.title = "a book with a lock",
     {{"META-INF/container.xml", "<c><rootfile full-path='b.opf'/></c>"},
      {"META-INF/encryption.xml",
       "<e><EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#aes128-cbc'/><CipherReference URI='a.xhtml'/></e>"},
      {"b.opf", "<p><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/><itemref idref='a'/></p>"},
      {"a.xhtml", "\001\002"}},
     {"\n== /a.xhtml application/xhtml+xml \n\n== end encrypted\n"}},
    {.title = "printed pages: strings at one height are a line",
     {{"_rels/.rels", RELS(REL("fixedrepresentation", "1", "F.fdseq"))},
      {"[Content_Types].xml",
       "<T><Default Extension='fdseq' ContentType='application/vnd.ms-package.xps-fixeddocumentsequence+xml'/></T>"},
      {"F.fdseq", "<F><DocumentReference Source='D/1.fdoc'/></F>"},
      {"D/1.fdoc", "<F><PageContent Source='1.fpage'/></F>"},
      {"D/1.fpage", "<F><Glyphs OriginX='10' OriginY='10' FontRenderingEmSize='10' UnicodeString='SSN'/>"
		    "<Glyphs OriginX='90' OriginY='10' FontRenderingEmSize='10' UnicodeString='{}219-'/>"
		    "<Glyphs OriginX='112' OriginY='10' FontRenderingEmSize='10' UnicodeString='09-9998'/>"
		    "<Glyphs OriginX='10' OriginY='30' FontRenderingEmSize='10' UnicodeString='Ada'/>"
		    "<Glyphs OriginX='35' OriginY='30' FontRenderingEmSize='10' UnicodeString='Mayo'/></F>"}},
     {"SSN\t219-09-9998\nAda Mayo\n"}},
    {.title = "what is no document: files inside, also those of XML",
     {{"a.txt", "one"}, {"b/c.xml", "<t>two</t>"}},
     {"\n== /a.txt  \none\n== end\n", "\n== /b/c.xml  \n<t>two</t>\n== end\n"}},
};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		judge_sample(&samples[i]);
}

/* Documents that are one file of XML. */
static void test_flat(void **state)
{
	static const struct {
		const char *xml, *want;
	} rows[] = {
	    {"<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'><w:p><w:r><w:t>219-</w:t></w:r><w:r>"
	     "<w:t>09-9998</w:t></w:r></w:p></w:wordDocument>",
	     "219-09-9998\n"},
	    {"<p:package xmlns:p='http://schemas.microsoft.com/office/2006/xmlPackage'><x:p "
	     "xmlns:x='x'><x:t>a</x:t><x:t>b</x:t></x:p><p:binaryData>UE5H</p:binaryData></p:package>",
	     "\n== /object  \nPNG\n== end\nab\n"},
	    {"<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet' "
	     "xmlns:s='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet "
	     "s:Name='P'><Table><Column/><Column "
	     "s:Hidden='1'/><Row><Cell><Data>Name</Data></Cell><Cell><Data>SSN</Data></Cell><Cell s:Index='4'>"
	     "<Data>X</Data></Cell></Row></Table></Worksheet></Workbook>",
	     "\n== !P\nName\t\t\tX\n" HIDDEN "Name\tSSN\t\tX\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_sink sink = {0};
		const char *reason;

		read_document(rows[i].xml, strlen(rows[i].xml), &sink, &reason);
		assert_null(reason);
		if (!strstr(sink.p, rows[i].want))
			fail_msg("%s", sink.p);
		fs_reset(&sink);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples), cmocka_unit_test(test_flat)};

	return cmocka_run_group_tests_name("extract-office: others", tests, NULL, NULL);
}
