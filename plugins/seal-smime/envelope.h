/* SPDX-License-Identifier: Apache-2.0 */
/* envelope: an entity encrypted to a certificate, as an entity of application/pkcs7-mime (RFC 8551 3.3, RFC 5083). */
#ifndef SEAL_SMIME_ENVELOPE_H
#define SEAL_SMIME_ENVELOPE_H

#include "pipe.h"

#include <openssl/x509.h>

struct envelope {
	X509 *cert;
	bool gcm;  /* AES-256-GCM in AuthEnvelopedData; else AES-256-CBC in EnvelopedData */
	bool oaep; /* RSA-OAEP with SHA-256 for an RSA key; else PKCS #1 v1.5 */
};

/* Streams the source to the file. 0, or negative with err filled. */
int envelope_write(const struct mw_host *, const struct pipes *, const struct envelope *, struct source *, int out,
		   struct mw_err *);

#endif
