/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest: RNP 0.18.0 encrypted with session keys that were not random (CVE-2025-13470), and looked in all other ways as if it worked. So
 * that no library ever does that to this module, what it makes is taken apart when the module is opened: a text is encrypted twice to a
 * key that is thrown away, and the session keys are read by OpenSSL.
 */
#include "selftest.h"

#include "judge.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <rnp/rnp_err.h>
#include <stdlib.h>
#include <string.h>

#define TEXT "What is encrypted twice must not look the same.\r\n"
#define MESSAGE_MAX 4096u
#define ALGORITHM_AES_256 9
#define POINT 32 /* octets of X25519 */
#define KDF_PARAMS 128

struct test {
	rnp_ffi_t ffi;
	rnp_key_handle_t primary, key;
	uint8_t secret[POINT];
	uint8_t params[KDF_PARAMS]; /* what its key encryption keys are derived with (RFC 6637, 8) */
	size_t params_n;
	unsigned kek; /* octets of these */
};

const char *openpgp_version_bad(unsigned major, unsigned minor, unsigned patch)
{
	if (major == 0 && minor == 18 && patch == 0)
		return "RNP 0.18.0 encrypts with keys that are not random (CVE-2025-13470): install 0.18.1, or a version before "
		       "0.18";
	if (major == 0 && (minor < 16 || (minor == 16 && patch < 1)))
		return "this RNP is too old: 0.16.1 or later is needed";
	return NULL;
}

const char *openpgp_session_keys_bad(const uint8_t a[OPENPGP_SESSION_KEY], const uint8_t b[OPENPGP_SESSION_KEY])
{
	static const uint8_t zero[OPENPGP_SESSION_KEY];

	if (memcmp(a, zero, sizeof(zero)) == 0 || memcmp(b, zero, sizeof(zero)) == 0)
		return "the session key of what it encrypts is zero";
	if (memcmp(a, b, sizeof(zero)) == 0)
		return "two messages are encrypted with the same session key";
	return NULL;
}

/* ---- the key --------------------------------------------------------------------------------------------------------------------- */

/* No RSA: Botan begins threads for it, and a process that is forked from this one later would wait for them. */
static bool make_key(struct test *t)
{
	return rnp_generate_key_ex(t->ffi, "EDDSA", "ECDH", 0, 0, NULL, "Curve25519", "self-test", NULL, &t->primary) ==
		   RNP_SUCCESS &&
	       rnp_key_get_subkey_at(t->primary, 0, &t->key) == RNP_SUCCESS;
}

/* A number as 32 octets: an X25519 key is written the other way round in it. */
static bool read_number(struct mw_str number, uint8_t to[POINT])
{
	if (number.n > POINT)
		return false;
	memset(to, 0, POINT);
	for (size_t i = 0; i < number.n; i++)
		to[number.n - 1 - i] = (uint8_t)number.p[i];
	return true;
}

