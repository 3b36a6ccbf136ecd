/* SPDX-License-Identifier: Apache-2.0 */
/* PDFs that the test writes itself, through the real pdftotext. */
#include "tests/unit/fakehost.h"
#include "tests/unit/fakesink.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "pdf_file.h"
#include "tool.h"

extern const struct mw_plugin mw_plugin_extract_pdf;

#define FONT "/Resources << /Font << /F 4 0 R >> >> "

static struct mw_host host;
static void *inst;
static struct pdf_file file;
static struct mw_sink sink;
static const char *reason;

static int read_pdf(struct mw_str data)
{
	/* The exact size, so that a sanitizer sees one octet too many. */
	char *copy = malloc(data.n ? data.n : 1);
	const struct mw_document doc = {.data = {.p = copy, .n = data.n}, .type = "application/pdf", .charset = "", .name = ""};
	struct mw_err err = {.code = 0};
	int r;

	assert_non_null(copy);
	memcpy(copy, data.p, data.n);
	fs_reset(&sink);
	reason = NULL;
	r = mw_plugin_extract_pdf.hooks.extract(inst, &doc, &sink, &reason, &err);
	if (r < 0)
		assert_true(err.code == r && *err.text);
	free(copy);
	return r;
}

static const char *text(void)
{
	return sink.p ? sink.p : "";
}

static void has(const char *what)
{
	if (!strstr(text(), what))
		fail_msg("not there: %s\nin: %s", what, text());
}

static void has_not(const char *what)
{
	if (strstr(text(), what))
		fail_msg("is there: %s\nin: %s", what, text());
}

/* A page with these words, each at its place. */
struct place {
	int x, y; /* from above */
	const char *words;
};

static struct mw_str page_of(const struct place *v, size_t n)
{
	static char contents[16384];
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(contents + at, sizeof(contents) - at, "BT /F 10 Tf %d %d Td (%s) Tj ET\n", v[i].x,
				       792 - v[i].y, v[i].words);
	pdf_file_page(&file, "", FONT, contents);
	return pdf_file_end(&file, "");
}

#define PAGE(...) page_of((const struct place[]){__VA_ARGS__}, sizeof((const struct place[]){__VA_ARGS__}) / sizeof(struct place))

/* ---- pages ----------------------------------------------------------------------------------------------------------------------- */

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(read_pdf(PAGE({72, 72, "Jane Doe was seen"}, {72, 84, "on Monday."})), 0);
	assert_string_equal(text(), "Jane Doe was seen\non Monday.\n\n");
	assert_int_equal(sink.pages, 1);
	/* Neither octets before it, nor a wrong table of its objects. */
	memmove(file.p + 10, file.p, file.n);
	memset(file.p, 'x', 10);
	assert_int_equal(read_pdf((struct mw_str){.p = file.p, .n = file.n + 10}), 0);
	has("Jane Doe was seen\non Monday.\n");
}

static void test_outside(void **state)
{
	static const char words[] = "BT /F 10 Tf 72 700 Td (seen) Tj ET BT /F 10 Tf 72 900 Td (Jane Doe) Tj ET "
				    "BT /F 10 Tf 1 0 0 1 -300 100 Tm (hidden) Tj ET";

	(void)state;
	pdf_file_page(&file, "", FONT, words);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	assert_string_equal(text(), "seen\n\n\n== !outside\n\n== hidden\nJane Doe\n\nhidden\n\n");
	/* Turned, with a size of its own that begins elsewhere and is given the other way round. */
	pdf_file_page(&file, "", FONT "/Rotate 90 /MediaBox [600 800 50 650]", words);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("seen\n");
	has("== !outside\n\n== hidden\n");
	assert_true(strstr(text(), "seen") < strstr(text(), "hidden"));
	assert_true(strstr(text(), "Jane") > strstr(text(), "== hidden"));
	/* A page that says nothing of its size, and one whose size is none. */
	pdf_file_page(&file, "", FONT "/MediaBox null", words);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("seen\n");
	pdf_file_page(&file, "", FONT "/MediaBox [(a) 1 2 /x]", words);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("seen\n");
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(
	    read_pdf(PAGE({72, 72, "Clinic list"}, {72, 100, "Patient"}, {200, 100, "Birth date"}, {300, 100, "MRN"},
			  {72, 114, "Jane Doe"}, {200, 114, "01/02/1970"}, {300, 114, "00123"}, {72, 128, "John Roe"},
			  {300, 128, "00124"}, {200, 142, "03/04/1971"}, {300, 142, "00125"})),
	    0);
	assert_string_equal(text(), "Clinic list\n\nPatient\tBirth date\tMRN\nJane Doe\t01/02/1970\t00123\nJohn Roe\t\t00124\n"
				    "\t03/04/1971\t00125\n\n");
}

