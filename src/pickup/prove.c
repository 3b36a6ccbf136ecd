/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/prove.h"

#include "pickup/phrase.h"
#include "pickup/private.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define CODE_DIGITS (MW_PICKUP_CODE - 1)
#define CODE_HASH 32u
#define HOUR 3600

const struct mw_pickup_rule mw_pickup_rule_usual = {
    .tries = 5, .address_tries = 20, .back_off = 60, .back_off_most = 86400, .code_life = 600, .code_tries = 5, .mails = 3};

/* ---- gates: tries and mails of a message, and of an address ---------------------------------------------------------------------- */

struct gate {
	int64_t failures, locked_until /* or when the last try was */, mails, mails_from;
};

static int gate_read(struct mw_pickup *p, enum mw_sql which, struct mw_value name, struct gate *ret, struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[which];
	int r = mw_db_query(&p->db, which, DB_VALUES(name), err);

	*ret = (struct gate){.failures = 0};
	if (r <= 0)
		return r;
	ret->failures = sqlite3_column_int64(s, 0);
	ret->locked_until = sqlite3_column_int64(s, 1);
	ret->mails = sqlite3_column_int64(s, 2);
	ret->mails_from = sqlite3_column_int64(s, 3);
	mw_db_reset(&p->db, which);
	return 0;
}

static int gate_write(struct mw_pickup *p, enum mw_sql which, struct mw_value name, const struct gate *g, struct mw_err *err)
{
	int r = mw_db_change(
	    &p->db, which, DB_VALUES(name, DB_INT(g->failures), DB_INT(g->locked_until), DB_INT(g->mails), DB_INT(g->mails_from)),
	    err);

	return r < 0 ? r : 0;
}

/* Seconds that it is still locked. What happened long ago is forgotten. */
static int64_t gate_locked(struct gate *g, const struct mw_pickup_rule *rule, int64_t now)
{
	if (g->locked_until > now)
		return g->locked_until - now;
	if (g->locked_until < now - rule->back_off_most)
		g->failures = 0;
	return 0;
}

/* One try more: true when that locks it. */
static bool gate_fail(struct gate *g, const struct mw_pickup_rule *rule, int64_t tries, int64_t now)
{
	int64_t wait = rule->back_off;

	g->failures++;
	g->locked_until = now;
	if (g->failures < tries)
		return false;
	for (int64_t i = tries; i < g->failures && wait < rule->back_off_most; i++)
		wait *= 2;
	g->locked_until = now + (wait < rule->back_off_most ? wait : rule->back_off_most);
	return true;
}

/* Seconds until there is room for a mail more; 0: it is counted. */
static int64_t gate_mail(struct gate *g, int64_t most, int64_t now)
{
	if (g->mails_from <= now - HOUR || g->mails_from > now) {
		g->mails_from = now;
		g->mails = 0;
	}
	if (g->mails >= most)
		return g->mails_from + HOUR - now;
	g->mails++;
	return 0;
}

struct gates {
	struct gate message, address;
	char name[MW_PICKUP_ADDRESS]; /* of the address */
	int64_t number;
};

static int gates_read(struct mw_pickup *p, const struct mw_pickup_row *row, struct gates *g, struct mw_err *err)
{
	int r;

	g->number = row->number;
	mw_phrase_address(row->recipient, g->name);
	r = gate_read(p, SQL_GATE, DB_INT(g->number), &g->message, err);
	return r < 0 ? r : gate_read(p, SQL_ADDRESS, DB_TEXT(g->name), &g->address, err);
}

static int gates_write(struct mw_pickup *p, const struct gates *g, struct mw_err *err)
{
	int r = gate_write(p, SQL_GATE_SET, DB_INT(g->number), &g->message, err);

	return r < 0 ? r : gate_write(p, SQL_ADDRESS_SET, DB_TEXT(g->name), &g->address, err);
}

static int locked(struct gates *g, const struct mw_pickup_rule *rule, int64_t now, int64_t *wait, struct mw_err *err)
{
	int64_t a = gate_locked(&g->message, rule, now), b = gate_locked(&g->address, rule, now);

	if (a == 0 && b == 0)
		return 0;
	*wait = a > b ? a : b;
	return mw_fail(err, -EAGAIN, "locked after too many failures");
}

