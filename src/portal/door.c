/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/door.h"

#include "base/clock.h"
#include "base/log.h"
#include "portal/code.h"
#include "portal/pages.h"
#include "portal/portal.h"
#include "portal/work.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define FORM_AGE 43200 /* seconds: a page may stay open over night */

/* What a link leads to. */
struct door {
	unsigned char id[MW_PICKUP_ID], secret[MW_PICKUP_SECRET];
	char text[MW_PICKUP_ID_TEXT]; /* of the id, for the log */
	struct mw_pickup_row row;
};

static void forget(struct door *d)
{
	OPENSSL_cleanse(d->secret, sizeof(d->secret));
}

/* It ended by somebody's doing, which is not told. */
static bool recalled(const struct mw_request *r, const struct door *d)
{
	return d->row.state == MW_PICKUP_RECALLED || (d->row.state != MW_PICKUP_EXPIRED && d->row.expires > r->now);
}

/* Of a link that is right. */
static void expired(struct mw_request *r, const struct door *d)
{
	struct mw_values *v = mw_page_values(r);

	if (v)
		mw_values_date(v, "expires", d->row.expires);
	mw_page(r, 410, "expired.html", v);
}

/* False: there is an answer. */
static bool find(struct mw_request *r, struct door *d)
{
	struct mw_err err = {0};
	int found;

	if (!mw_pickup_link_parse(r->arg[0], d->id, d->secret)) {
		mw_page_gone(r);
		return false;
	}
	mw_pickup_id_text(d->id, d->text);
	found = mw_pickup_check(r->store, d->id, d->secret, r->now, &d->row, &err);
	if (found == 0 && d->row.locked_until > r->now)
		found = -EACCES;
	/* A page that tells nothing is in the browser's language, too, as for a link that leads nowhere. */
	if (found == 0 || (found == -ESTALE && !recalled(r, d)))
		mw_page_language(r, d->row.language);
	if (found == -ENOENT || found == -EACCES || (found == -ESTALE && recalled(r, d))) {
		mw_page_gone(r);
	} else if (found == -ESTALE) {
		expired(r, d);
	} else if (found < 0) {
		mw_log(MW_ERROR, NULL, "store", "%s", err.text);
		mw_page_later(r);
	}
	if (found < 0)
		forget(d);
	return found == 0;
}

/* The values that pages with a form of this door have. NULL: no memory. */
static struct mw_values *values(struct mw_request *r, const struct door *d, const char *purpose)
{
	struct mw_values *v = mw_page_values(r);
	char csrf[MW_SECRET_FORM];

	if (!v || !mw_secret_form(r->portal->form_key, purpose, r->arg[0], r->now, csrf))
		return NULL;
	mw_values_set(v, "link", r->arg[0]);
	mw_values_puts(v, "csrf", csrf);
	mw_values_flag(v, "code", d->row.proof & MW_PROOF_CODE);
	mw_values_flag(v, "passphrase", d->row.proof & MW_PROOF_PASSPHRASE);
	return v;
}

void mw_door_show(struct mw_request *r)
{
	struct door d;

	if (!find(r, &d))
		return;
	forget(&d);
	mw_page(r, 200, "link.html", values(r, &d, "ask"));
}

/* ---- asking for a code ----------------------------------------------------------------------------------------------------------- */

/* False: there is an answer. again: the form was the one on the page with the code's field. */
static bool take_csrf(struct mw_request *r, bool *again)
{
	struct mw_str csrf = mw_request_field(r, "csrf");
	bool asks = mw_secret_form_good(r->portal->form_key, "ask", r->arg[0], r->now, FORM_AGE, csrf);

	*again = mw_secret_form_good(r->portal->form_key, "code", r->arg[0], r->now, FORM_AGE, csrf);
	if (!asks && !*again)
		mw_page_stale(r);
	return asks || *again;
}

enum said { NOTHING, WRONG, AGAIN, MANY };

