/* SPDX-License-Identifier: Apache-2.0 */
/* What is sealed is opened by the openssl command, and is what it was. */
#include "testpki.h"

#include "tests/unit/fakehost.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTITY                                                                                                                   \
	"Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\r\nSubject: a secret\r\n\r\nhello\r\n.\r\nthere \xc3\xa4\r\n"

static struct pki_cert root;

static int setup(void **state)
{
	static const struct {
		const char *name;
		enum pki_key key;
	} row[] = {{"rsa", PKI_RSA}, {"oaep", PKI_RSA}, {"gcm", PKI_RSA}, {"p256", PKI_P256}, {"p384", PKI_P384}};
	struct pki_cert c;
	char email[64], name[64];

	(void)state;
	(void)pki_begin();
	pki_folder("certs");
	pki_folder("signers");
	root = pki_make(NULL, &(struct pki_how){.ca = true, .from = -3000, .until = 3000});
	pki_write_one("anchors.pem", NULL, root.x);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		(void)snprintf(email, sizeof(email), "%s@x.example", row[i].name);
		c = pki_make(&root, &(struct pki_how){.email = email, .key = row[i].key});
		(void)snprintf(name, sizeof(name), "certs/%s.pem", row[i].name);
		pki_write_one(name, NULL, c.x);
		(void)snprintf(name, sizeof(name), "%s.key", row[i].name);
		pki_write_one(name, c.key, c.x);
		pki_free(&c);
	}
	c = pki_make(&root, &(struct pki_how){.email = "alice@clinic.example"});
	pki_write_one("signers/alice@clinic.example.pem", c.key, c.x);
	pki_free(&c);
	c = pki_make(&root, &(struct pki_how){.email = "gateway@clinic.example", .key = PKI_P256});
	pki_write_one("gateway.key", c.key, c.x);
	pki_write_one("gateway.pem", NULL, c.x);
	pki_free(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_free(&root);
	pki_end();
	return 0;
}

static int seal(struct pki_module *m, const char *from, const char *to)
{
	struct mw_seal_work w = {.in = open(pki_path("in"), O_RDONLY),
				 .out = open(pki_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600),
				 .sender = from,
				 .recipient = to,
				 .now = PKI_NOW};
	int r;

	assert_true(w.in >= 0 && w.out >= 0);
	m->err = (struct mw_err){0};
	r = m->plugin->sealer->seal(m->smime, &w, &m->err);
	(void)close(w.in);
	(void)close(w.out);
	return r;
}

/* Lines are at most 76 letters and end with CRLF; no NUL, no lone CR or LF. */
static void assert_lines(const char *p, size_t n)
{
	size_t line = 0;

	for (size_t i = 0; i < n; i++) {
		assert_true(p[i] != '\n' || (i && p[i - 1] == '\r'));
		assert_true(p[i] != '\r' || p[i + 1] == '\n');
		line = p[i] == '\n' ? 0 : line + 1;
		assert_true(line <= 77 || p[i] == '\r');
		assert_int_not_equal(p[i], 0);
	}
	assert_true(n > 2 && p[n - 1] == '\n');
}

static void decrypt_with_openssl(const char *who)
{
	assert_int_equal(
	    pki_run("openssl cms -decrypt -binary -inform smime -in out -recip certs/%s.pem -inkey %s.key -out back 2>err", who,
		    who),
	    0);
	assert_int_equal(pki_run("cmp in back"), 0);
}

static void test_ciphers(void **state)
{
	static const struct {
		const char *who, *type, *has;
	} row[] = {
	    {"rsa", "smime-type=enveloped-data", ":aes-256-cbc"},
	    {"rsa", "smime-type=enveloped-data", ":rsaEncryption"},
	    {"oaep", "smime-type=enveloped-data", ":rsaesOaep"},
	    {"gcm", "smime-type=authEnveloped-data", ":aes-256-gcm"},
	    {"p256", "smime-type=enveloped-data", ":dhSinglePass-stdDH-sha256kdf-scheme"},
	    {"p384", "smime-type=authEnveloped-data", ":dhSinglePass-stdDH-sha384kdf-scheme"},
	};
	struct pki_module m;
	char to[64];

	(void)state;
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "gcm",
				  "gcm@x.example, P384@X.example", "oaep", "oaep@x.example, y.example", NULL),
			 0);
	pki_write_text("in", ENTITY, sizeof(ENTITY) - 1);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		size_t n;
		char *out;

		(void)snprintf(to, sizeof(to), "%s@x.example", row[i].who);
		assert_int_equal(seal(&m, "alice@clinic.example", to), 1);
		out = pki_read("out", &n);
		assert_lines(out, n);
		assert_non_null(strstr(out, row[i].type));
		assert_null(strstr(out, "secret"));
		free(out);
		decrypt_with_openssl(row[i].who);
		assert_int_equal(pki_run("openssl cms -cmsout -print -noout -inform smime -in out | grep -q -e ' %s' -e '%s'",
					 row[i].has + 1, row[i].has + 1),
				 0);
	}
	assert_int_equal(seal(&m, "", "nobody@x.example"), 0);
	assert_string_equal(m.err.text, "there is no certificate for it");
	pki_close(&m);
}