static void test_form(void **state)
{
	(void)state;
	/* Values that were filled in later stand behind all labels in the file. */
	assert_int_equal(read_pdf(PAGE({72, 72, "Name:"}, {300, 72, "DOB:"}, {72, 90, "Address:"}, {130, 72, "Jane Doe"},
				       {340, 72, "01/02/1970"}, {130, 90, "1 Main Street"})),
			 0);
	has("Name:\tJane Doe\tDOB:\t01/02/1970\n");
	has("Address:\t1 Main Street");
}

static void test_boxes(void **state)
{
	(void)state;
	/* A number, a scale, and digits that are too few. */
	assert_int_equal(
	    read_pdf(PAGE({72, 72, "SSN"}, {120, 72, "0"}, {140, 72, "7"}, {160, 72, "8"}, {200, 72, "0"}, {220, 72, "5"},
			  {260, 72, "1"}, {280, 72, "1"}, {300, 72, "2"}, {320, 72, "0"}, {400, 72, "3"}, {72, 172, "Pain"},
			  {120, 172, "1"}, {140, 172, "2"}, {160, 172, "3"}, {180, 172, "4"}, {200, 172, "5"}, {72, 272, "Beds"},
			  {120, 272, "9"}, {140, 272, "7"}, {160, 272, "3"}, {180, 272, "4"})),
	    0);
	assert_string_equal(text(), "SSN\t078 05 1120\t3\n\nPain\t1\t2\t3\t4\t5\n\nBeds\t9\t7\t3\t4\n\n");
}

static void test_prose(void **state)
{
	(void)state;
	assert_int_equal(
	    read_pdf(PAGE(
		{72, 72, "The patient was seen in the clinic and told"}, {72, 84, "that the treatment of her illness would go"},
		{72, 96, "on for a year, as hyper-"}, {72, 108, "tension was found and is being treated too"},
		{320, 72, "Another column speaks of something else in"}, {320, 84, "the same way, with lines that run on until"},
		{320, 96, "they end, which is what columns of a letter"}, {320, 108, "do in most of the journals."})),
	    0);
	has("seen in the clinic and told\nthat the treatment of her illness would go\non for a year, as hypertension was found");
	has("something else in\nthe same way");
	has_not("\t");
}

static void test_divided_words(void **state)
{
	(void)state;
	assert_int_equal(read_pdf(PAGE({72, 72, "call 212-555-"}, {72, 84, "1234 or Smith-"}, {72, 96, "Jones, or the list: -"},
				       {72, 108, "end"})),
			 0);
	assert_string_equal(text(), "call 212-555-1234 or Smith-Jones, or the list: -\nend\n\n");
}

static void test_odd_text(void **state)
{
	(void)state;
	/* A font whose letters are named as nobody knows them. */
	pdf_file_page(&file, "", "/Resources << /Font << /F 6 0 R >> >>",
		      "BT /F 10 Tf 72 700 Td (abcabcabcabcabcabcabcabcabcabc) Tj ET");
	(void)pdf_file_object(&file, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>");
	(void)pdf_file_stream(&file, "",
			      "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00><ff> endcodespacerange "
			      "1 beginbfrange <61><63><E000> endbfrange endcmap",
			      139);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), -EBADMSG);
	assert_string_equal(reason, "unknown-format");
	/* And one that has nothing but numbers. */
	pdf_file_page(&file, "", "/Resources << /Font << /F 6 0 R >> >>", "BT /F 10 Tf 72 700 Td <00010002> Tj ET");
	(void)pdf_file_object(
	    &file, "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [ << "
		   "/Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering "
		   "(Identity) /Supplement 0 >> /FontDescriptor << /Type /FontDescriptor /FontName /X /Flags 4 >> >> ] >>");
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), -EBADMSG);
	assert_string_equal(reason, "unknown-format");
}

static void test_tables(void **state)
{
	(void)state;
	pdf_file_page(&file, "", "/Resources << /Font << /F 6 0 R >> >>", "BT /F 10 Tf 72 700 Td <30423044> Tj ET");
	(void)pdf_file_object(
	    &file, "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /UniJIS-UCS2-H /DescendantFonts [ << "
		   "/Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering "
		   "(Japan1) /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor /FontName /X /Flags 4 >> >> ] >>");
	if (access("/usr/share/poppler/cidToUnicode", R_OK) == 0) {
		assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
		has("\xe3\x81\x82\xe3\x81\x84");
	} else {
		assert_int_equal(read_pdf(pdf_file_end(&file, "")), -EBADMSG);
		assert_string_equal(reason, "unknown-format");
	}
}

