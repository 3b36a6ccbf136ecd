/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define MODE_OCB 2
#define EXPONENT_BITS 64u /* of RSA: a larger one only costs time */
#define MODULUS_BITS 16384u
#define SUBPACKETS 256 /* of one signature */

/* ---- octets ---------------------------------------------------------------------------------------------------------------------- */

static bool take(struct mw_str *s, size_t n, struct mw_str *ret)
{
	if (n > s->n)
		return false;
	*ret = (struct mw_str){.p = s->p, .n = n};
	s->p += n;
	s->n -= n;
	return true;
}

static bool take_number(struct mw_str *s, size_t octets, uint32_t *ret)
{
	struct mw_str p;
	uint32_t v = 0;

	if (!take(s, octets, &p))
		return false;
	for (size_t i = 0; i < octets; i++)
		v = v << 8 | (uint8_t)p.p[i];
	*ret = v;
	return true;
}

/* ---- packets --------------------------------------------------------------------------------------------------------------------- */

/* Of a packet of the new format, or of a subpacket, where no length is partial. */
static bool take_length(struct mw_str *s, bool sub, size_t *ret)
{
	uint32_t first, second = 0;

	if (!take_number(s, 1, &first))
		return false;
	if (first < 192) {
		*ret = first;
		return true;
	}
	if (first == 255) {
		if (!take_number(s, 4, &second))
			return false;
		*ret = second;
		return true;
	}
	if (first >= 224 && !sub)
		return false;
	if (!take_number(s, 1, &second))
		return false;
	*ret = (size_t)(first - 192) * 256 + second + 192;
	return true;
}

static bool take_head(struct mw_str *s, unsigned *tag, size_t *length)
{
	uint32_t first, n;

	if (!take_number(s, 1, &first) || !(first & 0x80))
		return false;
	if (first & 0x40) {
		*tag = first & 0x3f;
		return take_length(s, false, length);
	}
	*tag = (first >> 2) & 0x0f;
	if ((first & 3) == 3 || !take_number(s, (size_t)1 << (first & 3), &n))
		return false;
	*length = n;
	return true;
}

int pgp_packet_next(struct mw_str *s, struct pgp_packet *ret)
{
	struct mw_str rest = *s, body;
	size_t length;
	unsigned tag;

	if (!s->n)
		return 0;
	if (!take_head(&rest, &tag, &length) || tag == 0 || !take(&rest, length, &body))
		return -EBADMSG;
	*ret = (struct pgp_packet){.tag = tag, .body = body, .whole = {.p = s->p, .n = s->n - rest.n}};
	*s = rest;
	return 1;
}

int pgp_mpi_next(struct mw_str *s, struct mw_str *number, unsigned *bits)
{
	struct mw_str rest = *s, p;
	uint32_t n;

	if (!take_number(&rest, 2, &n) || !take(&rest, (n + 7) / 8, &p))
		return -EBADMSG;
	*number = p;
	*bits = n;
	*s = rest;
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------------ */

/* n numbers, of which the first tells how strong the key is. */
static int read_numbers(struct mw_str *s, unsigned n, struct pgp_key *key)
{
	struct mw_str number;
	unsigned bits = 0;
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		r = pgp_mpi_next(s, &number, &bits);
		if (r == 0 && i == 0)
			key->bits = bits;
	}
	if (r == 0 && n == 2 && bits > EXPONENT_BITS)
		return -EBADMSG;
	return key->bits > MODULUS_BITS ? -EBADMSG : r;
}

/* A curve's name, a point, and for ECDH how keys are derived. */
static int read_curve(struct mw_str *s, struct pgp_key *key)
{
	struct mw_str p;
	unsigned bits;
	uint32_t n;

	if (!take_number(s, 1, &n) || n == 0 || n == 255 || !take(s, n, &p) || pgp_mpi_next(s, &p, &bits) < 0)
		return -EBADMSG;
	if (key->alg == PGP_ECDH && (!take_number(s, 1, &n) || !take(s, n, &p)))
		return -EBADMSG;
	return 0;
}

static int read_public(struct mw_str *s, struct pgp_key *key)
{
	switch (key->alg) {
	case PGP_RSA:
	case PGP_RSA_ENCRYPT:
	case PGP_RSA_SIGN:
		return read_numbers(s, 2, key);
	case PGP_DSA:
		return read_numbers(s, 4, key);
	case PGP_ELGAMAL:
	case PGP_ELGAMAL_BOTH:
		return read_numbers(s, 3, key);
	case PGP_ECDH:
	case PGP_ECDSA:
	case PGP_EDDSA:
		return read_curve(s, key);
	default: /* not known: all of it is taken for public */
		*s = (struct mw_str){.p = s->p + s->n, .n = 0};
		return 0;
	}
}

static int digest(struct mw_str public, uint8_t fpr[PGP_FPR])
{
	const uint8_t head[3] = {0x99, (uint8_t)(public.n >> 8), (uint8_t) public.n};
	EVP_MD_CTX *ctx = public.n <= UINT16_MAX ? EVP_MD_CTX_new() : NULL;
	int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) && EVP_DigestUpdate(ctx, head, sizeof(head)) &&
		 EVP_DigestUpdate(ctx, public.p, public.n) && EVP_DigestFinal_ex(ctx, fpr, NULL);

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -EBADMSG;
}

