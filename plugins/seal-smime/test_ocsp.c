/* SPDX-License-Identifier: Apache-2.0 */
/* What responders say, and what somebody else may say in their place. */
#include "socketmap.h"
#include "testpki.h"

#include "tests/unit/fakehost.h"

#include <errno.h>
#include <openssl/ocsp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static struct pki_cert root, person, other, stranger, responder;

/* ---- milward-lookup, as it may be ------------------------------------------------------------------------------------------------ */

enum how {
	HOW_GOOD,
	HOW_REVOKED,
	HOW_UNKNOWN,
	HOW_OLD,
	HOW_EARLY,
	HOW_OTHER,
	HOW_STRANGER,
	HOW_RESPONDER,
	HOW_REFUSED,
	HOW_GARBAGE,
	HOW_TEMP,
	HOW_LONG,
	HOW_CLOSE,
	HOW_SILENT
};

static struct {
	int listener;
	_Atomic(enum how) how; /* of both threads */
	_Atomic int asked;
	pthread_t thread;
} lookup;

static ASN1_TIME *days(int64_t n)
{
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(PKI_NOW + n * PKI_DAY));

	assert_non_null(t);
	return t;
}

/* DER of a response, as the way that is wanted. */
static int make_response(enum how how, unsigned char **der)
{
	const struct pki_cert *signer = how == HOW_STRANGER ? &stranger : how == HOW_RESPONDER ? &responder : &root;
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), how == HOW_OTHER ? other.x : person.x, root.x);
	int status = how == HOW_REVOKED	  ? V_OCSP_CERTSTATUS_REVOKED
		     : how == HOW_UNKNOWN ? V_OCSP_CERTSTATUS_UNKNOWN
					  : V_OCSP_CERTSTATUS_GOOD;
	ASN1_TIME *from = days(how == HOW_OLD	  ? -9
			       : how == HOW_EARLY ? 3
						  : -1),
		  *until = days(how == HOW_OLD ? -2 : 5), *when = days(-4);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response;
	int n;

	assert_true(id && basic);
	assert_non_null(
	    OCSP_basic_add1_status(basic, id, status, 0, status == V_OCSP_CERTSTATUS_REVOKED ? when : NULL, from, until));
	assert_int_equal(OCSP_basic_sign(basic, signer->x, signer->key, EVP_sha256(), NULL, 0), 1);
	response = OCSP_response_create(how == HOW_REFUSED ? OCSP_RESPONSE_STATUS_TRYLATER : OCSP_RESPONSE_STATUS_SUCCESSFUL,
					how == HOW_REFUSED ? NULL : basic);
	n = i2d_OCSP_RESPONSE(response, der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	ASN1_TIME_free(when);
	return n;
}

static size_t make_answer(enum how how, char *out, size_t room)
{
	char text[16384] = "OK ";
	unsigned char *der = NULL;
	int n;

	if (how == HOW_TEMP)
		(void)strcpy(text, "TEMP no route to it");
	else if (how == HOW_GARBAGE)
		(void)strcpy(text, "OK MAMKAQ==");
	else {
		n = make_response(how, &der);
		(void)EVP_EncodeBlock((unsigned char *)text + 3, der, n);
		OPENSSL_free(der);
	}
	return (size_t)snprintf(out, room, "%zu:%s,", how == HOW_LONG ? (size_t)999999 : strlen(text), text);
}

static void serve(int fd)
{
	char in[16384], out[20000];
	size_t n = 0, all;
	ssize_t r;

	while ((r = read(fd, in + n, sizeof(in) - n)) > 0 && in[n + (size_t)r - 1] != ',')
		n += (size_t)r;
	lookup.asked++;
	if (r <= 0 || lookup.how == HOW_CLOSE)
		return;
	if (lookup.how == HOW_SILENT) {
		assert_int_equal(read(fd, in, 1), 0); /* until the other side has had enough */
		return;
	}
	all = make_answer(lookup.how, out, sizeof(out));
	for (size_t at = 0; at < all;) {
		r = send(fd, out + at, all - at < 700 ? all - at : 700, MSG_NOSIGNAL); /* in pieces */
		if (r <= 0)
			return;
		at += (size_t)r;
	}
}

static void *run(void *unused)
{
	int fd;

	while ((fd = accept(lookup.listener, NULL, NULL)) >= 0) {
		serve(fd);
		(void)close(fd);
	}
	return unused;
}