/* ---- beside the pages ------------------------------------------------------------------------------------------------------------ */

static void test_fields(void **state)
{
	(void)state;
	pdf_file_page(&file, "/AcroForm << /Fields [6 0 R 7 0 R 9 0 R 6 0 R] /XFA [(datasets) 10 0 R] >>",
		      "/Annots [8 0 R 11 0 R]", "");
	(void)pdf_file_object(&file, "<< /FT /Tx /T (PatientLastName[0]) /V (Doe) >>");
	(void)pdf_file_object(&file, "<< /FT /Tx /T (x1) /TU (Date of birth) /V (01/02/1970) /Kids [7 0 R 8 0 R] >>");
	(void)pdf_file_object(&file, "<< /Parent 7 0 R /Subtype /Widget /AA << /K << /S /JavaScript /JS (check\\(1\\)) >> >> >>");
	(void)pdf_file_object(&file, "<< /FT /Ch /T (Ward) /V (A) /Opt [(A) [(b) (Oncology)]] >>");
	(void)pdf_file_stream(&file, "", "<name>Jane</name>", 17);
	(void)pdf_file_object(&file, "<< /FT /Tx /Subtype /Widget /T (Phone) /V <FEFF00350035> >>");
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("== !form\nPatient Last Name: Doe\nDate of birth: 01/02/1970\n");
	has("Ward: A; A; b; Oncology; \n");
	has("Phone: 55\n");
	has("== !scripts\n\n== hidden\ncheck(1)\n");
	has("== /datasets.xml application/xml \n<name>Jane</name>\n== end\n");
	assert_null(strstr(strstr(text(), "Last Name: Doe") + 1, "Last Name: Doe"));
}

static void test_notes(void **state)
{
	(void)state;
	pdf_file_page(&file, "/Outlines << /First 9 0 R >> /OpenAction << /S /URI /URI (https://example.org/open) >>",
		      FONT "/Annots [6 0 R 7 0 R 8 0 R]", "BT /F 10 Tf 72 700 Td (seen) Tj ET");
	(void)pdf_file_object(&file, "<< /Subtype /Text /T (Dr. Roe) /Contents (call Jane\\nDoe) >>");
	(void)pdf_file_object(&file, "<< /Subtype /Link /A << /S /URI /URI (mailto:x@example.org?subject=Jane%20Doe%) >> >>");
	(void)pdf_file_object(
	    &file, "<< /Subtype /FileAttachment /FS << /F (labs.csv) /Desc (of Jane) /EF << /F 10 0 R /UF 10 0 R >> >> >>");
	(void)pdf_file_object(&file, "<< /Title (Jane Doe, 1970) /First 9 0 R /Next 9 0 R >>");
	(void)pdf_file_stream(&file, "", "name,ssn\n", 9);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("== !notes\nDr. Roe\ncall Jane\nDoe\n");
	has("\n== !\nseen\n");
	has("== !links\n\n== hidden\nmailto:x@example.org?subject=Jane Doe%\n");
	has("https://example.org/open\n");
	has("== !bookmarks\nJane Doe, 1970\n");
	has("of Jane\n\n== /labs.csv  \nname,ssn\n\n== end\n");
	assert_int_equal(sink.members, 1);
}

static void test_about(void **state)
{
	static const char xmp[] = "<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description rdf:about='' "
				  "xmpMM:DocumentID='uuid:123-45-6789' dc:title='For Jane &amp; John'><dc:creator>Roe &#65;&#x;"
				  "</dc:creator><t>2024-01-01T10:00:00</t></rdf:Description>";

	(void)state;
	pdf_file_page(&file, "/Metadata 6 0 R /StructTreeRoot << /K [<< /S /Figure /Alt (x-ray of Jane) /K 7 0 R >> 3] >>", FONT,
		      "");
	(void)pdf_file_stream(&file, "/Subtype /XML", xmp, sizeof(xmp) - 1);
	(void)pdf_file_object(&file, "<< /S /Span /ActualText (Doe) /K 7 0 R >>");
	assert_int_equal(
	    read_pdf(pdf_file_end(&file, "/Info << /Title (Discharge\nletter) /Patient (Jane) /CreationDate (D:20240101) >>")),
	    0);
	has("== !descriptions\n\n== hidden\nx-ray of Jane\nDoe\n");
	has("== !document\n\n== hidden\nPatient: Jane\nTitle: Discharge letter\nFor Jane & John\nRoe A&#x;\n");
	has_not("2024");
	has_not("6789");
}

