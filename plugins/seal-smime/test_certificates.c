/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificate is used for an address, and why others are not. */
#include "testpki.h"

#include "tests/unit/fakehost.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

static struct pki_cert root, sub;

static int setup(void **state)
{
	(void)state;
	(void)pki_begin();
	pki_folder("certs");
	pki_folder("store");
	pki_folder("crls");
	root = pki_make(NULL, &(struct pki_how){.ca = true, .from = -3000, .until = 3000});
	sub = pki_make(&root, &(struct pki_how){.ca = true, .from = -3000, .until = 3000});
	pki_write_one("anchors.pem", NULL, root.x);
	pki_write_one("certs/sub.pem", NULL, sub.x);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_free(&root);
	pki_free(&sub);
	pki_end();
	return 0;
}

static void install(const char *name, const struct pki_cert *by, const struct pki_how *how)
{
	struct pki_cert c = pki_make(by, how);

	pki_write_one(name, NULL, c.x);
	pki_free(&c);
}

static int able(struct pki_module *m, const char *address, int64_t now)
{
	m->err = (struct mw_err){0};
	return m->plugin->sealer->able(m->smime, address, now, &m->err);
}

static void assert_why(struct pki_module *m, const char *address, const char *why)
{
	assert_int_equal(able(m, address, PKI_NOW), 0);
	if (!strstr(m->err.text, why))
		fail_msg("%s: \"%s\" is not in \"%s\"", address, why, m->err.text);
}

/* Every kind that cannot be used, with its cause. */
static void test_unusable(void **state)
{
	static const struct {
		const char *address, *why;
		struct pki_how how;
		bool stranger;
	} row[] = {
	    {"expired@x.example", "expired on 2026-09-16", {.until = -5}, false},
	    {"early@x.example", "not valid before 2026-09-26", {.from = 5}, false},
	    {"rsa1024@x.example", "weak: its RSA key has 1024 bits", {.key = PKI_RSA_1024}, false},
	    {"p224@x.example", "weak: its EC key has 224 bits", {.key = PKI_P224}, false},
	    {"ed@x.example", "an Ed25519 or Ed448 key can sign only", {.key = PKI_ED25519}, false},
	    {"x25519@x.example", "X25519", {.key = PKI_X25519}, false},
	    {"signonly@x.example", "not for encryption (key usage)", {.usage = "digitalSignature"}, false},
	    {"ecsign@x.example",
	     "not for encryption (key usage)",
	     {.key = PKI_P256, .usage = "digitalSignature,keyEncipherment"},
	     false},
	    {"web@x.example", "not for mail (extended key usage)", {.extended = "serverAuth"}, false},
	    {"critical@x.example", "critical extension", {.extended = "emailProtection", .usage = ""}, false},
	    {"stranger@x.example", "its issuer is not trusted", {0}, true},
	};
	struct pki_module m;
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct pki_how how = row[i].how;
		struct pki_cert c;

		how.email = row[i].address;
		c = pki_make(row[i].stranger ? NULL : &sub, &how);
		if (strncmp(row[i].address, "critical", 8) == 0) {
			X509_EXTENSION *e = X509V3_EXT_conf(NULL, NULL, "1.2.3.4", "critical,DER:0500");

			assert_true(e && X509_add_ext(c.x, e, -1) == 1 && X509_sign(c.x, sub.key, EVP_sha256()) > 0);
			X509_EXTENSION_free(e);
		}
		(void)snprintf(name, sizeof(name), "certs/%s.pem", row[i].address);
		pki_write_one(name, NULL, c.x);
		pki_free(&c);
	}
	install("certs/sha1.pem", &sub, &(struct pki_how){.email = "sha1@x.example", .md = EVP_sha1()});
	install("certs/md5.pem", &sub, &(struct pki_how){.email = "md5@x.example", .md = EVP_md5()});
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_why(&m, row[i].address, row[i].why);
	assert_why(&m, "sha1@x.example", "weak: it is signed with SHA-1");
	assert_why(&m, "md5@x.example", "weak: it is signed with MD5");
	assert_why(&m, "nobody@x.example", "there is no certificate for it");
	assert_why(&m, "no address", "there is no certificate for it");
	pki_close(&m);
}

