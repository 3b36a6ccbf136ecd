/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom_file.h"
#include "tests/unit/extracting.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zlib.h>

#include "mail/mime.h"

extern const struct mw_plugin mw_plugin_extract_clinical;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What extract() returns; the sink has what it wrote. */
static int extract(const char *type, const char *charset, struct mw_str data, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {.data = data, .type = type, .charset = charset, .name = ""};

	return ex_once(&mw_plugin_extract_clinical, &doc, sink, reason);
}

/* The section of the fields, without its heading. */
static const char *fields_of(const struct mw_sink *sink)
{
	static const char head[] = "\n== !fields\n";
	const char *at = sink->p ? strstr(sink->p, head) : NULL;

	assert_non_null(at);
	return at + strlen(head);
}

struct row {
	const char *in, *fields;
};

static void check_rows(const char *type, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mw_sink sink = {0};
		const char *reason;

		assert_int_equal(extract(type, "", (struct mw_str){.p = rows[i].in, .n = strlen(rows[i].in)}, &sink, &reason), 0);
		assert_string_equal(fields_of(&sink), rows[i].fields);
		assert_memory_equal(sink.p, rows[i].in, strlen(rows[i].in)); /* what was sent stands before them */
		fs_reset(&sink);
	}
}

/* ---- HL7 v2 ---------------------------------------------------------------------------------------------------------------------- */

#define MSH "MSH|^~\\&|A|B|||20260312||ADT^A01|7|P|2.5\r"
#define MSH_FIELDS                                                                                                               \
	"Sending application: A\nSending facility: B\nMessage date: 2026-03-12\nMessage type: ADT A01\nMessage number: 7\n"      \
	"Processing: P\nHL7 version: 2.5\n"

static const struct row hl7[] = {
    {MSH "PID|1||123456^^^HOSP^MR~219099998^^^^SS||Doe^John^Q^Jr^Mr^MD||19700312|M|||12 Main St^Apt "
	 "4^Springfield^IL^62704||2175550143\r",
     MSH_FIELDS "MRN: 123456\nPatient ID given by: HOSP\nSSN: 219-09-9998\nPatient name: John Q Doe Jr\nPatient name title: Mr\n"
		"Patient name degree: MD\nDate of birth: 1970-03-12\nSex: M\n"
		"Home address: 12 Main St, Apt 4, Springfield, IL 62704\nHome phone: 217-555-0143\n"},
    /* Other separators and all escapes. */
    {"MSH#*!?+#A*B\rNTE#1##a?F?b?S?c?T?d?R?e?E?f?X41C3A9?g?H?h?N?i?.br?j\r",
     "Sending application: A B\nNote: a#b*c+d!e?fAéghi\nj\n"},
    /* Results, with the words of the flag; text keeps its lines. */
    {MSH "OBX|1|NM|2345-7^Glucose^LN||182|mg/dL|70-99|H|||F\rOBX|2|FT|N^Note||first\\.br\\second||||||F\r",
     MSH_FIELDS "Lab result: Glucose 182 mg/dL (high)\nValue type: NM\nTest code: Glucose (2345-7)\nNormal values: 70-99\n"
		"Result status: F\nObservation: Note first\nsecond\nValue type: FT\nTest code: Note (N)\nResult status: F\n"},
    /* Who treats is called so. */
    {MSH "PV1|1|I|||||1234567893^Patel^Grace^^^Dr^MD\r",
     MSH_FIELDS "Patient class: I\nAttending provider: Grace Patel\nAttending provider title: Dr\nAttending provider degree: MD\n"
		"Attending provider number: 1234567893\n"},
    /* Two messages, in MLLP; a segment that nobody knows; a file. */
    {"\v" MSH "\x1c\r\v" MSH "ZPI|1|x^y\rOBX|1|ED|D||^text^plain^Base64^aGk=\r\x1c\r", MSH_FIELDS
     "\f\n" MSH_FIELDS "ZPI.1: 1\nZPI.2: x y\n\n== /embedded-1.txt text/plain \nhi\n== end\nValue type: ED\nTest code: D\n"},
    /* A segment that a mailer has wrapped; two patients in one message. */
    {"MSH|^~\\&|A\nPID|1||1||Doe^\nJane\nPID|2||2||Roe^Ann\n",
     "Sending application: A\nPatient ID: 1\nPatient name: Jane Doe\n\f\nPatient ID: 2\nPatient name: Ann Roe\n"},
    {MSH "DG1|1|I10|I10^Essential hypertension^I10\rAL1|1|DA|70618^Penicillin|SV|Hives\rRXE|1^BID|00093^Metformin^NDC|500||MG\r",
     MSH_FIELDS
     "DG1.2: I10\nDiagnosis: I10 Essential hypertension\nAllergy type: DA\nAllergy: Penicillin (70618)\nAllergy severity: SV\n"
     "Allergy reaction: Hives\nMedication schedule: 1 BID\nMedication: Metformin (00093)\nMedication dose: 500\n"
     "Medication dose unit: MG\n"},
};