static bool skip(struct mw_str *s, size_t n)
{
	if (n > s->n)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

/* Curve's name, algorithm, hash and cipher of the derivation, 20 fixed octets, fingerprint. curve and kdf with their lengths in front. */
static bool make_params(struct test *t, struct mw_str curve, struct mw_str kdf, const uint8_t fpr[PGP_FPR])
{
	static const char fixed[] = "Anonymous Sender    ";
	uint8_t *at = t->params;

	if (kdf.n != 4 || kdf.p[0] != 3 || kdf.p[1] != 1 || kdf.p[2] != 8 || kdf.p[3] < 7 || kdf.p[3] > 9 ||
	    curve.n + 1 + kdf.n + sizeof(fixed) - 1 + PGP_FPR > KDF_PARAMS)
		return false; /* SHA-256 and AES are what such a key is made with */
	memcpy(at, curve.p, curve.n);
	at += curve.n;
	*at++ = PGP_ECDH;
	memcpy(at, kdf.p, kdf.n);
	at += kdf.n;
	memcpy(at, fixed, sizeof(fixed) - 1);
	at += sizeof(fixed) - 1;
	memcpy(at, fpr, PGP_FPR);
	t->params_n = (size_t)(at + PGP_FPR - t->params);
	t->kek = 16u + 8u * ((unsigned)kdf.p[3] - 7u);
	return true;
}

/* Version, time, algorithm; curve, point, derivation; a zero for "not encrypted", secret number. */
static bool read_packet(struct test *t, struct mw_str body)
{
	struct mw_str s = body, curve, point, kdf, number;
	struct pgp_key key;
	unsigned bits;

	if (pgp_key_read(body, &key) < 0 || key.version != 4 || key.alg != PGP_ECDH || !skip(&s, 6) || !s.n)
		return false;
	curve = (struct mw_str){.p = s.p, .n = 1 + (size_t)(uint8_t)s.p[0]};
	if (!skip(&s, curve.n) || pgp_mpi_next(&s, &point, &bits) < 0)
		return false;
	kdf = (struct mw_str){.p = s.p, .n = (size_t)(key.mpis.p - s.p)};
	if (!make_params(t, curve, kdf, key.fpr) || !key.mpis.n || *key.mpis.p != 0)
		return false;
	s = key.mpis;
	return skip(&s, 1) && pgp_mpi_next(&s, &number, &bits) == 0 && read_number(number, t->secret);
}

static bool read_key(struct test *t)
{
	struct pgp_packet p;
	struct mw_str s;
	uint8_t *octets = NULL;
	size_t n = 0;
	bool ok;

	if (rnp_get_secret_key_data(t->key, &octets, &n) != RNP_SUCCESS)
		return false;
	s = (struct mw_str){.p = (const char *)octets, .n = n};
	ok = pgp_packet_next(&s, &p) == 1 && p.tag == PGP_TAG_SECRET_SUBKEY && read_packet(t, p.body);
	rnp_buffer_clear(octets, n);
	rnp_buffer_destroy(octets);
	return ok;
}

/* ---- a message ------------------------------------------------------------------------------------------------------------------- */

static bool encrypt_with(struct test *t, rnp_input_t in, rnp_output_t out)
{
	rnp_op_encrypt_t op = NULL;
	bool ok = rnp_op_encrypt_create(&op, t->ffi, in, out) == RNP_SUCCESS;

	ok = ok && rnp_op_encrypt_add_recipient(op, t->key) == RNP_SUCCESS &&
	     rnp_op_encrypt_set_cipher(op, RNP_ALGNAME_AES_256) == RNP_SUCCESS && rnp_op_encrypt_execute(op) == RNP_SUCCESS;
	if (op)
		(void)rnp_op_encrypt_destroy(op);
	return ok;
}

/* decrypt: the other way. */
static bool turn(struct test *t, const void *p, size_t n, bool decrypt, uint8_t to[MESSAGE_MAX], size_t *size)
{
	rnp_input_t in = NULL;
	rnp_output_t out = NULL;
	uint8_t *made;
	size_t length;
	bool ok =
	    rnp_input_from_memory(&in, p, n, false) == RNP_SUCCESS && rnp_output_to_memory(&out, MESSAGE_MAX) == RNP_SUCCESS;

	ok = ok && (decrypt ? rnp_decrypt(t->ffi, in, out) == RNP_SUCCESS : encrypt_with(t, in, out));
	ok = ok && rnp_output_memory_get_buf(out, &made, &length, false) == RNP_SUCCESS && length <= MESSAGE_MAX;
	if (ok) {
		memcpy(to, made, length);
		*size = length;
	}
	if (out)
		(void)rnp_output_destroy(out);
	if (in)
		(void)rnp_input_destroy(in);
	return ok;
}

static bool agree(const struct test *t, const uint8_t point[POINT], uint8_t shared[POINT])
{
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, t->secret, POINT);
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, POINT);
	EVP_PKEY_CTX *ctx = mine ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
	size_t n = POINT;
	bool ok = ctx && other && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
		  EVP_PKEY_derive(ctx, shared, &n) == 1 && n == POINT;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(other);
	EVP_PKEY_free(mine);
	return ok;
}

