/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

#include "ring.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING_MAX 255 /* octets of one string of a TXT record */

/* Base64 of what p= holds: of an RSA key its SubjectPublicKeyInfo (RFC 6376, 3.6.1), of an Ed25519 key the key alone (RFC 8463).
 * malloc'ed; NULL: it cannot be made. */
static char *public_of(const struct mw_dkim_key *key)
{
	unsigned char raw[32], *der = raw;
	size_t n = sizeof(raw);
	char *text = NULL;

	if (key->ed25519 && EVP_PKEY_get_raw_public_key(key->pkey, raw, &n) != 1)
		return NULL;
	if (!key->ed25519) {
		int length;

		der = NULL;
		length = i2d_PUBKEY(key->pkey, &der);
		if (length <= 0)
			return NULL;
		n = (size_t)length;
	}
	text = malloc(4 * ((n + 2) / 3) + 1);
	if (text)
		(void)EVP_EncodeBlock((unsigned char *)text, der, (int)n);
	if (der != raw)
		OPENSSL_free(der);
	return text;
}

static char *record_of(const struct mw_dkim_key *key)
{
	char *p = public_of(key), *record = NULL;

	if (p && asprintf(&record, "v=DKIM1; k=%s; p=%s", key->ed25519 ? "ed25519" : "rsa", p) < 0)
		record = NULL;
	free(p);
	return record;
}

static int tell_fact(void *ctx, const char *domain, const char *selector, const struct mw_dkim_key *key)
{
	char *record = record_of(key);

	(void)ctx;
	if (!record)
		return -1;
	printf("fact\tdkim\t%s._domainkey.%s\t%s\nfact\tdomain\t%s\n", selector, domain, record, domain);
	if (!key->ed25519 && key->bits < MW_DKIM_RSA_WEAK)
		printf("warning\tdkim-weak\t%s._domainkey.%s\tthe key has %d bits, fewer than %d: make another, under a new "
		       "selector\t\n",
		       selector, domain, key->bits, MW_DKIM_RSA_WEAK);
	free(record);
	return 0;
}

static int tell_record(void *ctx, const char *domain, const char *selector, const struct mw_dkim_key *key)
{
	char *record = record_of(key);

	(void)ctx;
	if (!record)
		return -1;
	printf("%s._domainkey.%s. IN TXT", selector, domain);
	for (size_t n = strlen(record), at = 0; at < n; at += STRING_MAX)
		printf(" \"%.*s\"", STRING_MAX, record + at);
	putchar('\n');
	free(record);
	return 0;
}

static int each(const struct mw_host *host, const char *key_table, const char *signing_table, mw_dkim_each *fn)
{
	struct mw_dkim_ring *ring;
	struct mw_err err = {0};
	const char *weak = NULL;
	int r;

	if (mw_dkim_ring_open(host, key_table, signing_table, &ring, &weak, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	r = mw_dkim_ring_each(ring, fn, NULL);
	mw_dkim_ring_free(ring);
	if (r < 0)
		fprintf(stderr, "out of memory\n");
	return r < 0 ? 1 : 0;
}

int mw_dkim_doctor(const struct mw_host *host, const char *key_table, const char *signing_table)
{
	return each(host, key_table, signing_table, tell_fact);
}

int mw_dkim_records(const struct mw_host *host, const char *key_table, const char *signing_table)
{
	return each(host, key_table, signing_table, tell_record);
}
