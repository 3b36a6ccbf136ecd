/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify, arc and arc_seal where something fails, and in several threads. What signatures say is tested by tests/corpus/dkim-suite.t and
 * arc-suite.t, with those that others made.
 */
#include "../../tests/unit/fakehost.h"
#include "arc.h"
#include "arc_seal.h"
#include "taglist.h"
#include "testmail.h"
#include "verify.h"
#include "zone.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <opendkim/dkim.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cmocka.h>

#define HEADER "From: a@x.example\r\nTo: b@far.example\r\nSubject: x\r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\n"
#define BODY "hello  you\r\n\r\n"

static char dir[] = "/tmp/milward-auth-XXXXXX";
static char rsa_path[64], weak_path[64], ed_path[64];
static char *pem;		 /* of the RSA key */
static struct mw_zonefile *zone; /* with the keys r (RSA) and e (Ed25519) of x.example */
static struct mw_resolver dns;
static struct mw_verifier *verifier;
static char text[8192]; /* a message with two signatures */

static void write_key(char path[64], const char *name, EVP_PKEY *key)
{
	FILE *f;

	(void)snprintf(path, 64, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static char *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, *made;
	long n;

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(bio, &p);
	made = strndup(p, (size_t)n);
	BIO_free(bio);
	assert_non_null(made);
	return made;
}

static void add_record(char *to, size_t room, const char *selector, const char *kind, const unsigned char *p, int n)
{
	char base64[1024];
	size_t at = strlen(to), length = (size_t)EVP_EncodeBlock((unsigned char *)base64, p, n);

	at += (size_t)snprintf(to + at, room - at, "%s._domainkey.x.example TXT \"v=DKIM1; k=%s; p=\"", selector, kind);
	for (size_t i = 0; i < length; i += 200)
		at += (size_t)snprintf(to + at, room - at, " \"%.200s\"", base64 + i);
	(void)snprintf(to + at, room - at, "\n");
}

static void make_zone(EVP_PKEY *rsa, EVP_PKEY *ed)
{
	char records[4096] = "$SECURE x.example\n";
	unsigned char *der = NULL, raw[32];
	int n = i2d_PUBKEY(rsa, &der);
	size_t raw_n = sizeof(raw);
	struct mw_err err;

	assert_true(n > 0);
	add_record(records, sizeof(records), "r", "rsa", der, n);
	OPENSSL_free(der);
	assert_int_equal(EVP_PKEY_get_raw_public_key(ed, raw, &raw_n), 1);
	add_record(records, sizeof(records), "e", "ed25519", raw, (int)raw_n);
	assert_int_equal(mw_zonefile_parse(records, strlen(records), &zone, &err), 0);
	dns = mw_zonefile_resolver(zone);
}

/* A DKIM-Signature field by libopendkim. */
static void add_signature(DKIM_LIB *lib, const char *selector, const char *key, dkim_alg_t algorithm)
{
	static const char *const fields[] = {"From: a@x.example", "To: b@far.example", "Subject: x",
					     "Date: Sun, 22 Nov 2026 03:00:00 +0000"};
	DKIM_STAT stat;
	DKIM *dkim =
	    dkim_sign(lib, (const unsigned char *)"-", NULL, (dkim_sigkey_t)(uintptr_t)key, (const unsigned char *)selector,
		      (const unsigned char *)"x.example", DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, algorithm, -1, &stat);
	unsigned char *value;
	size_t n;

	assert_non_null(dkim);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_int_equal(dkim_header(dkim, (unsigned char *)(uintptr_t)fields[i], strlen(fields[i])), DKIM_STAT_OK);
	assert_int_equal(dkim_eoh(dkim), DKIM_STAT_OK);
	assert_int_equal(dkim_body(dkim, (unsigned char *)(uintptr_t)BODY, strlen(BODY)), DKIM_STAT_OK);
	assert_int_equal(dkim_eom(dkim, NULL), DKIM_STAT_OK);
	assert_int_equal(dkim_getsighdr_d(dkim, strlen("DKIM-Signature: "), &value, &n), DKIM_STAT_OK);
	strcat(text, "DKIM-Signature: ");
	strncat(text, (const char *)value, n);
	strcat(text, "\r\n");
	(void)dkim_free(dkim);
}

static int setup(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *weak = EVP_RSA_gen(768), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	struct mw_err err;

	(void)state;
	if (!mkdtemp(dir) || !lib)
		return -1;
	write_key(rsa_path, "rsa.pem", rsa);
	write_key(weak_path, "weak.pem", weak);
	write_key(ed_path, "ed.pem", ed);
	pem = pem_of(rsa);
	make_zone(rsa, ed);
	add_signature(lib, "r", pem, DKIM_SIGN_RSASHA256);
	add_signature(lib, "r", pem, DKIM_SIGN_RSASHA256);
	strcat(text, HEADER "\r\n" BODY);
	dkim_close(lib);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(ed);
	return mw_verifier_open(fh_host(), 1024, &verifier, &err);
}

static int teardown(void **state)
{
	(void)state;
	mw_verifier_free(verifier);
	mw_verifier_free(NULL);
	mw_zonefile_free(&zone);
	free(pem);
	(void)unlink(rsa_path);
	(void)unlink(weak_path);
	(void)unlink(ed_path);
	return rmdir(dir);
}

static void open_mail(struct tm_mail *m, const char *p)
{
	tm_open(m, p, strlen(p));
	m->mail.now = (int64_t)time(NULL);
}

static void test_signatures(void **state)
{
	struct mw_dkim_result d[MW_AUTH_SIGNATURES];
	struct tm_mail m;
	size_t n, more;

	(void)state;
	open_mail(&m, text);
	mw_dkim_want(&m.mail, &dns);
	assert_int_equal(mw_dkim_verify(verifier, &m.mail, &dns, d, &n, &more), 0);
	assert_int_equal(n, 2);
	assert_int_equal(more, 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(d[i].word, MW_AUTH_PASS);
		assert_string_equal(d[i].domain, "x.example");
		assert_string_equal(d[i].selector, "r");
		assert_string_equal(d[i].algorithm, "rsa-sha256");
		assert_int_equal(d[i].bits, 2048);
		assert_true(d[i].secure);
		assert_int_equal(d[i].flags, 0);
		assert_true(strlen(d[i].b) >= 8);
	}
	tm_close(&m);
}

/* Whatever fails, nothing passes that was not looked at, and nothing is lost. */
static void test_failures(void **state)
{
	struct mw_dkim_result d[MW_AUTH_SIGNATURES];
	struct mw_arc_result arc;
	struct tm_mail m;
	size_t n, more, failed = 0;

	(void)state;
	for (size_t at = 1; at < 8; at++) {
		int r;

		open_mail(&m, text);
		m.fail_alloc = at;
		r = mw_dkim_verify(verifier, &m.mail, &dns, d, &n, &more);
		assert_true(r == 0 || r == -ENOMEM);
		failed += r < 0;
		for (size_t i = 0; i < n; i++)
			assert_int_equal(d[i].word, r < 0 ? MW_AUTH_TEMPERROR : MW_AUTH_PASS);
		tm_close(&m);
	}
	assert_in_range(failed, 3, 6);
	open_mail(&m, text);
	m.fail_body = -EFBIG;
	assert_int_equal(mw_dkim_verify(verifier, &m.mail, &dns, d, &n, &more), -EFBIG);
	assert_int_equal(n, 2);
	assert_int_equal(d[0].word, MW_AUTH_TEMPERROR);
	assert_string_equal(d[0].why, "the message cannot be read");
	assert_int_equal(mw_arc_validate(&m.mail, &dns, 1024, &arc), 0); /* there is no chain to judge */
	assert_int_equal(arc.word, MW_AUTH_NONE);
	tm_close(&m);
}

/* ---- sealing ---------------------------------------------------------------------------------------------------------------- */

static void to_crlf(char *to, const char *name, const char *value)
{
	to += strlen(to);
	to += sprintf(to, "%s:", name);
	for (; *value; value++) {
		if (*value == '\n')
			*to++ = '\r';
		*to++ = *value;
	}
	strcpy(to, "\r\n");
}

/* Seals it and gives the sealed message; found is filled. */
static char *sealed(const struct mw_arc_sealer *s, const char *message, struct mw_auth *found)
{
	char *made = calloc(1, strlen(message) + 16384);
	struct mw_arc_seal seal;
	struct mw_err err;
	struct tm_mail m;

	assert_non_null(made);
	memset(found, 0, sizeof(*found));
	open_mail(&m, message);
	assert_int_equal(mw_dkim_verify(verifier, &m.mail, &dns, found->dkim, &found->dkims, &found->dkims_more), 0);
	mw_arc_want(&m.mail, &dns);
	assert_int_equal(mw_arc_validate(&m.mail, &dns, 1024, &found->arc), 0);
	assert_int_equal(mw_arc_seal(s, &m.mail, found, &seal, &err), 0);
	if (!seal.skipped) {
		to_crlf(made, "ARC-Seal", seal.seal);
		to_crlf(made, "ARC-Message-Signature", seal.message);
		to_crlf(made, "ARC-Authentication-Results", seal.results);
	}
	strcat(made, message);
	mw_arc_seal_free(&seal);
	tm_close(&m);
	return made;
}

static struct mw_arc_sealer *open_sealer(void)
{
	struct mw_arc_sealer *s;
	struct mw_err err;

	assert_int_equal(mw_arc_sealer_check(fh_host(), true, "x.example", "r", rsa_path, &err), 0);
	assert_int_equal(mw_arc_sealer_open(fh_host(), "x.example", "r", rsa_path, &s, &err), 0);
	return s;
}

static void test_chain(void **state)
{
	struct mw_arc_sealer *s = open_sealer();
	char *now = strdup(text), *next;
	struct mw_auth found;

	(void)state;
	for (unsigned i = 0; i < MW_ARC_SETS; i++) {
		next = sealed(s, now, &found);
		assert_int_equal(found.arc.word, i ? MW_AUTH_PASS : MW_AUTH_NONE);
		assert_int_equal(found.arc.sets, i);
		assert_int_equal(found.arc.oldest_pass, 0);
		assert_int_equal(found.arc.secure, i > 0);
		if (i)
			assert_int_equal(found.arc.said_dkim, MW_AUTH_PASS);
		free(now);
		now = next;
	}
	next = sealed(s, now, &found); /* with 50 sets it is full */
	assert_int_equal(found.arc.word, MW_AUTH_PASS);
	assert_string_equal(next, now);
	free(next);
	free(now);
	mw_arc_sealer_free(s);
}

/* A change that one on the way made and sealed shows in oldest_pass; one that nobody sealed breaks the chain, for ever. */
static void test_changes(void **state)
{
	struct mw_arc_sealer *s = open_sealer();
	char *one, *two, *three, *four, *five, *body;
	struct mw_auth found;

	(void)state;
	one = sealed(s, text, &found);
	two = sealed(s, one, &found);
	body = strstr(two, "hello");
	memcpy(body, "HELLO", 5);
	three = sealed(s, two, &found);
	assert_int_equal(found.arc.word, MW_AUTH_FAIL);
	assert_string_equal(found.arc.why, "ARC-Message-Signature of instance 2: the body was changed");
	assert_non_null(strstr(three, " i=3; a=rsa-sha256; cv=fail;"));
	four = sealed(s, three, &found);
	assert_int_equal(found.arc.word, MW_AUTH_FAIL);
	assert_int_equal(found.arc.sets, 3);
	assert_string_equal(four, three); /* not sealed once more */
	memcpy(strstr(one, "hello"), "HELLO", 5);
	five = sealed(s, one, &found);
	assert_int_equal(found.arc.word, MW_AUTH_FAIL);
	free(one);
	free(two);
	free(three);
	free(four);
	free(five);
	mw_arc_sealer_free(s);
}

/* The second sealer changes the body before it seals: nobody is wrong, but what the first has seen is not what is there now. */
static void test_oldest(void **state)
{
	struct mw_arc_sealer *s = open_sealer();
	struct mw_arc_seal seal;
	struct mw_auth found;
	char *one = sealed(s, text, &found), made[32768] = "", *three;
	struct mw_err err;
	struct tm_mail m;

	(void)state;
	open_mail(&m, one);
	assert_int_equal(mw_arc_validate(&m.mail, &dns, 1024, &found.arc), 0);
	tm_close(&m);
	memcpy(strstr(one, "hello"), "HELLO", 5);
	open_mail(&m, one);
	assert_int_equal(mw_arc_seal(s, &m.mail, &found, &seal, &err), 0);
	to_crlf(made, "ARC-Seal", seal.seal);
	to_crlf(made, "ARC-Message-Signature", seal.message);
	to_crlf(made, "ARC-Authentication-Results", seal.results);
	strcat(made, one);
	mw_arc_seal_free(&seal);
	tm_close(&m);
	three = sealed(s, made, &found);
	assert_int_equal(found.arc.word, MW_AUTH_PASS);
	assert_int_equal(found.arc.sets, 2);
	assert_int_equal(found.arc.oldest_pass, 2);
	free(three);
	free(one);
	mw_arc_sealer_free(s);
}

static void test_sealing_fails(void **state)
{
	struct mw_arc_sealer *s = open_sealer();
	struct mw_arc_seal seal = {.skipped = "untouched"};
	struct mw_auth found = {0};
	struct mw_err err;
	struct tm_mail m;

	(void)state;
	open_mail(&m, text);
	m.fail_body = -EFBIG;
	assert_int_equal(mw_arc_seal(s, &m.mail, &found, &seal, &err), -EFBIG);
	m.fail_body = 0;
	m.fail_alloc = 1;
	assert_int_equal(mw_arc_seal(s, &m.mail, &found, &seal, &err), -ENOMEM);
	found.arc.sets = 1; /* a chain that is not there any more */
	found.arc.word = MW_AUTH_PASS;
	assert_int_equal(mw_arc_seal(s, &m.mail, &found, &seal, &err), -ESTALE);
	assert_string_equal(seal.skipped, "untouched");
	found.arc.word = MW_AUTH_TEMPERROR;
	assert_int_equal(mw_arc_seal(s, &m.mail, &found, &seal, &err), 0);
	assert_string_equal(seal.skipped, "the chain could not be judged");
	found.skipped = "authenticated";
	assert_int_equal(mw_arc_seal(s, &m.mail, &found, &seal, &err), 0);
	assert_string_equal(seal.skipped, "the message is not evaluated");
	tm_close(&m);
	mw_arc_sealer_free(s);
}

static void test_sealer_options(void **state)
{
	static const struct {
		bool seal;
		const char *domain, *selector, *key, *text;
	} rows[] = {
	    {false, "", "", "", NULL},
	    {false, NULL, NULL, NULL, NULL},
	    {true, "x.example", "r", "/k", NULL},
	    {false, "x.example", "", "", "arc-domain, arc-selector and arc-key are for \"arc-seal yes\""},
	    {true, "x.example", "r", "", "arc-seal needs all of arc-domain, arc-selector and arc-key"},
	    {true, "example", "r", "/k", "arc-domain: \"example\" is no domain"},
	    {true, "x..example", "r", "/k", "arc-domain: \"x..example\" is no domain"},
	    {true, "x.example", "r;", "/k", "arc-selector: \"r;\" is no selector"},
	};
	struct mw_arc_sealer *s = NULL;
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = mw_arc_sealer_check(fh_host(), rows[i].seal, rows[i].domain, rows[i].selector, rows[i].key, &err);

		assert_int_equal(r, rows[i].text ? -EINVAL : 0);
		if (rows[i].text)
			assert_string_equal(err.text, rows[i].text);
	}
	assert_int_equal(mw_arc_sealer_open(fh_host(), "x.example", "r", weak_path, &s, &err), -EINVAL);
	assert_int_equal(mw_arc_sealer_open(fh_host(), "x.example", "r", ed_path, &s, &err), -EINVAL);
	assert_int_equal(mw_arc_sealer_open(fh_host(), "x.example", "r", "/nowhere", &s, &err), -ENOENT);
	assert_int_equal(chmod(rsa_path, 0640), 0);
	assert_int_equal(mw_arc_sealer_open(fh_host(), "x.example", "r", rsa_path, &s, &err), -EPERM);
	assert_int_equal(chmod(rsa_path, 0600), 0);
	assert_null(s);
	mw_arc_sealer_free(NULL);
}