static bool derive(const struct test *t, const uint8_t shared[POINT], uint8_t kek[EVP_MAX_MD_SIZE])
{
	static const uint8_t first[4] = {0, 0, 0, 1};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) && EVP_DigestUpdate(ctx, first, sizeof(first)) &&
		  EVP_DigestUpdate(ctx, shared, POINT) && EVP_DigestUpdate(ctx, t->params, t->params_n) &&
		  EVP_DigestFinal_ex(ctx, kek, NULL);

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* RFC 3394 */
static bool unwrap(const struct test *t, const uint8_t *kek, struct mw_str wrapped, uint8_t *to, int *n)
{
	const EVP_CIPHER *cipher = t->kek == 16 ? EVP_aes_128_wrap() : t->kek == 24 ? EVP_aes_192_wrap() : EVP_aes_256_wrap();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok = ctx != NULL;

	if (ok)
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = ok && EVP_DecryptInit_ex(ctx, cipher, NULL, kek, NULL) == 1 &&
	     EVP_DecryptUpdate(ctx, to, n, (const uint8_t *)wrapped.p, (int)wrapped.n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static bool open_wrapped(const struct test *t, const uint8_t point[POINT], struct mw_str wrapped, uint8_t to[OPENPGP_SESSION_KEY])
{
	uint8_t shared[POINT], kek[EVP_MAX_MD_SIZE], m[256];
	int n = 0;
	bool ok = wrapped.n <= sizeof(m) && agree(t, point, shared) && derive(t, shared, kek) && unwrap(t, kek, wrapped, m, &n) &&
		  n >= 1 + OPENPGP_SESSION_KEY + 2 && m[0] == ALGORITHM_AES_256;

	if (ok)
		memcpy(to, m + 1, OPENPGP_SESSION_KEY);
	OPENSSL_cleanse(shared, sizeof(shared));
	OPENSSL_cleanse(kek, sizeof(kek));
	OPENSSL_cleanse(m, sizeof(m));
	return ok;
}

/* Version, key ID, algorithm; a point, with 0x40 in front; a length and the wrapped key. */
static bool session_key(const struct test *t, const uint8_t *message, size_t size, uint8_t to[OPENPGP_SESSION_KEY])
{
	struct mw_str s = {.p = (const char *)message, .n = size}, point;
	struct pgp_packet p;
	unsigned bits;

	if (pgp_packet_next(&s, &p) != 1 || p.tag != PGP_TAG_PKESK || p.body.n < 10 || p.body.p[0] != 3 ||
	    p.body.p[9] != PGP_ECDH)
		return false;
	s = (struct mw_str){.p = p.body.p + 10, .n = p.body.n - 10};
	if (pgp_mpi_next(&s, &point, &bits) < 0 || point.n != POINT + 1 || point.p[0] != 0x40 || !s.n ||
	    (uint8_t)s.p[0] != s.n - 1)
		return false;
	s.p++;
	s.n--;
	return open_wrapped(t, (const uint8_t *)point.p + 1, s, to);
}

/* ---- the test -------------------------------------------------------------------------------------------------------------------- */

static const char *run(struct test *t)
{
	uint8_t message[2][MESSAGE_MAX], again[MESSAGE_MAX], key[2][OPENPGP_SESSION_KEY];
	size_t n, m;

	if (!make_key(t) || !read_key(t))
		return "it cannot make a key";
	for (size_t i = 0; i < 2; i++) {
		if (!turn(t, TEXT, strlen(TEXT), false, message[i], &n))
			return "it cannot encrypt";
		if (!session_key(t, message[i], n, key[i]))
			return "the session key of what it encrypts cannot be read";
		if (!turn(t, message[i], n, true, again, &m) || m != strlen(TEXT) || memcmp(again, TEXT, m) != 0)
			return "it cannot decrypt what it has encrypted";
	}
	return openpgp_session_keys_bad(key[0], key[1]);
}

int openpgp_selftest(const struct mw_host *host, struct mw_err *err)
{
	const uint32_t version = rnp_version();
	const char *bad = openpgp_version_bad(rnp_version_major(version), rnp_version_minor(version), rnp_version_patch(version));
	struct test t = {0};

	if (bad)
		return host->fail(err, -EIO, "%s", bad);
	if (pgp_rnp_new(0, &t.ffi) < 0)
		return host->fail(err, -ENOMEM, "RNP does not start");
	bad = run(&t);
	OPENSSL_cleanse(t.secret, sizeof(t.secret));
	(void)rnp_key_handle_destroy(t.key);
	(void)rnp_key_handle_destroy(t.primary);
	(void)rnp_ffi_destroy(t.ffi);
	return bad ? host->fail(err, -EIO, "RNP %s fails its self-test: %s", rnp_version_string(), bad) : 0;
}
