/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/phrase.h"

#include "base/str.h"
#include "pickup/private.h"
#include "pickup/prove.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* 16 MB of memory, which the five rounds use one after the other. */
#define SCRYPT_N 16384u
#define SCRYPT_R 8u
#define SCRYPT_P 5u
#define SCRYPT_MEMORY (32u << 20)

void mw_phrase_address(const char *address, char ret[MW_PICKUP_ADDRESS])
{
	size_t n = 0;

	for (; address[n] && n < MW_PICKUP_ADDRESS - 1; n++)
		ret[n] = mw_lower(address[n]);
	ret[n] = '\0';
}

static int hash_phrase(const char *phrase, const unsigned char salt[MW_PHRASE_SALT], unsigned char ret[MW_PHRASE_HASH])
{
	return EVP_PBE_scrypt(phrase, strlen(phrase), salt, MW_PHRASE_SALT, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, ret,
			      MW_PHRASE_HASH) == 1
		   ? 0
		   : -ENOMEM;
}

int mw_phrase_read(struct mw_pickup *p, const char *recipient, const char *sender, struct mw_phrase *ret, struct mw_err *err)
{
	char to[MW_PICKUP_ADDRESS], from[MW_PICKUP_ADDRESS];
	struct mw_phrase f = {.known = false};
	sqlite3_stmt *s = p->db.stmt[SQL_PHRASE];
	int r;

	mw_phrase_address(recipient, to);
	mw_phrase_address(sender, from);
	r = mw_db_query(&p->db, SQL_PHRASE, DB_VALUES(DB_TEXT(to), DB_TEXT(from)), err);
	if (r == 1) {
		f.known = true;
		r = mw_db_blob(s, 0, f.salt, sizeof(f.salt)) && mw_db_blob(s, 1, f.hash, sizeof(f.hash))
			? 0
			: mw_db_damaged(&p->db, err);
		mw_db_reset(&p->db, SQL_PHRASE);
	}
	if (r == 0)
		*ret = f;
	return r;
}

bool mw_phrase_fits(const struct mw_phrase *f, const char *phrase)
{
	unsigned char hash[MW_PHRASE_HASH] = {0};
	bool ok = phrase && strlen(phrase) <= MW_PICKUP_PASSPHRASE && hash_phrase(phrase, f->salt, hash) == 0;

	ok = ok && CRYPTO_memcmp(hash, f->hash, sizeof(hash)) == 0 && f->known;
	OPENSSL_cleanse(hash, sizeof(hash));
	return ok;
}

int mw_pickup_passphrase_set(struct mw_pickup *p, const char *recipient, const char *sender, const char *phrase, int64_t now,
			     struct mw_err *err)
{
	char to[MW_PICKUP_ADDRESS], from[MW_PICKUP_ADDRESS];
	struct mw_phrase f;
	int r;

	if (strlen(recipient) >= MW_PICKUP_ADDRESS || strlen(sender) >= MW_PICKUP_ADDRESS || !*recipient)
		return mw_fail(err, -EINVAL, "that is no address for a passphrase");
	if (!*phrase || strlen(phrase) > MW_PICKUP_PASSPHRASE)
		return mw_fail(err, -EINVAL, "a passphrase has 1 to %u octets", MW_PICKUP_PASSPHRASE);
	if (RAND_bytes(f.salt, sizeof(f.salt)) != 1)
		return mw_fail(err, -EIO, "libcrypto fails");
	if (hash_phrase(phrase, f.salt, f.hash) < 0)
		return mw_fail_memory(err);
	mw_phrase_address(recipient, to);
	mw_phrase_address(sender, from);
	r = mw_db_change(
	    &p->db, SQL_PHRASE_SET,
	    DB_VALUES(DB_TEXT(to), DB_TEXT(from), DB_INT(now), DB_BLOB(f.salt, sizeof(f.salt)), DB_BLOB(f.hash, sizeof(f.hash))),
	    err);
	return r < 0 ? r : 0;
}

int mw_pickup_passphrase_remove(struct mw_pickup *p, const char *recipient, const char *sender, struct mw_err *err)
{
	char to[MW_PICKUP_ADDRESS], from[MW_PICKUP_ADDRESS];
	int r;

	mw_phrase_address(recipient, to);
	mw_phrase_address(sender, from);
	r = mw_db_change(&p->db, SQL_PHRASE_GONE, DB_VALUES(DB_TEXT(to), DB_TEXT(from)), err);
	return r < 0 ? r : r > 0 ? 0 : mw_fail(err, -ENOENT, "there is no such passphrase");
}

int mw_pickup_passphrase_known(struct mw_pickup *p, const char *recipient, const char *sender, struct mw_err *err)
{
	struct mw_phrase f;
	int r = mw_phrase_read(p, recipient, sender, &f, err);

	return r < 0 ? r : f.known;
}

/* ---- lists ----------------------------------------------------------------------------------------------------------------------- */

#define BATCH 64

struct entry {
	char recipient[MW_PICKUP_ADDRESS], sender[MW_PICKUP_ADDRESS];
	int64_t created;
};

static int read_entries(struct mw_pickup *p, const struct entry *after, struct entry *ret, size_t *n, struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[SQL_PHRASES];
	int r = mw_db_query(&p->db, SQL_PHRASES, DB_VALUES(DB_TEXT(after->recipient), DB_TEXT(after->sender)), err);

	*n = 0;
	for (; r == 1 && *n < BATCH; r = mw_db_step(&p->db, s, err)) {
		struct entry *e = &ret[*n];

		if (!mw_db_text(s, 0, e->recipient, sizeof(e->recipient)) || !mw_db_text(s, 1, e->sender, sizeof(e->sender))) {
			r = mw_db_damaged(&p->db, err);
			break;
		}
		e->created = sqlite3_column_int64(s, 2);
		++*n;
	}
	mw_db_reset(&p->db, SQL_PHRASES);
	return r < 0 ? r : 0;
}

int mw_pickup_passphrase_each(struct mw_pickup *p,
			      int (*fn)(void *ctx, const char *recipient, const char *sender, int64_t created), void *ctx,
			      struct mw_err *err)
{
	struct entry *e = calloc(BATCH + 1, sizeof(*e)); /* the last one: where the batch before ended */
	size_t n = BATCH;
	int r = e ? 0 : mw_fail_memory(err);

	while (r == 0 && n == BATCH) {
		r = read_entries(p, &e[BATCH], e, &n, err);
		for (size_t i = 0; i < n && r == 0; i++)
			r = fn(ctx, e[i].recipient, e[i].sender, e[i].created);
		if (n)
			e[BATCH] = e[n - 1];
	}
	free(e);
	return r;
}