/* ---- threads ---------------------------------------------------------------------------------------------------------------- */

static void *work(void *arg)
{
	size_t *bad = arg;

	for (int i = 0; i < 50; i++) {
		struct mw_dkim_result d[MW_AUTH_SIGNATURES];
		struct tm_mail m;
		size_t n, more;

		open_mail(&m, text);
		if (mw_dkim_verify(verifier, &m.mail, &dns, d, &n, &more) != 0 || n != 2 || d[0].word != MW_AUTH_PASS ||
		    d[1].word != MW_AUTH_PASS)
			(*bad)++;
		tm_close(&m);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t thread[4];
	size_t bad[4] = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &bad[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(bad[i], 0);
	}
}

/* ---- tags ------------------------------------------------------------------------------------------------------------------- */

static struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

static void test_base64(void **state)
{
	static const struct {
		const char *text;
		ptrdiff_t n;
		const char *octets;
	} rows[] = {
	    {"", -EBADMSG, ""},	    {"=", -EBADMSG, ""},	  {"YQ==", 1, "a"},	      {"YWI=", 2, "ab"},
	    {"YWJj", 3, "abc"},	    {" Y\r\n W\tJ j ", 3, "abc"}, {"YWJjZA==", 4, "abcd"},    {"YQ=", -EBADMSG, ""},
	    {"YQ", -EBADMSG, ""},   {"Y", -EBADMSG, ""},	  {"YQ==YQ==", -EBADMSG, ""}, {"Y===", -EBADMSG, ""},
	    {"YW!j", -EBADMSG, ""}, {"YWJjYWJjYQ==", -EFBIG, ""},
	};
	unsigned char out[6];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ptrdiff_t n = mw_tag_base64(str(rows[i].text), out, sizeof(out));

		assert_int_equal(n, rows[i].n);
		if (n > 0)
			assert_memory_equal(out, rows[i].octets, (size_t)n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signatures), cmocka_unit_test(test_failures),	      cmocka_unit_test(test_chain),
	    cmocka_unit_test(test_changes),    cmocka_unit_test(test_oldest),	      cmocka_unit_test(test_sealing_fails),
	    cmocka_unit_test(test_threads),    cmocka_unit_test(test_sealer_options), cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
