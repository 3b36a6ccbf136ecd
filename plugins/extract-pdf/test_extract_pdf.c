/* SPDX-License-Identifier: Apache-2.0 */
/* PDFs that the test writes itself, through the real pdftotext. */
#include "testing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

/* ---- pages ----------------------------------------------------------------------------------------------------------------------- */

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(testing_read(PAGE({72, 72, "Jane Doe was seen"}, {72, 84, "on Monday."})), 0);
	assert_string_equal(testing_text(), "Jane Doe was seen\non Monday.\n\n");
	assert_int_equal(testing_sink.pages, 1);
	/* Neither octets before it, nor a wrong table of its objects. */
	memmove(testing_file.p + 10, testing_file.p, testing_file.n);
	memset(testing_file.p, 'x', 10);
	assert_int_equal(testing_read((struct mw_str){.p = testing_file.p, .n = testing_file.n + 10}), 0);
	testing_has("Jane Doe was seen\non Monday.\n");
}

static void test_outside(void **state)
{
	static const char words[] = "BT /F 10 Tf 72 700 Td (seen) Tj ET BT /F 10 Tf 72 900 Td (Jane Doe) Tj ET "
				    "BT /F 10 Tf 1 0 0 1 -300 100 Tm (hidden) Tj ET";

	(void)state;
	pdf_file_page(&testing_file, "", FONT, words);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	assert_string_equal(testing_text(), "seen\n\n\n== !outside\n\n== hidden\nJane Doe\n\nhidden\n\n");
	/* Turned, with a size of its own that begins elsewhere and is given the other way round. */
	pdf_file_page(&testing_file, "", FONT "/Rotate 90 /MediaBox [600 800 50 650]", words);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("seen\n");
	testing_has("== !outside\n\n== hidden\n");
	assert_true(strstr(testing_text(), "seen") < strstr(testing_text(), "hidden"));
	assert_true(strstr(testing_text(), "Jane") > strstr(testing_text(), "== hidden"));
	/* A page that says nothing of its size, and one whose size is none. */
	pdf_file_page(&testing_file, "", FONT "/MediaBox null", words);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("seen\n");
	pdf_file_page(&testing_file, "", FONT "/MediaBox [(a) 1 2 /x]", words);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("seen\n");
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(
	    testing_read(PAGE({72, 72, "Clinic list"}, {72, 100, "Patient"}, {200, 100, "Birth date"}, {300, 100, "MRN"},
			      {72, 114, "Jane Doe"}, {200, 114, "01/02/1970"}, {300, 114, "00123"}, {72, 128, "John Roe"},
			      {300, 128, "00124"}, {200, 142, "03/04/1971"}, {300, 142, "00125"})),
	    0);
	assert_string_equal(testing_text(),
			    "Clinic list\n\nPatient\tBirth date\tMRN\nJane Doe\t01/02/1970\t00123\nJohn Roe\t\t00124\n"
			    "\t03/04/1971\t00125\n\n");
}

static void test_form(void **state)
{
	(void)state;
	/* Values that were filled in later stand behind all labels in the file. */
	assert_int_equal(testing_read(PAGE({72, 72, "Name:"}, {300, 72, "DOB:"}, {72, 90, "Address:"}, {130, 72, "Jane Doe"},
					   {340, 72, "01/02/1970"}, {130, 90, "1 Main Street"})),
			 0);
	testing_has("Name:\tJane Doe\tDOB:\t01/02/1970\n");
	testing_has("Address:\t1 Main Street");
}

static void test_boxes(void **state)
{
	(void)state;
	/* A number, a scale, and digits that are too few. */
	assert_int_equal(
	    testing_read(PAGE({72, 72, "SSN"}, {120, 72, "0"}, {140, 72, "7"}, {160, 72, "8"}, {200, 72, "0"}, {220, 72, "5"},
			      {260, 72, "1"}, {280, 72, "1"}, {300, 72, "2"}, {320, 72, "0"}, {400, 72, "3"}, {72, 172, "Pain"},
			      {120, 172, "1"}, {140, 172, "2"}, {160, 172, "3"}, {180, 172, "4"}, {200, 172, "5"},
			      {72, 272, "Beds"}, {120, 272, "9"}, {140, 272, "7"}, {160, 272, "3"}, {180, 272, "4"})),
	    0);
	assert_string_equal(testing_text(), "SSN\t078 05 1120\t3\n\nPain\t1\t2\t3\t4\t5\n\nBeds\t9\t7\t3\t4\n\n");
}

