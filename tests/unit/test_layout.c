/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and records. What is asked about is in [ ]. */
#include "match/layout.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#define X12_HEAD                                                                                                                 \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260302*0914*^*00501*000000001*0*P*:~"             \
	"GS*HC*A*B*20260302*0914*1*X*005010X222A1~"

static const struct {
	const char *name, *text, *column; /* column: "" when there is none */
	uint32_t record;
	bool data;
} rows[] = {
    /* ---- columns ---- */
    {"tabs", "Name\tSSN\tPhone\nAnn Lee\t[219-09-9998]\t555-0100\n", "SSN", 1, true},
    {"tabs, second row, last cell", "Name\tSSN\tPhone\nAnn\t219\t555\nBob\t220\t[556]\n", "Phone", 2, true},
    {"first cell", "SSN\tName\n[219-09-9998]\tAnn\n", "SSN", 1, true},
    {"in the header itself", "Name\t[SSN]\nAnn\t219\n", "", 0, true},
    {"comma", "name,ssn,phone\nAnn,[219-09-9998],555\n", "ssn", 1, true},
    {"comma, two columns, three lines", "name,ssn\nAnn,219-09-9998\nBob,[219-09-9997]\n", "ssn", 2, true},
    {"comma, two columns, two lines: no table", "Dear Ann,thank you\nfor coming,[219-09-9998]\n", "", 0, false},
    {"semicolon", "name;ssn;phone\nAnn;[219];555\n", "ssn", 1, true},
    {"bars", "name | ssn | phone\nAnn | [219] | 555\n", "ssn", 1, true},
    {"markdown", "| name | ssn |\n|------|-----|\n| Ann | [219] |\n", "ssn", 2, true},
    {"a box of signs", "| name | ssn |\n+------+-----+\n| Ann | [219] |\n+------+-----+\n| Bob | 220 |\n", "ssn", 1, true},
    {"quoted cells", "\"Last, First\",\"SSN\",\"Phone\"\n\"Lee, Ann\",\"[219-09-9998]\",\"555\"\n", "SSN", 1, true},
    {"quoted quotes and line ends", "name,note,ssn\n\"Ann \"\"A\"\" Lee\",\"line\nline, two\",[219]\nBob,x,220\n", "ssn", 1,
     true},
    {"behind a quoted line end", "name,note,ssn\nAnn,\"line\nline, two\",219\nBob,x,[220]\n", "ssn", 2, true},
    {"a quote that does not end", "name,note,ssn\nAnn,\"6 feet,[219]\nBob,x,220\n", "ssn", 1, true},
    {"no header: a number", "Ann\t219-09-9998\nBob\t[219-09-9997]\n", "", 1, true},
    {"no header: an address", "ann@x.example\tid\nbob@x.example\t[12]\n", "", 1, true},
    {"no header: names of fields", "Patient:\tBob\nPhone:\t[555]\n", "", 0, false},
    {"a form without colons", "Name\tAnn Lee\nDOB\t1/2/1970\nMRN\t[123456]\n", "", 0, false},
    {"empty name", "name\t\tphone\nAnn\t[219]\t555\n", "", 1, true},
    {"a cell too many", "a,b,c\n1,2,3\n1,2,3\n1,2,3\n1,2,[3],4\n", "", 4, true},
    {"rows behind one with a cell too many", "a,b,c\n1,2,3\n1,2,3\n1,2,3\n1,2,3,4\n1,2,[3]\n", "c", 5, true},
    {"a title in a row of its own", "Seen in March,,,\nname,ssn,phone,seen\nAnn,[219],555,x\n", "ssn", 2, true},
    {"titles, and a blank row",
     "Oak Street Clinic;;;;\nfrom;03/01/2026;;;\n;;;;\nname;ssn;phone;seen;by\nAnn;[219];555;x;y\nBob;220;556;x;y\n", "ssn", 4,
     true},
    {"a title between bars", "| Seen in March | | |\n| name | ssn | phone |\n| Ann | [219] | 555 |\n", "ssn", 2, true},
    {"in a title", "Seen in [March],,,\nname,ssn,phone,seen\nAnn,219,555,x\n", "", 0, true},
    {"in the header below a title", "Seen in March,,,\nname,[ssn],phone,seen\nAnn,219,555,x\n", "", 1, true},
    {"no header below a title", "Seen in March,,,\nAnn,[219],555,x\nBob,220,556,x\n", "", 1, true},
    {"below the table", "a\tb\n1\t2\n\nthe [text]\n", "", 2, false},
    {"above the table", "the [text]\n\na\tb\n1\t2\n", "", 0, false},
    {"second table", "a\tb\n1\t2\n\nc\td\n1\t[2]\n", "d", 3, true},
    {"text right above", "See the list:\na\tb\n1\t[2]\n", "b", 2, true},
    {"prose with commas", "The dog, the cat and the bird\nsaw Ann, who was [219-09-9998]\nand Bob, who was not.\n", "", 0, false},
    {"prose with many commas", "first, second, third\nAnn, [219], x\nBob, 220, y\n", "", 0, false},
    {"CR LF", "name,ssn,phone\r\nAnn,[219],555\r\nBob,220,556\r\n", "ssn", 1, true},
    {"last column, CR LF", "name,phone,ssn\r\nAnn,555,[219]\r\nBob,556,220\r\n", "ssn", 1, true},
    {"two blanks", "Name     SSN          Phone\nAnn Lee  [219-09-9998]  555-0100\n", "SSN", 1, true},
    {"two blanks, two columns, three lines", "Name     SSN\nAnn Lee  219\nBob      [220]\n", "SSN", 2, true},
    {"two blanks, two columns, two lines: no table", "Name     SSN\nAnn Lee  [219]\n", "", 0, false},
    {"two blanks, indented, blanks at the end", "  Name     SSN  Phone  \n  Ann Lee  219  [555]   \n", "Phone", 1, true},
    {"two blanks, a ruler", "Name     SSN  Phone\n-------  ---  -----\nAnn Lee  [219]  555\n", "SSN", 2, true},
    {"two blanks, a row without one of its cells", "Bed  Name  Diet  Seen\n1    Ann   NPO   x\n2    Bob         [y]\n", "Seen", 2,
     true},
    {"two blanks, a row without its first cell", "Bed  Name  Diet  Seen\n1    Ann   NPO   x\n     [Bob]   NPO   y\n", "Name", 2,
     true},
    {"two blanks, below no name", "     Name  Diet  Seen\n     Ann   NPO   x\n[2]    NPO\n", "", 2, true},
    {"two blanks, letters of two octets", "N\xc3\xa4me  Diet  Seen\nAnn   NPO   x\nZo\xc3\xab         [y]\n", "Seen", 2, true},
    {"two blanks between sentences", "The name is known.  The number is not\nAnn said.  It is [219]\nSo it is.  Bye\n", "", 0,
     false},
    {"two blanks, a long cell above", "what the patient had to say  so\nAnn said that  it is [219]\nSo it is  then\n", "", 0,
     false},
    {"two blanks, a number above", "12  13  14\nAnn  [219]  x\nBob  220  y\n", "", 0, false},

    /* ---- records ---- */
    {"first paragraph", "Dear [Ann],\n", "", 0, false},
    {"second paragraph", "Dear Ann,\n\nthe [results] are in.\nMore.\n", "", 1, false},
    {"same paragraph", "a\nb\n[c]\n", "", 0, false},
    {"many blank lines", "a\n\n \n\t\n\n[b]\n", "", 1, false},
    {"blank lines first", "\n\n[a]\n", "", 0, false},
    {"HL7, first message", "MSH|^~\\&|A|B\nPID|1||[00482913]\nOBX|1|NM\nMSH|^~\\&|A|B\nPID|1||2\n", "", 0, true},
    {"HL7, second message", "MSH|^~\\&|A|B\nPID|1||1\nOBX|1|NM\nMSH|^~\\&|A|B\nPID|1||[2]\n", "", 1, true},
    {"HL7, carriage returns", "MSH|^~\\&|A|B\rPID|1||1\rOBX|1|NM\rMSH|^~\\&|A|B\rPID|1||[2]\r", "", 1, true},
    {"below HL7", "MSH|^~\\&|A|B\nPID|1||1\n\n[text]\n", "", 1, false},
    {"X12, head", X12_HEAD "[ST]*837*0001~NM1*41*2*X~IEA*1*1~", "", 1, true},
    {"X12, subscriber", X12_HEAD "ST*837*0001~HL*1**20*1~HL*2*1*22*0~NM1*IL*1*[LEE]*ANN~HL*3*1*22*0~NM1*IL*1*RAY*BOB~IEA*1*1~",
     "", 2, true},
    {"X12, next subscriber",
     X12_HEAD "ST*837*0001~HL*1**20*1~HL*2*1*22*0~NM1*IL*1*LEE*ANN~HL*3*1*22*0~NM1*IL*1*[RAY]*BOB~IEA*1*1~", "", 3, true},
    {"X12, member, on lines", X12_HEAD "\nST*834*0001~\nINS*Y*18~\nNM1*IL*1*LEE~\nINS*N*19~\nNM1*IL*1*[RAY]~\nIEA*1*1~\n", "", 3,
     true},
    {"X12, claim paid", X12_HEAD "ST*835*0001~CLP*A*1~NM1*QC*1*LEE~CLP*B*1~NM1*QC*1*[RAY]~IEA*1*1~", "", 3, true},
    {"below X12", X12_HEAD "ST*835*0001~IEA*1*1~\n\n[text]\n", "", 2, false},
    {"no X12", "ISA is an individual savings account, [text]\n", "", 0, false},
    {"NDJSON", "{\"a\":1}\n{\"a\":[2]}\n{\"a\":3}\n", "", 1, true},
    {"JSON on many lines", "{\n  \"a\": {\n    \"b\": [2]\n  }\n}\n", "", 0, true},
    {"JSON objects on many lines", "{\n  \"a\": 1\n}\n{\n  \"a\": [2]\n}\n", "", 1, true},
    {"FHIR bundle", "{\n \"entry\": [\n  {\"resource\": {\"id\": 1}},\n  {\"resource\": {\"id\": [2]}}\n ]\n}\n", "", 2, true},
    {"FHIR bundle on one line", "{\"entry\":[{\"resource\":{\"id\":1}},{\"resource\":{\"id\":[2]}}]}", "", 2, true},
    {"C-CDA", "<ClinicalDocument xmlns=\"urn:hl7-org:v3\">\n\n<id [x]/>\n</ClinicalDocument>\n", "", 0, true},
    {"two C-CDA", "<ClinicalDocument>\n<id/>\n</ClinicalDocument>\n<ClinicalDocument>\n<id [x]/>\n</ClinicalDocument>\n", "", 1,
     true},
};

