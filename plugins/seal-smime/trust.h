/* SPDX-License-Identifier: Apache-2.0 */
/* trust: whom a site trusts to name people: anchors, the issuers between, and revocation lists; and whether a certificate leads there. */
#ifndef SEAL_SMIME_TRUST_H
#define SEAL_SMIME_TRUST_H

#include "conf.h"

#include <openssl/x509.h>

struct trust {
	X509_STORE *store;
	STACK_OF(X509) * untrusted; /* issuers */
	STACK_OF(X509_CRL) * crls;
	size_t anchors;
};

/* All empty. 0 or -ENOMEM. */
int trust_new(struct trust *);
void trust_free(struct trust *);
int trust_add_anchor(struct trust *, X509 *);
int trust_add_issuer(struct trust *, X509 *);
int trust_add_crl(struct trust *, X509_CRL *);

enum trust_found { TRUST_GOOD = 1, TRUST_BAD, TRUST_REVOKED, TRUST_NO_CRL };

/* Does it lead to an anchor, with issuers that may certify people's mail? by: more issuers, may be NULL. crl: by revocation lists as
 * well, of each certificate below the anchor. *chain (may be NULL; X509 of it are owned): on TRUST_GOOD. why: else. */
enum trust_found trust_chain(const struct trust *, X509 *, STACK_OF(X509) * by, int64_t now, bool crl, STACK_OF(X509) * *chain,
			     char why[SMIME_WHY]);
/* Until when what was found holds: the first end of a certificate of the chain, or of a list; as seen from now. */
int64_t trust_until(const struct trust *, STACK_OF(X509) * chain, int64_t now);

#endif
