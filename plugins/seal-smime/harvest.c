/* SPDX-License-Identifier: Apache-2.0 */
#include "harvest.h"

#include "usable.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ISSUERS_MOST 4
#define OTHERS_MOST 8 /* certificates beside the signer's own that are looked at */

/* ---- what the signer says -------------------------------------------------------------------------------------------------------- */

/* The only value of a signed attribute, when it is a SEQUENCE or another value as it stands. */
static const ASN1_STRING *attribute_of(CMS_SignerInfo *si, int nid)
{
	int at = CMS_signed_get_attr_by_NID(si, nid, -1);
	X509_ATTRIBUTE *a = at >= 0 ? CMS_signed_get_attr(si, at) : NULL;
	ASN1_TYPE *v = a && X509_ATTRIBUTE_count(a) == 1 ? X509_ATTRIBUTE_get0_type(a, 0) : NULL;

	return v && (v->type == V_ASN1_SEQUENCE || v->type == V_ASN1_OTHER) ? v->value.asn1_string : NULL;
}

static bool reads_gcm(CMS_SignerInfo *si)
{
	const ASN1_STRING *s = attribute_of(si, NID_SMIMECapabilities);
	const unsigned char *p = s ? ASN1_STRING_get0_data(s) : NULL;
	X509_ALGORS *caps = s ? d2i_X509_ALGORS(NULL, &p, ASN1_STRING_length(s)) : NULL;
	bool found = false;

	for (int i = 0; i < sk_X509_ALGOR_num(caps); i++)
		found = found || OBJ_obj2nid(sk_X509_ALGOR_value(caps, i)->algorithm) == NID_aes_256_gcm;
	sk_X509_ALGOR_pop_free(caps, X509_ALGOR_free);
	return found;
}

/* id-aa-encrypKeyPref, [0] issuer and serial number (RFC 8551 2.5.3). */
static X509 *preferred(CMS_SignerInfo *si, STACK_OF(X509) * certs)
{
	const ASN1_STRING *s = attribute_of(si, NID_id_smime_aa_encrypKeyPref);
	int n = s ? ASN1_STRING_length(s) : 0;
	unsigned char *copy = n > 2 && ASN1_STRING_get0_data(s)[0] == 0xa0 ? malloc((size_t)n) : NULL;
	const unsigned char *p = copy;
	PKCS7_ISSUER_AND_SERIAL *who;
	X509 *x = NULL;

	if (!copy)
		return NULL;
	memcpy(copy, ASN1_STRING_get0_data(s), (size_t)n);
	copy[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	who = d2i_PKCS7_ISSUER_AND_SERIAL(NULL, &p, n);
	if (who)
		x = X509_find_by_issuer_and_serial(certs, who->issuer, who->serial);
	PKCS7_ISSUER_AND_SERIAL_free(who);
	free(copy);
	ERR_clear_error();
	return x;
}

/* ---- the certificate ------------------------------------------------------------------------------------------------------------- */

/* May it be used to encrypt to this address? */
static bool is_good(struct smime *s, const struct index *ix, X509 *x, STACK_OF(X509) * by, const char *address, int64_t now)
{
	int64_t until = INT64_MAX;
	char why[SMIME_WHY];
	struct names names;
	bool own;

	if (!x || !usable_now(x, USABLE_TO_ENCRYPT, now, why) || names_of(x, &names) < 0)
		return false;
	own = names_have(&names, address);
	names_drop(&names);
	return own && site_trusts(&s->site, ix, x, by, now, &until, why) == 1;
}

static X509 *choose(struct smime *s, const struct index *ix, CMS_SignerInfo *si, STACK_OF(X509) * certs, const char *address,
		    int64_t now)
{
	X509 *x = preferred(si, certs), *own = NULL, *best = NULL;

	if (is_good(s, ix, x, certs, address, now))
		return x;
	CMS_SignerInfo_get0_algs(si, NULL, &own, NULL, NULL);
	if (is_good(s, ix, own, certs, address, now))
		return own;
	for (int i = 0; i < sk_X509_num(certs) && i < OTHERS_MOST; i++) {
		x = sk_X509_value(certs, i);
		if (x != own && is_good(s, ix, x, certs, address, now) &&
		    (!best || ASN1_TIME_compare(X509_get0_notBefore(x), X509_get0_notBefore(best)) > 0))
			best = x;
	}
	return best;
}

/* ---- as text --------------------------------------------------------------------------------------------------------------------- */

static bool write_issuers(BIO *bio, STACK_OF(X509) * certs)
{
	int n = 0;

	for (int i = 0; i < sk_X509_num(certs) && n < ISSUERS_MOST; i++) {
		X509 *x = sk_X509_value(certs, i);

		if (!(X509_get_extension_flags(x) & EXFLAG_CA))
			continue;
		if (PEM_write_bio_X509(bio, x) != 1)
			return false;
		n++;
	}
	return true;
}

int harvest_key(struct smime *s, const struct index *ix, CMS_SignerInfo *si, STACK_OF(X509) * certs, const char *address,
		int64_t now, struct mw_str *key)
{
	X509 *x = choose(s, ix, si, certs, address, now);
	BIO *bio = x ? BIO_new(BIO_s_mem()) : NULL;
	char *text = NULL;
	long n = 0;
	int r = 0;

	if (!x)
		return 0;
	if (!bio || BIO_printf(bio, "address: %s\n%s", address, reads_gcm(si) ? "capabilities: aes256-gcm\n" : "") <= 0 ||
	    PEM_write_bio_X509(bio, x) != 1 || !write_issuers(bio, certs))
		r = -ENOMEM;
	if (r == 0)
		n = BIO_get_mem_data(bio, &text);
	if (r == 0 && n > 0 && (size_t)n <= HARVEST_MAX) {
		free(s->kept);
		s->kept = malloc((size_t)n);
		if (s->kept) {
			memcpy(s->kept, text, (size_t)n);
			*key = (struct mw_str){.p = s->kept, .n = (size_t)n};
		} else {
			r = -ENOMEM;
		}
	}
	BIO_free(bio);
	ERR_clear_error();
	return r;
}
