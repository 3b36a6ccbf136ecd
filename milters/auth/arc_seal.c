/* SPDX-License-Identifier: Apache-2.0 */
#include "arc_seal.h"

#include "../dkim/key.h"
#include "arc_chain.h"
#include "canon.h"
#include "results.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define WIDTH 72u     /* of lines */
#define COVERED 128u  /* fields that the message signature covers */
#define RSA_MAX 8192u /* bits: a key that no verifier takes is of no use */

struct mw_arc_sealer {
	const struct mw_host *host;
	const char *domain, *selector; /* borrowed */
	struct mw_dkim_key key;
};

/* What makes up a message for its reader, and the signatures of those before. Not what every host on the way adds or takes. */
static const char *const covered[] = {
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Post",
    "Resent-From",
    "Resent-To",
    "Resent-Date",
    "DKIM-Signature",
};

/* ---- options ---------------------------------------------------------------------------------------------------------------- */

static bool given(const char *s)
{
	return s && *s;
}

int mw_arc_sealer_check(const struct mw_host *host, bool seal, const char *domain, const char *selector, const char *key,
			struct mw_err *err)
{
	char name[MW_AUTH_NAME];

	if (!seal && (given(domain) || given(selector) || given(key)))
		return host->fail(err, -EINVAL, "arc-domain, arc-selector and arc-key are for \"arc-seal yes\"");
	if (!seal)
		return 0;
	if (!given(domain) || !given(selector) || !given(key))
		return host->fail(err, -EINVAL, "arc-seal needs all of arc-domain, arc-selector and arc-key");
	if (!mw_sigfield_name((struct mw_str){.p = domain, .n = strlen(domain)}, name) || !strchr(name, '.'))
		return host->fail(err, -EINVAL, "arc-domain: \"%s\" is no domain", domain);
	if (!mw_sigfield_name((struct mw_str){.p = selector, .n = strlen(selector)}, name))
		return host->fail(err, -EINVAL, "arc-selector: \"%s\" is no selector", selector);
	return 0;
}

int mw_arc_sealer_open(const struct mw_host *host, const char *domain, const char *selector, const char *key,
		       struct mw_arc_sealer **ret, struct mw_err *err)
{
	struct mw_arc_sealer *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return host->fail(err, -ENOMEM, "no memory");
	s->host = host;
	s->domain = domain;
	s->selector = selector;
	r = mw_dkim_key_load(host, "arc-key", key, &s->key, err);
	if (r == 0 && (s->key.ed25519 || s->key.bits > (int)RSA_MAX))
		r = host->fail(err, -EINVAL, "arc-key %s: seals are made with RSA of 1024 to %u bits, as verifiers know no other",
			       key, RSA_MAX);
	if (r < 0) {
		mw_arc_sealer_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void mw_arc_sealer_free(struct mw_arc_sealer *s)
{
	if (!s)
		return;
	mw_dkim_key_free(&s->key);
	free(s);
}

/* ---- one set ---------------------------------------------------------------------------------------------------------------- */

struct work {
	const struct mw_arc_sealer *s;
	const struct mw_auth_mail *mail;
	const struct mw_auth *found;
	struct mw_arc_chain chain;
	unsigned instance;
	const char *cv;
	struct mw_text results, message, seal;
};

static struct mw_field as_field(const char *name, const struct mw_text *value)
{
	return (struct mw_field){.name = {.p = name, .n = strlen(name)}, .value = {.p = value->p, .n = value->n}};
}

static void put_base64(struct mw_text *t, const unsigned char *p, size_t n)
{
	char text[MW_SIGFIELD_B_MAX / 3 * 4 + 8];
	size_t length = (size_t)EVP_EncodeBlock((unsigned char *)text, p, (int)n);

	for (size_t at = 0; at < length; at += WIDTH) {
		if (at)
			mw_text_put(t, "\n\t");
		mw_text_putn(t, text + at, length - at < WIDTH ? length - at : WIDTH);
	}
}

static int sign(const struct mw_arc_sealer *s, const unsigned char hash[32], struct mw_text *to)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->key.pkey, NULL);
	unsigned char b[MW_SIGFIELD_B_MAX];
	size_t n = sizeof(b);
	int r = -EIO;

	if (ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 && EVP_PKEY_sign(ctx, b, &n, hash, 32) == 1) {
		put_base64(to, b, n);
		r = to->failed ? -ENOMEM : 0;
	}
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return r;
}

/* How often a field of this name is there; 0 when one of them holds what no header may. */
static size_t count_fields(const struct mw_auth_mail *mail, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < mail->fields; i++) {
		if (!mw_field_named(mw_field_name(&mail->field[i]), name))
			continue;
		if (!mw_field_clean(&mail->field[i]))
			return 0;
		count++;
	}
	return count;
}

static void put_names(struct work *w)
{
	size_t n = 0, column = 2;

	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++)
		for (size_t count = count_fields(w->mail, covered[i]); count > 0 && n < COVERED; count--, n++) {
			mw_text_put(&w->message, n ? ":" : "");
			column += strlen(covered[i]) + 1;
			if (column > WIDTH) {
				mw_text_put(&w->message, "\n\t");
				column = strlen(covered[i]);
			}
			mw_text_put(&w->message, covered[i]);
		}
}

