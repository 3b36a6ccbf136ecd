/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <errno.h>
#include <rnp/rnp_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RSA_BITS_MIN 2048u

/* Why a key is not used: of several subkeys, the one that stands first here is told, since it is the nearest to a key that works. */
enum cause { FINE = 0, EXPIRED, TOO_EARLY, REVOKED, WEAK, ODD, OLD_HASH, UNSIGNED, NO_SUBKEY };

struct finding {
	enum cause cause;
	int64_t date;		   /* EXPIRED, TOO_EARLY */
	const struct pgp_key *key; /* WEAK */
};

void pgp_date(int64_t t, char to[PGP_DATE])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(to, PGP_DATE, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(to, PGP_DATE, "?");
}

/* ---- RNP ------------------------------------------------------------------------------------------------------------------------- */

int pgp_rnp_new(int64_t now, rnp_ffi_t *ret)
{
	rnp_ffi_t ffi;

	if (rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) != RNP_SUCCESS)
		return -ENOMEM;
	if (now > 0 && rnp_set_timestamp(ffi, (uint64_t)now) != RNP_SUCCESS) {
		(void)rnp_ffi_destroy(ffi);
		return -ENOMEM;
	}
	*ret = ffi;
	return 0;
}

static void hex(const uint8_t fpr[PGP_FPR], char to[2 * PGP_FPR + 1])
{
	for (size_t i = 0; i < PGP_FPR; i++)
		(void)snprintf(to + 2 * i, 3, "%02X", fpr[i]);
}

rnp_key_handle_t pgp_locate(rnp_ffi_t ffi, const uint8_t fpr[PGP_FPR])
{
	char text[2 * PGP_FPR + 1];
	rnp_key_handle_t key = NULL;

	hex(fpr, text);
	return rnp_locate_key(ffi, "fingerprint", text, &key) == RNP_SUCCESS ? key : NULL;
}

int pgp_load(rnp_ffi_t ffi, const struct pgp_cert *c, rnp_key_handle_t *primary)
{
	uint32_t flags = RNP_LOAD_SAVE_PERMISSIVE | RNP_LOAD_SAVE_PUBLIC_KEYS | (c->secret ? RNP_LOAD_SAVE_SECRET_KEYS : 0);
	rnp_input_t in;
	rnp_result_t r;

	if (rnp_input_from_memory(&in, c->octets, c->n, false) != RNP_SUCCESS)
		return -ENOMEM;
	r = rnp_import_keys(ffi, in, flags, NULL);
	(void)rnp_input_destroy(in);
	if (r == RNP_ERROR_OUT_OF_MEMORY)
		return -ENOMEM;
	*primary = r == RNP_SUCCESS ? pgp_locate(ffi, c->key.fpr) : NULL;
	return *primary ? 0 : -EBADMSG;
}

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pgp_handle_fpr(rnp_key_handle_t key, uint8_t fpr[PGP_FPR])
{
	char *text = NULL;
	bool ok = rnp_key_get_fprint(key, &text) == RNP_SUCCESS && text && strlen(text) == 2 * (size_t)PGP_FPR;

	for (size_t i = 0; ok && i < PGP_FPR; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		ok = high >= 0 && low >= 0;
		fpr[i] = (uint8_t)((high & 15) << 4 | (low & 15));
	}
	rnp_buffer_destroy(text);
	return ok;
}

void pgp_use_drop(struct pgp_use *use)
{
	(void)rnp_key_handle_destroy(use->key);
	(void)rnp_key_handle_destroy(use->primary);
	if (use->ffi)
		(void)rnp_ffi_destroy(use->ffi);
	*use = (struct pgp_use){0};
}

/* ---- one key or subkey ----------------------------------------------------------------------------------------------------------- */

static bool is_rsa(unsigned alg)
{
	return alg >= PGP_RSA && alg <= PGP_RSA_SIGN;
}

static bool is_weak(const struct pgp_key *key)
{
	return is_rsa(key->alg) ? key->bits < RSA_BITS_MIN
				: key->alg != PGP_ECDH && key->alg != PGP_ECDSA && key->alg != PGP_EDDSA;
}

static int64_t expiry_of(rnp_key_handle_t key, const struct pgp_key *k)
{
	uint32_t seconds = 0;

	return rnp_key_get_expiration(key, &seconds) == RNP_SUCCESS && seconds ? (int64_t)k->made + seconds : INT64_MAX;
}

/* What is the same with a primary key and a subkey. */
static struct finding judge_part(rnp_key_handle_t key, const struct pgp_key *k, bool revoked, bool odd, int64_t now)
{
	bool flag = false;

