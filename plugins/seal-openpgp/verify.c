/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include <errno.h>
#include <rnp/rnp_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pgp_verify_say(struct pgp_verify *v, const char *fmt, ...)
{
	va_list args;

	if (v->opened->why[0])
		return;
	va_start(args, fmt);
	(void)vsnprintf(v->opened->why, sizeof(v->opened->why), fmt, args);
	va_end(args);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------------ */

static bool read_hex(const char *text, size_t octets, uint8_t *to)
{
	unsigned v;
	int used;

	if (strlen(text) != 2 * octets)
		return false;
	for (size_t i = 0; i < octets; i++) {
		if (sscanf(text + 2 * i, "%2x%n", &v, &used) != 1 || used != 2)
			return false;
		to[i] = (uint8_t)v;
	}
	return true;
}

/* The key ID of what RNP asks for. */
static bool read_id(const char *type, const char *text, uint8_t id[PGP_ID])
{
	uint8_t fpr[PGP_FPR];

	if (strcmp(type, "keyid") == 0)
		return read_hex(text, PGP_ID, id);
	if (strcmp(type, "fingerprint") != 0 || !read_hex(text, PGP_FPR, fpr))
		return false;
	memcpy(id, PGP_FPR_ID(fpr), PGP_ID);
	return true;
}

static const struct pgp_cert *find_in_wkd(struct pgp_verify *v, const uint8_t id[PGP_ID])
{
	struct pgp_ring ring;
	char sender[OPENPGP_ADDRESS];

	if (v->o->wkd && !v->wkd_asked && v->work->sender[0] && openpgp_lower(v->work->sender, sender)) {
		v->wkd_asked = true;
		v->unsure = openpgp_wkd_certs(v->o, sender, &v->wkd, &v->wkds, NULL, NULL) < 0;
	}
	ring = (struct pgp_ring){.n = v->wkds, .cert = v->wkd};
	return pgp_ring_by_id(&ring, id);
}

static const struct pgp_cert *find_public(struct pgp_verify *v, const uint8_t id[PGP_ID])
{
	const struct pgp_cert *c = v->shelf ? pgp_shelf_by_id(v->shelf, id) : NULL;

	return c ? c : find_in_wkd(v, id);
}

static void load(struct pgp_verify *v, const struct pgp_cert *c)
{
	rnp_key_handle_t key = NULL;

	(void)pgp_load(v->ffi, c, &key);
	(void)rnp_key_handle_destroy(key);
}

/* rnp_get_key_cb: RNP looks again after it. */
static void give_key(rnp_ffi_t ffi, void *ctx, const char *type, const char *text, bool secret)
{
	struct pgp_verify *v = ctx;
	const struct pgp_cert *c;
	uint8_t id[PGP_ID];

	(void)ffi;
	if (!read_id(type, text, id))
		return;
	if (secret) {
		c = pgp_ring_by_id(&v->o->secret, id);
		if (c)
			(void)rnp_key_handle_destroy(pgp_desk_key(&v->o->desk, c));
		return;
	}
	c = v->signers < PGP_SIGNERS ? find_public(v, id) : NULL;
	if (!c)
		return;
	v->signers++;
	load(v, c);
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------------ */

/* Whoever has the key knows whose it is. RNP does not ask for one that the site decrypts with. */
static const struct pgp_cert *cert_of(struct pgp_verify *v, rnp_op_verify_signature_t sig)
{
	rnp_key_handle_t key = NULL;
	const struct pgp_cert *c = NULL;
	uint8_t fpr[PGP_FPR];

	if (rnp_op_verify_signature_get_key(sig, &key) == RNP_SUCCESS && key && pgp_handle_fpr(key, fpr)) {
		c = find_public(v, PGP_FPR_ID(fpr));
		if (!c)
			c = pgp_ring_by_id(&v->o->secret, PGP_FPR_ID(fpr));
	}
	(void)rnp_key_handle_destroy(key);
	return c;
}

/* Has a stranger's domain published it, for one address of its own? What else it says it is for, nobody has vouched for. */
static bool is_of_wkd(const struct pgp_verify *v, const struct pgp_cert *c)
{
	for (size_t i = 0; i < v->wkds; i++)
		if (v->wkd[i] == c)
			return true;
	return false;
}

/* The address that the key stands for: the sender's, where it may be that; else its first one. "" = none. */
static const char *address_of(const struct pgp_verify *v, const struct pgp_cert *c, char sender[OPENPGP_ADDRESS])
{
	const struct pgp_entry *entry;
	const char *first = "";
	const bool others = !is_of_wkd(v, c);
	rnp_key_handle_t primary;
	size_t n = 0;

	if (v->work->sender[0] && openpgp_lower(v->work->sender, sender) && v->shelf)
		n = pgp_shelf_find(v->shelf, sender, &entry);
	for (size_t i = 0; i < n; i++)
		if (entry[i].cert == c && entry[i].by_name)
			return sender;
	primary = pgp_locate(v->ffi, c->key.fpr);
	for (size_t i = 0; primary && i < c->uids && (!*first || strcmp(first, sender) != 0); i++) {
		const struct pgp_uid *uid = &c->uid[i];

		if (!uid->address || uid->revoked || uid->odd || ((*first || !others) && strcmp(uid->address, sender) != 0))
			continue;
		if (pgp_uid_valid(primary, c, uid))
			first = uid->address;
	}
	(void)rnp_key_handle_destroy(primary);
	return first;
}

static uint32_t judge_good(struct pgp_verify *v, const struct pgp_cert *c)
{
	char id[PGP_ID_TEXT], sender[OPENPGP_ADDRESS] = "";
	const char *address;

	pgp_id_text(c->key.fpr, id);
	if (c->revoked) {
		pgp_verify_say(v, "it is signed with the OpenPGP key %s, which is revoked", id);
		return MW_SIGNATURE_BAD;
	}
	address = address_of(v, c, sender);
	if (!*address) {
		pgp_verify_say(v, "the OpenPGP key %s, which signed it, has no valid address", id);
		return MW_SIGNATURE_UNKNOWN;
	}
	(void)snprintf(v->opened->signer, sizeof(v->opened->signer), "%s", address);
	return MW_SIGNATURE_GOOD;
}

static uint32_t judge_unknown(struct pgp_verify *v, rnp_op_verify_signature_t sig)
{
	rnp_signature_handle_t handle = NULL;
	char *id = NULL;
	uint8_t octets[PGP_ID];

	if (rnp_op_verify_signature_get_handle(sig, &handle) == RNP_SUCCESS && handle)
		(void)rnp_signature_get_keyid(handle, &id);
	if (id && read_hex(id, PGP_ID, octets))
		pgp_verify_say(v, "the OpenPGP key 0x%s, which signed it, is not known%s", id,
			       v->unsure ? ": its domain could not be asked" : "");
	else
		pgp_verify_say(v, "the OpenPGP key that signed it is not known");
	rnp_buffer_destroy(id);
	if (handle)
		(void)rnp_signature_handle_destroy(handle);
	return MW_SIGNATURE_UNKNOWN;
}

static uint32_t judge_one(struct pgp_verify *v, rnp_op_verify_signature_t sig)
{
	const struct pgp_cert *c;

	switch (rnp_op_verify_signature_get_status(sig)) {
	case RNP_SUCCESS:
		c = cert_of(v, sig);
		return c ? judge_good(v, c) : judge_unknown(v, sig);
	case RNP_ERROR_KEY_NOT_FOUND:
		return judge_unknown(v, sig);
	case RNP_ERROR_SIGNATURE_EXPIRED:
		pgp_verify_say(v, "its OpenPGP signature has expired");
		return MW_SIGNATURE_BAD;
	case RNP_ERROR_SIGNATURE_UNKNOWN:
		pgp_verify_say(v, "its OpenPGP signature is of an unknown kind");
		return MW_SIGNATURE_UNKNOWN;
	default:
		pgp_verify_say(v, "its OpenPGP signature does not fit, or rests on a weak hash or an unusable key");
		return MW_SIGNATURE_BAD;
	}
}

/* A good one is enough; else a bad one tells more than an unknown one. */
void pgp_verify_judge(struct pgp_verify *v, rnp_op_verify_t op)
{
	rnp_op_verify_signature_t sig;
	uint32_t best = MW_UNSIGNED, this;
	size_t n = 0;

	(void)rnp_op_verify_get_signature_count(op, &n);
	for (size_t i = 0; i < n && best != MW_SIGNATURE_GOOD; i++) {
		this = rnp_op_verify_get_signature_at(op, i, &sig) == RNP_SUCCESS ? judge_one(v, sig) : MW_SIGNATURE_UNKNOWN;
		if (this == MW_SIGNATURE_GOOD || this > best)
			best = this;
	}
	if (best == MW_SIGNATURE_GOOD)
		v->opened->why[0] = '\0';
	v->opened->signature = best;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

int pgp_verify_open(struct pgp_verify *v, struct openpgp *o, const struct mw_seal_work *work, struct mw_opened *opened,
		    struct mw_err *err)
{
	int r = 0;

	*v = (struct pgp_verify){.o = o, .work = work, .opened = opened};
	if (o->store)
		r = pgp_store_look(o->store, &v->shelf, err);
	if (r == 0 &&
	    (pgp_desk_take(&o->desk, work->now, &v->ffi) < 0 || rnp_ffi_set_key_provider(v->ffi, give_key, v) != RNP_SUCCESS))
		r = o->host->fail(err, -ENOMEM, "RNP does not start");
	return r;
}

void pgp_verify_close(struct pgp_verify *v)
{
	if (v->ffi)
		pgp_desk_give(&v->o->desk);
	for (size_t i = 0; i < v->wkds; i++)
		pgp_cert_free(&v->wkd[i]);
	free(v->wkd);
	pgp_shelf_drop(&v->shelf);
}