/* ---- codes ----------------------------------------------------------------------------------------------------------------------- */

/* The link's secret is in it: the database alone does not tell whether a code fits. */
static int hash_code(const unsigned char secret[MW_PICKUP_SECRET], const char *code, unsigned char ret[CODE_HASH])
{
	return mw_pickup_derive(secret, MW_PICKUP_SECRET, (const unsigned char *)code, CODE_DIGITS, "milward pickup code", ret,
				CODE_HASH);
}

static int make_code(char ret[MW_PICKUP_CODE])
{
	uint32_t v;

	do {
		if (RAND_priv_bytes((unsigned char *)&v, sizeof(v)) != 1)
			return -EIO;
	} while (v >= 4200000000u); /* a multiple of what it is divided by: all codes are as likely */
	(void)snprintf(ret, MW_PICKUP_CODE, "%08u", v % 100000000u);
	OPENSSL_cleanse(&v, sizeof(v));
	return 0;
}

static int code_new(struct mw_pickup *p, const struct mw_pickup_rule *rule, const unsigned char id[MW_PICKUP_ID],
		    const unsigned char hash[CODE_HASH], int64_t now, int64_t *wait, struct mw_err *err)
{
	struct mw_pickup_row row;
	struct gates g;
	int64_t a, b;
	int r = mw_pickup_row_find(p, id, &row, err);

	if (r == 0)
		r = gates_read(p, &row, &g, err);
	if (r == 0)
		r = locked(&g, rule, now, wait, err);
	if (r < 0)
		return r;
	a = gate_mail(&g.message, rule->mails, now);
	b = gate_mail(&g.address, 3ll * rule->mails, now);
	if (a || b) {
		*wait = a > b ? a : b;
		return mw_fail(err, -EAGAIN, "too many codes were mailed in this hour");
	}
	r = gates_write(p, &g, err);
	if (r == 0)
		r = mw_db_change(&p->db, SQL_CODE_SET,
				 DB_VALUES(DB_INT(row.number), DB_BLOB(hash, CODE_HASH), DB_INT(now + rule->code_life)), err);
	return r < 0 ? r : mw_pickup_event_add(p, row.number, MW_EVENT_CODE, NULL, now, err);
}

int mw_pickup_code_new(struct mw_pickup *p, const struct mw_pickup_rule *rule, const unsigned char id[MW_PICKUP_ID],
		       const unsigned char secret[MW_PICKUP_SECRET], int64_t now, char code[MW_PICKUP_CODE], int64_t *wait,
		       struct mw_err *err)
{
	unsigned char hash[CODE_HASH];
	char fresh[MW_PICKUP_CODE];
	int r = mw_pickup_check(p, id, secret, now, NULL, err);

	if (r < 0)
		return r;
	if (make_code(fresh) < 0 || hash_code(secret, fresh, hash) < 0)
		return mw_fail(err, -EIO, "libcrypto fails");
	r = mw_db_begin(&p->db, err);
	if (r == 0)
		r = mw_db_end(&p->db, code_new(p, rule, id, hash, now, wait, err), err);
	if (r == 0)
		memcpy(code, fresh, sizeof(fresh));
	OPENSSL_cleanse(fresh, sizeof(fresh));
	return r;
}

static int code_unsent(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], const unsigned char hash[CODE_HASH],
		       int64_t now, struct mw_err *err)
{
	struct mw_pickup_row row;
	struct gates g;
	int r = mw_pickup_row_find(p, id, &row, err);

	if (r == 0)
		r = mw_db_change(&p->db, SQL_CODE_USE, DB_VALUES(DB_INT(row.number), DB_BLOB(hash, CODE_HASH)), err);
	if (r >= 0)
		r = gates_read(p, &row, &g, err);
	if (r < 0)
		return r;
	g.message.mails -= g.message.mails > 0;
	g.address.mails -= g.address.mails > 0;
	r = gates_write(p, &g, err);
	return r < 0 ? r : mw_pickup_event_add(p, row.number, MW_EVENT_CODE, "not mailed", now, err);
}

