/* SPDX-License-Identifier: Apache-2.0 */
#include "cert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COST_MAX 4096u /* of verifying a key's own signatures: 256 of RSA 4096, 64 of RSA 8192 */
#define COST_LEAST 16u
#define TAG_TRUST 12u /* of local keyrings, behind any other packet */
#define FEATURE_AEAD 2u
#define ADDRESS_MAX 320u

enum component { NOWHERE, PRIMARY, USER_ID, SUBKEY };

/* A key in work. */
struct work {
	struct pgp_cert *cert;
	enum component in;
	uint64_t cost;
	uint32_t newest; /* of what the key says of itself as a whole */
	bool names_revoker, revoked_by_other;
};

/* ---- addresses ------------------------------------------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_address(struct mw_str s)
{
	const char *at = NULL;

	if (s.n > ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("<>(),;", s.p[i]))
			return false;
		if (s.p[i] == '@')
			at = s.p + i;
	}
	return at && at > s.p && at + 1 < s.p + s.n;
}

bool pgp_uid_address(struct mw_str uid, char *to)
{
	const char *open = NULL;

	while (uid.n && (uid.p[uid.n - 1] == ' ' || uid.p[uid.n - 1] == '\t'))
		uid.n--;
	if (uid.n && uid.p[uid.n - 1] == '>') {
		for (size_t i = 0; i < uid.n; i++)
			if (uid.p[i] == '<')
				open = uid.p + i;
		if (!open)
			return false;
		uid.n = (size_t)(uid.p + uid.n - 1 - (open + 1));
		uid.p = open + 1;
	}
	if (!is_address(uid))
		return false;
	for (size_t i = 0; i < uid.n; i++)
		to[i] = lower(uid.p[i]);
	to[uid.n] = '\0';
	return true;
}

bool pgp_cert_has(const struct pgp_cert *c, const char *address)
{
	for (size_t i = 0; i < c->uids; i++)
		if (c->uid[i].address && strcmp(c->uid[i].address, address) == 0)
			return true;
	return false;
}

void pgp_id_text(const uint8_t fpr[PGP_FPR], char to[PGP_ID_TEXT])
{
	const uint8_t *id = PGP_FPR_ID(fpr);

	(void)snprintf(to, PGP_ID_TEXT, "0x%02X%02X%02X%02X%02X%02X%02X%02X", id[0], id[1], id[2], id[3], id[4], id[5], id[6],
		       id[7]);
}

/* ---- components ------------------------------------------------------------------------------------------------------------------ */

static void keep(struct pgp_cert *c, const struct pgp_packet *p)
{
	memcpy(c->octets + c->n, p->whole.p, p->whole.n); /* there is room for all of the key */
	c->n += p->whole.n;
}

static int add_primary(struct work *w, const struct pgp_packet *p)
{
	int r = pgp_key_read(p->body, &w->cert->key);

	if (r < 0)
		return r;
	if (w->cert->key.version != 4)
		return -EPFNOSUPPORT;
	w->cert->secret = p->tag == PGP_TAG_SECRET_KEY;
	w->in = PRIMARY;
	keep(w->cert, p);
	return 0;
}

static int add_uid(struct work *w, const struct pgp_packet *p)
{
	struct pgp_cert *c = w->cert;
	struct pgp_uid *uid;

	if (c->uids == PGP_UIDS_MAX)
		return -EFBIG;
	uid = realloc(c->uid, (c->uids + 1) * sizeof(*uid));
	if (!uid)
		return -ENOMEM;
	c->uid = uid;
	uid += c->uids++;
	*uid = (struct pgp_uid){.at = c->n + (p->whole.n - p->body.n), .n = p->body.n};
	uid->address = malloc(p->body.n + 1);
	if (!uid->address)
		return -ENOMEM;
	if (!pgp_uid_address(p->body, uid->address)) {
		free(uid->address);
		uid->address = NULL;
	}
	w->in = USER_ID;
	keep(c, p);
	return 0;
}

