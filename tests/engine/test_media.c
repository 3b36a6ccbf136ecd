/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "engine/media.h"
#include "engine/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_media_text(void **state)
{
	char utf8[6000], other[6000];

	(void)state;
	memset(utf8, 0, sizeof(utf8));
	for (size_t i = 0; i + 3 <= sizeof(utf8); i += 3)
		memcpy(utf8 + i, "\342\202\254", 3); /* the sample ends inside of a character */
	memset(other, '\351', sizeof(other));
	assert_true(mw_media_is_text(MW_STR_LIT("Name;SSN\r\nJane;219-09-9998\f\r\n")));
	assert_true(mw_media_is_text(MW_STR_LIT("\351t\351, and more words")));
	assert_true(mw_media_is_text(MW_STR_LIT("\377\376a\000b\000")));
	assert_true(mw_media_is_text((struct mw_str){.p = utf8, .n = sizeof(utf8)}));
	assert_false(mw_media_is_text((struct mw_str){.p = other, .n = sizeof(other)}));
	assert_false(mw_media_is_text(MW_STR_LIT("a\000b")));
	assert_false(mw_media_is_text(MW_STR_LIT("a\007b")));
	assert_false(mw_media_is_text(MW_STR_LIT("%PDF-1.4 0000000016 00000 n")));
	assert_false(mw_media_is_text(MW_STR_LIT("")));
}

/* Object identifier of signed-data. */
#define SIGNED "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

