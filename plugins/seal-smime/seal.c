/* SPDX-License-Identifier: Apache-2.0 */
#include "seal.h"

#include "envelope.h"
#include "sign.h"
#include "usable.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

int smime_able(void *inst, const char *recipient, int64_t now, struct mw_err *err)
{
	struct smime *s = inst;
	const struct index_cert *cert;
	char why[2 * SMIME_WHY] = "";
	struct index *ix;
	int able;

	site_refresh(&s->site);
	ix = site_index(&s->site);
	able = site_choose(&s->site, ix, recipient, now, &cert, why);
	index_unref(ix);
	if (able < 0)
		return s->host->fail(err, able, "%s", why);
	if (able == 0 && err) { /* no failure: what a person reads */
		(void)s->host->fail(err, -ENOKEY, "%s", why);
		err->code = 0;
	}
	return able;
}

/* Who signs for this sender now; NULL: nobody, the message goes without a signature. */
static const struct key *signer_of(const struct smime *s, const struct mw_seal_work *w)
{
	const struct key *k = keys_find(&s->signers, w->sender);
	char why[SMIME_WHY];

	if (k && usable_now(k->cert, USABLE_TO_SIGN, w->now, why))
		return k;
	k = s->gateway.n ? s->gateway.v : NULL;
	return k && usable_now(k->cert, USABLE_TO_SIGN, w->now, why) ? k : NULL;
}

/* SHA-256 of a certificate, for the audit record. */
static void tell(const X509 *x, char *to, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_digest(x, EVP_sha256(), digest, &n) != 1)
		return;
	for (unsigned i = 0; i < n && 2 * i + 2 < size; i++)
		(void)snprintf(to + (size_t)2 * i, 3, "%02x", digest[i]);
}

static int seal_to(const struct smime *s, const struct index_cert *cert, const struct mw_seal_work *w, struct mw_err *err)
{
	const struct envelope e = {.cert = cert->x,
				   .gcm = cert->gcm || smime_listed(&s->conf->gcm, w->recipient),
				   .oaep = smime_listed(&s->conf->oaep, w->recipient)};
	const struct key *key = signer_of(s, w);
	struct segments segments = {.n = 0};
	struct source source = {.get = segments_get, .ctx = &segments};
	struct signing signing = {.before = NULL};
	struct entity_range all;
	int r = entity_file(w->in, &all);

	if (r < 0)
		return s->host->fail(err, r, "the message cannot be read: %s", strerror(-r));
	if (key)
		r = sign_entity(s->host, &s->pipes, key, w->in, all, &signing, err);
	if (r == 0) {
		if (key)
			segments_text(&segments, signing.before, signing.before_n);
		segments_range(&segments, w->in, all);
		if (key)
			segments_text(&segments, signing.behind, signing.behind_n);
		r = envelope_write(s->host, &s->pipes, &e, &source, w->out, err);
	}
	sign_free(&signing);
	if (r == 0 && w->made) {
		tell(cert->x, w->made->key, sizeof(w->made->key));
		if (key)
			tell(key->cert, w->made->signer, sizeof(w->made->signer));
	}
	return r == 0 ? 1 : r;
}

int smime_seal(void *inst, const struct mw_seal_work *w, struct mw_err *err)
{
	struct smime *s = inst;
	const struct index_cert *cert;
	char why[2 * SMIME_WHY] = "";
	struct index *ix;
	int r;

	site_refresh(&s->site);
	ix = site_index(&s->site);
	r = site_choose(&s->site, ix, w->recipient, w->now, &cert, why);
	if (r > 0)
		r = seal_to(s, cert, w, err);
	else if (r < 0)
		r = s->host->fail(err, r, "%s", why);
	else if (err) {
		(void)s->host->fail(err, -ENOKEY, "%s", why);
		err->code = 0;
	}
	index_unref(ix);
	return r;
}
