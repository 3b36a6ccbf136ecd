/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dkim module from its descriptor: options, keys and their permissions, facts, signatures. Signatures are verified with
 * libopendkim here and by an independent program in tests/dkim_test.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "../../tests/unit/fakehost.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <cmocka.h>
#include <opendkim/dkim.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

extern const struct mw_plugin mw_plugin_dkim;

static char dir[] = "/tmp/milward-dkim-XXXXXX";
static char path_buf[4][300];

/* ---- a folder with keys and tables ------------------------------------------------------------------------------------------
 */

static const char *in_dir(const char *name)
{
	static unsigned turn;
	char *to = path_buf[turn++ % 4];

	(void)snprintf(to, sizeof(path_buf[0]), "%s/%s", dir, name);
	return to;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	assert_non_null(key);
	assert_int_equal(
	    PEM_write_PrivateKey(f, key, passphrase ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL, (void *)(uintptr_t)passphrase), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(in_dir(name), 0600), 0);
}

static EVP_PKEY *rsa, *ed;

static int setup(void **state)
{
	EVP_PKEY *weak = EVP_RSA_gen(1024), *tiny = EVP_RSA_gen(768), *ec = EVP_EC_gen("P-256");

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	rsa = EVP_RSA_gen(2048);
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	write_key("rsa.pem", rsa, NULL);
	write_key("ed.pem", ed, NULL);
	write_key("weak.pem", weak, NULL);
	write_key("tiny.pem", tiny, NULL);
	write_key("ec.pem", ec, NULL);
	write_key("locked.pem", rsa, "secret");
	write_key("k.x.example.pem", rsa, NULL);
	write_key("k.y.example.pem", ed, NULL);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(tiny);
	EVP_PKEY_free(ec);
	write_file("keys",
		   "rsa x.example:s1:./rsa.pem\ned x.example:s2:./ed.pem\nany %:s3:./k.%.pem\ny.example y.example:s4:./ed.pem\n");
	write_file("signs",
		   "*@x.example rsa:%\n*@x.example ed\n*@*.any.example any\n*@y.example %:joe@lab.y.example\n*@z.example %\n");
	return 0;
}

static int teardown(void **state)
{
	char command[400];

	(void)state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	fh_opts_free();
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : -1;
}

/* ---- the module -------------------------------------------------------------------------------------------------------------
 */

static struct mw_self self;

/* opts: NAME, VALUE, … NULL. The result of open(); *inst to be closed by the caller. */
static int open_module(void **inst, struct mw_err *err, ...)
{
	static _Alignas(16) char conf[8][256];
	static unsigned turn;
	char *c = conf[turn++ % 8];
	const char *name;
	va_list ap;
	int r;

	assert_true(mw_plugin_dkim.conf_size <= sizeof(conf[0]));
	memset(c, 0, sizeof(conf[0]));
	fh_opts(mw_plugin_dkim.options, c);
	fh_opt(mw_plugin_dkim.options, c, "key-table", in_dir("keys"));
	fh_opt(mw_plugin_dkim.options, c, "signing-table", in_dir("refile:signs"));
	va_start(ap, err);
	while ((name = va_arg(ap, const char *)) != NULL)
		fh_opt(mw_plugin_dkim.options, c, name, va_arg(ap, const char *));
	va_end(ap);
	fh_self(&self, &mw_plugin_dkim);
	*inst = NULL;
	memset(err, 0, sizeof(*err));
	r = mw_plugin_dkim.hooks.check(fh_host(), c, err);
	return r < 0 ? r : mw_plugin_dkim.hooks.open(fh_host(), &self, c, inst, err);
}

static void expect_refused(const char *text, ...)
{
	struct mw_err err;
	const char *name, *value;
	va_list ap;
	void *inst;

	va_start(ap, text);
	name = va_arg(ap, const char *);
	value = va_arg(ap, const char *);
	va_end(ap);
	assert_true(open_module(&inst, &err, name, value, NULL) < 0);
	assert_null(inst);
	if (!strstr(err.text, text))
		fail_msg("said \"%s\", not \"%s\"", err.text, text);
}