/* ---- tests ----------------------------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)state;
	(void)pki_begin();
	pki_folder("certs");
	root = pki_make(NULL, &(struct pki_how){.ca = true, .from = -3000, .until = 3000});
	person = pki_make(&root, &(struct pki_how){.email = "a@x.example", .ocsp = "http://ocsp.example/"});
	other = pki_make(&root, &(struct pki_how){.email = "b@x.example"});
	stranger = pki_make(
	    NULL, &(struct pki_how){
		      .key = PKI_P256, .usage = "digitalSignature", .extended = "OCSPSigning", .from = -900, .until = 900});
	/* Those that a root's own responder has are verified as of the real time. */
	responder = pki_make(
	    &root, &(struct pki_how){
		       .key = PKI_P256, .usage = "digitalSignature", .extended = "OCSPSigning", .from = -900, .until = 900});
	pki_write_one("anchors.pem", NULL, root.x);
	pki_write_one("certs/a.pem", NULL, person.x);
	pki_write_one("certs/b.pem", NULL, other.x);
	lookup.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", pki_path("lookup"));
	assert_int_equal(bind(lookup.listener, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(lookup.listener, 5), 0);
	assert_int_equal(pthread_create(&lookup.thread, NULL, run, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)shutdown(lookup.listener, SHUT_RDWR);
	assert_int_equal(pthread_join(lookup.thread, NULL), 0);
	(void)close(lookup.listener);
	pki_free(&root);
	pki_free(&person);
	pki_free(&other);
	pki_free(&stranger);
	pki_free(&responder);
	pki_end();
	return 0;
}

static void open_site(struct pki_module *m, const char *socket)
{
	assert_int_equal(pki_open(m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "revocation", "ocsp",
				  "lookup", pki_path(socket), NULL),
			 0);
}

static void test_answers(void **state)
{
	static const struct {
		enum how how;
		int able;
		const char *why;
	} row[] = {
	    {HOW_GOOD, 1, ""},
	    {HOW_RESPONDER, 1, ""},
	    {HOW_REVOKED, 0, "revoked on 2026-09-17"},
	    {HOW_UNKNOWN, 0, "does not know it"},
	    {HOW_OLD, -EAGAIN, "out of date"},
	    {HOW_EARLY, -EAGAIN, "out of date"},
	    {HOW_OTHER, -EAGAIN, "for another certificate"},
	    {HOW_STRANGER, -EAGAIN, "not signed by one who may"},
	    {HOW_REFUSED, -EAGAIN, "refuses to answer"},
	    {HOW_GARBAGE, -EAGAIN, "damaged"},
	    {HOW_TEMP, -EAGAIN, "cannot be asked now"},
	    {HOW_LONG, -EAGAIN, "does not answer"},
	    {HOW_CLOSE, -EAGAIN, "does not answer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct pki_module m;
		int r;

		open_site(&m, "lookup");
		lookup.how = row[i].how;
		r = m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW, &m.err);
		if (r != row[i].able || !strstr(m.err.text, row[i].why))
			fail_msg("%zu: %d, \"%s\" is not in \"%s\"", i, r, row[i].why, m.err.text);
		pki_close(&m);
	}
}

/* Asked once as long as the answer holds; one that nobody could give, for half a minute. */
static void test_cache(void **state)
{
	struct pki_module m;
	int asked;

	(void)state;
	open_site(&m, "lookup");
	lookup.how = HOW_GOOD;
	asked = lookup.asked;
	for (int i = 0; i < 5; i++)
		assert_int_equal(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW + i, &m.err), 1);
	assert_int_equal(lookup.asked, asked + 1);
	assert_int_equal(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW + 3601, &m.err), 1);
	assert_int_equal(lookup.asked, asked + 2);
	assert_int_equal(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW - 100, &m.err), 1); /* the clock went back */
	assert_int_equal(lookup.asked, asked + 3);
	assert_int_equal(m.plugin->sealer->able(m.smime, "b@x.example", PKI_NOW, &m.err), 0);
	assert_non_null(strstr(m.err.text, "it names no responder"));
	lookup.how = HOW_TEMP;
	assert_true(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW + 6 * PKI_DAY, &m.err) < 0);
	lookup.how = HOW_GOOD;
	assert_true(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW + 6 * PKI_DAY + 1, &m.err) < 0);
	assert_int_equal(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW + 2 * PKI_DAY, &m.err), 1);
	pki_close(&m);
}

/* One that says nothing holds up a message for some seconds, not more; and no socket at all, not at all. */
static void test_silent(void **state)
{
	struct pki_module m;
	int64_t begin;

	(void)state;
	open_site(&m, "lookup");
	lookup.how = HOW_SILENT;
	begin = socketmap_clock();
	assert_true(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW, &m.err) < 0);
	assert_true(socketmap_clock() - begin < 8000);
	assert_non_null(strstr(m.err.text, "takes too long"));
	pki_close(&m);
	open_site(&m, "nothing");
	begin = socketmap_clock();
	assert_true(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW, &m.err) < 0);
	assert_true(socketmap_clock() - begin < 2000);
	pki_close(&m);
}

/* any: a list first; where there is none, the responder. */
static void test_any(void **state)
{
	struct pki_module m;
	int asked;

	(void)state;
	pki_folder("crls");
	lookup.how = HOW_GOOD;
	for (int round = 0; round < 3; round++) {
		if (round)
			pki_write_crl("crls/root.pem", pki_crl(&root, round == 2 ? person.x : NULL, -1, 1));
		assert_int_equal(pki_open(&m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "revocation",
					  "any", "lookup", pki_path("lookup"), "crls", pki_path("crls"), NULL),
				 0);
		asked = lookup.asked;
		assert_int_equal(m.plugin->sealer->able(m.smime, "a@x.example", PKI_NOW, &m.err), round != 2);
		assert_int_equal(lookup.asked - asked, round == 0);
		pki_close(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_cache),
	    cmocka_unit_test(test_silent),
	    cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