static void test_names(void **state)
{
	static const struct {
		const char *address;
		int able;
	} row[] = {
	    {"ann@x.example", 1}, {"ann@X.EXAMPLE", 1}, {"ANN@x.example", 1},	      {"second@y.example", 1},
	    {"sub@x.example", 1}, {"not@x.example", 0}, {"j\xc3\xb6rg@x.example", 1}, {"J\xc3\xb6rg@x.example", 1},
	    {"Bob@x.example", 1}, {"bob@x.example", 1}, {"BOB@x.example", 0},	      {"ann@y.example", 0},
	};
	struct pki_module m;

	(void)state;
	install("certs/ann.pem", &sub,
		&(struct pki_how){.email = "ann@x.example", .more = "second@y.example", .subject = "not@x.example"});
	install("certs/sub1.pem", &sub, &(struct pki_how){.subject = "sub@x.example"});
	install("certs/utf8.pem", &sub, &(struct pki_how){.utf8 = "j\xc3\xb6rg@x.example"});
	install("certs/bob1.pem", &sub, &(struct pki_how){.email = "Bob@x.example"});
	install("certs/bob2.pem", &sub, &(struct pki_how){.email = "bob@x.example"});
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		if (able(&m, row[i].address, PKI_NOW) != row[i].able)
			fail_msg("%s: %s", row[i].address, m.err.text);
	assert_why(&m, "BOB@x.example", "several spellings");
	pki_close(&m);
}

/* The newest that can be used wins; what is told names each that cannot. */
static void test_newest(void **state)
{
	const struct index_cert *c;
	struct pki_module m;
	struct index *ix;
	char why[2 * SMIME_WHY];

	(void)state;
	install("certs/1.pem", &sub, &(struct pki_how){.email = "a@x.example", .from = -100});
	install("certs/2.pem", &sub, &(struct pki_how){.email = "a@x.example", .from = -50});
	install("certs/3.pem", &sub, &(struct pki_how){.email = "a@x.example", .from = -20, .until = -10});
	install("certs/4.pem", &sub, &(struct pki_how){.email = "b@x.example", .from = -20, .until = -10});
	install("certs/5.pem", &sub, &(struct pki_how){.email = "b@x.example", .from = -30, .usage = "digitalSignature"});
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	ix = site_index(&m.smime->site);
	assert_int_equal(site_choose(&m.smime->site, ix, "a@x.example", PKI_NOW, &c, why), 1);
	assert_string_equal(c->file, "2.pem");
	assert_int_equal(site_choose(&m.smime->site, ix, "a@x.example", PKI_NOW - 70 * PKI_DAY, &c, why), 1);
	assert_string_equal(c->file, "1.pem");
	index_unref(ix);
	assert_why(&m, "b@x.example", "its certificate: expired on 2026-09-11; another: wrong purpose");
	pki_close(&m);
}

/* verify no: the folder is trusted; the store never is. */
static void test_verify(void **state)
{
	struct pki_module m;

	(void)state;
	install("certs/self.pem", NULL, &(struct pki_how){.email = "self@x.example"});
	install("store/self.pem", NULL, &(struct pki_how){.email = "kept@x.example"});
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "store", pki_path("store"), "anchors",
				  pki_path("anchors.pem"), "verify", "no", NULL),
			 0);
	assert_int_equal(able(&m, "self@x.example", PKI_NOW), 1);
	assert_why(&m, "kept@x.example", "not trusted");
	pki_close(&m);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "verify", "no", NULL), 0);
	assert_int_equal(able(&m, "self@x.example", PKI_NOW), 1);
	pki_close(&m);
}

/* Issuers: one that is no issuer, one for the web alone, an anchor in the middle. */
static void test_issuers(void **state)
{
	struct pki_cert person = pki_make(&sub, &(struct pki_how){.email = "person@x.example"});
	struct pki_cert web = pki_make(&root, &(struct pki_how){.ca = true, .extended = "serverAuth"});
	struct pki_module m;

	(void)state;
	pki_write_one("certs/person.pem", NULL, person.x);
	pki_write_one("certs/web.pem", NULL, web.x);
	install("certs/1.pem", &person, &(struct pki_how){.email = "by-person@x.example"});
	install("certs/2.pem", &web, &(struct pki_how){.email = "by-web@x.example"});
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	assert_int_equal(able(&m, "person@x.example", PKI_NOW), 1);
	assert_why(&m, "by-person@x.example", "not trusted");
	assert_why(&m, "by-web@x.example", "may not certify for mail");
	pki_close(&m);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("certs/sub.pem"), NULL), 0);
	assert_int_equal(able(&m, "person@x.example", PKI_NOW), 1);
	assert_why(&m, "by-web@x.example", "not trusted");
	pki_close(&m);
	pki_free(&person);
	pki_free(&web);
}