static int put_body_hash(struct work *w)
{
	struct mw_sigfield relaxed = {0};
	struct mw_bodies bodies = {0};
	int r = mw_bodies_add(&bodies, w->mail, &relaxed);

	if (r >= 0)
		r = mw_bodies_run(&bodies, w->mail);
	if (r == 0)
		put_base64(&w->message, bodies.body[0]->hash, sizeof(bodies.body[0]->hash));
	mw_bodies_end(&bodies);
	return r;
}

static int sign_message(struct work *w)
{
	struct mw_sigfield how = {0}; /* relaxed */
	struct mw_field own;
	unsigned char hash[32];
	size_t names, names_end;
	int r;

	mw_text_printf(&w->message, " i=%u; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s;\n\tt=%" PRId64 ";\n\th=", w->instance,
		       w->s->domain, w->s->selector, w->mail->now);
	names = w->message.n;
	put_names(w);
	names_end = w->message.n;
	mw_text_put(&w->message, ";\n\tbh=");
	r = put_body_hash(w);
	mw_text_put(&w->message, ";\n\tb=");
	if (r < 0 || w->message.failed)
		return r < 0 ? r : -ENOMEM;
	how.names = (struct mw_str){.p = w->message.p + names, .n = names_end - names};
	own = as_field(MW_ARC_MESSAGE, &w->message);
	r = mw_canon_header(&how, w->mail, &own, hash);
	return r < 0 ? r : sign(w->s, hash, &w->message);
}

static int sign_seal(struct work *w)
{
	struct mw_field results = as_field(MW_ARC_RESULTS, &w->results), message = as_field(MW_ARC_MESSAGE, &w->message), seal;
	struct mw_arc_set own = {.results = &results, .message = &message, .seal = &seal};
	unsigned char hash[32];
	int r;

	mw_text_printf(&w->seal, " i=%u; a=rsa-sha256; cv=%s; d=%s; s=%s;\n\tt=%" PRId64 ";\n\tb=", w->instance, w->cv,
		       w->s->domain, w->s->selector, w->mail->now);
	if (w->results.failed || w->seal.failed)
		return -ENOMEM;
	seal = as_field(MW_ARC_SEAL, &w->seal);
	/* RFC 8617 5.1.2: of a chain that is broken nobody can say what the seal should cover but this set. */
	r = mw_arc_seal_hash(&w->chain, w->instance, &own, strcmp(w->cv, "fail") == 0, hash);
	return r < 0 ? r : sign(w->s, hash, &w->seal);
}

/* NULL: there is to be a seal, and instance and cv are set. */
static const char *skip(struct work *w)
{
	const struct mw_arc_chain *c = &w->chain;

	if (w->found->skipped)
		return "the message is not evaluated";
	if (w->found->arc.word == MW_AUTH_TEMPERROR)
		return "the chain could not be judged";
	if (c->n >= MW_ARC_SETS)
		return "the chain is as long as it may be";
	if (c->n > 0 && c->set[c->n - 1].seal && c->set[c->n - 1].as.cv == MW_AUTH_FAIL)
		return "the chain was sealed as broken";
	w->instance = c->n + 1;
	w->cv = w->found->arc.word == MW_AUTH_PASS ? "pass" : w->found->arc.word == MW_AUTH_FAIL ? "fail" : "none";
	return NULL;
}

/* What leaves must have the chain that was judged. */
static bool same_chain(const struct work *w)
{
	return w->chain.n == w->found->arc.sets && (w->found->arc.word == MW_AUTH_FAIL || w->chain.whole);
}

static int make(struct work *w, struct mw_arc_seal *ret)
{
	int r = mw_arc_chain_read(w->mail, &w->chain);

	if (r < 0)
		return r;
	ret->skipped = skip(w);
	if (ret->skipped)
		return 0;
	if (!same_chain(w))
		return -ESTALE;
	mw_text_printf(&w->results, " i=%u;", w->instance);
	mw_results_write(&w->results, w->found, w->mail);
	r = sign_message(w);
	return r < 0 ? r : sign_seal(w);
}

int mw_arc_seal(const struct mw_arc_sealer *s, const struct mw_auth_mail *mail, const struct mw_auth *found,
		struct mw_arc_seal *ret, struct mw_err *err)
{
	struct work w = {.s = s, .mail = mail, .found = found};
	struct mw_arc_seal made = {0};
	int r = make(&w, &made);

	if (r < 0 || made.skipped) {
		mw_text_free(&w.results);
		mw_text_free(&w.message);
		mw_text_free(&w.seal);
	}
	if (r < 0)
		return s->host->fail(err, r, "cannot seal: %s", r == -ESTALE ? "the chain was changed here" : strerror(-r));
	if (!made.skipped) {
		made.results = w.results.p;
		made.message = w.message.p;
		made.seal = w.seal.p;
	}
	*ret = made;
	return 0;
}

int mw_arc_seal_add(const struct mw_host *host, struct mw_self *self, struct mw_msg *msg, const struct mw_arc_seal *seal)
{
	int r = host->add_field(self, msg, MW_ARC_RESULTS, seal->results, true);

	if (r == 0)
		r = host->add_field(self, msg, MW_ARC_MESSAGE, seal->message, true);
	return r < 0 ? r : host->add_field(self, msg, MW_ARC_SEAL, seal->seal, true);
}

void mw_arc_seal_free(struct mw_arc_seal *seal)
{
	free(seal->results);
	free(seal->message);
	free(seal->seal);
	*seal = (struct mw_arc_seal){0};
}