int mw_pickup_code_unsent(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
			  const char code[MW_PICKUP_CODE], int64_t now, struct mw_err *err)
{
	unsigned char hash[CODE_HASH];
	int r = hash_code(secret, code, hash) < 0 ? mw_fail(err, -EIO, "libcrypto fails") : mw_db_begin(&p->db, err);

	return r < 0 ? r : mw_db_end(&p->db, code_unsent(p, id, hash, now, err), err);
}

/* ---- proof ----------------------------------------------------------------------------------------------------------------------- */

struct
try {
	struct mw_pickup_row row;
	struct gates gates; /* as they are when it fails */
	bool locks;
	bool has_code;
	unsigned char code[CODE_HASH];
	struct mw_phrase phrase;
};

static int read_code(struct mw_pickup *p, const struct mw_pickup_rule *rule, int64_t now, struct try *t, struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[SQL_CODE_GET];
	int r = mw_db_query(&p->db, SQL_CODE_GET, DB_VALUES(DB_INT(t->row.number)), err);

	if (r <= 0)
		return r;
	t->has_code = mw_db_blob(s, 0, t->code, sizeof(t->code)) && sqlite3_column_int64(s, 1) > now &&
		      sqlite3_column_int64(s, 2) < (int64_t)rule->code_tries;
	mw_db_reset(&p->db, SQL_CODE_GET);
	r = mw_db_change(&p->db, SQL_CODE_TRY, DB_VALUES(DB_INT(t->row.number)), err);
	return r < 0 ? r : 0;
}

/* Counts it as a failure, which it is until it was good: who tries many at the same time has no more tries than one after the other. */
static int begin_try(struct mw_pickup *p, const struct mw_pickup_rule *rule, const unsigned char id[MW_PICKUP_ID], int64_t now,
		     struct try *t, int64_t *wait, struct mw_err *err)
{
	int r = mw_pickup_row_find(p, id, &t->row, err);

	if (r == 0)
		r = gates_read(p, &t->row, &t->gates, err);
	if (r == 0)
		r = locked(&t->gates, rule, now, wait, err);
	if (r < 0)
		return r;
	t->locks = gate_fail(&t->gates.message, rule, rule->tries, now);
	t->locks = gate_fail(&t->gates.address, rule, rule->address_tries, now) || t->locks;
	r = gates_write(p, &t->gates, err);
	if (r == 0 && (t->row.proof & MW_PROOF_CODE))
		r = read_code(p, rule, now, t, err);
	if (r == 0 && (t->row.proof & MW_PROOF_PASSPHRASE))
		r = mw_phrase_read(p, t->row.recipient, t->row.sender, &t->phrase, err);
	return r;
}

/* The digits of what was typed, "1234 5678" or "1234-5678" too. False: it is no code. */
static bool digits_of(const char *typed, char ret[MW_PICKUP_CODE])
{
	size_t n = 0;

	for (; *typed; typed++) {
		if (*typed == ' ' || *typed == '-')
			continue;
		if (*typed < '0' || *typed > '9' || n == CODE_DIGITS)
			return false;
		ret[n++] = *typed;
	}
	ret[n] = '\0';
	return n == CODE_DIGITS;
}

static bool code_fits(const struct try *t, const unsigned char secret[MW_PICKUP_SECRET], const char *typed)
{
	unsigned char hash[CODE_HASH];
	char code[MW_PICKUP_CODE] = "";
	bool ok = typed && digits_of(typed, code) && hash_code(secret, code, hash) == 0;

	ok = ok && CRYPTO_memcmp(hash, t->code, sizeof(hash)) == 0 && t->has_code;
	OPENSSL_cleanse(code, sizeof(code));
	return ok;
}