static void show_code(struct mw_request *r, const struct door *d, unsigned status, enum said said)
{
	struct mw_values *v = values(r, d, "code");

	if (v) {
		mw_values_number(v, "minutes", mw_pickup_rule_usual.code_life / 60);
		mw_values_flag(v, "wrong", said == WRONG);
		mw_values_flag(v, "again", said == AGAIN);
		mw_values_flag(v, "many", said == MANY);
	}
	mw_page(r, status, "code.html", v);
}

/* It was not mailed, and is none of the three in an hour. */
static void take_back(struct mw_request *r, const struct door *d, const char code[MW_PICKUP_CODE])
{
	struct mw_err err = {0};

	if (mw_pickup_code_unsent(r->store, d->id, d->secret, code, r->now, &err) < 0)
		mw_log(MW_ERROR, d->text, "code", "%s", err.text);
}

/* A code goes to the mailbox. False: there is an answer. */
static bool send_code(struct mw_request *r, struct door *d, enum said *said)
{
	char code[MW_PICKUP_CODE];
	struct mw_err err = {0};
	int64_t wait = 0;
	int made = mw_pickup_code_new(r->store, &mw_pickup_rule_usual, d->id, d->secret, r->now, code, &wait, &err);

	if (made == -EAGAIN) { /* the page is the same, but that it says so */
		*said = MANY;
		return true;
	}
	if (made == 0) {
		made = mw_code_mail(r->site, r->portal->host, &d->row, code, mw_pickup_rule_usual.code_life / 60, &err);
		mw_log(made < 0 ? MW_ERROR : MW_INFO, d->text, "code", "%s client=%s", made < 0 ? err.text : "mailed", r->client);
		if (made < 0 && made != -EINPROGRESS)
			take_back(r, d, code);
		OPENSSL_cleanse(code, sizeof(code));
	} else if (made != -ENOENT && made != -EACCES && made != -ESTALE) {
		mw_log(MW_ERROR, d->text, "code", "%s", err.text);
	} else {
		mw_page_gone(r);
	}
	if (made < 0)
		mw_page_later(r);
	return made == 0;
}

/* The code of before stays good when there is no turn. */
static bool send_code_in_turn(struct mw_request *r, struct door *d, enum said *said)
{
	bool sent;

	if (!mw_work_may_post(r->portal)) {
		mw_log(MW_WARNING, d->text, "code", "not mailed: too many wait for the MTA");
		mw_page_later(r);
		return false;
	}
	sent = send_code(r, d, said);
	mw_work_posted(r->portal);
	return sent;
}

void mw_door_ask(struct mw_request *r)
{
	enum said said = NOTHING;
	struct door d;
	bool again, good;

	if (!take_csrf(r, &again) || !find(r, &d))
		return;
	good = !(d.row.proof & MW_PROOF_CODE) || send_code_in_turn(r, &d, &said);
	forget(&d);
	if (good)
		show_code(r, &d, 200, said == NOTHING && again ? AGAIN : said);
}

/* ---- entering -------------------------------------------------------------------------------------------------------------------- */

/* The digits of what was typed, terminated; NULL when there is anything but digits, blanks and dashes, or too much of it. */
static const char *take_code(struct mw_request *r)
{
	struct mw_str typed = mw_request_field(r, "code");
	char *code = mw_arena_alloc(r->arena, MW_PICKUP_CODE);
	size_t n = 0;

	for (size_t i = 0; i < typed.n && code; i++) {
		char c = typed.p[i];

		if (c == ' ' || c == '-' || c == '\t')
			continue;
		if (c < '0' || c > '9' || n == MW_PICKUP_CODE - 1)
			return NULL;
		code[n++] = c;
	}
	return n ? code : NULL;
}

static const char *take_passphrase(struct mw_request *r)
{
	struct mw_str typed = mw_request_field(r, "passphrase");

	if (!typed.n || typed.n > MW_PICKUP_PASSPHRASE || memchr(typed.p, 0, typed.n))
		return NULL;
	return mw_arena_dup(r->arena, typed.p, typed.n);
}

