/* SPDX-License-Identifier: Apache-2.0 */
#include "arc.h"

#include "canon.h"
#include "results.h"
#include "sigcheck.h"
#include "sigkey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A key of the chain: asked for once. */
struct key {
	const char *selector, *domain; /* of the field that named it first */
	enum mw_auth_word word;
	const char *why;
	struct mw_sigkey key;
	EVP_PKEY *pkey;
};

struct work {
	const struct mw_auth_mail *mail;
	const struct mw_resolver *resolver;
	struct mw_arc_result *to;
	struct mw_arc_chain chain;
	struct mw_bodies bodies;
	int body[MW_ARC_SETS]; /* index into bodies */
	unsigned minimum_bits;
	size_t keys, room;
	struct key *key;
};

static int say(struct work *w, enum mw_auth_word word, const char *what, unsigned instance, const char *why)
{
	w->to->word = word;
	if (instance)
		(void)snprintf(w->to->why, sizeof(w->to->why), "%s of instance %u: %s", what, instance, why);
	else
		(void)snprintf(w->to->why, sizeof(w->to->why), "%s", why);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------- */

/* NULL: there are more keys than are asked for. */
static const struct key *get_key(struct work *w, const struct mw_sigfield *f)
{
	struct key *k = w->key;
	bool revoked;

	for (; k < w->key + w->keys; k++)
		if (strcmp(k->selector, f->selector) == 0 && strcmp(k->domain, f->domain) == 0)
			return k;
	if (w->keys == w->room)
		return NULL;
	w->keys++;
	k->selector = f->selector;
	k->domain = f->domain;
	k->word = mw_sigkey_get(w->resolver, f->selector, f->domain, &k->key, &revoked, &k->why);
	k->pkey = k->word == MW_AUTH_PASS ? mw_sigcheck_key(&k->key) : NULL;
	return k;
}

static enum mw_auth_word check(struct work *w, const struct mw_sigfield *f, const unsigned char hash[32], const char **why)
{
	const struct key *k = get_key(w, f);

	*why = "too many keys in the chain";
	if (!k)
		return MW_AUTH_FAIL;
	*why = k->why;
	if (k->word != MW_AUTH_PASS)
		return k->word;
	w->to->secure = w->to->secure && k->key.secure;
	return mw_sigcheck(f, k->pkey, hash, w->minimum_bits, why);
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------- */

/* MW_AUTH_NONE with *error: no memory. */
static enum mw_auth_word check_message(struct work *w, unsigned instance, int *error, const char **why)
{
	const struct mw_arc_set *set = &w->chain.set[instance - 1];
	const struct mw_body *body;
	unsigned char hash[32];
	int r;

	*why = "too many ways to hash the body";
	if (w->body[instance - 1] < 0)
		return MW_AUTH_FAIL;
	body = w->bodies.body[w->body[instance - 1]];
	*why = "the body has another length than what was signed (l=)";
	if (body->has_length && body->octets != body->length)
		return MW_AUTH_FAIL; /* what follows could be anybody's, and a chain has no flag to say so */
	*why = "the body was changed";
	if (memcmp(body->hash, set->ams.body_hash, sizeof(body->hash)) != 0)
		return MW_AUTH_FAIL;
	*why = "the signature has expired";
	if (set->ams.has_expiry && (w->mail->now < 0 || (uint64_t)w->mail->now > set->ams.expiry))
		return MW_AUTH_FAIL;
	r = mw_canon_header(&set->ams, w->mail, set->message, hash);
	*why = "a field that is covered holds what no header may";
	if (r == -EBADMSG)
		return MW_AUTH_FAIL;
	*error = r;
	return r < 0 ? MW_AUTH_NONE : check(w, &set->ams, hash, why);
}

static enum mw_auth_word check_seal(struct work *w, unsigned instance, int *error, const char **why)
{
	unsigned char hash[32];

	*error = mw_arc_seal_hash(&w->chain, instance, NULL, false, hash);
	return *error < 0 ? MW_AUTH_NONE : check(w, &w->chain.set[instance - 1].as, hash, why);
}

static int hash_bodies(struct work *w)
{
	for (unsigned i = w->chain.n; i-- > 0;) {
		w->body[i] = mw_bodies_add(&w->bodies, w->mail, &w->chain.set[i].ams);
		if (w->body[i] == -ENOMEM)
			return -ENOMEM;
	}
	return mw_bodies_run(&w->bodies, w->mail);
}

/* From which instance on the message is as it was: those who only handed it on are seen so. */
static int find_oldest(struct work *w)
{
	const char *why;
	int error = 0;

	for (unsigned i = w->chain.n - 1; i > 0; i--)
		if (check_message(w, i, &error, &why) != MW_AUTH_PASS) {
			w->to->oldest_pass = i + 1;
			break;
		}
	return error;
}

static int check_chain(struct work *w)
{
	enum mw_auth_word word;
	const char *why;
	int error = 0;

	word = check_message(w, w->chain.n, &error, &why);
	if (error < 0)
		return error;
	if (word != MW_AUTH_PASS)
		return say(w, word == MW_AUTH_TEMPERROR ? word : MW_AUTH_FAIL, MW_ARC_MESSAGE, w->chain.n, why);
	for (unsigned i = w->chain.n; i > 0; i--) {
		word = check_seal(w, i, &error, &why);
		if (error < 0)
			return error;
		if (word != MW_AUTH_PASS)
			return say(w, word == MW_AUTH_TEMPERROR ? word : MW_AUTH_FAIL, MW_ARC_SEAL, i, why);
	}
	w->to->word = MW_AUTH_PASS;
	return find_oldest(w);
}

/* ---- what the newest sealer says -------------------------------------------------------------------------------------------- */

static void take_dmarc(struct mw_arc_result *to, const struct mw_results_item *item)
{
	to->said_dmarc = mw_results_word(item->result);
	for (size_t i = 0; i < item->n; i++) {
		const struct mw_results_property *p = &item->property[i];

		if (strcmp(p->type, "header") == 0 && strcmp(p->property, "from") == 0 &&
		    !mw_sigfield_name((struct mw_str){.p = p->value, .n = strlen(p->value)}, to->said_from))
			to->said_from[0] = '\0';
	}
}

static void read_said(struct work *w)
{
	const struct mw_field *f = w->chain.set[w->chain.n - 1].results;
	struct mw_results_reader reader;
	struct mw_results_item item;
	char id[MW_AUTH_NAME];
	unsigned instance;

	if (!f || mw_results_begin_arc(&reader, f->value.p, f->value.n, &instance, id) < 0)
		return;
	while (mw_results_next(&reader, &item) == 1) {
		if (strcmp(item.method, "dmarc") == 0)
			take_dmarc(w->to, &item);
		else if (strcmp(item.method, "spf") == 0)
			w->to->said_spf = mw_results_word(item.result);
		else if (strcmp(item.method, "dkim") == 0 && w->to->said_dkim != MW_AUTH_PASS)
			w->to->said_dkim = mw_results_word(item.result);
	}
}

static int name_sealers(struct work *w)
{
	w->to->sets = w->chain.n;
	if (w->chain.n == 0)
		return 0;
	memcpy(w->to->sealer, w->chain.set[w->chain.n - 1].as.domain, sizeof(w->to->sealer));
	w->to->every_sealer = w->mail->alloc(w->mail->alloc_ctx, w->chain.n * sizeof(*w->to->every_sealer));
	if (!w->to->every_sealer)
		return -ENOMEM;
	w->to->sealers = w->chain.n;
	for (unsigned i = 0; i < w->chain.n; i++)
		memcpy(w->to->every_sealer[i], w->chain.set[i].as.domain, MW_AUTH_NAME);
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------------------------------------------- */

static int validate(struct work *w)
{
	int r = mw_arc_chain_read(w->mail, &w->chain);

	if (r == 0)
		r = name_sealers(w);
	if (r < 0 || (w->chain.n == 0 && w->chain.whole))
		return r;
	if (!w->chain.whole)
		return say(w, MW_AUTH_FAIL, NULL, 0, w->chain.why);
	w->room = 2 * w->chain.n < MW_ARC_KEYS ? 2 * w->chain.n : MW_ARC_KEYS;
	w->key = w->mail->alloc(w->mail->alloc_ctx, w->room * sizeof(*w->key));
	if (!w->key)
		return -ENOMEM;
	read_said(w);
	w->to->secure = true;
	r = hash_bodies(w);
	mw_bodies_end(&w->bodies);
	if (r == 0)
		r = check_chain(w);
	for (size_t i = 0; i < w->keys; i++)
		EVP_PKEY_free(w->key[i].pkey);
	w->to->secure = w->to->secure && w->to->word == MW_AUTH_PASS;
	return r;
}

int mw_arc_validate(const struct mw_auth_mail *mail, const struct mw_resolver *resolver, int64_t minimum_bits,
		    struct mw_arc_result *ret)
{
	struct work w = {.mail = mail, .resolver = resolver, .to = ret};
	int r;

	memset(ret, 0, sizeof(*ret));
	w.minimum_bits = minimum_bits > MW_SIGKEY_RSA_MIN ? (unsigned)minimum_bits : MW_SIGKEY_RSA_MIN;
	r = validate(&w);
	if (r < 0) {
		ret->secure = false;
		(void)say(&w, MW_AUTH_TEMPERROR, NULL, 0, r == -ENOMEM ? "no memory" : "the message cannot be read");
	}
	return r;
}

void mw_arc_want(const struct mw_auth_mail *mail, const struct mw_resolver *resolver)
{
	const struct mw_sigfield *last = NULL;
	struct mw_arc_chain chain;
	unsigned asked = 0;

	if (mw_arc_chain_read(mail, &chain) < 0 || !chain.whole)
		return;
	for (unsigned i = 0; i < 2 * chain.n && asked < MW_ARC_KEYS; i++) {
		const struct mw_arc_set *set = &chain.set[chain.n - 1 - i / 2];
		const struct mw_sigfield *f = i % 2 ? &set->as : &set->ams;

		if (last && strcmp(last->selector, f->selector) == 0 && strcmp(last->domain, f->domain) == 0)
			continue;
		mw_sigkey_want(resolver, f->selector, f->domain);
		last = f;
		asked++;
	}
}