	if (revoked || rnp_key_is_revoked(key, &flag) != RNP_SUCCESS || flag)
		return (struct finding){.cause = REVOKED};
	if (odd)
		return (struct finding){.cause = ODD};
	if (k->made > now)
		return (struct finding){.cause = TOO_EARLY, .date = k->made};
	if (expiry_of(key, k) <= now)
		return (struct finding){.cause = EXPIRED, .date = expiry_of(key, k)};
	if (is_weak(k))
		return (struct finding){.cause = WEAK, .key = k};
	if (rnp_key_is_valid(key, &flag) != RNP_SUCCESS || !flag)
		return (struct finding){.cause = UNSIGNED};
	return (struct finding){.cause = FINE};
}

static bool encrypts(rnp_key_handle_t key)
{
	bool yes = false;

	return rnp_key_allows_usage(key, "encrypt", &yes) == RNP_SUCCESS && yes;
}

static const struct pgp_subkey *subkey_of(const struct pgp_cert *c, rnp_key_handle_t key)
{
	uint8_t fpr[PGP_FPR];

	if (!pgp_handle_fpr(key, fpr))
		return NULL;
	for (size_t i = 0; i < c->subkeys; i++)
		if (memcmp(c->subkey[i].key.fpr, fpr, PGP_FPR) == 0)
			return &c->subkey[i];
	return NULL;
}

/* The newest subkey that may be used; else the primary key, where it is made for it. */
static struct finding find_subkey(const struct pgp_cert *c, struct pgp_use *use, int64_t now)
{
	struct finding best = {.cause = NO_SUBKEY}, this;
	const struct pgp_subkey *sub;
	rnp_key_handle_t key;
	uint32_t newest = 0;
	size_t n = 0;

	(void)rnp_key_get_subkey_count(use->primary, &n);
	for (size_t i = 0; i < n; i++) {
		if (rnp_key_get_subkey_at(use->primary, i, &key) != RNP_SUCCESS)
			continue;
		sub = subkey_of(c, key);
		this = sub && encrypts(key) ? judge_part(key, &sub->key, sub->revoked, sub->odd, now)
					    : (struct finding){.cause = NO_SUBKEY};
		if (this.cause == FINE && (!use->key || sub->key.made >= newest)) {
			newest = sub->key.made;
			(void)rnp_key_handle_destroy(use->key);
			use->key = key;
			use->until = expiry_of(key, &sub->key);
			key = NULL;
		}
		if (this.cause < best.cause || (this.cause == EXPIRED && best.cause == EXPIRED && this.date > best.date))
			best = this;
		(void)rnp_key_handle_destroy(key);
	}
	if (!use->key && is_rsa(c->key.alg) && encrypts(use->primary)) {
		use->key = pgp_locate(use->ffi, c->key.fpr);
		use->until = INT64_MAX;
		if (use->key)
			return (struct finding){.cause = FINE};
	}
	return use->key ? (struct finding){.cause = FINE} : best;
}

/* ---- user ids -------------------------------------------------------------------------------------------------------------------- */

bool pgp_uid_valid(rnp_key_handle_t primary, const struct pgp_cert *c, const struct pgp_uid *uid)
{
	rnp_uid_handle_t handle;
	bool valid = false;
	size_t n = 0, size;
	void *data;

	(void)rnp_key_get_uid_count(primary, &n);
	for (size_t i = 0; i < n && !valid; i++) {
		if (rnp_key_get_uid_handle_at(primary, i, &handle) != RNP_SUCCESS)
			continue;
		if (rnp_uid_get_data(handle, &data, &size) == RNP_SUCCESS) {
			bool same = size == uid->n && memcmp(data, c->octets + uid->at, size) == 0;

			if (same && rnp_uid_is_valid(handle, &valid) != RNP_SUCCESS)
				valid = false;
			rnp_buffer_destroy(data);
		}
		(void)rnp_uid_handle_destroy(handle);
	}
	return valid;
}

static enum cause judge_uid(rnp_key_handle_t primary, const struct pgp_cert *c, const char *address)
{
	enum cause best = NO_SUBKEY, this;

	for (size_t i = 0; i < c->uids && best != FINE; i++) {
		const struct pgp_uid *uid = &c->uid[i];

		if (!uid->address || strcmp(uid->address, address) != 0)
			continue;
		this = uid->revoked ? REVOKED : uid->odd ? ODD : pgp_uid_valid(primary, c, uid) ? FINE : UNSIGNED;
		best = this < best ? this : best;
	}
	return best;
}

