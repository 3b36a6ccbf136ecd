/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/link.h"

#include <openssl/crypto.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding; the terminator is put behind. */
static void encode(const unsigned char *p, size_t n, char *ret)
{
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = (bits << 8 | p[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			*ret++ = digits[bits >> (have - 6) & 63];
	}
	if (have)
		*ret++ = digits[bits << (6 - have) & 63];
	*ret = '\0';
}

/* Exactly n octets, and only as encode() writes them. */
static bool decode(struct mw_str text, unsigned char *ret, size_t n)
{
	unsigned bits = 0, have = 0;
	size_t at = 0;

	if (text.n != (n * 8 + 5) / 6)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *d = text.p[i] ? strchr(digits, text.p[i]) : NULL;

		if (!d)
			return false;
		bits = (bits << 6 | (unsigned)(d - digits)) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			ret[at++] = (unsigned char)(bits >> have);
		}
	}
	return (bits & ((1u << have) - 1)) == 0;
}

void mw_pickup_id_text(const unsigned char id[MW_PICKUP_ID], char ret[MW_PICKUP_ID_TEXT])
{
	encode(id, MW_PICKUP_ID, ret);
}

bool mw_pickup_id_parse(struct mw_str text, unsigned char ret[MW_PICKUP_ID])
{
	unsigned char id[MW_PICKUP_ID];

	if (!decode(text, id, sizeof(id)))
		return false;
	memcpy(ret, id, sizeof(id));
	return true;
}

void mw_pickup_link_text(const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
			 char ret[MW_PICKUP_LINK])
{
	unsigned char both[MW_PICKUP_ID + MW_PICKUP_SECRET];

	memcpy(both, id, MW_PICKUP_ID);
	memcpy(both + MW_PICKUP_ID, secret, MW_PICKUP_SECRET);
	encode(both, sizeof(both), ret);
	OPENSSL_cleanse(both, sizeof(both));
}

bool mw_pickup_link_parse(struct mw_str text, unsigned char id[MW_PICKUP_ID], unsigned char secret[MW_PICKUP_SECRET])
{
	unsigned char both[MW_PICKUP_ID + MW_PICKUP_SECRET];
	bool ok = decode(text, both, sizeof(both));

	if (ok) {
		memcpy(id, both, MW_PICKUP_ID);
		memcpy(secret, both + MW_PICKUP_ID, MW_PICKUP_SECRET);
	}
	OPENSSL_cleanse(both, sizeof(both));
	return ok;
}