static void test_files(void **state)
{
	(void)state;
	pdf_file_page(
	    &file,
	    "/Names << /EmbeddedFiles << /Kids [7 0 R] >> /JavaScript << /Names [(a) << /S /JavaScript /JS 6 0 R >>] >> >>", "",
	    "");
	(void)pdf_file_stream(&file, "", "app.alert(1)", 12);
	(void)pdf_file_object(&file, "<< /Kids [7 0 R 8 0 R] >>");
	(void)pdf_file_object(
	    &file, "<< /Names [(k) << /UF <FEFF00E9002E007400780074> /F (e.txt) /EF << /F 9 0 R >> >> (l) << /F (h) /EF << "
		   "/F 10 0 R >> >> (m) << /F (z) /EF << /F 11 0 R >> >> ] >>");
	(void)pdf_file_stream(&file, "", "plain", 5);
	(void)pdf_file_stream(&file, "/Filter /ASCIIHexDecode", "4a616e65>", 9);
	(void)pdf_file_stream(&file, "/Filter /FlateDecode", "no zlib", 7);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("== !scripts\n\n== hidden\napp.alert(1)\n");
	has("== /\xc3\xa9.txt  \nplain\n== end\n");
	has("== /h  \nJane\n== end\n");
	has("== /z  \n\n== end damaged\n");
}

static void test_more_notes(void **state)
{
	(void)state;
	pdf_file_page(&file, "/PageLabels << /Nums [0 << /P (Mayo-) >>] >> /AcroForm << /Fields [9 0 R] >>",
		      FONT "/Annots [6 0 R 7 0 R 8 0 R]", "BT /F 10 Tf 72 700 Td (seen) Tj ET");
	(void)pdf_file_object(&file, "<< /Subtype /Text /Subj (of Jane) >>");
	(void)pdf_file_object(&file, "<< /Subtype /FreeText /RC (<body><p>call <b>Jane</b></p></body>) >>");
	(void)pdf_file_object(&file, "<< /Subtype /Widget /FT /Btn /T (b) /MK << /CA (Send to Dr. Roe) >> >>");
	(void)pdf_file_object(&file, "<< /FT /Tx /T (n) /TU (as of Jane Doe) >>");
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("== !notes\nof Jane\ncall\nJane\nSend to Dr. Roe\n");
	has("pages: Mayo-\n");
	has("as of Jane Doe\n");
}

static void test_behind(void **state)
{
	struct mw_str s;
	char more[4096];

	(void)state;
	pdf_file_page(&file, "", FONT, "BT /F 10 Tf 72 700 Td (seen) Tj ET");
	s = pdf_file_end(&file, "");
	assert_true(s.n + 100 < sizeof(more));
	memcpy(more, s.p, s.n);
	memcpy(more + s.n, "\nJane Doe\n", 10);
	assert_int_equal(read_pdf((struct mw_str){.p = more, .n = s.n + 10}), 0);
	has("== !document\n\n== hidden\nJane Doe\n");
	memset(more + s.n, 1, 100);
	more[s.n] = '\n';
	assert_int_equal(read_pdf((struct mw_str){.p = more, .n = s.n + 100}), 0);
	has("== /behind  \n");
}

static void test_layers(void **state)
{
	(void)state;
	pdf_file_page(&file, "/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>",
		      "/Resources << /Font << /F 4 0 R >> /Properties << /L 6 0 R >> >>",
		      "BT /F 10 Tf 72 700 Td (seen by all) Tj ET /OC /L BDC BT /F 10 Tf 72 600 Td (Jane Doe) Tj ET EMC");
	(void)pdf_file_object(&file, "<< /Type /OCG /Name (layer) >>");
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), 0);
	has("== !document\n\n== hidden\nlayer: layer\n");
	has("\n== !\nseen by all\n\n\n== !layers\n\n== hidden\nJane Doe\n");
}

