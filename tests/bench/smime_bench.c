/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smime_bench: what seal-smime costs: telling whether there is a certificate among many, 4 KB from file to file beside the same by
 * libcrypto in memory (CMS_encrypt() and SMIME_write_CMS(), what the openssl command does), and 20 MB both ways with the memory that takes.
 *     smime_bench CERTIFICATES
 */
#undef NDEBUG
#include "plugins/seal-smime/testpki.h"
#include "rate.h"
#include "tests/unit/fakehost.h"

#include <assert.h>
#include <fcntl.h>
#include <openssl/cms.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SMALL 4096u
#define LARGE (20u * 1000 * 1000)

struct bench {
	struct pki_module m;
	struct pki_cert rsa, ec;
	int in, out;
	char *text;
	char (*address)[64];
	size_t addresses, next;
};

static double now(void)
{
	struct timespec t;

	assert(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- ways ------------------------------------------------------------------------------------------------------------------------ */

static void seal_to(struct bench *b, const char *to)
{
	const struct mw_seal_work w = {.in = b->in, .out = b->out, .sender = "", .recipient = to, .now = PKI_NOW};

	assert(ftruncate(b->out, 0) == 0 && lseek(b->out, 0, SEEK_SET) == 0);
	assert(b->m.plugin->sealer->seal(b->m.smime, &w, &b->m.err) == 1);
}

static void seal_rsa(void *ctx)
{
	seal_to(ctx, "rsa@x.example");
}

static void seal_ec(void *ctx)
{
	seal_to(ctx, "ec@x.example");
}

static void crypto_to(const struct bench *b, X509 *x)
{
	STACK_OF(X509) *to = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(b->text, SMALL), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;

	assert(to && in && out && sk_X509_push(to, x) > 0);
	cms = CMS_encrypt(to, in, EVP_aes_256_cbc(), CMS_BINARY | CMS_STREAM);
	assert(cms && SMIME_write_CMS(out, cms, in, CMS_BINARY | CMS_STREAM) == 1);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
	sk_X509_free(to);
}

static void crypto_rsa(void *ctx)
{
	const struct bench *b = ctx;

	crypto_to(b, b->rsa.x);
}

static void crypto_ec(void *ctx)
{
	const struct bench *b = ctx;

	crypto_to(b, b->ec.x);
}

static void ask(void *ctx)
{
	struct bench *b = ctx;

	b->next = (b->next + 7919) % b->addresses;
	assert(b->m.plugin->sealer->able(b->m.smime, b->address[b->next], PKI_NOW, &b->m.err) == 1);
}

/* ---- the bench ------------------------------------------------------------------------------------------------------------------- */

static void make_people(struct bench *b, const struct pki_cert *root, size_t n)
{
	char name[80];

	b->addresses = n;
	b->address = calloc(n, sizeof(*b->address));
	assert(b->address);
	for (size_t i = 0; i < n; i++) {
		struct pki_cert c;

		(void)snprintf(b->address[i], sizeof(b->address[i]), "person-%zu@hospital-%zu.example", i, i % 100);
		c = pki_make(root, &(struct pki_how){.email = b->address[i], .key = PKI_P256});
		(void)snprintf(name, sizeof(name), "certs/%zu.pem", i);
		pki_write_one(name, NULL, c.x);
		pki_free(&c);
	}
}

static void large(struct bench *b, const char *what, int (*run)(struct bench *))
{
	struct rusage before, after;
	double begin, took;

	assert(getrusage(RUSAGE_SELF, &before) == 0);
	begin = now();
	assert(run(b) == 1);
	took = now() - begin;
	assert(getrusage(RUSAGE_SELF, &after) == 0);
	printf("%-34s %8.0f MB/s, %ld MB more memory\n", what, LARGE / took / 1e6, (after.ru_maxrss - before.ru_maxrss) / 1024);
}

static int seal_large(struct bench *b)
{
	seal_rsa(b);
	return 1;
}

static int unseal_large(struct bench *b)
{
	const struct mw_seal_work w = {.in = b->out, .out = b->in, .sender = "", .recipient = "rsa@x.example", .now = PKI_NOW};
	struct mw_opened o;

	assert(ftruncate(b->in, 0) == 0 && lseek(b->in, 0, SEEK_SET) == 0);
	return b->m.plugin->sealer->unseal(b->m.smime, &w, &o, &b->m.err);
}

static void fill(struct bench *b, size_t n)
{
	static const char head[] = "Content-Type: text/plain\r\n\r\n";
	size_t at = sizeof(head) - 1;

	assert(ftruncate(b->in, 0) == 0 && lseek(b->in, 0, SEEK_SET) == 0);
	memcpy(b->text, head, at);
	for (; at < n; at++)
		b->text[at] = at % 78 == 76 ? '\r' : at % 78 == 77 ? '\n' : (char)('a' + at % 26);
	assert(write(b->in, b->text, n) == (ssize_t)n);
}

static void measure(struct bench *b)
{
	static const rate_fn way[] = {seal_rsa, crypto_rsa, seal_ec, crypto_ec, ask};
	double rate[5];

	fill(b, SMALL);
	for (size_t i = 0; i < b->addresses; i++)
		ask(b); /* what is found of each is kept */
	rate_measure(way, 5, b, 1, rate);
	printf("is there a certificate, of %zu      %8.2f us\n", b->addresses, 1e6 / rate[4]);
	printf("4 KB, RSA-2048, AES-256-CBC        %8.0f/s  libcrypto %.0f/s  ratio %.2f\n", rate[0], rate[1], rate[0] / rate[1]);
	printf("4 KB, P-256, AES-256-CBC           %8.0f/s  libcrypto %.0f/s  ratio %.2f\n", rate[2], rate[3], rate[2] / rate[3]);
	fill(b, LARGE);
	large(b, "20 MB sealed", seal_large);
	large(b, "20 MB opened", unseal_large);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	struct bench b = {.in = memfd_create("in", MFD_CLOEXEC), .out = memfd_create("out", MFD_CLOEXEC), .text = malloc(LARGE)};
	struct pki_cert root;
	struct rusage used;
	double begin;

	assert(b.in >= 0 && b.out >= 0 && b.text && n > 0);
	(void)pki_begin();
	pki_folder("certs");
	pki_folder("keys");
	root = pki_make(NULL, &(struct pki_how){.ca = true, .from = -3000, .until = 3000, .key = PKI_P256});
	b.rsa = pki_make(&root, &(struct pki_how){.email = "rsa@x.example"});
	b.ec = pki_make(&root, &(struct pki_how){.email = "ec@x.example", .key = PKI_P256});
	pki_write_one("anchors.pem", NULL, root.x);
	pki_write_one("certs/rsa.pem", NULL, b.rsa.x);
	pki_write_one("certs/ec.pem", NULL, b.ec.x);
	pki_write_one("keys/rsa.pem", b.rsa.key, b.rsa.x);
	make_people(&b, &root, n);
	begin = now();
	assert(pki_open(&b.m, "certificates", pki_path("certs"), "anchors", pki_path("anchors.pem"), "keys", pki_path("keys"),
			NULL) == 0);
	assert(getrusage(RUSAGE_SELF, &used) == 0);
	printf("%zu certificates read               %8.2f s, %ld MB in all\n", n, now() - begin, used.ru_maxrss / 1024);
	measure(&b);
	pki_close(&b.m);
	pki_free(&b.rsa);
	pki_free(&b.ec);
	pki_free(&root);
	free(b.address);
	free(b.text);
	pki_end();
	return 0;
}