static void test_hl7(void **state)
{
	(void)state;
	check_rows("application/hl7-v2", hl7, COUNT(hl7));
}

/* ---- X12 ------------------------------------------------------------------------------------------------------------------------- */

#define ISA(e, c, t)                                                                                                             \
	"ISA" e "00" e "          " e "00" e "          " e "ZZ" e "SUB            " e "ZZ" e "PAY            " e "260312" e     \
	"1015" e "^" e "00501" e "000000001" e "0" e "P" e c t

static const struct row x12[] = {
    {ISA("*", ":",
	 "~") "ST*837*1~HL*2*1*22*0~NM1*IL*1*DOE*JANE*Q***MI*W123456789~N3*12 OAK ST~N4*MIAMI*FL*33111~DMG*D8*19700312*F~"
	      "CLM*26463774*100***11:B:1~HI*ABK:E119*ABF:Z1159~SV1*HC:99213:25*40~DTP*472*D8*20261003~",
     "Interchange sender: SUB\nInterchange receiver: PAY\n\f\nTransaction: 837\nST02: 1\n\f\nSubscriber name: JANE Q DOE\n"
     "Subscriber member ID: W123456789\nSubscriber home address: 12 OAK ST, MIAMI, FL 33111\nSubscriber date of birth: "
     "1970-03-12\n"
     "Subscriber sex: F\nPatient account: 26463774\nClaim amount: 100\nPlace of service: 11 B 1\nDiagnosis: E11.9\nDiagnosis: "
     "Z11.59\n"
     "Procedure code: 99213 25\nCharge: 40\nDate of service: 2026-10-03\n"},
    /* Other separators, a line a segment; providers are called so, and two claims are two patients. */
    {ISA("|", ">",
	 "\n") "NM1|82|1|PATEL|GRACE||||XX|1234567893\nCLP|55512|1|100|80\nNM1|QC|1|ROE|ANN||||MI|W1\nSVC|HC>99213|100|80\n"
	       "CLP|55513|1|90|70\nREF|SY|219099998\n",
     "Interchange sender: SUB\nInterchange receiver: PAY\nRendering provider: GRACE PATEL\nRendering provider NPI: "
     "1234567893\n\f\n"
     "Patient account: 55512\nClaim status: 1\nClaim amount: 100\nClaim paid: 80\nPatient name: ANN ROE\nPatient member ID: W1\n"
     "Procedure code: 99213\nCharge: 100\nPaid: 80\n\f\nPatient account: 55513\nClaim status: 1\nClaim amount: 90\nClaim paid: "
     "70\n"
     "Patient SSN: 219-09-9998\n"},
    /* Many members are a table; what has no column is in the last one. */
    {"ST*834*1~INS*Y*18~NM1*IL*1*DOE*JO****34*219099998~DMG*D8*19700312*F~INS*N*19~REF*0F*W1~NM1*IL*1*ROE*ANN~HD*021**HLT~INS*N~"
     "SE*1~",
     "Transaction: 834\nST02: 1\n\f\n"
     "Patient name\tMember ID\tSSN\tDate of birth\tSex\tHome address\tHome phone\tPatient account\tProcedure code\tDate of "
     "service\tDiagnosis\tOther\n"
     "JO DOE\t\t219-09-9998\t1970-03-12\tF\t\t\t\t\t\t\tMember is subscriber: Y; Relationship: 18\n"
     "ANN ROE\tW1\t\t\t\t\t\t\t\t\t\tMember is subscriber: N; Relationship: 19; HD01: 021; Insurance line: HLT\n"
     "\t\t\t\t\t\t\t\t\t\t\tMember is subscriber: N\n"},
    /* A transaction without its envelope. */
    {"ST*834*1~INS*Y*18~REF*0F*W123456789~NM1*IL*1*DOE*JO~",
     "Transaction: 834\nST02: 1\n\f\nMember is subscriber: Y\nRelationship: 18\nMember subscriber ID: W123456789\nMember name: "
     "JO DOE\n"},
};

