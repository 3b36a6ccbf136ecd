/* SPDX-License-Identifier: Apache-2.0 */
#include "testsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <opendkim/dkim.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

const char td_header[] =
    "Received: from a by b\r\nFrom: \"A\" <a@x.example>\r\nTo: b@far.example,\r\n\tc@far.example\r\n"
    "Subject: =?utf-8?q?x?=  folded\r\n  here \r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\nMIME-Version: 1.0\r\n";

static char dir[] = "/tmp/milward-dkim-XXXXXX";
static char path_buf[4][300];

/* ---- a folder with keys and tables ------------------------------------------------------------------------------------------
 */

const char *td_path(const char *name)
{
	static unsigned turn;
	char *to = path_buf[turn++ % 4];

	(void)snprintf(to, sizeof(path_buf[0]), "%s/%s", dir, name);
	return to;
}

void td_write(const char *name, const char *text)
{
	FILE *f = fopen(td_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

void td_write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(td_path(name), "w");

	assert_non_null(f);
	assert_non_null(key);
	assert_int_equal(
	    PEM_write_PrivateKey(f, key, passphrase ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL, (void *)(uintptr_t)passphrase), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(td_path(name), 0600), 0);
}

EVP_PKEY *td_rsa, *td_ed;

int td_setup(void **state)
{
	EVP_PKEY *weak = EVP_RSA_gen(1024), *tiny = EVP_RSA_gen(768), *ec = EVP_EC_gen("P-256");

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	td_rsa = EVP_RSA_gen(2048);
	td_ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	td_write_key("rsa.pem", td_rsa, NULL);
	td_write_key("ed.pem", td_ed, NULL);
	td_write_key("weak.pem", weak, NULL);
	td_write_key("tiny.pem", tiny, NULL);
	td_write_key("ec.pem", ec, NULL);
	td_write_key("locked.pem", td_rsa, "secret");
	td_write_key("k.x.example.pem", td_rsa, NULL);
	td_write_key("k.y.example.pem", td_ed, NULL);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(tiny);
	EVP_PKEY_free(ec);
	td_write("keys",
		 "rsa x.example:s1:./rsa.pem\ned x.example:s2:./ed.pem\nany %:s3:./k.%.pem\ny.example y.example:s4:./ed.pem\n");
	td_write("signs",
		 "*@x.example rsa:%\n*@x.example ed\n*@*.any.example any\n*@y.example %:joe@lab.y.example\n*@z.example %\n");
	return 0;
}

int td_teardown(void **state)
{
	char command[400];

	(void)state;
	EVP_PKEY_free(td_rsa);
	EVP_PKEY_free(td_ed);
	fh_opts_free();
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : -1;
}

/* ---- the module -------------------------------------------------------------------------------------------------------------
 */

struct mw_self td_self;

int td_open(void **inst, struct mw_err *err, ...)
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
	fh_opt(mw_plugin_dkim.options, c, "key-table", td_path("keys"));
	fh_opt(mw_plugin_dkim.options, c, "signing-table", td_path("refile:signs"));
	va_start(ap, err);
	while ((name = va_arg(ap, const char *)) != NULL)
		fh_opt(mw_plugin_dkim.options, c, name, va_arg(ap, const char *));
	va_end(ap);
	fh_self(&td_self, &mw_plugin_dkim);
	*inst = NULL;
	memset(err, 0, sizeof(*err));
	r = mw_plugin_dkim.hooks.check(fh_host(), c, err);
	return r < 0 ? r : mw_plugin_dkim.hooks.open(fh_host(), &td_self, c, inst, err);
}

int td_process(void *inst, struct mw_msg *msg, struct mw_err *err)
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

void td_message(struct mw_msg *msg, const char *header, const char *body)
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
		assert_int_equal(EVP_PKEY_get_raw_public_key(td_ed, raw, &n), 1);
		(void)EVP_EncodeBlock((unsigned char *)base64, raw, (int)n);
	} else {
		length = i2d_PUBKEY(td_rsa, &der);
		assert_true(length > 0 && length < 700);
		(void)EVP_EncodeBlock((unsigned char *)base64, der, length);
		OPENSSL_free(der);
	}
	(void)snprintf((char *)buf, size, "v=DKIM1; k=%s; p=%s", is_ed ? "ed25519" : "rsa", base64);
	return DKIM_CBSTAT_CONTINUE;
}

int td_verified(struct mw_msg *msg)
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