/* Two sealed copies of one message have nothing in common. */
static void test_random(void **state)
{
	struct pki_module m;

	(void)state;
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	pki_write_text("in", ENTITY, sizeof(ENTITY) - 1);
	assert_int_equal(seal(&m, "", "rsa@x.example"), 1);
	assert_int_equal(pki_run("cp out first"), 0);
	assert_int_equal(seal(&m, "", "rsa@x.example"), 1);
	assert_int_equal(pki_run("grep -v -e : -e = -e '^.$' out | sort > a; grep -v -e : -e = -e '^.$' first | sort > b; comm "
				 "-12 a b | tail -n +4 | grep -q ."),
			 256);
	pki_close(&m);
}

static void test_signed(void **state)
{
	static const struct {
		const char *from, *signer;
	} row[] = {{"alice@clinic.example", "alice"},
		   {"Alice@Clinic.example", "alice"},
		   {"bob@clinic.example", "gateway"},
		   {"", "gateway"}};
	struct pki_module m;

	(void)state;
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "signers",
				  pki_path("signers"), "gateway-certificate", pki_path("gateway.pem"), "gateway-key",
				  pki_path("gateway.key"), NULL),
			 0);
	pki_write_text("in", ENTITY, sizeof(ENTITY) - 1);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(seal(&m, row[i].from, "p256@x.example"), 1);
		assert_int_equal(
		    pki_run("openssl cms -decrypt -binary -inform smime -in out -recip certs/p256.pem -inkey p256.key -out back"),
		    0);
		assert_int_equal(pki_run("openssl cms -verify -inform smime -in back -CAfile anchors.pem -attime %lld "
					 "-out plain -signer who 2>err",
					 (long long)PKI_NOW),
				 0);
		assert_int_equal(pki_run("cmp in plain"), 0);
		assert_int_equal(
		    pki_run("openssl x509 -in who -noout -ext subjectAltName | grep -q %s@clinic.example", row[i].signer), 0);
	}
	assert_int_equal(pki_run("grep -q 'multipart/signed; protocol=\"application/pkcs7-signature\"' back"), 0);
	pki_close(&m);
}

/* Keys that others can read, and files that are none. */
static void test_keys_refused(void **state)
{
	static const struct {
		const char *command, *why;
	} row[] = {
	    {"chmod 644 signers/*", "is open to others"},
	    {"echo x > signers/bob@clinic.example; chmod 600 signers/*", "holds no private key"},
	    {"mv signers/alice@clinic.example.pem signers/alice", "is no address"},
	    {"cp gateway.key signers/x@y.example; cp rsa.key k; openssl pkey -in p256.key > signers/x@y.example; chmod 600 "
	     "signers/*",
	     "is not in the same file"},
	    {"rm -r signers/*", "there is no key in"},
	};
	struct pki_module m;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(pki_run("cp -rp signers kept && %s", row[i].command), 0);
		assert_true(
		    pki_open(&m, "certificates", pki_path("certs"), "verify", "no", "signers", pki_path("signers"), NULL) < 0);
		if (!strstr(m.err.text, row[i].why))
			fail_msg("\"%s\" is not in \"%s\"", row[i].why, m.err.text);
		pki_close(&m);
		assert_int_equal(pki_run("rm -r signers && mv kept signers"), 0);
	}
	assert_true(pki_open(&m, "certificates", pki_path("certs"), "verify", "no", "gateway-certificate",
			     pki_path("certs/rsa.pem"), "gateway-key", pki_path("gateway.key"), NULL) < 0);
	assert_non_null(strstr(m.err.text, "is not in"));
	pki_close(&m);
}

static void write_large(size_t size)
{
	static const char line[] = "some words of a long attachment, again and again\r\n";
	FILE *f = fopen(pki_path("in"), "w");

	assert_non_null(f);
	assert_true(fputs("Content-Type: text/plain\r\n\r\n", f) >= 0);
	for (size_t n = 0; n < size; n += sizeof(line) - 1)
		assert_true(fputs(line, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* 20 MB pass in pieces. */
static void test_large(void **state)
{
	struct rusage before, after;
	struct pki_module m;

	(void)state;
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "signers",
				  pki_path("signers"), NULL),
			 0);
	pki_write_text("in", ENTITY, sizeof(ENTITY) - 1);
	assert_int_equal(seal(&m, "alice@clinic.example", "rsa@x.example"), 1);
	write_large(20000000);
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	assert_int_equal(seal(&m, "alice@clinic.example", "rsa@x.example"), 1);
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_true(after.ru_maxrss - before.ru_maxrss < 4096);
	assert_int_equal(
	    pki_run("openssl cms -decrypt -binary -inform smime -in out -recip certs/rsa.pem -inkey rsa.key -out back && "
		    "openssl cms -verify -inform smime -in back -CAfile anchors.pem -attime %lld -out plain 2>err && cmp "
		    "in plain",
		    (long long)PKI_NOW),
	    0);
	pki_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ciphers),	 cmocka_unit_test(test_random), cmocka_unit_test(test_signed),
	    cmocka_unit_test(test_keys_refused), cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