int pgp_key_read(struct mw_str body, struct pgp_key *ret)
{
	struct pgp_key key = {0};
	struct mw_str s = body;
	uint32_t version, alg;
	int r;

	if (!take_number(&s, 1, &version))
		return -EBADMSG;
	key.version = version;
	if (version == 4) {
		if (!take_number(&s, 4, &key.made) || !take_number(&s, 1, &alg))
			return -EBADMSG;
		key.alg = alg;
		r = read_public(&s, &key);
		if (r == 0)
			r = digest((struct mw_str){.p = body.p, .n = body.n - s.n}, key.fpr);
		if (r < 0)
			return r;
	}
	key.mpis = s;
	*ret = key;
	return 0;
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------------ */

enum {
	SUB_CREATED = 2,
	SUB_REVOKER = 12,
	SUB_ISSUER = 16,
	SUB_NOTATION = 20,
	SUB_FEATURES = 30,
	SUB_EMBEDDED = 32,
	SUB_ISSUER_FPR = 33,
	SUB_MODES = 34,
};

/* Types that are known, by bits; notations are not, since nobody here knows one. */
static bool is_known(unsigned type)
{
	static const uint64_t known = UINT64_C(1) << 2 | UINT64_C(1) << 3 | UINT64_C(1) << 4 | UINT64_C(1) << 5 |
				      UINT64_C(1) << 6 | UINT64_C(1) << 7 | UINT64_C(1) << 9 | UINT64_C(1) << 11 |
				      UINT64_C(1) << 12 | UINT64_C(1) << 16 | UINT64_C(0x7f) << 21 | UINT64_C(0x7f) << 28;

	return type < 64 && (known >> type & 1);
}

static void read_subpacket(unsigned type, struct mw_str s, bool hashed, struct pgp_sig *sig)
{
	uint32_t n;

	if (type == SUB_ISSUER && s.n == PGP_ID) {
		memcpy(sig->id, s.p, PGP_ID);
		sig->has_id = true;
	} else if (type == SUB_ISSUER_FPR && s.n == 1 + PGP_FPR && s.p[0] == 4) {
		memcpy(sig->fpr, s.p + 1, PGP_FPR);
		sig->has_fpr = true;
	}
	if (!hashed)
		return;
	if (type == SUB_CREATED && s.n == 4 && take_number(&s, 4, &n))
		sig->made = n;
	if (type == SUB_REVOKER)
		sig->revoker = true;
	if (type == SUB_FEATURES && s.n) {
		sig->has_features = true;
		sig->features = (uint8_t)s.p[0];
	}
	if (type == SUB_MODES)
		sig->ocb = memchr(s.p, MODE_OCB, s.n) != NULL;
}

static int read_sig(struct mw_str body, bool inner, struct pgp_sig *ret);

static bool is_odd(struct mw_str embedded)
{
	struct pgp_sig sig;

	return read_sig(embedded, true, &sig) < 0 || sig.odd;
}

/* inner: of a signature in a signature, whose own signatures are not looked at. */
static int read_subpackets(struct mw_str s, bool hashed, bool inner, struct pgp_sig *sig)
{
	struct mw_str p;
	size_t length;
	unsigned type;

	for (unsigned i = 0; s.n; i++) {
		if (i == SUBPACKETS || !take_length(&s, true, &length) || length == 0 || !take(&s, length, &p))
			return -EBADMSG;
		type = (uint8_t)p.p[0];
		if ((type & 0x80) && !is_known(type & 0x7f))
			sig->odd = true;
		if ((type & 0x7f) == SUB_EMBEDDED && (inner || is_odd((struct mw_str){.p = p.p + 1, .n = p.n - 1})))
			sig->odd = true;
		read_subpacket(type & 0x7f, (struct mw_str){.p = p.p + 1, .n = p.n - 1}, hashed, sig);
	}
	return 0;
}

static int read_sig(struct mw_str body, bool inner, struct pgp_sig *ret)
{
	struct pgp_sig sig = {.ocb = true};
	struct mw_str s = body, p;
	uint32_t version, type, alg, hash, n;
	int r;

	if (!take_number(&s, 1, &version) || version != 4 || !take_number(&s, 1, &type) || !take_number(&s, 1, &alg) ||
	    !take_number(&s, 1, &hash) || !take_number(&s, 2, &n) || !take(&s, n, &p))
		return -EBADMSG;
	sig.type = type;
	sig.hash = hash;
	r = read_subpackets(p, true, inner, &sig);
	if (r == 0 && (!take_number(&s, 2, &n) || !take(&s, n, &p)))
		r = -EBADMSG;
	if (r == 0)
		r = read_subpackets(p, false, inner, &sig);
	if (r == 0)
		*ret = sig;
	return r;
}

int pgp_sig_read(struct mw_str body, struct pgp_sig *ret)
{
	return read_sig(body, false, ret);
}
