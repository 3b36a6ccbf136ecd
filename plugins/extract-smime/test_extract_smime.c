/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/extracting.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <zlib.h>

#define ENTITY "Content-Type: text/plain\r\n\r\nSSN 219-09-9999\r\n"
#define MAIL "\n== /signed.eml message/rfc822  body\n"
#define END "\n== end\n"

extern const struct mw_plugin mw_plugin_extract_smime;

static EVP_PKEY *key;
static X509 *cert;

struct value {
	unsigned char p[16384];
	size_t n;
};

/* ---- values ---------------------------------------------------------------------------------------------------------------------- */

static X509 *make_cert(EVP_PKEY *pkey)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"Ann", -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(x, name), 1);
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	assert_int_equal(X509_set_pubkey(x, pkey), 1);
	assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
	return x;
}

static void add(struct value *v, const void *octets, size_t n)
{
	assert_true(n <= sizeof(v->p) - v->n);
	memcpy(v->p + v->n, octets, n);
	v->n += n;
}

/* As CMS_STREAM in flags says, without lengths. Frees cms. */
static void write_cms(struct value *v, CMS_ContentInfo *cms, const char *data, size_t n, unsigned flags)
{
	BIO *in = BIO_new_mem_buf(data, (int)n), *out = BIO_new(BIO_s_mem());
	char *p;
	long length;

	assert_non_null(cms);
	assert_int_equal(i2d_CMS_bio_stream(out, cms, in, (int)flags), 1);
	length = BIO_get_mem_data(out, &p);
	v->n = 0;
	add(v, p, (size_t)length);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
}

static void sign(struct value *v, const void *data, size_t n, unsigned flags)
{
	BIO *in = BIO_new_mem_buf(data, (int)n);
	CMS_ContentInfo *cms = CMS_sign(cert, key, NULL, in, flags | CMS_BINARY);

	write_cms(v, cms, data, n, flags | CMS_BINARY);
	BIO_free(in);
}

static void sign_text(struct value *v, const char *text)
{
	sign(v, text, strlen(text), 0);
}

/* CompressedData without lengths, so that no sizes of it are to be known. cut: octets that are left out at the end of what is packed. */
static void compress_text(struct value *v, const char *text, size_t cut)
{
	static const unsigned char head[] =
	    "\x30\x80\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09\xa0\x80\x30\x80\x02\x01\x00\x30\x0d\x06\x0b\x2a\x86"
	    "\x48\x86\xf7\x0d\x01\x09\x10\x03\x08\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x24\x80\x04\x82";
	unsigned char packed[4096], length[2];
	uLongf n = sizeof(packed);

	assert_int_equal(compress(packed, &n, (const unsigned char *)text, strlen(text)), Z_OK);
	n -= cut;
	length[0] = (unsigned char)(n >> 8);
	length[1] = (unsigned char)n;
	v->n = 0;
	add(v, head, sizeof(head) - 1);
	add(v, length, 2);
	add(v, packed, n);
	add(v, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
}

static void envelope(struct value *v)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(ENTITY, -1);

	assert_true(sk_X509_push(certs, cert) > 0);
	write_cms(v, CMS_encrypt(certs, in, EVP_aes_128_cbc(), CMS_BINARY), ENTITY, strlen(ENTITY), CMS_BINARY);
	sk_X509_free(certs);
	BIO_free(in);
}

/* ---- reading --------------------------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	if (!key)
		return -1;
	cert = make_cert(key);
	return ex_open(&mw_plugin_extract_smime, NULL);
}

static int teardown(void **state)
{
	X509_free(cert);
	EVP_PKEY_free(key);
	return ex_teardown(state);
}

static int extract(const struct value *v, const char *name, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {
	    .data = {.p = (const char *)v->p, .n = v->n}, .type = "application/pkcs7-mime", .charset = "", .name = name};

	return ex_extract(&doc, sink, reason);
}

static void gives(const struct value *v, const char *name, const char *text)
{
	struct mw_sink sink = {0};
	const char *reason = NULL;

	assert_int_equal(extract(v, name, &sink, &reason), 0);
	assert_null(reason);
	assert_string_equal(sink.p ? sink.p : "", text);
	fs_reset(&sink);
}

static void test_signed(void **state)
{
	struct value v;

	(void)state;
	sign_text(&v, ENTITY);
	gives(&v, "smime.p7m", MAIL ENTITY END);
	sign(&v, ENTITY, strlen(ENTITY), CMS_STREAM); /* without lengths, in pieces */
	assert_memory_equal(v.p, "\x30\x80", 2);
	gives(&v, "smime.p7m", MAIL ENTITY END);
	sign(&v, ENTITY, strlen(ENTITY), CMS_NOCERTS | CMS_NOATTR);
	gives(&v, "smime.p7m", MAIL ENTITY END);
	sign(&v, ENTITY, strlen(ENTITY), CMS_DETACHED);
	gives(&v, "smime.p7s", "");
}