static void test_earlier(void **state)
{
	static const char was[] = "BT /F 10 Tf 72 700 Td (seen by all) Tj 0 -20 Td (Jane Doe) Tj ET";
	static const char is[] = "BT /F 10 Tf 72 700 Td (seen by all) Tj ET";
	char added[512];
	size_t end, at;

	(void)state;
	pdf_file_page(&file, "", FONT, was);
	end = pdf_file_end(&file, "").n;
	at = (size_t)((char *)memmem(file.p, end, "xref\n", 5) - file.p);
	(void)snprintf(added, sizeof(added),
		       "5 0 obj\n<< /Length %zu >>\nstream\n%s\nendstream\nendobj\nxref\n5 1\n%010zu 00000 n \ntrailer\n<< /Size "
		       "6 /Root 1 0 R "
		       "/Prev %zu >>\nstartxref\n%zu\n%%%%EOF\n",
		       sizeof(is) - 1, is, end, at,
		       end + strlen("5 0 obj\n<< /Length 41 >>\nstream\n") + sizeof(is) - 1 + strlen("\nendstream\nendobj\n"));
	memcpy(file.p + end, added, strlen(added));
	assert_int_equal(read_pdf((struct mw_str){.p = file.p, .n = end + strlen(added)}), 0);
	assert_string_equal(text(), "seen by all\n\n\n== !earlier\n\n== hidden\nJane Doe\n");
	assert_int_equal(sink.runs, 2);
}

/* Adds to the file objects 6 and 7 anew, then a table of these rows and a trailer with these keys. Of a row the offset is that of
 * object 6 ('6'), of object 7 ('7'), or of the page's contents in the first part ('5'). */
static struct mw_str updated(const char *six, const char *seven, const char *rows, const char *keys)
{
	size_t end, first, at[8] = {0};
	char *p;

	pdf_file_page(&file, "/Metadata 7 0 R", FONT, "BT /F 10 Tf 72 700 Td (seen by all) Tj ET");
	(void)pdf_file_object(&file, "<< /Title (was) >>");
	(void)pdf_file_stream(&file, "/Type /Metadata /Subtype /XML", "<x/>", 4);
	end = pdf_file_end(&file, "/Info 6 0 R").n;
	first = (size_t)((char *)memmem(file.p, end, "xref\n", 5) - file.p);
	at[5] = file.at[4];
	p = file.p + end;
	at[6] = (size_t)(p - file.p);
	p += sprintf(p, "6 0 obj\n%s\nendobj\n", six);
	at[7] = (size_t)(p - file.p);
	p += sprintf(p, "7 0 obj\n%s\nendobj\n", seven);
	end = (size_t)(p - file.p);
	p += sprintf(p, "xref\n0 1\n0000000000 65535 f \n");
	for (; *rows; rows += 2)
		p += sprintf(p, "%c 1\n%010zu 00000 %c \n", rows[0], at[rows[1] - '0'], rows[1] == '0' ? 'f' : 'n');
	p += sprintf(p, "trailer\n<< /Size 8 %s /Prev %zu >>\nstartxref\n%zu\n%%%%EOF\n", keys, first, end);
	return (struct mw_str){.p = file.p, .n = (size_t)(p - file.p)};
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
		(void)read_pdf(updated(rows[i].six, rows[i].seven, rows[i].rows, rows[i].keys));
		if (sink.runs != rows[i].runs)
			print_error("row %zu\n", i);
		assert_int_equal(sink.runs, rows[i].runs);
	}
}

/* ---- pictures -------------------------------------------------------------------------------------------------------------------- */

static int read_picture(const char *keys, const char *contents)
{
	pdf_file_page(&file, "", "/Resources << /Font << /F 4 0 R >> /XObject << /P 6 0 R >> >>", contents);
	(void)pdf_file_stream(&file, keys, "\xff\xd8\xff\xe0", 4);
	return read_pdf(pdf_file_end(&file, ""));
}

static void test_pictures(void **state)
{
	static const char draw[] = "q 600 0 0 700 0 0 cm /P Do Q";
	static const char page3[] = "/P Do BT /F 10 Tf 72 700 Td (Page 3) Tj ET";

	(void)state;
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /DCTDecode", draw), 0);
	has("== /page-1-1.jpg image/jpeg \n\xff\xd8\xff\xe0\n== end\n");
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /JBIG2Decode", draw), -EBADMSG);
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /JBIG2Decode", page3), -EBADMSG);
	assert_string_equal(reason, "image");
	has("Page 3\n");
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 2200 /Filter /CCITTFaxDecode", draw), 0);
	has("== /page-1-1.tif image/tiff \nII*");
	assert_memory_equal(sink.p + sink.n - 12, "\xff\xd8\xff\xe0\n== end\n", 12);
	/* A logo is none. */
	assert_int_equal(read_picture("/Subtype /Image /Width 150 /Height 100 /Filter /JBIG2Decode", draw), 0);
	assert_int_equal(read_picture("/Subtype /Image /Width 1700 /Height 200 /Filter /DCTDecode", page3), 0);
	assert_int_equal(sink.members, 1);
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
	pdf_file_page(&file, "", FONT, contents);
	free(contents);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), -EBADMSG);
	assert_string_equal(reason, "image");
}