static int process(void *inst, struct mw_msg *msg, struct mw_err *err)
{
	static const struct mw_order order = {.rcpt = MW_ALL};
	void *tx = NULL;
	int r = mw_plugin_dkim.hooks.begin(inst, msg, &tx, err);

	if (r == 0)
		r = mw_plugin_dkim.hooks.see(inst, tx, msg, MW_SEE_MESSAGE, NULL, 0, err);
	if (r == 0)
		r = mw_plugin_dkim.hooks.act(inst, tx, msg, &order, err);
	if (r == 0)
		r = mw_plugin_dkim.hooks.act(inst, tx, msg, &order, err); /* ordered twice: signed once */
	return r;
}

static void message(struct mw_msg *msg, const char *header, const char *body)
{
	fh_msg(msg);
	msg->envelope.client_addr = fh_str("127.0.0.1");
	fh_header(msg, header);
	msg->body = fh_str(body);
}

/* ---- verifying with libopendkim ---------------------------------------------------------------------------------------------
 */

static DKIM_CBSTAT key_text(DKIM *dkim, DKIM_SIGINFO *sig, u_char *buf, size_t size)
{
	bool is_ed = strcmp((char *)dkim_sig_getselector(sig), "s2") == 0 || strcmp((char *)dkim_sig_getselector(sig), "s4") == 0;
	unsigned char *der = NULL, raw[32];
	char base64[1000];
	size_t n = sizeof(raw);
	int length;

	(void)dkim;
	if (is_ed) {
		assert_int_equal(EVP_PKEY_get_raw_public_key(ed, raw, &n), 1);
		(void)EVP_EncodeBlock((unsigned char *)base64, raw, (int)n);
	} else {
		length = i2d_PUBKEY(rsa, &der);
		assert_true(length > 0 && length < 700);
		(void)EVP_EncodeBlock((unsigned char *)base64, der, length);
		OPENSSL_free(der);
	}
	(void)snprintf((char *)buf, size, "v=DKIM1; k=%s; p=%s", is_ed ? "ed25519" : "rsa", base64);
	return DKIM_CBSTAT_CONTINUE;
}

/* How many signatures verify; -1 when some does not. */
static int verified(struct mw_msg *msg)
{
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	static u_char end[] = "\r\n";
	DKIM_STAT stat;
	DKIM_SIGINFO **sigs;
	bool test = false;
	int n = 0, good = 0;
	DKIM *d;

	assert_int_equal(dkim_set_key_lookup(lib, key_text), DKIM_STAT_OK);
	d = dkim_verify(lib, (const u_char *)"v", NULL, &stat);
	for (size_t i = 0; i < msg->fields; i++) {
		const struct mw_field *f = &msg->field[i];
		u_char *text = malloc(2 * (f->name.n + f->value.n) + 2);
		size_t at = 0;

		memcpy(text, f->name.p, f->name.n);
		at = f->name.n;
		text[at++] = ':';
		for (size_t k = 0; k < f->value.n; k++) {
			if (f->value.p[k] == '\n' && (k == 0 || f->value.p[k - 1] != '\r'))
				text[at++] = '\r';
			text[at++] = (u_char)f->value.p[k];
		}
		(void)dkim_header(d, text, at);
		free(text);
	}
	stat = dkim_eoh(d);
	if (stat == DKIM_STAT_OK && msg->body.n)
		stat = dkim_body(d, (u_char *)(uintptr_t)msg->body.p, msg->body.n);
	if (stat == DKIM_STAT_OK && msg->body.n && msg->body.p[msg->body.n - 1] != '\n')
		stat = dkim_body(d, end, 2);
	if (stat == DKIM_STAT_OK)
		stat = dkim_eom(d, &test);
	if (stat != DKIM_STAT_OK || dkim_getsiglist(d, &sigs, &n) != DKIM_STAT_OK)
		good = -1;
	for (int i = 0; i < n; i++) {
		(void)dkim_sig_process(d, sigs[i]);
		if (!(dkim_sig_getflags(sigs[i]) & DKIM_SIGFLAG_PASSED) || dkim_sig_getbh(sigs[i]) != DKIM_SIGBH_MATCH)
			n = good = -1;
		else
			good++;
	}
	dkim_free(d);
	dkim_close(lib);
	return good;
}