static void test_x12(void **state)
{
	(void)state;
	check_rows("application/edi-x12", x12, COUNT(x12));
}

/* ---- FHIR ------------------------------------------------------------------------------------------------------------------------ */

static const struct row fhir[] = {
    {"{\"resourceType\":\"Patient\",\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MR\",\"display\":\"x\"}]},\"value\":"
     "\"123\"}],"
     "\"name\":[{\"family\":\"Doe\",\"given\":[\"John\",\"Q\"]}],\"gender\":\"male\",\"birthDate\":\"1970-03-12\","
     "\"telecom\":[{\"system\":\"phone\",\"use\":\"home\",\"value\":\"2175550143\"}],"
     "\"address\":[{\"line\":[\"12 Main St\"],\"city\":\"Springfield\",\"state\":\"IL\",\"postalCode\":\"62704\"}],"
     "\"contact\":[{\"name\":{\"family\":\"Doe\",\"given\":[\"Ann\"]}}]}",
     "Date of birth: 1970-03-12\nMRN: 123\nPatient name: John Q Doe\nHome phone: 217-555-0143\nHome address: 12 Main St, "
     "Springfield, IL 62704\n"
     "Emergency contact: Ann Doe\nSex: male\n"},
    /* A bundle: a form feed between resources, a result with what was tested; what a resource is need not come first. */
    {"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"code\":{\"coding\":[{\"code\":\"2345-7\",\"display\":\"Glucose\"}]"
     "},"
     "\"valueQuantity\":{\"value\":182,\"unit\":\"mg/dL\"},\"resourceType\":\"Observation\"}},{\"resource\":{\"resourceType\":"
     "\"Practitioner\",\"name\":[{\"family\":\"Patel\",\"given\":[\"Grace\"],\"prefix\":[\"Dr\"]}]}}]}",
     "Test: Glucose (2345-7)\nLab result: Glucose 182 mg/dL\n\f\nProvider: Grace Patel\nProvider title: Dr\n"},
    /* NDJSON; escapes; a narrative; a date with its time; references. */
    {"{\"resourceType\":\"Condition\",\"code\":{\"text\":\"Caf\\u00e9 \\ud83d\\ude00\\tx\"}}\n"
     "{\"resourceType\":\"Encounter\",\"subject\":{\"reference\":\"Patient/1\",\"display\":\"Jane Doe\"},"
     "\"text\":{\"div\":\"<div>a &amp; b<table><tr><td>c</td><td>d</td></tr></table></div>\"},\"x\":\"2026-03-12T10:00:00Z\"}",
     "Diagnosis: Café \xf0\x9f\x98\x80 x\n\f\nPatient name: Jane Doe\nNarrative: a & b\nc\td\nEncounter.x: 2026-03-12 "
     "10:00:00Z\n"},
    /* A file, and an extension that is called by its address. */
    {"{\"resourceType\":\"DocumentReference\",\"content\":[{\"attachment\":{\"contentType\":\"text/plain; "
     "charset=x\",\"data\":\"aGk=\"}}],"
     "\"extension\":[{\"url\":\"http://x.example/birth-place\",\"valueString\":\"Boston\"}]}",
     "\n== /embedded-1.txt text/plain \nhi\n== end\nbirth-place: Boston\n"},
    {"<Patient xmlns=\"http://hl7.org/fhir\"><text><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Seen by "
     "<b>us</b></p></div></text>"
     "<name><family value=\"Doe\"/><given value=\"Jane\"/></name><birthDate value=\"1970-03-12\"/></Patient>",
     "Date of birth: 1970-03-12\nNarrative: Seen by us\nPatient name: Jane Doe\n"},
    {"<Bundle xmlns=\"http://hl7.org/fhir\"><entry><resource><Condition><code><coding><code value=\"I10\"/><display "
     "value=\"High\"/>"
     "</coding></code></Condition></resource></entry></Bundle>",
     "Diagnosis: I10 High\n"},
};

static void test_fhir(void **state)
{
	(void)state;
	check_rows("application/fhir+json", fhir, COUNT(fhir));
}