static void test_prose(void **state)
{
	(void)state;
	assert_int_equal(
	    testing_read(PAGE(
		{72, 72, "The patient was seen in the clinic and told"}, {72, 84, "that the treatment of her illness would go"},
		{72, 96, "on for a year, as hyper-"}, {72, 108, "tension was found and is being treated too"},
		{320, 72, "Another column speaks of something else in"}, {320, 84, "the same way, with lines that run on until"},
		{320, 96, "they end, which is what columns of a letter"}, {320, 108, "do in most of the journals."})),
	    0);
	testing_has(
	    "seen in the clinic and told\nthat the treatment of her illness would go\non for a year, as hypertension was found");
	testing_has("something else in\nthe same way");
	testing_has_not("\t");
}

static void test_divided_words(void **state)
{
	(void)state;
	assert_int_equal(testing_read(PAGE({72, 72, "call 212-555-"}, {72, 84, "1234 or Smith-"},
					   {72, 96, "Jones, or the list: -"}, {72, 108, "end"})),
			 0);
	assert_string_equal(testing_text(), "call 212-555-1234 or Smith-Jones, or the list: -\nend\n\n");
}

static void test_odd_text(void **state)
{
	(void)state;
	/* A font whose letters are named as nobody knows them. */
	pdf_file_page(&testing_file, "", "/Resources << /Font << /F 6 0 R >> >>",
		      "BT /F 10 Tf 72 700 Td (abcabcabcabcabcabcabcabcabcabc) Tj ET");
	(void)pdf_file_object(&testing_file, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>");
	(void)pdf_file_stream(&testing_file, "",
			      "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00><ff> endcodespacerange "
			      "1 beginbfrange <61><63><E000> endbfrange endcmap",
			      139);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), -EBADMSG);
	assert_string_equal(testing_reason, "unknown-format");
	/* And one that has nothing but numbers. */
	pdf_file_page(&testing_file, "", "/Resources << /Font << /F 6 0 R >> >>", "BT /F 10 Tf 72 700 Td <00010002> Tj ET");
	(void)pdf_file_object(
	    &testing_file,
	    "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [ << "
	    "/Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering "
	    "(Identity) /Supplement 0 >> /FontDescriptor << /Type /FontDescriptor /FontName /X /Flags 4 >> >> ] >>");
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), -EBADMSG);
	assert_string_equal(testing_reason, "unknown-format");
}

static void test_tables(void **state)
{
	(void)state;
	pdf_file_page(&testing_file, "", "/Resources << /Font << /F 6 0 R >> >>", "BT /F 10 Tf 72 700 Td <30423044> Tj ET");
	(void)pdf_file_object(
	    &testing_file, "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /UniJIS-UCS2-H /DescendantFonts [ << "
			   "/Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering "
			   "(Japan1) /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor /FontName /X /Flags 4 >> >> ] >>");
	if (access("/usr/share/poppler/cidToUnicode", R_OK) == 0) {
		assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
		testing_has("\xe3\x81\x82\xe3\x81\x84");
	} else {
		assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), -EBADMSG);
		assert_string_equal(testing_reason, "unknown-format");
	}
}

/* ---- beside the pages ------------------------------------------------------------------------------------------------------------ */