/* The last [ is what is asked about: JSON has others. Gives its place in text without the brackets. */
static size_t read_row(const char *marked, bool cr, char *text, size_t *n)
{
	const char *open = NULL, *shut;

	for (const char *p = marked; (p = strchr(p, '[')) != NULL; p++) {
		const char *end = strpbrk(p + 1, "]\n[");

		if (end && *end == ']' && end > p + 1)
			open = p;
	}
	assert_non_null(open);
	shut = strchr(open, ']');
	*n = (size_t)sprintf(text, "%.*s%.*s%s", (int)(open - marked), marked, (int)(shut - open - 1), open + 1, shut + 1);
	for (size_t i = 0; i < *n && cr; i++)
		text[i] = text[i] == '\n' ? '\r' : text[i];
	return (size_t)(open - marked);
}

static void test_rows(void **state)
{
	struct mw_layout layout = {.zone = 0};
	unsigned wrong = 0;

	(void)state;
	for (size_t k = 0; k < 2 * COUNT(rows); k++) {
		const size_t i = k / 2;
		const bool cr = k % 2 && !strchr(rows[i].text, '\r');
		char text[1000];
		size_t n, at = read_row(rows[i].text, cr, text, &n), header_end;
		struct mw_cell name;
		uint32_t record;
		bool data;

		mw_layout_begin(&layout, (struct mw_str){.p = text, .n = n}, 0);
		assert_int_equal(mw_layout_record(&layout, at, &record, &data), 0);
		assert_int_equal(mw_layout_column(&layout, at, &name, &header_end), 0);
		if (record == rows[i].record && data == rows[i].data && name.end - name.start == strlen(rows[i].column) &&
		    memcmp(text + name.start, rows[i].column, name.end - name.start) == 0)
			continue;
		wrong++;
		print_error("%s%s: record %u, %s, column \"%.*s\"\n", rows[i].name, cr ? ", CR" : "", record,
			    data ? "data" : "text", (int)(name.end - name.start), text + name.start);
	}
	mw_layout_free(&layout);
	assert_int_equal(wrong, 0);
}