static const char plain_header[] =
    "Received: from a by b\r\nFrom: \"A\" <a@x.example>\r\nTo: b@far.example,\r\n\tc@far.example\r\n"
    "Subject: =?utf-8?q?x?=  folded\r\n  here \r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\nMIME-Version: 1.0\r\n";

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

		assert_int_equal(open_module(&inst, &err, "multiple", "yes", "header-canonicalization", canon[c & 1],
					     "body-canonicalization", canon[c >> 1], NULL),
				 0);
		assert_false(fh_logged(&self, "dkim-slow"));
		for (size_t b = 0; b < sizeof(body) / sizeof(body[0]); b++) {
			for (size_t piece = 0; piece < 4; piece++) {
				struct mw_msg msg;

				message(&msg, plain_header, body[b]);
				msg.piece = piece;
				assert_int_equal(process(inst, &msg, &err), 0);
				assert_int_equal(msg.added, 2);
				assert_true(msg.last_first);
				if (verified(&msg) != 2)
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
	assert_int_equal(open_module(&inst, &err, "oversign", "From,Reply-To", NULL), 0);
	for (unsigned i = 0; i < 5; i++) {
		struct mw_msg msg;

		message(&msg, plain_header, "hello\r\n");
		assert_int_equal(process(inst, &msg, &err), 0);
		assert_int_equal(msg.added, 1);
		assert_int_equal(verified(&msg), 1);
		switch (i) {
		case 0:
			fh_header(&msg, "Received: from far by far\r\nX-Spam: no\r\n");
			assert_int_equal(verified(&msg), 1);
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
			assert_int_equal(verified(&msg), -1);
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
	assert_int_equal(open_module(&inst, &err, NULL), 0);
	/* a broken signature that is already there, a name with a semicolon, a name with a space behind it: libopendkim's own
	 * verifier does not take these either, the independent one does */
	message(&msg, "DKIM-Signature: v=9; nonsense\r\nX;Y: 1\r\nFrom : a@x.example\r\nSubject\t: s\r\n", "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_int_equal(msg.added, 1);
	assert_non_null(strstr(msg.last_value, "h=From:Subject:From;"));
	fh_msg_reset(&msg);

	/* a field too long for verifiers is left out, with all of its name */
	memset(big, 'a', n);
	(void)snprintf(big, 5, "To: ");
	big[4] = 'b';
	(void)snprintf(big + n, 100, "\r\nTo: short@far.example\r\nFrom: a@x.example\r\n");
	message(&msg, big, "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_null(strstr(msg.last_value, ":To")); /* base64 has no colon, so this is the list of h= */
	assert_int_equal(verified(&msg), 1);
	fh_msg_reset(&msg);

	/* a thousand fields of one name, and folds without CR */
	many[0] = '\0';
	for (size_t i = 0, at = 0; i < 1000; i++)
		at += (size_t)sprintf(many + at, "Cc: b%zu@far.example,\n c@far.example\n", i);
	strcat(many, "From: a@x.example\n");
	message(&msg, many, "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_int_equal(verified(&msg), 1);
	fh_msg_reset(&msg);

	mw_plugin_dkim.hooks.close(inst);
	free(big);
	free(many);
}

static void expect_reason(void *inst, struct mw_msg *msg, int64_t signatures, const char *reason)
{
	struct mw_err err = {0};

	assert_int_equal(process(inst, msg, &err), 0);
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
	assert_int_equal(open_module(&inst, &err, "internal-hosts", "10.0.0.0/8,2001:db8::/32", NULL), 0);
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "client"); /* 127.0.0.1 is not in the list here */
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.client_addr = fh_str("");
	expect_reason(inst, &msg, 0, "client");
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.client_addr = fh_str("10.9.9.9");
	expect_reason(inst, &msg, 1, "");
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.local = true;
	expect_reason(inst, &msg, 1, "");
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	msg.envelope.auth_type = fh_str("PLAIN");
	expect_reason(inst, &msg, 1, "");
	mw_plugin_dkim.hooks.close(inst);

	assert_int_equal(open_module(&inst, &err, NULL), 0);
	message(&msg, "Subject: x\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "no-author");
	message(&msg, "From: nobody\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "no-author");
	message(&msg, "From: a@x.example\r\nfrom: a@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "many-authors");
	message(&msg, "From: a@x.example, b@x.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "many-authors");
	message(&msg, "From: a@other.example\r\n", "b\r\n");
	expect_reason(inst, &msg, 0, "no-key");
	message(&msg, "From: a@x.example\r\n", "b\r\n");
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
	assert_int_equal(open_module(&inst, &err, NULL), 0);
	/* the name of the key is the domain, and i= lies below d= */
	message(&msg, "From: a@y.example\r\n", "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "d=y.example; s=s4;"));
	assert_non_null(strstr(msg.last_value, "i=joe@lab.y.example;"));
	assert_int_equal(verified(&msg), 1);
	fh_msg_reset(&msg);
	/* i=% */
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "i=@x.example;"));
	fh_msg_reset(&msg);
	/* a row that leads to no key is an error when the signature is ordered, and names the row but not the domain */
	message(&msg, "From: a@z.example\r\n", "b\r\n");
	assert_true(process(inst, &msg, &err) < 0);
	assert_non_null(strstr(err.text, "signs:5: no key"));
	assert_null(strstr(err.text, "z.example"));
	assert_int_equal(msg.added, 0);
	fh_msg_reset(&msg);
	message(&msg, "From: a@www.any.example\r\n", "b\r\n");
	assert_true(process(inst, &msg, &err) < 0);
	assert_non_null(strstr(err.text, "signs:3: no key"));
	fh_msg_reset(&msg);
	mw_plugin_dkim.hooks.close(inst);

	/* a key for each domain, by the name of its file */
	write_file("signs2", "*@*.example any\n");
	assert_int_equal(open_module(&inst, &err, "signing-table", in_dir("refile:signs2"), NULL), 0);
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_non_null(strstr(msg.last_value, "a=rsa-sha256;"));
	assert_non_null(strstr(msg.last_value, "d=x.example; s=s3;"));
	fh_msg_reset(&msg);
	message(&msg, "From: a@Y.example\r\n", "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
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
	int n = i2d_PrivateKey(rsa, &der), at;

	(void)state;
	at = sprintf(text, "k x.example:s1:");
	(void)EVP_EncodeBlock((unsigned char *)text + at, der, n);
	write_file("inline", text);
	OPENSSL_free(der);
	free(text);
	write_file("signs-inline", "x.example k\n");
	assert_int_equal(open_module(&inst, &err, "key-table", in_dir("inline"), "signing-table", in_dir("signs-inline"), NULL),
			 0);
	message(&msg, "From: a@x.example\r\n", "b\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_int_equal(verified(&msg), 1);
	fh_msg_reset(&msg);
	mw_plugin_dkim.hooks.close(inst);
}

static void table_with(const char *key)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "\nk x.example:s:%s\n", key);
	write_file("bad", text);
}

static void test_refusals(void **state)
{
	char folder[300];
	struct mw_err err;
	void *inst;

	(void)state;
	expect_refused("key-table: cannot open /nowhere/keys: No such file", "key-table", "/nowhere/keys");
	expect_refused("signing-table: cannot open /nowhere/signs: No such file", "signing-table", "/nowhere/refile:signs");
	expect_refused("names of keys are no patterns", "key-table", in_dir("refile:keys"));
	expect_refused("kind \"ldap\"", "key-table", in_dir("ldap:keys"));
	expect_refused("not a regular file", "key-table", dir);
	write_file("unknown", "x.example nokey\n");
	expect_refused("unknown:1: no key \"nokey\" in ", "signing-table", in_dir("unknown"));
	expect_refused("\"10.0.0.1/8\" is neither an address nor a network", "internal-hosts", "10.0.0.1/8");
	expect_refused("\"Fr om\" is not the name of a header field", "oversign", "Fr om");

	table_with("./missing.pem");
	expect_refused("bad:2: private key: cannot open ", "key-table", in_dir("bad"));
	table_with("./tiny.pem");
	expect_refused("has 768 bits: RSA keys under 1024 are refused", "key-table", in_dir("bad"));
	table_with("./ec.pem");
	expect_refused("is neither RSA nor Ed25519", "key-table", in_dir("bad"));
	table_with("./locked.pem");
	expect_refused("opens without a passphrase", "key-table", in_dir("bad"));
	table_with("AAAA");
	expect_refused("neither a path (begin it with / or ./) nor DER in base64", "key-table", in_dir("bad"));
	table_with("rsa.pem");
	expect_refused("neither a path", "key-table", in_dir("bad"));
	write_file("junk.pem", "-----BEGIN PRIVATE KEY-----\njunk\n-----END PRIVATE KEY-----\n");
	assert_int_equal(chmod(in_dir("junk.pem"), 0600), 0);
	table_with("./junk.pem");
	expect_refused("holds no private key in PEM form", "key-table", in_dir("bad"));

	table_with("./rsa.pem");
	for (unsigned mode = 0640; mode >= 0601; mode = mode == 0640 ? 0604 : 0600) {
		assert_int_equal(chmod(in_dir("rsa.pem"), mode), 0);
		expect_refused("run chmod 600 ", "key-table", in_dir("bad"));
	}
	assert_int_equal(chmod(in_dir("rsa.pem"), 0600), 0);
	assert_int_equal(chmod(dir, 0702), 0);
	expect_refused("everybody may write into its folder: run chmod o-w ", "key-table", in_dir("bad"));
	assert_int_equal(chmod(dir, 0700), 0);
	/* a link in a safe folder that leads into an unsafe one */
	(void)snprintf(folder, sizeof(folder), "%s/open", dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	write_key("open/k.pem", rsa, NULL);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(symlink("open/k.pem", in_dir("link.pem")), 0);
	table_with("./link.pem");
	expect_refused("everybody may write into its folder", "key-table", in_dir("bad"));
	if (geteuid() == 0) {
		table_with("./k.x.example.pem");
		assert_int_equal(chown(in_dir("k.x.example.pem"), 12345, 0), 0);
		expect_refused("belongs to user 12345: run chown 0 ", "key-table", in_dir("bad"));
		assert_int_equal(chown(in_dir("k.x.example.pem"), 0, 0), 0);
	}
	table_with("./none.%.pem\nrsa x.example:s:./rsa.pem");
	write_file("bad", "k %:s:./none.%.pem\n");
	expect_refused("no file ", "key-table", in_dir("bad"));

	write_file("weak", "rsa x.example:s:./weak.pem\n");
	write_file("weak-signs", "x.example rsa\n");
	assert_int_equal(open_module(&inst, &err, "key-table", in_dir("weak"), "signing-table", in_dir("weak-signs"), NULL), 0);
	assert_true(fh_logged(&self, "4 dkim-weak-key key \"rsa\" is RSA with less than 2048 bits"));
	mw_plugin_dkim.hooks.close(inst);
	mw_plugin_dkim.hooks.close(NULL);
}

/* ---- failures ---------------------------------------------------------------------------------------------------------------
 */

static atomic_int rsa_fails;

/* In front of libcrypto's: fails on demand, as it does without memory. */
MW_EXPORT int RSA_sign(int type, const unsigned char *m, unsigned int n, unsigned char *sig, unsigned int *size, RSA *key)
{
	int (*next)(int, const unsigned char *, unsigned int, unsigned char *, unsigned int *, RSA *) = NULL;
	void *symbol = dlsym(RTLD_NEXT, "RSA_sign");

	memcpy(&next, &symbol, sizeof(next)); /* ISO C has no cast for this */
	if (atomic_load(&rsa_fails) || !next)
		return 0;
	return next(type, m, n, sig, size, key);
}

/* A failure of one message must neither leave a half-signed message nor harm the key that all threads share. */
static void test_failure(void **state)
{
	struct mw_err err;
	struct mw_msg msg;
	void *inst;

	(void)state;
	assert_int_equal(open_module(&inst, &err, "multiple", "yes", NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		message(&msg, plain_header, "b\r\n");
		atomic_store(&rsa_fails, 1);
		assert_true(process(inst, &msg, &err) < 0);
		atomic_store(&rsa_fails, 0);
		assert_non_null(strstr(err.text, "cannot sign: libopendkim at end"));
		assert_int_equal(msg.added, 0);
		fh_msg_reset(&msg);
		message(&msg, plain_header, "b\r\n");
		assert_int_equal(process(inst, &msg, &err), 0);
		assert_int_equal(verified(&msg), 2);
		fh_msg_reset(&msg);
	}
	/* no memory from the host */
	for (size_t n = 1; n < 10; n++) {
		int r;

		message(&msg, plain_header, "b\r\n");
		msg.fail_alloc = n;
		r = process(inst, &msg, &err);
		assert_true(r == 0 || r == -ENOMEM);
		assert_int_equal(msg.added, r == 0 ? 2 : 0);
		fh_msg_reset(&msg);
	}
	/* never unsigned because nobody looked */
	message(&msg, plain_header, "b\r\n");
	{
		static const struct mw_order sign = {.rcpt = MW_ALL};
		void *tx;

		assert_int_equal(mw_plugin_dkim.hooks.begin(inst, &msg, &tx, &err), 0);
		assert_int_equal(mw_plugin_dkim.hooks.act(inst, tx, &msg, &sign, &err), -EIO);
	}
	fh_msg_reset(&msg);
	/* a NUL in a covered field */
	message(&msg, plain_header, "b\r\n");
	((char *)(uintptr_t)msg.field[3].value.p)[2] = '\0';
	assert_int_equal(process(inst, &msg, &err), -EINVAL);
	fh_msg_reset(&msg);
	/* warnings for what others will break */
	message(&msg, plain_header, "a\rb\r\n");
	assert_int_equal(process(inst, &msg, &err), 0);
	assert_true(fh_logged(&self, "dkim-bare-cr"));
	assert_false(fh_logged(&self, "dkim-long-line"));
	fh_msg_reset(&msg);
	{
		char line[1100];

		memset(line, 'x', sizeof(line));
		memcpy(line + 998, "\r\n", 3);
		message(&msg, plain_header, line);
		assert_int_equal(process(inst, &msg, &err), 0);
		assert_false(fh_logged(&self, "dkim-long-line"));
		fh_msg_reset(&msg);
		memcpy(line + 998, "x\r\n", 4);
		message(&msg, plain_header, line);
		msg.piece = 7;
		assert_int_equal(process(inst, &msg, &err), 0);
		assert_true(fh_logged(&self, "dkim-long-line"));
		fh_msg_reset(&msg);
	}
	mw_plugin_dkim.hooks.close(inst);
}

/* ---- threads ----------------------------------------------------------------------------------------------------------------
 */

static void *signer(void *inst)
{
	for (unsigned i = 0; i < 20; i++) {
		struct mw_err err = {0};
		struct mw_msg msg;
		int r, n;

		message(&msg, plain_header, "hello\r\n");
		r = process(inst, &msg, &err);
		n = (int)msg.added;
		if (r != 0 || n != 2)
			return (void *)1;
		if (i == 19 && verified(&msg) != 2)
			return (void *)2;
		fh_msg_reset(&msg);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t thread[4];
	struct mw_err err;
	void *inst, *result;

	(void)state;
	assert_int_equal(open_module(&inst, &err, "multiple", "yes", NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, signer, inst), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &result), 0);
		assert_null(result);
	}
	mw_plugin_dkim.hooks.close(inst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signatures), cmocka_unit_test(test_coverage), cmocka_unit_test(test_odd_headers),
	    cmocka_unit_test(test_facts),      cmocka_unit_test(test_percent),	cmocka_unit_test(test_inline_key),
	    cmocka_unit_test(test_refusals),   cmocka_unit_test(test_failure),	cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