static void test_crl(void **state)
{
	struct pki_cert good = pki_make(&sub, &(struct pki_how){.email = "good@x.example"});
	struct pki_cert bad = pki_make(&sub, &(struct pki_how){.email = "bad@x.example"});
	struct pki_module m;

	(void)state;
	pki_write_one("certs/good.pem", NULL, good.x);
	pki_write_one("certs/bad.pem", NULL, bad.x);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "crls",
				  pki_path("crls"), "revocation", "crl", NULL),
			 0);
	assert_why(&m, "good@x.example", "there is no revocation list of its issuer");
	/* Lists that come later are seen without a reload. */
	pki_write_crl("crls/sub.pem", pki_crl(&sub, bad.x, -1, 1));
	pki_write_crl("crls/root.pem", pki_crl(&root, NULL, -1, 1));
	m.smime->site.due = 0;
	assert_int_equal(able(&m, "good@x.example", PKI_NOW), 1);
	assert_why(&m, "bad@x.example", "revoked on 2026-09-18");
	assert_int_equal(able(&m, "good@x.example", PKI_NOW + 2 * PKI_DAY), 0);
	assert_non_null(strstr(m.err.text, "ended on 2026-09-22"));
	pki_write_crl("crls/root.pem", pki_crl(&root, sub.x, -1, 1));
	m.smime->site.due = m.smime->site.thorough = 0;
	assert_why(&m, "good@x.example", "an issuer of it was revoked");
	pki_close(&m);
	/* An anchor is asked for no list. */
	assert_int_equal(unlink(pki_path("crls/root.pem")), 0);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("certs/sub.pem"), "crls",
				  pki_path("crls"), "revocation", "crl", NULL),
			 0);
	assert_int_equal(able(&m, "good@x.example", PKI_NOW), 1);
	assert_why(&m, "bad@x.example", "revoked on 2026-09-18");
	pki_close(&m);
	pki_free(&good);
	pki_free(&bad);
}