static void test_fields(void **state)
{
	(void)state;
	pdf_file_page(&testing_file, "/AcroForm << /Fields [6 0 R 7 0 R 9 0 R 6 0 R] /XFA [(datasets) 10 0 R] >>",
		      "/Annots [8 0 R 11 0 R]", "");
	(void)pdf_file_object(&testing_file, "<< /FT /Tx /T (PatientLastName[0]) /V (Doe) >>");
	(void)pdf_file_object(&testing_file, "<< /FT /Tx /T (x1) /TU (Date of birth) /V (01/02/1970) /Kids [7 0 R 8 0 R] >>");
	(void)pdf_file_object(&testing_file,
			      "<< /Parent 7 0 R /Subtype /Widget /AA << /K << /S /JavaScript /JS (check\\(1\\)) >> >> >>");
	(void)pdf_file_object(&testing_file, "<< /FT /Ch /T (Ward) /V (A) /Opt [(A) [(b) (Oncology)]] >>");
	(void)pdf_file_stream(&testing_file, "", "<name>Jane</name>", 17);
	(void)pdf_file_object(&testing_file, "<< /FT /Tx /Subtype /Widget /T (Phone) /V <FEFF00350035> >>");
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("== !form\nPatient Last Name: Doe\nDate of birth: 01/02/1970\n");
	testing_has("Ward: A; A; b; Oncology; \n");
	testing_has("Phone: 55\n");
	testing_has("== !scripts\n\n== hidden\ncheck(1)\n");
	testing_has("== /datasets.xml application/xml \n<name>Jane</name>\n== end\n");
	assert_null(strstr(strstr(testing_text(), "Last Name: Doe") + 1, "Last Name: Doe"));
}

static void test_notes(void **state)
{
	(void)state;
	pdf_file_page(&testing_file, "/Outlines << /First 9 0 R >> /OpenAction << /S /URI /URI (https://example.org/open) >>",
		      FONT "/Annots [6 0 R 7 0 R 8 0 R]", "BT /F 10 Tf 72 700 Td (seen) Tj ET");
	(void)pdf_file_object(&testing_file, "<< /Subtype /Text /T (Dr. Roe) /Contents (call Jane\\nDoe) >>");
	(void)pdf_file_object(&testing_file,
			      "<< /Subtype /Link /A << /S /URI /URI (mailto:x@example.org?subject=Jane%20Doe%) >> >>");
	(void)pdf_file_object(
	    &testing_file,
	    "<< /Subtype /FileAttachment /FS << /F (labs.csv) /Desc (of Jane) /EF << /F 10 0 R /UF 10 0 R >> >> >>");
	(void)pdf_file_object(&testing_file, "<< /Title (Jane Doe, 1970) /First 9 0 R /Next 9 0 R >>");
	(void)pdf_file_stream(&testing_file, "", "name,ssn\n", 9);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("== !notes\nDr. Roe\ncall Jane\nDoe\n");
	testing_has("\n== !\nseen\n");
	testing_has("== !links\n\n== hidden\nmailto:x@example.org?subject=Jane Doe%\n");
	testing_has("https://example.org/open\n");
	testing_has("== !bookmarks\nJane Doe, 1970\n");
	testing_has("of Jane\n\n== /labs.csv  \nname,ssn\n\n== end\n");
	assert_int_equal(testing_sink.members, 1);
}

static void test_about(void **state)
{
	static const char xmp[] = "<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description rdf:about='' "
				  "xmpMM:DocumentID='uuid:123-45-6789' dc:title='For Jane &amp; John'><dc:creator>Roe &#65;&#x;"
				  "</dc:creator><t>2024-01-01T10:00:00</t></rdf:Description>";

	(void)state;
	pdf_file_page(&testing_file,
		      "/Metadata 6 0 R /StructTreeRoot << /K [<< /S /Figure /Alt (x-ray of Jane) /K 7 0 R >> 3] >>", FONT, "");
	(void)pdf_file_stream(&testing_file, "/Subtype /XML", xmp, sizeof(xmp) - 1);
	(void)pdf_file_object(&testing_file, "<< /S /Span /ActualText (Doe) /K 7 0 R >>");
	assert_int_equal(testing_read(pdf_file_end(
			     &testing_file, "/Info << /Title (Discharge\nletter) /Patient (Jane) /CreationDate (D:20240101) >>")),
			 0);
	testing_has("== !descriptions\n\n== hidden\nx-ray of Jane\nDoe\n");
	testing_has("== !document\n\n== hidden\nPatient: Jane\nTitle: Discharge letter\nFor Jane & John\nRoe A&#x;\n");
	testing_has_not("2024");
	testing_has_not("6789");
}