static bool is_supported(const struct pgp_key *key)
{
	return key->version == 4 && ((key->alg >= PGP_RSA && key->alg <= PGP_RSA_SIGN) ||
				     (key->alg >= PGP_ELGAMAL && key->alg <= PGP_ELGAMAL_BOTH) || key->alg == PGP_EDDSA);
}

/* One of a kind that is not known is left out: another may do. */
static int add_subkey(struct work *w, const struct pgp_packet *p)
{
	struct pgp_cert *c = w->cert;
	struct pgp_subkey *sub;
	struct pgp_key key;

	w->in = NOWHERE;
	if (pgp_key_read(p->body, &key) < 0 || !is_supported(&key))
		return 0;
	if (c->subkeys == PGP_SUBKEYS_MAX)
		return -EFBIG;
	sub = realloc(c->subkey, (c->subkeys + 1) * sizeof(*sub));
	if (!sub)
		return -ENOMEM;
	c->subkey = sub;
	sub[c->subkeys++] = (struct pgp_subkey){.key = key};
	w->in = SUBKEY;
	keep(c, p);
	return 0;
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------------ */

/* Of the key as a whole: the newest counts. */
static void note_self(struct work *w, const struct pgp_sig *sig)
{
	if (sig->made < w->newest)
		return;
	w->newest = sig->made;
	w->cert->ocb = sig->has_features && (sig->features & FEATURE_AEAD) && sig->ocb;
	w->cert->old_hash = sig->hash <= 3; /* MD5, SHA-1, RIPEMD-160 */
}

static bool note_primary(struct work *w, const struct pgp_sig *sig)
{
	if (sig->type != PGP_SIG_DIRECT && sig->type != PGP_SIG_KEY_REVOKED)
		return false;
	w->cert->revoked |= sig->type == PGP_SIG_KEY_REVOKED;
	w->cert->odd |= sig->odd;
	w->names_revoker |= sig->revoker;
	if (sig->type == PGP_SIG_DIRECT)
		note_self(w, sig);
	return true;
}

static bool note_uid(struct work *w, const struct pgp_sig *sig)
{
	struct pgp_uid *uid = &w->cert->uid[w->cert->uids - 1];
	bool cert = sig->type >= PGP_SIG_CERT && sig->type <= PGP_SIG_CERT + 3;

	if (!cert && sig->type != PGP_SIG_CERT_REVOKED)
		return false;
	uid->revoked |= !cert;
	uid->odd |= sig->odd;
	w->names_revoker |= sig->revoker;
	if (cert)
		note_self(w, sig);
	return true;
}

static bool note_subkey(struct work *w, const struct pgp_sig *sig)
{
	struct pgp_subkey *sub = &w->cert->subkey[w->cert->subkeys - 1];

	if (sig->type != PGP_SIG_BINDING && sig->type != PGP_SIG_SUBKEY_REVOKED)
		return false;
	sub->revoked |= sig->type == PGP_SIG_SUBKEY_REVOKED;
	sub->odd |= sig->odd;
	return true;
}

static bool is_self(const struct pgp_cert *c, const struct pgp_sig *sig)
{
	if (sig->has_fpr)
		return memcmp(sig->fpr, c->key.fpr, PGP_FPR) == 0;
	return sig->has_id && memcmp(sig->id, PGP_FPR_ID(c->key.fpr), PGP_ID) == 0;
}

/* By the square of the modulus. */
static uint64_t cost_of(const struct pgp_key *key)
{
	uint64_t cost = (uint64_t)key->bits * key->bits >> 20;

	return cost > COST_LEAST ? cost : COST_LEAST;
}

static int add_signature(struct work *w, const struct pgp_packet *p)
{
	struct pgp_sig sig;
	bool known;

	if (w->in == NOWHERE || pgp_sig_read(p->body, &sig) < 0)
		return 0;
	if (!is_self(w->cert, &sig)) {
		w->revoked_by_other |= sig.type == PGP_SIG_KEY_REVOKED;
		return 0;
	}
	known = w->in == PRIMARY ? note_primary(w, &sig) : w->in == USER_ID ? note_uid(w, &sig) : note_subkey(w, &sig);
	if (!known || sig.odd) /* in error, says RFC 4880, 5.2.3.1 */
		return 0;
	w->cost += cost_of(&w->cert->key);
	if (w->cost > COST_MAX)
		return -EFBIG;
	keep(w->cert, p);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------------ */

static bool is_primary(const struct pgp_packet *p)
{
	return p->tag == PGP_TAG_KEY || p->tag == PGP_TAG_SECRET_KEY;
}

static int add_packet(struct work *w, const struct pgp_packet *p)
{
	switch (p->tag) {
	case PGP_TAG_KEY:
	case PGP_TAG_SECRET_KEY:
		return add_primary(w, p);
	case PGP_TAG_USER_ID:
		return add_uid(w, p);
	case PGP_TAG_SUBKEY:
	case PGP_TAG_SECRET_SUBKEY:
		return add_subkey(w, p);
	case PGP_TAG_SIGNATURE:
		return add_signature(w, p);
	case PGP_TAG_MARKER:
	case TAG_TRUST:
		return 0;
	default:
		w->in = NOWHERE;
		return 0;
	}
}

/* The packets of one key, taken off *s; what stands in front of the first primary key is passed over. 1, 0, -EBADMSG. */
static int cut(struct mw_str *s, struct mw_str *ret)
{
	struct mw_str rest = *s, begin = *s;
	struct pgp_packet p;
	bool found = false;
	int r;

	while ((r = pgp_packet_next(&rest, &p)) > 0) {
		if (is_primary(&p) && found)
			break;
		if (is_primary(&p)) {
			begin.p = p.whole.p;
			found = true;
		}
		s->p = rest.p;
		s->n = rest.n;
	}
	if (r < 0) { /* nothing tells where the next one begins */
		s->p += s->n;
		s->n = 0;
		return r;
	}
	begin.n = (size_t)(s->p - begin.p);
	*ret = begin;
	return found;
}

static int read_cert(struct mw_str s, struct pgp_cert *c)
{
	struct work w = {.cert = c};
	struct pgp_packet p;
	int r;

	if (s.n > PGP_CERT_MAX)
		return -EFBIG;
	c->octets = malloc(s.n);
	if (!c->octets)
		return -ENOMEM;
	while ((r = pgp_packet_next(&s, &p)) > 0) {
		r = add_packet(&w, &p);
		if (r < 0)
			return r;
	}
	c->revoked |= w.names_revoker && w.revoked_by_other;
	return r;
}

int pgp_cert_next(struct mw_str *s, struct pgp_cert **ret)
{
	struct pgp_cert *c;
	struct mw_str octets;
	int r = cut(s, &octets);

	if (r <= 0)
		return r;
	c = calloc(1, sizeof(*c));
	r = c ? read_cert(octets, c) : -ENOMEM;
	if (r < 0) {
		pgp_cert_free(&c);
		return r;
	}
	*ret = c;
	return 1;
}

int pgp_cert_merge(const struct pgp_cert *a, const struct pgp_cert *b, struct pgp_cert **ret)
{
	struct pgp_cert *c = calloc(1, sizeof(*c));
	char *octets = malloc(a->n + b->n);
	int r = c && octets ? 0 : -ENOMEM;

	if (r == 0) {
		memcpy(octets, a->octets, a->n);
		memcpy(octets + a->n, b->octets, b->n);
		r = read_cert((struct mw_str){.p = octets, .n = a->n + b->n}, c);
	}
	free(octets);
	if (r < 0) {
		pgp_cert_free(&c);
		return r;
	}
	c->revoked |= a->revoked || b->revoked;
	*ret = c;
	return 0;
}

void pgp_cert_free(struct pgp_cert **c)
{
	struct pgp_cert *cert = *c;

	if (!cert)
		return;
	for (size_t i = 0; i < cert->uids; i++)
		free(cert->uid[i].address);
	free(cert->uid);
	free(cert->subkey);
	if (cert->octets && cert->secret)
		explicit_bzero(cert->octets, cert->n);
	free(cert->octets);
	free(cert);
	*c = NULL;
}