static const struct row dicom_json[] = {
    {"{\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"Doe^Jane^Q\"}]},\"00100030\":{\"vr\":\"DA\",\"Value\":["
     "\"19700312\"]},"
     "\"00101010\":{\"vr\":\"AS\",\"Value\":[\"045Y\"]},\"00420011\":{\"vr\":\"OB\",\"InlineBinary\":\"aGk=\"}}",
     "Patient name: Jane Q Doe\nDate of birth: 1970-03-12\nAge: 45 years old\n\n== /embedded-1  \nhi\n== end\n"},
};

static void test_dicom_json(void **state)
{
	(void)state;
	check_rows("application/dicom+json", dicom_json, COUNT(dicom_json));
}

/* ---- C-CDA, NCPDP ---------------------------------------------------------------------------------------------------------------- */

static const struct row ccda[] = {
    {"<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>Summary</title><recordTarget><patientRole>"
     "<id root=\"1.2\" extension=\"998991\"/><id root=\"2.16.840.1.113883.4.1\" "
     "extension=\"219-09-9998\"/><addr><streetAddressLine>12 Main St"
     "</streetAddressLine><city>Springfield</city><state>IL</state><postalCode>62704</postalCode></addr><telecom "
     "value=\"tel:+1(217)555-0143\""
     " use=\"HP\"/><patient><name><given>Jane</given><given>Q</given><family>Doe</family></name>"
     "<administrativeGenderCode code=\"F\"/><birthTime value=\"19700312\"/></patient></patientRole></recordTarget>"
     "<author><assignedAuthor><assignedPerson><name><given>Grace</given><family>Patel</family></name></assignedPerson></"
     "assignedAuthor></author>"
     "</ClinicalDocument>",
     "Date of birth: 1970-03-12\nSummary\nMRN: 998991\nSSN: 219-09-9998\nHome address: 12 Main St, Springfield, IL "
     "62704\nHome phone: +1(217)555-0143\n"
     "Patient name: Jane Q Doe\nSex: F\nAuthor, provider: Grace Patel\n"},
    /* Narrative: tables are rows, blocks are lines; entries. */
    {"<ClinicalDocument><section><title>Results</title><text><paragraph>Seen "
     "<content>to</content>day</paragraph><table><thead><tr>"
     "<th>Test</th><th>Value</th><th/></tr></thead><tbody><tr><td>Glu<br/>cose</td><td/><td>182</td></tr></tbody></table>"
     "<list><item>one</item><item>two</item></list></text><entry><observation><templateId "
     "root=\"2.16.840.1.113883.10.20.22.4.4\"/>"
     "<value code=\"59621000\" displayName=\"Essential hypertension\"/></observation></entry><entry><observation>"
     "<code code=\"718-7\" displayName=\"Hemoglobin\"/><value value=\"13.2\" "
     "unit=\"g/dL\"/></observation></entry></section></ClinicalDocument>",
     "Results\nSeen today\nTest\tValue\t\nGlu cose\t\t182\n\none\ntwo\nDiagnosis: Essential hypertension (59621000)\n"
     "Observation: Hemoglobin (718-7)\nLab result: Hemoglobin 13.2 g/dL\n"},
    {"<ClinicalDocument><nonXMLBody><text mediaType=\"text/plain\" "
     "representation=\"B64\">aGk=</text></nonXMLBody></ClinicalDocument>",
     "\n== /embedded-1.txt text/plain \nhi\n== end\n"},
};

