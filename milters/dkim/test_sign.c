/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and facts of the dkim module. They are verified with libopendkim here, and by an independent program in
 * tests/module/dkim.t.
 */
#include "testsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void test_signatures(void **state)
{
	static const char *const body[] = {"",
					   "\r\n",
					   "\r\n\r\n",
					   "hello\r\n",
					   "hello",
					   "hello \t\r\n\r\n\r\n",
					   " a\t b  \r\n\r\n c\r\n",
					   "\303\244\303\266 8-bit \377\r\n.\r\n..\r\n",
					   "a\r\n\r\nb\r\n\r\n\r\n\r\n",
					   "\t"};
	static const char *const canon[] = {"relaxed", "simple"};

	(void)state;
	for (unsigned c = 0; c < 4; c++) {
		struct mw_err err;
		void *inst;

		assert_int_equal(td_open(&inst, &err, "multiple", "yes", "header-canonicalization", canon[c & 1],
					 "body-canonicalization", canon[c >> 1], NULL),
				 0);
		assert_false(fh_logged(&td_self, "dkim-slow"));
		for (size_t b = 0; b < sizeof(body) / sizeof(body[0]); b++) {
			for (size_t piece = 0; piece < 4; piece++) {
				struct mw_msg msg;

				td_message(&msg, td_header, body[b]);
				msg.piece = piece;
				assert_int_equal(td_process(inst, &msg, &err), 0);
				assert_int_equal(msg.added, 2);
				assert_true(msg.last_first);
				if (td_verified(&msg) != 2)
					fail_msg("canon %u body %zu piece %zu", c, b, piece);
				fh_msg_reset(&msg);
			}
		}
		mw_plugin_dkim.hooks.close(inst);
	}
}

/* A field that changes, appears or vanishes behind the signature breaks it, where it should. */
static void test_coverage(void **state)
{
	struct mw_err err;
	void *inst;

	(void)state;
	assert_int_equal(td_open(&inst, &err, "oversign", "From,Reply-To", NULL), 0);
	for (unsigned i = 0; i < 5; i++) {
		struct mw_msg msg;

		td_message(&msg, td_header, "hello\r\n");
		assert_int_equal(td_process(inst, &msg, &err), 0);
		assert_int_equal(msg.added, 1);
		assert_int_equal(td_verified(&msg), 1);
		switch (i) {
		case 0:
			fh_header(&msg, "Received: from far by far\r\nX-Spam: no\r\n");
			assert_int_equal(td_verified(&msg), 1);
			break;
		case 1:
			fh_header(&msg, "From: evil@x.example\r\n");
			break;
		case 2:
			fh_header(&msg, "Reply-To: evil@x.example\r\n");
			break;
		case 3:
			fh_header(&msg, "Subject: another\r\n");
			break;
		default:
			msg.body = fh_str("hallo\r\n");
		}
		if (i)
			assert_int_equal(td_verified(&msg), -1);
		fh_msg_reset(&msg);
	}
	mw_plugin_dkim.hooks.close(inst);
}

