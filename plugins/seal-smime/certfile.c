/* SPDX-License-Identifier: Apache-2.0 */
#include "certfile.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Takes x over. What its extensions say is read now: later threads share it. */
static int add_cert(struct certfile *f, X509 *x)
{
	if (!x) {
		f->why = "a certificate in it cannot be parsed";
		return 0;
	}
	(void)X509_check_purpose(x, -1, 0);
	if ((size_t)sk_X509_num(f->certs) >= CERTFILE_CERTS) {
		f->why = "it has more than 1024 certificates";
		X509_free(x);
		return 0;
	}
	if (sk_X509_push(f->certs, x) > 0)
		return 0;
	X509_free(x);
	return -ENOMEM;
}

static int add_crl(struct certfile *f, X509_CRL *crl)
{
	if (!crl) {
		f->why = "a revocation list in it cannot be parsed";
		return 0;
	}
	if (sk_X509_CRL_push(f->crls, crl) > 0)
		return 0;
	X509_CRL_free(crl);
	return -ENOMEM;
}

/* One block of PEM; all of it must be the value. */
static int add_block(struct certfile *f, const char *name, const unsigned char *der, long n)
{
	const unsigned char *p = der;

	if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0 ||
	    strcmp(name, PEM_STRING_X509_TRUSTED) == 0) {
		X509 *x = strcmp(name, PEM_STRING_X509_TRUSTED) == 0 ? d2i_X509_AUX(NULL, &p, n) : d2i_X509(NULL, &p, n);

		if (x && p != der + n) {
			X509_free(x);
			x = NULL;
		}
		return add_cert(f, x);
	}
	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return add_crl(f, d2i_X509_CRL(NULL, &p, n));
	return 0;
}

static int read_pem(struct certfile *f, const char *text, size_t n)
{
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	char *name, *header;
	unsigned char *der;
	long der_n;
	int r = bio ? 0 : -ENOMEM;

	while (r == 0 && PEM_read_bio(bio, &name, &header, &der, &der_n) == 1) {
		r = add_block(f, name, der, der_n);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)der_n);
	}
	if (bio && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE && ERR_peek_last_error())
		f->why = f->why ? f->why : "a block of it is damaged";
	BIO_free(bio);
	return r;
}

static int read_der(struct certfile *f, const unsigned char *p, long n)
{
	const unsigned char *end = p + n, *at = p;
	X509 *x = d2i_X509(NULL, &at, n);
	int r = 0;

	if (!x)
		return add_crl(f, d2i_X509_CRL(NULL, &p, n));
	while (x && r == 0) {
		r = add_cert(f, x);
		x = at < end && r == 0 ? d2i_X509(NULL, &at, end - at) : NULL;
	}
	if (at != end)
		f->why = "something that is no certificate stands behind one";
	return r;
}

/* A line that begins like this and has this word. */
static bool has_line(const char *p, size_t n, const char *begin, const char *word)
{
	size_t k = strlen(begin);

	while (n) {
		const char *lf = memchr(p, '\n', n);
		size_t len = lf ? (size_t)(lf - p) : n;

		if (len > k && memcmp(p, begin, k) == 0 && memmem(p + k, len - k, word, strlen(word)))
			return true;
		p += len + (lf ? 1 : 0);
		n -= len + (lf ? 1 : 0);
	}
	return false;
}

int certfile_parse(const char *p, size_t n, struct certfile *ret)
{
	struct certfile f = {.certs = sk_X509_new_null(), .crls = sk_X509_CRL_new_null()};
	int r = f.certs && f.crls ? 0 : -ENOMEM;

	ERR_clear_error();
	if (r == 0 && n > CERTFILE_MAX)
		f.why = "it is too large";
	else if (r == 0 && n && *p == 0x30)
		r = read_der(&f, (const unsigned char *)p, (long)n);
	else if (r == 0)
		r = read_pem(&f, p, n);
	ERR_clear_error();
	if (r < 0) {
		certfile_free(&f);
		return r;
	}
	f.gcm = n && *p != 0x30 && has_line(p, n, "capabilities:", "aes256-gcm");
	if (!f.why && sk_X509_num(f.certs) == 0 && sk_X509_CRL_num(f.crls) == 0)
		f.why = "there is no certificate in it";
	*ret = f;
	return 0;
}

void certfile_free(struct certfile *f)
{
	sk_X509_pop_free(f->certs, X509_free);
	sk_X509_CRL_pop_free(f->crls, X509_CRL_free);
	*f = (struct certfile){.certs = NULL};
}