static const struct row script[] = {
    {"<Message><Body><NewRx><Patient><HumanPatient><Name><LastName>Doe</LastName><FirstName>Jane</FirstName></Name><DateOfBirth>"
     "<Date>1970-03-12</Date></DateOfBirth></HumanPatient></Patient><Prescriber><NonVeterinarian><Name><LastName>Patel</LastName>"
     "<FirstName>Grace</FirstName></Name></NonVeterinarian></Prescriber><MedicationPrescribed><DrugDescription>Lisinopril 10 mg"
     "</DrugDescription></MedicationPrescribed></NewRx></Body></Message>",
     "Patient name: Jane Doe\nPatient date of birth: 1970-03-12\nPrescribing provider: Grace Patel\nMedication: Lisinopril 10 "
     "mg\n"},
    {"UNA:+./*'UIB+UNOA:0'UIH+SCRIPT:8'PTT+1+19541225+SMITH:MARY+F+333445555:SY'DRU+P:CALAN SR'",
     "UIB.1: UNOA 0\nUIH.1: SCRIPT 8\n\f\nPatient name: MARY SMITH\nDate of birth: 1954-12-25\nSex: F\nSSN: "
     "333445555\nMedication: P CALAN SR\n"},
    {"610066D0B1\x1e\x1c"
     "AM01\x1c"
     "C419540312\x1c"
     "C52\x1c"
     "CAMARY\x1c"
     "CBSMITH\x1c"
     "CM12 OAK ST\x1c"
     "CNMIAMI\x1d\x1e\x1c"
     "AM07\x1c"
     "D26612345\x1c"
     "DOE119\x1c"
     "ZZ9",
     "Header: 610066D0B1\n\f\nDate of birth: 1954-03-12\nSex: F\nPatient name: MARY SMITH\nHome address: 12 OAK ST, MIAMI\n\f\n"
     "Rx number: 6612345\nDiagnosis: E11.9\nField ZZ: 9\n"},
    /* Two transmissions in blocks of HL7's transport. */
    {"\v610066D0B1\x1e\x1c"
     "AM01\x1c"
     "CAMARY\x1c\r\v610067D0B1\x1e\x1c"
     "AM07\x1c"
     "D26612345\x1c\r",
     "Header: 610066D0B1\n\f\nPatient name: MARY\n\f\nHeader: 610067D0B1\nRx number: 6612345\n"},
};

static void test_xml(void **state)
{
	(void)state;
	check_rows("application/hl7-cda+xml", ccda, COUNT(ccda));
	check_rows("application/ncpdp", script, COUNT(script));
}

/* ---- DICOM ----------------------------------------------------------------------------------------------------------------------- */

static void put_patient(struct file *f)
{
	put_string(f, 0x00080005, "CS", "ISO_IR 100");
	put_string(f, 0x00080090, "PN", "Patel^Grace");
	put_string(f, 0x00100010, "PN", "Mu\xf1oz^Jos\xe9^Q^^Jr");
	put_string(f, 0x00100020, "LO", "123456");
	put_string(f, 0x00100030, "DA", "19700312");
	/* A sequence of unknown length, another in it of a known one. */
	put_head(f, 0x00321064, "SQ", UINT32_MAX);
	put_head(f, 0xfffee000, "", UINT32_MAX);
	put_string(f, 0x00080104, "LO", "Chest CT");
	put_head(f, 0xfffee00d, "", 0);
	put_head(f, 0xfffee0dd, "", 0);
	put_string(f, 0x00104000, "LT", "one\ntwo");
}

static const char patient_fields[] =
    "Character set: ISO_IR 100\nReferring provider: Grace Patel\nPatient name: José Q Muñoz Jr\n"
    "Patient ID: 123456\nDate of birth: 1970-03-12\nMeaning: Chest CT\nPatient comments: one\ntwo\n";

static void check_dicom(const struct file *f, int code, const char *reason, const char *fields)
{
	struct mw_sink sink = {0};
	const char *said;

	assert_int_equal(extract("application/dicom", "", (struct mw_str){.p = f->p, .n = f->n}, &sink, &said), code);
	if (reason)
		assert_string_equal(said, reason);
	assert_string_equal(fields_of(&sink), fields);
	fs_reset(&sink);
}

static void test_dicom_syntaxes(void **state)
{
	struct file f;

	(void)state;
	begin_dicom(&f, "1.2.840.10008.1.2.1");
	put_patient(&f);
	check_dicom(&f, 0, NULL, patient_fields);
	begin_dicom(&f, "1.2.840.10008.1.2");
	f.implicit = true;
	put_patient(&f);
	check_dicom(&f, 0, NULL, patient_fields);
	begin_dicom(&f, "1.2.840.10008.1.2.2");
	f.big = true;
	put_patient(&f);
	check_dicom(&f, 0, NULL, patient_fields);
	f = (struct file){.implicit = true}; /* without a head */
	put_patient(&f);
	check_dicom(&f, 0, NULL, patient_fields);
}