/* Headers that libopendkim alone would choke on. */
static void test_odd_headers(void **state)
{
	struct mw_err err;
	struct mw_msg msg;
	size_t n = 70000;
	char *big = malloc(n + 100), *many = malloc(200000);
	void *inst;

	(void)state;
	assert_int_equal(td_open(&inst, &err, NULL), 0);
	/* a broken signature that is already there, a name with a semicolon, a name with a space behind it: libopendkim's own
	 * verifier does not take these either, the independent one does */
	td_message(&msg, "DKIM-Signature: v=9; nonsense\r\nX;Y: 1\r\nFrom : a@x.example\r\nSubject\t: s\r\n", "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_int_equal(msg.added, 1);
	assert_non_null(strstr(msg.last_value, "h=From:Subject:From;"));
	fh_msg_reset(&msg);

	/* a field too long for verifiers is left out, with all of its name */
	memset(big, 'a', n);
	(void)snprintf(big, 5, "To: ");
	big[4] = 'b';
	(void)snprintf(big + n, 100, "\r\nTo: short@far.example\r\nFrom: a@x.example\r\n");
	td_message(&msg, big, "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_null(strstr(msg.last_value, ":To")); /* base64 has no colon, so this is the list of h= */
	assert_int_equal(td_verified(&msg), 1);
	fh_msg_reset(&msg);

	/* a thousand fields of one name, and folds without CR */
	many[0] = '\0';
	for (size_t i = 0, at = 0; i < 1000; i++)
		at += (size_t)sprintf(many + at, "Cc: b%zu@far.example,\n c@far.example\n", i);
	strcat(many, "From: a@x.example\n");
	td_message(&msg, many, "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_int_equal(td_verified(&msg), 1);
	fh_msg_reset(&msg);

	mw_plugin_dkim.hooks.close(inst);
	free(big);
	free(many);
}

static void expect_reason(void *inst, struct mw_msg *msg, int64_t signatures, const char *reason)
{
	struct mw_err err = {0};

	assert_int_equal(td_process(inst, msg, &err), 0);
	assert_true(msg->fact[0].set && msg->fact[1].set);
	assert_string_equal(msg->fact[1].text, reason);
	assert_int_equal(msg->fact[0].number, signatures);
	assert_int_equal(msg->added, signatures);
	fh_msg_reset(msg);
}

static void test_facts(void **state)
{
	struct mw_err err;
	struct mw_msg msg;
	void *inst;

	(void)state;
	assert_int_equal(td_open(&inst, &err, "internal-hosts", "10.0.0.0/8,2001:db8::/32", NULL), 0);
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "client"); /* 127.0.0.1 is not in the list here */
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.client_addr = fh_str("");
	expect_reason(inst, &msg, 0, "client");
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.client_addr = fh_str("10.9.9.9");
	expect_reason(inst, &msg, 1, "");
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.local = true;
	expect_reason(inst, &msg, 1, "");
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.auth_type = fh_str("PLAIN");
	expect_reason(inst, &msg, 1, "");
	mw_plugin_dkim.hooks.close(inst);

	assert_int_equal(td_open(&inst, &err, NULL), 0);
	td_message(&msg, "Subject: x\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "no-author");
	td_message(&msg, "From: nobody\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "no-author");
	td_message(&msg, "From: a@x.example\r\nfrom: a@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "many-authors");
	td_message(&msg, "From: a@x.example, b@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "many-authors");
	td_message(&msg, "From: a@other.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "no-key");
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 1, "");
	mw_plugin_dkim.hooks.close(inst);
}

/* % in either table. */
static void test_percent(void **state)
{
	struct mw_err err;
	struct mw_msg msg;
	void *inst;

	(void)state;
	assert_int_equal(td_open(&inst, &err, NULL), 0);
	/* the name of the key is the domain, and i= lies below d= */
	td_message(&msg, "From: a@y.example\r\n", "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "d=y.example; s=s4;"));
	assert_non_null(strstr(msg.last_value, "i=joe@lab.y.example;"));
	assert_int_equal(td_verified(&msg), 1);
	fh_msg_reset(&msg);
	/* i=% */
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "i=@x.example;"));
	fh_msg_reset(&msg);
	/* a row that leads to no key is an error when the signature is ordered, and names the row but not the domain */
	td_message(&msg, "From: a@z.example\r\n", "b\r\n");
	assert_true(td_process(inst, &msg, &err) < 0);
	assert_non_null(strstr(err.text, "signs:5: no key"));
	assert_null(strstr(err.text, "z.example"));
	assert_int_equal(msg.added, 0);
	fh_msg_reset(&msg);
	td_message(&msg, "From: a@www.any.example\r\n", "b\r\n");
	assert_true(td_process(inst, &msg, &err) < 0);
	assert_non_null(strstr(err.text, "signs:3: no key"));
	fh_msg_reset(&msg);
	mw_plugin_dkim.hooks.close(inst);

	/* a key for each domain, by the name of its file */
	td_write("signs2", "*@*.example any\n");
	assert_int_equal(td_open(&inst, &err, "signing-table", td_path("refile:signs2"), NULL), 0);
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "a=rsa-sha256;"));
	assert_non_null(strstr(msg.last_value, "d=x.example; s=s3;"));
	fh_msg_reset(&msg);
	td_message(&msg, "From: a@Y.example\r\n", "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "a=ed25519-sha256;"));
	assert_non_null(strstr(msg.last_value, "d=y.example; s=s3;"));
	fh_msg_reset(&msg);
	mw_plugin_dkim.hooks.close(inst);
}

/* The key itself in the table, as base64 of DER. */
static void test_inline_key(void **state)
{
	unsigned char *der = NULL;
	char *text = malloc(8000);
	struct mw_err err;
	struct mw_msg msg;
	void *inst;
	int n = i2d_PrivateKey(td_rsa, &der), at;

	(void)state;
	at = sprintf(text, "k x.example:s1:");
	(void)EVP_EncodeBlock((unsigned char *)text + at, der, n);
	td_write("inline", text);
	OPENSSL_free(der);
	free(text);
	td_write("signs-inline", "x.example k\n");
	assert_int_equal(td_open(&inst, &err, "key-table", td_path("inline"), "signing-table", td_path("signs-inline"), NULL), 0);
	td_message(&msg, "From: a@x.example\r\n", "b\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_int_equal(td_verified(&msg), 1);
	fh_msg_reset(&msg);
	mw_plugin_dkim.hooks.close(inst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signatures), cmocka_unit_test(test_coverage), cmocka_unit_test(test_odd_headers),
	    cmocka_unit_test(test_facts),      cmocka_unit_test(test_percent),	cmocka_unit_test(test_inline_key),
	};

	return cmocka_run_group_tests(tests, td_setup, td_teardown);
}