static void test_files(void **state)
{
	(void)state;
	pdf_file_page(
	    &testing_file,
	    "/Names << /EmbeddedFiles << /Kids [7 0 R] >> /JavaScript << /Names [(a) << /S /JavaScript /JS 6 0 R >>] >> >>", "",
	    "");
	(void)pdf_file_stream(&testing_file, "", "app.alert(1)", 12);
	(void)pdf_file_object(&testing_file, "<< /Kids [7 0 R 8 0 R] >>");
	(void)pdf_file_object(
	    &testing_file,
	    "<< /Names [(k) << /UF <FEFF00E9002E007400780074> /F (e.txt) /EF << /F 9 0 R >> >> (l) << /F (h) /EF << "
	    "/F 10 0 R >> >> (m) << /F (z) /EF << /F 11 0 R >> >> ] >>");
	(void)pdf_file_stream(&testing_file, "", "plain", 5);
	(void)pdf_file_stream(&testing_file, "/Filter /ASCIIHexDecode", "4a616e65>", 9);
	(void)pdf_file_stream(&testing_file, "/Filter /FlateDecode", "no zlib", 7);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("== !scripts\n\n== hidden\napp.alert(1)\n");
	testing_has("== /\xc3\xa9.txt  \nplain\n== end\n");
	testing_has("== /h  \nJane\n== end\n");
	testing_has("== /z  \n\n== end damaged\n");
}

static void test_more_notes(void **state)
{
	(void)state;
	pdf_file_page(&testing_file, "/PageLabels << /Nums [0 << /P (Mayo-) >>] >> /AcroForm << /Fields [9 0 R] >>",
		      FONT "/Annots [6 0 R 7 0 R 8 0 R]", "BT /F 10 Tf 72 700 Td (seen) Tj ET");
	(void)pdf_file_object(&testing_file, "<< /Subtype /Text /Subj (of Jane) >>");
	(void)pdf_file_object(&testing_file, "<< /Subtype /FreeText /RC (<body><p>call <b>Jane</b></p></body>) >>");
	(void)pdf_file_object(&testing_file, "<< /Subtype /Widget /FT /Btn /T (b) /MK << /CA (Send to Dr. Roe) >> >>");
	(void)pdf_file_object(&testing_file, "<< /FT /Tx /T (n) /TU (as of Jane Doe) >>");
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("== !notes\nof Jane\ncall\nJane\nSend to Dr. Roe\n");
	testing_has("pages: Mayo-\n");
	testing_has("as of Jane Doe\n");
}

static void test_behind(void **state)
{
	struct mw_str s;
	char more[4096];

	(void)state;
	pdf_file_page(&testing_file, "", FONT, "BT /F 10 Tf 72 700 Td (seen) Tj ET");
	s = pdf_file_end(&testing_file, "");
	assert_true(s.n + 100 < sizeof(more));
	memcpy(more, s.p, s.n);
	memcpy(more + s.n, "\nJane Doe\n", 10);
	assert_int_equal(testing_read((struct mw_str){.p = more, .n = s.n + 10}), 0);
	testing_has("== !document\n\n== hidden\nJane Doe\n");
	memset(more + s.n, 1, 100);
	more[s.n] = '\n';
	assert_int_equal(testing_read((struct mw_str){.p = more, .n = s.n + 100}), 0);
	testing_has("== /behind  \n");
}

static void test_layers(void **state)
{
	(void)state;
	pdf_file_page(&testing_file, "/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>",
		      "/Resources << /Font << /F 4 0 R >> /Properties << /L 6 0 R >> >>",
		      "BT /F 10 Tf 72 700 Td (seen by all) Tj ET /OC /L BDC BT /F 10 Tf 72 600 Td (Jane Doe) Tj ET EMC");
	(void)pdf_file_object(&testing_file, "<< /Type /OCG /Name (layer) >>");
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), 0);
	testing_has("== !document\n\n== hidden\nlayer: layer\n");
	testing_has("\n== !\nseen by all\n\n\n== !layers\n\n== hidden\nJane Doe\n");
}

