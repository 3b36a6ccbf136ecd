/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include "usable.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define DEPTH_MOST 10
#define LEVEL 2 /* 112 bits: RSA 2048, SHA-2 */

int trust_new(struct trust *ret)
{
	struct trust t = {.store = X509_STORE_new(), .untrusted = sk_X509_new_null(), .crls = sk_X509_CRL_new_null()};

	if (!t.store || !t.untrusted || !t.crls) {
		trust_free(&t);
		return -ENOMEM;
	}
	/* An issuer that is an anchor need not be its own issuer. */
	(void)X509_STORE_set_flags(t.store, X509_V_FLAG_PARTIAL_CHAIN);
	*ret = t;
	return 0;
}

void trust_free(struct trust *t)
{
	X509_STORE_free(t->store);
	sk_X509_pop_free(t->untrusted, X509_free);
	sk_X509_CRL_pop_free(t->crls, X509_CRL_free);
	*t = (struct trust){.store = NULL};
}

int trust_add_anchor(struct trust *t, X509 *x)
{
	t->anchors++;
	return X509_STORE_add_cert(t->store, x) == 1 ? 0 : -ENOMEM;
}

int trust_add_issuer(struct trust *t, X509 *x)
{
	if (!X509_up_ref(x))
		return -ENOMEM;
	if (sk_X509_push(t->untrusted, x) > 0)
		return 0;
	X509_free(x);
	return -ENOMEM;
}

int trust_add_crl(struct trust *t, X509_CRL *crl)
{
	if (!X509_CRL_up_ref(crl))
		return -ENOMEM;
	if (sk_X509_CRL_push(t->crls, crl) > 0)
		return 0;
	X509_CRL_free(crl);
	return -ENOMEM;
}

/* There must be a list for every certificate but the anchor, which its site has chosen. */
static int below_anchor(int ok, X509_STORE_CTX *ctx)
{
	int code = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);

	if (ok || depth + 1 != sk_X509_num(X509_STORE_CTX_get0_chain(ctx)))
		return ok;
	return code == X509_V_ERR_UNABLE_TO_GET_CRL || code == X509_V_ERR_CRL_HAS_EXPIRED ||
	       code == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER;
}

/* ---- causes ---------------------------------------------------------------------------------------------------------------------- */

/* The list of the certificate's issuer that ends last. */
static const X509_CRL *list_of(const struct trust *t, const X509 *x)
{
	const X509_CRL *found = NULL;
	int64_t last = INT64_MIN, when;

	for (int i = 0; i < sk_X509_CRL_num(t->crls); i++) {
		const X509_CRL *crl = sk_X509_CRL_value(t->crls, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x)) == 0 &&
		    usable_time(X509_CRL_get0_nextUpdate(crl), &when) && when > last) {
			last = when;
			found = crl;
		}
	}
	return found;
}

static enum trust_found revoked(const struct trust *t, X509 *x, int depth, char why[SMIME_WHY])
{
	char date[SMIME_DATE] = "an unknown date";
	X509_REVOKED *entry = NULL;
	int64_t when;

	for (int i = 0; !entry && i < sk_X509_CRL_num(t->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(t->crls, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x)) == 0)
			(void)X509_CRL_get0_by_cert(crl, &entry, x);
	}
	if (entry && usable_time(X509_REVOKED_get0_revocationDate(entry), &when))
		smime_date(when, date);
	(void)snprintf(why, SMIME_WHY, "%s on %s", depth ? "an issuer of it was revoked" : "revoked", date);
	return TRUST_REVOKED;
}

static enum trust_found list_ended(const struct trust *t, const X509 *x, char why[SMIME_WHY])
{
	const X509_CRL *crl = list_of(t, x);
	char date[SMIME_DATE] = "an unknown date";
	int64_t when;

	if (crl && usable_time(X509_CRL_get0_nextUpdate(crl), &when))
		smime_date(when, date);
	(void)snprintf(why, SMIME_WHY, "cannot be known to be unrevoked: the revocation list of its issuer ended on %s", date);
	return TRUST_NO_CRL;
}

static enum trust_found cause(const struct trust *t, X509_STORE_CTX *ctx, char why[SMIME_WHY])
{
	int code = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	X509 *x = sk_X509_value(X509_STORE_CTX_get0_chain(ctx), depth);

