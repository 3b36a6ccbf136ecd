/* SPDX-License-Identifier: Apache-2.0 */
#include "usable.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RSA_LEAST 2048
#define RSA_MOST 16384

static bool say(char why[SMIME_WHY], const char *text)
{
	(void)snprintf(why, SMIME_WHY, "%s", text);
	return false;
}

bool usable_time(const ASN1_TIME *t, int64_t *when)
{
	struct tm tm;
	time_t at;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	at = timegm(&tm);
	*when = (int64_t)at;
	return true;
}

/* ---- the key --------------------------------------------------------------------------------------------------------------------- */

static bool rsa_good(EVP_PKEY *key, char why[SMIME_WHY])
{
	int bits = EVP_PKEY_get_bits(key);

	if (bits >= RSA_LEAST && bits <= RSA_MOST)
		return true;
	(void)snprintf(why, SMIME_WHY, "%s: its RSA key has %d bits", bits < RSA_LEAST ? "weak" : "too large", bits);
	return false;
}

/* Curves of RFC 8551 and of the German rules; what is not named cannot be judged. */
static bool ec_good(EVP_PKEY *key, char why[SMIME_WHY])
{
	static const char *const curves[] = {"prime256v1",	"secp384r1",	   "secp521r1",
					     "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"};
	int bits = EVP_PKEY_get_bits(key);
	char name[64] = "";
	size_t n = 0;

	if (bits < 256) {
		(void)snprintf(why, SMIME_WHY, "weak: its EC key has %d bits", bits);
		return false;
	}
	if (EVP_PKEY_get_group_name(key, name, sizeof(name), &n) == 1)
		for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++)
			if (strcmp(curves[i], name) == 0)
				return true;
	ERR_clear_error();
	return say(why, "its EC key is on a curve that is not used for mail");
}

static bool key_good(X509 *x, enum usable_for what, char why[SMIME_WHY])
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	int id = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	ERR_clear_error();
	switch (id) {
	case EVP_PKEY_NONE:
		return say(why, "unparsable: its key is of no known kind");
	case EVP_PKEY_RSA:
		return rsa_good(key, why);
	case EVP_PKEY_EC:
		return ec_good(key, why);
	case EVP_PKEY_RSA_PSS:
		return what == USABLE_TO_ENCRYPT ? say(why, "wrong purpose: an RSA-PSS key can sign only") : rsa_good(key, why);
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return what == USABLE_TO_ENCRYPT ? say(why, "wrong purpose: an Ed25519 or Ed448 key can sign only") : true;
	case EVP_PKEY_X25519:
	case EVP_PKEY_X448:
		return say(why, "its key is of X25519 or X448, which this OpenSSL cannot use for mail");
	default:
		return say(why, "its key is neither RSA nor EC");
	}
}

/* ---- what it was signed with ----------------------------------------------------------------------------------------------------- */

static bool signature_good(X509 *x, char why[SMIME_WHY])
{
	int md = NID_undef, bits = 0;

	if (X509_get_extension_flags(x) & EXFLAG_SS) /* nobody relies on a signature that a key makes of itself */
		return true;
	if (X509_get_signature_info(x, &md, NULL, &bits, NULL) != 1) {
		ERR_clear_error();
		return say(why, "its signature is of no known kind");
	}
	switch (md) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
	case NID_md5_sha1:
	case NID_sha1:
		(void)snprintf(why, SMIME_WHY, "weak: it is signed with %s", md == NID_sha1 ? "SHA-1" : "MD5 or older");
		return false;
	default:
		return bits >= 112 ? true : say(why, "weak: the hash of its signature is too short");
	}
}

/* ---- what it is for -------------------------------------------------------------------------------------------------------------- */

static bool purpose_good(X509 *x, enum usable_for what, char why[SMIME_WHY])
{
	uint32_t usage = X509_get_key_usage(x), extended = X509_get_extended_key_usage(x); /* UINT32_MAX: not said */
	int id = EVP_PKEY_get_base_id(X509_get0_pubkey(x));

	if (!(extended & (XKU_SMIME | XKU_ANYEKU)))
		return say(why, "wrong purpose: it is not for mail (extended key usage)");
	if (what == USABLE_TO_CERTIFY)
		return true;
	if (what == USABLE_TO_SIGN)
		return usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)
			   ? true
			   : say(why, "wrong purpose: it is not for signing (key usage)");
	if (X509_get_extension_flags(x) & EXFLAG_CA)
		return say(why, "wrong purpose: it is a certificate of an issuer");
	return usage & (id == EVP_PKEY_EC ? KU_KEY_AGREEMENT : KU_KEY_ENCIPHERMENT)
		   ? true
		   : say(why, "wrong purpose: it is not for encryption (key usage)");
}

bool usable_ever(X509 *x, enum usable_for what, char why[SMIME_WHY])
{
	if (X509_get_extension_flags(x) & EXFLAG_INVALID)
		return say(why, "unparsable: its extensions are damaged");
	if (X509_get_extension_flags(x) & EXFLAG_CRITICAL)
		return say(why, "it has a critical extension that is not known");
	return key_good(x, what, why) && signature_good(x, why) && purpose_good(x, what, why);
}

bool usable_now(X509 *x, enum usable_for what, int64_t now, char why[SMIME_WHY])
{
	char date[SMIME_DATE];
	int64_t from, until;

	if (!usable_ever(x, what, why))
		return false;
	if (!usable_time(X509_get0_notBefore(x), &from) || !usable_time(X509_get0_notAfter(x), &until))
		return say(why, "unparsable: its dates cannot be read");
	smime_date(now < from ? from : until, date);
	if (now < from)
		(void)snprintf(why, SMIME_WHY, "not valid before %s", date);
	else if (now > until)
		(void)snprintf(why, SMIME_WHY, "expired on %s", date);
	return now >= from && now <= until;
}