static void test_dicom_deflated(void **state)
{
	struct file f, plain = {.n = 0};
	z_stream z = {0};

	(void)state;
	put_patient(&plain);
	begin_dicom(&f, "1.2.840.10008.1.2.1.99");
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)plain.p;
	z.avail_in = (unsigned)plain.n;
	z.next_out = (unsigned char *)f.p + f.n;
	z.avail_out = (unsigned)(sizeof(f.p) - f.n);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	f.n = sizeof(f.p) - z.avail_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
	check_dicom(&f, 0, NULL, patient_fields);
	f.n -= 1;
	check_dicom(&f, -EINVAL, "damaged", patient_fields);
}

/* Pixels cannot be read; what stands behind them is. A document inside is a file. */
static void test_dicom_pixels(void **state)
{
	struct file f;

	(void)state;
	begin_dicom(&f, "1.2.840.10008.1.2.4.50");
	put_head(&f, 0x7fe00010, "OB", UINT32_MAX);
	put_head(&f, 0xfffee000, "", 4);
	put(&f, "abcd", 4);
	put_head(&f, 0xfffee0dd, "", 0);
	put_string(&f, 0x7fe11010, "LO", "Jane Doe");
	check_dicom(&f, 0, NULL, "(7FE1,1010): Jane Doe\n\n== !\n\n== unread image\n");
	begin_dicom(&f, "1.2.840.10008.1.2.1");
	put_head(&f, 0x00420011, "OB", 4);
	put(&f, "%PDF", 4);
	put_string(&f, 0x00420012, "LO", "application/pdf");
	check_dicom(&f, 0, NULL, "Document type: application/pdf\n\n== /embedded-1.pdf application/pdf \n%PDF\n== end\n");
}

/* Reports tell what a value is before it; private octets may hold text; an element longer than the file is damaged. */
static void test_dicom_odd(void **state)
{
	static const char octets[] = "\1\2Name: Jane Doe\0\3abc";
	struct file f;

	(void)state;
	begin_dicom(&f, "1.2.840.10008.1.2.1");
	put_head(&f, 0x0040a043, "SQ", UINT32_MAX);
	put_head(&f, 0xfffee000, "", UINT32_MAX);
	put_string(&f, 0x00080104, "LO", "Finding");
	put_head(&f, 0xfffee00d, "", 0);
	put_head(&f, 0xfffee0dd, "", 0);
	put_string(&f, 0x0040a160, "UT", "No fracture");
	put_head(&f, 0x00291010, "OB", sizeof(octets) - 1);
	put(&f, octets, sizeof(octets) - 1);
	put_string(&f, 0x00104000, "LT", "left hip");
	f.n -= 4;
	check_dicom(&f, -EINVAL, "damaged",
		    "Meaning: Finding\nFinding: No fracture\n(0029,1010): Name: Jane Doe\nPatient comments: left\n");
}

/* ---- what is wrong, and what is much -------------------------------------------------------------------------------------------- */

static void check_reason(const char *type, const char *in, const char *reason, const char *fields)
{
	struct mw_sink sink = {0};
	const char *said;

	assert_true(extract(type, "", (struct mw_str){.p = in, .n = strlen(in)}, &sink, &said) < 0);
	assert_string_equal(said, reason);
	assert_string_equal(fields_of(&sink), fields);
	fs_reset(&sink);
}

/* What stands before the octet that is wrong is there, and of lines the next one. */
static void test_damaged(void **state)
{
	static const char deep[] = "{\"resourceType\":\"Patient\",\"birthDate\":\"1970-03-12\",\"a\":";
	char text[sizeof(deep) + 4096];
	size_t n = strlen(deep);

	(void)state;
	check_reason("application/fhir+json",
		     "{\"resourceType\":\"Patient\",\"birthDate\":\"1970-03-12\",\"name\":[{\"family\":\"Doe\"", "damaged",
		     "Date of birth: 1970-03-12\nPatient name: Doe\n");
	check_reason("application/fhir+ndjson",
		     "{\"resourceType\":\"Patient\",\"gender\" \"x\"}\n{\"resourceType\":\"Patient\",\"gender\":\"male\"}",
		     "damaged", "Sex: male\n");
	check_reason("application/fhir+xml", "<Patient><gender value=\"male\"/><name>", "damaged", "Sex: male\n");
	check_reason("application/fhir+xml",
		     "<!DOCTYPE x [<!ENTITY a \"bbb\">]><Patient><x>&a;</x><gender value=\"male\"/></Patient>", "damaged",
		     "Sex: male\n");
	memcpy(text, deep, n);
	memset(text + n, '[', 4096);
	text[n + 4096] = '\0';
	check_reason("application/fhir+json", text, "limit", "Date of birth: 1970-03-12\n");
}

