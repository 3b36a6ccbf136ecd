/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certfile: what a file of certificates or revocation lists holds. Pure over (pointer, length); the octets may be anybody's.
 * PEM with any number of certificates and lists and with text between them, or DER one behind the other. Private keys and other blocks
 * are left out.
 */
#ifndef SEAL_SMIME_CERTFILE_H
#define SEAL_SMIME_CERTFILE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define CERTFILE_MAX (8u << 20) /* octets of a file: lists of large issuers are long */
#define CERTFILE_CERTS 1024u

struct certfile {
	STACK_OF(X509) * certs;
	STACK_OF(X509_CRL) * crls;
	bool gcm;	 /* a line of text says "capabilities:" and aes256-gcm: written by the module itself */
	const char *why; /* NULL, or what is wrong with some of it; the rest is there */
};

/* 0 or -ENOMEM. */
int certfile_parse(const char *p, size_t n, struct certfile *);
void certfile_free(struct certfile *);

#endif
