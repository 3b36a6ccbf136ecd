/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigkey: key records of DKIM and ARC (RFC 6376 3.6.1), and their fetching. The parser is pure over (pointer, length) and stricter than
 * libopendkim, which sees a key only as it is written anew here.
 */
#ifndef MW_AUTH_SIGKEY_H
#define MW_AUTH_SIGKEY_H

#include "auth.h"
#include "resolver.h"

#define MW_SIGKEY_RSA_MIN 1024u /* RFC 8301: below it no signature holds, whatever the option says */
#define MW_SIGKEY_OCTETS 700u	/* of a key: RSA of 4096 bits takes 550; libopendkim has room for 1024 characters of a record */
#define MW_SIGKEY_RECORD_MAX 8192u /* octets of a record */

struct mw_sigkey {
	bool ed25519, testing, no_subdomain; /* t=y, t=s */
	size_t n;
	unsigned char octets[MW_SIGKEY_OCTETS]; /* SubjectPublicKeyInfo of RSA in DER, or 32 octets */
	bool secure;				/* DNSSEC proves it */
};

/* MW_AUTH_PASS: *ret is filled; else MW_AUTH_PERMERROR, *why is a fixed text and *revoked says that p= is empty. record: the strings
 * of TXT put together. */
enum mw_auth_word mw_sigkey_parse(struct mw_str record, struct mw_sigkey *ret, bool *revoked, const char **why);
/* Asks for it in the background; both names as struct mw_sigfield has them. */
void mw_sigkey_want(const struct mw_resolver *, const char *selector, const char *domain);
/* As mw_sigkey_parse(); and MW_AUTH_TEMPERROR. */
enum mw_auth_word mw_sigkey_get(const struct mw_resolver *, const char *selector, const char *domain, struct mw_sigkey *ret,
				bool *revoked, const char **why);

#endif