static void test_earlier(void **state)
{
	static const char was[] = "BT /F 10 Tf 72 700 Td (seen by all) Tj 0 -20 Td (Jane Doe) Tj ET";
	static const char is[] = "BT /F 10 Tf 72 700 Td (seen by all) Tj ET";
	char added[512];
	size_t end, at;

	(void)state;
	pdf_file_page(&testing_file, "", FONT, was);
	end = pdf_file_end(&testing_file, "").n;
	at = (size_t)((char *)memmem(testing_file.p, end, "xref\n", 5) - testing_file.p);
	(void)snprintf(added, sizeof(added),
		       "5 0 obj\n<< /Length %zu >>\nstream\n%s\nendstream\nendobj\nxref\n5 1\n%010zu 00000 n \ntrailer\n<< /Size "
		       "6 /Root 1 0 R "
		       "/Prev %zu >>\nstartxref\n%zu\n%%%%EOF\n",
		       sizeof(is) - 1, is, end, at,
		       end + strlen("5 0 obj\n<< /Length 41 >>\nstream\n") + sizeof(is) - 1 + strlen("\nendstream\nendobj\n"));
	memcpy(testing_file.p + end, added, strlen(added));
	assert_int_equal(testing_read((struct mw_str){.p = testing_file.p, .n = end + strlen(added)}), 0);
	assert_string_equal(testing_text(), "seen by all\n\n\n== !earlier\n\n== hidden\nJane Doe\n");
	assert_int_equal(testing_sink.runs, 2);
}

/* Adds to the file objects 6 and 7 anew, then a table of these rows and a trailer with these keys. Of a row the offset is that of
 * object 6 ('6'), of object 7 ('7'), or of the page's contents in the first part ('5'). */
static struct mw_str updated(const char *six, const char *seven, const char *rows, const char *keys)
{
	size_t end, first, at[8] = {0};
	char *p;

	pdf_file_page(&testing_file, "/Metadata 7 0 R", FONT, "BT /F 10 Tf 72 700 Td (seen by all) Tj ET");
	(void)pdf_file_object(&testing_file, "<< /Title (was) >>");
	(void)pdf_file_stream(&testing_file, "/Type /Metadata /Subtype /XML", "<x/>", 4);
	end = pdf_file_end(&testing_file, "/Info 6 0 R").n;
	first = (size_t)((char *)memmem(testing_file.p, end, "xref\n", 5) - testing_file.p);
	at[5] = testing_file.at[4];
	p = testing_file.p + end;
	at[6] = (size_t)(p - testing_file.p);
	p += sprintf(p, "6 0 obj\n%s\nendobj\n", six);
	at[7] = (size_t)(p - testing_file.p);
	p += sprintf(p, "7 0 obj\n%s\nendobj\n", seven);
	end = (size_t)(p - testing_file.p);
	p += sprintf(p, "xref\n0 1\n0000000000 65535 f \n");
	for (; *rows; rows += 2)
		p += sprintf(p, "%c 1\n%010zu 00000 %c \n", rows[0], at[rows[1] - '0'], rows[1] == '0' ? 'f' : 'n');
	p += sprintf(p, "trailer\n<< /Size 8 %s /Prev %zu >>\nstartxref\n%zu\n%%%%EOF\n", keys, first, end);
	return (struct mw_str){.p = testing_file.p, .n = (size_t)(p - testing_file.p)};
}

