/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim_bench: the dkim module against libopendkim as it is, and against OpenSSL alone with a decoded key (what nobody can beat),
 * on the same 4 KB message in the same run. dkim_bench RSA.pem ED25519.pem Prints a line for each kind of key and number of
 * threads: signatures a second of the module, of libopendkim, of OpenSSL, the ratio of the first two and its aim.
 */
#include "../unit/fakehost.h"
#include "rate.h"

#include <opendkim/dkim.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct mw_plugin mw_plugin_dkim;

static const char header[] =
    "From: nurse@clinic.example\r\nTo: a@far.example,\r\n b@far.example\r\nSubject: a message of 4 KB\r\n"
    "Date: Sun, 22 Nov 2026 03:00:00 +0000\r\nMessage-ID: <1@clinic.example>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n";

struct bench {
	char body[4096 + 1];
	char *pem;
	bool ed25519;
	EVP_PKEY *key;
	DKIM_LIB *lib;
	void *inst;
	struct mw_self self;
};

static void die(const char *what)
{
	fprintf(stderr, "dkim_bench: %s\n", what);
	exit(1);
}

/* ---- what is measured: one signature each
 * --------------------------------------------------------------------------------------- */

static void by_module(void *ctx)
{
	struct bench *b = ctx;
	static const struct mw_order order = {.rcpt = MW_ALL};
	struct mw_err err = {0};
	struct mw_msg msg;
	void *tx;

	fh_msg(&msg);
	msg.envelope.client_addr = fh_str("127.0.0.1");
	fh_header(&msg, header);
	msg.body = (struct mw_str){.p = b->body, .n = 4096};
	if (mw_plugin_dkim.hooks.begin(b->inst, &msg, &tx, &err) < 0 ||
	    mw_plugin_dkim.hooks.see(b->inst, tx, &msg, MW_SEE_MESSAGE, NULL, 0, &err) < 0 ||
	    mw_plugin_dkim.hooks.act(b->inst, tx, &msg, &order, &err) < 0 || msg.added != 1)
		die(err.text);
	fh_msg_reset(&msg);
}

static void by_library(void *ctx)
{
	struct bench *b = ctx;
	dkim_alg_t alg = b->ed25519 ? DKIM_SIGN_ED25519SHA256 : DKIM_SIGN_RSASHA256;
	DKIM_STAT stat;
	DKIM *d = dkim_sign(b->lib, (const unsigned char *)"b", NULL, (dkim_sigkey_t)b->pem, (const unsigned char *)"s",
			    (const unsigned char *)"clinic.example", DKIM_CANON_RELAXED, DKIM_CANON_SIMPLE, alg, -1, &stat);
	unsigned char text[256], *p;
	const char *at = header, *end;
	size_t n;

	for (; d && *at; at = end + 2) {
		end = at;
		do
			end = strstr(end, "\r\n") + 2;
		while (*end == ' ');
		end -= 2;
		memcpy(text, at, (size_t)(end - at));
		(void)dkim_header(d, text, (size_t)(end - at));
	}
	if (!d || dkim_eoh(d) != DKIM_STAT_OK || dkim_body(d, (unsigned char *)b->body, 4096) != DKIM_STAT_OK ||
	    dkim_eom(d, NULL) != DKIM_STAT_OK || dkim_getsighdr_d(d, 16, &p, &n) != DKIM_STAT_OK)
		die("libopendkim does not sign");
	(void)dkim_free(d);
}

static void by_openssl(void *ctx)
{
	struct bench *b = ctx;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t n = sizeof(sig);

	if (!md || EVP_DigestSignInit(md, NULL, b->ed25519 ? NULL : EVP_sha256(), NULL, b->key) != 1 ||
	    EVP_DigestSign(md, sig, &n, (unsigned char *)b->body, 32) != 1)
		die("OpenSSL does not sign");
	EVP_MD_CTX_free(md);
}

static void compare(struct bench *b, const char *name, unsigned threads)
{
	static const rate_fn way[] = {by_module, by_library, by_openssl};
	double rate[3];

	rate_measure(way, 3, b, threads, rate);
	printf("%-8s %u thread%s  module %7.0f/s  libopendkim %6.0f/s  openssl %7.0f/s  ratio %5.2f  aim 2\n", name, threads,
	       threads == 1 ? " " : "s", rate[0], rate[1], rate[2], rate[0] / rate[1]);
}

/* ---- set-up -----------------------------------------------------------------------------------------------------------------
 */

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *p = calloc(1, 65536);

	if (!f || !p || fread(p, 1, 65535, f) == 0)
		die(path);
	fclose(f);
	return p;
}

static void open_bench(struct bench *b, const char *key_path, bool ed25519)
{
	char folder[] = "/tmp/milward-bench-XXXXXX", keys[100], signs[100], real[4096];
	static char conf[512];
	struct mw_err err = {0};
	FILE *f;

	memset(b, 0, sizeof(*b));
	for (size_t i = 0; i < 4096; i++)
		b->body[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : (char)('a' + i % 26);
	b->ed25519 = ed25519;
	b->pem = slurp(key_path);
	b->lib = dkim_init(NULL, NULL);
	f = fopen(key_path, "r");
	b->key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	if (!b->key || !b->lib || !mkdtemp(folder) || !realpath(key_path, real))
		die(key_path);
	fclose(f);
	(void)snprintf(keys, sizeof(keys), "%s/keys", folder);
	(void)snprintf(signs, sizeof(signs), "%s/signs", folder);
	f = fopen(keys, "w");
	fprintf(f, "k clinic.example:s:%s\n", real);
	fclose(f);
	f = fopen(signs, "w");
	fprintf(f, "clinic.example k\n");
	fclose(f);
	memset(conf, 0, sizeof(conf));
	fh_self(&b->self, &mw_plugin_dkim);
	fh_opts(mw_plugin_dkim.options, conf);
	fh_opt(mw_plugin_dkim.options, conf, "key-table", keys);
	fh_opt(mw_plugin_dkim.options, conf, "signing-table", signs);
	if (mw_plugin_dkim.conf_size > sizeof(conf) || mw_plugin_dkim.hooks.open(fh_host(), &b->self, conf, &b->inst, &err) < 0)
		die(err.text);
	if (fh_logged(&b->self, "dkim-slow"))
		die("decoded keys are not used");
	(void)unlink(keys);
	(void)unlink(signs);
	(void)rmdir(folder);
}

static void close_bench(struct bench *b)
{
	mw_plugin_dkim.hooks.close(b->inst);
	dkim_close(b->lib);
	EVP_PKEY_free(b->key);
	free(b->pem);
	fh_opts_free();
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc != 3)
		die("usage: dkim_bench RSA.pem ED25519.pem");
	for (int i = 0; i < 2; i++) {
		open_bench(&b, argv[1 + i], i == 1);
		compare(&b, i ? "ed25519" : "rsa-2048", 1);
		compare(&b, i ? "ed25519" : "rsa-2048", 2);
		close_bench(&b);
	}
	return 0;
}
