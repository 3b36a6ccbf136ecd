/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TIME_DIGITS 16u
#define MAC 16u /* octets that are kept of it */

static void to_hex(const unsigned char *p, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = digits[p[i] >> 4];
		ret[2 * i + 1] = digits[p[i] & 15];
	}
	ret[2 * n] = '\0';
}

bool mw_secret_text(char *ret, size_t size)
{
	unsigned char octets[64];
	size_t n = (size - 1) / 2;

	if (n > sizeof(octets) || RAND_priv_bytes(octets, (int)n) != 1)
		return false;
	to_hex(octets, n, ret);
	OPENSSL_cleanse(octets, sizeof(octets));
	return true;
}

bool mw_secret_form(const unsigned char key[MW_SECRET_KEY], const char *purpose, struct mw_str subject, int64_t now,
		    char ret[MW_SECRET_FORM])
{
	unsigned char mac[EVP_MAX_MD_SIZE], text[256];
	unsigned n = 0;
	int head = snprintf((char *)text, sizeof(text), "%016" PRIx64 " %s ", (uint64_t)now, purpose);

	if (head < 0 || (size_t)head + subject.n > sizeof(text))
		return false;
	memcpy(text + head, subject.n ? subject.p : "", subject.n);
	if (!HMAC(EVP_sha256(), key, (int)MW_SECRET_KEY, text, (size_t)head + subject.n, mac, &n) || n < MAC)
		return false;
	memcpy(ret, text, TIME_DIGITS);
	to_hex(mac, MAC, ret + TIME_DIGITS);
	return true;
}

static bool read_time(struct mw_str text, int64_t *ret)
{
	uint64_t t = 0;

	for (size_t i = 0; i < TIME_DIGITS; i++) {
		char c = text.p[i];
		int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		if (v < 0)
			return false;
		t = t << 4 | (unsigned)v;
	}
	*ret = (int64_t)t;
	return t <= INT64_MAX / 2;
}

bool mw_secret_form_good(const unsigned char key[MW_SECRET_KEY], const char *purpose, struct mw_str subject, int64_t now,
			 int64_t age, struct mw_str text)
{
	char right[MW_SECRET_FORM];
	int64_t made;

	if (text.n != MW_SECRET_FORM - 1 || !read_time(text, &made) || made > now || now - made > age)
		return false;
	return mw_secret_form(key, purpose, subject, made, right) && CRYPTO_memcmp(right, text.p, text.n) == 0;
}