/* What changes nothing but the title is no reason to read the pages once more. */
static void test_told_anew(void **state)
{
	static const char title[] = "<< /Title (is) >>", words[] = "<< /Type /Metadata /Length 4 >>\nstream\n<y/>\nendstream",
			  other[] = "<< /Length 4 >>\nstream\nq Q \nendstream", same[] = "/Root 1 0 R /Info 6 0 R";
	static const struct {
		const char *six, *seven, *rows, *keys;
		unsigned runs;
	} rows[] = {
	    {title, words, "6677", same, 1},
	    {title, words, "66", same, 1},
	    {title, words, "5577", same, 2},   /* an earlier object of the pages, anew */
	    {title, words, "667750", same, 2}, /* which is gone */
	    {title, other, "6677", same, 2},   /* no words about the document */
	    {other, words, "6677", same, 2},
	    {title, words, "6677", "/Root 2 0 R /Info 6 0 R", 2}, /* other pages */
	    {title, words, "6677", "/Root 1 0 R /Info 7 0 R", 2},
	    {title, words, "6677", "/Root 1 0 R", 2},
	    {title, words, "6677", "/Root 1 0 R /Info 6 0 R /XRefStm 9", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		(void)testing_read(updated(rows[i].six, rows[i].seven, rows[i].rows, rows[i].keys));
		if (testing_sink.runs != rows[i].runs)
			print_error("row %zu\n", i);
		assert_int_equal(testing_sink.runs, rows[i].runs);
	}
}

/* ---- pictures -------------------------------------------------------------------------------------------------------------------- */

static int read_picture(const char *keys, const char *contents)
{
	pdf_file_page(&testing_file, "", "/Resources << /Font << /F 4 0 R >> /XObject << /P 6 0 R >> >>", contents);
	(void)pdf_file_stream(&testing_file, keys, "\xff\xd8\xff\xe0", 4);
	return testing_read(pdf_file_end(&testing_file, ""));
}

static void test_pictures(void **state)
{
	static const char draw[] = "q 600 0 0 700 0 0 cm /P Do Q";
	static const char page3[] = "/P Do BT /F 10 Tf 72 700 Td (Page 3) Tj ET";

	(void)state;
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /DCTDecode", draw), 0);
	testing_has("== /page-1-1.jpg image/jpeg \n\xff\xd8\xff\xe0\n== end\n");
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /JBIG2Decode", draw), -EBADMSG);
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /JBIG2Decode", page3), -EBADMSG);
	assert_string_equal(testing_reason, "image");
	testing_has("Page 3\n");
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /CCITTFaxDecode", draw), 0);
	testing_has("== /page-1-1.tif image/tiff \nII*");
	assert_memory_equal(testing_sink.p + testing_sink.n - 12, "\xff\xd8\xff\xe0\n== end\n", 12);
	/* A logo is none. */
	assert_int_equal(read_picture("/Subtype /Image /Width 150 /Height 100 /Filter /JBIG2Decode", draw), 0);
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 200 /Filter /DCTDecode", page3), 0);
	assert_int_equal(testing_sink.members, 1);
	assert_int_equal(
	    read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /JBIG2Decode",
			 "/P Do BT /F 10 Tf 72 700 Td (Jane Doe was seen in the clinic on Monday, and told us that all) "
			 "Tj 0 -12 Td (is well since she has been treated with what she was given, and will be) Tj ET"),
	    0);
}

static void test_drawn(void **state)
{
	char *contents = malloc(4000);

	(void)state;
	assert_non_null(contents);
	*contents = '\0';
	for (size_t i = 0; i < 150; i++)
		(void)snprintf(contents + strlen(contents), 24, "%zu 1 m 2 3 l S ", i);
	pdf_file_page(&testing_file, "", FONT, contents);
	free(contents);
	assert_int_equal(testing_read(pdf_file_end(&testing_file, "")), -EBADMSG);
	assert_string_equal(testing_reason, "image");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),	  cmocka_unit_test(test_outside),    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_form),	  cmocka_unit_test(test_boxes),	     cmocka_unit_test(test_prose),
	    cmocka_unit_test(test_divided_words), cmocka_unit_test(test_odd_text),   cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_fields),	  cmocka_unit_test(test_notes),	     cmocka_unit_test(test_about),
	    cmocka_unit_test(test_files),	  cmocka_unit_test(test_more_notes), cmocka_unit_test(test_behind),
	    cmocka_unit_test(test_layers),	  cmocka_unit_test(test_earlier),    cmocka_unit_test(test_told_anew),
	    cmocka_unit_test(test_pictures),	  cmocka_unit_test(test_drawn),
	};

	return testing_possible() ? cmocka_run_group_tests(tests, testing_setup, testing_teardown) : 77; /* skipped */
}