/* ---- words ----------------------------------------------------------------------------------------------------------------------- */

static void say_weak(char *why, const char *id, const struct pgp_key *key)
{
	if (is_rsa(key->alg))
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is weak: RSA %u", id, key->bits);
	else if (key->alg == PGP_DSA)
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is weak: DSA", id);
	else if (key->alg == PGP_ELGAMAL || key->alg == PGP_ELGAMAL_BOTH)
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is weak: Elgamal", id);
	else
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is of a kind that is not supported (algorithm %u)", id,
			       key->alg);
}

static void say(char *why, const struct pgp_cert *c, struct finding f)
{
	char id[PGP_ID_TEXT], date[PGP_DATE];

	pgp_id_text(c->key.fpr, id);
	pgp_date(f.date, date);
	switch (f.cause) {
	case EXPIRED:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s expired %s", id, date);
		break;
	case TOO_EARLY:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is not valid before %s", id, date);
		break;
	case REVOKED:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is revoked", id);
		break;
	case WEAK:
		say_weak(why, id, f.key);
		break;
	case ODD:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s has a critical extension that is not known", id);
		break;
	case OLD_HASH:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is weak: it signs itself with MD5 or SHA-1", id);
		break;
	case NO_SUBKEY:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s has no encryption subkey", id);
		break;
	case UNSIGNED:
	case FINE:
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s is not signed by itself", id);
		break;
	}
}

static void say_uid(char *why, const struct pgp_cert *c, enum cause cause)
{
	char id[PGP_ID_TEXT];

	pgp_id_text(c->key.fpr, id);
	if (cause == REVOKED)
		(void)snprintf(why, PGP_WHY, "on its OpenPGP key %s, the user id of this address is revoked", id);
	else if (cause == ODD)
		(void)snprintf(why, PGP_WHY,
			       "on its OpenPGP key %s, the user id of this address has a critical extension that is not known",
			       id);
	else if (cause == NO_SUBKEY)
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s has no user id of this address", id);
	else
		(void)snprintf(why, PGP_WHY, "on its OpenPGP key %s, the user id of this address is not validly signed%s", id,
			       c->old_hash ? ": with MD5 or SHA-1" : "");
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

/* What is known without RNP, so that it does not read what cannot be used: 1, or 0 with f. */
static int judge_first(const struct pgp_cert *c, struct finding *f)
{
	f->key = &c->key;
	f->cause = c->revoked ? REVOKED : c->odd ? ODD : is_weak(&c->key) ? WEAK : FINE;
	return f->cause == FINE;
}

static bool has_odd_uid(const struct pgp_cert *c)
{
	for (size_t i = 0; i < c->uids; i++)
		if (c->uid[i].odd)
			return true;
	return false;
}

static int judge_with(struct pgp_use *use, const struct pgp_cert *c, const char *address, int64_t now, char *why)
{
	enum cause uid;
	struct finding f;
	int r = pgp_rnp_new(now, &use->ffi);

	if (r == 0)
		r = pgp_load(use->ffi, c, &use->primary);
	if (r == -EBADMSG) {
		char id[PGP_ID_TEXT];

		pgp_id_text(c->key.fpr, id);
		(void)snprintf(why, PGP_WHY, "its OpenPGP key %s cannot be read", id);
		return 0;
	}
	if (r < 0)
		return r;
	f = judge_part(use->primary, &c->key, c->revoked, c->odd, now);
	if (f.cause == UNSIGNED)
		f.cause = has_odd_uid(c) ? ODD : c->old_hash ? OLD_HASH : UNSIGNED;
	uid = f.cause == FINE && address ? judge_uid(use->primary, c, address) : FINE;
	if (uid != FINE) {
		say_uid(why, c, uid);
		return 0;
	}
	if (f.cause == FINE)
		f = find_subkey(c, use, now);
	if (f.cause != FINE) {
		say(why, c, f);
		return 0;
	}
	use->ocb = c->ocb;
	use->until = expiry_of(use->primary, &c->key) < use->until ? expiry_of(use->primary, &c->key) : use->until;
	return 1;
}

int pgp_judge(const struct pgp_cert *c, const char *address, int64_t now, struct pgp_use *use, char why[PGP_WHY])
{
	struct pgp_use mine = {0};
	struct finding f = {0};
	int r;

	if (!judge_first(c, &f)) {
		say(why, c, f);
		return 0;
	}
	r = judge_with(&mine, c, address, now, why);
	if (r == 1 && use)
		*use = mine;
	else
		pgp_use_drop(&mine);
	return r;
}
