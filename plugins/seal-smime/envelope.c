/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define FLAGS (CMS_BINARY | CMS_STREAM)

/* The hash that goes with the curve (RFC 5753 7.1.4). */
static const EVP_MD *kdf_of(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return bits <= 256 ? EVP_sha256() : bits <= 384 ? EVP_sha384() : EVP_sha512();
}

/* OpenSSL's own choice is SHA-1 in the derivation of EC keys and in OAEP. */
static bool set_algorithm(CMS_RecipientInfo *ri, const struct envelope *e)
{
	EVP_PKEY *key = X509_get0_pubkey(e->cert);
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (!ctx || !key)
		return false;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, kdf_of(key)) > 0;
	return !e->oaep ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0);
}

static CMS_ContentInfo *make(const struct envelope *e)
{
	const EVP_CIPHER *cipher = e->gcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, cipher, FLAGS | CMS_PARTIAL);
	CMS_RecipientInfo *ri = cms ? CMS_add1_recipient_cert(cms, e->cert, CMS_KEY_PARAM) : NULL;

	if (ri && set_algorithm(ri, e))
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

static int put_base64(void *ctx, const char *p, size_t n)
{
	return entity_put_base64(ctx, p, n);
}

static int write_head(struct entity_writer *w, bool gcm)
{
	(void)entity_put_text(w, "Content-Type: application/pkcs7-mime; smime-type=");
	(void)entity_put_text(w, gcm ? "authEnveloped-data" : "enveloped-data");
	return entity_put_text(w, ";\r\n\tname=smime.p7m\r\nContent-Disposition: attachment; filename=smime.p7m\r\n"
				  "Content-Transfer-Encoding: base64\r\n\r\n");
}

int envelope_write(const struct mw_host *host, const struct pipes *pipes, const struct envelope *e, struct source *source,
		   int out, struct mw_err *err)
{
	struct entity_writer w = {.fd = out};
	struct sink sink = {.put = put_base64, .ctx = &w};
	BIO *from = pipe_source(pipes, source), *to = pipe_sink(pipes, &sink);
	CMS_ContentInfo *cms = from && to ? make(e) : NULL;
	bool good = cms && write_head(&w, e->gcm) == 0 && i2d_CMS_bio_stream(to, cms, from, FLAGS) == 1;
	int r = source->failed ? source->failed : sink.failed;

	if (r == 0 && good) {
		(void)entity_end_base64(&w);
		r = entity_flush(&w);
	}
	if (r == 0 && !good)
		r = -EIO;
	CMS_ContentInfo_free(cms);
	BIO_free(from);
	BIO_free(to);
	explicit_bzero(&w, sizeof(w));
	ERR_clear_error();
	return r < 0 ? host->fail(err, r, "the message cannot be encrypted: %s", strerror(-r)) : 0;
}
