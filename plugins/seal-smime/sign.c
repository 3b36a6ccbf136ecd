/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS (CMS_DETACHED | CMS_BINARY)

/* What we can read: whoever answers may use it. */
static bool add_capabilities(CMS_SignerInfo *si)
{
	static const int nid[] = {NID_aes_256_gcm, NID_aes_128_gcm, NID_aes_256_cbc, NID_aes_128_cbc};
	STACK_OF(X509_ALGOR) *caps = NULL;
	bool good = true;

	for (size_t i = 0; good && i < sizeof(nid) / sizeof(*nid); i++)
		good = CMS_add_simple_smimecap(&caps, nid[i], -1) == 1;
	good = good && CMS_add_smimecap(si, caps) == 1;
	sk_X509_ALGOR_pop_free(caps, X509_ALGOR_free);
	return good;
}

static CMS_ContentInfo *make(const struct key *key, BIO *in)
{
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, key->issuers, in, FLAGS | CMS_PARTIAL | CMS_STREAM);
	CMS_SignerInfo *si =
	    cms ? CMS_add1_signer(cms, key->cert, key->pkey, EVP_sha256(), FLAGS | CMS_NOSMIMECAP | CMS_PARTIAL) : NULL;

	if (!si || !add_capabilities(si) || CMS_final(cms, in, NULL, FLAGS) != 1) {
		CMS_ContentInfo_free(cms);
		return NULL;
	}
	return cms;
}

/* The value as lines of base64, into s->behind in front of the closing delimiter. */
static int write_behind(struct signing *s, const unsigned char *der, size_t n, const char *boundary)
{
	size_t room = n / 57 * 78 + 80 + 512, at;
	int used;

	s->behind = malloc(room);
	if (!s->behind)
		return -ENOMEM;
	used = snprintf(s->behind, room,
			"\r\n--%s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
			"Content-Disposition: attachment; filename=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
			boundary);
	if (used < 0 || (size_t)used >= room)
		return -ENOMEM;
	at = (size_t)used;
	for (size_t i = 0; i < n; i += 57) {
		size_t piece = n - i < 57 ? n - i : 57;

		at += (size_t)EVP_EncodeBlock((unsigned char *)s->behind + at, der + i, (int)piece);
		memcpy(s->behind + at, "\r\n", 2);
		at += 2;
	}
	used = snprintf(s->behind + at, room - at, "--%s--\r\n", boundary);
	if (used < 0 || (size_t)used >= room - at)
		return -ENOMEM;
	s->behind_n = at + (size_t)used;
	return 0;
}

static int write_around(struct signing *s, const unsigned char *der, size_t n)
{
	unsigned char random[16];
	char boundary[64] = "=_milward-";
	size_t at = strlen(boundary);
	int used;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		at += (size_t)snprintf(boundary + at, sizeof(boundary) - at, "%02x", random[i]);
	used = asprintf(&s->before,
			"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n\tmicalg=sha-256; "
			"boundary=\"%s\"\r\n\r\n"
			"--%s\r\n",
			boundary, boundary);
	if (used < 0) {
		s->before = NULL;
		return -ENOMEM;
	}
	s->before_n = (size_t)used;
	return write_behind(s, der, n, boundary);
}

int sign_entity(const struct mw_host *host, const struct pipes *pipes, const struct key *key, int fd, struct entity_range range,
		struct signing *ret, struct mw_err *err)
{
	struct segments segments = {.n = 0};
	struct source source = {.get = segments_get, .ctx = &segments};
	struct signing s = {.before = NULL};
	unsigned char *der = NULL;
	CMS_ContentInfo *cms;
	BIO *in;
	int n, r;

	segments_range(&segments, fd, range);
	in = pipe_source(pipes, &source);
	cms = in ? make(key, in) : NULL;
	n = cms ? i2d_CMS_ContentInfo(cms, &der) : -1;
	r = n > 0 ? write_around(&s, der, (size_t)n) : source.failed ? source.failed : -EIO;
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	ERR_clear_error();
	if (r < 0) {
		sign_free(&s);
		return host->fail(err, r, "the message cannot be signed: %s", strerror(-r));
	}
	*ret = s;
	return 0;
}

void sign_free(struct signing *s)
{
	free(s->before);
	free(s->behind);
	*s = (struct signing){.before = NULL};
}