/* -EPERM, with what that changes. */
static int end_badly(struct mw_pickup *p, const struct try *t, enum mw_pickup_mail mail, int64_t now, struct mw_err *err)
{
	int r = mw_db_begin(&p->db, err);

	if (r < 0)
		return r;
	r = mw_pickup_event_add(p, t->row.number, MW_EVENT_FAILED, NULL, now, err);
	if (r == 0 && t->locks)
		r = mw_pickup_event_add(p, t->row.number, MW_EVENT_LOCKED, NULL, now, err);
	if (r == 0 && t->locks)
		r = mw_pickup_mail_add(p, t->row.number, mail, 0, now, err);
	r = mw_db_end(&p->db, r, err);
	return r < 0 ? r : mw_fail(err, -EPERM, "that is not the proof that was asked for");
}

static int sign_in(struct mw_pickup *p, struct try *t, int64_t now, struct mw_err *err)
{
	struct gates g;
	int r = gates_read(p, &t->row, &g, err);

	if (r < 0)
		return r;
	if (t->row.proof & MW_PROOF_CODE) {
		r = mw_db_change(&p->db, SQL_CODE_USE, DB_VALUES(DB_INT(t->row.number), DB_BLOB(t->code, sizeof(t->code))), err);
		if (r <= 0)
			return r < 0 ? r
				     : mw_fail(err, -EPERM, "that is not the proof that was asked for"); /* somebody was faster */
	}
	g.message.failures = g.address.failures = 0;
	g.message.locked_until = g.address.locked_until = 0;
	r = gates_write(p, &g, err);
	return r < 0 ? r : mw_pickup_event_add(p, t->row.number, MW_EVENT_SIGNED_IN, NULL, now, err);
}

static int prove(struct mw_pickup *p, struct try *t, const unsigned char secret[MW_PICKUP_SECRET],
		 const struct mw_pickup_proof *proof, enum mw_pickup_mail mail, int64_t now, struct mw_err *err)
{
	bool good = true;
	int r;

	/* Both are looked at, whatever the first one says. */
	if (t->row.proof & MW_PROOF_CODE)
		good = code_fits(t, secret, proof->code);
	if (t->row.proof & MW_PROOF_PASSPHRASE)
		good = mw_phrase_fits(&t->phrase, proof->passphrase) && good;
	if (!good)
		return end_badly(p, t, mail, now, err);
	r = mw_db_begin(&p->db, err);
	return r < 0 ? r : mw_db_end(&p->db, sign_in(p, t, now, err), err);
}

int mw_pickup_prove(struct mw_pickup *p, const struct mw_pickup_rule *rule, const unsigned char id[MW_PICKUP_ID],
		    const unsigned char secret[MW_PICKUP_SECRET], const struct mw_pickup_proof *proof, enum mw_pickup_mail mail,
		    int64_t now, unsigned char key[MW_PICKUP_KEY], struct mw_pickup_row *row, int64_t *wait, struct mw_err *err)
{
	struct try t = {.locks = false};
	int r = mw_pickup_check(p, id, secret, now, row, err);

	if (r == 0)
		r = mw_db_begin(&p->db, err);
	if (r == 0)
		r = mw_db_end(&p->db, begin_try(p, rule, id, now, &t, wait, err), err);
	if (r == 0)
		r = prove(p, &t, secret, proof, mail, now, err);
	OPENSSL_cleanse(&t, sizeof(t));
	return r == 0 ? mw_pickup_unlock(p, id, secret, now, key, row, err) : r;
}

static int forgive(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], int64_t now, struct mw_err *err)
{
	struct mw_pickup_row row;
	struct gates g;
	int r = mw_pickup_row_find(p, id, &row, err);

	if (r == 0)
		r = gates_read(p, &row, &g, err);
	if (r < 0)
		return r;
	g.message = g.address = (struct gate){.failures = 0};
	r = gates_write(p, &g, err);
	return r < 0 ? r : mw_pickup_event_add(p, row.number, MW_EVENT_UNLOCKED, NULL, now, err);
}

int mw_pickup_unlock_tries(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], int64_t now, struct mw_err *err)
{
	int r = mw_db_begin(&p->db, err);

	return r < 0 ? r : mw_db_end(&p->db, forgive(p, id, now, err), err);
}