/* What a leaf is read as, by label, name and content. */
static const struct {
	const char *label, *name;
	struct mw_str content;
	const char *type;
} types[] = {
    {"application/octet-stream", "a.docx", MW_STR_LIT("PK\003\004..word/document.xml"),
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"application/octet-stream", "a.bin", MW_STR_LIT("PK\003\004..xl/workbook.xml"),
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"application/octet-stream", "a.bin", MW_STR_LIT("PK\003\004a.txt"), "application/zip"},
    {"application/octet-stream", "a.odt", MW_STR_LIT("PK\003\004a.txt"), "application/vnd.oasis.opendocument.text"},
    {"application/pdf", "a.pdf", MW_STR_LIT("PK\003\004a.txt"), "application/zip"},
    {"application/zip", "a.zip", MW_STR_LIT("PK\003\004xl/workbook.xml"),
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"application/vnd.ms-excel.sheet.macroenabled.12", "", MW_STR_LIT("PK\003\004xl/workbook.xml"),
     "application/vnd.ms-excel.sheet.macroenabled.12"},
    {"application/msword", "a.doc", MW_STR_LIT("{\\rtf1 x}"), "application/rtf"},
    {"application/msword", "a.doc", MW_STR_LIT("<HTML><p>x"), "text/html"},
    {"application/msword", "a.doc", MW_STR_LIT("MIME-Version: 1.0\n\nx"), "message/rfc822"},
    {"application/vnd.ms-excel", "a.csv", MW_STR_LIT("a,b\n"), "text/csv"},
    {"application/vnd.ms-excel", "a.xls", MW_STR_LIT("a\tb\n"), "text/plain"},
    {"application/msword", "", MW_STR_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1W\0o\0r\0k\0b\0o\0o\0k\0"),
     "application/vnd.ms-excel"},
    {"application/octet-stream", "", MW_STR_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1W\0o\0r\0k\0b\0o\0o\0k\0"),
     "application/vnd.ms-excel"},
    {"application/msword", "", MW_STR_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1_"), "application/msword"},
    {"application/octet-stream", "message.rpmsg", MW_STR_LIT("\x76\xe8\x04\x60\xc4\x11\xe3\x86"),
     "application/x-microsoft-rpmsg-message"},
    {"image/png", "", MW_STR_LIT("\xff\xd8\xff\xe0"), "image/jpeg"},
    {"image/png", "", MW_STR_LIT("SSN 219"), "image/png"},
    {"text/plain", "", MW_STR_LIT("\nMSH|^~\\&|LAB|X\r"), "application/hl7-v2"},
    {"text/plain", "",
     MW_STR_LIT("610066D0B1      \x1e\x1c"
		"AM01\x1c"
		"CAMARY"),
     "application/ncpdp"},
    {"application/octet-stream", "",
     MW_STR_LIT("\v610066D0B1      \x1e\x1c"
		"AM01\x1c"
		"CAMARY\x1c\r"),
     "application/ncpdp"},
    {"application/vnd.ms-excel", "a.xls",
     MW_STR_LIT("<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"><Table/>"),
     "application/vnd.openxmlformats-officedocument.flat"},
    {"text/plain", "", MW_STR_LIT("MSH is our hospital, and more"), "text/plain"},
    {"text/plain", "",
     MW_STR_LIT("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260101*1253*^*00501*000000905*0*T*:~"),
     "application/edi-x12"},
    {"text/plain", "a.txt", MW_STR_LIT("{\"resourceType\": \"Patient\"}"), "application/fhir+json"},
    {"application/json", "", MW_STR_LIT("{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n"),
     "application/fhir+ndjson"},
    {"application/json", "", MW_STR_LIT("{\"a\": 1}"), "application/json"},
    {"text/xml", "", MW_STR_LIT("<?xml version='1.0'?><ClinicalDocument>"), "application/hl7-cda+xml"},
    {"text/xml", "", MW_STR_LIT("<a/>"), "text/xml"},
    {"application/xml", "a.fodt", MW_STR_LIT("<o:document xmlns:o='urn:oasis:names:tc:opendocument:xmlns:office:1.0'>"),
     "application/vnd.oasis.opendocument.flat"},
    {"application/vnd.oasis.opendocument.text-flat-xml", "",
     MW_STR_LIT("<o:document xmlns:o='urn:oasis:names:tc:opendocument:xmlns:office:1.0'>"),
     "application/vnd.oasis.opendocument.flat"},
    {"text/xml", "", MW_STR_LIT("<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'>"),
     "application/vnd.openxmlformats-officedocument.flat"},
    {"text/xml", "", MW_STR_LIT("<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>"),
     "application/vnd.openxmlformats-officedocument.flat"},
    {"application/octet-stream", "winmail.dat", MW_STR_LIT("\x78\x9f\x3e\x22\0\0"), "application/ms-tnef"},
    {"application/octet-stream", "a", MW_STR_LIT("\x30\x82\x01\x02" SIGNED), "application/pkcs7-mime"},
    {"application/octet-stream", "a", MW_STR_LIT("\x30\x80" SIGNED), "application/pkcs7-mime"},
    {"text/plain", "a", MW_STR_LIT("\x30\x0b" SIGNED), "application/pkcs7-mime"},
    {"application/octet-stream", "a", MW_STR_LIT("\x30\x80\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"),
     "application/pkcs7-mime"},
    {"application/octet-stream", "a", MW_STR_LIT("\x30\x82" SIGNED), "application/octet-stream"},
    {"application/pkcs7-signature", "smime.p7s", MW_STR_LIT("\x30\x82\x01\x02" SIGNED), "application/pkcs7-signature"},
    {"application/x-pkcs7-mime", "smime.p7m", MW_STR_LIT("\x30\x82\x01\x02" SIGNED), "application/x-pkcs7-mime"},
    {"application/octet-stream", "a.p7m", MW_STR_LIT("\x30\x03\x02\x01\x01"), "application/pkcs7-mime"},
    {"application/pkcs7-mime", "a.p7m", MW_STR_LIT("a text\n"), "text/plain"},
    {"application/octet-stream", "a.xyz", MW_STR_LIT("\1\2"), "application/octet-stream"},
    {"application/octet-stream", "README", MW_STR_LIT("a text\n"), "text/plain"},
    {"application/octet-stream", "a", MW_STR_LIT("%!PS-Adobe-3.0\n(a text) show\n"), "application/postscript"},
    {"application/octet-stream", "a", MW_STR_LIT("From: a@b.example\nTo: c\n d\nSubject: x\n\ny\n"), "message/rfc822"},
    {"application/octet-stream", "a", MW_STR_LIT("From: here\nto there\nSubject: x\n"), "text/plain"},
    {"application/octet-stream", "a",
     MW_STR_LIT("From a@b.example Thu Jan  1 00:00:00 2026\nReceived: x\nFrom: a@b.example\nSubject: x\n\ny\n"),
     "application/mbox"},
    {"text/plain", "a.txt", MW_STR_LIT("From: a@b.example\nTo: c\nSubject: x\n\ny\n"), "text/plain"},
};

static void test_media_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const char *type = mw_media_type(types[i].label, types[i].name, types[i].content);

		if (strcmp(type, types[i].type) != 0)
			fail_msg("row %zu: %s, not %s", i, type, types[i].type);
	}
}