static bool complete(const struct door *d, const struct mw_pickup_proof *proof)
{
	return (!(d->row.proof & MW_PROOF_CODE) || proof->code) && (!(d->row.proof & MW_PROOF_PASSPHRASE) || proof->passphrase);
}

/* The cookie is for the paths of this message; nothing else is sent along by another site, or seen by a script. */
static void begin_session(struct mw_request *r, const struct door *d, const unsigned char key[MW_PICKUP_KEY])
{
	char token[MW_SESSION_TOKEN], text[256], *to_path, *to_cookie;
	struct mw_err err = {0};

	if (mw_sessions_begin(r->portal->sessions, d->id, key, mw_clock_ms(), token, &err) < 0) {
		mw_log(MW_ERROR, d->text, "session", "%s", err.text);
		mw_page_later(r);
		return;
	}
	(void)snprintf(text, sizeof(text), "/read/%s", d->text);
	mw_page_see(r, text);
	to_path = mw_arena_str(r->arena, text);
	(void)snprintf(text, sizeof(text), "__Secure-mw-%s=%s; Path=/read/%s; Secure; HttpOnly; SameSite=Strict", d->text, token,
		       d->text);
	mw_page_header(r, "Set-Cookie", text);
	to_cookie = mw_arena_dup(r->arena, text, strcspn(text, ";"));
	if (to_path && to_cookie) {
		r->to_path = mw_str(to_path);
		r->to_cookie = mw_str(to_cookie);
	}
	OPENSSL_cleanse(token, sizeof(token));
	OPENSSL_cleanse(text, sizeof(text));
}

void mw_door_enter(struct mw_request *r)
{
	unsigned char key[MW_PICKUP_KEY];
	struct mw_pickup_proof proof;
	struct mw_err err = {0};
	struct door d;
	int64_t wait = 0;
	bool again;
	int shown;

	if (!take_csrf(r, &again) || !find(r, &d))
		return;
	proof = (struct mw_pickup_proof){.code = take_code(r), .passphrase = take_passphrase(r)};
	if (!complete(&d, &proof)) { /* what fills no field in guesses nothing, and locks nobody out */
		forget(&d);
		show_code(r, &d, 403, WRONG);
		return;
	}
	shown = mw_pickup_prove(r->store, &mw_pickup_rule_usual, d.id, d.secret, &proof,
				r->site->conf->receipts ? MW_MAIL_LOCKED : MW_MAIL_NONE, r->now, key, &d.row, &wait, &err);
	forget(&d);
	if (shown == 0) {
		mw_log(MW_INFO, d.text, "signed-in", "client=%s", r->client);
		begin_session(r, &d, key);
		OPENSSL_cleanse(key, sizeof(key));
	} else if (shown == -EPERM) {
		mw_log(MW_NOTICE, d.text, "refused", "client=%s", r->client);
		show_code(r, &d, 403, WRONG);
	} else if (shown == -EAGAIN || shown == -ENOENT || shown == -EACCES || shown == -ESTALE) {
		mw_page_gone(r);
	} else {
		mw_log(MW_ERROR, d.text, "prove", "%s", err.text);
		mw_page_later(r);
	}
}

/* ---- leaving --------------------------------------------------------------------------------------------------------------------- */

void mw_door_leave(struct mw_request *r)
{
	char text[160], id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(r->session.id, id);
	mw_sessions_end(r->portal->sessions, r->session.id, mw_request_token(r));
	mw_page(r, 200, "left.html", mw_page_values(r));
	(void)snprintf(text, sizeof(text), "__Secure-mw-%s=; Path=/read/%s; Max-Age=0; Secure; HttpOnly; SameSite=Strict", id,
		       id);
	mw_page_header(r, "Set-Cookie", text);
	mw_page_header(r, "Clear-Site-Data", "\"cache\"");
}