/* ---- what cannot be read ----------------------------------------------------------------------------------------------------------- */

static void test_encrypted(void **state)
{
	(void)state;
	pdf_file_page(&file, "", FONT, "");
	assert_int_equal(
	    read_pdf(pdf_file_end(&file, "/ID [(a) (b)] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O "
					 "(00000000000000000000000000000000) /U (00000000000000000000000000000000) >>")),
	    -EACCES);
	assert_string_equal(reason, "encrypted");
	pdf_file_page(&file, "", FONT, "");
	assert_int_equal(read_pdf(pdf_file_end(&file, "/ID [(a) (b)] /Encrypt << /Filter /Adobe.PubSec /V 4 >>")), -EACCES);
	assert_string_equal(reason, "encrypted");
	assert_int_equal(sink.runs, 0);
}

static void test_damaged(void **state)
{
	struct mw_str whole;

	(void)state;
	assert_int_equal(read_pdf((struct mw_str){.p = "", .n = 0}), -EBADMSG);
	assert_string_equal(reason, "damaged");
	assert_int_equal(read_pdf((struct mw_str){.p = "%PDF-1.4\njunk", .n = 13}), -EBADMSG);
	assert_string_equal(reason, "damaged");
	/* Filled up it is whole; without its end it was cut off, and found again by its objects. */
	whole = PAGE({72, 72, "Jane Doe"});
	memset(file.p + file.n, '\0', 4096);
	assert_int_equal(read_pdf((struct mw_str){.p = whole.p, .n = whole.n + 4096}), 0);
	has("Jane Doe\n");
	assert_int_equal(read_pdf((struct mw_str){.p = whole.p, .n = whole.n - strlen("startxref\n000\n%%EOF\n")}), -EBADMSG);
	assert_string_equal(reason, "damaged");
	has("Jane Doe\n");
	/* A page that is not there. */
	pdf_file_page(&file, "", FONT, "");
	file.n = (size_t)((char *)memmem(file.p, file.n, "/Kids [3 0 R] /Count 1", 22) - file.p);
	memcpy(file.p + file.n, "/Kids [3 0 R] /Count 7 /MediaBox [0 0 9 9] >>\nendobj\n", 53);
	file.n += 53;
	assert_true(read_pdf((struct mw_str){.p = file.p, .n = file.n}) < 0);
	assert_string_equal(reason, "damaged");
}

/* A page whose contents are in object 5, which is deflated, and 6, which is not there. */
static int read_contents(const char *contents, const char *packed, size_t n)
{
	char page[256];

	pdf_file_begin(&file);
	(void)pdf_file_object(&file, "<< /Type /Catalog /Pages 2 0 R >>");
	(void)pdf_file_object(&file, "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 612 792] >>");
	(void)snprintf(page, sizeof(page), "<< /Type /Page /Parent 2 0 R " FONT "/Contents %s >>", contents);
	(void)pdf_file_object(&file, page);
	(void)pdf_file_object(&file, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
	(void)pdf_file_stream(&file, "/Filter /FlateDecode", packed, n);
	return read_pdf(pdf_file_end(&file, ""));
}

static void test_damaged_page(void **state)
{
	static const char words[] = "BT /F 10 Tf 72 700 Td (Jane Doe) Tj ET";
	char packed[256];
	uLongf n = sizeof(packed);

	(void)state;
	assert_int_equal(compress((Bytef *)packed, &n, (const Bytef *)words, sizeof(words) - 1), Z_OK);
	assert_int_equal(read_contents("5 0 R", packed, n), 0);
	has("Jane Doe\n");
	assert_int_equal(read_contents("[5 0 R]", packed, n), 0);
	assert_int_equal(read_contents("[5 0 R 6 0 R]", packed, n), -EBADMSG);
	assert_string_equal(reason, "damaged");
	assert_int_equal(read_contents("5 0 R", packed, n / 2), -EBADMSG);
	assert_string_equal(reason, "damaged");
	packed[n / 2] ^= 0x55;
	assert_int_equal(read_contents("[5 0 R]", packed, n), -EBADMSG);
	assert_string_equal(reason, "damaged");
}

static void test_limits(void **state)
{
	struct mw_str pdf = PAGE({72, 72, "Jane Doe"});

	(void)state;
	sink.max = 4;
	assert_int_equal(read_pdf(pdf), -EFBIG);
	assert_string_equal(reason, "limit");
	sink.max = 0;
	pdf_file_begin(&file);
	(void)pdf_file_object(&file, "<< /Type /Catalog /Pages 2 0 R >>");
	(void)pdf_file_object(&file, "<< /Type /Pages /Kids [3 0 R 4 0 R 5 0 R] /Count 3 /MediaBox [0 0 9 9] >>");
	for (int i = 0; i < 3; i++)
		(void)pdf_file_object(&file, "<< /Type /Page /Parent 2 0 R >>");
	pdf = pdf_file_end(&file, "");
	sink.max_pages = 2;
	assert_int_equal(read_pdf(pdf), -EFBIG);
	assert_string_equal(reason, "limit");
	sink.max_pages = 0;
	assert_int_equal(read_pdf(pdf), 0);
	assert_int_equal(sink.pages, 3);
}

static void test_bomb(void **state)
{
	const size_t size = 64u << 20;
	uLong n = compressBound(size);
	char *zeros = calloc(1, size), *packed = malloc(n);

	(void)state;
	assert_true(zeros && packed);
	assert_int_equal(compress2((Bytef *)packed, &n, (Bytef *)zeros, size, 1), Z_OK);
	n = n < 200000 ? n : 200000; /* the file has no room for more; the rest is cut off */
	pdf_file_page(&file, "/AF [<< /F (big) /EF << /F 6 0 R >> >>]", "", "");
	(void)pdf_file_stream(&file, "/Filter /FlateDecode", packed, n);
	free(zeros);
	free(packed);
	sink.max = 1u << 20;
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), -EFBIG);
	sink.max = 0;
	sink.in_member = false; /* the host closes what a limit has cut off */
	assert_string_equal(reason, "limit");
}