static void test_files(void **state)
{
	struct value v;

	(void)state;
	sign_text(&v, "%PDF-1.7 x");
	gives(&v, "report.pdf.P7M", "\n== /report.pdf  \n%PDF-1.7 x" END);
	gives(&v, "smime", "\n== /signed  \n%PDF-1.7 x" END);
	/* Fields of a mail, or lines of a list: both. */
	sign_text(&v, "Patient: Jane\nSSN 219-09-9999\n");
	gives(&v, "a.txt.p7m", MAIL "Patient: Jane\nSSN 219-09-9999\n" END "\n== /a.txt  \nPatient: Jane\nSSN 219-09-9999\n" END);
	sign_text(&v, "\r\nSSN\r\n");
	gives(&v, "a.p7m", MAIL "\r\nSSN\r\n" END "\n== /a  \n\r\nSSN\r\n" END);
	sign_text(&v, "Subject: x\r\n folded\r\ncontent-type : text/html\r\n\r\nx");
	gives(&v, "a.p7m", MAIL "Subject: x\r\n folded\r\ncontent-type : text/html\r\n\r\nx" END);
}

/* As .p7c: neither content nor signature. */
static void test_certificates(void **state)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	struct value v;

	(void)state;
	assert_true(sk_X509_push(certs, cert) > 0);
	write_cms(&v, CMS_sign(NULL, NULL, certs, NULL, CMS_DETACHED | CMS_PARTIAL), "", 0, 0);
	gives(&v, "smime.p7c", "");
	sk_X509_free(certs);
}

static void test_nested(void **state)
{
	struct value inner, outer;
	struct mw_sink sink = {0};
	const char *reason = NULL;

	(void)state;
	sign_text(&inner, ENTITY);
	sign(&outer, inner.p, inner.n, 0);
	assert_int_equal(extract(&outer, "a.txt.p7m.p7m", &sink, &reason), 0);
	assert_int_equal(sink.members, 1);
	assert_memory_equal(sink.p, "\n== /a.txt.p7m  \n", 17);
	assert_memory_equal(sink.p + 17, inner.p, inner.n);
	fs_reset(&sink);
}

static void test_compressed(void **state)
{
	struct value v;

	(void)state;
	compress_text(&v, ENTITY, 0);
	gives(&v, "smime.p7z", "\n== /compressed.eml message/rfc822  body\n" ENTITY END);
	compress_text(&v, ENTITY, 4); /* its checksum */
	gives(&v, "smime.p7z", "\n== /compressed.eml message/rfc822  body\n" ENTITY "\n== end damaged\n");
}

/* More than the sink takes. */
static void test_limit(void **state)
{
	char *text = malloc(200001);
	struct mw_sink sink = {.max = 70000};
	const char *reason = NULL;
	struct value v;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 200000);
	text[200000] = '\0';
	compress_text(&v, text, 0);
	assert_int_equal(extract(&v, "a.p7z", &sink, &reason), -EFBIG);
	assert_string_equal(reason, "limit");
	sink.in_member = false;
	fs_reset(&sink);
	free(text);
}

static void test_sealed(void **state)
{
	const unsigned char secret[16] = {1};
	BIO *in = BIO_new_mem_buf(ENTITY, -1);
	struct value v;

	(void)state;
	envelope(&v);
	gives(&v, "a.p7m", "\n== unread sealed\n");
	add(&v, "SSN 219", 7);
	gives(&v, "a.p7m", "\n== unread damaged\n\n== /behind  \nSSN 219" END);
	write_cms(&v, CMS_EncryptedData_encrypt(in, EVP_aes_128_cbc(), secret, sizeof(secret), CMS_BINARY), ENTITY,
		  strlen(ENTITY), CMS_BINARY);
	gives(&v, "a.p7m", "\n== unread sealed\n");
	BIO_free(in);
}

static void test_damaged(void **state)
{
	struct mw_sink sink = {0};
	const char *reason = NULL;
	struct value v;

	(void)state;
	sign_text(&v, ENTITY);
	add(&v, "\r\n", 2);
	gives(&v, "smime.p7m", MAIL ENTITY END);
	add(&v, "SSN 219", 7);
	gives(&v, "smime.p7m", MAIL ENTITY END "\n== unread damaged\n\n== /behind  \nSSN 219" END);
	sign_text(&v, ENTITY);
	v.n -= 20;
	assert_int_equal(extract(&v, "smime.p7m", &sink, &reason), -EBADMSG);
	assert_string_equal(reason, "damaged");
	assert_non_null(strstr(sink.p, "SSN 219-09-9999"));
	fs_reset(&sink);
	v.n = 0;
	add(&v, "\1\2\3", 3);
	assert_int_equal(extract(&v, "smime.p7m", &sink, &reason), -EBADMSG);
	assert_string_equal(reason, "unknown-format");
	fs_reset(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signed), cmocka_unit_test(test_files),   cmocka_unit_test(test_certificates),
	    cmocka_unit_test(test_nested), cmocka_unit_test(test_limit),   cmocka_unit_test(test_compressed),
	    cmocka_unit_test(test_sealed), cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