	switch (code) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		(void)snprintf(why, SMIME_WHY, "its issuer is not trusted");
		return TRUST_BAD;
	case X509_V_ERR_CERT_REVOKED:
		return revoked(t, x, depth, why);
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
		(void)snprintf(why, SMIME_WHY, "cannot be known to be unrevoked: there is no revocation list of %s",
			       depth ? "an issuer above its own" : "its issuer");
		return TRUST_NO_CRL;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return list_ended(t, x, why);
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		(void)snprintf(why, SMIME_WHY, "%s is not valid now", depth ? "an issuer of it" : "it");
		return TRUST_BAD;
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
	case X509_V_ERR_EE_KEY_TOO_SMALL:
		(void)snprintf(why, SMIME_WHY, "weak: a key or signature of %s", depth ? "an issuer of it" : "it");
		return TRUST_BAD;
	default:
		(void)snprintf(why, SMIME_WHY, "its issuer is not trusted: %s", X509_verify_cert_error_string(code));
		return TRUST_BAD;
	}
}

/* ---- the chain ------------------------------------------------------------------------------------------------------------------- */

static bool issuers_good(STACK_OF(X509) * chain, char why[SMIME_WHY])
{
	for (int i = 1; i < sk_X509_num(chain); i++) {
		if (X509_get_extended_key_usage(sk_X509_value(chain, i)) & (XKU_SMIME | XKU_ANYEKU))
			continue;
		(void)snprintf(why, SMIME_WHY, "its issuer may not certify for mail (extended key usage)");
		return false;
	}
	return true;
}

static enum trust_found verify(const struct trust *t, X509_STORE_CTX *ctx, STACK_OF(X509) * *chain, char why[SMIME_WHY])
{
	STACK_OF(X509) * all;

	if (X509_verify_cert(ctx) != 1)
		return cause(t, ctx, why);
	all = X509_STORE_CTX_get1_chain(ctx);
	if (!all || !issuers_good(all, why)) {
		if (!all)
			(void)snprintf(why, SMIME_WHY, "there is no memory");
		sk_X509_pop_free(all, X509_free);
		return TRUST_BAD;
	}
	if (chain)
		*chain = all;
	else
		sk_X509_pop_free(all, X509_free);
	return TRUST_GOOD;
}

/* Both stacks in one, without references of its own. */
static STACK_OF(X509) * join(STACK_OF(X509) * a, STACK_OF(X509) * b)
{
	STACK_OF(X509) *all = a ? sk_X509_dup(a) : sk_X509_new_null();

	for (int i = 0; all && i < sk_X509_num(b); i++)
		if (sk_X509_push(all, sk_X509_value(b, i)) <= 0) {
			sk_X509_free(all);
			return NULL;
		}
	return all;
}

enum trust_found trust_chain(const struct trust *t, X509 *x, STACK_OF(X509) * by, int64_t now, bool crl, STACK_OF(X509) * *chain,
			     char why[SMIME_WHY])
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *issuers = join(t->untrusted, by);
	enum trust_found found = TRUST_BAD;
	X509_VERIFY_PARAM *param;

	if (ctx && issuers && X509_STORE_CTX_init(ctx, t->store, x, issuers) == 1) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
		X509_VERIFY_PARAM_set_depth(param, DEPTH_MOST);
		X509_VERIFY_PARAM_set_auth_level(param, LEVEL);
		if (crl) {
			(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
			X509_STORE_CTX_set0_crls(ctx, t->crls);
			X509_STORE_CTX_set_verify_cb(ctx, below_anchor);
		}
		found = verify(t, ctx, chain, why);
	} else {
		(void)snprintf(why, SMIME_WHY, "there is no memory");
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(issuers);
	ERR_clear_error();
	return found;
}

static void earliest(const ASN1_TIME *t, int64_t now, int64_t *until)
{
	int64_t when;

	if (usable_time(t, &when) && when >= now && when < *until)
		*until = when;
}

int64_t trust_until(const struct trust *t, STACK_OF(X509) * chain, int64_t now)
{
	int64_t until = INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++)
		earliest(X509_get0_notAfter(sk_X509_value(chain, i)), now, &until);
	for (int i = 0; i < sk_X509_CRL_num(t->crls); i++)
		earliest(X509_CRL_get0_nextUpdate(sk_X509_CRL_value(t->crls, i)), now, &until);
	return until;
}