static void test_deep(void **state)
{
	static char body[60000];
	size_t n = 0;

	(void)state;
	/* Bookmarks in bookmarks, structure in structure: neither ends the program. */
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "<< /Title (t) /First ");
	(void)snprintf(body + n, sizeof(body) - n, "null");
	n += 4;
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, " >>");
	pdf_file_page(&file, "/Outlines 6 0 R", FONT, "");
	(void)pdf_file_object(&file, body);
	assert_int_equal(read_pdf(pdf_file_end(&file, "")), -EBADMSG);
	assert_string_equal(reason, "limit");
}

/* The module's own, laid out as its options are. */
struct conf {
	const char *pdftotext;
	uint64_t contents;
	int64_t revisions, at_once;
};

static void test_no_tool(void **state)
{
	struct conf conf = {"/nonexistent/pdftotext", 1u << 28, 8, 2};
	struct mw_err err = {.code = 0};
	void *none = NULL, *real = inst;

	(void)state;
	assert_int_equal(mw_plugin_extract_pdf.hooks.open(&host, NULL, &conf, &none, &err), 0);
	inst = none;
	assert_int_equal(read_pdf(PAGE({72, 72, "Jane Doe"})), -ENOENT);
	inst = real;
	assert_string_equal(reason, "unknown-format");
	mw_plugin_extract_pdf.hooks.close(none);
	/* And one that is no pdftotext. */
	conf.pdftotext = "/bin/false";
	assert_int_equal(mw_plugin_extract_pdf.hooks.open(&host, NULL, &conf, &none, &err), 0);
	inst = none;
	assert_int_equal(read_pdf(PAGE({72, 72, "Jane Doe"})), -EBADMSG);
	inst = real;
	assert_string_equal(reason, "damaged");
	mw_plugin_extract_pdf.hooks.close(none);
}

/* ---- several at once ------------------------------------------------------------------------------------------------------------- */

#define PAGES 24

/* Pages with their numbers in words that are no numbers: "page cg". */
static struct mw_str many_pages(void)
{
	char body[1024], kids[512] = "";
	int n = 0;