/* Bad files are one line each, and nothing of what is in them. */
static void test_files(void **state)
{
	struct pki_cert a = pki_make(&sub, &(struct pki_how){.email = "a@x.example"}),
			b = pki_make(&sub, &(struct pki_how){.email = "b@x.example"});
	X509 *const both[] = {a.x, b.x, NULL};
	struct pki_module m;

	(void)state;
	pki_write("certs/both.pem", NULL, both);
	pki_write_text("certs/text", "SECRET", 6);
	pki_write_text("certs/block", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n", 63);
	pki_write_text("certs/.hidden", "SECRET", 6);
	pki_write_text("certs/torn@x.example.pem", "-----BEGIN CERTIFICATE-----\nMAMC", 32);
	pki_write_text("certs/empty@x.example", "", 0);
	pki_folder("certs/folder");
	assert_int_equal(pki_run("openssl x509 -in certs/sub.pem -outform der -out certs/sub.der && cat certs/sub.der > "
				 "certs/rest.der && echo x >> certs/rest.der"),
			 0);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	assert_int_equal(able(&m, "a@x.example", PKI_NOW), 1);
	assert_int_equal(able(&m, "b@x.example", PKI_NOW), 1);
	assert_int_equal(m.self->lines, 5);
	/* A file that is named by an address is its cause; another name says nothing of whose it is. */
	assert_why(&m, "torn@x.example", "its certificate: cannot be read: a block of it is damaged");
	assert_why(&m, "empty@X.example", "its certificate: cannot be read: there is no certificate in it");
	assert_why(&m, "text@x.example", "there is no certificate for it");
	assert_true(fh_logged(m.self, "text: there is no certificate in it"));
	assert_true(fh_logged(m.self, "block: a certificate in it cannot be parsed"));
	assert_true(fh_logged(m.self, "rest.der: something that is no certificate stands behind one"));
	assert_false(fh_logged(m.self, "SECRET"));
	/* Gone, and told no second time of what did not change. */
	assert_int_equal(unlink(pki_path("certs/both.pem")), 0);
	m.smime->site.due = m.smime->site.thorough = 0;
	assert_why(&m, "a@x.example", "there is no certificate for it");
	assert_int_equal(m.self->lines, 5);
	/* A link to nothing, too. */
	assert_int_equal(symlink("nothing", pki_path("certs/link")), 0);
	for (int i = 0; i < 3; i++) {
		m.smime->site.due = m.smime->site.thorough = 0;
		assert_why(&m, "a@x.example", "there is no certificate for it");
	}
	assert_int_equal(m.self->lines, 6);
	assert_true(fh_logged(m.self, "link: cannot be opened"));
	/* A folder that cannot be read leaves what was known. */
	pki_write("certs/both.pem", NULL, both);
	m.smime->site.due = 0;
	assert_int_equal(able(&m, "a@x.example", PKI_NOW), 1);
	assert_int_equal(rename(pki_path("certs"), pki_path("away")), 0);
	for (int i = 0; i < 3; i++) {
		m.smime->site.due = 0;
		assert_int_equal(able(&m, "a@x.example", PKI_NOW), 1);
	}
	assert_int_equal(m.self->lines, 7);
	assert_true(fh_logged(m.self, "what was read before stays in use"));
	pki_close(&m);
	pki_free(&a);
	pki_free(&b);
}

struct asking {
	struct pki_module *m;
	atomic_int stop, wrong;
};

/* One that stays, one that comes and goes. */
static void *ask(void *ctx)
{
	struct asking *a = ctx;

	for (int i = 0; !atomic_load(&a->stop); i++) {
		struct mw_err err = {0};
		int stays = a->m->plugin->sealer->able(a->m->smime, "stays@x.example", PKI_NOW + i % 7 * 3000, &err);
		int goes = a->m->plugin->sealer->able(a->m->smime, "goes@x.example", PKI_NOW, &err);

		a->m->plugin->sealer->want(a->m->smime, "goes@x.example");
		if (stays != 1 || goes < 0)
			atomic_fetch_add(&a->wrong, 1);
	}
	return NULL;
}

/* Many ask while the folder changes. */
static void test_threads(void **state)
{
	struct pki_cert goes = pki_make(&sub, &(struct pki_how){.email = "goes@x.example"});
	struct asking a = {.stop = 0};
	struct pki_module m;
	pthread_t thread[4];

	(void)state;
	install("certs/stays.pem", &sub, &(struct pki_how){.email = "stays@x.example"});
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), NULL), 0);
	a.m = &m;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask, &a), 0);
	for (int i = 0; i < 40; i++) {
		if (i % 2)
			assert_int_equal(unlink(pki_path("certs/goes.pem")), 0);
		else
			pki_write_one("certs/goes.pem", NULL, goes.x);
		(void)pthread_mutex_lock(&m.smime->site.lock);
		m.smime->site.due = 0;
		(void)pthread_mutex_unlock(&m.smime->site.lock);
		(void)able(&m, "goes@x.example", PKI_NOW);
	}
	atomic_store(&a.stop, 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(atomic_load(&a.wrong), 0);
	pki_close(&m);
	pki_free(&goes);
}

/* What a policy may not say, and folders that anybody may write to. */
static void test_refused(void **state)
{
	struct pki_module m;

	(void)state;
	assert_int_equal(pki_open(&m, NULL), -EINVAL);
	pki_close(&m);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), NULL), -EINVAL);
	assert_non_null(strstr(m.err.text, "verify needs anchors"));
	pki_close(&m);
	assert_int_equal(
	    pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "revocation", "crl", NULL),
	    -EINVAL);
	assert_non_null(strstr(m.err.text, "needs crls"));
	pki_close(&m);
	assert_int_equal(
	    pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "revocation", "ocsp", NULL),
	    -EINVAL);
	assert_non_null(strstr(m.err.text, "needs lookup"));
	pki_close(&m);
	assert_int_equal(pki_open(&m, "certificates", pki_path("none"), "verify", "no", NULL), -ENOENT);
	pki_close(&m);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("crls"), NULL), -EINVAL);
	assert_non_null(strstr(m.err.text, "there is no certificate in"));
	pki_close(&m);
	assert_int_equal(chmod(pki_path("certs"), 0777), 0);
	assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "verify", "no", NULL), -EPERM);
	pki_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_unusable, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_newest, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verify, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_issuers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_crl, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