static void test_media_signature(void **state)
{
	(void)state;
	assert_true(
	    mw_media_is_signature(MW_STR_LIT("\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQ\r\n-----END PGP SIGNATURE-----\r\n")));
	assert_true(
	    mw_media_is_signature(MW_STR_LIT("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nm\n-----END PGP PUBLIC KEY BLOCK-----")));
	assert_false(
	    mw_media_is_signature(MW_STR_LIT("-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\nSSN 123")));
	assert_false(mw_media_is_signature(MW_STR_LIT("-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\nSSN\n"
						      "-----END PGP SIGNATURE-----")));
	assert_false(mw_media_is_signature(MW_STR_LIT("-----BEGIN PGP SIGNATURE-----\n\nx")));
	assert_false(mw_media_is_signature(MW_STR_LIT("-----BEGIN PGP SIGNATURE-----\n\nSSN 123\n-----END PGP SIGNATURE-----")));
	assert_false(
	    mw_media_is_signature(MW_STR_LIT("-----BEGIN PGP SIGNATURE-----\nSSN: 123\n\nx\n-----END PGP SIGNATURE-----")));
	assert_true(mw_media_is_signature(MW_STR_LIT("\x30\x82\x00\x02\x05\x00")));
	assert_true(mw_media_is_signature(MW_STR_LIT("\x30\x80\x05\x00\x00\x00")));
	assert_false(mw_media_is_signature(MW_STR_LIT("\x30\x82\x00\x02\x05\x00SSN 123")));
	assert_false(mw_media_is_signature(MW_STR_LIT("\x30\x80\x05\x00\x00\x00SSN 123")));
	assert_false(mw_media_is_signature(MW_STR_LIT("\x30\x80\x05\x00\x00\x00SSN 123\x00\x00")));
	assert_true(mw_media_is_signature(MW_STR_LIT("\x30\x80\x30\x80\x05\x00\x00\x00\x04\x02\x00\x00\x00\x00\n")));
	assert_false(mw_media_is_signature(MW_STR_LIT("\x30\x80\x30\x80\x05\x00\x00\x00")));
	assert_false(mw_media_is_signature(MW_STR_LIT("\x30\x80\x04\x80\x00\x00\x00\x00")));
	assert_false(mw_media_is_signature(MW_STR_LIT("\x30\x82\x01\x00\x05\x00")));
	assert_false(mw_media_is_signature(MW_STR_LIT("0123")));
	assert_false(mw_media_is_signature(MW_STR_LIT("")));
}

static void test_no_picture(void **state)
{
	char icon[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x8\6\0\0\0";
	char pixel[32] = "GIF89a\1\0\1\0";
	const struct mw_str png = {.p = icon, .n = sizeof(icon)};

	(void)state;
	assert_true(mw_sniff_no_picture(png));
	assert_true(mw_sniff_no_picture((struct mw_str){.p = pixel, .n = sizeof(pixel)}));
	icon[19] = 0x21;
	assert_false(mw_sniff_no_picture(png));
	icon[19] = 0x20;
	assert_false(mw_sniff_no_picture((struct mw_str){.p = icon, .n = 20}));
	pixel[7] = 4;
	pixel[9] = 2;
	assert_false(mw_sniff_no_picture((struct mw_str){.p = pixel, .n = sizeof(pixel)}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_media_text),
	    cmocka_unit_test(test_media_type),
	    cmocka_unit_test(test_no_picture),
	    cmocka_unit_test(test_media_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