	pdf_file_begin(&file);
	for (int i = 0; i < PAGES; i++)
		n += snprintf(kids + n, sizeof(kids) - (size_t)n, "%d 0 R ", 4 + 2 * i);
	(void)pdf_file_object(&file, "<< /Type /Catalog /Pages 2 0 R >>");
	(void)snprintf(body, sizeof(body), "<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 612 792] >>", kids, PAGES);
	(void)pdf_file_object(&file, body);
	(void)pdf_file_object(&file, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
	for (int i = 0; i < PAGES; i++) {
		(void)snprintf(body, sizeof(body),
			       "<< /Type /Page /Parent 2 0 R /Contents %d 0 R /Resources << /Font << /F 3 0 R >> >> >>",
			       5 + 2 * i);
		(void)pdf_file_object(&file, body);
		(void)snprintf(body, sizeof(body), "BT /F 10 Tf 72 700 Td (page %c%c) Tj 9000 0 Td (far %c%c) Tj ET", 'a' + i / 8,
			       'a' + i % 8, 'a' + i / 8, 'a' + i % 8);
		(void)pdf_file_stream(&file, "", body, strlen(body));
	}
	return pdf_file_end(&file, "");
}

/* By a program of one's own in place of pdftotext, NULL = pdftotext. What was read before is freed. */
static int read_many(const char *program, int64_t at_once)
{
	struct conf conf = {program ? program : MW_PDFTOTEXT, 1u << 28, 8, at_once};
	void *other = NULL, *real = inst;
	int r;

	assert_int_equal(mw_plugin_extract_pdf.hooks.open(&host, NULL, &conf, &other, NULL), 0);
	inst = other;
	r = read_pdf(many_pages());
	inst = real;
	mw_plugin_extract_pdf.hooks.close(other);
	return r;
}

/* However many there are, the pages come in their order, and what is outside of them with them. */
static void test_portions(void **state)
{
	char *one;

	(void)state;
	assert_int_equal(read_many(NULL, 1), 0);
	assert_int_equal(sink.pages, PAGES);
	has("page aa\n");
	has("far ch\n");
	one = strdup(text());
	assert_non_null(one);
	for (int64_t n = 2; n <= 4; n++) {
		assert_int_equal(read_many(NULL, n), 0);
		assert_int_equal(sink.pages, PAGES);
		assert_string_equal(text(), one);
	}
	free(one);
}

/* One of two fails: what the other has read is there, and why not all is. */
static void test_half(void **state)
{
	static const struct {
		const char *script, *there, *missing, *reason;
	} rows[] = {
	    {"case \"$*\" in *-f*) exit 3;; esac", "page bd\n", "page be\n", "damaged"},
	    {"case \"$*\" in *-f*) kill -SEGV $$;; esac", "page bd\n", "page be\n", "crashed"},
	    {"case \"$*\" in *-l*) exit 3;; esac", "page be\n", "page bd\n", "damaged"},
	    {"case \"$*\" in *-l*) exit 0;; esac", "page be\n", "page bd\n", "damaged"},
	    {"case \"$*\" in *-l*) shift 2; set -- -l 3 \"$@\";; esac", "page ac\n", "page ad\n", "damaged"},
	};
	char path[] = "/tmp/pdf.half.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && fchmod(fd, 0700) == 0);
	(void)close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		assert_true(fprintf(f, "#!/bin/sh\n%s\nexec " MW_PDFTOTEXT " \"$@\"\n", rows[i].script) > 0);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(read_many(path, 2), -EBADMSG);
		assert_string_equal(reason, rows[i].reason);
		has(rows[i].there);
		has_not(rows[i].missing);
	}
	(void)unlink(path);
}

static int setup(void **state)
{
	struct conf conf = {MW_PDFTOTEXT, 1u << 28, 8, 2};

	(void)state;
	host = (struct mw_host){FS_HOST, .fail = fh_host()->fail};
	return mw_plugin_extract_pdf.hooks.open(&host, NULL, &conf, &inst, NULL);
}

static int teardown(void **state)
{
	(void)state;
	fs_reset(&sink);
	mw_plugin_extract_pdf.hooks.close(inst);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),	  cmocka_unit_test(test_outside),      cmocka_unit_test(test_table),
	    cmocka_unit_test(test_form),	  cmocka_unit_test(test_boxes),	       cmocka_unit_test(test_prose),
	    cmocka_unit_test(test_divided_words), cmocka_unit_test(test_odd_text),     cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_fields),	  cmocka_unit_test(test_notes),	       cmocka_unit_test(test_about),
	    cmocka_unit_test(test_files),	  cmocka_unit_test(test_more_notes),   cmocka_unit_test(test_behind),
	    cmocka_unit_test(test_layers),	  cmocka_unit_test(test_earlier),      cmocka_unit_test(test_told_anew),
	    cmocka_unit_test(test_pictures),	  cmocka_unit_test(test_drawn),	       cmocka_unit_test(test_encrypted),
	    cmocka_unit_test(test_damaged),	  cmocka_unit_test(test_damaged_page), cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_bomb),	  cmocka_unit_test(test_deep),	       cmocka_unit_test(test_no_tool),
	    cmocka_unit_test(test_portions),	  cmocka_unit_test(test_half),
	};

	if (access(MW_PDFTOTEXT, X_OK) < 0) {
		(void)fprintf(stderr, "no %s\n", MW_PDFTOTEXT);
		return 77; /* skipped */
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
