/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include "harvest.h"
#include "milters/dkim/from.h"
#include "usable.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNERS_MOST 8

/* Who is to have signed. */
struct author {
	char address[NAMES_ADDRESS]; /* "" = not known */
	bool named;		     /* the signed content says it, not the envelope alone */
};

static void say(struct mw_opened *ret, enum mw_signature what, const char *why)
{
	ret->signature = what;
	(void)snprintf(ret->why, sizeof(ret->why), "%.*s", (int)sizeof(ret->why) - 1, why);
}

/* ---- the author ------------------------------------------------------------------------------------------------------------------ */

/* False: the content names several authors, or one that not everybody reads in the same way. */
static bool find_author(const struct verify_work *w, struct author *a)
{
	struct entity e;
	struct mw_str value;
	struct mw_dkim_from from;
	bool good = true;
	int r;

	*a = (struct author){.named = false};
	if (strlen(w->sender) < sizeof(a->address))
		(void)strcpy(a->address, w->sender);
	if (entity_load(w->fd, w->content, &e) < 0)
		return true; /* it has no fields */
	r = entity_find(&e, "From", &value);
	if (r == 1 && mw_dkim_from_parse(value.p, value.n, &from) == 0) {
		a->named = true;
		good = snprintf(a->address, sizeof(a->address), "%s@%s", from.local, from.domain) < (int)sizeof(a->address);
	} else if (r != 0) {
		good = false;
	}
	entity_free(&e);
	return good;
}

/* ---- one signer ------------------------------------------------------------------------------------------------------------------ */

static bool digest_good(CMS_SignerInfo *si)
{
	X509_ALGOR *digest = NULL;
	int nid;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
	nid = digest ? OBJ_obj2nid(digest->algorithm) : NID_undef;
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512 || nid == NID_sha224 || nid == NID_sha3_256 ||
	       nid == NID_sha3_384 || nid == NID_sha3_512;
}

/* Is this the author's certificate, as far as the site can know? */
static void judge_signer(struct smime *s, const struct index *ix, CMS_SignerInfo *si, X509 *x, STACK_OF(X509) * certs,
			 const struct author *a, int64_t now, struct mw_opened *ret)
{
	int64_t until = INT64_MAX;
	char why[SMIME_WHY];
	struct names names;

	if (!digest_good(si)) {
		say(ret, MW_SIGNATURE_UNKNOWN, "weak: its hash is SHA-1 or older");
	} else if (!usable_now(x, USABLE_TO_SIGN, now, why)) {
		say(ret, MW_SIGNATURE_UNKNOWN, why);
	} else if (ix->trust.anchors == 0) {
		say(ret, MW_SIGNATURE_UNKNOWN, "there are no anchors");
	} else if (site_trusts(&s->site, ix, x, certs, now, &until, why) <= 0) {
		say(ret, MW_SIGNATURE_UNKNOWN, why);
	} else if (names_of(x, &names) == 0) {
		bool own = a->address[0] && names_have(&names, a->address);

		if (a->named && !own) {
			say(ret, MW_SIGNATURE_UNKNOWN, "the certificate is not of the author's address");
		} else if (names.n == 0) {
			say(ret, MW_SIGNATURE_UNKNOWN, "the certificate is of no address");
		} else {
			say(ret, MW_SIGNATURE_GOOD, "");
			(void)snprintf(ret->signer, sizeof(ret->signer), "%s", own ? a->address : names.v[0]);
		}
		names_drop(&names);
	} else {
		say(ret, MW_SIGNATURE_UNKNOWN, "there is no memory");
	}
}

/* The best of its signers: each signature fits, or this is not asked. */
static int judge_signers(struct smime *s, CMS_ContentInfo *cms, const struct author *a, int64_t now, struct mw_opened *ret)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(cms);
	STACK_OF(X509) *certs = CMS_get1_certs(cms);
	struct index *ix = site_index(&s->site);
	int r = 0;

	for (int i = 0; r == 0 && i < sk_CMS_SignerInfo_num(all); i++) {
		CMS_SignerInfo *si = sk_CMS_SignerInfo_value(all, i);
		struct mw_opened one = {.signature = MW_UNSIGNED};
		X509 *x = NULL;

		CMS_SignerInfo_get0_algs(si, NULL, &x, NULL, NULL);
		judge_signer(s, ix, si, x, certs, a, now, &one);
		if (i == 0 || one.signature == MW_SIGNATURE_GOOD) {
			ret->signature = one.signature;
			memcpy(ret->signer, one.signer, sizeof(ret->signer));
			memcpy(ret->why, one.why, sizeof(ret->why));
		}
		if (one.signature == MW_SIGNATURE_GOOD && s->conf->store && names_equal(one.signer, a->address)) {
			r = harvest_key(s, ix, si, certs, one.signer, now, &ret->keep);
			break;
		}
	}
	index_unref(ix);
	sk_X509_pop_free(certs, X509_free);
	return r;
}

/* ---- the value ------------------------------------------------------------------------------------------------------------------- */

static bool fits(const struct smime *s, CMS_ContentInfo *cms, const struct verify_work *w)
{
	struct segments segments = {.n = 0};
	struct source source = {.get = segments_get, .ctx = &segments};
	BIO *content;
	bool good;

	segments_range(&segments, w->fd, w->content);
	content = pipe_source(&s->pipes, &source);
	good = content && CMS_verify(cms, NULL, NULL, content, NULL, CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	BIO_free(content);
	return good && source.failed == 0;
}

static int verify(struct smime *s, CMS_ContentInfo *cms, const struct verify_work *w, struct mw_opened *ret)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(cms);
	struct author author;

	if (sk_CMS_SignerInfo_num(all) < 1)
		say(ret, MW_UNSIGNED, "it says that it is signed, and is not");
	else if (sk_CMS_SignerInfo_num(all) > SIGNERS_MOST)
		say(ret, MW_SIGNATURE_UNKNOWN, "it has too many signatures");
	else if (!fits(s, cms, w))
		say(ret, MW_SIGNATURE_BAD, "the signature does not fit, or its certificate is missing");
	else if (!find_author(w, &author))
		say(ret, MW_SIGNATURE_UNKNOWN, "it is not clear who its author is");
	else
		return judge_signers(s, cms, &author, w->now, ret);
	return 0;
}

int verify_value(struct smime *s, const char *der, size_t n, const struct verify_work *w, struct mw_opened *ret)
{
	const unsigned char *p = (const unsigned char *)der;
	CMS_ContentInfo *cms = n <= LONG_MAX ? d2i_CMS_ContentInfo(NULL, &p, (long)n) : NULL;
	int r = 0;

	if (!cms || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		say(ret, MW_SIGNATURE_BAD, "the signature is damaged");
	else
		r = verify(s, cms, w, ret);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return r;
}