static void test_no_dicom(void **state)
{
	struct mw_sink sink = {0};
	const char *reason;

	(void)state;
	assert_int_equal(extract("application/dicom", "", (struct mw_str){.p = "hello", .n = 5}, &sink, &reason), -ENOTSUP);
	assert_string_equal(reason, "unknown-format");
	fs_reset(&sink);
}

/* Text that is none of the forms stays as it is. */
static void test_other(void **state)
{
	struct mw_sink sink = {0};
	const char *reason;

	(void)state;
	assert_int_equal(extract("application/edi-x12", "", (struct mw_str){.p = "a\r\nb", .n = 4}, &sink, &reason), 0);
	assert_string_equal(sink.p, "a\nb\n== !fields\n");
	fs_reset(&sink);
	assert_int_equal(
	    extract("application/hl7-v2", "iso-8859-1", (struct mw_str){.p = "MSH|^~\\&|Jos\xe9", .n = 13}, &sink, &reason), 0);
	assert_string_equal(sink.p, "MSH|^~\\&|José\n== !fields\nSending application: José\n");
	fs_reset(&sink);
}

/* A sink that is full ends the work, and says so. */
static void test_limit(void **state)
{
	struct mw_sink sink = {.max = 40};
	const char *reason;

	(void)state;
	assert_int_equal(extract("application/hl7-v2", "", (struct mw_str){.p = MSH, .n = strlen(MSH)}, &sink, &reason), -EFBIG);
	assert_string_equal(reason, "limit");
	fs_reset(&sink);
}

/* Four times as much takes about four times as long, and not sixteen times, whatever it is made of. */
static void test_linear(void **state)
{
	static const struct {
		const char *head, *unit;
	} rows[] = {
	    {"MSH|^~\\&|\rOBX|1|NM|abc^def||", "~"},
	    {"MSH|^~\\&|\rPID|", "|a"},
	    {"MSH|^~\\&|\r", "PID|1|2\r"},
	    {"MSH|^~\\&|\rNTE|1||", "\\"},
	    {"ISA*", "*"},
	    {"ST*837*1~", "NM1*IL*1*A~"},
	    {"ST*837*1~HI*", "ABK:I10^"},
	    {"{", "\"a\":1,"},
	    {"[", "{\"resource\":{}}"},
	    {"{\"resource\":{\"text\":{\"div\":\"", "<a&"},
	    {"<Patient>", "<a b=\"c\">d</a>"},
	    {"<Patient x=\"", "y "},
	    {"<a>", "<!-- "},
	    {"<ClinicalDocument><text>", "<tr><td>a</td>b</tr>"},
	    {"\x1e\x1c"
	     "AM01",
	     "\x1c"
	     "CAa"},
	    {"UIB+UIH", "'PTT+"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double took[2];

		for (size_t k = 0; k < 2; k++) {
			size_t most = k ? 1000000 : 250000, n = strlen(rows[i].head), unit = strlen(rows[i].unit);
			struct mw_sink sink = {.max = 1}; /* nothing is kept but what fits */
			char *p = malloc(most + unit);
			const char *reason;
			clock_t begin;

			assert_non_null(p);
			memcpy(p, rows[i].head, n);
			for (; n < most; n += unit)
				memcpy(p + n, rows[i].unit, unit);
			sink.max = 400 * most;
			begin = clock();
			(void)extract("application/fhir+json", "utf-8", (struct mw_str){.p = p, .n = n}, &sink, &reason);
			took[k] = (double)(clock() - begin) / CLOCKS_PER_SEC;
			fs_reset(&sink);
			free(p);
		}
		if (took[1] > 0.5 && took[1] > 10 * took[0])
			fail_msg("row %zu: %.3f s, and four times as much %.3f s", i, took[0], took[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hl7),
	    cmocka_unit_test(test_x12),
	    cmocka_unit_test(test_fhir),
	    cmocka_unit_test(test_dicom_json),
	    cmocka_unit_test(test_xml),
	    cmocka_unit_test(test_dicom_syntaxes),
	    cmocka_unit_test(test_dicom_deflated),
	    cmocka_unit_test(test_dicom_pixels),
	    cmocka_unit_test(test_dicom_odd),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_no_dicom),
	    cmocka_unit_test(test_other),
	    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