/* Cells asked for in any order give what they give in order. */
static void test_any_order(void **state)
{
	static const char text[] = "a,b,c\n\"1\",2,3\n4,\"5\n,5\",6\n7,8,9\n";
	struct mw_layout layout = {.zone = 0}, fresh = {.zone = 0};
	const struct mw_str t = {.p = text, .n = sizeof(text) - 1};

	(void)state;
	mw_layout_begin(&layout, t, 0);
	for (size_t i = 0; i < 400; i++) {
		size_t at = i * 7919 % t.n, header_end;
		struct mw_cell one, other;

		mw_layout_begin(&fresh, t, 0);
		assert_int_equal(mw_layout_column(&layout, at, &one, &header_end), 0);
		assert_int_equal(mw_layout_column(&fresh, at, &other, &header_end), 0);
		assert_true(one.start == other.start && one.end == other.end);
	}
	mw_layout_free(&layout);
	mw_layout_free(&fresh);
}

#ifdef __SANITIZE_THREAD__
#define LARGE (128u << 10) /* its memmem() looks at all of what may be searched, at each call */
#else
#define LARGE (4u << 20)
#endif

/* Texts on which anything but linear work never ends; each octet is asked about. */
static void test_linear(void **state)
{
	static const char *const line[] = {
	    "a,b,c\n",
	    "Smith, John\n",
	    "\"a,b\n",
	    "\"",
	    ",",
	    "a\tb",
	    "a|b\n",
	    "MSH|\n",
	    "{\n",
	    "{\"resource\"",
	    "<ClinicalDocument\n",
	    "a;b\n\n",
	    "a,\"b\n",
	    "\r",
	    "ISA*\n",
	    "<ClinicalDocument",
	    "a,b\r",
	    "\"a\"              ",
	    "a|",
	    "a,b\r\"\"\r",
	    "MSH|\r",
	    "a  b  c\n",
	    "a  b\n",
	    "a  ",
	    "a   \n",
	    "  a  b\n  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a\n",
	};
	const size_t n = LARGE;
	char *text = malloc(n);
	struct mw_layout layout = {.zone = 0};

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(line); i++) {
		size_t len = strlen(line[i]), header_end, records = 0;

		for (size_t at = 0; at < n; at++)
			text[at] = line[i][at % len];
		mw_layout_begin(&layout, (struct mw_str){.p = text, .n = n}, 0);
		for (size_t at = 0; at < n; at += 3) {
			struct mw_cell name;
			uint32_t record;
			bool data;

			assert_int_equal(mw_layout_column(&layout, at, &name, &header_end), 0);
			assert_int_equal(mw_layout_record(&layout, at, &record, &data), 0);
			assert_true(record >= records);
			records = record;
		}
	}
	mw_layout_free(&layout);
	free(text);
}

/* A line that only divides may be longer than a row: what is below it is in the table all the same. */
static void test_long_ruler(void **state)
{
	char *text = malloc(MW_ROW_MAX + 200);
	struct mw_layout layout = {.zone = 0};
	size_t n, header_end;
	struct mw_cell name;
	uint32_t record;
	bool data;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text, "| name | ssn |\n");
	memset(text + n, '-', MW_ROW_MAX + 100);
	n += MW_ROW_MAX + 100;
	n += (size_t)sprintf(text + n, "\n| Ann | 219 |\n| Bob | 220 |\n");
	mw_layout_begin(&layout, (struct mw_str){.p = text, .n = n}, 0);
	assert_int_equal(mw_layout_record(&layout, n - 6, &record, &data), 0);
	assert_int_equal(mw_layout_column(&layout, n - 6, &name, &header_end), 0);
	assert_int_equal(record, 2);
	assert_true(data);
	assert_int_equal(name.end - name.start, 3);
	mw_layout_free(&layout);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_any_order),
	    cmocka_unit_test(test_long_ruler),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
